"""What one session has heard so far, and the telling of it: places in a text become phrases here.

How the bytes become texts is the business of the two readings built on this: of `frames`, and of a `stream`.
"""

from __future__ import annotations

import codecs
import re
from array import array
from collections.abc import Sequence
from typing import TypeAlias

from chatsim.history import FORMS
from chatsim.profile.forms import ANY_SIGN, NEXT, Found, Rule
from chatsim.profile.masking import Piece, Spot
from chatsim.profile.phrases import (
    Awaited,
    Damaged,
    Foreign,
    Named,
    NoticeHeard,
    Phrase,
    Receipt,
    Refusal,
    RenameHeard,
    RosterHeard,
    Unrecognised,
    WheneverHeard,
    Whole,
)
from chatsim.profile.profile import Await, Profile
from chatsim.profile.templates import Match, split_names
from chatsim.profile.vocabulary import Chunk, Utterance, Vocabulary

__all__ = ["ALL_HEARS", "KEPT", "LONGEST", "SHOWN", "SIGN", "Quick", "Reading", "incremental"]

KEPT = 65_536  # characters of what nobody has claimed
LONGEST = 20 * 1024 * 1024  # bytes of one frame; the flood limit is 16 MiB
SHOWN = 2000  # characters of an unrecognised text that are told
SIGN = re.compile(f"[{ANY_SIGN}]")
_FORGIVEN = 1 << 20  # bytes of notices and the like that are no flood
_OFTEN = 3  # so many copies of one message are news; more are a flood
_HURRIED = 1 << 18  # bytes unexplained: from here on nobody asks what a piece of garbage may once have been

_HEARS, _ECHO = FORMS.index("hears"), FORMS.index("echo")
ALL_HEARS = bytes((_HEARS,))
_FORM = {form: number for number, form in enumerate(FORMS)}

Quick: TypeAlias = "tuple[array[int], bytes]"  # message numbers, and for each the number of its form


def incremental(encoding: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(encoding)("replace")


class Reading:
    """The state of one session's hearing, but for its bytes."""

    __slots__ = (
        "_own",
        "_own_count",
        "awaited",
        "deferred",
        "dialogue",
        "explained",
        "forms",
        "lost",
        "nick",
        "pieces",
        "profile",
        "receipted",
        "refuses",
        "roster",
        "seen",
        "session",
        "total",
        "unexplained",
        "vocabulary",
    )

    def __init__(self, vocabulary: Vocabulary, profile: Profile, session: int) -> None:
        self.vocabulary = vocabulary
        self.forms = vocabulary.forms
        self.profile = profile
        self.session = session
        self.nick = ""
        self.awaited: list[Rule] = []
        self.refuses: list[Rule] = []
        self.dialogue = any(isinstance(step, Await) for step in profile.join)
        self.roster = False  # the answer to a question is expected
        self.deferred: list[str] = []  # finished, unclaimed, and kept for what the dialogue will await
        self.lost = ""  # what was told as unrecognised
        self.pieces: dict[int, Piece] = {}  # fronts of messages whose rest has not come
        self.seen = bytearray()  # how often each message was heard, up to 255
        self.total = 0  # messages heard, copies included
        self.unexplained = 0
        self.receipted: set[int] = set()  # messages whose receipt has come
        self.explained = 0
        self._own: set[int] = set()
        self._own_count = -1

    # --- what a reading of bytes does -----------------------------------------------------------------------------

    def hear(self, data: bytes, out: list[Phrase]) -> None:
        raise NotImplementedError

    def hear_quick(self, data: bytes) -> Quick | None:
        raise NotImplementedError

    def hear_again(self, data: bytes) -> Chunk | None:
        """What another ear has heard in just these bytes, if this one hears the same in them. Else nothing was taken."""
        return None

    def look_again(self, out: list[Phrase]) -> None:
        """Something is awaited: is it there already?"""
        raise NotImplementedError

    def end(self, out: list[Phrase]) -> None:
        """Nothing more will come for what is pending."""
        raise NotImplementedError

    def look_for_notices(self, text: str, out: list[Phrase]) -> None:
        """A name has become known: is this, which was told as unrecognised, a notice about it? Without a text: is what
        nobody has claimed so far?"""
        kept: list[str] = []
        for each in [text] if text else self.deferred:
            found = self.notices_in(each)
            for notice in found:
                self.tell_other(notice, each, out)
            if not found:
                kept.append(each)
        if not text:
            self.deferred = kept
            self.look_again(out)

    def notices_in(self, text: str) -> list[Found]:
        raise NotImplementedError

    @property
    def waiting(self) -> str:
        """What has come and is not claimed yet."""
        raise NotImplementedError

    @property
    def waiting_size(self) -> int:
        """So many bytes of it nothing explains so far."""
        raise NotImplementedError

    @property
    def flood(self) -> int:
        return self.unexplained + max(0, self.explained - _FORGIVEN) + self.waiting_size

    @property
    def is_hurried(self) -> bool:
        return self.unexplained > _HURRIED

    def is_new(self, nick: str) -> None:
        """The name has changed."""
        self.nick = nick
        self._own_count = -1

    # --- known renderings -----------------------------------------------------------------------------------------

    def look_up(self, lines: list[bytes]) -> tuple[array[int], bytes] | None:
        try:
            messages = array("i", map(self.vocabulary.known.__getitem__, lines))
        except KeyError:
            return self._mixed_look_up(lines)
        own = self.own()
        if not own or own.isdisjoint(messages):
            return messages, ALL_HEARS * len(messages)
        return messages, bytes([_ECHO if message in own else _HEARS for message in messages])

    def _mixed_look_up(self, lines: list[bytes]) -> tuple[array[int], bytes] | None:
        messages, forms = array("i"), bytearray()
        for line in lines:
            known = self.known(line)
            if known is None:
                return None
            messages.append(known[0])
            forms.append(known[1])
        return messages, bytes(forms)

    def note_quick(self, messages: array[int]) -> None:
        seen = self.seen
        if len(seen) <= self.vocabulary.highest:
            highest = self.vocabulary.highest
            seen.extend(bytes(highest + 64 + highest // 8 - len(seen)))  # some to spare: this is asked for every read
        for message in messages:
            seen[message] = 1
        self.total += len(messages)

    @property
    def is_flooded_with_copies(self) -> bool:
        """More was heard than anybody said: the quick way, which does not count copies, is closed."""
        return self.total > 4 * len(self.vocabulary.utterances) + 1000

    def own(self) -> set[int]:
        if self._own_count != len(self.vocabulary.utterances):
            self._own_count = len(self.vocabulary.utterances)
            self._own = self.vocabulary.own(self.nick, self.session)
        return self._own

    def _is_nameless(self, message: int) -> bool:
        return not self.nick and self.vocabulary.utterances[message].sender is None

    def tell_spots(self, spots: Sequence[Spot], found: Sequence[Found | None], out: list[Phrase]) -> None:
        damaged: Found | None = None
        for spot, each in zip(spots, found, strict=True):
            self._tell_spot(spot, each, out, named=damaged is None or damaged is not each)
            if spot.how not in ("", "joined"):
                damaged = each

    def _tell_spot(self, spot: Spot, found: Found | None, out: list[Phrase], *, named: bool) -> None:
        """`named`: the name of the form is this message's. What is torn may have swallowed the name of the next."""
        message = spot.said.message
        size = len(spot.text)
        form, name = self._form(spot.said, found)
        name = name if named and not self._was_eaten(spot.said.nick, name) else None
        if spot.how == "":
            if found is not None and found.rule.kind == "ack":
                if message in self.receipted:
                    self.explained += size  # the first one is no surplus, however long the text is that it repeats
                self.receipted.add(message)
                out.append(Receipt(message))
                return
            self.tell_whole(message, form, size, out)
            self._tell_name(spot.said, name, out)
        elif spot.how == "joined":
            piece = self.pieces.pop(message, None)
            if piece is None and self._times_heard(message):
                return  # it was told as damaged before, by somebody's order
            if piece is not None and piece.form != "unknown":
                form, name = piece.form, piece.name
            out.append(Damaged(message, "split", (piece.text if piece else "") + " … " + spot.text))
            self.tell_whole(message, form, size, out)
            self._tell_name(spot.said, name, out)
        elif spot.how in ("piece", "more"):
            before = self.pieces.get(message)
            if before is None:
                self.pieces[message] = Piece(spot.said, spot.spelling, spot.got, spot.text, form, name)
                if len(self.pieces) > 8:
                    self.give_up(next(iter(self.pieces.values())), out)
            elif spot.how == "more":
                before.got = spot.got
                before.text += " … " + spot.text
            else:
                self.give_up(before, out)
                self.pieces[message] = Piece(spot.said, spot.spelling, spot.got, spot.text, form, name)
        else:
            known = self.pieces.pop(message, None) is None and spot.how == "truncated" and self._times_heard(message)
            if known and spot.said.text.endswith(spot.text):
                return  # the end of a message whose front was told before
            self._hurt(message, spot.how, spot.text, out)

    def _form(self, said: Utterance, found: Found | None) -> tuple[str, str | None]:
        if found is None or found.rule.kind != "message":
            return "unknown", None
        own = said.message in self.own()
        form = self.forms.form_of(found.rule, own, self._is_nameless(said.message))
        name = found.bindings.get("nick")
        return form, name if said.nick is not None and name != said.nick else None

    def _was_eaten(self, nick: str | None, name: str | None) -> bool:
        """Is only the end of the name left, since a piece of a text right before it would have gone on in the same way?

        Of "… tomorrow st" and "anna: hello", glued, the piece of "… tomorrow station" takes the first "a" as well.
        """
        if not nick or not name or name == nick or not nick.endswith(name):
            return False
        return any(piece.text.endswith(nick[: -len(name)]) for piece in self.pieces.values())

    def _tell_name(self, said: Utterance, name: str | None, out: list[Phrase]) -> None:
        if name is not None:
            out.append(Named(said.message, name))

    def tell_whole(self, message: int, form: str, size: int, out: list[Phrase]) -> None:
        if self._note_heard(message) > _OFTEN:
            self.unexplained += size
        for piece in list(self.pieces.values()):
            said = self.vocabulary.utterances[message]
            # What the same bot said later has come: there will be no more of the earlier one.
            if piece.said.nick == said.nick and piece.said.message < message and piece.said.kind == said.kind:
                self.give_up(piece, out)
        out.append(Whole(message, form))

    def _hurt(self, message: int, how: str, text: str, out: list[Phrase]) -> None:
        self._note_heard(message)
        out.append(Damaged(message, how, text))

    def give_up(self, piece: Piece, out: list[Phrase]) -> None:
        if self.pieces.pop(piece.said.message, None) is not None:
            how = "truncated" if piece.got else "garbled"
            self._hurt(piece.said.message, how, piece.text, out)

    def _note_heard(self, message: int) -> int:
        seen = self.seen
        if len(seen) <= message:
            seen.extend(bytes(self.vocabulary.highest + 1 - len(seen)))
        times = min(255, seen[message] + 1)
        seen[message] = times
        self.total += 1
        return times

    def _times_heard(self, message: int) -> int:
        return self.seen[message] if message < len(self.seen) else 0

    def tell_other(self, found: Found, text: str, out: list[Phrase]) -> None:
        rule, bindings = found.rule, found.bindings
        self.explained += found.end - found.start
        shown = text[found.start : found.end]
        match rule.kind:
            case "notice":
                room = bindings.get("room") if rule.in_room else None
                out.append(NoticeHeard(rule.what, bindings.get("nick"), room, shown))
            case "renamed":
                out.append(RenameHeard(bindings.get("nick"), bindings.get("new"), shown))
            case "ack":
                out.append(Receipt(None))
            case "whenever":
                out.append(WheneverHeard(rule.number, bindings))
            case "roster":
                self._tell_roster(found, out)
            case "roster-end":
                self.roster = False
                out.append(RosterHeard((), True))

    def _tell_roster(self, found: Found, out: list[Phrase]) -> None:
        roster = self.profile.roster
        assert roster is not None
        bindings = found.bindings
        if "nicks" in bindings:
            names = split_names(bindings["nicks"], self.vocabulary.nicks)
            complete = not roster.end
            if complete:
                self.roster = False
        else:
            names, complete = (bindings.get("nick", ""),), False
        out.append(RosterHeard(names, complete))

    def may_be_list(self, rule: Rule, names: str) -> bool:
        """A list with words around it is known by them. One of bare names looks like any words: it is one only when it
        was asked for (or nobody ever asks), a name of this run stands in it, and it is no sentence: single words between
        commas or line ends, or nothing but such names."""
        if any(letter.isalnum() for literal in rule.template.literals for letter in literal):
            return True
        assert self.profile.roster is not None
        if not self.roster and self.profile.roster.ask is not None:
            return False
        known = [name in self.vocabulary.nicks for name in split_names(names, self.vocabulary.nicks)]
        parts = [part for part in re.split(r"[,;\r\n]+", names) if part.strip()]
        return any(known) and (all(known) or (len(parts) > 1 and all(len(part.split()) == 1 for part in parts)))

    def await_whole(self, text: str) -> Phrase | None:
        for rules in (self.awaited, self.refuses):
            for rule in rules:
                match = self.await_match(rule, text)
                if match is not None:
                    return self.await_phrase(rule, match, text)
        return None

    def await_match(self, rule: Rule, text: str) -> Match | None:
        """A frame that is what is awaited; {nick} is this bot's, or any if it is still to be told."""
        match = rule.generic.fullmatch(text)
        if match is None or not self.nick or match.bindings.get("nick") in (None, self.nick):
            return match
        match = self.forms.exact(rule).fullmatch(text)
        return match if match is not None and match.bindings.get("nick") in (None, self.nick) else None

    def await_search(self, rule: Rule, text: str) -> Match | None:
        forms = self.forms
        if not self.nick:
            whole = rule.generic.fullmatch(text)
            return whole if whole is not None else forms.opening(rule).search(text)
        start = 0
        while (match := forms.exact(rule).search(text, start)) is not None:
            if match.end > match.start and match.bindings.get("nick") in (None, self.nick):
                return match
            start = match.start + 1
        return None

    def await_phrase(self, rule: Rule, match: Match, text: str) -> Phrase:
        shown = text[match.start : match.end]
        return Awaited(match.bindings, shown, rule.template) if rule.kind == "awaited" else Refusal(shown)

    def was_awaited(self, phrase: Phrase, out: list[Phrase]) -> None:
        self.awaited, self.refuses = [], []
        out.append(phrase)

    def defer(self, text: str, out: list[Phrase]) -> None:
        if not text.strip():
            return
        self.deferred.append(text)
        while len(self.deferred) > 1000 or sum(map(len, self.deferred)) > KEPT:
            self.tell_left(self.deferred.pop(0), out)

    def tell_deferred(self, out: list[Phrase]) -> None:
        deferred, self.deferred = self.deferred, []
        for text in deferred:
            self.tell_left(text, out)

    def tell_left(self, text: str, out: list[Phrase]) -> None:
        """What nobody claims: a message that lost its markers, one that nobody sent, or nothing we know."""
        if not text.strip("\r\n\0 \t" + NEXT):
            return
        if self.is_hurried:
            self._tell_hurried(text, out)
            return
        for rule in self.forms.messages:
            match = self.speaks(rule, text) if rule.kind == "message" and "nick" in rule.template.fields else None
            if match is None:
                continue
            body = match.bindings.get("text", "")
            if self._tell_near(body, out):
                return
            if not self.vocabulary.is_part(body):
                self.unexplained += len(text)
                self._lose(text)
                out.append(Foreign(match.bindings.get("nick"), body[:SHOWN]))
                return
        if not self._tell_near(text, out):
            self.tell_unrecognised(text, out)

    def speaks(self, rule: Rule, text: str) -> Match | None:
        if not rule.needs_text or rule.needle not in text:
            return None
        match = self.forms.speaking(rule).fullmatch(text)
        return match if match is not None and self.forms.true_names(match) else None

    def _tell_near(self, text: str, out: list[Phrase]) -> bool:
        if not self.vocabulary.utterances:
            return False
        own = self.own()
        for message, how in self.vocabulary.near(text):
            if not self._times_heard(message) and (message not in own or self.profile.public.echo):
                self.unexplained += len(text)
                self._hurt(message, how, text[:SHOWN], out)
                return True
        return False

    def tell_unrecognised(self, text: str, out: list[Phrase], *, count: bool = True) -> None:
        if count:
            self.unexplained += len(text)
        self._lose(text)
        out.append(Unrecognised(text.replace(NEXT, "\n")[:SHOWN]))

    def _tell_hurried(self, text: str, out: list[Phrase]) -> None:
        """One phrase for all that one read brings: a flood must not cost more than it says."""
        self.unexplained += len(text)
        if out and isinstance(out[-1], Unrecognised):
            if len(out[-1].text) < SHOWN:
                out[-1] = Unrecognised((out[-1].text + "\n" + text.replace(NEXT, "\n"))[:SHOWN])
        else:
            self.tell_unrecognised(text, out, count=False)

    def _lose(self, text: str) -> None:
        self.lost = (self.lost + "\n" + text[-KEPT:])[-KEPT:] if self.lost else text[-KEPT:]

    def known(self, frame: bytes) -> tuple[int, int] | None:
        """Message and form number of a frame that is a known rendering."""
        message = self.vocabulary.known.get(frame)
        if message is not None:
            return message, _ECHO if message in self.own() else _HEARS
        other = self.vocabulary.known_elsewhere.get(frame)
        if other is None:
            return None
        message, number = other
        forms = self.forms
        own = message in self.own()
        rule = next((rule for rule in forms.messages if rule.form == FORMS[number]), None)
        return None if rule is None else (message, _FORM[forms.form_of(rule, own, self._is_nameless(message))])

    def _search_awaited(self, text: str) -> tuple[Rule, Match] | None:
        for rules in (self.awaited, self.refuses):
            found = [(rule, match) for rule in rules if (match := self.await_search(rule, text)) is not None]
            if found:
                return min(found, key=lambda item: (item[1].start, -item[1].end))
        return None

    def look_at_deferred(self, out: list[Phrase]) -> None:
        for number, text in enumerate(self.deferred):
            if self.profile.received.promises:
                told = self.await_whole(text)
                if told is None and NEXT in text:
                    told = next((each for each in map(self.await_whole, text.split(NEXT)) if each is not None), None)
                rest = ""
            else:
                found = self._search_awaited(text)
                told = found and self.await_phrase(found[0], found[1], text)
                rest = text[found[1].end :] if found else ""
            if told is not None:
                self.deferred[number : number + 1] = [rest] if rest.strip() else []
                self.was_awaited(told, out)
                return
