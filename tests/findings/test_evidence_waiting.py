"""How long is long, and whose time counts: plays in the simulated room."""

from __future__ import annotations

import pytest
from habits import AwkwardRoom, Habits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playing import Played, play
from random_scenarios import Drawn, scenarios
from simulated import Faults

from chatsim.checks.verdict import Cause
from chatsim.engine.overtaking import Overtaking
from chatsim.history import History
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


# --- where messages overtake one another ----------------------------------------------------------------------------------


def nothing_expected_of(faults: Faults) -> Played:
    steps = """
        - join: everyone
        - chat: {ann: {count: 20}}
        - chat: {ann: {count: 1}}
        - expect-nothing: {bob: "this was never said"}
        - settle:
    """
    return play(steps, faults=faults, seed=3, **FIXED)


def test_on_a_server_that_hands_each_message_to_a_thread_a_fence_is_followed_by_quiet() -> None:
    """Such a fence overtakes what was said before it: that it came proves nothing."""
    threads, usual = nothing_expected_of(Faults(reorder=0.5)), nothing_expected_of(Faults())

    assert [d["how"] for d in threads.details("settled") if d["how"] != "all-heard"] == ["quiet", "quiet"]
    assert [d["how"] for d in usual.details("settled") if d["how"] != "all-heard"] == ["fence", "fence"]
    assert threads.outcome("fifo-order") == "failed"
    assert threads.outcome("delivery") == "passed"
    assert usual.seconds < 0.25 < threads.seconds


def test_a_second_copy_of_an_old_message_overtakes_nothing() -> None:
    history = History()
    one, two = (history.new_message(0, "chat", "lobby", text).id for text in ("one", "two"))
    overtaking = Overtaking()
    for heard in (one, two, one):
        history.say(0.0, "heard", 1, heard)

    assert not overtaking.seen_in(history)

    for heard in (two, one):
        history.say(0.0, "heard", 2, heard)

    assert overtaking.seen_in(history)
    assert overtaking.seen_in(history)


def test_what_is_said_in_one_room_overtakes_nothing_that_is_said_in_another() -> None:
    history = History()
    one = history.new_message(0, "chat", "lobby", "one").id
    two = history.new_message(0, "chat", "room:kitchen", "two").id
    three = history.new_message(1, "chat", "lobby", "three").id
    for heard in (three, two, one):
        history.say(0.0, "heard", 2, heard)

    assert not Overtaking().seen_in(history)


# --- a goodbye that is not answered -----------------------------------------------------------------------------------------


def test_an_answer_to_a_goodbye_that_never_comes_is_told_to_the_reader_and_fails_nobody() -> None:
    profile = """
        profile: other-words
        extends: lines
        leave: [{send: "/quit"}, {await: "Farewell, {nick}."}]
    """
    played = play("- join: everyone\n- disconnect: ann\n- disconnect: bob", profile=profile)

    (note,) = played.details("note")
    assert note["text"] == (
        'ann said goodbye and never got the answer that `leave` in the profile awaits: "Farewell, {nick}.". '
        'What came instead: "Goodbye, ann.".'
    )
    assert not played.bad()
    assert not play("- join: everyone\n- disconnect: ann").of("note")

    near = play(
        "- join: everyone\n- disconnect: ann", profile=profile.replace("Farewell, {nick}.", "Goodbye, {nick}. ")
    )
    assert near.details("note")[0]["text"].endswith(
        'What came instead is "Goodbye, ann.": the profile has "Goodbye, {nick}. ", which has a blank at its end.'
    )

    never_closed = play(
        "- join: everyone\n- disconnect: ann", profile=profile, faults=Faults(never_close=True), **FIXED
    )
    assert len(never_closed.of("note")) == 1


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


def test_a_connection_that_the_kernel_tries_three_times_is_no_refusal() -> None:
    """A full backlog loses the first packets of a connection; they are sent again after one second and after three."""
    played = play(
        "- join: everyone", house=AwkwardRoom, habits=Habits(accepts_late=3.2), seed=2, latency=(0.001, 0.001)
    )

    assert played.seconds > 1.0
    assert not played.bad()
    assert not played.details("wait")


def test_quiet_is_longer_where_a_round_trip_is() -> None:
    quick = play("- join: everyone\n- chat: {ann: {count: 3}}\n- settle:", profile="echo", latency=(0.001, 0.001))
    slow = play("- join: everyone\n- chat: {ann: {count: 3}}\n- settle:", profile="echo", latency=(0.05, 0.05))

    (quick_begun, quick_ended), (slow_begun, slow_ended) = quick.steps()[2], slow.steps()[2]
    assert 0.2 < quick_ended - quick_begun < 0.26
    assert slow_ended - slow_begun > 0.8


def test_receipts_without_end_buy_no_excuse_for_what_never_comes() -> None:
    """Each knock that is said again gets its receipt, and nobody hears one: ten patiences are enough to know."""
    played = play("- join: ann and bob", bots="[ann, bob]", profile="json-lines", faults=Faults(lose=1.0), **FIXED)

    (wait,) = played.details("wait")
    assert wait["valid"]
    assert played.outcome("lets-in") == "failed"


# --- fences ---------------------------------------------------------------------------------------------------------------


def test_where_nothing_negative_is_claimed_nobody_fences() -> None:
    assert not play("- join: everyone\n- chat: {everyone: {count: 5}}").said("fence")


def test_each_way_of_speaking_that_was_used_is_fenced_for_itself() -> None:
    steps = """
        - join: everyone
        - enter: {ann and bob: "kitchen"}
        - settle:
        - chat: {ann: {count: 1}}
        - chat: {ann: {in: "kitchen", count: 1}}
        - whisper: {ann: {to: cat, count: 1}}
        - settle:
    """
    played = play(steps)

    assert {m.channel for m in played.said("fence") if m.step == 7 and m.sender == 0} == {
        "lobby",
        "room:kitchen",
        "whisper:0:2",
    }


# --- excuses --------------------------------------------------------------------------------------------------------------

share = st.sampled_from((0.0, 0.3, 1.0))


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    drawn=scenarios(profiles=("lines", "json-lines", "echo")),
    wrong=st.builds(
        Faults,
        lose=share,
        duplicate=share,
        reorder=share,
        forget_notices=share,
        kick=share,
        never_close=st.booleans(),
        stubborn=st.booleans(),
    ),
    seed=st.integers(0, 2**32),
)
def test_nothing_that_a_server_does_makes_it_look_as_if_our_machine_had_been_too_busy(
    drawn: Drawn, wrong: Faults, seed: int
) -> None:
    played = play(drawn.steps, bots=drawn.cast, profile=drawn.profile, seed=seed, faults=wrong)

    assert not [v.summary for v in played.verdicts.values() if v.cause is Cause.MACHINE]
