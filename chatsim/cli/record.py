"""`chatsim record`: a live session, written as a scenario and a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import Problems, complete_profiles

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile

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
        typer.Option(
            metavar="[HOST:]PORT",
            show_default=False,
            help="Where clients connect. Default: a free port of this machine.",
        ),
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
    from chatsim.cli.recorder import Recorder
    from chatsim.cli.target import address, check_target, check_wire
    from chatsim.cli.terminal import unwritable
    from chatsim.runs import Target

    problems = Problems()
    check_target(server, connect, problems)
    where = address(connect, problems) if connect is not None else None
    spoken = problems.profile(profile)
    if spoken is not None:
        check_wire(server, where, spoken, problems)
        _check_can_be_read(spoken, problems)
    here = _listening(listen, spoken, problems)
    for option, path in (("--output", output), ("--history", history)):
        if path is not None and (why := unwritable(path)) is not None:
            problems.add(f"{option}: {why}")
    if output == "-" and history == "-":
        problems.add("--output and --history can not both be standard output")
    problems.stop_if_any()
    assert spoken is not None and here is not None

    raise typer.Exit(Recorder(spoken, Target(command=server, address=where), here, output, history).record())


def _check_can_be_read(profile: Profile, problems: Problems) -> None:
    """Who listens in can not read everything."""
    if profile.python is not None:
        problems.add(
            f"{profile.name} is a profile in Python, and what a client says can not be read backwards from its code",
            "A profile without `python` can be recorded with.",
        )
    elif profile.line.tls is not None or profile.line.transport == "tls":
        problems.add(
            f"{profile.name} is spoken over TLS: whoever is between the two ends can not read it",
            "Record with the server's TLS switched off, and a profile that says so (transport: tcp).",
        )
    elif profile.line.transport == "udp":
        problems.add(
            f"{profile.name} is spoken over UDP, which has no connections to stand between",
            "TCP, WebSocket and Unix sockets can be recorded.",
        )


def _listening(text: str, profile: Profile | None, problems: Problems) -> tuple[str, int] | None:
    from chatsim.cli.target import address

    unix = profile is not None and profile.line.transport == "unix"
    if text.startswith("unix:") or unix:
        if not (unix and text.startswith("unix:")):
            called = profile.line.wire.called if profile is not None else "its wire"
            example = "Say --listen unix:PATH." if unix else "Say --listen PORT, or HOST:PORT."
            problems.add(f"--listen {text}: clients of this profile speak over {called}", example)
            return None
        return address(text, problems)
    host, colon, port = text.rpartition(":")
    host = (host[1:-1] if host.startswith("[") and host.endswith("]") else host) or "127.0.0.1"
    if port.isascii() and port.isdigit() and int(port) <= 65535 and (colon or host == "127.0.0.1"):
        return host, int(port)
    problems.add(f"--listen {text} is not [HOST:]PORT", "For example 5001, or 0.0.0.0:5001; port 0 is any free one.")
    return None
