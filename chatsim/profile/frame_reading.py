"""Reading frames: each finished one is what it is, or one of several that make one form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatsim.history import FORMS
from chatsim.profile.forms import NEXT, PEND, Found, Rule, found_at
from chatsim.profile.masking import Masked, Spot, mask, mask_json, scan
from chatsim.profile.phrases import Glued, Phrase
from chatsim.profile.profile import Profile
from chatsim.profile.reading import ALL_HEARS, KEPT, LONGEST, SHOWN, SIGN, Quick, Reading, incremental
from chatsim.profile.vocabulary import ANSI, HALF_ANSI, Chunk, Vocabulary

__all__ = ["FrameReading"]

_LINES = frozenset(("newline", "crlf", "json-lines"))
_DELIMITED = _LINES | {"nul", "separator"}
_SHORT = 2048  # bytes of an unfinished line that the quick way carries along
_BLANK = re.compile(r"[\s\x00]*")
_OPEN_ENDED = re.compile(r"\{(?:nick|text|to|room|nicks|\*|time|id|ip|client-port)\}\Z")


class _Item:
    """One finished frame, read."""

    __slots__ = ("masked", "size", "text")

    def __init__(self, text: str, masked: Masked, size: int) -> None:
        self.text = text
        self.masked = masked
        self.size = size


class FrameReading(Reading):
    """The reading of a session whose messages come in frames."""

    __slots__ = ("_before", "_carry", "_claimed", "_decoder", "_lines", "_open", "_queue", "_swollen")

    def __init__(self, vocabulary: Vocabulary, profile: Profile, session: int) -> None:
        super().__init__(vocabulary, profile, session)
        # Lines are split here, not by the framing's decoder: the quick way must be able to leave them as they were.
        self._lines = profile.received.kind in _LINES
        self._decoder = None if self._lines else profile.received.decoder(longest=LONGEST)
        self._carry = b""  # an unfinished line
        self._open = bytearray()  # ... that is long: more than one read brought
        self._swollen = 0  # bytes of an unfinished frame that count as unexplained until it is finished
        self._claimed = ""  # so much of the unfinished frame has been claimed or told
        self._queue: list[_Item] = []  # frames that may be the front of a form of several frames
        self._before = (-1, "unknown", -1)  # the last whole message, its form, how many had been told with it

    @property
    def waiting(self) -> str:
        return "\n".join([*(item.text for item in self._queue), self._unfinished()])

    @property
    def waiting_size(self) -> int:
        return len(self._carry) + len(self._open)

    def hear_quick(self, data: bytes) -> Quick | None:
        if not self._lines or self.awaited or self._queue or self.pieces or self.roster or self._claimed or self._open:
            return None
        if self.is_flooded_with_copies:
            return None
        begins, read = not self._carry, data
        if b"\r" in data:
            if data.endswith(b"\r"):
                return None
            data = data.replace(b"\r\n", b"\n")
        lines = (self._carry + data if self._carry else data).split(b"\n")
        rest = lines.pop()
        if not lines or len(rest) > _SHORT:
            return None
        known = self.look_up(lines)
        if known is not None:
            self.note_quick(known[0])
            self._before = (known[0][-1], FORMS[known[1][-1]], self.total)
            self._carry = rest
            if begins and known[1] == ALL_HEARS * len(known[1]):
                self.vocabulary.remember(read, *known, rest)
        return known

    def hear_again(self, data: bytes) -> Chunk | None:
        chunk = self.vocabulary.chunks.get(data)
        if chunk is None or self.session in chunk.speakers or self._carry or self.is_flooded_with_copies:
            return None
        if self._open or self._claimed or self._queue or self.awaited or self.pieces or self.roster:
            return None
        self.note_quick(chunk.messages)
        self._before = (chunk.messages[-1], "hears", self.total)
        self._carry = chunk.rest
        return chunk

    def hear(self, data: bytes, out: list[Phrase]) -> None:
        known = self.vocabulary.known
        for frame in self._frames(data, out):
            message = known.get(frame)
            if message is None or self.pieces or self._queue or self._claimed:
                self._hear_frame(frame, out)
            else:
                self.tell_whole(message, "echo" if message in self.own() else "hears", len(frame), out)
        if (self.awaited or self.refuses) and self._unfinished_size() <= KEPT:
            self._look_at_unfinished(out)

    def look_again(self, out: list[Phrase]) -> None:
        self._look_at_queue(out)
        if self.awaited and self._unfinished_size() <= KEPT:
            self._look_at_unfinished(out)

    def notices_in(self, text: str) -> list[Found]:
        whole = self.forms.whole([rule for rule in self.forms.others if rule.kind == "notice"], text)
        return [whole] if whole is not None else [each for each in self._tiled(text) if each.rule.kind == "notice"]

    def end(self, out: list[Phrase]) -> None:
        self._run_queue(out, final=True)
        self._end_unfinished(out)

    def _frames(self, data: bytes, out: list[Phrase]) -> list[bytes]:
        if self._lines:
            if b"\n" not in data:
                self._open += self._carry
                self._carry = b""
                self._open += data
                if len(self._open) > LONGEST:
                    self._overflow(out)
                return []
            if self._open:
                data = bytes(self._open) + data
                self._open = bytearray()
            elif self._carry:
                data = self._carry + data
            lines = data.replace(b"\r\n", b"\n").split(b"\n")
            self._carry = lines.pop()
            return lines
        assert self._decoder is not None
        frames = self._decoder.feed(data)
        if self._decoder.broken is not None:
            self._overflow(out)
            self.unexplained += len(data)
        elif frames:
            self.unexplained -= self._swollen
            self._swollen = 0
            self._open = bytearray()
            self._carry = bytes(self._decoder.rest())
        else:
            # Only its length counts here: the decoder keeps the bytes. Kept short, so that no byte is kept twice.
            self._carry = self._carry if len(self._carry) > KEPT else self._carry + data
            if len(self._carry) > KEPT:
                self.unexplained += len(data)
                self._swollen += len(data)
        return frames

    def _overflow(self, out: list[Phrase]) -> None:
        """A frame without end: keep no more of it. Its bytes stay counted."""
        if self._open:
            self.unexplained += len(self._open)
            self.tell_unrecognised(self._decoded(bytes(self._open[: 4 * SHOWN])), out, count=False)
            self._open = bytearray()
            self._claimed = ""

    def _decoded(self, data: bytes) -> str:
        try:
            text = data.decode(self.profile.encoding, "replace")
        except (LookupError, UnicodeError):
            text = data.decode("latin-1")
        return ANSI.sub("", text) if self.profile.strip_ansi else text

    def _hear_frame(self, frame: bytes, out: list[Phrase]) -> None:
        if not self.pieces and not self._queue and not self._claimed:
            known = self.known(frame)
            if known is not None:
                self.tell_whole(known[0], FORMS[known[1]], len(frame), out)
                return
        text = self._decoded(frame)
        if self._claimed:
            text = text[len(self._claimed) :]
            self._claimed = ""
        item = self._read(text, len(frame))
        if not self.dialogue:
            self.tell_deferred(out)
        if self.forms.widest > 1:
            self._queue.append(item)
            self._run_queue(out, final=False)
        elif not self._claim(item, out):
            self._leave(item, out)

    def _read(self, text: str, size: int) -> _Item:
        forms = self.forms
        text = SIGN.sub("\ufffd", text)
        if forms.strip:
            text = forms.stripped(text)
        masked = None
        if forms.json and text.lstrip()[:1] == "{":
            masked = mask_json(self.vocabulary, text, self.pieces)
        if masked is None:
            masked = mask(text, scan(self.vocabulary, text, growing=False, pieces=self.pieces))
        return _Item(text, masked, size)

    def _run_queue(self, out: list[Phrase], *, final: bool) -> None:
        """Frames of which several may make one form."""
        widest = self.forms.widest
        while self._queue:
            taken = self._claim_several(out)
            if not taken:
                item = self._queue[0]
                opens = not final and len(self._queue) < widest and bool(item.masked.spots) and self._opens(item)
                taken = 1 if not opens and self._claim(item, out) else 0
            if not taken:
                if not final and len(self._queue) < widest:
                    return
                taken = self._leave_several(out)
            del self._queue[:taken]

    def _opens(self, item: _Item) -> bool:
        """May this frame with a message in it be the first of several?"""
        rules = self.forms.messages
        return any(rule.width > 1 and "text" in rule.template.frames[0].fields for rule in rules)

    def _claim_several(self, out: list[Phrase]) -> int:
        for width in range(min(self.forms.widest, len(self._queue)), 1, -1):
            items = self._queue[:width]
            text = NEXT.join(item.masked.text for item in items)
            spots = [spot for item in items for spot in item.masked.spots]
            if spots:
                found = self._fit(text, spots)
                if found is not None:
                    self.tell_spots(spots, [found] * len(spots), out)
                    return width
            else:
                found = self.forms.whole([rule for rule in self.forms.others if rule.width == width], text)
                if found is not None:
                    self.tell_other(found, text, out)
                    return width
        return 0

    def _leave_several(self, out: list[Phrase]) -> int:
        for width in range(min(self.forms.widest, len(self._queue)), 1, -1):
            items = self._queue[:width]
            if any(item.masked.spots for item in items):
                continue
            text = NEXT.join(item.text for item in items)
            if any(self.speaks(rule, text) is not None for rule in self.forms.messages if rule.width == width):
                self.tell_left(text, out)
                return width
        self._leave(self._queue[0], out)
        return 1

    def _claim(self, item: _Item, out: list[Phrase]) -> bool:
        """One frame: everything in the order in which things are looked for. False: nobody wants it."""
        if item.masked.spots:
            self._tell_frame_with_messages(item, out)
            return True
        text = item.text
        if not text.strip("\r\n\0 \t"):
            return True
        if self.awaited or self.refuses:
            told = self.await_whole(text)
            if told is not None:
                self.was_awaited(told, out)
                return True
        forms = self.forms
        found = forms.whole(forms.others, text)
        if found is None or found.rule.kind == "ignore":  # what may be ignored is looked for last
            found = self._roster_whole(text) or found
        if found is not None:
            self.tell_other(found, text, out)
            return True
        several = [] if self.is_hurried else self._tiled(text)
        for each in several:
            self.tell_other(each, text, out)
        return bool(several)

    def _tiled(self, text: str) -> list[Found]:
        """Several forms in one frame, if nothing but blanks lies between them."""
        rules = [rule for rule in self.forms.others if rule.kind in ("notice", "renamed", "ack")]
        found = self.forms.lex(rules, text)
        at = 0
        for each in found:
            if text[at : each.start].strip():
                return []
            at = each.end
        return [] if text[at:].strip() else found

    def _leave(self, item: _Item, out: list[Phrase]) -> None:
        if self.dialogue:
            self.defer(item.text, out)
        else:
            self.tell_left(item.text, out)

    def _tell_frame_with_messages(self, item: _Item, out: list[Phrase]) -> None:
        masked = item.masked
        spots = masked.spots
        if self._continues_the_one_before(item):
            before, form, _ = self._before
            message = spots[0].said.message
            self.tell_whole(message, form, item.size, out)
            out.append(Glued((before, message)))
            return
        found = self._fit(masked.text, spots)
        if found is not None:
            self.tell_spots(spots, [found] * len(spots), out)
        else:
            self._tell_tiles(item, out)
        whole = [spot.said.message for spot in spots if spot.how in ("", "joined")]
        if len(whole) > 1 and (found is None or found.rule.kind == "message"):
            out.append(Glued(tuple(whole)))

    def tell_whole(self, message: int, form: str, size: int, out: list[Phrase]) -> None:
        super().tell_whole(message, form, size, out)
        self._before = (message, form, self.total)

    def _continues_the_one_before(self, item: _Item) -> bool:
        """A frame that is a bare text, right after a message of the same sender in its form: the server has taken two
        messages for one, and their own line end divides them once more. The form is written before both."""
        before, form, told = self._before
        spots = item.masked.spots
        if form == "unknown" or told != self.total or len(spots) != 1 or spots[0].how:
            return False
        if SIGN.fullmatch(item.masked.text.strip()) is None or self._fit(item.masked.text, spots) is not None:
            return False
        said, earlier = spots[0].said, self.vocabulary.utterances[before]
        return said.sender is not None and said.sender == earlier.sender and before < said.message

    def _tell_tiles(self, item: _Item, out: list[Phrase]) -> None:
        """No one form fits the frame: do several, side by side? If not, its messages are in no known form."""
        masked, forms = item.masked, self.forms
        rules = [rule for rule in [*forms.messages, *forms.others] if rule.kind != "ignore" and rule.width == 1]
        found = self._best_names(forms.lex(rules, masked.text), masked)
        left = _outside(masked.text, found)
        if _BLANK.fullmatch(left) is None:
            found = []
            left = SIGN.sub(" ", masked.text)
        owners: list[Found | None] = [
            next((each for each in found if each.start <= position < each.end), None) for position in masked.positions
        ]
        told = 0
        for each in found:
            numbers = [number for number, owner in enumerate(owners) if owner is each]
            if numbers:
                self.tell_spots([masked.spots[n] for n in numbers], [each] * len(numbers), out)
                told += len(numbers)
            else:
                self.tell_other(each, masked.text, out)
        loose = [spot for spot, owner in zip(masked.spots, owners, strict=True) if owner is None]
        self.tell_spots(loose, [None] * len(loose), out)
        if left.strip() and all(spot.how in ("", "joined") for spot in masked.spots):
            self.tell_unrecognised(item.text, out, count=False)
            self.unexplained += len(left)

    def _best_names(self, found: list[Found], masked: Masked) -> list[Found]:
        return [each for each in found if each.rule.kind not in ("message", "ack") or PEND not in masked.text]

    def _fit(self, masked: str, spots: Sequence[Spot]) -> Found | None:
        """The form of a message that is the whole of these frames: under its sender's name if it can be, else under
        another's of this run, else under any word."""
        forms = self.forms
        said = spots[0].said
        own = said.message in self.own()
        second: Found | None = None
        third: Found | None = None
        for rule in forms.rules_for(said.kind, own):
            match = rule.generic.fullmatch(masked)
            if match is None:
                continue
            name = match.bindings.get("nick")
            placed = forms.true_places(match)
            if placed and (name is None or said.nick is None or name == said.nick):
                return found_at(match, rule)
            exact = forms.exact(rule).fullmatch(masked)
            if exact is not None and forms.true_names(exact):
                if exact.bindings.get("nick") in (None, said.nick):
                    return found_at(exact, rule)
                second = second or found_at(exact, rule)
            elif placed and name is not None and not any(letter.isspace() for letter in name):
                third = third or found_at(match, rule)
        return second or third

    def _roster_whole(self, text: str) -> Found | None:
        """Lists are known whenever they come; names that come one by one only while they are asked for or pushed."""
        roster = self.profile.roster
        if roster is None:
            return None
        for rule in self.forms.roster:
            one_by_one = "nicks" not in rule.template.fields
            if one_by_one and not self.roster and (roster.ask is not None or rule.kind == "roster-end"):
                continue
            match = rule.generic.fullmatch(text)
            if match is not None and not one_by_one and not self.may_be_list(rule, match.bindings["nicks"]):
                continue
            if match is not None and not (one_by_one and rule.kind == "roster" and not self._is_end_first(rule, text)):
                return found_at(match, rule)
        return None

    def _is_end_first(self, rule: Rule, text: str) -> bool:
        """A line that ends the list is no name on it."""
        ends = (each for each in self.forms.roster if each.kind == "roster-end")
        return not any(each.generic.fullmatch(text) is not None for each in ends)

    def _look_at_queue(self, out: list[Phrase]) -> None:
        for item in self._queue:
            if not item.masked.spots and (told := self.await_whole(item.text)) is not None:
                self._queue.remove(item)
                self.was_awaited(told, out)
                return

    def _unfinished_size(self) -> int:
        return len(self._open) or len(self._carry)

    def _unfinished(self) -> str:
        """What of the unfinished frame nobody has claimed."""
        if not self.profile.received.promises or not (self._open or self._carry):
            return ""
        data = bytes(self._open) or self._carry
        if self._decoder is not None and self.profile.received.kind not in _DELIMITED:
            data = self._decoder.rest()
        decoder = incremental(self.profile.encoding)
        text = decoder.decode(data[-4 * KEPT :])
        if self.profile.strip_ansi:
            text = HALF_ANSI.sub("", ANSI.sub("", text))
        return text[len(self._claimed) :]

    def _look_at_unfinished(self, out: list[Phrase]) -> None:
        """A prompt without a line end is a prompt all the same; but what may yet grow is not believed."""
        if self.profile.received.kind not in _DELIMITED:
            return
        text = self._unfinished()
        if not text or scan(self.vocabulary, text, growing=False, pieces={}):
            return
        for rules in (self.awaited, self.refuses):
            for rule in rules:
                if rule.template.shape != "text" or self._may_grow(rule):
                    continue
                match = self.await_match(rule, self.forms.stripped(text))
                if match is not None:
                    self._claimed += text
                    self.was_awaited(self.await_phrase(rule, match, self.forms.stripped(text)), out)
                    return

    def _may_grow(self, rule: Rule) -> bool:
        source = rule.template.source
        if source.endswith("{nick}"):
            return not self.nick
        return _OPEN_ENDED.search(source) is not None

    def _end_unfinished(self, out: list[Phrase]) -> None:
        text = self._unfinished()
        if not text:
            return
        self._claimed += text
        if self._decoder is not None and self.profile.received.kind not in (*_DELIMITED, "json"):
            text = text.lstrip("".join(map(chr, range(33))) + "0123456789\ufffd")  # its header
        item = self._read(text, len(text))
        if not self._claim(item, out):
            self.tell_left(item.text, out)


def _outside(text: str, found: list[Found]) -> str:
    parts: list[str] = []
    at = 0
    for each in found:
        parts.append(text[at : each.start])
        at = each.end
    parts.append(text[at:])
    return SIGN.sub("", "".join(parts)) if found else text
