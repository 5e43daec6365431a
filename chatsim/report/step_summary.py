"""The summary of a step on GitHub, in Markdown: a table of scenarios, and what the console says of those that did not pass.

GitHub drops a summary of more than 1 MiB whole; so it is cut here, with a word about it. What a server sent stands in
fenced blocks alone, where nothing is markup, and every other word has its signs as character references.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from chatsim.report.cases import Status, Suite, suites
from chatsim.report.printable import shorten
from chatsim.report.report import Report

__all__ = ["MOST", "details", "render"]

MOST = 1024 * 1024  # bytes; at this, GitHub shows nothing at all
FOR_THE_END = 300  # bytes that are kept for the words about what was cut
LONGEST_NAME = 200

SIGNS = {
    Status.FAILED: "❌ failed",
    Status.ERROR: "⚠️ error",
    Status.PASSED: "✅ passed",
    Status.SKIPPED: "⏭️ skipped",
    Status.KNOWN: "☑️ known",
}
GRAVEST_FIRST = (Status.FAILED, Status.ERROR, Status.KNOWN, Status.PASSED, Status.SKIPPED)

_MARKUP = re.compile(r"[!-/:-@\[-`{-~]")  # all of ASCII that is neither letter, digit nor blank


def render(report: Report, room: int = MOST - 1) -> str:
    """The whole report in at most `room` bytes of UTF-8; empty if not even its head has room."""
    found = suites(report)
    head = _head(found)
    left = room - _bytes(head) - FOR_THE_END
    if left < 0:
        return ""
    rows, shown = _fitting([_row(suite) for suite in found], left // 2)
    text = head + rows + _rest(len(found) - shown)
    left = room - _bytes(text) - FOR_THE_END
    bad = [suite for suite in found if suite.told or _gravest(suite) in (Status.FAILED, Status.ERROR)]
    pieces, told = _fitting([details(suite) for suite in bad], left)
    if told == 0 and bad:
        pieces, told = _cut(bad[0], left), 1
    return text + pieces + _rest(len(bad) - told)


def _head(found: Sequence[Suite]) -> str:
    counts = Counter(_gravest(suite) for suite in found)
    told = ", ".join(f"{counts[status]} {SIGNS[status].split()[1]}" for status in GRAVEST_FIRST if counts[status])
    head = f"## chatsim: {told or 'nothing was played'}\n\n"
    return head + ("| | scenario | what failed | time |\n| --- | --- | --- | --- |\n" if found else "")


def _row(suite: Suite) -> str:
    bad = [case.name for case in suite.cases if case.status in (Status.FAILED, Status.ERROR, Status.KNOWN)]
    name = f"{_safe(suite.name)}<br><code>{_safe(suite.file)}</code>" if suite.file else _safe(suite.name)
    return f"| {SIGNS[_gravest(suite)]} | {name} | {_safe(', '.join(bad))} | {suite.seconds:.2f} s |\n"


def _gravest(suite: Suite) -> Status:
    """Of all its cases; one that passed outweighs those that were skipped."""
    statuses = {case.status for case in suite.cases}
    return next(status for status in GRAVEST_FIRST if status in statuses)


def details(suite: Suite, most: int | None = None) -> str:
    """What the console says of one scenario, folded; at most so many characters of it."""
    told = suite.told.strip("\n") or suite.cases[0].message
    if most is not None and len(told) > most:
        told = told[: told.rfind("\n", 0, most) + 1] + "… cut here"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", told)), default=0))
    return f"\n<details><summary>{_safe(suite.name)}</summary>\n\n{fence}text\n{told}\n{fence}\n\n</details>\n"


def _cut(suite: Suite, room: int) -> str:
    """As much of it as there is room for; a character has four bytes at most."""
    least = _bytes(details(suite, 0))
    return details(suite, (room - least) // 4) if room > least else ""


def _fitting(pieces: Sequence[str], room: int) -> tuple[str, int]:
    """The first of them that fit, and how many they are."""
    taken = list(_taken(pieces, room))
    return "".join(taken), len(taken)


def _taken(pieces: Sequence[str], room: int) -> Iterator[str]:
    for piece in pieces:
        room -= _bytes(piece)
        if room < 0:
            return
        yield piece


def _rest(left_out: int) -> str:
    return f"\n**{left_out} more** are left out here: GitHub shows 1 MiB.\n" if left_out else ""


def _safe(text: str) -> str:
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", shorten(text, LONGEST_NAME))


def _bytes(text: str) -> int:
    return len(text.encode("utf-8"))
