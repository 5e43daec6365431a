"""What a run did, step by step: when each step began and ended, and how it settled."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.history import History
from chatsim.report.printable import columns, printable, shorten

__all__ = ["step_lines"]

MOST = 60  # steps that are told; a scenario that repeats has thousands
HOW = {
    "all-heard": "all heard",
    "fence": "all heard, and a fence after it",
    "quiet": "settled by quiet",
    "patience": "patience spent",
}


@dataclass(slots=True)
class _Step:
    line: str
    text: str
    begun: float
    ended: float | None = None
    how: str = ""


def step_lines(history: History) -> list[str]:
    """One aligned line a step. Steps that are played again and again are told each time, up to a limit."""
    steps: list[_Step] = []
    under_way: dict[object, _Step] = {}
    for entry in history.of("step", "settled"):
        if entry.kind == "settled":
            for step in under_way.values():
                step.how = HOW.get(str(entry.detail.get("how")), "")
            continue
        number = entry.detail.get("number")
        if entry.detail.get("phase") == "begin":
            place = str(entry.detail.get("place", "")).split(":")
            text = str(entry.detail.get("text") or entry.detail.get("verb", "")).strip()
            step = _Step(place[-2] if len(place) > 2 else "", printable(shorten(text, 60)), entry.t)
            under_way[number] = step
            steps.append(step)
        elif number in under_way:
            under_way.pop(number).ended = entry.t
    return _aligned(steps[:MOST]) + ([f"… and {len(steps) - MOST} more steps"] if len(steps) > MOST else [])


def _aligned(steps: list[_Step]) -> list[str]:
    lines = max((len(step.line) for step in steps), default=0)
    texts = max((columns(step.text) for step in steps), default=0)
    told = []
    for step in steps:
        took = f"{step.begun:.2f} s" + (f" to {step.ended:.2f} s" if step.ended is not None else ", not finished")
        gap = " " * (texts - columns(step.text))
        told.append(f"line {step.line:>{lines}}  {step.text}{gap}  {took}{', ' if step.how else ''}{step.how}")
    return told
