"""How long messages took, from the moment before they were written to the moment after they were read.

Both are read from one clock. What chatsim says of its own (knocks, fences) and what a newcomer is sent of the past do not
count. It says as much about the machine as about the server: compare only what was measured alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median, quantiles

from chatsim.history import History

__all__ = ["Latency", "latency"]

SPOKEN = ("chat", "whisper", "reply")


@dataclass(frozen=True, slots=True)
class Latency:
    """Of so many deliveries in one run, in seconds."""

    deliveries: int
    median_s: float
    p95_s: float


def latency(history: History) -> Latency | None:
    """Null where nothing was delivered."""
    spoken = {message.id for message in history.messages if message.kind in SPOKEN}
    met = {entry.session: entry.t for entry in history.of("connect")}
    sent: dict[int, float] = {}
    heard: dict[tuple[int, int], float] = {}
    for entry in history.of("send", "heard"):
        if entry.ref not in spoken:
            continue
        if entry.kind == "send":
            sent.setdefault(entry.ref, entry.t)
        elif entry.ref in sent and met.get(entry.session, 0.0) <= sent[entry.ref]:
            heard.setdefault((entry.session, entry.ref), entry.t - sent[entry.ref])
    if not heard:
        return None
    times = list(heard.values())
    p95 = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return Latency(len(times), median(times), p95)
