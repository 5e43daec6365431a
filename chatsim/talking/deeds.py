"""What a conversation asks of whoever holds the socket, the keyboard and the clock. To be done in order."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Abort",
    "Close",
    "Connect",
    "Deed",
    "HalfClose",
    "HangUp",
    "HoldReading",
    "ResumeReading",
    "Show",
    "Wait",
    "Write",
]


@dataclass(frozen=True, slots=True)
class Write:
    """Send these bytes, `after` so many seconds at least since those before. Each is one message: where nothing keeps
    messages apart, leave a moment between them; but not before one that has `more` of it to come."""

    data: bytes
    after: float = 0.0
    more: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """`text` is what the server sent, or (`ours`) what we say about the connection. May hold anything: escape it."""

    text: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Call `waited` after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """The conversation is over: shut down our writing side, read to the end, close."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The same, but the conversation goes on without a connection."""


@dataclass(frozen=True, slots=True)
class Abort:
    """Tear the connection down: a reset, or (`gently`) a mere close. What is not written yet never is."""

    gently: bool = False


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Shut down our writing side, when all is written; read on."""


@dataclass(frozen=True, slots=True)
class HoldReading:
    """Stop reading."""


@dataclass(frozen=True, slots=True)
class ResumeReading:
    """Read again."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Connect anew, and call `opened`. What there still is of the old connection is closed."""


Deed = Write | Show | Wait | Close | HangUp | Abort | HalfClose | HoldReading | ResumeReading | Connect
