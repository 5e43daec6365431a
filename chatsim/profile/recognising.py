"""Is a YAML file a profile or a scenario? Told without reading it as either: both may lie in one folder."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["is_profile"]

_TOP_KEY = re.compile(rb"^(scenario|profile)[ \t]*:", re.MULTILINE)
MOST = 1 << 20  # bytes that are looked at


def is_profile(path: Path) -> bool:
    """Told by the first of the two top keys; a file with neither is not taken for a profile.

    Nor is a pipe: it can be read only once, and not by us.
    """
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            found = _TOP_KEY.search(file.read(MOST))
    except OSError:
        return False
    return found is not None and found[1] == b"profile"
