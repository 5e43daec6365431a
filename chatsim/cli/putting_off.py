"""Interrupts while something is finished that can not be had a second time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from chatsim.cli.terminal import hint

__all__ = ["put_off"]

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@contextmanager
def put_off(words: str) -> Iterator[None]:
    """In here the first interrupt is answered with these words alone; the next one strikes (KeyboardInterrupt).

    What counts as an interrupt is left to the handlers that stand when this is entered, and stand again when it is
    left: a signal that they ignore, or take for one that came before, stays ignored. For the main thread alone.
    """
    before: dict[int, Any] = {}
    told = False

    def answer(number: int, frame: FrameType | None) -> None:
        nonlocal told
        try:
            before[number](number, frame)
        except KeyboardInterrupt:
            if told:
                raise
            told = True
            hint(words)

    for number in (getattr(signal, name) for name in SIGNALS if hasattr(signal, name)):
        if callable(handler := signal.getsignal(number)):
            before[number] = handler
            signal.signal(number, answer)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
