"""What is otherwise than in a baseline, for a person at a console."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.report.comparison import PLAYED, Change, Comparison, Kind
from chatsim.report.printable import encodable, printable, wrap
from chatsim.report.text import NORMAL, Style

__all__ = ["render"]

# What each kind is called, in this order; known ones are told one by one only with -v.
WORDS = {Kind.WORSE: "WORSE", Kind.NEW: "NEW", Kind.DOUBTFUL: "DOUBTFUL", Kind.BETTER: "BETTER", Kind.KNOWN: "KNOWN"}
COLOURS = {Kind.WORSE: "1;31", Kind.NEW: "1;31", Kind.DOUBTFUL: "1;33", Kind.BETTER: "1;32", Kind.KNOWN: "2"}


def render(comparison: Comparison, style: Style) -> str:
    """A head, a paragraph for each change, and what follows from them. Ends with a line end."""
    return encodable("\n".join(_lines(comparison, style)) + "\n", style.encoding)


def _lines(comparison: Comparison, style: Style) -> Iterator[str]:
    yield ""
    yield from wrap(f"Against the baseline {printable(comparison.name)}: {_sum(comparison)}.", style.width, later="  ")
    for kind in WORDS:
        if (kind is Kind.KNOWN and style.verbosity <= NORMAL) or (kind is Kind.BETTER and style.verbosity < NORMAL):
            continue
        for change in comparison.of(kind):
            yield from _change(change, style)
    if comparison.unplayed and style.verbosity >= NORMAL:
        several = "scenarios of it were" if comparison.unplayed > 1 else "scenario of it was"
        yield f"  {comparison.unplayed} {several} not played this time."


def _change(change: Change, style: Style) -> Iterator[str]:
    label = f"{WORDS[change.kind]:<8}"
    subject = "the scenario" if change.subject == PLAYED else change.subject
    where = printable(change.file or change.scenario)
    first, *more = wrap(f"{subject}  {where}: {printable(change.words)}", style.width, f"  {label}  ", " " * 12)
    painted = f"\x1b[{COLOURS[change.kind]}m{label}\x1b[0m" if style.colour else label
    yield f"  {painted}{first[2 + len(label) :]}"
    yield from more


def _sum(comparison: Comparison) -> str:
    worse = len(comparison.of(Kind.WORSE, Kind.NEW))
    parts = [f"{worse} got worse" if worse else "nothing got worse"]
    if doubtful := len(comparison.of(Kind.DOUBTFUL)):
        parts.append(f"{doubtful} {'are' if doubtful > 1 else 'is'} in doubt")
    if better := len(comparison.of(Kind.BETTER)):
        parts.append(f"{better} got better")
    if known := len(comparison.of(Kind.KNOWN)):
        parts.append(f"{known} {'were' if known > 1 else 'was'} known")
    return ", ".join(parts)
