"""Points into a table that Moodle has exported: the grading worksheet of an assignment, or the grade book of a course."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from chatsim.document import nearest
from chatsim.errors import UsageError
from chatsim.gradebook.exported import Exported, read_exported
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.merging import Merged, Row, merged
from chatsim.grading.assignment import Assignment

__all__ = ["moodle_csv"]

# A participant's number in a grading worksheet, in whatever language Moodle speaks.
_NUMBERED = re.compile(r"\S.*\s([0-9]+)")
_DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")


def moodle_csv(
    assignment: Assignment,
    results: Sequence[Graded],
    exported: bytes,
    column: str = "Grade",
    file: str = "the exported table",
) -> Merged:
    """`exported`: the file as Moodle gave it, in any language. `column`: the head of the column with the points. Students
    are found by what stands left of it: number, name, address. Cells of students who were not graded, or without points,
    stay as they are.

    Raises UsageError where there is no such column, or several.
    """
    table = read_exported(exported, file)
    head = [cell.text.strip() for cell in table.rows[0][1]]
    places = [place for place, text in enumerate(head) if text == column.strip()]
    if len(places) != 1:
        if places:
            raise UsageError(f"{file} has several columns “{column}”.", hint="Export it with that one alone.")
        near = nearest(column, head)
        hint = f"Did you mean “{near}”?" if near else f"There are: {', '.join(head)}."
        raise UsageError(f"{file} has no column “{column}”.", hint=hint)
    rows = tuple(_rows(table, places[0]))
    comma = any(_DECIMAL_COMMA.fullmatch(cell.text.strip()) for _, row in table.rows[1:] for cell in row[places[0] :])
    return merged(table, places[0], rows, results, comma, ())


def _rows(table: Exported, column: int) -> Iterator[Row]:
    for index, (_, row) in enumerate(table.rows[1:], start=1):
        cells = [cell.text.strip() for cell in row[:column] if cell.text.strip()]
        if cells:
            yield Row(index, _told(cells), tuple(_sure(cells)), tuple(_called(cells)))


def _told(cells: Sequence[str]) -> str:
    return next((cell for cell in cells if not any(sign.isdigit() for sign in cell)), cells[0])


def _sure(cells: Sequence[str]) -> Iterator[str]:
    """Numbers and addresses."""
    for place, cell in enumerate(cells):
        if found := _NUMBERED.fullmatch(cell) if place == 0 else None:
            yield found[1]
        if "@" in cell or any(sign.isdigit() for sign in cell):
            yield cell


def _called(cells: Sequence[str]) -> Iterator[str]:
    """A name may stand in one cell or in two, in either order; and as what stands before the @ of an address."""
    yield from cells
    for first, second in pairwise(cells):
        yield f"{first} {second}"
        yield f"{second} {first}"
    for cell in cells:
        if "@" in cell:
            yield cell.partition("@")[0]
