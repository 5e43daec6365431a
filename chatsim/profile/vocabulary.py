"""The vocabulary of one run: what was said, by whom, and how it looks on the wire. All ears of the run share it.

The engine fills it before anything is sent, so whatever arrives can be looked up. It knows nothing of any session's
stream; what a stream means is worked out in `ear`.
"""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from chatsim.history import FORMS
from chatsim.profile import markers
from chatsim.profile.forms import Forms, escapes
from chatsim.profile.profile import Profile
from chatsim.profile.templates import Template

__all__ = ["ANSI", "HALF_ANSI", "Utterance", "Vocabulary", "folded"]

Kind = Literal["public", "whisper", "room", "reply"]

ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])")
HALF_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,30}[ -/]{0,4}|\][^\x07\x1b]{0,200})?\Z")

LONGEST_KNOWN_FRAME = 16_384  # bytes; longer ones are compared, not looked up: they would fill the memory
_NOTHING: set[int] = set()
_RECENT = 256  # so many messages are thought to be half-arrived at most
_FRONT = 64  # characters of a front that are enough to know it by
_GRAM = 6
_CHUNKS = 64  # so many different reads are remembered, for as long as nobody speaks
_SHORTEST_END = 3  # what is left of a message that was cut up may be so short; shorter, it says nothing
_PIECE = 12  # the shortest piece that proves where it came from (properties.md)
_CHUNK = 256  # characters: so long is any piece of a long text that a server which reads little at a time passes on


def folded(text: str) -> str:
    """The text without its case, of the same length (the rare letters that would grow are left as they are)."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One message as the ears need it. `head`: where its head marker (or, unmarked, the text itself) begins."""

    message: int
    text: str
    kind: Kind
    nick: str | None
    room: str | None
    to: str | None
    sender: int | None
    marker: int | None
    head: int

    @property
    def anchored(self) -> int:
        """The text is recognised as soon as so many of its characters are there."""
        return self.head + markers.WIDTH if self.marker is not None else len(self.text)


def miscoded(text: str) -> list[str]:
    """What becomes of a text in a server that takes every character for a byte, or knows no others than ASCII's."""
    if text.isascii():
        return []
    data = text.encode("utf-8", "replace")
    ways = [
        text.encode("ascii", "replace").decode(),
        text.encode("ascii", "ignore").decode(),
        text.encode("latin-1", "replace").decode("latin-1"),
        data.decode("latin-1"),
        data.decode("cp1252", "replace"),
        data.decode("ascii", "replace"),
    ]
    return [wrong for wrong in dict.fromkeys(ways) if wrong.strip()]


class Chunk(NamedTuple):
    """What one read brought, looked up: public messages. A server tells everybody the same, byte for byte: the next ear
    that hears it need not look again, unless it belongs to one of the speakers."""

    messages: array[int]
    forms: bytes
    highest: int  # of the messages
    rest: bytes  # an unfinished line at its end
    speakers: frozenset[int | None]


class Vocabulary:
    """The register of one run. Grows only; nothing that was added is ever forgotten."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.nicks: set[str] = set()
        self.rooms: set[str] = set(profile.rooms.names if profile.rooms else ())
        if profile.rooms and profile.rooms.default:
            self.rooms.add(profile.rooms.default)
        self.utterances: dict[int, Utterance] = {}
        self.by_marker: dict[int, list[Utterance]] = {}
        self.literals: dict[str, Utterance] = {}  # as searched for: folded if the server lower-cases
        self._own: dict[str | int, set[int]] = {}  # nick, or session where it is known → the messages it sent
        self.known: dict[bytes, int] = {}  # rendering → message, in form `hears`
        self.known_elsewhere: dict[bytes, tuple[int, int]] = {}  # rendering → message, number of its form
        self.chunks: dict[bytes, Chunk] = {}  # of reads since the last message was said
        self._alike_frames: set[bytes] = set()
        self._lengths: dict[int, set[int]] = {}  # message → of its renderings; where there are no frames to look up
        self.highest = -1
        self.longest_front = 0  # so many characters may stand before what a message is recognised by
        self.forms = Forms(profile, self.nicks, self.rooms)
        self._fronts: dict[str, int] = {}
        self._recent: deque[str] = deque()
        self._grams: dict[str, list[int]] = {}
        self._indexed = 0
        self._order: list[int] = []
        self._alike: dict[str, int] = {}
        self._ends: set[str] = set()  # beginnings and ends of messages, shorter than a piece
        self._miscoded: dict[str, int] = {}
        self._pieces: dict[int, int] = {}  # of the text looked at: message → characters in its pieces

    def __len__(self) -> int:
        return len(self.utterances)

    def meet(self, nick: str) -> None:
        """A nickname of this run: chosen, assigned, or an address."""
        if nick and nick not in self.nicks:
            self.nicks.add(nick)
            self.forms.names_changed()

    def room(self, name: str) -> None:
        if name not in self.rooms:
            self.rooms.add(name)
            self.forms.names_changed()

    def add(
        self,
        message: int,
        text: str,
        *,
        kind: Kind,
        nick: str | None,
        room: str | None = None,
        to: str | None = None,
        marker: int | None,
        sender: int | None = None,
    ) -> None:
        """A message that is about to be sent. `marker`: the number of the marker in its text; None if it stands
        unmarked, which its text must bear: it is no part of any other text, nick or template.

        `sender`: its session. Without one, a message is an ear's own if it bears the ear's nick.
        """
        if self.profile.strip_ansi:
            text = ANSI.sub("", text)
        head = 0 if marker is None else max(0, folded(text).find(markers.head(marker)))
        said = Utterance(message, text, kind, nick, room, to, sender, marker, head)
        self.chunks.clear()
        self.utterances[message] = said
        self._order.append(message)
        self.highest = max(self.highest, message)
        self.longest_front = max(self.longest_front, said.anchored)
        if marker is not None:
            self.by_marker.setdefault(marker, []).append(said)
        elif text:
            self.literals[folded(text) if self.profile.text_lower else text] = said
        if nick:
            self.meet(nick)
        owner = sender if sender is not None else nick
        if owner is not None and owner != "":
            self._own.setdefault(owner, set()).add(message)
        if not self.profile.received.promises:
            self._note_front(said)
        if len(text) <= LONGEST_KNOWN_FRAME:
            self._note_renderings(said)

    def remember(self, data: bytes, messages: array[int], forms: bytes, rest: bytes) -> None:
        """These bytes, from the beginning of a line on, are these messages."""
        speakers = frozenset([self.utterances[message].sender for message in messages])
        if None in speakers:
            return  # whose they are is for each ear to tell
        if len(self.chunks) >= _CHUNKS:
            self.chunks.clear()
        self.chunks[data] = Chunk(messages, forms, max(messages), rest, speakers)

    def is_own(self, message: int, nick: str, session: int) -> bool:
        said = self.utterances[message]
        if said.sender is not None:
            return said.sender == session
        return bool(nick) and said.nick == nick

    def own(self, nick: str, session: int) -> set[int]:
        """What this session sent, as far as `is_own` can tell. A view: look, don't touch."""
        of_session, of_nick = self._own.get(session), self._own.get(nick) if nick else None
        if of_session is None or of_nick is None:
            return of_session or of_nick or _NOTHING
        return of_session | of_nick

    # --- known frames ------------------------------------------------------------------------------------------

    def _note_renderings(self, said: Utterance) -> None:
        profile = self.profile
        match said.kind:
            case "public":
                self._note(said, profile.public.hears, "hears")
                self._note(said, profile.public.echo, "echo")
            case "whisper":
                self._note(said, profile.whisper.hears, "whisper")
                self._note(said, profile.whisper.echo, "whisper-echo")
            case "room":
                if profile.rooms is not None:
                    self._note(said, profile.rooms.voice.hears, "room")
                    self._note(said, profile.rooms.voice.echo, "room-echo")
            case "reply":
                if profile.operator is not None:
                    self._note(said, profile.operator.hears, "reply")

    def _note(self, said: Utterance, templates: Iterable[Template], form: str) -> None:
        for template in templates:
            frame = self._rendered(template, said)
            if frame is None:
                continue
            if not self.profile.received.promises:
                self._lengths.setdefault(said.message, set()).add(len(frame))
            if frame in self._alike_frames or self.known.get(frame) == said.message:
                continue  # an echo that reads as `hears` is told from it by who hears it
            if frame in self.known or self.known_elsewhere.get(frame, (said.message,))[0] != said.message:
                # Two messages that look the same: the ears must look closer.
                self._alike_frames.add(frame)
                self.known.pop(frame, None)
                self.known_elsewhere.pop(frame, None)
            elif form == "hears":
                self.known[frame] = said.message
            else:
                self.known_elsewhere.setdefault(frame, (said.message, FORMS.index(form)))

    def _rendered(self, template: Template, said: Utterance) -> bytes | None:
        """The frame, if the template leaves nothing open and fits into one."""
        if template.shape == "regex" or not template.fields <= {"nick", "text", "room", "to"}:
            return None
        values = {"text": said.text}
        for name, value in (("nick", said.nick), ("room", said.room), ("to", said.to)):
            if name in template.fields:
                if value is None:
                    return None
                values[name] = value
        frames = template.render(values)
        if len(frames) != 1:
            return None
        try:
            return frames[0].encode(self.profile.encoding)
        except UnicodeError:
            return None

    def known_run(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Renderings at the front of these bytes, one directly after the other: where each begins and ends."""
        at = 0
        while at < len(data):
            found = markers.first(data, at)
            if found is None:
                return
            start, number = found
            for said in self.by_marker.get(number, ()):
                end = at + self._run_length(said, data, at, start)
                if end > at:
                    break
            else:
                return
            if end == at:
                return
            yield at, end
            at = end

    def _run_length(self, said: Utterance, data: bytes, at: int, marker: int) -> int:
        """The length of the known rendering of this message that stands here, or 0."""
        for length in self._lengths.get(said.message, ()):
            frame = data[at : at + length]
            if marker < at + length and (frame in self.known or frame in self.known_elsewhere):
                return length
        return 0

    # --- fronts: the beginnings of texts before they can be recognised --------------------------------------------

    def _note_front(self, said: Utterance) -> None:
        front = said.text[: min(said.anchored - 1, _FRONT)]
        for end in range(1, len(front) + 1):
            piece = front[:end]
            self._fronts[piece] = self._fronts.get(piece, 0) + 1
        self._recent.append(front)
        if len(self._recent) > _RECENT:
            old = self._recent.popleft()
            for end in range(1, len(old) + 1):
                piece = old[:end]
                left = self._fronts[piece] - 1
                if left:
                    self._fronts[piece] = left
                else:
                    del self._fronts[piece]

    def front_at_end(self, text: str) -> int | None:
        """Where at the end of `text` a message seems to begin that is not there far enough to be recognised."""
        for start in range(max(0, len(text) - _FRONT), len(text)):
            if text[start:] in self._fronts:
                return start
        return None

    # --- what is near ------------------------------------------------------------------------------------------------

    def near(self, text: str) -> list[tuple[int, str]]:
        """Messages that this text, which bears no marker, may have been: (message, how it was damaged), best first.

        A common piece of 12 characters, or of half the message if that is more; a short text that lost its case, its
        outer blanks or less than half of itself; one that went through a wrong encoding; pieces of 12 characters that
        together are half of it. Linear in the text; the index is built when first asked for.
        """
        self._index()
        text = text[:65_536]
        same = self._alike.get(folded(text).strip())
        if same is not None:
            sent = self.utterances[same].text
            return [(same, "stripped" if sent.strip() == text.strip() else "case")]
        same = self._miscoded.get(text.strip())
        if same is not None:
            return [(same, "garbled")]
        best: dict[int, int] = {}
        looked: set[tuple[int, int]] = set()
        self._pieces.clear()
        for start in range(len(text) - _GRAM + 1):
            for message in self._grams.get(text[start : start + _GRAM], ()):
                self._longest(message, text, start, best, looked)
        near = [(length, message) for message, length in best.items() if self._is_piece(message, length)]
        near.sort(key=lambda item: (-item[0], item[1]))
        return [(message, self._how(message, text, length)) for length, message in near]

    def _longest(self, message: int, text: str, start: int, best: dict[int, int], looked: set[tuple[int, int]]) -> None:
        sent = self.utterances[message].text
        gram = text[start : start + _GRAM]
        at = sent.find(gram)
        while at >= 0:
            if (message, at - start) not in looked:
                if len(looked) < 10_000:  # a repetitive garbage must not cost more than it is worth
                    looked.add((message, at - start))
                begin, end = at, at + _GRAM
                here = start
                while begin > 0 and here > 0 and sent[begin - 1] == text[here - 1]:
                    begin, here = begin - 1, here - 1
                there = start + _GRAM
                while end < len(sent) and there < len(text) and sent[end] == text[there]:
                    end, there = end + 1, there + 1
                best[message] = max(best.get(message, 0), end - begin)
                if end - begin >= _PIECE:
                    self._pieces[message] = self._pieces.get(message, 0) + end - begin
            at = sent.find(gram, at + 1) if len(sent) < 4096 else -1

    def _is_piece(self, message: int, length: int) -> bool:
        half = len(self.utterances[message].text) // 2
        return length >= max(_PIECE, half) or self._pieces.get(message, 0) >= max(_PIECE, half)

    def _how(self, message: int, text: str, length: int) -> str:
        return (
            "truncated"
            if length < len(self.utterances[message].text) and text.strip() in (self.utterances[message].text)
            else "garbled"
        )

    def is_part(self, text: str) -> bool:
        """Does the text hold a piece of anything that was said: 12 characters, or half of a shorter message? Or is it the
        very beginning or end of one, be it as short as three? Of still fewer characters nobody can say."""
        self._index()
        text = text[:65_536]
        if len(text.strip()) < _SHORTEST_END or folded(text).strip() in self._alike or text.strip() in self._ends:
            return True
        best: dict[int, int] = {}
        looked: set[tuple[int, int]] = set()
        for start in range(len(text) - _GRAM + 1):
            for message in self._grams.get(text[start : start + _GRAM], ()):
                self._longest(message, text, start, best, looked)
        return any(length >= min(_PIECE, len(self.utterances[m].text) / 2) for m, length in best.items())

    def _index(self) -> None:
        """Sampled grams: any common piece of the length that counts holds at least one of them."""
        while self._indexed < len(self._order):
            said = self.utterances[self._order[self._indexed]]
            self._indexed += 1
            text = said.text
            self._alike.setdefault(folded(text).strip(), said.message)
            for size in range(_SHORTEST_END, _PIECE):
                self._ends.update((text[:size].strip(), text[-size:].strip()))
            for wrong in miscoded(text):
                self._miscoded.setdefault(wrong.strip(), said.message)
            least = _PIECE if len(text) <= 4096 else _CHUNK
            least = min(least, max(_GRAM, len(text) // 2))
            for start in range(0, max(1, len(text) - _GRAM + 1), least - _GRAM + 1):
                bucket = self._grams.setdefault(text[start : start + _GRAM], [])
                if len(bucket) < 32 and said.message not in bucket[-1:]:
                    bucket.append(said.message)

    # --- looking up ------------------------------------------------------------------------------------------------

    def spellings(self, said: Utterance) -> list[tuple[str, int, str]]:
        """How the text may stand in a stream: (spelling, where its marker begins, what that means: "" is unharmed)."""
        text = said.text
        spellings = [(text, said.head, "")]
        stripped = text.strip()
        if stripped != text and stripped:
            lost = len(text) - len(text.lstrip())
            spellings.append((stripped, max(0, said.head - lost), "" if self.profile.text_strip else "stripped"))
        if self.forms.json and not self.profile.received.promises:
            for escaped in escapes(text):
                front = len(escapes(text[: said.head])[0]) if said.head else 0
                for other in escapes(text[: said.head]) if said.head else ():
                    if escaped.startswith(other):
                        front = len(other)
                spellings.append((escaped, front, ""))
        return spellings
