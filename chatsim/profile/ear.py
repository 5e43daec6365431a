"""The ear of one session: what its received bytes mean, in the order in which they came.

Messages are looked for first, whatever stands around them; then what stands around them tells their form; what is
awaited, notices and the like are looked for in the rest only. So nothing that a bot says is ever taken for a notice.

An ear is pure: bytes in, phrases out. It never raises for any bytes, its work is linear in them, and what it keeps is
bounded (what nobody has claimed: 64 KiB; an unfinished frame or message: 20 MiB).
"""

from __future__ import annotations

import codecs
import re
from array import array
from collections.abc import Iterable, Sequence

from chatsim.history import FORMS
from chatsim.profile.forms import ANY_SIGN, NEXT, PEND, Found, Rule
from chatsim.profile.masking import Masked, Piece, Spot, mask, mask_json, scan
from chatsim.profile.output_ear import OutputEar
from chatsim.profile.phrases import (
    Awaited,
    Damaged,
    Foreign,
    Glued,
    Named,
    NoticeHeard,
    Phrase,
    Receipt,
    Refusal,
    RosterHeard,
    Unrecognised,
    WheneverHeard,
    Whole,
)
from chatsim.profile.profile import Await, Profile
from chatsim.profile.templates import Match, Template, split_names
from chatsim.profile.vocabulary import ANSI, Utterance, Vocabulary

__all__ = ["Ear", "OutputEar"]

KEPT = 65_536  # characters of what nobody has claimed
LONGEST = 20 * 1024 * 1024  # bytes of one frame; the flood limit is 16 MiB
TAIL = 2048
SHOWN = 2000  # characters of an unrecognised text that are told
_OVERLAP = 1024  # what has been looked at in vain is looked at again only so far back
_FORGIVEN = 1 << 20  # bytes of notices and the like that are no flood
_OFTEN = 3  # so many copies of one message are news; more are a flood

_HEARS, _ECHO = FORMS.index("hears"), FORMS.index("echo")
_FORM = {form: number for number, form in enumerate(FORMS)}
_LINES = frozenset(("newline", "crlf", "json-lines"))
_DELIMITED = _LINES | {"nul", "separator"}
_BLANK = re.compile(r"[\s\x00]*")
_HALF_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,30}[ -/]{0,4}|\][^\x07\x1b]{0,200})?\Z")
_OPEN_ENDED = re.compile(r"\{(?:nick|text|to|room|nicks|\*|time|id|ip|client-port)\}\Z")
_SIGN = re.compile(f"[{ANY_SIGN}]")


class _Item:
    """One finished frame, read."""

    __slots__ = ("masked", "size", "text")

    def __init__(self, text: str, masked: Masked, size: int) -> None:
        self.text = text
        self.masked = masked
        self.size = size


class Ear:
    """One session's ear. All ears of a run share its vocabulary."""

    __slots__ = (
        "_awaited",
        "_carry",
        "_claimed",
        "_decoder",
        "_deferred",
        "_dialogue",
        "_explained",
        "_from",
        "_half",
        "_lines",
        "_live",
        "_lost",
        "_nick",
        "_open",
        "_own",
        "_own_count",
        "_pending",
        "_pieces",
        "_queue",
        "_refuses",
        "_roster",
        "_roster_goes_on",
        "_seen",
        "_tail",
        "_text",
        "_total",
        "_unexplained",
        "profile",
        "session",
        "vocabulary",
    )

    def __init__(self, vocabulary: Vocabulary, profile: Profile, nick: str, session: int) -> None:
        self.vocabulary = vocabulary
        self.profile = profile
        self.session = session
        self._nick = ""
        self.nick = nick
        self._lines = profile.received.kind in _LINES
        self._decoder = (
            None if self._lines or not profile.received.promises else profile.received.decoder(longest=LONGEST)
        )
        self._text: codecs.IncrementalDecoder | None = None
        self._carry = b""  # an unfinished line
        self._open = bytearray()  # ... that is long: more than one read brought
        self._claimed = ""  # so much of the unfinished frame has been claimed or told
        self._half = ""  # an unfinished colour code
        self._live = ""  # unframed: what came after the last thing recognised
        self._from = 0  # ... of which this much has been looked at in vain
        self._pending: tuple[Spot, int] | None = None  # unframed: a message still arriving, and what is verified of it
        self._queue: list[_Item] = []  # frames that may be the front of a form of several frames
        self._deferred: list[str] = []  # finished, unclaimed, and kept for what the dialogue will await
        self._lost = ""  # what was told as unrecognised
        self._pieces: dict[int, Piece] = {}
        self._awaited: list[Rule] = []
        self._refuses: list[Rule] = []
        self._dialogue = any(isinstance(step, Await) for step in profile.join)
        self._roster = False
        self._roster_goes_on = False
        self._seen = bytearray()  # how often each message was heard, up to 255
        self._total = 0
        self._own: set[int] = set()
        self._own_count = -1
        self._tail = b""
        self._unexplained = 0
        self._explained = 0

    # --- what others may ask ------------------------------------------------------------------------------------

    @property
    def nick(self) -> str:
        return self._nick

    @nick.setter
    def nick(self, nick: str) -> None:
        self._nick = nick or ""
        self._own_count = -1
        self.vocabulary.meet(self._nick)

    @property
    def unclaimed(self) -> str:
        """What nobody has claimed so far, the last 64 Ki characters of it."""
        parts = [self._lost, *self._deferred, *(item.text for item in self._queue), self._live or self._unfinished()]
        return "\n".join(part for part in parts if part)[-KEPT:]

    @property
    def tail(self) -> bytes:
        """The last 2 KiB received."""
        return self._tail

    @property
    def unexplained(self) -> int:
        """How many bytes no sent message and no known form explains. Copies of a message beyond a few, and notices
        beyond a mebibyte, explain nothing any more."""
        waiting = 0 if self._pending is not None else len(self._live)
        return self._unexplained + max(0, self._explained - _FORGIVEN) + waiting + len(self._carry) + len(self._open)

    # --- the quick way --------------------------------------------------------------------------------------------

    def hear_quick(self, data: bytes) -> tuple[array[int], bytes] | None:
        """Message numbers and FORMS numbers, if all of this is known renderings, whole; else None, and nothing was
        taken: call `hear` with the same data."""
        if self._awaited or self._queue or self._pieces or self._roster or self._claimed or self._open:
            return None
        if self._total > 4 * len(self.vocabulary.utterances) + 1000:  # more than anybody said: look closer
            return None
        if self._lines:
            if b"\r" in data:
                data = data.replace(b"\r\n", b"\n")
            lines = (self._carry + data if self._carry else data).split(b"\n")
            rest = lines.pop()
            if len(rest) > TAIL or not lines or rest.endswith(b"\r"):
                return None
        elif self._decoder is None and not self._live and not self._half and self._text is None:
            lines, rest = [data], b""
        else:
            return None
        known = self._quick_look_up(lines)
        if known is None:
            return None
        messages = known[0]
        seen = self._seen
        if len(seen) <= self.vocabulary.highest:
            seen.extend(bytes(self.vocabulary.highest + 1 - len(seen)))
        for message in messages:
            seen[message] = 1
        self._total += len(messages)
        self._carry = rest
        self._tail = data[-TAIL:] if len(data) >= TAIL else (self._tail + data)[-TAIL:]
        return known

    def _quick_look_up(self, lines: list[bytes]) -> tuple[array[int], bytes] | None:
        try:
            messages = array("i", map(self.vocabulary.known.__getitem__, lines))
        except KeyError:
            return self._mixed_look_up(lines)
        own = self._own_messages()
        if not own or own.isdisjoint(messages):
            return (messages, bytes((_HEARS,)) * len(messages)) if min(messages) >= 0 else None
        if min(messages) < 0:
            return None
        return messages, bytes([_ECHO if message in own else _HEARS for message in messages])

    def _mixed_look_up(self, lines: list[bytes]) -> tuple[array[int], bytes] | None:
        messages, forms = array("i"), bytearray()
        for line in lines:
            known = self._known(line)
            if known is None:
                return None
            messages.append(known[0])
            forms.append(known[1])
        return messages, bytes(forms)

    def _known(self, frame: bytes) -> tuple[int, int] | None:
        """Message and form number of a frame that is a known rendering."""
        message = self.vocabulary.known.get(frame)
        if message is not None:
            if message < 0:
                return None
            return message, _ECHO if message in self._own_messages() else _HEARS
        other = self.vocabulary.known_elsewhere.get(frame)
        if other is None or other[0] < 0:
            return None
        message, number = other
        forms = self.vocabulary.forms
        own = message in self._own_messages()
        rule = next((rule for rule in forms.messages if rule.form == FORMS[number]), None)
        return None if rule is None else (message, _FORM[forms.form_of(rule, own, self._is_nameless(message))])

    def _own_messages(self) -> set[int]:
        if self._own_count != len(self.vocabulary.utterances):
            self._own_count = len(self.vocabulary.utterances)
            self._own = self.vocabulary.own(self._nick, self.session)
        return self._own

    def _is_nameless(self, message: int) -> bool:
        return not self._nick and self.vocabulary.utterances[message].sender is None

    # --- hearing --------------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> list[Phrase]:
        """What these bytes, with what came before, say. In the order in which it stands in the stream."""
        if not data:
            return []
        self._tail = data[-TAIL:] if len(data) >= TAIL else (self._tail + data)[-TAIL:]
        out: list[Phrase] = []
        if not self.profile.received.promises:
            self._hear_stream(data, out)
            return out
        for frame in self._frames(data, out):
            self._hear_frame(frame, out)
        if (self._awaited or self._refuses) and self._unfinished_size() <= KEPT:
            self._look_at_unfinished(out)
        return out

    def await_(self, templates: Iterable[Template], refuses: Iterable[Template] = ()) -> list[Phrase]:
        """From now on these are awaited. Looks at once at everything that nobody has claimed."""
        forms = self.vocabulary.forms
        self._awaited = [forms.awaited(template, "awaited") for template in templates]
        self._refuses = [forms.awaited(template, "refuses") for template in refuses]
        self._dialogue = True
        out: list[Phrase] = []
        self._look_at_deferred(out)
        if not self._awaited:
            return out
        if self.profile.received.promises:
            self._look_at_queue(out)
            if self._awaited and self._unfinished_size() <= KEPT:
                self._look_at_unfinished(out)
        elif self._live:
            self._from = 0
            self._digest(out, final=False)
        return out

    def await_none(self) -> None:
        """The dialogue is over: what it left unclaimed is told with the next that is heard."""
        self._awaited, self._refuses = [], []
        self._dialogue = False

    def await_roster(self) -> None:
        """The answer to a question for the roster is expected."""
        self._roster = True

    def rest(self) -> list[Phrase]:
        """Nothing more will come for what is pending: say what it is. May be called at any time, any number of times."""
        out: list[Phrase] = []
        if self.profile.received.promises:
            self._run_queue(out, final=True)
            self._end_unfinished(out)
        else:
            self._end_stream(out)
        self._tell_deferred(out)
        for piece in list(self._pieces.values()):
            self._give_up(piece, out)
        self._roster = self._roster_goes_on = False
        return out

    # --- frames ---------------------------------------------------------------------------------------------------

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
            self._unexplained += len(data)
        elif frames:
            self._open = bytearray()
            self._carry = bytes(self._decoder.rest())
        else:
            # Only its length counts here: the decoder keeps the bytes. Kept short, so that no byte is kept twice.
            self._carry = self._carry if len(self._carry) > KEPT else self._carry + data
            if len(self._carry) > KEPT:
                self._unexplained += len(data)
        return frames

    def _overflow(self, out: list[Phrase]) -> None:
        """A frame without end: keep no more of it. Its bytes stay counted."""
        if self._open:
            self._unexplained += len(self._open)
            self._tell_unrecognised(self._decoded(bytes(self._open[: 4 * SHOWN])), out, count=False)
            self._open = bytearray()
            self._claimed = ""

    def _decoded(self, data: bytes) -> str:
        try:
            text = data.decode(self.profile.encoding, "replace")
        except (LookupError, UnicodeError):
            text = data.decode("latin-1")
        return ANSI.sub("", text) if self.profile.strip_ansi else text

    def _hear_frame(self, frame: bytes, out: list[Phrase]) -> None:
        if not self._pieces and not self._queue and not self._claimed:
            known = self._known(frame)
            if known is not None:
                self._whole(known[0], FORMS[known[1]], len(frame), out)
                return
        text = self._decoded(frame)
        if self._claimed:
            text = text[len(self._claimed) :]
            self._claimed = ""
        item = self._read(text, len(frame))
        if not self._dialogue:
            self._tell_deferred(out)
        if self.vocabulary.forms.widest > 1:
            self._queue.append(item)
            self._run_queue(out, final=False)
        elif not self._claim(item, out):
            self._leave(item, out)

    def _read(self, text: str, size: int) -> _Item:
        forms = self.vocabulary.forms
        text = _SIGN.sub("\ufffd", text)
        if forms.strip:
            text = forms.stripped(text)
        masked = None
        if forms.json and text.lstrip()[:1] == "{":
            masked = mask_json(self.vocabulary, text, self._pieces)
        if masked is None:
            masked = mask(text, scan(self.vocabulary, text, growing=False, pieces=self._pieces))
        return _Item(text, masked, size)

    def _run_queue(self, out: list[Phrase], *, final: bool) -> None:
        """Frames of which several may make one form."""
        widest = self.vocabulary.forms.widest
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
        rules = self.vocabulary.forms.messages
        return any(rule.width > 1 and "text" in rule.template.frames[0].fields for rule in rules)

    def _claim_several(self, out: list[Phrase]) -> int:
        for width in range(min(self.vocabulary.forms.widest, len(self._queue)), 1, -1):
            items = self._queue[:width]
            text = NEXT.join(item.masked.text for item in items)
            spots = [spot for item in items for spot in item.masked.spots]
            if spots:
                found = self._fit(text, spots)
                if found is not None:
                    self._tell_spots(spots, [found] * len(spots), out)
                    return width
            else:
                found = self.vocabulary.forms.whole(
                    [rule for rule in self.vocabulary.forms.others if rule.width == width], text
                )
                if found is not None:
                    self._tell_other(found, text, out)
                    return width
        return 0

    def _leave_several(self, out: list[Phrase]) -> int:
        for width in range(min(self.vocabulary.forms.widest, len(self._queue)), 1, -1):
            items = self._queue[:width]
            if any(item.masked.spots for item in items):
                continue
            text = NEXT.join(item.text for item in items)
            if any(
                self._speaks(rule, text) is not None for rule in self.vocabulary.forms.messages if rule.width == width
            ):
                self._tell_left(text, out)
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
        if self._awaited or self._refuses:
            told = self._await_whole(text)
            if told is not None:
                self._was_awaited(told, out)
                return True
        forms = self.vocabulary.forms
        found = forms.whole(forms.others, text) or self._roster_whole(text)
        if found is not None:
            self._tell_other(found, text, out)
            return True
        several = self._tiled(text)
        for each in several:
            self._tell_other(each, text, out)
        return bool(several)

    def _tiled(self, text: str) -> list[Found]:
        """Several forms in one frame, if nothing but blanks lies between them."""
        rules = [rule for rule in self.vocabulary.forms.others if rule.kind in ("notice", "ack")]
        found = self.vocabulary.forms.lex(rules, text)
        at = 0
        for each in found:
            if text[at : each.start].strip():
                return []
            at = each.end
        return [] if text[at:].strip() else found

    def _leave(self, item: _Item, out: list[Phrase]) -> None:
        if self._dialogue:
            self._defer(item.text, out)
        else:
            self._tell_left(item.text, out)

    # --- frames with messages in them -------------------------------------------------------------------------------

    def _tell_frame_with_messages(self, item: _Item, out: list[Phrase]) -> None:
        masked = item.masked
        spots = masked.spots
        found = self._fit(masked.text, spots)
        if found is not None:
            self._tell_spots(spots, [found] * len(spots), out)
        else:
            self._tell_tiles(item, out)
        whole = [spot.said.message for spot in spots if spot.how in ("", "joined")]
        if len(whole) > 1 and (found is None or found.rule.kind == "message"):
            out.append(Glued(tuple(whole)))

    def _tell_tiles(self, item: _Item, out: list[Phrase]) -> None:
        """No one form fits the frame: do several, side by side? If not, its messages are in no known form."""
        masked, forms = item.masked, self.vocabulary.forms
        rules = [rule for rule in [*forms.messages, *forms.others] if rule.kind != "ignore" and rule.width == 1]
        found = self._best_names(forms.lex(rules, masked.text), masked)
        left = _outside(masked.text, found)
        if _BLANK.fullmatch(left) is None:
            found = []
            left = _SIGN.sub(" ", masked.text)
        owners: list[Found | None] = [
            next((each for each in found if each.start <= position < each.end), None) for position in masked.positions
        ]
        told = 0
        for each in found:
            numbers = [number for number, owner in enumerate(owners) if owner is each]
            if numbers:
                self._tell_spots([masked.spots[n] for n in numbers], [each] * len(numbers), out)
                told += len(numbers)
            else:
                self._tell_other(each, masked.text, out)
        loose = [spot for spot, owner in zip(masked.spots, owners, strict=True) if owner is None]
        self._tell_spots(loose, [None] * len(loose), out)
        if left.strip() and all(spot.how in ("", "joined") for spot in masked.spots):
            self._tell_unrecognised(item.text, out, count=False)
            self._unexplained += len(left)

    def _best_names(self, found: list[Found], masked: Masked) -> list[Found]:
        return [each for each in found if each.rule.kind not in ("message", "ack") or PEND not in masked.text]

    def _fit(self, masked: str, spots: Sequence[Spot]) -> Found | None:
        """The form of a message that is the whole of these frames: under its sender's name if it can be, else under
        another's of this run, else under any word."""
        forms = self.vocabulary.forms
        said = spots[0].said
        own = said.message in self._own_messages()
        second: Found | None = None
        third: Found | None = None
        for rule in forms.rules_for(said.kind, own):
            match = rule.generic.fullmatch(masked)
            if match is None:
                continue
            name = match.bindings.get("nick")
            if name is None or said.nick is None or name == said.nick:
                return _found(match, rule)
            exact = forms.exact(rule).fullmatch(masked)
            if exact is not None and forms.true_names(exact):
                if exact.bindings.get("nick") == said.nick:
                    return _found(exact, rule)
                second = second or _found(exact, rule)
            elif not any(letter.isspace() for letter in name):
                third = third or _found(match, rule)
        return second or third

    def _tell_spots(self, spots: Sequence[Spot], found: Sequence[Found | None], out: list[Phrase]) -> None:
        for spot, each in zip(spots, found, strict=True):
            self._tell_spot(spot, each, out)

    def _tell_spot(self, spot: Spot, found: Found | None, out: list[Phrase]) -> None:
        message = spot.said.message
        size = len(spot.text)
        form, name = self._form(spot.said, found)
        if spot.how == "":
            if found is not None and found.rule.kind == "ack":
                self._explained += size
                out.append(Receipt(message))
                return
            self._whole(message, form, size, out)
            self._tell_name(spot.said, name, out)
        elif spot.how == "joined":
            piece = self._pieces.pop(message, None)
            if piece is None and self._times_heard(message):
                return  # it was told as damaged before, by somebody's order
            if piece is not None and piece.form != "unknown":
                form, name = piece.form, piece.name
            out.append(Damaged(message, "split", (piece.text if piece else "") + " … " + spot.text))
            self._whole(message, form, size, out)
            self._tell_name(spot.said, name, out)
        elif spot.how in ("piece", "more"):
            before = self._pieces.get(message)
            if before is None:
                self._pieces[message] = Piece(spot.said, spot.spelling, spot.got, spot.text, form, name)
                if len(self._pieces) > 8:
                    self._give_up(next(iter(self._pieces.values())), out)
            elif spot.how == "more":
                before.got = spot.got
                before.text += " … " + spot.text
            else:
                self._give_up(before, out)
                self._pieces[message] = Piece(spot.said, spot.spelling, spot.got, spot.text, form, name)
        else:
            known = self._pieces.pop(message, None) is None and spot.how == "truncated" and self._times_heard(message)
            if known and spot.said.text.endswith(spot.text):
                return  # the end of a message whose front was told before
            self._hurt(message, spot.how, spot.text, out)

    def _form(self, said: Utterance, found: Found | None) -> tuple[str, str | None]:
        if found is None or found.rule.kind != "message":
            return "unknown", None
        own = said.message in self._own_messages()
        form = self.vocabulary.forms.form_of(found.rule, own, self._is_nameless(said.message))
        name = found.bindings.get("nick")
        return form, name if said.nick is not None and name != said.nick else None

    def _tell_name(self, said: Utterance, name: str | None, out: list[Phrase]) -> None:
        if name is not None:
            out.append(Named(said.message, name))

    def _whole(self, message: int, form: str, size: int, out: list[Phrase]) -> None:
        if self._note_heard(message) > _OFTEN:
            self._unexplained += size
        for piece in list(self._pieces.values()):
            said = self.vocabulary.utterances[message]
            # What the same bot said later has come: there will be no more of the earlier one.
            if piece.said.nick == said.nick and piece.said.message < message and piece.said.kind == said.kind:
                self._give_up(piece, out)
        out.append(Whole(message, form))

    def _hurt(self, message: int, how: str, text: str, out: list[Phrase]) -> None:
        self._note_heard(message)
        out.append(Damaged(message, how, text))

    def _give_up(self, piece: Piece, out: list[Phrase]) -> None:
        if self._pieces.pop(piece.said.message, None) is not None:
            how = "truncated" if piece.got else "garbled"
            self._hurt(piece.said.message, how, piece.text, out)

    def _note_heard(self, message: int) -> int:
        seen = self._seen
        if len(seen) <= message:
            seen.extend(bytes(self.vocabulary.highest + 1 - len(seen)))
        times = min(255, seen[message] + 1)
        seen[message] = times
        self._total += 1
        return times

    def _times_heard(self, message: int) -> int:
        return self._seen[message] if message < len(self._seen) else 0

    # --- everything that is no message ----------------------------------------------------------------------------

    def _tell_other(self, found: Found, text: str, out: list[Phrase]) -> None:
        rule, bindings = found.rule, found.bindings
        self._explained += found.end - found.start
        shown = text[found.start : found.end]
        match rule.kind:
            case "notice":
                room = bindings.get("room") if rule.in_room else None
                out.append(NoticeHeard(rule.what, bindings.get("nick"), room, shown))
            case "ack":
                out.append(Receipt(None))
            case "whenever":
                out.append(WheneverHeard(rule.number, bindings))
            case "roster":
                self._tell_roster(found, out)
            case "roster-end":
                self._roster = False
                out.append(RosterHeard((), True))

    def _tell_roster(self, found: Found, out: list[Phrase]) -> None:
        roster = self.profile.roster
        assert roster is not None
        bindings = found.bindings
        if "nicks" in bindings:
            names = split_names(bindings["nicks"], self.vocabulary.nicks)
            complete = not roster.end
            if complete:
                self._roster = False
        else:
            names, complete = (bindings.get("nick", ""),), False
        out.append(RosterHeard(names, complete))

    def _roster_whole(self, text: str) -> Found | None:
        """Lists are known whenever they come; names that come one by one only while they are asked for or pushed."""
        roster = self.profile.roster
        if roster is None:
            return None
        for rule in self.vocabulary.forms.roster:
            one_by_one = "nicks" not in rule.template.fields
            if one_by_one and not self._roster and (roster.ask is not None or rule.kind == "roster-end"):
                continue
            match = rule.generic.fullmatch(text)
            if match is not None and not (one_by_one and rule.kind == "roster" and not self._is_end_first(rule, text)):
                return _found(match, rule)
        return None

    def _is_end_first(self, rule: Rule, text: str) -> bool:
        """A line that ends the list is no name on it."""
        ends = (each for each in self.vocabulary.forms.roster if each.kind == "roster-end")
        return not any(each.generic.fullmatch(text) is not None for each in ends)

    # --- what is awaited --------------------------------------------------------------------------------------------

    def _await_whole(self, text: str) -> Phrase | None:
        for rules in (self._awaited, self._refuses):
            for rule in rules:
                match = self._await_match(rule, text)
                if match is not None:
                    return self._await_phrase(rule, match, text)
        return None

    def _await_match(self, rule: Rule, text: str) -> Match | None:
        """A frame that is what is awaited; {nick} is this bot's, or any if it is still to be told."""
        match = rule.generic.fullmatch(text)
        if match is None or not self._nick or match.bindings.get("nick") in (None, self._nick):
            return match
        match = self.vocabulary.forms.exact(rule).fullmatch(text)
        return match if match is not None and match.bindings.get("nick") in (None, self._nick) else None

    def _await_search(self, rule: Rule, text: str) -> Match | None:
        forms = self.vocabulary.forms
        if not self._nick:
            whole = rule.generic.fullmatch(text)
            return whole if whole is not None else forms.opening(rule).search(text)
        start = 0
        while (match := forms.exact(rule).search(text, start)) is not None:
            if match.end > match.start and match.bindings.get("nick") in (None, self._nick):
                return match
            start = match.start + 1
        return None

    def _await_phrase(self, rule: Rule, match: Match, text: str) -> Phrase:
        shown = text[match.start : match.end]
        return Awaited(match.bindings, shown) if rule.kind == "awaited" else Refusal(shown)

    def _was_awaited(self, phrase: Phrase, out: list[Phrase]) -> None:
        self._awaited, self._refuses = [], []
        out.append(phrase)

    def _look_at_deferred(self, out: list[Phrase]) -> None:
        for number, text in enumerate(self._deferred):
            if self.profile.received.promises:
                told = self._await_whole(text)
                if told is None and NEXT in text:
                    told = next((each for each in map(self._await_whole, text.split(NEXT)) if each is not None), None)
                rest = ""
            else:
                found = self._search_awaited(text)
                told = found and self._await_phrase(found[0], found[1], text)
                rest = text[found[1].end :] if found else ""
            if told is not None:
                self._deferred[number : number + 1] = [rest] if rest.strip() else []
                self._was_awaited(told, out)
                return

    def _look_at_queue(self, out: list[Phrase]) -> None:
        for item in self._queue:
            if not item.masked.spots and (told := self._await_whole(item.text)) is not None:
                self._queue.remove(item)
                self._was_awaited(told, out)
                return

    def _search_awaited(self, text: str) -> tuple[Rule, Match] | None:
        for rules in (self._awaited, self._refuses):
            found = [(rule, match) for rule in rules if (match := self._await_search(rule, text)) is not None]
            if found:
                return min(found, key=lambda item: (item[1].start, -item[1].end))
        return None

    # --- the unfinished frame ---------------------------------------------------------------------------------------

    def _unfinished_size(self) -> int:
        return len(self._open) or len(self._carry)

    def _unfinished(self) -> str:
        """What of the unfinished frame nobody has claimed."""
        if not self.profile.received.promises or not (self._open or self._carry):
            return ""
        data = bytes(self._open) or self._carry
        if self._decoder is not None and self.profile.received.kind not in _DELIMITED:
            data = self._decoder.rest()
        decoder = _incremental(self.profile.encoding)
        text = decoder.decode(data[-4 * KEPT :])
        if self.profile.strip_ansi:
            text = _HALF_ANSI.sub("", ANSI.sub("", text))
        return text[len(self._claimed) :]

    def _look_at_unfinished(self, out: list[Phrase]) -> None:
        """A prompt without a line end is a prompt all the same; but what may yet grow is not believed."""
        if self.profile.received.kind not in _DELIMITED:
            return
        text = self._unfinished()
        if not text or scan(self.vocabulary, text, growing=False, pieces={}):
            return
        for rules in (self._awaited, self._refuses):
            for rule in rules:
                if rule.template.shape != "text" or self._may_grow(rule):
                    continue
                match = self._await_match(rule, self.vocabulary.forms.stripped(text))
                if match is not None:
                    self._claimed += text
                    self._was_awaited(self._await_phrase(rule, match, self.vocabulary.forms.stripped(text)), out)
                    return

    def _may_grow(self, rule: Rule) -> bool:
        source = rule.template.source
        if source.endswith("{nick}"):
            return not self._nick
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
            self._tell_left(item.text, out)

    # --- what is left -----------------------------------------------------------------------------------------------

    def _defer(self, text: str, out: list[Phrase]) -> None:
        if not text.strip():
            return
        self._deferred.append(text)
        while len(self._deferred) > 1000 or sum(map(len, self._deferred)) > KEPT:
            self._tell_left(self._deferred.pop(0), out)

    def _tell_deferred(self, out: list[Phrase]) -> None:
        deferred, self._deferred = self._deferred, []
        for text in deferred:
            self._tell_left(text, out)

    def _tell_left(self, text: str, out: list[Phrase]) -> None:
        """What nobody claims: a message that lost its markers, one that nobody sent, or nothing we know."""
        if not text.strip("\r\n\0 \t" + NEXT):
            return
        for rule in self.vocabulary.forms.messages:
            match = self._speaks(rule, text) if rule.kind == "message" and "nick" in rule.template.fields else None
            if match is None:
                continue
            body = match.bindings.get("text", "")
            if self._tell_near(body, out):
                return
            if not self.vocabulary.is_part(body):
                self._unexplained += len(text)
                self._lose(text)
                out.append(Foreign(match.bindings.get("nick"), body[:SHOWN]))
                return
        if not self._tell_near(text, out):
            self._tell_unrecognised(text, out)

    def _speaks(self, rule: Rule, text: str) -> Match | None:
        if not rule.needs_text:
            return None
        match = self.vocabulary.forms.speaking(rule).fullmatch(text)
        return match if match is not None and self.vocabulary.forms.true_names(match) else None

    def _tell_near(self, text: str, out: list[Phrase]) -> bool:
        if not self.vocabulary.utterances:
            return False
        own = self._own_messages()
        for message, how in self.vocabulary.near(text):
            if not self._times_heard(message) and (message not in own or self.profile.public.echo):
                self._unexplained += len(text)
                self._hurt(message, how, text[:SHOWN], out)
                return True
        return False

    def _tell_unrecognised(self, text: str, out: list[Phrase], *, count: bool = True) -> None:
        if count:
            self._unexplained += len(text)
        self._lose(text)
        out.append(Unrecognised(text.replace(NEXT, "\n")[:SHOWN]))

    def _lose(self, text: str) -> None:
        self._lost = (self._lost + "\n" + text[-KEPT:])[-KEPT:] if self._lost else text[-KEPT:]

    # --- a stream without frames ------------------------------------------------------------------------------------

    def _hear_stream(self, data: bytes, out: list[Phrase]) -> None:
        if not self._live and not self._half and not self._pieces and not self._awaited and self._is_between():
            known = self._known(data)
            if known is not None:
                self._whole(known[0], FORMS[known[1]], len(data), out)
                return
        if self._text is None:
            self._text = _incremental(self.profile.encoding)
        text = self._half + self._text.decode(data)
        self._half = ""
        if self.profile.strip_ansi:
            half = _HALF_ANSI.search(text)
            if half is not None:
                text, self._half = text[: half.start()], half[0]
            text = ANSI.sub("", text)
        text = _SIGN.sub("\ufffd", text)
        if not text:
            return
        if self._pending is not None:
            spot, verified = self._pending
            there = verified + len(text)
            if there < len(spot.spelling) and spot.spelling.startswith(text, verified):
                self._live += text
                self._pending = (spot, there)
                return
        self._pending = None
        self._live += text
        if self._roster_goes_on:
            self._go_on_with_roster(out)
        self._digest(out, final=False)
        self._bound(out)

    def _is_between(self) -> bool:
        """Is no character half-read?"""
        return self._text is None or self._text.getstate()[0] == b""

    def _overlap(self) -> int:
        return max(_OVERLAP, self.vocabulary.longest_front + 256)

    def _bound(self, out: list[Phrase]) -> None:
        """Garbage without end: tell it as such, and keep the last of it."""
        if self._pending is not None or len(self._live) <= max(KEPT, 4 * self._overlap()):
            if len(self._live) > LONGEST:
                self._drop_front(len(self._live), out)
            return
        self._drop_front(len(self._live) - self._overlap(), out)

    def _drop_front(self, count: int, out: list[Phrase]) -> None:
        front, self._live = self._live[:count], self._live[count:]
        self._from = max(0, self._from - count)
        self._pending = None
        self._tell_unrecognised(front, out)

    def _digest(self, out: list[Phrase], *, final: bool) -> None:
        """Find everything that can be found in the live text, and cut it off behind the last thing found."""
        if not self._dialogue:
            self._tell_deferred(out)
        base = self._from
        live = self._live[base:]
        spots = scan(self.vocabulary, live, growing=not final, pieces=self._pieces)
        masked = mask(live, spots)
        text = masked.text
        positions = masked.positions
        held, hold = len(text), len(live)  # from here on nothing may be claimed: a message is arriving
        claims: list[tuple[int, int, Found | Phrase | None]] = []
        if spots:
            for each in self._renderings(masked):
                inside = [number for number, at in enumerate(positions) if each.start <= at < each.end]
                if any(spots[number].how == "pending" for number in inside):
                    held = min(held, each.start)
                elif inside:
                    claims.append((each.start, each.end, each))
            for number, at in enumerate(positions):
                if spots[number].how == "pending":
                    held = min(held, at)
                elif not any(start <= at < end for start, end, _ in claims):
                    if not final and self._may_still_fit(text, at):
                        held = min(held, at)
                    else:
                        named = self._named(text, at)
                        claims.append((named.start, named.end, named) if named else (at, at + 1, None))
        if not final and held == len(text):
            held = self._front(text)
        claims = [claim for claim in claims if claim[1] <= held]
        self._claim_awaited(text[:held], claims)
        self._claim_others(text[:held], claims)
        claims.sort(key=lambda claim: claim[0])
        at = 0
        for start, end, what in claims:
            self._leave_stream(masked, at, start, out)
            at = end
            told = [spots[number] for number, position in enumerate(positions) if start <= position < end]
            if isinstance(what, Found) and what.rule.kind in ("message", "ack"):
                self._tell_spots(told, [what] * len(told), out)
                whole = [spot.said.message for spot in told if spot.how in ("", "joined")]
                if len(whole) > 1:
                    out.append(Glued(tuple(whole)))
            elif isinstance(what, Found):
                self._tell_other(what, text, out)
            elif what is None:
                self._tell_spots(told, [None] * len(told), out)
            else:
                out.append(what)
        hold = masked.original(held) if held < len(text) else len(live)
        cut = masked.original(at)
        self._live = live[cut:] if claims else self._live
        if claims:
            base = 0
            hold -= cut
        pending = next((spot for spot in spots if spot.how == "pending"), None)
        if pending is not None and not final:
            shift = cut if claims else -base
            spot = pending
            arrived = len(live) - spot.start
            self._pending = (spot, arrived) if spot.spelling.startswith(live[spot.start :]) else None
            self._from = max(0, min(base + hold, spot.start - shift))
        else:
            self._from = max(0, min(base + hold, len(self._live) - self._overlap()))

    def _renderings(self, masked: Masked) -> list[Found]:
        """What stands around the messages of a stream: the leftmost, then longest form that fits with a name of this
        run. A form that is nothing but the text holds only where something begins, and for one message at a time."""
        forms = self.vocabulary.forms
        text = masked.text
        found = forms.lex([rule for rule in forms.messages if not rule.bare], text)
        bare = [rule for rule in forms.messages if rule.bare]
        if not bare:
            return self._best_rules(found, masked)
        taken = [(each.start, each.end) for each in found]
        for number, at in enumerate(masked.positions):
            if any(start <= at < end for start, end in taken):
                continue
            before = text[:at].rstrip("\r\n ")
            begins = len(before) < at and text[at - 1] in "\r\n"
            if self._dialogue or begins or not before or before[-1] in _ENDS or any(e.end == at for e in found):
                said = masked.spots[number].said
                own = said.message in self._own_messages()
                rule = min(bare, key=lambda rule: _rank(forms.rules_for(said.kind, own), rule))
                found.append(Found(at, at + 1, rule, {}))
        found.sort(key=lambda each: each.start)
        return self._best_rules(found, masked)

    def _best_rules(self, found: list[Found], masked: Masked) -> list[Found]:
        """The same places, with the rule that suits the kind of the message and who hears it."""
        forms = self.vocabulary.forms
        better: list[Found] = []
        positions = masked.positions
        for each in found:
            inside = [masked.spots[number].said for number, at in enumerate(positions) if each.start <= at < each.end]
            if inside and not each.rule.bare:
                own = inside[0].message in self._own_messages()
                piece = masked.text[each.start : each.end]
                for rule in forms.rules_for(inside[0].kind, own):
                    match = None if rule.bare else forms.exact(rule).fullmatch(piece)
                    if match is not None and forms.true_names(match):
                        each = Found(each.start, each.end, rule, match.bindings)
                        break
            better.append(each)
        return better

    def _may_still_fit(self, text: str, at: int) -> bool:
        """May what stands behind this message be the beginning of what its form ends with?"""
        after = text[at + 1 :]
        if len(after) > 200 or _SIGN.search(after):
            return False
        for rule in self.vocabulary.forms.messages:
            suffix = rule.suffix
            if suffix and (suffix.startswith(after) or ("{" in suffix and suffix.startswith(after[:1]))):
                return True
            if rule.template.shape == "json" and "}" not in after:
                return True
        return False

    def _named(self, text: str, at: int) -> Found | None:
        """A form under a word that is the name of nobody here, around the sign at this place."""
        forms = self.vocabulary.forms
        begin = max((match.end() for match in _SIGN.finditer(text, 0, at)), default=0)
        begin = max(begin, at - 200)
        for rule in forms.messages:
            if "nick" not in rule.template.fields or rule.template.shape == "regex":
                continue
            match = forms.wordy(rule).search(text[begin:], 0)
            if match is not None and match.start + begin <= at < match.end + begin:
                return Found(match.start + begin, match.end + begin, rule, match.bindings)
        return None

    def _front(self, text: str) -> int:
        """Where at the end of the text a message begins that cannot be recognised yet; its length if none does."""
        start = self.vocabulary.front_at_end(text)
        if start is None:
            return len(text)
        forms = self.vocabulary.forms
        arriving = text[:start] + PEND
        for rule in forms.messages:
            if rule.template.shape != "text":
                continue
            if rule.bare:
                if not text[:start].strip("\r\n") or text[start - 1] in _ENDS:
                    return start
                continue
            source = rule.template.source.partition("{text}")[0] + "{text}"
            found = forms.search(forms.awaited(Template(source), "front"), arriving, max(0, start - 200))
            while found is not None and found.end < len(arriving):
                found = forms.search(found.rule, arriving, found.start + 1)
            if found is not None:
                return found.start
        return len(text)

    def _claim_awaited(self, text: str, claims: list[tuple[int, int, Found | Phrase | None]]) -> None:
        if not self._awaited and not self._refuses:
            return
        for rules_of in (self._awaited, self._refuses):
            for start, end in _gaps(text, claims):
                part = text[start:end]
                best: tuple[Rule, Match] | None = None
                for rule in rules_of:
                    match = self._await_search(rule, part)
                    if match is not None and (best is None or match.start < best[1].start):
                        best = (rule, match)
                if best is not None:
                    rule, match = best
                    phrase = self._await_phrase(rule, match, part)
                    claims.append((start + match.start, start + match.end, phrase))
                    self._awaited, self._refuses = [], []
                    return

    def _claim_others(self, text: str, claims: list[tuple[int, int, Found | Phrase | None]]) -> None:
        forms = self.vocabulary.forms
        for start, end in _gaps(text, claims):
            for found in forms.lex(forms.others, text[start:end]):
                moved = Found(found.start + start, found.end + start, found.rule, found.bindings)
                claims.append((moved.start, moved.end, moved))
        if self.profile.roster is None:
            return
        for start, end in _gaps(text, claims):
            rules = [
                rule
                for rule in forms.roster
                if "nicks" in rule.template.fields or self._roster or (rule.kind == "roster" and self._is_pushed())
            ]
            for found in forms.lex(rules, text[start:end]):
                if "nicks" in found.bindings and end == len(text) and found.end == end - start:
                    names = split_names(found.bindings["nicks"], self.vocabulary.nicks)
                    if not names or names[-1] not in self.vocabulary.nicks:
                        continue  # a name may be half there
                    if not text[start:end].endswith(("]", "\n")):
                        self._roster_goes_on = True
                claims.append((found.start + start, found.end + start, _moved(found, start)))

    def _is_pushed(self) -> bool:
        return self.profile.roster is not None and self.profile.roster.ask is None

    def _go_on_with_roster(self, out: list[Phrase]) -> None:
        """A list that went on to the end of what had come may go on in what comes next."""
        self._roster_goes_on = False
        names = self.vocabulary.forms.name_list()
        match = names.match(self._live)
        if match is not None and match.end():
            out.append(RosterHeard(split_names(match[0], self.vocabulary.nicks), False))
            self._live = self._live[match.end() :]
            self._from = 0
            self._roster_goes_on = not self._live

    def _leave_stream(self, masked: Masked, start: int, end: int, out: list[Phrase]) -> None:
        """What stands before something recognised will become nothing else any more."""
        part = masked.text[start:end]
        part = self.vocabulary.forms.stripped(part.strip("\r\n\0"))
        if not part.strip():
            return
        if self._dialogue:
            self._defer(part, out)
        else:
            self._tell_left(part, out)

    def _end_stream(self, out: list[Phrase]) -> None:
        if self._text is not None:
            # A character that was never finished is garbage; what comes later begins a new one.
            self._live += self._text.decode(b"", final=True)
            self._text.reset()
        self._live += self._half
        self._half = ""
        self._pending = None
        self._from = 0
        if self._live:
            self._digest(out, final=True)
        live, self._live, self._from = self._live, "", 0
        live = self.vocabulary.forms.stripped(live.strip("\r\n\0"))
        if live.strip():
            self._tell_left(live, out)


_ENDS = frozenset("\r\n")


def _rank(rules: list[Rule], rule: Rule) -> int:
    return rules.index(rule)


def _incremental(encoding: str) -> codecs.IncrementalDecoder:
    try:
        return codecs.getincrementaldecoder(encoding)("replace")
    except LookupError:
        return codecs.getincrementaldecoder("latin-1")("replace")


def _found(match: Match, rule: Rule) -> Found:
    return Found(match.start, match.end, rule, match.bindings)


def _moved(found: Found, by: int) -> Found:
    return Found(found.start + by, found.end + by, found.rule, found.bindings)


def _gaps(text: str, claims: list[tuple[int, int, Found | Phrase | None]]) -> list[tuple[int, int]]:
    """The parts of a text that no claim covers."""
    gaps: list[tuple[int, int]] = []
    at = 0
    for start, end, _ in sorted(claims, key=lambda claim: claim[:2]):
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    if at < len(text):
        gaps.append((at, len(text)))
    return gaps


def _outside(text: str, found: list[Found]) -> str:
    parts: list[str] = []
    at = 0
    for each in found:
        parts.append(text[at : each.start])
        at = each.end
    parts.append(text[at:])
    return _SIGN.sub("", "".join(parts)) if found else text
