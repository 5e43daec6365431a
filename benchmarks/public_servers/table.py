"""What came of each server, as values; told as one Markdown table, and kept as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.public_servers.playing import Played

__all__ = ["Result", "from_json", "markdown", "summary", "to_json"]


@dataclass(frozen=True, slots=True)
class Result:
    """`starts`: on what it is reached; empty: `why_not` says why it does not start. What was not done is None."""

    id: str
    repository: str
    starts: str = ""
    why_not: str = ""
    no_chat: str = ""
    detect: str | None = None  # right, nearly, not
    differences: tuple[str, ...] = ()
    told: str = ""
    found: str = ""  # the profile that was detected, as it was written
    seconds: float | None = None  # that `detect` took
    lines: int | None = None  # of the profile by hand
    by_hand: Played | None = None
    alone: Played | None = None  # with the profile that was detected
    suite: Mapping[str, str] = field(
        default_factory=dict
    )  # property → the worst of its verdicts, all shipped scenarios

    @property
    def runs(self) -> bool:
        """Could it be played and judged? Also one that loses messages, or breaks by itself at its first client."""
        return self.by_hand is not None and self.by_hand.played


def to_json(results: Iterable[Result]) -> str:
    return json.dumps([asdict(result) for result in results], indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Result]:
    return [_result(words) for words in json.loads(text)]


def _result(words: dict[str, Any]) -> Result:
    for key in ("by_hand", "alone"):
        if (played := words[key]) is not None:
            lists = {name: tuple(played[name]) for name in ("failed", "inconclusive")}
            words[key] = Played(**{**played, **lists})
    words["differences"] = tuple(words["differences"])
    return Result(**words)


def markdown(results: Iterable[Result]) -> str:
    """The servers that start, those found best first; then those that do not, with the reason; then the sums."""
    every = list(results)
    started = sorted((one for one in every if one.starts), key=lambda one: (_RANK[one.detect], one.repository.lower()))
    lines = [
        "| server | `detect` | differs in | alone: join, chat, leave | lines by hand | by hand | said against it |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        *(_row(one) for one in started),
        "",
        summary(every),
    ]
    rest = [one for one in every if not one.starts]
    if rest:
        lines += ["", "Not started:", "", *(f"- `{one.repository}`: {_told(one.why_not)}" for one in rest)]
    return "\n".join(lines) + "\n"


_RANK: dict[str | None, int] = {"right": 0, "nearly": 1, "not": 2, None: 3}


def _row(one: Result) -> str:
    if one.no_chat:
        differs = f"no chat: {one.no_chat}"
    else:
        differs = "; ".join(one.differences[:2]) + (" …" if len(one.differences) > 2 else "")
    against = one.suite or dict.fromkeys(one.by_hand.failed if one.by_hand is not None else (), "failed")
    cells = (
        f"`{one.repository}`",
        one.detect or "",
        differs,
        _played(one.alone),
        "" if one.lines is None else str(one.lines),
        _played(one.by_hand),
        ", ".join(f"`{name}`" for name, outcome in against.items() if outcome == "failed"),
    )
    return f"| {' | '.join(_told(cell).replace('|', '¦') for cell in cells)} |"


def _told(text: str) -> str:
    """On one line, and without the folders of the machine on which it was played."""
    return re.sub(r"(?<![\w.])(?:/[\w.+-]+)+/", "", text.replace("\n", " "))


def _played(played: Played | None) -> str:
    if played is None:
        return ""
    if played.works:
        return "yes"
    return f"{'played' if played.played else 'no'}: {played.why}"


def summary(results: Iterable[Result]) -> str:
    every = list(results)
    started = [one for one in every if one.starts]
    ran = [one for one in started if one.runs]
    told = f"{len(started)} of {len(every)} start. {_of(len(ran), len(started))} of these can be run with a profile by hand."
    if not any(one.detect for one in started):
        return told
    verdicts = [sum(one.detect == verdict for one in started) for verdict in ("right", "nearly", "not")]
    chats = [one for one in ran if not one.no_chat]
    alone = sum(one.alone is not None and one.alone.works for one in chats)
    return (
        f"{told} `detect` was right on {verdicts[0]}, nearly on {verdicts[1]}, and not on {verdicts[2]}; with its profile "
        f"alone join, chat and leave work on {_of(alone, len(chats))} of the {len(chats)} chats that can be run."
    )


def _of(some: int, many: int) -> str:
    return f"{some} ({some / many:.0%})" if many else str(some)
