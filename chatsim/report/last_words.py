"""The last that bots and the server said before a run ended, from its history."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chatsim.history import History

__all__ = ["bot_words", "server_words", "without_dumps"]

TALKING = ("heard", "damaged", "foreign", "unrecognised", "notice", "roster", "refused", "closed")

_DUMP = re.compile(
    r'(?:Fatal Python error: Aborted|(?:Current thread|Thread) 0x[0-9a-f]+.* \(most recent call first\):|  File ".*", line '
    r"(?:\d+|\?\?\?) in .*|  <no Python frame>|  \.\.\.|\.\.\.|Extension modules: .*)$"
)


def bot_words(history: History, bots: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """For each of these bots the indexes of the last three things it got, over all of its connections."""
    bot_of = {entry.session: entry.detail.get("bot") for entry in history.of("connect")}
    last: dict[str, list[int]] = {bot: [] for bot in bots}
    for entry in history.of(*TALKING):
        got = last.get(bot_of.get(entry.session) or "")
        if got is not None:
            got.append(entry.index)
            del got[:-3]
    return {bot: tuple(indexes) for bot, indexes in last.items() if indexes}


def server_words(history: History, most: int = 5) -> tuple[str, ...]:
    """The last lines that the server printed."""
    return tuple(without_dumps(str(entry.detail.get("line", "")) for entry in history.of("out")))[-most:]


def without_dumps(lines: Iterable[str]) -> Iterator[str]:
    """What the server printed of its own: the stacks that we made Python print when we ended it are nobody's last words.

    The lines of a traceback stay: they say "line 3, in f", and those of a dump "line 3 in f".
    """
    dumping = False
    for line in lines:
        if _DUMP.match(line):
            dumping = True
        elif line.strip() or not dumping:
            dumping = False
            yield line
