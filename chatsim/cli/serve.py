"""`chatsim serve`: the reference server, which is a program of its own; chatsim only starts it."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["SETTINGS", "serve"]

SETTINGS = {"epilog": None}  # the exit code is the server's own


def serve(
    dialect: Annotated[
        str | None, typer.Option(metavar="NAME", help="What is spoken on the wire: lines, if not said otherwise.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="The port to listen at; 0: any free one.")] = 0,
    fault: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make this mistake (see `chatsim faults`); none: make none.")
    ] = None,
    list_dialects: Annotated[bool, typer.Option("--list-dialects", help="List the dialects and exit.")] = False,
) -> None:
    """Start the reference server: a chat server that is right, in several dialects.

    With --fault it is a server as a good student writes it, but for one mistake. It says on which port it listens.
    Ctrl-C ends it. The same as: python -m reference_server

    \b
    chatsim serve --port 5000
    chatsim talk 127.0.0.1:5000 --profile lines
    """
    import os
    import sys

    options = ["--host", host, "--port", str(port)]
    options += ["--dialect", dialect] if dialect is not None else []
    options += ["--fault", fault] if fault is not None else []
    options = ["--list-dialects"] if list_dialects else options
    command = [sys.executable, "-m", "reference_server", *options]
    if os.name == "nt":  # there exec starts a second process and ends this one: the shell would not wait
        import subprocess

        raise typer.Exit(subprocess.call(command))
    os.execv(sys.executable, command)
