"""What was waited for in vain often enough is not waited for again and again; who has ended is not waited for at all."""

from __future__ import annotations

from playing import play
from simulated import Faults

COME_AND_GO = """
- join: ann
- repeat: {times: 6, do: [{join: bob}, {drop: bob}]}
- repeat: {times: 3, do: [{join: bob}, {disconnect: bob}]}
"""


def waits(played: object, word: str) -> list[float]:
    """How long each wait in vain for something of this word was."""
    return [
        detail["waited"]
        for detail in played.details("wait")  # type: ignore[attr-defined]
        if any(str(row[2]).startswith(word) or row[0] == word for row in detail["missing"])
    ]


def test_a_kind_of_notice_that_never_comes_is_waited_for_twice_and_not_each_time() -> None:
    played = play(COME_AND_GO, faults=Faults(forget_notices=1.0))

    assert len(waits(played, "left bob")) == 4  # two of a drop, two of a goodbye: these are two promises
    assert [played.outcome(name) for name in ("drop-notice", "leave-notice")] == ["failed", "failed"]
    assert played.seconds < 25


def test_notices_that_come_late_each_time_are_waited_for_each_time() -> None:
    played = play(COME_AND_GO, faults=Faults(slow=1.0))

    assert waits(played, "left bob") == []
    assert played.outcome("drop-notice") == "passed"


def test_a_name_is_not_asked_for_again_of_a_server_that_has_ended() -> None:
    steps = "- join: everyone\n- drop: bob\n- pause: 1s\n- join: bob\n- chat: {ann: {count: 1}}"

    played = play(steps, faults=Faults(crash_at=0.5))

    assert sum(detail["bot"] == "bob" for detail in played.details("connect")) == 2
    assert played.outcome("stays-up") == "failed"
    assert played.seconds < 4


HANGING = """
- join: everyone
- pause: 1s
- repeat: {times: 20, do: [{chat: {ann: {count: 2}}}]}
"""


def test_a_server_that_hangs_is_given_all_patience_once_and_again_at_the_end_for_everything() -> None:
    played = play(HANGING, faults=Faults(freeze_at=0.5))

    first, last = (wait for wait in played.details("wait") if wait["for"] in ("chat", "end"))
    assert (first["valid"], last["valid"]) == (True, True)
    assert {row[2] for row in last["missing"]} == {m.id for m in played.said("chat")[2:]}
    assert played.verdicts["delivery"].summary.endswith("78 more deliveries are missing.")
    assert played.seconds < 15


def test_one_that_only_seemed_to_hang_owes_all_that_was_said_meanwhile_and_nothing_of_it_is_missing() -> None:
    played = play(f"{HANGING}- pause: 20s\n- chat: {{bob: {{count: 1}}}}", faults=Faults(freeze_at=0.5, thaw_at=10.0))

    assert [wait["for"] for wait in played.details("wait")] == ["chat"]
    assert played.outcome("delivery") == "passed"
    assert len(played.heard("cat")) == 41


def test_what_it_loses_as_it_goes_on_is_waited_for_as_ever() -> None:
    steps = f"{HANGING}- pause: 20s\n- chat: {{bob: {{count: 1}}}}\n- chat: {{ann: {{count: 1}}}}"
    played = play(steps, faults=Faults(freeze_at=0.5, thaw_at=10.0, lose=0.5))

    assert [wait["for"] for wait in played.details("wait")][:2] == ["chat", "chat"]
    assert all(wait["valid"] and wait["waited"] >= 2 for wait in played.details("wait"))
    assert played.outcome("delivery") == "failed"
