"""Which server: the options that name it, read and checked against each other."""

from __future__ import annotations

from chatsim.cli.files import Problems

__all__ = ["address", "check_target"]


def address(text: str, problems: Problems) -> tuple[str, int] | None:
    """HOST:PORT, with an IPv6 host in brackets: `[::1]:5000`."""
    from chatsim.runs import address_of

    return problems.attempt(lambda: address_of(text))


def check_target(server: str | None, connect: str | None, profile: str | None, problems: Problems) -> None:
    """One server at most, and one that we did not write needs to be told how it is spoken to."""
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
    if (server is not None or connect is not None) and profile is None:
        from chatsim.profile.reader import builtin_names

        problems.add(
            "a server needs --profile, which says how it is spoken to",
            f"A file of yours, or one that comes with chatsim: {', '.join(builtin_names())}.\n"
            "`chatsim profiles` says what each is like.",
        )
