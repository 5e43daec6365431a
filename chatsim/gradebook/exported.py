"""A table that a learning system has exported, in which single cells are changed, and nothing else: not a byte.

It is read as it stands (commas, semicolons or tabs, quoted or not, any line ends), each cell with its place in the text. What
is changed is put into that place; so whatever the system wrote that we do not understand comes back to it as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chatsim.errors import Place, Problem, UsageError

__all__ = ["Cell", "Exported", "read_exported"]

SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` without its quotation marks; `start` and `end` of what stands there, marks included."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Exported:
    """`rows`: each with the line of the file in which it begins, from 1; lines without anything in them are none."""

    file: str
    source: str
    separator: str
    rows: tuple[tuple[int, tuple[Cell, ...]], ...]

    def changed(self, cells: Mapping[tuple[int, int], str]) -> bytes:
        """The file with these cells changed: (number of the row in `rows`, of the column) → text. What was quoted stays
        quoted; all other bytes are as they were."""
        pieces, at = [], 0
        for row, column in sorted(cells):
            cell = self.rows[row][1][column]
            text = cells[row, column]
            quoted = self.source[cell.start : cell.end].lstrip().startswith('"') or any(
                sign in text for sign in f'{self.separator}"\r\n'
            )
            pieces += [self.source[at : cell.start], '"' + text.replace('"', '""') + '"' if quoted else text]
            at = cell.end
        return "".join((*pieces, self.source[at:])).encode("utf-8", "surrogateescape")


def read_exported(content: bytes, file: str) -> Exported:
    """Raises UsageError for what is no such table: empty, UTF-16, or with a quotation that never ends."""
    if b"\x00" in content:
        raise UsageError(f"{file} is no text in UTF-8.", hint="Export it again as CSV, and do not open it in between.")
    # What is no UTF-8 comes out as it went in.
    source = content.decode("utf-8", "surrogateescape")
    start = 1 if source.startswith("\ufeff") else 0
    separator = _separator(source, start)
    rows, line, at = [], 1, start
    while at < len(source):
        cells, end = _row(source, at, separator, file, line)
        if any(cell.text.strip() for cell in cells):
            rows.append((line, tuple(cells)))
        line += _line_ends(source[at:end])
        at = end
    if not rows:
        raise UsageError(f"{file} is empty.", hint="Export the grade book of the course as CSV.")
    return Exported(file, source, separator, tuple(rows))


def _separator(source: str, start: int) -> str:
    """The sign that stands most often in the first line."""
    head = source[start:].lstrip("\r\n").split("\n", 1)[0]
    return max(SEPARATORS, key=head.count)


def _line_ends(text: str) -> int:
    return text.count("\n") + text.replace("\r\n", "").count("\r")


def _row(source: str, at: int, separator: str, file: str, line: int) -> tuple[list[Cell], int]:
    """The cells of the row that begins here, and where the next one does."""
    cells = []
    while True:
        cell = _cell(source, at, separator, file, line)
        cells.append(cell)
        at = cell.end
        if source[at : at + 1] == separator:
            at += 1
        else:
            return cells, at + (2 if source[at : at + 2] == "\r\n" else 1)


def _cell(source: str, start: int, separator: str, file: str, line: int) -> Cell:
    if source[start : start + 1] != '"':
        end = start
        while end < len(source) and source[end] not in (separator, "\r", "\n"):
            end += 1
        return Cell(source[start:end], start, end)
    end, text = start + 1, ""
    while True:
        mark = source.find('"', end)
        if mark < 0:
            place = Place(file, line, 1)
            raise UsageError(Problem("a quotation mark in this row has no partner", place, hint="Export it again."))
        text += source[end:mark]
        end = mark + 1
        if source[end : end + 1] != '"':
            break
        text += '"'
        end += 1
    while end < len(source) and source[end] not in (separator, "\r", "\n"):  # what stands after the marks by mistake
        text += source[end]
        end += 1
    return Cell(text, start, end)
