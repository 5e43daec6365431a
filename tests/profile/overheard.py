"""Small runs for the ears: a profile, who is there, and what is said. Records; asserts nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from chatsim.profile import markers
from chatsim.profile.ear import Ear
from chatsim.profile.framing import Framing
from chatsim.profile.phrases import Phrase
from chatsim.profile.profile import Await, Operator, Profile, Rooms, Roster, SendThis, Voice, Whenever
from chatsim.profile.templates import Template
from chatsim.profile.vocabulary import Vocabulary

T = Template
NICKS = ("ann", "bob", "cat")


def lines(**changes: object) -> Profile:
    """Newline frames, the server writes the name: the commonest kind of framed server."""
    return _profile(
        {
            "name": "lines",
            "received": Framing("newline"),
            "join": (SendThis(T("{nick}")), Await((T("Welcome, {nick}!"),))),
            "public": Voice(T("{text}"), (T("{nick}: {text}"),)),
            "joined": (T("* {nick} joined"),),
            "left": (T("* {nick} left"),),
            "whisper": Voice(T("/msg {to} {text}"), (T("(private) {nick}: {text}"),)),
            "rooms": Rooms(
                Voice(T("/in {room} {text}"), (T("[{room}] {nick}: {text}"),)),
                joined=(T("* {nick} entered {room}"),),
                left=(T("* {nick} left {room}"),),
            ),
            "roster": Roster(T("/who"), (T("Here: {nicks}"),)),
        },
        changes,
    )


def relay(**changes: object) -> Profile:
    """Bytes go to the others as they are; clients write their own name."""
    return _profile(
        {"name": "relay", "public": Voice(T("{nick}: {text}"), (T("{nick}: {text}"),)), "pace": "one-at-a-time"},
        changes,
    )


def prompted(**changes: object) -> Profile:
    """Raw chunks; the server asks for the name and writes names and notices, nothing between them."""
    return _profile(
        {
            "name": "prompted",
            "join": (Await((T("NICK"),)), SendThis(T("{nick}")), Await((T("Connected to the server!"),))),
            "public": Voice(T("{text}"), (T("{nick}: {text}"),)),
            "joined": (T("{nick} joined the chat!"),),
            "left": (T("{nick} left the chat!"),),
        },
        changes,
    )


def two_frames(**changes: object) -> Profile:
    """A header of ten digits; the name and the text are two frames."""
    return _profile(
        {
            "name": "two-frames",
            "received": Framing("digits", digits=10),
            "public": Voice(T("{text}"), (T("{nick}{next}{text}"),)),
        },
        changes,
    )


def json_lines(**changes: object) -> Profile:
    return _profile(
        {
            "name": "json-lines",
            "received": Framing("json-lines"),
            "public": Voice(
                T('{"type": "say", "text": "{text}"}'),
                (T('{"type": "message", "from": "{nick}", "text": "{text}"}'),),
                ack=(T('{"type": "ok", "text": "{text}"}'),),
            ),
            "joined": (T('{"type": "joined", "nick": "{nick}"}'),),
            "left": (T('{"type": "left", "nick": "{nick}"}'),),
            "roster": Roster(T('{"type": "who"}'), (T('{"type": "members", "nicks": "{nicks}"}'),)),
        },
        changes,
    )


def echo(**changes: object) -> Profile:
    """Unframed; everybody hears nobody but itself."""
    return _profile({"name": "echo", "nick": "none", "public": Voice(T("{text}"), (), (T("{text}"),))}, changes)


def _profile(usual: dict[str, object], changes: dict[str, object]) -> Profile:
    return Profile(**{**usual, **changes})  # type: ignore[arg-type]


class Talk:
    """One run: everything that is said in it, and ears for those who listen."""

    def __init__(self, profile: Profile, nicks: Iterable[str] = NICKS) -> None:
        self.profile = profile
        self.vocabulary = Vocabulary(profile)
        for nick in nicks:
            self.vocabulary.meet(nick)

    def said(
        self,
        text: str,
        nick: str | None = "bob",
        *,
        kind: str = "public",
        room: str | None = None,
        to: str | None = None,
        sender: int | None = None,
    ) -> int:
        """Add a message; HEAD and TAIL in its text stand for its markers. Returns its number."""
        number = len(self.vocabulary)
        marker = number * 7919 % markers.COUNT if "HEAD" in text else None
        if marker is not None:
            text = text.replace("HEAD", markers.head(marker)).replace("TAIL", markers.tail(marker))
        self.vocabulary.add(
            number,
            text,
            kind=kind,
            nick=nick,
            room=room,
            to=to,
            marker=marker,
            sender=sender,  # type: ignore[arg-type]
        )
        return number

    def text(self, message: int) -> str:
        return self.vocabulary.utterances[message].text

    def rendered(self, message: int, template: Template | None = None) -> bytes:
        """The bytes by which a right server tells the others."""
        said = self.vocabulary.utterances[message]
        values = {"nick": said.nick or "", "text": said.text, "room": said.room or "", "to": said.to or ""}
        values["*"] = "?"
        template = template or (self.profile.public.hears or self.profile.public.echo)[0]
        return b"".join(self.framed(frame) for frame in template.render(values))

    def framed(self, text: str) -> bytes:
        return self.profile.received.frame(text.encode(self.profile.encoding))

    def ear(self, nick: str = "ann", session: int = 0, *, joined: bool = True) -> Ear:
        """An ear whose dialogue is over, unless told otherwise."""
        ear = Ear(self.vocabulary, self.profile, nick, session)
        if joined:
            ear.await_none()
        return ear

    def heard(self, *chunks: bytes | str, nick: str = "ann", rest: bool = True) -> list[Phrase]:
        """What a new ear makes of these chunks; texts are framed first."""
        ear = self.ear(nick)
        out: list[Phrase] = []
        for chunk in chunks:
            out += ear.hear(self.framed(chunk) if isinstance(chunk, str) else chunk)
        return out + (ear.rest() if rest else [])


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(data) + 1) for place in places}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges) if b > a]


__all__ = [
    "NICKS", "Await", "Framing", "Operator", "Rooms", "Roster", "SendThis", "T", "Talk", "Voice", "Whenever",
    "cut", "echo", "json_lines", "lines", "prompted", "relay", "two_frames",
]  # fmt: skip
