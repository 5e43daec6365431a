"""What was understood of a session, in the words of a history: entries in their order, and the messages they speak of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chatsim.history import OF_MESSAGES, WORLD, Header, History, Message

__all__ = ["Life", "Note", "Understood", "room_of"]


@dataclass(slots=True)
class Note:
    """One entry to be. Kept changeable: who somebody is, and how one went, may be known only later.

    `raw`, of an `act`: its bytes, as they went over the wire.
    """

    at: float
    kind: str
    session: int = WORLD
    ref: int = -1
    form: str = "unknown"
    detail: dict[str, Any] = field(default_factory=dict)
    raw: bytes = b""


@dataclass(slots=True)
class Life:
    """One connection of one bot, which is a session of the history. `nick`: as it wanted to be called at first."""

    session: int
    nick: str = ""
    bot: str = ""
    told: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    notes: tuple[Note, ...]
    messages: tuple[Message, ...]
    lives: tuple[Life, ...]
    unknown: int  # acts and texts that the profile does not explain

    @property
    def bots(self) -> dict[str, str]:
        """Each bot, in the order in which they came, and its nickname (empty: it has none of its own)."""
        names: dict[str, str] = {}
        for life in self.lives:
            names.setdefault(life.bot, life.nick)
        return names

    def history(self, header: Header, steps: dict[int, dict[str, Any]] | None = None) -> History:
        """`steps`: what a `step` entry says, by the place of the note before which it begins."""
        history = History(header)
        history.messages.extend(self.messages)
        running: int | None = None
        last = 0.0
        for place, note in enumerate(self.notes):
            if steps and place in steps:
                if running is not None:
                    history.note(last, "step", number=running, phase="end")
                running = int(steps[place]["number"])
                history.note(note.at, "step", phase="begin", **steps[place])
            last = max(last, note.at)
            if note.kind in OF_MESSAGES:
                history.say(note.at, note.kind, note.session, note.ref, note.form)
            else:
                history.note(note.at, note.kind, note.session, **note.detail)
        if running is not None:
            history.note(last, "step", number=running, phase="end")
        history.note(last, "ended", why="done")
        return history


def room_of(message: Message) -> str:
    """Where it was said; empty if in no room."""
    return message.channel.removeprefix("room:") if message.channel.startswith("room:") else ""
