"""An interrupt strikes between any two lines, also while an entry is being written."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from chatsim.history import History


def a_history() -> History:
    history = History()
    history.new_message(0, "chat", "", "hello")
    history.note(0.0, "told", 0)
    history.say(0.1, "send", 0, 0)
    return history


WRITING: list[Callable[[History], object]] = [
    lambda history: history.note(1.0, "present", 1, nick="ann"),
    lambda history: history.say(1.0, "heard", 1, 0),
    lambda history: history.heard_many(1.0, 1, array("i", [0, 0]), bytes(2)),
    lambda history: history.heard_by_many(1.0, [1, 2], array("i", [0]), bytes(1)),
]


@pytest.mark.parametrize("write", WRITING, ids=["note", "say", "heard_many", "heard_by_many"])
def test_what_was_only_half_written_is_taken_back_wherever_it_strikes(write: Callable[[History], object]) -> None:
    before = list(a_history())
    whole = a_history()
    write(whole)
    seen = set()
    for line in range(30):
        history = a_history()
        if not struck(history, write, line):
            break
        history.mend()
        seen.add(len(history))
        assert list(history) in (before, list(whole))
        history.note(2.0, "ended", why="interrupted")
        assert history[len(history) - 1].detail == {"why": "interrupted"}

    assert seen == {len(before), len(whole)}


def struck(history: History, write: Callable[[History], object], line: int) -> bool:
    """Was it interrupted before its `line`-th line? Else it was done by then."""
    left = line

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename.endswith("history.py") and event == "line":
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        write(history)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(former)
    return False
