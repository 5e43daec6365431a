"""Markers: what makes every message identifiable, whatever a server does to the bytes around it.

A marker is `q` and six letters out of seventeen consonants: five digits of a number and a check letter. Its sister with
`x` ends a text. `q` and `x` occur nowhere else in a marker, so none begins inside another or across two (they are
comma-free), and one scan finds them however they are glued. Letters only, compared case-folded: no server escapes,
splits or strips them for being special.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["COUNT", "LETTERS", "WIDTH", "find", "first", "head", "tail"]

LETTERS = "bcdfghjklmnprstvz"
WIDTH = 7
COUNT = len(LETTERS) ** 5  # so many numbers there are

_BASE = len(LETTERS)
_DIGIT = {letter: digit for digit, letter in enumerate(LETTERS)} | {
    letter.upper(): digit for digit, letter in enumerate(LETTERS)
}
# Both cases are spelled out: re.IGNORECASE would also take the Kelvin sign for a k and a long s for an s.
_MARKER = re.compile(rf"[qxQX][{LETTERS}{LETTERS.upper()}]{{6}}")
_HEAD_BYTES = re.compile(rf"[qQ][{LETTERS}{LETTERS.upper()}]{{6}}".encode())


def head(number: int) -> str:
    """The marker that stands at or near the front of a text."""
    return "q" + _letters(number)


def tail(number: int) -> str:
    """The marker that ends a text."""
    return "x" + _letters(number)


def find(text: str, start: int = 0) -> list[tuple[int, int, int, bool]]:
    """All markers at or after `start`: (start, end, number, is it a tail), in order. One with a wrong check is none."""
    found = []
    for match in _MARKER.finditer(text, start):
        letters = match[0]
        digits = [_DIGIT[letter] for letter in letters[1:]]
        if _check(digits[:5]) == digits[5]:
            number = 0
            for digit in digits[:5]:
                number = number * _BASE + digit
            found.append((match.start(), match.end(), number, letters[0] in "xX"))
    return found


def first(data: bytes, start: int = 0) -> tuple[int, int] | None:
    """The first head marker in bytes at or after `start`: (where, number). For encodings that keep ASCII as it is."""
    match = _HEAD_BYTES.search(data, start)
    if match is None:
        return None
    found = find(match[0].decode("ascii"))
    return (match.start(), found[0][2]) if found else None


@lru_cache(maxsize=1024)
def _letters(number: int) -> str:
    if not 0 <= number < COUNT:
        raise ValueError(f"there is no marker {number}: they go from 0 to {COUNT - 1}")
    digits: list[int] = []
    for _ in range(5):
        number, digit = divmod(number, _BASE)
        digits.append(digit)
    digits.reverse()
    return "".join([LETTERS[digit] for digit in digits]) + LETTERS[_check(digits)]


def _check(digits: list[int]) -> int:
    """Weights 1 to 5 are invertible modulo the prime 17: any one wrong letter shows, and any two that changed places."""
    a, b, c, d, e = digits
    return (a + 2 * b + 3 * c + 4 * d + 5 * e) % _BASE
