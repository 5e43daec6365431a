"""`--watch`: play again whenever a scenario, a profile or the server's source has changed. Ctrl-C ends it.

Files are looked at four times a second: there are few of them, and it needs no other package and no thread.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import sleep, strftime

import typer

from chatsim.cli.exit_codes import INTERRUPTED, PASSED
from chatsim.cli.terminal import complain, hint
from chatsim.errors import ChatsimError

__all__ = ["changed", "seen", "watched", "watching"]

BETWEEN = 0.25  # seconds between two looks
MOST = 5_000  # files: a server's source has fewer, and a look at so many takes some ten milliseconds

PROGRAM = re.compile(
    r"\.(py|java|kt|scala|groovy|go|[cm]?js|[cm]?ts|rb|rs|c|h|cc|cpp|cxx|hpp|cs|fs|vb|swift|php|pl|lua|exs?|erl|hs|ml|jl|dart|zig|nim)$"
)
NOT_SOURCE = ("__pycache__", "node_modules", "target", "build", "dist", "venv")

Stamps = Mapping[Path, tuple[int, int]]  # file -> when it was written, how long it is


def watching(
    play: Callable[[], None], files: Callable[[], Iterator[Path]], pause: Callable[[], None] = lambda: sleep(BETWEEN)
) -> int:
    """Play (which ends in typer.Exit), wait for a change, and so on. The exit code of the last round that was whole.

    A mistake in a file ends a round, not the watch. Ctrl-C within a round is what it is without --watch.
    """
    while True:
        before = seen(files())
        code = _round(play)
        if code == INTERRUPTED:
            return code
        try:
            hint(f"\nWatching {len(before)} files. Ctrl-C ends it.")
            which = _wait(before, files, pause)
            hint(f"\n{strftime('%H:%M:%S')}  {_told(which)} changed.\n")
        except KeyboardInterrupt:
            return code


def _round(play: Callable[[], None]) -> int:
    try:
        play()
    except typer.Exit as end:
        return end.exit_code
    except ChatsimError as error:
        complain(str(error))
        return error.exit_code
    return PASSED


def _wait(before: Stamps, files: Callable[[], Iterator[Path]], pause: Callable[[], None]) -> list[Path]:
    """Until something has changed, and nothing goes on changing: editors write a file in several steps."""
    while not (which := changed(before, now := seen(files()))):
        pause()
    while True:
        pause()
        later = seen(files())
        if not changed(now, later):
            return which
        now, which = later, changed(before, later) or which


def _told(which: Sequence[Path]) -> str:
    more = f" and {len(which) - 1} more" if len(which) > 1 else ""
    return f"{os.path.relpath(which[0])}{more}"


def seen(files: Iterator[Path]) -> dict[Path, tuple[int, int]]:
    """A file that is gone is not there."""
    found = {}
    for file in islice(files, MOST):
        with suppress(OSError):
            stat = file.stat()
            found[file] = (stat.st_mtime_ns, stat.st_size)
    return found


def changed(before: Stamps, now: Stamps) -> list[Path]:
    """Written anew, come or gone, sorted."""
    return sorted(file for file in before.keys() | now.keys() if before.get(file) != now.get(file))


# --- which files -----------------------------------------------------------------------------------------------------


def watched(scenarios: Sequence[str], profile: str | None, server: str | None) -> Iterator[Path]:
    """The files that the outcome may depend on: scenarios, the profile and what lies beside it, the source of the server."""
    for path in map(Path, scenarios):
        yield from sorted(path.rglob("*.yaml")) if path.is_dir() else (path,)
    described = Path(profile) if profile is not None and Path(profile).is_file() else None
    if described is not None:
        yield from (file for file in sorted(described.parent.glob("*")) if file.suffix in (".yaml", ".py"))
    if server is not None:
        yield from _sources(_folder_of(server))
    elif described is not None:  # its own `start` says how the server is started, and from where
        yield from _sources(described.parent)


def _folder_of(command: str) -> Path:
    """Where the source of a server lies: beside the first word of its command that is a file; else here."""
    try:
        words = shlex.split(command)
    except ValueError:
        return Path()
    return next((Path(word).parent for word in words if PROGRAM.search(word) and Path(word).is_file()), Path())


def _sources(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_SOURCE and not name.startswith("."))
        yield from (Path(here, name) for name in sorted(files) if PROGRAM.search(name))
