"""JSON lines: a scenario a line, written when it is finished, so that others can follow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from chatsim.cli.terminal import for_programs, silence
from chatsim.errors import ChatsimError, UsageError
from chatsim.report.report import Report

__all__ = ["LinesFile", "as_trouble"]


class LinesFile:
    """This file alone grows while the runs go on; each of its lines is written whole. What stood there before is gone
    at once.
    """

    def __init__(self, path: str, trouble: list[ChatsimError]) -> None:
        self._path, self._trouble = path, trouble
        self._file: IO[str] | None = None
        with self._noting():
            self._file = for_programs() if path == "-" else open(path, "w", encoding="utf-8")  # noqa: PTH123, SIM115

    def add(self, report: Report) -> None:
        from chatsim.report.json import line

        with self._noting():
            if self._file is not None:
                self._file.write(line(report) + "\n")
                self._file.flush()

    def close(self) -> None:
        with self._noting():
            if self._file is not None and self._path != "-":
                self._file.close()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """What goes wrong is told once, at the end; the runs go on."""
        try:
            yield
        except BrokenPipeError:
            silence(sys.stdout) if self._path == "-" else None
            self._file = None
        except OSError as problem:
            self._file = None
            self._trouble.append(as_trouble(self._path, problem))


def as_trouble(path: str, problem: ChatsimError | OSError) -> ChatsimError:
    """What can not be written, as a person reads it at the end."""
    if isinstance(problem, ChatsimError):
        return problem
    name = "standard output" if path == "-" else path
    return UsageError(f"{name} could not be written: {problem.strerror or problem}")
