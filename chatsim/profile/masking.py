"""Where messages stand in a text: whole, damaged, in pieces, or still arriving. First the bytes, then the form.

Nothing here asks what stands around a message; that is the business of `forms`.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from chatsim.profile import markers
from chatsim.profile.forms import HURT, MASK, NEXT, PEND
from chatsim.profile.vocabulary import Utterance, Vocabulary, folded

__all__ = ["Masked", "Piece", "Spot", "mask", "mask_json", "scan"]

_SURE = 8  # characters of a continuation that are enough to know it by


@dataclass(slots=True)
class Spot:
    """A place that belongs to a message. how: "" whole · case stripped garbled truncated · piece (its front; more may
    come) · more (a further piece) · joined (the last piece: now it is complete) · pending (still arriving)."""

    start: int
    end: int
    said: Utterance
    how: str
    text: str = ""
    spelling: str = ""
    got: int = 0  # characters of the spelling that are there, of a piece


@dataclass(slots=True)
class Piece:
    """The front of a message whose rest has not come, or came elsewhere."""

    said: Utterance
    spelling: str
    got: int
    text: str
    form: str = "unknown"
    name: str | None = None


@dataclass(slots=True)
class Masked:
    """A text with one sign for each spot. `spots` are in the order of the signs."""

    text: str
    spots: list[Spot] = field(default_factory=list)
    _marks: list[tuple[int, int]] = field(default_factory=list)  # position in the masked text → in the original

    def original(self, position: int) -> int:
        """Where a position of the masked text lies in the original."""
        if not self._marks:
            return position
        at = bisect_right(self._marks, (position, 1 << 62)) - 1
        if at < 0:
            return position
        here, there = self._marks[at]
        return there + position - here

    @property
    def positions(self) -> list[int]:
        """Where the signs stand."""
        if self._marks:
            return [here - 1 for here, _ in self._marks]
        return [found.start() for found in _SIGNS.finditer(self.text)] if self.spots else []


_SIGNS = re.compile(f"[{MASK}{HURT}{PEND}]")


def _sign(spot: Spot) -> str:
    return {"": MASK, "pending": PEND}.get(spot.how, HURT)


def mask(text: str, spots: list[Spot]) -> Masked:
    """The text with a sign in place of each spot."""
    if not spots:
        return Masked(text)
    parts: list[str] = []
    marks: list[tuple[int, int]] = []
    at = length = 0
    for spot in spots:
        parts.append(text[at : spot.start])
        length += spot.start - at + 1
        parts.append(_sign(spot))
        at = spot.end
        marks.append((length, at))
    parts.append(text[at:])
    return Masked("".join(parts), spots, marks)


def mask_json(vocabulary: Vocabulary, text: str, pieces: Mapping[int, Piece]) -> Masked | None:
    """The same for a text that is JSON: messages are looked for in its strings, as they read when decoded."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    spots: list[Spot] = []

    def masked(value: Any) -> Any:
        if isinstance(value, str):
            here = scan(vocabulary, value, growing=False, pieces=pieces)
            spots.extend(here)
            return mask(value, here).text
        if isinstance(value, dict):
            return {key: masked(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [masked(inner) for inner in value]
        return value

    try:
        whole = masked(value)
        return Masked(json.dumps(whole, ensure_ascii=False), spots) if spots else Masked(text)
    except RecursionError:
        return None


@dataclass(slots=True)
class _Anchor:
    start: int
    end: int
    said: list[Utterance]
    kind: str  # head | tail | literal


def scan(vocabulary: Vocabulary, text: str, *, growing: bool, pieces: Mapping[int, Piece]) -> list[Spot]:
    """The messages in a text, from left to right, none over another. `growing`: more of this text may come.

    `pieces`: fronts heard before, whose rest may be here. Linear in the text.
    """
    return _Scan(vocabulary, text, growing, pieces).spots()


class _Scan:
    def __init__(self, vocabulary: Vocabulary, text: str, growing: bool, pieces: Mapping[int, Piece]) -> None:
        self.vocabulary = vocabulary
        self.lower = vocabulary.profile.text_lower
        self.framed = vocabulary.profile.received.promises
        self.text = text
        self.growing = growing
        self.pieces = pieces
        self._low: str | None = None
        self.anchors = self._anchors()

    @property
    def low(self) -> str:
        if self._low is None:
            self._low = folded(self.text)
        return self._low

    def _anchors(self) -> list[_Anchor]:
        by_marker = self.vocabulary.by_marker
        anchors = [
            _Anchor(start, end, by_marker[number], "tail" if is_tail else "head")
            for start, end, number, is_tail in markers.find(self.text)
            if number in by_marker
        ]
        literals = self.vocabulary.literals
        if literals:
            where = self.low if self.lower else self.text
            for literal, said in literals.items():
                start = where.find(literal)
                while start >= 0:
                    anchors.append(_Anchor(start, start + len(literal), [said], "literal"))
                    start = where.find(literal, start + len(literal))
            anchors.sort(key=lambda anchor: (anchor.start, -anchor.end))
        return anchors

    def spots(self) -> list[Spot]:
        spots = self._continued() if self.pieces else []
        taken = [(spot.start, spot.end) for spot in spots]
        for number, anchor in enumerate(self.anchors):
            if any(start < anchor.end and anchor.start < end for start, end in taken):
                continue
            # Between the pieces of one message another may stand whole.
            floor = max((end for _, end in taken if end <= anchor.start), default=0)
            if anchor.kind == "literal":
                here = [Spot(anchor.start, anchor.end, anchor.said[0], "", self.text[anchor.start : anchor.end])]
            elif anchor.kind == "head":
                here = self._from_head(anchor, number, floor)
            else:
                here = self._from_tail(anchor, floor)
            for spot in here:
                if not any(start < spot.end and spot.start < end for start, end in taken):
                    spots.append(spot)
                    taken.append((spot.start, spot.end))
        spots.sort(key=lambda spot: spot.start)
        return spots

    # --- a head ---------------------------------------------------------------------------------------------------

    def _from_head(self, anchor: _Anchor, number: int, floor: int) -> list[Spot]:
        """The best reading of what this head marker begins: whole, else still arriving, else the longest damaged."""
        best: list[Spot] = []
        for said in anchor.said:
            spots = self._whole_or_pending(said, anchor, floor)
            if spots and spots[0].how == "":
                return spots
            if spots and (not best or best[0].how not in ("pending", "case", "stripped")):
                best = spots
        if best:
            return best
        damaged = [self._damaged(said, anchor, number, floor) for said in anchor.said]
        return max(damaged, key=lambda spots: spots[-1].end - spots[0].start)

    def _whole_or_pending(self, said: Utterance, anchor: _Anchor, floor: int) -> list[Spot]:
        text = self.text
        spellings = self.vocabulary.spellings(said)
        for spelling, head, how in spellings:
            begin = anchor.start - head
            if begin < floor:
                continue
            if text.startswith(spelling, begin):
                end = begin + len(spelling)
                return [Spot(begin, end, said, how, text[begin:end])]
            if self.growing and how == "" and self._arrives(text, spelling, begin):
                return [Spot(begin, len(text), said, "pending", text[begin:], spelling)]
        for spelling, head, how in spellings:
            begin = anchor.start - head
            end = begin + len(spelling)
            if begin < floor:
                continue
            small = folded(spelling)
            if self.low.startswith(small, begin):
                return [Spot(begin, end, said, how if self.lower else "case", text[begin:end])]
            if self.growing and self._arrives(self.low, small, begin):
                return [Spot(begin, len(text), said, "pending", text[begin:], spelling)]
        return []

    def _arrives(self, text: str, spelling: str, begin: int) -> bool:
        there = len(text) - begin
        return there < len(spelling) and spelling.startswith(text[begin:])

    def _damaged(self, said: Utterance, anchor: _Anchor, number: int, floor: int) -> list[Spot]:
        text, sent, head = self.text, said.text, said.head
        front = _common_end(text[max(floor, anchor.start - head) : anchor.start], sent[:head])
        back = _common_start(text, anchor.start, sent, head)
        begin, end = anchor.start - front, anchor.start + back
        if back < len(sent) - head:
            end = self._before_a_name(anchor.end, end)
            back = end - anchor.start
        closing = self._closing(said, number)
        if front == head and end < len(text) and back < len(sent) - head:
            further = self._go_on(said, sent, head + back, end)
            if further and (closing is None or further[-1].how == "joined"):
                return [Spot(begin, end, said, "piece", text[begin:end], sent, head + back), *further]
        if closing is not None:
            begin = self._where_it_begins(floor, begin, front == head)
            arrived = text[begin : closing.end]
            if front < head and back == len(sent) - head:
                return [Spot(begin, closing.end, said, self._how_the_front_went(floor, begin, arrived, sent), arrived)]
            return [Spot(begin, closing.end, said, _how(arrived, sent), arrived)]
        if back == len(sent) - head:  # from the marker on all is there: its front is not what it was
            begin = self._where_it_begins(floor, begin, front == head)
            arrived = text[begin:end]
            return [Spot(begin, end, said, self._how_the_front_went(floor, begin, arrived, sent), arrived)]
        if self.growing and end == len(text):
            return [Spot(begin, end, said, "pending", text[begin:end], sent)]
        return [Spot(begin, end, said, "piece", text[begin:end], sent, head + back if front == head else 0)]

    def _before_a_name(self, at: int, end: int) -> int:
        """Where half a message ends, if what follows begins like its rest: `twenty mo|rning` and `mover left` agree in
        two letters. A name of this run that lies across the end belongs to what follows."""
        for nick in self.vocabulary.nicks:
            begin = self.text.find(nick, max(at, end - len(nick) + 1), end + len(nick) - 1)
            if 0 <= begin < end:
                end = begin
        return end

    def _closing(self, said: Utterance, number: int) -> _Anchor | None:
        """The tail of this message, before its head comes again."""
        for anchor in self.anchors[number + 1 :]:
            if said in anchor.said:
                return anchor if anchor.kind == "tail" else None
        return None

    def _where_it_begins(self, floor: int, begin: int, intact: bool) -> int:
        """Where a text begins whose front is not what was sent: behind what a rendering puts before it."""
        if intact:
            return begin
        before = self.text[floor:begin]
        for rule in self.vocabulary.forms.messages:
            if rule.template.shape == "text" and not rule.bare:
                match = self.vocabulary.forms.speaking(rule).fullmatch(before + "a")
                if match is not None and match.bindings.get("text", "").endswith("a"):
                    return begin - len(match.bindings["text"]) + 1
        return begin

    def _how_the_front_went(self, floor: int, begin: int, arrived: str, sent: str) -> str:
        if arrived.split() == sent.split():
            return "stripped"
        return "truncated" if sent.endswith(arrived) else "garbled"

    def _is_joint(self, gap: str) -> bool:
        """May this stand between two pieces of one message: what a rendering ends with, and begins with?"""
        if not gap or NEXT in gap:
            return True
        if markers.find(gap):
            return True
        for rule in self.vocabulary.forms.messages:
            rest = gap.removeprefix(rule.suffix) if rule.suffix else gap
            if rule.template.shape == "text" and rule.generic.fullmatch(rest + HURT + rule.suffix) is not None:
                return True
        return False

    # --- a tail without its head, and pieces that go on -------------------------------------------------------------

    def _from_tail(self, anchor: _Anchor, floor: int) -> list[Spot]:
        said = anchor.said[0]
        piece = next((self.pieces[each.message] for each in anchor.said if each.message in self.pieces), None)
        sent = said.text if piece is None else piece.spelling
        if piece is not None:
            said = piece.said
            rest = sent[piece.got :]
            begin = anchor.end - len(rest)
            there = begin >= floor and bool(piece.got) and self.text.startswith(rest, begin)
            if there and (self.framed or self._is_joint(self.text[floor:begin])):
                return [Spot(begin, anchor.end, said, "joined", self.text[begin : anchor.end], sent, len(sent))]
            # What lies between is no seam: the text itself was changed here.
            begin = floor if anchor.end - floor <= 2 * len(rest) + 16 else max(floor, begin)
            return [Spot(begin, anchor.end, said, "garbled", piece.text + self.text[begin : anchor.end])]
        common = _common_end(self.text[floor : anchor.end], sent)
        begin = anchor.end - max(common, markers.WIDTH)
        return [Spot(begin, anchor.end, said, "truncated", self.text[begin : anchor.end])]

    def _continued(self) -> list[Spot]:
        """Pieces that go on where a front heard before left off; most bear no marker of their own."""
        spots: list[Spot] = []
        for piece in self.pieces.values():
            if piece.got:
                spots += self._go_on(piece.said, piece.spelling, piece.got, 0)
        spots.sort(key=lambda spot: spot.start)
        return [spot for n, spot in enumerate(spots) if n == 0 or spot.start >= spots[n - 1].end]

    def _find(self, words: str, at: int) -> int:
        """As `find`, but not within a message that stands whole, or is arriving: two texts may share a word."""
        begin = self.text.find(words, at)
        while begin >= 0:
            end = max((end for start, end in self.wholes if start < begin + len(words) and begin < end), default=None)
            if end is None:
                return begin
            begin = self.text.find(words, end)
        return -1

    @cached_property
    def wholes(self) -> list[tuple[int, int]]:
        """Where messages stand whole, or are still arriving, with their heads."""
        spans = []
        for anchor in self.anchors:
            if anchor.kind == "literal":
                spans.append((anchor.start, anchor.end))
            elif anchor.kind == "head":
                for said in anchor.said:
                    spans += [(spot.start, spot.end) for spot in self._whole_or_pending(said, anchor, 0)]
        return spans

    def _go_on(self, said: Utterance, spelling: str, got: int, at: int) -> list[Spot]:
        """The further pieces of a message in the text from here on, in order."""
        text = self.text
        spots: list[Spot] = []
        while got < len(spelling):
            rest = spelling[got:]
            begin = self._where_it_goes_on(rest, at)
            if begin is None:
                break
            there = _common_start(text, begin, spelling, got)
            got += there
            at = begin + there
            arrived = text[begin:at]
            if got == len(spelling):
                spots.append(Spot(begin, at, said, "joined", arrived, spelling, got))
            elif self.growing and at == len(text):
                spots.append(Spot(begin, at, said, "pending", arrived, rest))
                break
            else:
                spots.append(Spot(begin, at, said, "more", arrived, spelling, got))
        return spots

    def _where_it_goes_on(self, rest: str, at: int) -> int | None:
        """Where the rest of a message, or its beginning, stands; what lies before it there must be what may lie
        between two pieces. In a frame of its own anything may."""
        text = self.text
        begin = self._find(rest[: 2 * _SURE], at) if len(rest) >= _SURE else -1
        if begin >= 0 and (self.framed and at == 0):
            return begin
        if begin < 0:
            begin = self._find(rest[:_SURE], at) if len(rest) > _SURE else len(text.rstrip("\r\n")) - len(rest)
        if begin >= at and text.startswith(rest[:_SURE], begin) and self._is_joint(text[at:begin]):
            return begin
        return None


def _how(arrived: str, sent: str) -> str:
    if folded(arrived) == folded(sent):
        return "case"
    if "".join(arrived.split()) == "".join(sent.split()):
        return "stripped"
    return "truncated" if arrived and arrived in sent else "garbled"


def _common_start(text: str, at: int, sent: str, there: int) -> int:
    """How many characters agree from here on. By bisection, so that long texts cost slices, not steps."""
    low, high = 0, min(len(text) - at, len(sent) - there)
    if text[at : at + high] == sent[there : there + high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if text[at + low : at + middle] == sent[there + low : there + middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(text: str, sent: str) -> int:
    count = 0
    for one, other in zip(reversed(text), reversed(sent), strict=False):
        if one != other:
            break
        count += 1
    return count
