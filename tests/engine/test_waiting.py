"""Waiting: nothing in a passing run, one patience in a failing one, and what makes a wait prove something."""

from __future__ import annotations

import pytest
from playing import play
from simulated import Faults

from chatsim.network.network import Strain

FIXED = {"latency": (0.001, 0.001), "cuts": False}
TRIP = 0.002
STATED = 0.05 + 0.05 + 0.002  # the closing listen, the rest before the second look, the server's own end


def test_a_passing_run_takes_its_round_trips_and_the_stated_waits() -> None:
    steps = """
        - join: everyone
        - chat: {everyone: {count: 10}}
        - disconnect: bob
        - drop: cat
        - join: bob
        - chat: {everyone: {count: 1}}
    """
    played = play(steps, **FIXED)

    assert not played.bad()
    assert played.seconds < STATED + 16 * TRIP


def test_a_lost_message_costs_one_patience_and_then_the_run_goes_on() -> None:
    played = play(
        "- join: everyone\n- chat: {ann: {count: 1}}\n- pause: 1ms", faults=Faults(lose=1.0, lists_late=0.0), **FIXED
    )

    waits = played.details("wait")
    assert {w["for"] for w in waits} <= {"knock", "chat", "join", "end"}
    assert all(w["valid"] and w["waited"] >= w["patience"] for w in waits)
    assert played.outcome("delivery") == "failed"


def test_what_is_missing_is_listed_by_what_session_and_message() -> None:
    played = play("- join: everyone\n- disconnect: bob", faults=Faults(forget_notices=1.0), **FIXED)

    (wait,) = [w for w in played.details("wait") if w["for"] == "leave"]
    assert sorted(wait["missing"]) == [["notice", 0, "left bob"], ["notice", 2, "left bob"]]
    assert "patience" in [d["how"] for d in played.details("settled")]
    assert played.outcome("leave-notice") == "failed"


def test_patience_is_twenty_round_trips_within_bounds_and_frozen_at_the_first_fault() -> None:
    usual = play("- join: everyone\n- chat: {ann: {count: 5}}\n- drop: bob", **FIXED)
    slow = play("- join: everyone\n- chat: {ann: {count: 5}}\n- drop: bob", latency=(0.2, 0.2), cuts=False)
    asked = play("- join: everyone\n- chat: {ann: {count: 5}}\n- drop: bob", patience=3.0, **FIXED)

    assert [d["patience"] for d in usual.details("fault")] == [2.0]
    assert slow.details("fault")[0]["patience"] == pytest.approx(8.0, abs=0.5)
    assert [d["patience"] for d in asked.details("fault")] == [6.0]


def test_slow_speech_buys_the_server_no_patience() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 10, every: 1s}}\n- drop: bob", **FIXED)

    assert [d["patience"] for d in played.details("fault")] == [2.0]
    assert played.details("fault")[0]["round_trip"] == pytest.approx(TRIP, abs=0.001)


def test_progress_restarts_a_wait() -> None:
    """Each of nine whispers takes a second: longer together than a patience, and none is missing."""
    played = play("- join: everyone\n- chat: {ann: {count: 1}}\n- chat: {ann: {count: 9, every: 1500ms}}", **FIXED)

    assert not played.details("wait")
    assert not played.bad()


def test_a_wait_in_which_the_machine_was_busy_is_stretched_and_then_valid() -> None:
    def busy_at_first(now: float) -> Strain:
        return Strain(lag=min(now, 1.0))

    played = play(
        "- join: everyone\n- disconnect: bob", faults=Faults(forget_notices=1.0), strain=busy_at_first, **FIXED
    )

    (wait,) = [w for w in played.details("wait") if w["for"] == "leave"]
    assert wait["valid"]
    assert wait["lag"] > 0.5
    assert wait["waited"] - wait["lag"] == pytest.approx(2.0, abs=0.1)
    assert played.outcome("leave-notice") == "failed"


def test_a_wait_on_a_machine_that_is_always_busy_ends_after_ten_patiences_and_proves_nothing() -> None:
    played = play(
        "- join: everyone\n- disconnect: bob",
        faults=Faults(forget_notices=1.0),
        strain=lambda now: Strain(foreign=0.99 * now),
        **FIXED,
    )

    (wait,) = [w for w in played.details("wait") if w["for"] == "leave"]
    assert not wait["valid"]
    assert wait["waited"] == pytest.approx(20.0, abs=0.2)
    assert played.outcome("leave-notice") == "inconclusive"


def test_a_pause_is_as_long_as_it_says_whatever_the_machine_does() -> None:
    played = play("- join: ann\n- pause: 1s\n- pause: 100ms..300ms", strain=lambda now: Strain(lag=0.5 * now), **FIXED)

    (_, (first, last), (begun, ended)) = played.steps()
    assert last - first == pytest.approx(1.0)
    assert 0.1 <= ended - begun <= 0.3


# --- steps of steps -------------------------------------------------------------------------------------------------


def test_branches_go_side_by_side_and_end_together() -> None:
    played = play("- join: everyone\n- together:\n    - pause: 1s\n    - do: [{pause: 600ms}, {pause: 600ms}]", **FIXED)

    begun, ended = played.steps()[1]
    assert ended - begun == pytest.approx(1.2)


def test_repeat_plays_its_steps_so_many_times() -> None:
    played = play("- join: ann and bob\n- repeat: {times: 3, do: [{chat: {ann: {count: 2}}}]}")

    assert len(played.said("chat")) == 6
    assert [d["verb"] for d in played.details("step") if d["phase"] == "begin"] == [
        "join",
        "repeat",
        "chat",
        "chat",
        "chat",
    ]


# --- fences ---------------------------------------------------------------------------------------------------------


def test_only_those_who_spoke_fence_and_one_more_if_there_was_only_one() -> None:
    played = play(
        "- join: {everyone: accepted}\n- settle:\n- chat: {cat: {count: 1}}\n- settle:", bots="{many: 6, cat: {}}"
    )

    fences = [m for m in played.said("fence") if m.step == 4]
    assert 6 in {m.sender for m in fences}
    assert len(fences) == 2


def test_a_fence_is_heard_by_all_and_invisible_to_expect() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 1}}\n- settle:\n- expect-nothing: {bob: 'some other words'}")

    for fence in played.said("fence"):
        assert len([e for e in played.of("heard") if e.ref == fence.id]) == 2
    assert not played.bad()


def test_on_a_raw_stream_nobody_fences_behind_a_message_that_was_not_heard() -> None:
    played = play(
        "- join: everyone\n- chat: {ann: {count: 1}, bob: {count: 1}}\n- settle:",
        profile="prompted",
        faults=Faults(lose=1.0),
        **FIXED,
    )

    assert not played.said("fence")


def test_where_nobody_hears_another_settling_is_by_quiet() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 1}}\n- settle:", profile="echo", **FIXED)

    begun, ended = played.steps()[2]
    assert "quiet" in [d["how"] for d in played.details("settled")]
    assert 0.2 <= ended - begun <= 0.26


# --- the end --------------------------------------------------------------------------------------------------------


def test_without_a_departure_there_is_no_look_and_without_a_fault_no_visitor() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 1}}")

    assert not played.of("look")
    assert {d["bot"] for d in played.details("connect")} == {"ann", "bob", "cat"}


def test_a_look_that_shows_all_clean_ends_the_looking() -> None:
    assert [d["number"] for d in play("- join: everyone\n- drop: cat").details("look")] == [1]


def test_a_look_is_taken_three_times_the_last_after_somebody_has_spoken_twice() -> None:
    played = play("- join: everyone\n- disconnect: cat", faults=Faults(never_close=True))

    looks = [(e.index, e.detail["number"]) for e in played.of("look")]
    assert [number for _, number in looks][:3] == [1, 2, 3]
    between = [e for e in played.of("send") if looks[1][0] < e.index < looks[2][0]]
    senders = [played.history.messages[e.ref].sender for e in between]
    assert senders.count(0) == 2
    assert played.outcome("closes-connection") == "failed"


def test_after_the_last_fault_a_visitor_joins_speaks_and_is_heard() -> None:
    played = play("- join: ann and bob\n- drop: bob\n- chat: {ann: {count: 1}}")

    (visitor,) = [e.session for e in played.of("connect") if e.detail["bot"] == "visitor"]
    assert [m for m in played.said("fence") if m.sender == visitor]
    assert played.outcome("still-serves") == "passed"
    assert not played.bad()


def test_a_scenario_that_brings_its_own_newcomer_needs_no_visitor() -> None:
    played = play("- join: ann and bob\n- drop: bob\n- join: bob\n- chat: {ann: {count: 1}}")

    assert {d["bot"] for d in played.details("connect")} == {"ann", "bob"}
