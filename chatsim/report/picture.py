"""Runs as pictures in text: the space-time diagram of each, below what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.report.printable import encodable, wrap
from chatsim.report.report import Report, Run
from chatsim.report.spacetime.layout import diagram
from chatsim.report.spacetime.text import HOW, text_lines
from chatsim.report.text import QUIET, Style, scenario

__all__ = ["render"]

MOST_EVENTS, MOST_LANES = 120, 16


def render(report: Report, style: Style) -> str:
    """All runs one after the other, with a line end."""
    told = ["\n".join(_told(run, style)) for run in report.runs]
    return encodable("\n\n".join(told) + "\n", style.encoding)


def _told(run: Run, style: Style) -> Iterator[str]:
    quiet = Style(QUIET, style.colour, style.width, style.encoding)
    yield from scenario((run,), Report((run,)), quiet).rstrip("\n").split("\n")
    if run.history is None:
        return
    drawn = diagram(run.history, run.verdicts, most=MOST_EVENTS, most_lanes=MOST_LANES)
    if drawn.rows:
        yield ""
        yield from text_lines(drawn, style.width, style.encoding)
        yield ""
        yield from wrap(f"{HOW} {drawn.left_out()}", style.width)
