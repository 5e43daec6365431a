"""What an ear makes of the bytes that one session received: the words between profile and engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatsim.profile.templates import Template

__all__ = [
    "Awaited",
    "Damaged",
    "Foreign",
    "Glued",
    "Named",
    "NoticeHeard",
    "Phrase",
    "Receipt",
    "Refusal",
    "RenameHeard",
    "RosterHeard",
    "Unrecognised",
    "WheneverHeard",
    "Whole",
]


@dataclass(frozen=True, slots=True)
class Whole:
    """Message `message` arrived, its text unharmed, in this form (history.FORMS; "unknown": in no known one)."""

    message: int
    form: str


@dataclass(frozen=True, slots=True)
class Named:
    """...under a name that is not the sender's. Comes after its `Whole`."""

    message: int
    name: str


@dataclass(frozen=True, slots=True)
class Glued:
    """Several whole messages under one boundary or one rendering. Comes after their `Whole`s."""

    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A message not unharmed. how: truncated | split | garbled | stripped | case. `split`: it was whole, but in pieces
    (a `Whole` came too); all others: no `Whole`. `text` is what arrived in its place."""

    message: int
    how: str
    text: str


@dataclass(frozen=True, slots=True)
class NoticeHeard:
    """what: joined | left. nick null: the notice names nobody. `dropped` is told from `left` by whoever knows the step."""

    what: str
    nick: str | None
    room: str | None
    text: str


@dataclass(frozen=True, slots=True)
class RenameHeard:
    """One who was called `nick` is called `new` now; null: the notice does not say so."""

    nick: str | None
    new: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """An `ack`; message null: it quotes no text (the oldest unacknowledged one of this sender is meant)."""

    message: int | None


@dataclass(frozen=True, slots=True)
class RosterHeard:
    names: tuple[str, ...]
    complete: bool = True  # false: one name of a list that goes on until `end` or quiet


@dataclass(frozen=True, slots=True)
class Awaited:
    """What the dialogue waits for has come. bindings: placeholder → text (e.g. an assigned nick)."""

    bindings: Mapping[str, str]
    text: str
    template: Template | None = field(default=None, compare=False)  # the one of several that came


@dataclass(frozen=True, slots=True)
class Refusal:
    text: str


@dataclass(frozen=True, slots=True)
class WheneverHeard:
    """rule: number in profile.whenever."""

    rule: int
    bindings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Foreign:
    """The form of a message under a name of this run, with a text that nobody sent (nor a piece of one)."""

    nick: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    text: str


Phrase = (
    Whole
    | Named
    | Glued
    | Damaged
    | NoticeHeard
    | RenameHeard
    | Receipt
    | RosterHeard
    | Awaited
    | Refusal
    | WheneverHeard
    | Foreign
    | Unrecognised
)
