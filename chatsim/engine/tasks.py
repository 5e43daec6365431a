"""Steps as generators that wait for conditions, and timers: the whole of our concurrency, without a thread.

A step yields `Until(condition)` and is resumed with True when the condition holds, or with False when patience is spent.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from chatsim.network.network import Strain

__all__ = ["Steps", "Task", "Timers", "Until", "Waiting"]


@dataclass(slots=True)
class Until:
    """A wait. `seconds`: at most so long without progress (None: one patience). `exact`: the time itself is the point
    (a pause, a closing listen): neither progress nor load stretches it. `steady`: a time that somebody has set for the
    server (`expect … within`): counted from the beginning whatever comes meanwhile; only our own lag and load stretch it.

    When it has ended unmet, `waited` and `valid` tell how long and whether P remained after lag and foreign load.
    """

    condition: Callable[[], bool]
    seconds: float | None = None
    exact: bool = False
    steady: bool = False
    since: float = 0.0
    deadline: float = 0.0
    strain: Strain | None = None  # of the machine when measuring began
    measured_from: float = 0.0
    patience: float = 0.0
    waited: float = 0.0
    lag: float = 0.0
    foreign: float = 0.0
    valid: bool = True


T = TypeVar("T")
Waiting = Generator[Until, bool, T]  # a part of a step: yields waits, is sent whether they were met, returns T
Steps = Waiting[bool]


@dataclass(slots=True)
class Task:
    steps: Steps
    wait: Until | None = None
    over: bool = False


class Timers:
    """What is to be done at a time. Equal times keep the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._set = 0

    def at(self, time: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (time, self._set, action))
        self._set += 1

    @property
    def next(self) -> float | None:
        return self._heap[0][0] if self._heap else None

    def fire(self, now: float) -> None:
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()
