"""Reading a server's source files, as far as its command or its author tells which they are."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatsim.detect.source.clues import Clues

__all__ = ["clues_of", "read_sources"]


def read_sources(command: str, given: tuple[str, ...] = ()) -> dict[str, str]:
    """Name → text of the files that hold the server's source: those given, or those that its command names, and what
    the Python ones of them import from beside them. What cannot be read is left out: it would only have helped."""
    from chatsim.detect.source.clues import MOST_CHARACTERS, MOST_FILES, local_imports, which_files

    try:
        names = list(given or which_files(shlex.split(command)))
    except ValueError:
        return {}
    sources: dict[str, str] = {}
    room = MOST_CHARACTERS
    while names and len(sources) < MOST_FILES:
        name = names.pop(0)
        if name in sources:
            continue
        text = _text(Path(name), room)
        if text is None:
            continue
        sources[name] = text
        room -= len(text)
        if name.endswith(".py"):
            names += [found for found in local_imports(name, text) if found not in sources]
    return sources


def clues_of(sources: dict[str, str]) -> Clues:
    """What they say. The language is told by the name of the first that was found."""
    from chatsim.detect.source.clues import read_other, read_python

    python = {name: text for name, text in sources.items() if name.endswith(".py")}
    return read_python(python) if python else read_other(sources)


def _text(path: Path, most: int) -> str | None:
    try:
        if not path.is_file() or path.stat().st_size > most:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
