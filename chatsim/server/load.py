"""How long this machine's processors were busy with neither us nor the server: time in which waiting proves nothing.

Only what hampers counts. While any one processor is idle, whoever wants to run can, so the hampered time of an interval
is at most the interval less the idle time of its idlest processor. Of that, the share counts that foreign processes had
of all that was busy, and the time that a hypervisor has stolen. This may be too much (bursts and rests of
several processors need not coincide) and is hardly ever too little: a wait that is called invalid is repeated, while one
wrongly called valid would accuse the server. What the server itself burns is no excuse for it.

And a server that sleeps is hampered by nobody: no more is counted than its threads have spent waiting for a processor,
where the platform tells that (Linux' schedstat). Two busy neighbours on two cores cost a quick server next to nothing.

Not known here: a container's quota, the other clients of a disk, and any platform but Linux (0 seconds there).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ForeignLoad"]

TICK = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01


@dataclass(frozen=True, slots=True)
class _Sample:
    at: float
    ours: float
    busy: float  # over all processors, stolen time not included
    stolen: float
    idle: tuple[float, ...]  # of each processor


class ForeignLoad:
    """Counts from its making on. Costs nothing until asked; asking takes a fraction of a millisecond.

    `ours` gives the processor seconds that are no foreign load, ever growing. `delayed` gives the seconds that the
    server's threads have waited for a processor, ever growing; null: the platform does not tell, or it is not ours.
    """

    def __init__(self, ours: Callable[[], float], delayed: Callable[[], float | None] = lambda: None) -> None:
        self._ours = ours
        self._delayed = delayed
        self._last = _sample(ours)
        self._last_delay = delayed()
        self._seconds = 0.0

    def seconds(self) -> float:
        """Seconds since the beginning in which waiting was probably hampered by others; never shrinks."""
        last, now = self._last, _sample(self._ours)
        if last is None or now is None or now.at - last.at < 0.02:
            return self._seconds  # two ticks are the least that can be told from nothing
        self._last = now
        most = hampered(last, now)
        delay, before = self._delayed(), self._last_delay
        self._last_delay = delay
        if delay is not None and before is not None:
            most = min(most, max(0.0, delay - before))
        self._seconds += most
        return self._seconds


def hampered(before: _Sample, after: _Sample) -> float:
    """Seconds of an interval that were not to be had by whoever wanted to run, for foreign reasons."""
    span = after.at - before.at
    processors = max(1, len(after.idle))
    stolen = max(0.0, after.stolen - before.stolen) / processors
    busy = max(0.0, after.busy - before.busy)
    foreign = max(0.0, busy - max(0.0, after.ours - before.ours))
    idlest = max((later - earlier for earlier, later in zip(before.idle, after.idle, strict=False)), default=0.0)
    saturated = min(span, max(0.0, span - idlest))
    share = foreign / busy if busy else 0.0
    return min(span, saturated * share + stolen)


def _sample(ours: Callable[[], float]) -> _Sample | None:
    try:
        text = Path("/proc/stat").read_bytes()
    except OSError:
        return None
    rows = [line.split() for line in text.split(b"\n") if line.startswith(b"cpu")]
    total = [int(field) * TICK for field in rows[0][1:]]
    user, nice, system, _, _, irq, softirq, stolen = total[:8]
    return _Sample(
        at=time.monotonic(),
        ours=ours(),
        busy=user + nice + system + irq + softirq,
        stolen=stolen,
        idle=tuple((int(row[4]) + int(row[5])) * TICK for row in rows[1:]),
    )
