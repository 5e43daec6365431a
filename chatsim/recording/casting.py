"""Who is who: each connection of a session becomes a bot, called after the nickname that was used on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from chatsim.recording.notes import Life, Note
from chatsim.scenario.verbs import WORDS

__all__ = ["bot_name", "cast"]

LONGEST = 40  # characters of a name that is to be read


def cast(lives: Sequence[Life], notes: Sequence[Note]) -> None:
    """Gives each life its bot. One who comes again under the name of one who has gone is the same one."""
    begun = {note.session: at for at, note in enumerate(notes) if note.kind == "connect"}
    ended: dict[int, int] = {}
    for at, note in enumerate(notes):
        if note.kind in ("drop", "left", "closed", "refused"):
            ended.setdefault(note.session, at)
    last: dict[str, Life] = {}  # of each bot
    numbers: dict[str, int] = {}
    for life in lives:
        life.bot = next(
            (
                bot
                for bot, earlier in last.items()
                if life.nick
                and earlier.nick == life.nick
                and ended.get(earlier.session, len(notes)) < begun[life.session]
            ),
            "",
        ) or _new_name(life.nick, last)
        last[life.bot] = life
        numbers[life.bot] = numbers.get(life.bot, 0) + 1
        told = notes[begun[life.session]].detail
        told |= {"bot": life.bot, "nick": life.nick or None, "number": numbers[life.bot]}


def bot_name(nick: str) -> str:
    """A name for a bot with this nickname: of its letters, digits, - _ and . only; empty if there is no letter in it."""
    return re.sub(r"^[\W\d_]+|[.-]+$", "", re.sub(r"[^\w.-]+", "-", nick))[:LONGEST].rstrip(".-")


def _new_name(nick: str, taken: Mapping[str, Life]) -> str:
    name = bot_name(nick)
    plain = bool(name) and name not in WORDS
    stem = name + "-" if name else "client"
    number = 1
    while not plain and f"{stem}{number}" in taken:
        number += 1
    if not plain:
        return f"{stem}{number}"
    while (wanted := name if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return wanted
