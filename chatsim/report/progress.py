"""How far the work is, in one line: for a terminal, where it is drawn again and again, or for a log."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Doing", "bar", "gauge", "line"]

COLUMNS = 24
TELLING = 5.0  # seconds, and this part of the whole: before, nobody knows how long the rest will take
ENOUGH = 0.02


@dataclass(frozen=True, slots=True)
class Doing:
    """So many of `total` runs are done, and so many of these are bad; `words` say what is being done now."""

    done: int
    total: int
    bad: int = 0
    words: str = ""


def gauge(part: float) -> str:
    """`[######------------------]  25 %`; `part` within 0 and 1."""
    full = round(COLUMNS * part)
    return f"[{'#' * full}{'-' * (COLUMNS - full)}] {100 * part:3.0f} %"


def bar(doing: Doing, seconds: float) -> str:
    """For a terminal. `seconds`: how long it has taken so far."""
    if doing.total <= 1:
        return doing.words
    parts = [f"{gauge(doing.done / doing.total)} · {doing.done} of {doing.total} runs", *_bad(doing)]
    if left := _left(doing, seconds):
        parts.append(left)
    return " · ".join([*parts, doing.words] if doing.words else parts)


def line(doing: Doing, seconds: float) -> str:
    """For a log; empty where there is nothing to wait for."""
    if doing.total <= 1:
        return ""
    return ", ".join([f"{doing.done} of {doing.total} runs after {_time(seconds)}", *_bad(doing)])


def _bad(doing: Doing) -> list[str]:
    return [f"{doing.bad} failed"] if doing.bad else []


def _left(doing: Doing, seconds: float) -> str:
    part = doing.done / doing.total
    if seconds <= TELLING or part <= ENOUGH or part >= 1:
        return ""
    return f"about {_time(seconds * (1 - part) / part)} left"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
