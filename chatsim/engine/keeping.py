"""What a session received, as text: for those scenarios alone that ask for a `line`.

Every match is taken by one expectation at the most, and each remembers where in the history it came.
"""

from __future__ import annotations

from bisect import bisect_right
from codecs import getincrementaldecoder

from chatsim.profile.templates import Matcher

__all__ = ["Kept"]

MOST = 262_144  # characters; what is older is forgotten


class Kept:
    """One session's text. Places in it are counted from its very beginning."""

    def __init__(self, encoding: str) -> None:
        self._decoder = getincrementaldecoder(encoding)("replace")  # a character may come in two reads
        self._text = ""
        self._forgotten = 0
        self._begins: list[int] = []  # of each read: where in the text, and how long the history was before it
        self._lengths: list[int] = []
        self._taken: list[tuple[int, int]] = []

    def add(self, data: bytes, length: int) -> None:
        """A read came when the history was so long."""
        self._begins.append(self._forgotten + len(self._text))
        self._lengths.append(length)
        self._text += self._decoder.decode(data)
        surplus = len(self._text) - MOST
        if surplus > 0:
            self._text, self._forgotten = self._text[surplus:], self._forgotten + surplus

    def find(self, matcher: Matcher, since: int = 0) -> tuple[tuple[int, int], int] | None:
        """The first match that nobody has taken and that ended after the history was `since` long: its place in the
        text, and how long the history was before it came."""
        at = 0
        while (match := matcher.search(self._text, at)) is not None:
            begin, end = self._forgotten + match.start, self._forgotten + match.end
            came = self._lengths[max(0, bisect_right(self._begins, max(begin, end - 1)) - 1)]
            if came >= since and not any(begin < taken_end and taken < end for taken, taken_end in self._taken):
                return (begin, end), came
            at = max(match.end, at + 1)
        return None

    def take(self, place: tuple[int, int]) -> None:
        """No other expectation is met by this."""
        self._taken.append(place)
