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
