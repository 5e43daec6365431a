"""`--export FORMAT=F` and `chatsim export`: which formats there are, and their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.cli.class_books import Books

__all__ = ["FORMATS", "exports", "write"]

FORMATS: dict[str, str] = {}


def exports(words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Each FORMAT=F. Raises UsageError, for all that are wrong at once."""
    found, wrong = [], []
    for word in words:
        kind, equal, file = word.partition("=")
        if kind in FORMATS and equal and file:
            found.append((kind, file))
        else:
            wrong.append(f"--export {word} is not FORMAT=F; the formats are {', '.join(FORMATS)}")
    if wrong:
        raise UsageError("\n".join(wrong))
    return tuple(found)


def write(kind: str, file: str, made: Books) -> None:
    """One of the formats, into a file; `-` is standard output."""
    raise UsageError(f"there is no format {kind}")
