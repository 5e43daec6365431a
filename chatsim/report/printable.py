"""What a server sent, made fit for a terminal: nothing in it can move the cursor, recolour or reorder what we print.

Letters of every script stay as they are, and so do the joiners inside emoji. What is invisible or acts on the terminal
(control characters, ANSI sequences, overrides of the writing direction, halves of surrogate pairs, blanks that are no
space) is spelled out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

__all__ = ["columns", "encodable", "fit", "printable", "printable_lines", "quoted", "shorten", "wrap"]

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_JOINERS = "\u200c\u200d"  # invisible, but part of how emoji and Persian are written
_SPELLED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))

_PLAIN = {
    "✓": "v",
    "✗": "x",
    "≤": "<=",
    "≠": "!=",
    "−": "-",
    "·": "-",
    "…": "...",
    "–": "-",
    "—": "-",
    "≥": ">=",
    "×": "x",
    "→": "->",
    "“": '"',
    "”": '"',
    "’": "'",
}


def printable(text: str) -> str:
    """The text in one line, safe to show."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_spelled, text))


def printable_lines(text: str) -> str:
    """The text as the lines that it is, each safe to show."""
    return "\n".join(map(printable, text.split("\n")))


def _spelled(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character == " " or character in _JOINERS or unicodedata.category(character) not in _SPELLED:
        return character
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def shorten(text: str, most: int = 100) -> str:
    """At most so many characters, the middle left out: how a text ends tells as much as how it begins."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return text[: most - 1 - tail] + "…" + text[len(text) - tail :]


def quoted(text: str, most: int = 60) -> str:
    """A text as a person would quote it: short, safe, between quotation marks."""
    return f'"{shorten(printable(shorten(text, most)), most)}"'


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: East Asian letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns_of, text))


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def fit(text: str, width: int) -> str:
    """The text cut at the right, if it would take more columns than `width`."""
    if columns(text) <= width:
        return text
    return _head(text, width - 1) + "…"


def wrap(text: str, width: int, indent: str = "", later: str | None = None) -> Iterator[str]:
    """Lines of at most `width` columns, broken at blanks; within a word only where it is longer than a line."""
    later = indent if later is None else later
    line, begun = indent, False
    for word in text.split(" "):
        if begun and columns(line) + 1 + columns(word) > width:
            yield line.rstrip()
            line, begun = later, False
        line += f" {word}" if begun else word
        begun = True
        while columns(line) > max(width, len(later) + 8):
            head = _head(line, max(width, len(later) + 8))
            yield head
            line = later + line[len(head) :]
    yield line.rstrip()


def _head(text: str, width: int) -> str:
    """As much of the beginning as fits."""
    taken = 0
    for number, character in enumerate(text):
        taken += _columns_of(character)
        if taken > width:
            return text[:number]
    return text


def encodable(text: str, encoding: str) -> str:
    """The text in what a terminal of this encoding can show: our own signs get plain ones, other letters are spelled."""
    try:
        text.encode(encoding)
    except LookupError:
        return encodable(text, "ascii")
    except UnicodeEncodeError:
        plain = "".join(_PLAIN.get(character, character) for character in text)
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text
