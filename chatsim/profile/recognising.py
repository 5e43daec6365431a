"""Is a YAML file a profile, a scenario or an assignment? Told without reading it as any: all may lie in one folder."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["is_assignment", "is_profile"]

_TOP_KEY = re.compile(rb"^(scenario|profile|assignment)[ \t]*:", re.MULTILINE)
MOST = 1 << 20  # bytes that are looked at


def is_profile(path: Path) -> bool:
    """Told by the first of the three top keys; a file with none of them is not taken for a profile.

    Nor is a pipe: it can be read only once, and not by us.
    """
    return _top_key(path) == b"profile"


def is_assignment(path: Path) -> bool:
    """Told in the same way."""
    return _top_key(path) == b"assignment"


def _top_key(path: Path) -> bytes | None:
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            found = _TOP_KEY.search(file.read(MOST))
    except OSError:
        return None
    return found[1] if found is not None else None
