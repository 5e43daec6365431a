"""Where in a program a step is asked for: the place that reports name, as a scenario's file and line elsewhere."""

from __future__ import annotations

import linecache
import os
import sys
from dataclasses import dataclass

from chatsim.errors import Place

__all__ = ["Caller", "caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """The line that called us; `source` is its whole file, empty where nobody knows it (a prompt, an `exec`)."""

    place: Place
    source: str

    @property
    def text(self) -> str:
        lines = self.source.split("\n")
        return lines[self.place.line - 1].strip() if self.place.line <= len(lines) else ""


def caller() -> Caller:
    """The nearest line outside of chatsim on the stack."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("chatsim."):
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    lines = linecache.getlines(file, frame.f_globals)
    text = lines[line - 1] if line <= len(lines) else ""
    column = len(text) - len(text.lstrip()) + 1
    return Caller(Place(_short(file), line, column), "".join(lines))


def _short(file: str) -> str:
    """As one would write it from here."""
    try:
        near = os.path.relpath(file)
    except (OSError, ValueError):  # the folder has gone; another drive
        return file
    return file if near.startswith("..") or file.startswith("<") else near
