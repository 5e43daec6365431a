"""Reading a stream without frames: everything is looked for anywhere, and may yet be only half there."""

from __future__ import annotations

import codecs
from bisect import bisect_left

from chatsim.history import FORMS
from chatsim.profile.forms import PEND, Found, Rule
from chatsim.profile.masking import Masked, Spot, mask, scan
from chatsim.profile.phrases import Glued, Phrase, RosterHeard
from chatsim.profile.profile import Profile
from chatsim.profile.reading import KEPT, LONGEST, SIGN, Quick, Reading, incremental
from chatsim.profile.templates import Match, Template, split_names
from chatsim.profile.vocabulary import ANSI, HALF_ANSI, Vocabulary

__all__ = ["StreamReading"]

_OVERLAP = 1024  # what has been looked at in vain is looked at again only so far back
_ENDS = frozenset("\r\n")

_Claim = tuple[int, int, Found | Phrase | None]  # None: a message in no known form


class StreamReading(Reading):
    """The reading of a session whose bytes have no frames."""

    __slots__ = ("_from", "_half", "_live", "_pending", "_roster_goes_on", "_text")

    def __init__(self, vocabulary: Vocabulary, profile: Profile, session: int) -> None:
        super().__init__(vocabulary, profile, session)
        self._text: codecs.IncrementalDecoder | None = None
        self._half = ""  # an unfinished colour code
        self._live = ""  # what came after the last thing recognised
        self._from = 0  # ... of which this much has been looked at in vain
        self._pending: tuple[Spot, int] | None = None  # a message still arriving, and so much of it is verified
        self._roster_goes_on = False

    @property
    def waiting(self) -> str:
        return self._live

    @property
    def waiting_size(self) -> int:
        return 0 if self._pending is not None else len(self._live)

    def hear_quick(self, data: bytes) -> Quick | None:
        if not self._is_idle() or self.is_flooded_with_copies:
            return None
        known = self.look_up([data])
        if known is not None:
            self.note_quick(known[0])
        return known

    def _is_idle(self) -> bool:
        return not (self._live or self._half or self.awaited or self.pieces or self.roster) and self._is_between()

    def look_again(self, out: list[Phrase]) -> None:
        if self._live:
            self._from = 0
            self._digest(out, final=False)

    def notices_in(self, text: str) -> list[Found]:
        return self.forms.lex([rule for rule in self.forms.others if rule.kind == "notice"], text)

    def end(self, out: list[Phrase]) -> None:
        self._roster_goes_on = False
        self._end_stream(out)

    def hear(self, data: bytes, out: list[Phrase]) -> None:
        if self._is_idle():
            data = data[self._hear_known_run(data, out) :]
            if not data:
                return
        if self._text is None:
            self._text = incremental(self.profile.encoding)
        text = self._half + self._text.decode(data)
        self._half = ""
        if self.profile.strip_ansi:
            half = HALF_ANSI.search(text)
            if half is not None:
                text, self._half = text[: half.start()], half[0]
            text = ANSI.sub("", text)
        text = SIGN.sub("\ufffd", text)
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

    def _hear_known_run(self, data: bytes, out: list[Phrase]) -> int:
        """Known renderings one after the other: so many bytes of them. The last one counts only if nothing but the
        end follows it, for what follows may belong under it."""
        known = self.known(data)
        if known is not None:
            self.tell_whole(known[0], FORMS[known[1]], len(data), out)
            return len(data)
        at = 0
        last: tuple[int, int, int] | None = None
        for begin, end in self.vocabulary.known_run(data):
            if last is not None:
                self.tell_whole(last[0], FORMS[last[1]], last[2], out)
                at = begin
            known = self.known(data[begin:end])
            if known is None:
                return begin
            last = (known[0], known[1], end - begin)
            if end == len(data):
                self.tell_whole(known[0], FORMS[known[1]], end - begin, out)
                return end
        return at

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
        self.tell_unrecognised(front, out)

    def _digest(self, out: list[Phrase], *, final: bool) -> None:
        """Find everything that can be found in the live text, and cut it off behind the last thing found."""
        if not self.dialogue:
            self.tell_deferred(out)
        base = self._from
        live = self._live[base:]
        spots = scan(self.vocabulary, live, growing=not final, pieces=self.pieces)
        masked = mask(live, spots)
        text = masked.text
        positions = masked.positions
        held = len(text)  # from here on nothing may be claimed: a message is arriving
        claims: list[_Claim] = []
        claimed: set[int] = set()
        if spots:
            for each in self._renderings(masked):
                inside = range(bisect_left(positions, each.start), bisect_left(positions, each.end))
                if any(spots[number].how == "pending" for number in inside):
                    held = min(held, each.start)
                elif inside:
                    claims.append((each.start, each.end, each))
                    claimed.update(inside)
            for number, at in enumerate(positions):
                if spots[number].how == "pending":
                    held = min(held, at)
                elif number not in claimed:
                    if not final and self._may_still_fit(text, at):
                        held = min(held, at)
                    else:
                        claims.append((at, at + 1, None))
        if not final and held == len(text):
            held = self._front(text)
        claims = [claim for claim in claims if claim[1] <= held]
        self._claim_awaited(text[:held], claims)
        self._claim_others(text[:held], claims)
        self._name_strangers(text[:held], claims)
        claims.sort(key=lambda claim: claim[0])
        if claims and base:
            self._leave_text(self._live[:base], out)
        at = self._tell_claims(masked, claims, out)
        # What is left, and from where it must be looked at again when more comes. The front of a form whose message is
        # still arriving, or whose end is, must be seen then.
        cut = base + masked.original(at) if claims else 0
        self._live = self._live[cut:]
        if claims and not self._live.strip("\r\n"):
            self._live = ""  # a line end behind something is a part of it
        again = len(self._live)
        self._pending = None
        for spot in spots:
            if spot.how == "pending" and not final:
                again = base + spot.start - cut
                if spot.spelling.startswith(live[spot.start :]):
                    self._pending = (spot, len(live) - spot.start)
        if held < len(text):
            again = min(again, base + masked.original(held) - cut)
        self._from = max(0, again - self._overlap())

    def _tell_claims(self, masked: Masked, claims: list[_Claim], out: list[Phrase]) -> int:
        """Tell what was found, and what stands between; returns where the last of it ends."""
        positions, at = masked.positions, 0
        for start, end, what in claims:
            self._leave_text(masked.text[at:start], out)
            at = end
            told = masked.spots[bisect_left(positions, start) : bisect_left(positions, end)]
            if isinstance(what, Found) and told:
                self.tell_spots(told, [what] * len(told), out)
                whole = [spot.said.message for spot in told if spot.how in ("", "joined")]
                if len(whole) > 1 and what.rule.kind == "message":
                    out.append(Glued(tuple(whole)))
            elif isinstance(what, Found):
                self.tell_other(what, masked.text, out)
            elif what is None:
                self.tell_spots(told, [None] * len(told), out)
            else:
                out.append(what)
        return at

    def _renderings(self, masked: Masked) -> list[Found]:
        """What stands around the messages of a stream: the leftmost, then longest form that fits with a name of this
        run. A form that is nothing but the text holds only where something begins, and for one message at a time."""
        forms = self.forms
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
            if self.dialogue or begins or not before or before[-1] in _ENDS or any(e.end == at for e in found):
                said = masked.spots[number].said
                own = said.message in self.own()
                rule = min(bare, key=lambda rule: _rank(forms.rules_for(said.kind, own), rule))
                found.append(Found(at, at + 1, rule, {}))
        found.sort(key=lambda each: each.start)
        return self._best_rules(found, masked)

    def _best_rules(self, found: list[Found], masked: Masked) -> list[Found]:
        """The same places, with the rule that suits the kind of the message and who hears it."""
        forms = self.forms
        better: list[Found] = []
        positions = masked.positions
        for each in found:
            around = slice(bisect_left(positions, each.start), bisect_left(positions, each.end))
            inside = [spot.said for spot in masked.spots[around]]
            if inside and not each.rule.bare:
                own = inside[0].message in self.own()
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
        if len(after) > 200 or SIGN.search(after):
            return False
        for rule in self.forms.messages:
            suffix = rule.suffix
            if suffix and (suffix.startswith(after) or ("{" in suffix and suffix.startswith(after[:1]))):
                return True
            if rule.template.shape == "json" and "}" not in after:
                return True
        return False

    def _name_strangers(self, text: str, claims: list[_Claim]) -> None:
        """Messages in no form under a name of this run: is it one under a word that is the name of nobody here?"""
        loose = [number for number, (_, _, what) in enumerate(claims) if what is None]
        for number in loose:
            at = claims[number][0]
            begin = max((end for _, end, _ in claims if end <= at), default=0)
            close = min((start for start, _, _ in claims if start > at), default=len(text))
            found = self._named(text, max(begin, at - 200), at, min(close, at + 200))
            if found is not None:
                claims[number] = (found.start, found.end, found)

    def _named(self, text: str, begin: int, at: int, close: int) -> Found | None:
        forms = self.forms
        for rule in forms.messages:
            if "nick" not in rule.template.fields or rule.template.shape == "regex":
                continue
            match = forms.wordy(rule).search(text[begin:close], 0)
            if match is not None and match.start + begin <= at < match.end + begin:
                return Found(match.start + begin, match.end + begin, rule, match.bindings)
        return None

    def _front(self, text: str) -> int:
        """Where at the end of the text a message begins that cannot be recognised yet; its length if none does."""
        start = self.vocabulary.front_at_end(text)
        if start is None:
            return len(text)
        forms = self.forms
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

    def _claim_awaited(self, text: str, claims: list[_Claim]) -> None:
        if not self.awaited and not self.refuses:
            return
        for rules_of in (self.awaited, self.refuses):
            for start, end in _gaps(text, claims):
                part = text[start:end]
                best: tuple[Rule, Match] | None = None
                for rule in rules_of:
                    match = self.await_search(rule, part)
                    if match is not None and (best is None or match.start < best[1].start):
                        best = (rule, match)
                if best is not None:
                    rule, match = best
                    phrase = self.await_phrase(rule, match, part)
                    claims.append((start + match.start, start + match.end, phrase))
                    self.awaited, self.refuses = [], []
                    return

    def _claim_others(self, text: str, claims: list[_Claim]) -> None:
        forms = self.forms
        for start, end in _gaps(text, claims):
            for found in forms.lex(forms.others, text[start:end]):
                moved = Found(found.start + start, found.end + start, found.rule, found.bindings)
                claims.append((moved.start, moved.end, moved))
        if self.profile.roster is None:
            return
        rules = [
            rule
            for rule in forms.roster
            if "nicks" in rule.template.fields or self.roster or (rule.kind == "roster" and self._is_pushed())
        ]
        if self.profile.ignore:
            self._make_way(text, claims, [rule for rule in rules if "nicks" in rule.template.fields])
        for start, end in _gaps(text, claims):
            for found in forms.lex(rules, text[start:end]):
                if "nicks" in found.bindings and not self.may_be_list(found.rule, found.bindings["nicks"]):
                    continue
                if "nicks" in found.bindings and end == len(text) and found.end == end - start:
                    names = split_names(found.bindings["nicks"], self.vocabulary.nicks)
                    if not names or names[-1] not in self.vocabulary.nicks:
                        continue  # a name may be half there
                    if not text[start:end].endswith(("]", "\n")):
                        self._roster_goes_on = True
                claims.append((found.start + start, found.end + start, _moved(found, start)))

    def _make_way(self, text: str, claims: list[_Claim], rules: list[Rule]) -> None:
        """What may be ignored is looked for last: where a list stands in it or reaches into it, it is no claim."""
        others = [claim for claim in claims if not _is_ignored(claim)]
        for begin, close in _gaps(text, others):
            for found in self.forms.lex(rules, text[begin:close]):
                names = found.bindings.get("nicks", "")
                known = any(name in self.vocabulary.nicks for name in split_names(names, self.vocabulary.nicks))
                if known and self.may_be_list(found.rule, names):
                    start, end = begin + found.start, begin + found.end
                    claims[:] = [
                        each for each in claims if not (_is_ignored(each) and each[0] < end and start < each[1])
                    ]

    def _is_pushed(self) -> bool:
        return self.profile.roster is not None and self.profile.roster.ask is None

    def _go_on_with_roster(self, out: list[Phrase]) -> None:
        """A list that went on to the end of what had come may go on in what comes next."""
        self._roster_goes_on = False
        names = self.forms.name_list()
        match = names.match(self._live)
        if match is not None and match.end():
            out.append(RosterHeard(split_names(match[0], self.vocabulary.nicks), False))
            self._live = self._live[match.end() :]
            self._from = 0
            self._roster_goes_on = not self._live

    def _leave_text(self, text: str, out: list[Phrase]) -> None:
        """What stands before something recognised will become nothing else any more."""
        text = self.forms.stripped(text.strip("\r\n\0"))
        if not text.strip():
            return
        if self.dialogue:
            self.defer(text, out)
        else:
            self.tell_left(text, out)

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
        live = self.forms.stripped(live.strip("\r\n\0"))
        if live.strip():
            self.tell_left(live, out)


def _rank(rules: list[Rule], rule: Rule) -> int:
    return rules.index(rule)


def _is_ignored(claim: _Claim) -> bool:
    return isinstance(claim[2], Found) and claim[2].rule.kind == "ignore"


def _moved(found: Found, by: int) -> Found:
    return Found(found.start + by, found.end + by, found.rule, found.bindings)


def _gaps(text: str, claims: list[_Claim]) -> list[tuple[int, int]]:
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
