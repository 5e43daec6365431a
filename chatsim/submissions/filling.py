"""`{file}`, `{folder}` and `{name}` in commands: filled in so that any name, with blanks, quotes or `$(…)`, stays one word."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

__all__ = ["for_shell", "in_words"]

_COMMENT = re.compile(r"(?:(?<=[\s;&|()])|^)#[^\n]*", re.MULTILINE)
_SHELLS = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash"))


def in_words(command: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command that no shell reads, as `chatsim.server.launch` splits it, then filled.

    What a shell named in it reads nevertheless (`sh -c "…"`) is filled as for a shell. Raises ValueError for quotes that
    do not end.
    """
    words = shlex.split(command)
    read_by_shell = next((i + 1 for i, word in enumerate(words) if i and word.startswith("-") and "c" in word), 0)
    if not words or PurePosixPath(words[0]).name not in _SHELLS:
        read_by_shell = 0
    return tuple(
        for_shell(word, values) if read_by_shell and i == read_by_shell else _filled(word, values)
        for i, word in enumerate(words)
    )


def for_shell(command: str, values: Mapping[str, str]) -> str:
    """A command for a shell, filled; also where its author has put quotes around a placeholder.

    Not promised for names with blanks or signs in a placeholder in quotes in `$(…)` in quotes, nor in here-documents.
    """
    placeholder = re.compile("|".join(re.escape("{" + name + "}") for name in values))
    filled, quotes, i = [], "", 0
    while i < len(command):
        found = placeholder.match(command, i)
        if found is not None:
            # Within quotes, these end before the value, which brings its own, and begin again after it.
            filled.append(quotes + shlex.quote(values[found[0][1:-1]]) + quotes)
            i = found.end()
            continue
        comment = _COMMENT.match(command, i) if not quotes else None
        if comment is not None:
            filled.append(comment[0])  # an apostrophe in it begins nothing
            i = comment.end()
            continue
        character = command[i]
        if character == "\\" and quotes != "'":
            filled.append(command[i : i + 2])
            i += 2
            continue
        if character in "'\"" and quotes in ("", character):
            quotes = "" if quotes else character
        filled.append(character)
        i += 1
    return "".join(filled)


def _filled(word: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), word)
