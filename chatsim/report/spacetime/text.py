"""The space-time diagram for a terminal: a column a bot, a line a rank, and beside it what happened.

A message keeps its number from where it was sent (`●3`) to where it was heard (`→3`): so what overtook what, what came
twice and what never came can be read down a column.
"""

from __future__ import annotations

from chatsim.report.printable import columns, encodable, fit
from chatsim.report.spacetime.diagram import Diagram, Mark, Row, RowKind, Sign

__all__ = ["HOW", "text_lines"]

HOW = "A message has its number where it was said and where it was heard; * stands where a failure is proved."

SIGNS = {
    Sign.CONNECT: "┬",
    Sign.JOINED: "○",
    Sign.REFUSED: "⊘",
    Sign.SEND: "●",
    Sign.HEARD: "→",
    Sign.RECEIPT: "✓",
    Sign.DAMAGED: "≠",
    Sign.NOTICE: "i",
    Sign.ODD: "!",
    Sign.LEAVE: "┴",
    Sign.DROP: "✗",
    Sign.CLOSED: "╧",
    Sign.STALL: "‖",
    Sign.RESUME: "▷",
    Sign.BAD: "!",
    Sign.MISSING: "?",
    Sign.MET: "✓",
    Sign.UNMET: "?",
    Sign.SERVER: "■",
    Sign.CRASH: "✗",
    Sign.OTHER: "■",
}
ALIVE, SILENT, GONE, RULE = "│", "┊", " ", "─"
PLAIN = str.maketrans("┬○⊘●→✓≠┴✗╧‖▷■│┊─", "+o/O>v~_x=()#|:-")
TIME, PROOF = 9, "*"
NARROWEST_WORDS, NARROW = 24, 60
COLUMN = 9


def text_lines(diagram: Diagram, width: int = 100, encoding: str = "utf-8") -> list[str]:
    """The diagram in lines of at most `width` columns; the lines of bots for which there is no room are not drawn, and
    that is said. Where the encoding has no such signs, they are drawn in ASCII.
    """
    lines = _Page(diagram, width).lines() if diagram.rows else []
    signs = "".join(SIGNS.values()) + ALIVE + SILENT + RULE
    return lines if encodable(signs, encoding) == signs else [line.translate(PLAIN) for line in lines]


class _Page:
    def __init__(self, diagram: Diagram, width: int) -> None:
        self.diagram, self.width = diagram, width
        words = NARROWEST_WORDS if width >= NARROW else 0  # where there is room for one alone, the columns have it
        room = max(width - TIME - words - 4, COLUMN)
        names = [fit(lane.name, 12) for lane in diagram.lanes]
        self.column = max([5, *(columns(name) + 2 for name in names)])
        if self.column * len(names) > room:
            self.column = max(5, min(self.column, room // max(1, len(names))))
            names = [fit(name, self.column - 1) for name in names]
        self.names = names[: max(1, room // self.column)]
        self.marks: dict[int, dict[int, Mark]] = {}
        for mark in diagram.marks:
            self.marks.setdefault(mark.row, {})[mark.lane] = mark

    def lines(self) -> list[str]:
        head = " " * (TIME + 1) + "".join(map(self._centred, self.names))
        told = [head.rstrip(), *(self._line(number, row) for number, row in enumerate(self.diagram.rows))]
        if len(self.names) < len(self.diagram.lanes):
            hidden = [lane.name for lane in self.diagram.lanes[len(self.names) :]]
            told.append(f"There is no room for {len(hidden)} more: {', '.join(hidden)}.")
        return [fit(line, self.width) for line in told]

    def _line(self, number: int, row: Row) -> str:
        cells = "".join(self._centred(self._cell(number, lane)) for lane in range(len(self.names)))
        match row.kind:
            case RowKind.STEP:
                return f"{'':{TIME}} {RULE * 3} {row.words}"
            case RowKind.GAP:
                return f"{'':{TIME}} {cells} … {row.words}".rstrip()
            case _:
                proof = PROOF if row.witness else " "
                return f"{f'{row.t:.3f} s':>{TIME}} {cells} {proof} {row.words}".rstrip()

    def _cell(self, number: int, lane: int) -> str:
        mark = self.marks.get(number, {}).get(lane)
        if mark is not None:
            return SIGNS[mark.sign] + (str(mark.message) if mark.message else "")
        lives = [life for life in self.diagram.lives if life.lane == lane and life.first <= number <= life.last]
        if any(first < number < last for life in lives for first, last in life.silent):
            return SILENT
        return ALIVE if lives else GONE

    def _centred(self, text: str) -> str:
        gap = self.column - columns(text)
        left = (self.column - 1) // 2 if columns(text) <= 3 else gap // 2
        left = min(left, gap)
        return " " * left + text + " " * (gap - left)
