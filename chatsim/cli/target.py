"""Which server: the options that name it, read and checked against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatsim.cli.files import Problems

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile

__all__ = ["address", "check_target", "check_wire"]


def address(text: str, problems: Problems) -> tuple[str, int] | None:
    """HOST:PORT, with an IPv6 host in brackets: `[::1]:5000`; or unix:PATH, which is given back with port 0."""
    from chatsim.runs import address_of

    return problems.attempt(lambda: address_of(text))


def check_target(server: str | None, connect: str | None, problems: Problems) -> None:
    """One server at most."""
    if server is not None and connect is not None:
        problems.add(
            "--server and --connect exclude each other",
            "--server starts a server, --connect uses one that is running already.",
        )
    if server is not None and not server.strip():
        problems.add("--server is empty", 'Give the command that starts it: --server "python server.py"')
    if server is not None and server.strip():
        import shlex

        try:
            shlex.split(server)
        except ValueError as problem:
            problems.add(f"--server can not be read: {server}", f"It is split as by a shell: {str(problem).lower()}.")


def check_wire(
    server: str | None, connect: tuple[str, int] | None, profile: Profile | None, problems: Problems
) -> None:
    """A Unix socket has a path and no port, anything else a port and no path."""
    if profile is None:
        return
    wire = profile.line.wire
    unix = wire.sockets == "unix"
    extending = f"Say so in a profile of yours: extends: {profile.name}, and transport: unix."
    if connect is not None and unix and connect[1]:
        problems.add(
            f"{profile.name} is spoken over {wire.called}, which has a path", "For example unix:/tmp/chat.sock"
        )
    if connect is not None and not unix and not connect[1]:
        problems.add(f"{profile.name} is spoken over {wire.called}, and not over a Unix socket", extending)
    if server is not None and not unix and "{socket}" in server:
        problems.add(f"{{socket}} is for a Unix socket, and {profile.name} is spoken over {wire.called}", extending)
    if server is not None and unix and "{port}" in server and "{socket}" not in server:
        problems.add(
            f"{profile.name} is spoken over {wire.called}, which has no port", "Write {socket} where its path stands."
        )
