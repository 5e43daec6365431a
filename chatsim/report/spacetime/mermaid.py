"""The space-time diagram as Mermaid, for pages that draw it themselves (a README, an issue, a wiki).

Mermaid knows no slanted arrows: each message is drawn where it arrived, and carries the number of its sending. So an
order that was broken is read from the numbers, not seen from crossings.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.report.printable import shorten
from chatsim.report.report import Report
from chatsim.report.spacetime.diagram import Arrow, Diagram, Fate, Mark, Row, RowKind, Sign
from chatsim.report.spacetime.layout import diagram

__all__ = ["mermaid", "render"]

MOST_EVENTS, MOST_LANES = 100, 12  # more is drawn, but nobody can read it

ARROWS = {Fate.HEARD: "->>", Fate.OWN: "->>", Fate.DAMAGED: "-x", Fate.LOST: "--x"}
LATER = {Fate.HEARD: "", Fate.OWN: "", Fate.DAMAGED: ", damaged", Fate.LOST: ", never came"}
BY_ARROWS = frozenset((Sign.HEARD, Sign.DAMAGED))
HARMLESS = frozenset(" .,:!?'()/-_=+*")  # besides letters and digits; all else is spelled as a number
PROOF = "rect rgba(255, 170, 0, 0.25)"


def mermaid(diagram: Diagram) -> str:
    """A `sequenceDiagram`, with a line end. Nothing that a bot or the server said can end a line or begin a directive."""
    lines = ["sequenceDiagram"]
    lines += [f"    participant p{number} as {_safe(lane.name)}" for number, lane in enumerate(diagram.lanes)]
    for line in _Page(diagram).lines():
        lines.append(f"    {line}")
    return "\n".join(lines) + "\n"


def render(report: Report) -> str:
    """The first run that has a history, without a line end."""
    run = next((run for run in report.runs if run.history is not None), None)
    if run is None or run.history is None:
        return mermaid(Diagram()).rstrip("\n")
    return mermaid(diagram(run.history, run.verdicts, most=MOST_EVENTS, most_lanes=MOST_LANES)).rstrip("\n")


class _Page:
    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.words = {said.number: shorten(said.words, 60) for said in diagram.messages}
        self.marks: dict[int, list[Mark]] = {}
        self.arrows: dict[int, list[Arrow]] = {}
        for mark in diagram.marks:
            self.marks.setdefault(mark.row, []).append(mark)
        for arrow in diagram.arrows:
            self.arrows.setdefault(arrow.end[0], []).append(arrow)

    def lines(self) -> Iterator[str]:
        if not self.diagram.lanes:
            return
        for number, row in enumerate(self.diagram.rows):
            if row.kind in (RowKind.STEP, RowKind.GAP):
                yield self._note(0, len(self.diagram.lanes) - 1, row.words)
                continue
            inside = list(self._of(number, row))
            if row.witness and inside:
                yield PROOF
                yield from (f"    {line}" for line in inside)
                yield "end"
            else:
                yield from inside

    def _of(self, number: int, row: Row) -> Iterator[str]:
        arrows = sorted(self.arrows.get(number, ()), key=lambda arrow: arrow.end[1])
        for arrow in arrows:
            text = f"{arrow.message}: {self.words.get(arrow.message, '')}{LATER[arrow.fate]}"
            yield f"p{arrow.start[1]}{ARROWS[arrow.fate]}p{arrow.end[1]}: {_safe(text)}"
        marks = self.marks.get(number, [])
        if row.kind is RowKind.ONE:
            lanes = [mark.lane for mark in marks]
            only_an_arrow = arrows and marks and all(mark.sign in BY_ARROWS for mark in marks) and not row.witness
            if not only_an_arrow:
                proof = f" (proves: {', '.join(row.witness)})" if row.witness else ""
                sent = f"{marks[0].message}: " if marks and marks[0].sign is Sign.SEND else ""
                first, last = (min(lanes), max(lanes)) if lanes else (0, len(self.diagram.lanes) - 1)
                yield self._note(first, last, f"{sent}{row.words}{proof}")
        elif row.words:
            yield self._note(min(mark.lane for mark in marks), max(mark.lane for mark in marks), row.words)
        else:
            for mark in marks:
                if mark.sign not in BY_ARROWS:
                    yield self._note(mark.lane, mark.lane, mark.words)

    def _note(self, first: int, last: int, words: str) -> str:
        over = f"p{first}" if first == last else f"p{first},p{last}"
        return f"Note over {over}: {_safe(shorten(words, 100))}"


def _safe(text: str) -> str:
    """Letters, digits and what means nothing in Mermaid stay; the rest is spelled as Mermaid's own entities."""
    return "".join(c if c.isalnum() or c in HARMLESS else f"#{ord(c)};" for c in text) or "#32;"
