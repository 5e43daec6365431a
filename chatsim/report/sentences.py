"""What an error says, as sentences that stand by themselves: below a head on the console, on a student's page.

Errors begin with a small letter, since most of them follow a colon. Names of bots, files and commands stay as they are
written: so only words with which our own sentences begin are made large.
"""

from __future__ import annotations

import re

__all__ = ["sentence"]

_BEGINS = re.compile(r"(?:another|it|its|no|nobody|nothing|only|the|there)(?= [^=({])")


def sentence(line: str) -> str:
    """One line of an error, with a capital where it begins as our sentences do. What is indented was printed by others."""
    return line[:1].upper() + line[1:] if _BEGINS.match(line) else line
