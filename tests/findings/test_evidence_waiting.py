"""How long is long, and whose time counts: plays in the simulated room."""

from __future__ import annotations

import pytest
from playing import Played, play
from simulated import Faults

from chatsim.checks.verdict import Cause
from chatsim.network.network import Strain

FIXED = {"latency": (0.001, 0.001), "cuts": False}


# --- a time that the scenario sets ----------------------------------------------------------------------------------------


def expecting_within(seconds: str, **more: object) -> Played:
    steps = f'- join: ann and bob\n- expect: {{bob: {{hears: "soup?", within: {seconds}}}}}\n- settle:'
    return play(steps, bots="[ann, bob]", **FIXED, **more)  # type: ignore[arg-type]


def test_a_time_that_the_scenario_sets_is_over_when_it_is_over() -> None:
    played = expecting_within("300ms")

    (begun, ended), *_ = played.steps()[1:]
    assert ended - begun == pytest.approx(0.3, abs=0.001)
    assert played.outcome("expectations") == "failed"


def test_time_that_our_own_machine_lost_is_added_to_what_the_scenario_set() -> None:
    played = expecting_within("300ms", strain=lambda now: Strain(lag=min(now, 0.2)))

    (wait,) = [w for w in played.details("wait") if w["for"] == "expect"]
    assert wait["valid"]
    assert wait["waited"] - wait["lag"] >= 0.3
    assert played.outcome("expectations") == "failed"


def test_on_a_machine_that_is_always_busy_a_time_that_the_scenario_set_proves_nothing() -> None:
    played = expecting_within("300ms", strain=lambda now: Strain(foreign=0.99 * now))

    verdict = played.verdicts["expectations"]
    assert (str(verdict.outcome), verdict.cause) == ("inconclusive", Cause.MACHINE)


def test_what_others_say_does_not_prolong_the_time_that_the_scenario_set() -> None:
    """bob is late by three times what he was given; that ann was heard meanwhile gives him no more."""
    steps = """
        - join: everyone
        - together:
            - chat: {ann: {count: 12, every: 100ms}}
            - do: [{pause: 900ms}, {chat: {bob: "late"}}]
            - expect: {cat: {hears: "late", within: 300ms}}
    """
    played = play(steps, **FIXED)

    assert [d["met"] for d in played.details("expected")] == [False]


# --- patience -------------------------------------------------------------------------------------------------------------


def test_a_wait_for_a_name_that_our_own_machine_spoilt_proves_nothing() -> None:
    steps = "- join: ann and bob\n- drop: ann\n- rejoin: ann"
    usual = play(steps, bots="[ann, bob]", faults=Faults(releases_late=1e6), **FIXED)
    busy = play(
        steps,
        bots="[ann, bob]",
        faults=Faults(releases_late=1e6),
        strain=lambda now: Strain(foreign=0.99 * now),
        **FIXED,
    )

    assert usual.outcome("nickname-released") == "failed"
    assert busy.outcome("nickname-released") == "inconclusive"
