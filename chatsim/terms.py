"""What a profile declares that changes what is owed: the part of it that the checks judge by.

The history carries these terms in its header, so that a recorded run can be judged again without the profile's file.
The words are those of the profile language (docs: profile reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Speech", "Terms"]


@dataclass(frozen=True, slots=True)
class Speech:
    """One way of speaking (public, in rooms, whispers): who gets to hear it."""

    possible: bool = False  # there is a `says`
    heard: bool = False  # the others hear it (there is a `hears`)
    echo: bool = False  # the sender hears itself
    ack: bool = False  # the sender gets a receipt for each message
    composed: bool = False  # the client writes its own name into what it says: attribution is not the server's


@dataclass(frozen=True, slots=True)
class Terms:
    """The promises and limits of one server, as its profile states them."""

    transport: str = "tcp"  # see chatsim.wires
    framed_sent: bool = False  # boundaries promised for what bots send
    framed_received: bool = False  # boundaries promised for what bots receive
    join_dialogue: bool = False  # a client that has only connected has not joined yet
    leave_dialogue: bool = False  # there is a goodbye; without one, a clean close is the polite way
    nick: str = "chosen"  # chosen | assigned | none | address
    public: Speech = Speech()
    whisper: Speech = Speech()
    room: Speech = Speech()
    rooms: bool = False
    default_room: str | None = None
    rooms_many: bool = False
    notices: frozenset[str] = frozenset()  # of joined, left, dropped
    nameless_notices: frozenset[str] = frozenset()  # those of them without {nick}
    room_notices: frozenset[str] = frozenset()  # of joined, left
    roster: bool = False  # it can be asked for, or is pushed
    roster_asked: bool = False  # it can be asked for
    operator: str | None = None  # None | waiting | everyone
    operator_ends: bool = False
    output: frozenset[str] = frozenset()  # of joined, left, said: lines known on the server's console
    console_receives: bool = False  # nobody but the console hears public messages
    replays: bool = False
    text_strip: bool = False
    text_lower: bool = False
    slow_readers: str = "may-close"  # may-close | kept
    half_close: str = "leaves"  # leaves | answers
    exits: str = "never"  # never | when-empty
    knock: bool = True
    limit_nick: int | None = 12  # characters
    limit_text: int | None = None  # bytes
    limit_rate: float | None = None  # messages a second of one client
    limit_clients: int | None = None
    limit_silence: float | None = None  # seconds
    limit_pool: int | None = None
    stop: str = "SIGINT"  # SIGINT | SIGTERM | stdin
    promises: Mapping[str, bool] = field(default_factory=dict)  # as declared; scenario's demands merged in

    @property
    def others_hear(self) -> bool:
        """Does anybody hear anybody, so that presence can be proved by hearing?"""
        return (self.public.possible and self.public.heard) or (self.rooms and self.room.heard)

    def promised(self, name: str) -> bool:
        """Is the property (or `prompt-notices`) promised: as declared, else by the language's defaults."""
        if name in self.promises:
            return self.promises[name]
        return name not in ("total-order", "causal-order", "unique-nicknames", "prompt-notices")

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self)
        for key, value in plain.items():
            if isinstance(value, frozenset):
                plain[key] = sorted(value)
        plain["promises"] = dict(self.promises)
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Terms:
        values = dict(plain)
        for key in ("public", "whisper", "room"):
            values[key] = Speech(**values[key])
        for key in ("notices", "nameless_notices", "room_notices", "output"):
            values[key] = frozenset(values[key])
        return cls(**values)
