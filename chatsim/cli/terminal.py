"""Where words go: results to standard output, progress and diagnostics to standard error; files whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO, TextIOWrapper
from pathlib import Path
from typing import IO, TextIO

from chatsim.cli.on_github import is_github
from chatsim.errors import UsageError

__all__ = [
    "COLOURS",
    "colours",
    "complain",
    "for_programs",
    "hint",
    "silence",
    "tell",
    "unwritable",
    "whole_file",
    "width",
]


def tell(text: str, stream: TextIO | None = None, *, commands: bool = False) -> None:
    """Print a result as it stands. A reader who has gone (`| head`, a terminal that was closed) is no error: the rest is said
    to nobody.

    In a workflow of GitHub nothing in it is a command to the runner, unless these are `commands`.
    Raises UsageError where it can not be written for another reason (the disk is full).
    """
    if not commands and is_github():
        from chatsim.report.github import harmless

        text = harmless(text)
    stream = stream or sys.stdout
    if stream is None:  # closed by the caller
        return
    encoding = (stream.encoding or "ascii").lower()
    if encoding not in ("utf-8", "utf8") and not text.isascii():
        from chatsim.report.printable import encodable

        text = encodable(text, encoding)
    try:
        stream.write(text if text.endswith("\n") or not text else text + "\n")
        stream.flush()
    except OSError as problem:
        gone = _is_gone(problem, stream)
        silence(stream)
        if gone:
            return
        name = "standard error" if stream is sys.stderr else "standard output"
        raise UsageError(f"{name} could not be written: {problem.strerror or problem}") from problem


def _is_gone(problem: OSError, stream: TextIO) -> bool:
    """Is nobody there to read it? Of a terminal that was closed nothing is left but that it is a device."""
    return problem.errno == errno.EPIPE or (
        problem.errno == errno.EIO and stat.S_ISCHR(os.fstat(stream.fileno()).st_mode)
    )


def silence(stream: TextIO) -> None:
    """From now on what is written there goes nowhere, what is still in its buffer included."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def hint(text: str) -> None:
    """Say something about the work itself, beside the results."""
    if sys.stderr is not None:
        with suppress(UsageError):  # nowhere is left to say that nothing can be said
            tell(text, sys.stderr)


def complain(text: str) -> None:
    """Say what is wrong: an error's own lines, with nothing in them that acts on a terminal."""
    from chatsim.report.printable import printable

    hint("\n".join(printable(line) for line in text.replace("\t", " ").split("\n")))


COLOURS = ("auto", "always", "never")


def colours(stream: TextIO | None = None, wanted: str = "auto") -> bool:
    """Is this stream to be coloured? `wanted` is one of COLOURS, and counts most; then NO_COLOR, then FORCE_COLOR.

    Without any of them a terminal is, unless it is a dumb one.
    """
    stream = stream or sys.stdout
    if wanted != "auto" or stream is None:
        return wanted == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def width() -> int:
    """The columns of the terminal, at most 120: longer lines are hard to read. Without a terminal 100, or $COLUMNS."""
    return min(shutil.get_terminal_size((100, 24)).columns, 120)


def unwritable(path: str) -> str | None:
    """Why a file can not be written there, before any work is done for it; null if it can, as far as one can tell."""
    if path == "-":
        return None
    if not path:
        return "a file has no empty name"
    target = Path(path)
    try:
        if target.is_dir():
            return f"{path} is a folder"
        folder = target.parent
        if not folder.is_dir():
            return f"there is no folder {folder}"
        if not all(os.access(place, os.W_OK) for place in _written_for(target)):
            return f"{path} may not be written"
    except (OSError, ValueError) as problem:
        return f"{path} can not be written: {getattr(problem, 'strerror', None) or problem}"
    return None


def _written_for(target: Path) -> tuple[Path, ...]:
    """What one must be allowed to write there: a file is drafted in its folder, so both, where it is there already."""
    if not target.exists():
        return (target.parent,)
    return (target, target.resolve().parent) if target.is_file() else (target,)


def for_programs() -> TextIO:
    """Standard output, in UTF-8 as any file: what reads it is no terminal, and every format says so or takes it for granted.

    Where the caller has closed it (`>&-`), a place that nobody reads.
    """
    if sys.stdout is None:
        return StringIO()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    return sys.stdout


@contextmanager
def whole_file(path: str) -> Iterator[IO[str]]:
    """A file to write into; it takes its name when all is written. If writing fails, what stood there stays.

    Halves of surrogate pairs are written as JSON spells them, so any text is written, and JSON is read back as it was.
    """
    if path == "-":
        stream = for_programs()
        try:
            yield stream
            stream.flush()
        except BrokenPipeError:  # a reader who has gone is no error
            silence(stream)
        except OSError as problem:
            silence(stream)
            raise UsageError(f"standard output could not be written: {problem.strerror or problem}") from problem
        return
    target = Path(path).resolve()  # through symbolic links: the link stays one
    # A pipe or a device has no halves to hide.
    has_halves = target.is_file() or not target.exists()
    draft = target.with_name(f".{target.name}.{os.getpid()}.part") if has_halves else target
    try:
        with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:
            yield file
        if has_halves:
            draft.replace(target)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise UsageError(f"{path} could not be written: {problem.strerror or problem}") from problem
    finally:
        if has_halves:
            draft.unlink(missing_ok=True)
