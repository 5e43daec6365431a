"""The server seen from outside, as the steps look at it: once, while somebody does not read, and its work between two looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatsim.engine.session import State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.network.network import Facts

__all__ = ["Load", "load_between", "look", "look_at_stalled"]

ANSWER = 1.0  # seconds for the door to tell what it sees; it answers at once
BUSIEST = 8  # threads that are told by name
OF_STALLED = ("alive", "listening", "threads", "children", "fds", "rss", "runtimes")


def look(stage: Stage, *, work: bool = False) -> Waiting[Facts | None]:
    """Inspect the server once; None if nothing is told."""
    tag = stage.inspect(work=work)
    yield Until(lambda: tag in stage.facts, ANSWER)
    return stage.facts.pop(tag, None)


@dataclass(frozen=True, slots=True)
class Load:
    """Time on or waiting for a processor over wall time; `top`: (thread, its load), the busiest first."""

    load: float
    seconds: float
    top: tuple[tuple[str, float], ...]
    cpu_only: bool


def load_between(before: Facts, after: Facts) -> Load | None:
    """What the server's threads wanted of a processor between two looks; None where that cannot be told.

    Of the threads that live now: what one that has ended took with it is not seen, and belongs to no rest.
    """
    earlier, later = before.facts.get("work"), after.facts.get("work")
    seconds = after.at - before.at
    if not isinstance(earlier, Mapping) or not isinstance(later, Mapping) or seconds <= 0:
        return None
    threads = []
    for thread, (name, so_far) in later.items():
        spent = max(0.0, so_far - (earlier[thread][1] if thread in earlier else 0.0))
        threads.append((str(name), spent / seconds))
    threads.sort(key=lambda each: -each[1])
    return Load(
        sum(load for _, load in threads),
        seconds,
        tuple((name, round(load, 3)) for name, load in threads[:BUSIEST] if load >= 0.001),
        bool(after.facts.get("cpu_only")),
    )


def look_at_stalled(stage: Stage) -> Steps:
    """While somebody does not read: what waits for them at the server, and how large it has become. Else nothing."""
    ports = {each.port for each in stage.sessions if each.state is State.STALLED and not each.frozen}
    if not ports or stage.frozen or stage.server_is != "up":
        return False
    seen = yield from look(stage)
    if seen is None:
        return False
    facts: dict[str, Any] = {key: seen.facts[key] for key in OF_STALLED if key in seen.facts}
    for key in ("established", "close_wait"):
        if key in seen.facts:
            facts[key] = [port for port in seen.facts[key] if port in ports]
    if "send_queue" in seen.facts:
        facts["send_queue"] = {port: left for port, left in seen.facts["send_queue"].items() if port in ports}
    stage.note("facts", during="stall", **facts)
    return True
