"""Advice, for whoever has written the server: what could be changed in the profile is nothing that a student can do.

Hints are written for somebody who may have described a right server wrongly. In a class the profile is a given, and what a
hint says of the server has to remain when what it says of the profile goes.
"""

from __future__ import annotations

import re

from chatsim.profile.keys import PROFILE, names

__all__ = ["for_its_author"]

_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z])")
_FOUND = ("Surely:", "Probably:", "Perhaps:", "Seen:", "Look at:")  # what is so, and no advice
_OF_THE_PROFILE = re.compile(
    rf"\bprofile\b|`(?:{'|'.join(map(re.escape, names(PROFILE)))})(?:`|: ?[^`]+`)", re.IGNORECASE
)
_OTHERWISE = re.compile(r"(?:if not|if (?:it|that|there) (?:is|are)), ", re.IGNORECASE)


def for_its_author(hint: str) -> str:
    """The hint without advice about the profile; empty, if there is no other in it."""
    return "\n".join(told for line in hint.split("\n") if (told := _line(line)))


def _line(line: str) -> str:
    if line.startswith(_FOUND) or not _OF_THE_PROFILE.search(line):
        return line
    label, body = ("Try: ", line[5:]) if line.startswith("Try: ") else ("", line)
    kept = [told for each in _SENTENCES.split(body) if (told := _sentence(each))]
    if not kept:
        return ""
    told = " ".join(kept)
    return f"{label}{told}" if label else f"{told[:1].upper()}{told[1:]}"


def _sentence(sentence: str) -> str:
    """What of it is about the server: "if that is meant, write … in the profile; if not, leave out the sender"."""
    if not _OF_THE_PROFILE.search(sentence) or sentence.startswith("send "):
        return sentence
    kept = [part for part in sentence.rstrip(".").split("; ") if not _OF_THE_PROFILE.search(part)]
    return f"{_OTHERWISE.sub('', '; '.join(kept), count=1)}." if kept else ""
