"""`chatsim doctor`: what this machine offers."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.exit_codes import INCONCLUSIVE

__all__ = ["SETTINGS", "doctor"]

SETTINGS = {"epilog": "Exit code 0: servers whose authors may attack can be confined here; 3: they cannot."}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Tell what this machine offers, and how servers can be confined.

    Servers whose authors may attack, such as those of a class. Each way is tried, and nothing is changed. Where something
    better is not to be had, it says why, and what to do.
    """
    from chatsim.cli import surveyed
    from chatsim.cli.terminal import tell, width
    from chatsim.sandbox.survey import survey

    found = survey()
    tell(surveyed.as_json(found) if as_json else surveyed.as_text(found, width()))
    if found.best == "none":
        raise typer.Exit(INCONCLUSIVE)
