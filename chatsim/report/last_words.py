"""The last that bots and the server said before a run ended, from its history."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from chatsim.checks.verdict import Verdict
from chatsim.history import History
from chatsim.report.narrate import Narrator
from chatsim.report.printable import printable
from chatsim.report.report import Run

__all__ = ["bot_words", "heard_last", "server_words", "without_dumps"]

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


def heard_last(run: Run, verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """What the bots concerned heard last: those of the witnesses, in the order in which they appear."""
    history = run.history
    if history is None:
        return {bot: [printable(words)] for bot, words in list(run.bot_words.items())[:3]}
    narrator = Narrator(history)
    own = {message.text for message in history.messages if message.kind in ("knock", "fence")}
    indexes = [i for verdict in verdicts for i in verdict.witness if 0 <= i < len(history)]
    bots = dict.fromkeys(bot for i in indexes for bot in narrator.concerned(i))
    chosen = list(bots)[:3]
    told = {bot: narrator.lines(indexes) for bot, indexes in bot_words(history, chosen).items()}
    for bot in chosen:
        if bot in run.bot_words:
            lines = [line for line in run.bot_words[bot].split("\n") if line.strip()]
            told[bot] = [_dense(line) for line in lines if not _is_of_our_own(line, own)][-3:]
    return told


def _is_of_our_own(line: str, own: Collection[str]) -> bool:
    """Does the line hold a knock or a fence, and little else? To a reader that is noise."""
    return any(text in line for text in own) and len(line) < 80


def _dense(line: str) -> str:
    """What a bot got, without the blanks that pad a length to its columns."""
    return re.sub(" {9,}", "        ", printable(line))


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
