"""Detecting for the command line: what is being tried is shown, what was found is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chatsim.cli.exit_codes import INCONCLUSIVE, PASSED, SERVER
from chatsim.cli.terminal import hint, tell, whole_file
from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.detect.detecting import Detection
    from chatsim.profile.profile import Profile
    from chatsim.runs import Target
    from chatsim.sandbox.sandbox import Sandbox

__all__ = ["detect_and_tell", "profile_of"]

BRIEFLY = 30.0  # seconds


def profile_of(target: Target, *, quiet: bool) -> tuple[Profile, Target]:
    """The profile of a server that nobody has described, and how the server is to be started: some want a port that they
    were not given. Raises ServerError where it cannot be found out."""
    from dataclasses import replace

    from chatsim.errors import ServerError
    from chatsim.profile.profile import DETECTED
    from chatsim.profile.reader import read_profile
    from chatsim.wires import named

    hint("No --profile says how this server is spoken to, so it is tried first:")
    made = _detected(target, BRIEFLY, quiet=quiet)
    if not made.profile:
        raise ServerError(f"no profile was given, and none could be found: {made.why}", hint=made.hint)
    if made.command:
        target = replace(target, command=made.command)
    confined = "--sandbox " if target.confined is not None else ""
    where = f"{confined}-- {target.command}" if target.address is None else f"--connect {named(target.address)}"
    hint(f"This is how it is spoken to, it seems. To keep it: chatsim detect -o server.yaml {where}")
    if not quiet:
        hint("".join(f"    {line}\n" for line in made.profile.splitlines() if line and not line.startswith("#")))
    return read_profile(made.profile, DETECTED), target


def _detected(target: Target, seconds: float, sources: tuple[str, ...] = (), *, quiet: bool) -> Detection:
    """Detect, showing on stderr what is being done. Raises ServerError."""
    from chatsim.cli.sources import clues_of, read_sources
    from chatsim.detect.detecting import detect
    from chatsim.detect.foreknowledge import hints_from
    from chatsim.detect.hints import Hints

    hints = Hints()
    read = read_sources(target.command or "", sources)
    if read:
        if not quiet:
            hint(f"  reading: {', '.join(read)}")
        hints = hints_from(clues_of(read))
    with _confined(target) as sandbox:
        return detect(
            target,
            hints,
            seconds=seconds,
            tell=(lambda _: None) if quiet else (lambda text: hint(f"  {text}")),
            sandbox=sandbox,
        )


@contextmanager
def _confined(target: Target) -> Iterator[Sandbox | None]:
    """Where the target asks for it, whatever is started to find out how it is spoken to is put into a sandbox, too."""
    if target.confined is None:
        yield None
        return
    from chatsim.sandbox.sandbox import Sandbox

    with Sandbox(target.confined) as sandbox:
        yield sandbox


def detect_and_tell(
    target: Target, output: str | None, seconds: float, sources: tuple[str, ...], *, quiet: bool
) -> int:
    """The exit code."""
    made = _detected(target, seconds, sources, quiet=quiet)
    for text in made.killed:
        hint(f"Probing ended the server: {text}.")
    if not made.profile:
        hint(f"No profile: {made.why}.")
        if made.hint:
            hint(made.hint)
        return SERVER
    if output is None or output == "-":
        tell(made.profile)
    else:
        try:
            with whole_file(output) as file:
                file.write(made.profile)
        except UsageError:
            tell(made.profile)  # it is not lost for that
            raise
        hint(f"Written: {output}")
    return PASSED if made.works else INCONCLUSIVE
