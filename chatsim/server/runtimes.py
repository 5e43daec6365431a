"""In which runtime a process runs, told from its program alone; nothing is asked of the process.

A runtime keeps threads, descriptors and memory of its own for later; whoever judges what a server has left behind has
to know that. The program's real file tells it: `python3` may be a link, and `/bin/sh -c "python3 …"` is a shell only
until the shell has become Python. A launcher of any other name is known by the library that it has mapped.
"""

# ruff: noqa: PTH115, PTH123 - pathlib doubles the time of a look
from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatsim.server.processes import HAS_PROC, Process

__all__ = ["Runtimes"]

PROGRAMS = (  # the programs of their makers; a native program of one of these names is taken for one
    ("python", re.compile(r"python([0-9][0-9.]*[a-z]*)?(-[\w.]+)?(\.exe)?", re.IGNORECASE)),
    ("pypy", re.compile(r"pypy([0-9][0-9.]*)?(-c)?(\.exe)?", re.IGNORECASE)),
    ("java", re.compile(r"javaw?(\.exe)?", re.IGNORECASE)),
    ("node", re.compile(r"node(js)?[0-9]*(\.exe)?", re.IGNORECASE)),
    ("dotnet", re.compile(r"dotnet(\.exe)?", re.IGNORECASE)),
    ("mono", re.compile(r"mono(-sgen)?(\.exe)?", re.IGNORECASE)),
    ("deno", re.compile(r"deno(\.exe)?", re.IGNORECASE)),
    ("bun", re.compile(r"bun(\.exe)?", re.IGNORECASE)),
    ("ruby", re.compile(r"ruby([0-9][0-9.]*)?(\.exe)?", re.IGNORECASE)),
    ("erlang", re.compile(r"beam(\.smp)?(\.exe)?", re.IGNORECASE)),
    ("dart", re.compile(r"dart(vm|aotruntime)?(\.exe)?", re.IGNORECASE)),
)
LIBRARIES = (
    ("java", re.compile(rb"/libjvm\.so")),
    ("dotnet", re.compile(rb"/libcoreclr\.so")),
    ("pypy", re.compile(rb"/libpypy[0-9.]*-c\.so")),
    ("python", re.compile(rb"/libpython[0-9][0-9.]*[a-z]*\.so")),
    ("node", re.compile(rb"/libnode\.so")),
)
GO = re.compile(rb"\x04\0\0\0.{4}\x04\0\0\0Go\0\0", re.DOTALL)  # the ELF note with Go's build id, where little-endian
NOTES = 32 * 1024  # bytes of a program within which its notes lie
DELETED = " (deleted)"  # what Linux says of a program that was replaced while it ran


@dataclass(frozen=True, slots=True)
class _Told:
    program: str
    threads: int  # the most that it had when its libraries were looked at
    runtime: str
    by_name: bool


class Runtimes:
    """Of the processes of one tree, looked at again and again: what was told is kept until the program changes."""

    def __init__(self) -> None:
        self._told: dict[int, _Told] = {}

    def of(self, process: Process) -> str | None:
        """A name of `PROGRAMS`, or go; empty: a native program; None: it cannot be told."""
        program = _program(process)
        if not program:
            return None
        told = self._told.get(process.pid)
        # A launcher maps its runtime only after a while, and a runtime has threads: no new thread, no new runtime.
        if told is None or told.program != program or (not told.by_name and process.threads > told.threads):
            told = _look(process, program)
            self._told[process.pid] = told
        return told.runtime

    def those(self, processes: Sequence[Process]) -> list[str] | None:
        """Which runtimes there are among them, sorted; None: of none of them can it be told."""
        found = [runtime for process in processes if (runtime := self.of(process)) is not None]
        return sorted({runtime for runtime in found if runtime}) if found or not processes else None


def _look(process: Process, program: str) -> _Told:
    name = os.path.basename(program.removesuffix(DELETED))  # noqa: PTH119 - a look is to be cheap
    for runtime, pattern in PROGRAMS:
        if pattern.fullmatch(name):
            return _Told(program, process.threads, runtime, by_name=True)
    return _Told(program, process.threads, _by_content(process), by_name=False)


def _by_content(process: Process) -> str:
    if not HAS_PROC:
        return ""
    mapped = _beginning(f"{process.folder}/maps", 4 * 1024 * 1024)
    for runtime, library in LIBRARIES:
        if library.search(mapped):
            return runtime
    return "go" if GO.search(_beginning(f"{process.folder}/exe", NOTES)) else ""


def _beginning(path: str, size: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _program(process: Process) -> str:
    """The real path of its program; empty where we may not know."""
    if HAS_PROC:
        try:
            return os.readlink(f"{process.folder}/exe")
        except OSError:
            return ""
    import psutil

    try:
        return os.path.realpath(psutil.Process(process.pid).exe())
    except (psutil.Error, OSError):
        return ""
