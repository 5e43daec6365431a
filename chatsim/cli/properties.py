"""`chatsim properties`: the catalogue, from the code."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.nearest import did_you_mean

__all__ = ["SETTINGS", "properties"]

SETTINGS = {"epilog": None}


def _complete(incomplete: str) -> list[str]:
    from chatsim.properties import GROUPS, PROPERTIES

    names = (*GROUPS, *(known.name for known in PROPERTIES))
    return list(dict.fromkeys(name for name in names if name.startswith(incomplete)))


def properties(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A property or a group alone.", autocompletion=_complete)
    ] = None,
) -> None:
    """List what chatsim can prove: each property of the catalogue, and when a server violates it.

    A scenario's `check` takes these names and the names of the groups.
    """
    from chatsim.cli.table import aligned
    from chatsim.cli.terminal import tell, width
    from chatsim.errors import UsageError
    from chatsim.properties import GROUPS, PROPERTIES

    chosen = [known for known in PROPERTIES if name in (None, known.name, known.group)]
    if not chosen:
        names = (*GROUPS, *(known.name for known in PROPERTIES))
        hint = did_you_mean(name or "", names, "`chatsim properties` lists them all.")
        raise UsageError(f'there is no property "{name}"', hint=hint)
    blocks = []
    for group in dict.fromkeys(known.group for known in chosen):
        rows = [(known.name, known.violated_when) for known in chosen if known.group == group]
        blocks.append(f"{group}\n{aligned(rows, width())}")
    tell(("" if name else "A property fails when:\n\n") + "\n\n".join(blocks))
