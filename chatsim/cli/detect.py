"""`chatsim detect`: work out a profile by trying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

__all__ = ["SETTINGS", "detect"]

SETTINGS = {"context_settings": {"help_option_names": ["-h", "--help"], "allow_interspersed_args": False}}

AT_MOST = 30.0  # seconds


def detect(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMMAND…", help="Starts the server; stands behind --.", show_default=False),
    ] = None,
    connect: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A server that is running already, instead of a command."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="F", help="Write the profile to F instead of standard output."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--time", metavar="S", min=1.0, help="Take S seconds at most.", show_default="30")
    ] = AT_MOST,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="F", help="A source file of the server, where the command does not name it; several times for more."
        ),
    ] = None,
    isolate: Annotated[
        bool,
        typer.Option("--isolate", help="Give the server a network of its own (Linux), away from what uses its port."),
    ] = False,
    sandbox: Annotated[
        bool,
        typer.Option("--sandbox", help="Start it confined, in a copy of its folder, as `chatsim run --sandbox` does."),
    ] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Do not show what is being tried.")] = False,
) -> None:
    """Work out how a server is spoken to, and write a profile.

    Starts the server, lets a few bots come one after the other, listens, answers what is asked, and tries what chats
    usually do. Each line of the profile says what was seen; at its end stands what was not found out.

    \b
    chatsim detect -- python server.py
    chatsim detect --output mine.yaml -- java -cp build ChatServer 5000
    chatsim detect --connect 127.0.0.1:5000
    """
    import math

    from chatsim.cli.detecting import detect_and_tell
    from chatsim.cli.files import Problems
    from chatsim.cli.side_by_side import confined
    from chatsim.cli.target import address
    from chatsim.cli.terminal import unwritable
    from chatsim.runs import Target

    problems = Problems()
    if connect is None and not command:
        problems.add("detect needs a server", "A command that starts one: chatsim detect -- python server.py\n"
                     "Or one that is running: --connect HOST:PORT")  # fmt: skip
    if connect is not None and command:
        problems.add("a command and --connect exclude each other", "What is running already is not started.")
    where = address(connect, problems) if connect is not None else None
    if output is not None and output != "-" and (why := unwritable(output)):
        problems.add(f"--output: {why}")
    if not math.isfinite(seconds):
        problems.add(f"--time: {seconds} is no number of seconds")
    started = _one_line(command or ()) if where is None else None
    target = confined(Target(command=started, address=where, isolated=isolate), sandbox, connect, problems)
    problems.stop_if_any()
    raise typer.Exit(detect_and_tell(target, output, seconds, tuple(source or ()), quiet=quiet))


def _one_line(words: Sequence[str]) -> str:
    """As a profile has it. A word alone that has spaces is such a line already, as `run --server` is given it."""
    import shlex
    from pathlib import Path

    if len(words) == 1 and not Path(words[0]).is_file():
        return words[0]
    return " ".join(word if _is_plain(word) else shlex.quote(word) for word in words)


def _is_plain(word: str) -> bool:
    """`{port}` needs no quotes, whatever a shell might say."""
    import re

    return bool(re.fullmatch(r"[\w@%+=:,./{}-]+", word, re.ASCII))
