"""The table for the docs, from what `chatsim selftest --json` wrote.

    python -m chatsim.selftest.markdown selftest.json docs/selftest.md

writes it between the marks of that document, and leaves the rest as it stands.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatsim.properties import GROUPS, PROPERTIES

__all__ = ["refreshed", "render"]

BEGIN, END = "<!-- the table: begin -->\n", "<!-- the table: end -->\n"

OWN, OTHER, MISSED = "●", "○", "✗"


def render(plain: dict[str, Any]) -> str:
    """For each group of properties, the faults that break one of them."""
    return "\n".join("\n".join(block) + "\n" for block in _blocks(plain))


def refreshed(document: str, plain: dict[str, Any]) -> str:
    """The document with the table of this selftest."""
    head, _, rest = document.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError(f"the document has no place for the table: {BEGIN.strip()} … {END.strip()}")
    return f"{head}{BEGIN}\n{render(plain)}\n{END}{tail}"


def _blocks(plain: dict[str, Any]) -> Iterator[list[str]]:
    faults = [row for row in plain["rows"] if not row["right"]]
    right = [row for row in plain["rows"] if row["right"]]
    yield [_sum(plain, faults, right)]
    groups = {known.name: known.group for known in PROPERTIES}
    for group in GROUPS:
        own = [row for row in faults if groups[row["breaks"][0]] == group]
        if own:
            yield [f"### {group.capitalize()}"]
            yield list(_group(group, own))
    if right:
        yield ["### Right servers"]
        yield ["| server | runs | blamed |", "| --- | --- | --- |", *map(_right, right)]


def _sum(plain: dict[str, Any], faults: list[dict[str, Any]], right: list[dict[str, Any]]) -> str:
    caught = sum(row["outcome"] == "caught" for row in faults)
    blamed = sum(row["outcome"] == "false-alarm" for row in right)
    runs = sum(len(row["runs"]) for row in plain["rows"])
    asked = plain["asked"]
    rounds = "1 round" if asked["repeat"] == 1 else f"{asked['repeat']} rounds"
    rounds += ", each over as soon as its fault was caught" if asked["first"] else ""
    rounds += ", interrupted before all was played" if plain["interrupted"] else ""
    return (
        f"Version {plain['version']}, {rounds}: {caught} of {len(faults)} faults caught by what "
        f"they break, {blamed} of {len(right)} right servers blamed, in {runs:,} runs."
    )


def _group(group: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    names = [known.name for known in PROPERTIES if known.group == group]
    yield f"| fault | {' | '.join(f'`{name}`' for name in names)} | others that fail |"
    yield "| --- |" + " --- |" * (len(names) + 1)
    for row in rows:
        cells = [_cell(row, name) for name in names]
        others = [known.name for known in PROPERTIES if known.name not in names and _cell(row, known.name)]
        rate = f" ({row['caught']} of {row['rounds']} rounds)" if row["racy"] else ""
        told = ", ".join(f"`{name}`" + (f" {_cell(row, name)}" if name in row["breaks"] else "") for name in others)
        yield f"| `{row['name']}`{rate}: {row['about'].replace('|', chr(92) + '|')} | {' | '.join(cells)} | {told} |"


def _cell(row: dict[str, Any], name: str) -> str:
    if name in row["breaks"]:
        return OWN if row["outcome"] == "caught" else MISSED
    return OTHER if name in row["failed"] else ""


def _right(row: dict[str, Any]) -> str:
    blamed = sum(run["outcome"] not in ("passed", "not-applicable") for run in row["runs"])
    return f"| {row['about']}, `{row['dialect']}` | {len(row['runs'])} | {blamed} |"


def main(read: str, document: str) -> None:
    path = Path(document)
    plain = json.loads(Path(read).read_text(encoding="utf-8"))
    path.write_text(refreshed(path.read_text(encoding="utf-8"), plain), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
