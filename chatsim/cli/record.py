"""`chatsim record`: a live session, written as a scenario and a history."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.files import complete_profiles

__all__ = ["record"]


def record(
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="F", help="Where the scenario is written; - is stdout."),
    ],
    profile: Annotated[
        str,
        typer.Option(
            metavar="P",
            show_default=False,
            help="How the server is spoken to: a profile's file, or the name of a built-in one.",
            autocompletion=complete_profiles,
        ),
    ],
    server: Annotated[
        str | None,
        typer.Option(metavar="CMD", show_default=False, help="Start the server with this command."),
    ] = None,
    connect: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", show_default=False, help="Use a server that is running already."),
    ] = None,
    listen: Annotated[
        str,
        typer.Option(metavar="[HOST:]PORT", show_default=False, help="Where clients connect. Default: a free port."),
    ] = "127.0.0.1:0",
    history: Annotated[
        str | None,
        typer.Option(metavar="F", show_default=False, help="Write what everybody heard, for check and report."),
    ] = None,
) -> None:
    """Write a live session as a scenario and a history.

    Let real clients connect to the address that is told instead of to the server: every byte is passed on as it is,
    both ways. Ctrl-C ends the recording and writes the files; so does the server's end.
    """
    from chatsim.errors import UsageError

    raise UsageError("this verb is being built, and records nothing yet")
