"""Detecting for the command line: what is being tried is shown, what was found is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatsim.cli.exit_codes import INCONCLUSIVE, PASSED, SERVER
from chatsim.cli.terminal import hint, tell, whole_file

if TYPE_CHECKING:
    from chatsim.detect.detecting import Detection
    from chatsim.runs import Target

__all__ = ["detect_and_tell", "detected"]


def detected(target: Target, seconds: float, sources: tuple[str, ...] = (), *, quiet: bool) -> Detection:
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
    return detect(target, hints, seconds=seconds, tell=(lambda _: None) if quiet else (lambda text: hint(f"  {text}")))


def detect_and_tell(
    target: Target, output: str | None, seconds: float, sources: tuple[str, ...], *, quiet: bool
) -> int:
    """The exit code."""
    made = detected(target, seconds, sources, quiet=quiet)
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
        with whole_file(output) as file:
            file.write(made.profile)
        hint(f"Written: {output}")
    return PASSED if made.works else INCONCLUSIVE
