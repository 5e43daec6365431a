"""The space-time diagram as SVG, to stand inside an HTML page, which brings the colours (`report/page/page.css`).

It is built as a tree of elements and written by the library, so no text can become markup. Colours, fonts and sizes of
lines are classes; there is no `style`, no script and nothing that is fetched from elsewhere.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from chatsim.report.printable import columns, fit
from chatsim.report.spacetime.diagram import Arrow, Diagram, Fate, Lane, Mark, Row, RowKind, Sign

__all__ = ["head_svg", "key_svg", "svg"]

ROW, LEFT, TOP, BOTTOM, HEAD = 26, 86, 6, 22, 28
NARROW, WIDE = 60, 168  # between two lanes
WORDS, WORDS_WIDTH = 72, 470  # columns of what is told beside a row, and the room for them
LETTER = 7.2  # a letter's width, about
HUES = 8  # `h0` … `h7`: messages have the colour of their sender's lane
ON_ITS_WAY, SOON = 0.82, 5  # where what never came is seen to end: this part of the way, and so many rows below
TAGS = 2  # properties that are named beside a row; the rest are counted

GLYPHS = {  # drawn around 0,0 on the lane
    Sign.CONNECT: "M-7,0H7M0,0V7",
    Sign.JOINED: "M-5,0A5,5 0 1 0 5,0A5,5 0 1 0 -5,0Z",
    Sign.REFUSED: "M-6,0A6,6 0 1 0 6,0A6,6 0 1 0 -6,0ZM-4,4L4,-4",
    Sign.SEND: "M-5.5,0A5.5,5.5 0 1 0 5.5,0A5.5,5.5 0 1 0 -5.5,0Z",
    Sign.HEARD: "M-3,0A3,3 0 1 0 3,0A3,3 0 1 0 -3,0Z",
    Sign.RECEIPT: "M-5,0L-1,4L6,-5",
    Sign.DAMAGED: "M-6,-3L-2,3L2,-3L6,3",
    Sign.NOTICE: "M0,-5L5,0L0,5L-5,0Z",
    Sign.ODD: "M0,-7L7,5H-7ZM0,-2V1M0,3V3.5",
    Sign.LEAVE: "M-7,0H7M0,-7V0",
    Sign.DROP: "M-7,-7L7,7M-7,7L7,-7",
    Sign.CLOSED: "M-8,-2H8M-8,2H8",
    Sign.STALL: "M-3,-6V6M3,-6V6",
    Sign.RESUME: "M-4,-6L6,0L-4,6Z",
    Sign.BAD: "M0,-7L7,5H-7ZM0,-2V1M0,3V3.5",
    Sign.MISSING: "M-7,0A7,7 0 1 0 7,0A7,7 0 1 0 -7,0ZM-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
    Sign.MET: "M-5,0L-1,4L6,-5",
    Sign.UNMET: "M-7,0A7,7 0 1 0 7,0A7,7 0 1 0 -7,0ZM-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
    Sign.SERVER: "M-4,-4H4V4H-4Z",
    Sign.CRASH: "M0,-9L2.5,-3L9,-3L4,1L6,8L0,4L-6,8L-4,1L-9,-3L-2.5,-3Z",
    Sign.OTHER: "M-3,-3H3V3H-3Z",
}


def svg(diagram: Diagram, prefix: str = "", label: str = "The space-time diagram of this run") -> str:
    """One `<svg>` element. `prefix` begins all its ids, so that several can stand in one page.

    A mark has the id `{prefix}e{index}` of its history entry and is a link to `#{prefix}t{index}`, its row in a table
    of events; what proves a failure links to `#{prefix}v-{property}`. Both are for the page to provide.
    """
    return ET.tostring(_Page(diagram, prefix).whole(label), encoding="unicode")


def head_svg(diagram: Diagram) -> str:
    """The names of the lanes alone, in the same columns: a page may keep them in sight. Not for screen readers."""
    page = _Page(diagram, "")
    root = page.root(HEAD)
    root.set("aria-hidden", "true")
    page.names(root, HEAD - 9)
    return ET.tostring(root, encoding="unicode")


def key_svg(sign: Sign) -> str:
    """One sign alone, for a legend. Not for screen readers."""
    root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "spacetime key", "aria-hidden": "true"})
    for name, value in (("width", "20"), ("height", "20"), ("viewBox", "-10 -10 20 20")):
        root.set(name, value)
    group = _add(root, "g", **{"class": _kind(sign)})
    _add(group, "path", **{"class": "glyph"}, d=GLYPHS[sign])
    return ET.tostring(root, encoding="unicode")


class _Page:
    def __init__(self, diagram: Diagram, prefix: str) -> None:
        self.diagram, self.prefix = diagram, prefix
        longest = max((columns(lane.name) for lane in diagram.lanes), default=0)
        few = len(diagram.lanes) <= 5
        self.gap = max(NARROW, min(WIDE, longest * LETTER + 14), 120 if few else 0)
        self.right = LEFT + self.gap * max(1, len(diagram.lanes))
        self.width = self.right + WORDS_WIDTH
        self.height = TOP + ROW * len(diagram.rows) + BOTTOM
        self.message = {said.number: said for said in diagram.messages}
        self.came_from = {(arrow.index, arrow.end[1]): arrow.start[1] for arrow in diagram.arrows}

    def whole(self, label: str) -> ET.Element:
        root = self.root(self.height)
        root.set("role", "graphics-document document")
        root.set("aria-labelledby", f"{self.prefix}title {self.prefix}desc")
        _add(root, "title", label, id=f"{self.prefix}title")
        _add(root, "desc", self.description(), id=f"{self.prefix}desc")
        for number, row in enumerate(self.diagram.rows):
            if row.witness:
                self.band(root, "proved", self.y(number))
        self.lifelines(root)
        for number, row in enumerate(self.diagram.rows):
            if row.kind is RowKind.STEP:
                self.band(root, "step", self.y(number))
            elif row.kind is RowKind.GAP:
                y = self.y(number)
                _add(root, "line", **{"class": "torn"}, x1=12, x2=self.width - 12, y1=y, y2=y)
        for arrow in self.diagram.arrows:
            self.arrow(root, arrow)
        for number, row in enumerate(self.diagram.rows):
            self.words(root, number, row)
        seen: set[int] = set()
        for mark in self.diagram.marks:
            self.mark(root, mark, first=mark.index not in seen)
            seen.add(mark.index)
        self.names(root, self.height - 6)
        return root

    def root(self, height: float) -> ET.Element:
        root = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "class": "spacetime"})
        root.set("width", _number(self.width))
        root.set("height", _number(height))
        root.set("viewBox", f"0 0 {_number(self.width)} {_number(height)}")
        return root

    def description(self) -> str:
        lanes = ", ".join(lane.name for lane in self.diagram.lanes)
        arrived = sum(arrow.fate is not Fate.LOST for arrow in self.diagram.arrows)
        lost = len(self.diagram.arrows) - arrived
        told = f"One vertical line for each of {lanes}; what came later stands further down. "
        told += f"{arrived} deliveries are drawn as arrows"
        return told + (f", and {lost} that never came." if lost else ".") + " A table with the same events follows."

    # --- the ground -----------------------------------------------------------------------------------------------

    def x(self, lane: int) -> float:
        return LEFT + self.gap * (lane + 0.5)

    def y(self, row: float) -> float:
        return TOP + ROW * (row + 0.5)

    def band(self, root: ET.Element, kind: str, y: float) -> None:
        _add(
            root, "rect", **{"class": f"band {kind}"}, x="0", y=y - ROW / 2 + 1, width=self.width, height=ROW - 2, rx=4
        )

    def lifelines(self, root: ET.Element) -> None:
        for lane in range(len(self.diagram.lanes)):
            self.line(root, "lane", lane, TOP, self.height - BOTTOM)
        for life in self.diagram.lives:
            begin, end = self.y(life.first), self.y(life.last)
            for first, last in life.silent:
                self.line(root, "life", life.lane, begin, self.y(first))
                self.line(root, "life silent", life.lane, self.y(first), self.y(last))
                begin = self.y(last)
            self.line(root, "life", life.lane, begin, end)

    def line(self, root: ET.Element, kind: str, lane: int, begin: float, end: float) -> None:
        where = {"x1": self.x(lane), "x2": self.x(lane), "y1": begin, "y2": end}
        _add(root, "line", **{"class": kind, "data-lane": lane}, **where)

    def names(self, root: ET.Element, y: float) -> None:
        for number, lane in enumerate(self.diagram.lanes):
            name = fit(lane.name, max(8, int(self.gap / LETTER)))
            where = {"class": _lane_class(lane, number), "data-lane": number}
            _add(root, "text", name, **where, x=self.x(number), y=y)

    def words(self, root: ET.Element, number: int, row: Row) -> None:
        y = self.y(number) + 4
        if row.kind in (RowKind.STEP, RowKind.GAP):
            x = 12 if row.kind is RowKind.STEP else self.right
            _add(root, "text", fit(row.words, 110), **{"class": f"said {row.kind}"}, x=x, y=y)
            return
        _add(root, "text", f"{row.t:.3f} s", **{"class": "time"}, x=LEFT - 16, y=y)
        text = ET.SubElement(root, "text", {"class": "said", "x": _number(self.right), "y": _number(y)})
        room = WORDS
        for name in row.witness[:TAGS]:
            link = _add(text, "a", **{"class": "tag", "href": f"#{self.prefix}v-{name}"})
            _add(link, "tspan", name)
            link.tail = "  "
            room -= len(name) + 2
        if len(row.witness) > TAGS:
            more = _add(text, "tspan", f"+{len(row.witness) - TAGS}", **{"class": "more"})
            more.tail = "  "
            room -= 4
        _add(text, "tspan", fit(row.words, max(20, room)))

    # --- what happened ------------------------------------------------------------------------------------------------

    def arrow(self, root: ET.Element, arrow: Arrow) -> None:
        said = self.message[arrow.message]
        kind = f"arrow {arrow.fate} h{arrow.start[1] % HUES}" + (" witness" if arrow.witness else "")
        data = {"data-m": arrow.message, "data-from": arrow.start[1], "data-to": arrow.end[1]}
        group = _add(root, "g", **{"class": kind, **data, "aria-hidden": "true"})
        _add(group, "title", f"{arrow.message}: {said.words}" + (" – never came" if arrow.fate is Fate.LOST else ""))
        x1, y1, x2, y2 = self.x(arrow.start[1]), self.y(arrow.start[0]), self.x(arrow.end[1]), self.y(arrow.end[0])
        lost = arrow.fate is Fate.LOST
        if lost:  # it ends on its way, and near where it was sent: waiting for it took long
            x2, y2 = x1 + (x2 - x1) * ON_ITS_WAY, y1 + min(y2 - y1, ROW * SOON) * ON_ITS_WAY
        if arrow.start[1] == arrow.end[1]:
            out = min(30, self.gap / 2 - 6)
            if lost:
                x2 += out
            bend = x1 + out
            path = f"M{_xy(x1, y1)}C{_xy(bend, y1 + 4)} {_xy(bend, y2 - 4)} {_xy(x2 + (0 if lost else 5), y2 - 1)}"
            head = _head(bend, y2 - 4, x2 + 4, y2)
        else:
            stop = _before(x1, y1, x2, y2, 0 if lost else 9)
            path, head = f"M{_xy(x1, y1)}L{_xy(*stop)}", _head(x1, y1, *_before(x1, y1, x2, y2, 3))
        _add(group, "path", **{"class": "shaft"}, d=path)
        if lost:
            cross = f"M{_xy(x2 - 5, y2 - 5)}L{_xy(x2 + 5, y2 + 5)}M{_xy(x2 - 5, y2 + 5)}L{_xy(x2 + 5, y2 - 5)}"
            _add(group, "path", **{"class": "cross"}, d=cross)
        else:
            _add(group, "path", **{"class": "head"}, d=head)

    def mark(self, root: ET.Element, mark: Mark, *, first: bool) -> None:
        kind = _kind(mark.sign) + (" witness" if mark.witness else "")
        said = self.message.get(mark.message)
        if said is not None and said.lane >= 0:
            kind += f" h{said.lane % HUES}"
        link = _add(root, "a", **{"class": kind, "href": f"#{self.prefix}t{mark.index}"})
        if first:
            link.set("id", f"{self.prefix}e{mark.index}")
        for name, value in (("data-lane", mark.lane), ("data-row", mark.row), ("data-m", mark.message)):
            link.set(name, str(value))
        link.set("transform", f"translate({_xy(self.x(mark.lane), self.y(mark.row))})")
        proof = f" – proves: {', '.join(mark.witness)}" if mark.witness else ""
        number = f" (message {mark.message})" if mark.message else ""
        _add(link, "title", f"{mark.t:.5f} s: {mark.words}{number}{proof}")
        _add(link, "circle", **{"class": "halo"}, r=11)
        _add(link, "path", **{"class": "glyph"}, d=GLYPHS[mark.sign])
        if mark.message:
            # On the side where no arrow is: it came from the other one, or goes there.
            left = self.came_from.get((mark.index, mark.lane), -1 if mark.lane else 1) >= mark.lane
            side = "number left" if left else "number"
            _add(link, "text", str(mark.message), **{"class": side}, x=-9 if left else 9, y=-5)


def _kind(sign: Sign) -> str:
    return f"mark {sign.replace(' ', '-')}"


def _lane_class(lane: Lane, number: int) -> str:
    return f"name {lane.kind} h{number % HUES}"


def _add(parent: ET.Element, tag: str, text: str = "", /, **attributes: object) -> ET.Element:
    plain = {name: value if isinstance(value, str) else _number(value) for name, value in attributes.items()}
    element = ET.SubElement(parent, tag, plain)
    element.text = text or None
    return element


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def _xy(x: float, y: float) -> str:
    return f"{_number(float(x))},{_number(float(y))}"


def _before(x1: float, y1: float, x2: float, y2: float, by: float) -> tuple[float, float]:
    """The point on the way that lies so much before its end."""
    length = max(1.0, ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5)
    return x2 - (x2 - x1) * by / length, y2 - (y2 - y1) * by / length


def _head(x1: float, y1: float, x2: float, y2: float) -> str:
    """An arrow's head that points at the second point, coming from the first."""
    bx, by = _before(x1, y1, x2, y2, 9)
    dx, dy = (x2 - bx) * 0.4, (y2 - by) * 0.4
    return f"M{_xy(x2, y2)}L{_xy(bx - dy, by + dx)}L{_xy(bx + dy, by - dx)}Z"
