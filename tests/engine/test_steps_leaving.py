"""Going: disconnect, drop in its five ways, stall and resume; and what the others are told."""

from __future__ import annotations

import pytest
from playing import play
from simulated import Faults

from chatsim.network.network import Abort, Close, HoldReading, ResumeReading, ShutdownWrite

FIXED = {"latency": (0.001, 0.001), "cuts": False}


def commands_to(played, session: int) -> list[str]:  # type: ignore[no-untyped-def]
    kinds = (Abort, Close, HoldReading, ResumeReading, ShutdownWrite)
    return [type(c).__name__ for _, c in played.room.commands if isinstance(c, kinds) and c.session == session]


def test_a_polite_departure_says_goodbye_reads_to_the_end_and_then_closes() -> None:
    played = play("- join: everyone\n- disconnect: bob")

    assert played.sent_by(1)[-1][1] == b"/quit\n"
    assert [e.kind for e in played.history if e.session == 1][-3:] == ["leave", "closed", "left"]
    assert [d["clean"] for d in played.details("left")] == [True]
    assert {(e.session, e.detail["nick"]) for e in played.of("notice") if e.detail["what"] == "left"} == {
        (0, "bob"),
        (2, "bob"),
    }
    assert not played.bad()


def test_without_a_goodbye_in_the_profile_it_half_closes_and_reads_to_the_end() -> None:
    played = play("- join: everyone\n- disconnect: bob", profile="relay")

    assert commands_to(played, 1) == ["ShutdownWrite", "Close"]
    assert [d["clean"] for d in played.details("left")] == [True]


def test_goodbye_comes_after_the_last_words_were_heard() -> None:
    played = play("- join: everyone\n- chat: {bob: {count: 5, wait: no}}\n- disconnect: bob")

    last = max(e.index for e in played.of("heard") if played.history.messages[e.ref].kind == "chat")
    assert last < played.of("leave")[0].index
    assert len(played.heard("ann")) == 5


def test_a_server_that_does_not_close_is_waited_for_once_and_closed_by_us() -> None:
    played = play(
        "- join: everyone\n- disconnect: bob\n- disconnect: cat", profile="header-64", faults=Faults(never_close=True)
    )

    assert [d["clean"] for d in played.details("left")] == [False, False]
    first, second = (ended - begun for begun, ended in played.steps()[1:3])
    assert first == pytest.approx(2.0, abs=0.2)
    assert second < 0.5
    assert played.outcome("closes-connection") == "failed"


def test_one_who_has_only_connected_goes_without_a_goodbye() -> None:
    played = play("- join: ann\n- connect: bob\n- disconnect: bob")

    assert not played.sent_by(1)
    assert not played.details("wait")
    assert not played.bad()


def test_one_who_is_stalled_reads_again_to_say_goodbye() -> None:
    played = play("- join: everyone\n- stall: bob\n- chat: {ann: {count: 3}}\n- disconnect: bob")

    assert commands_to(played, 1)[:2] == ["HoldReading", "ResumeReading"]
    assert [d["clean"] for d in played.details("left")] == [True]
    assert not played.details("wait")
    assert not played.bad()


# --- drop -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "commands"),
    [
        ("reset", ["Abort"]),
        ("close", ["Close"]),
        ("half-close", ["ShutdownWrite", "Close"]),
        ("mid-message", ["Abort"]),
    ],
)
def test_whoever_drops_is_announced_to_the_others(how: str, commands: list[str]) -> None:
    played = play(f"- join: everyone\n- drop: {{bob: {how}}}\n- chat: {{ann: {{count: 1}}}}")

    assert [d["how"] for d in played.details("drop")] == [how]
    assert commands_to(played, 1) == commands
    assert {e.session for e in played.of("notice") if e.detail["what"] == "left"} == {0, 2}
    assert played.outcome("drop-notice") == "passed"
    assert not played.bad()
    assert not played.details("wait")


def test_mid_message_writes_half_the_bytes_of_one() -> None:
    played = play("- join: everyone\n- drop: {bob: mid-message}")

    half = played.said("half")[0]
    whole = half.text.encode() + b"\n"
    assert played.sent_by(1)[-1][1] == whole[: len(whole) // 2]
    assert not played.bad()


def test_one_who_vanishes_neither_closes_nor_reads_and_nobody_waits_for_a_notice() -> None:
    played = play(
        "- join: everyone\n- drop: {bob: vanish}\n- chat: {ann: {count: 1}}\n- rejoin: {bob: either}", **FIXED
    )

    begun, ended = played.steps()[1]
    assert commands_to(played, 1)[:1] == ["HoldReading"]
    assert ended - begun < 0.001
    assert not played.bad()


@pytest.mark.parametrize("how", ["reset", "close", "half-close", "mid-message", "vanish"])
def test_one_who_is_stalled_can_go_in_every_way(how: str) -> None:
    played = play(f"- join: everyone\n- stall: bob\n- drop: {{bob: {how}}}\n- chat: {{ann: {{count: 1}}}}")

    assert len(played.heard("cat")) == 1
    assert not played.bad()
    assert not played.details("wait")


def test_the_first_fault_freezes_the_patience() -> None:
    played = play("- join: everyone\n- drop: bob\n- stall: cat\n- drop: ann")

    assert [d["patience"] for d in played.details("fault")] == [2.0]


def test_a_bot_that_drops_cancels_what_it_had_still_to_say() -> None:
    played = play(
        "- join: everyone\n- together:\n    - chat: {bob: {count: 100, every: 10ms}}\n    - do: [{pause: 55ms}, {drop: bob}]"
    )

    assert 4 <= len(played.said("chat")) <= 7
    assert not played.bad()


def test_half_close_where_it_answers_keeps_the_bot_there() -> None:
    profile = "profile: answering\nextends: lines\nhalf-close: answers\n"
    played = play(
        "- join: everyone\n- drop: {bob: half-close}\n- settle:", profile=profile, faults=Faults(never_close=True)
    )

    assert not [m for m in played.said("fence") if m.sender == 1]


# --- stall and resume -----------------------------------------------------------------------------------------------


def test_what_is_said_meanwhile_is_not_waited_for_and_is_caught_up_with_after_the_resume() -> None:
    played = play(
        "- join: everyone\n- stall: bob\n- chat: {ann: {count: 5}}\n- disconnect: cat\n- resume: bob\n- chat: {bob: {count: 1}}"
    )

    assert [e.detail["number"] for e in played.of("step") if e.detail["phase"] == "end"] == [1, 2, 3, 4, 5, 6]
    resumed = played.of("resume")[0].index
    assert all(
        e.index > resumed for e in played.of("heard") if e.session == 1 and played.history.messages[e.ref].step == 3
    )
    assert len(played.heard("bob")) == 5
    assert [e.session for e in played.of("notice") if e.index > resumed and e.detail["what"] == "left"] == [1]
    assert not played.bad()
    assert not played.details("wait")


def test_a_whisper_and_a_room_are_caught_up_with_too() -> None:
    played = play(
        """
        - join: everyone
        - enter: {ann and bob: "kitchen"}
        - stall: bob
        - whisper: {cat: {to: bob, text: "whispered meanwhile"}}
        - chat: {ann: {text: "said in the kitchen", in: "kitchen"}}
        - resume: bob
        - expect: {bob: "whispered meanwhile"}
        """,
        **FIXED,
    )

    begun, ended = played.steps()[5]
    heard = [e.t for e in played.of("heard") if e.session == 1 and played.history.messages[e.ref].step in (4, 5)]
    assert len(heard) == 2
    assert all(begun <= t <= ended for t in heard)
    assert not played.bad()


def test_a_bot_that_had_only_connected_is_not_there_after_its_stall() -> None:
    played = play(
        "- join: ann and bob\n- connect: cat\n- stall: cat\n- resume: cat\n- chat: {ann: {count: 1}}\n- join: cat"
    )

    assert [d["bot"] for d in played.details("connect")][:3] == ["ann", "bob", "cat"]
    assert len([d for d in played.details("connect") if d["bot"] == "cat"]) == 1
    assert not played.details("wait")
    assert not played.bad()


def test_resume_means_those_who_are_stalled() -> None:
    played = play("- join: everyone\n- stall: ann and bob\n- resume: everyone but ann\n- resume: ann")

    assert [e.session for e in played.of("resume")] == [1, 0]
