"""The ear of one session: what its received bytes mean, in the order in which they came.

Messages are looked for first, whatever stands around them; then what stands around them tells their form; what is
awaited, notices and the like are looked for in the rest only. So nothing that a bot says is ever taken for a notice.

An ear is pure: bytes in, phrases out. It never raises for any bytes, its work is linear in them, and what it keeps is
bounded (what nobody has claimed: 64 KiB; an unfinished frame or message: 20 MiB).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from chatsim.profile.frame_reading import FrameReading
from chatsim.profile.output_ear import OutputEar
from chatsim.profile.phrases import Phrase
from chatsim.profile.profile import Profile
from chatsim.profile.reading import KEPT, Quick, Reading
from chatsim.profile.stream_reading import StreamReading
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import Chunk, Vocabulary

__all__ = ["Ear", "OutputEar", "Taken"]

TAIL = 2048
MESSAGES = 64  # so many lengths are kept


@dataclass(frozen=True, slots=True)
class Taken:
    """What came, taken apart. `rest`: what is no whole message yet; or never will be, if there is a reason (`broken`)."""

    frames: tuple[bytes, ...]
    rest: bytes = b""
    broken: str | None = None


class Ear:
    """One session's ear. All ears of a run share its vocabulary."""

    __slots__ = ("_cut", "_framing", "_lengths", "_reading", "_tail")

    def __init__(self, vocabulary: Vocabulary, profile: Profile, nick: str, session: int) -> None:
        reading = FrameReading if profile.received.promises else StreamReading
        self._reading: Reading = reading(vocabulary, profile, session)
        self._tail = bytearray()
        self._cut = False  # something that came before the tail is not in it any more
        self._framing = profile.received
        self._lengths = deque[int](maxlen=MESSAGES) if profile.received.kind == "message" else None
        self.nick = nick

    @property
    def nick(self) -> str:
        """The bot's name on the wire; empty while it is not known."""
        return self._reading.nick

    @nick.setter
    def nick(self, nick: str | None) -> None:
        self._reading.is_new(nick or "")
        self._reading.vocabulary.meet(nick or "")

    # --- hearing --------------------------------------------------------------------------------------------------

    def hear(self, data: bytes) -> list[Phrase]:
        """What these bytes, with what came before, say. In the order in which it stands in the stream."""
        out: list[Phrase] = []
        if data:
            self._note_tail(data)
            self._reading.hear(data, out)
        return out

    def hear_quick(self, data: bytes) -> Quick | None:
        """Message numbers and FORMS numbers, if all of this is known renderings, whole; else None, and nothing was
        taken: call `hear` with the same data."""
        known = self._reading.hear_quick(data)
        if known is not None:
            self._note_tail(data)
        return known

    def hear_again(self, data: bytes) -> Chunk | None:
        """The same, if another ear has just heard these very bytes, and this one hears in them what that one did: all
        public messages of others. None: nothing was taken."""
        chunk = self._reading.hear_again(data)
        if chunk is not None:
            self._note_tail(data)
        return chunk

    def await_(self, templates: Iterable[Template], refuses: Iterable[Template] = ()) -> list[Phrase]:
        """From now on these are awaited. Looks at once at everything that nobody has claimed.

        From here until `await_none` a dialogue is under way: what nobody claims is kept for what it may yet await.
        """
        reading = self._reading
        reading.awaited = [reading.forms.awaited(template, "awaited") for template in templates]
        reading.refuses = [reading.forms.awaited(template, "refuses") for template in refuses]
        reading.dialogue = True
        out: list[Phrase] = []
        reading.look_at_deferred(out)
        if reading.awaited or reading.refuses:
            reading.look_again(out)
        return out

    def await_none(self) -> None:
        """The dialogue is over: what it left unclaimed is told with the next that is heard."""
        self._reading.awaited, self._reading.refuses = [], []
        self._reading.dialogue = False

    def await_roster(self) -> None:
        """The answer to a question for the roster is expected."""
        self._reading.roster = True

    def look_for_notices(self, text: str = "") -> list[Phrase]:
        """A nickname has become known: is this, which was told as unrecognised, a notice about it? Without a
        text: is what nobody has claimed yet? Says nothing if not."""
        out: list[Phrase] = []
        self._reading.look_for_notices(text, out)
        return out

    def rest(self) -> list[Phrase]:
        """Nothing more will come for what is pending: say what it is. May be called at any time, any number of times."""
        reading, out = self._reading, list[Phrase]()
        reading.end(out)
        reading.tell_deferred(out)
        for piece in list(reading.pieces.values()):
            reading.give_up(piece, out)
        reading.roster = False
        return out

    # --- what others may ask --------------------------------------------------------------------------------------

    @property
    def unclaimed(self) -> str:
        """What nobody has claimed so far, the last 64 Ki characters of it."""
        parts = [self._reading.lost, *self._reading.deferred, self._reading.waiting]
        return "\n".join(part for part in parts if part)[-KEPT:]

    @property
    def tail(self) -> bytes:
        """The last 2 KiB received."""
        return bytes(self._tail[-TAIL:])

    def taken(self) -> Taken | None:
        """The last that was received, as the framing has it; None where that can not be told any more, or keeps nothing
        apart. Meant for what came of a dialogue that is not long."""
        if self._lengths is not None:
            return Taken(tuple(self._last_messages()))
        if self._cut or not self._framing.promises:
            return None
        decoder = self._framing.decoder()
        frames = decoder.feed(bytes(self._tail))
        return Taken(tuple(frames), decoder.rest(), decoder.broken)

    def _last_messages(self) -> list[bytes]:
        found: list[bytes] = []
        end = len(self._tail)
        for length in reversed(self._lengths or ()):
            if end <= 0:
                break
            found.append(bytes(self._tail[max(0, end - length) : end]))
            end -= length
        return found[::-1]

    @property
    def unexplained(self) -> int:
        """How many bytes no sent message and no known form explains. Copies of a message beyond a few, and notices
        beyond a mebibyte, explain nothing any more."""
        return self._reading.flood

    def _note_tail(self, data: bytes) -> None:
        tail = self._tail
        if len(data) > TAIL:
            self._cut = True
        tail += data if len(data) <= TAIL else data[-TAIL:]
        if self._lengths is not None:
            self._lengths.append(len(data))
        if len(tail) > 2 * TAIL:  # cut now and then, not at each read
            del tail[:-TAIL]
            self._cut = True
