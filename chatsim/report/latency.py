"""How long messages took, from the moment before they were written to the moment after they were read.

Both are read from one clock. What chatsim says of its own (knocks, fences) and what a newcomer is sent of the past do not
count. It says as much about the machine as about the server: compare only what was measured alike.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from chatsim.history import HEARD, SEND, TICKS_PER_SECOND, History

__all__ = ["Latency", "latency"]

SPOKEN = ("chat", "whisper", "reply")


@dataclass(frozen=True, slots=True)
class Latency:
    """Of so many deliveries in one run, in seconds. The 95th percentile is one of the times that were measured."""

    deliveries: int
    median_s: float
    p95_s: float


def latency(history: History) -> Latency | None:
    """Null where nothing was delivered."""
    ticks = sorted(_ticks(history))
    if not ticks:
        return None
    middle, count = len(ticks) // 2, len(ticks)
    median = ticks[middle] if count % 2 else (ticks[middle - 1] + ticks[middle]) / 2
    return Latency(count, median / TICKS_PER_SECOND, ticks[(count * 95 - 1) // 100] / TICKS_PER_SECOND)


def _ticks(history: History) -> array[int]:
    """One for each delivery. Over the bare columns: a long history has millions of rows."""
    unsent = -1
    sent = array("q", [unsent]) * len(history.messages)
    spoken = [message.kind in SPOKEN for message in history.messages]
    met = {entry.session: round(entry.t * TICKS_PER_SECOND) for entry in history.of("connect")}
    found = array("q")
    for kind, ref, session, tick in zip(history.kinds, history.refs, history.sessions, history.ticks, strict=True):
        if kind == HEARD:
            if ref >= 0 and spoken[ref] and (at := sent[ref]) != unsent and met.get(session, 0) <= at:
                found.append(tick - at)
        elif kind == SEND and ref >= 0 and sent[ref] == unsent:
            sent[ref] = tick
    return found
