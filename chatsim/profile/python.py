"""Profiles in Python, for what no template can say: ciphers, pickles, key exchanges. This is all that their author needs.

A profile in Python is a subclass of `Connection`. One object is made for each connection. It has no socket and no clock:
bytes go in and *events* come out (`received`), *actions* go in and bytes come out (`say`, `leave` …). What it does not
override the server cannot do. What the server does besides is said by class attributes, with the words of the language.

    class Shouting(Connection):
        notices = ("joined",)

        def opened(self) -> bytes:
            return self.me.nick.encode() + b"!"

        def received(self, data: bytes) -> Iterable[Event]: ...

        def say(self, text: str) -> bytes:
            return text.upper().encode() + b"!"

What every author must hold to, and `tests/contracts/profile.py` asks of a profile: however the bytes are cut, the same
events come, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

__all__ = [
    "Client",
    "Connection",
    "Entered",
    "Event",
    "Exited",
    "Framer",
    "Goodbye",
    "Joined",
    "Left",
    "Receipt",
    "Refused",
    "Reply",
    "Roster",
    "Said",
    "Unknown",
    "Welcome",
]


@dataclass(frozen=True, slots=True)
class Client:
    """Whose connection it is."""

    nick: str  # the name it wants; empty with `nick = "assigned"` or "none"
    number: int  # of the connection in this run, from 1
    password: str  # the same each time this bot comes
    ip: str = ""  # its own address, as the server sees it
    port: int = 0


# --- events: what the bytes of the server mean --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes that the server must be sent now: the answer in a key exchange, or to a PING."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Welcome:
    """The join is done. `nick`: the name, where the server gives it."""

    nick: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server does not let this client in, or not into a room."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A message. `nick`: who said it, if the server tells; `private`: it is for this client alone; `room`: where."""

    text: str
    nick: str | None = None
    private: bool = False
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The server tells that somebody has come (`room`: into it)."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """... that somebody has gone."""

    nick: str
    room: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The server has got a message of this client. `text`: which, if it tells; else the oldest without a receipt."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is there: the answer to `who`, or told unasked."""

    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Entered:
    """This client is in the room that it asked for."""


@dataclass(frozen=True, slots=True)
class Exited:
    """This client is out of the room that it left."""


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The server has answered `leave`."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something came, and it is none of these. It is kept, and shown as unrecognised."""

    text: str


Event = Reply | Welcome | Refused | Said | Joined | Left | Receipt | Roster | Entered | Exited | Goodbye | Unknown


class Connection:
    """One client's connection, in a language of its author's own.

    What is overridden says what the server can do: `say` (public chat), `whisper`, `enter`/`exit`/`say_in` (rooms),
    `who` (a roster that can be asked for), `leave` (a goodbye before closing). An action returns bytes to be written,
    as one message; b"" writes nothing.
    """

    nick: ClassVar[Literal["chosen", "assigned", "none"]] = "chosen"  # assigned: told by `Welcome(nick)`
    welcomes: ClassVar[bool] = True  # a join ends with `Welcome`; False: when `opened` has been written
    hears: ClassVar[bool] = True  # the others get what one says
    echo: ClassVar[bool] = False  # the sender gets it, too
    ack: ClassVar[bool] = False  # the sender gets a `Receipt` for each message
    notices: ClassVar[tuple[str, ...]] = ()  # of "joined", "left": the others are told
    refuses: ClassVar[bool] = True  # a client can be refused
    answers_leave: ClassVar[bool] = False  # `leave` is answered by `Goodbye`
    confirms_rooms: ClassVar[bool] = True  # `enter` is answered by `Entered`, `exit` by `Exited`
    many_rooms: ClassVar[bool] = False  # a client can be in several at once
    tells_roster: ClassVar[bool] = False  # `Roster` comes unasked
    apart: ClassVar[bool] = True  # messages stay apart, whatever the network makes of them; False: as `framing: none`
    replays: ClassVar[bool] = False  # a newcomer is sent earlier messages

    def __init__(self, me: Client) -> None:
        """Called when the connection stands. Whoever overrides it calls it, too."""
        self.me = me

    def opened(self) -> bytes:
        """The join begins: what the client says first, if it does."""
        return b""

    def received(self, data: bytes) -> Iterable[Event]:
        """These bytes came, cut anywhere: what do they mean, together with what is still unfinished?"""
        return (Unknown(data.decode("utf-8", "backslashreplace")),)

    def say(self, text: str) -> bytes:
        """Say it to all."""
        raise NotImplementedError

    def whisper(self, to: str, text: str) -> bytes:
        """Say it to one."""
        raise NotImplementedError

    def enter(self, room: str) -> bytes:
        raise NotImplementedError

    def exit(self, room: str) -> bytes:
        raise NotImplementedError

    def say_in(self, room: str, text: str) -> bytes:
        """Say it in a room."""
        raise NotImplementedError

    def who(self) -> bytes:
        """Ask who is there."""
        raise NotImplementedError

    def leave(self) -> bytes:
        """The goodbye before the connection is closed."""
        raise NotImplementedError


class Framer(Protocol):
    """`framing: {python: "module:Class"}`: where one message ends and the next begins; what is in it, templates say.

    One object is made for each connection, without arguments. It may also translate: a framing that unpickles can hand
    on JSON, and the templates are JSON objects then.
    """

    def frame(self, payload: bytes) -> bytes:
        """The message as it goes on the wire. Keeps nothing in mind from one to the next."""
        ...

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The messages that these bytes, with what came before, complete. ValueError: this is no message, and what
        follows cannot be taken apart any more."""
        ...
