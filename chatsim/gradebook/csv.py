"""The grade book as a table: a row a student, for a spreadsheet and for people. Programs read the JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatsim.gradebook.cells import cell, table
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.wording import number
from chatsim.grading.assignment import Assignment
from chatsim.grading.grade import PartGrade

__all__ = ["BOM", "COLUMNS", "gradebook_csv"]

BOM = "\ufeff"  # without it Excel takes UTF-8 for something else, and most names for other names
COLUMNS = ("key", "name", "points", "low", "high", "of", "state", "review", "late_hours", "late_percent")


def gradebook_csv(assignment: Assignment, results: Sequence[Graded]) -> str:
    """A head, then a row a student, in the order of their keys; then a column a part, `part:NAME`. Line ends are CRLF; write it
    as it is (`newline=""`), as UTF-8: it begins with the mark that spreadsheets know that by.

    `points` is empty where the trouble was ours: that is no zero. Where a part lies between two numbers, its cell says
    `3 to 5`, which no sum takes for a number. It holds everything, also hidden parts: it is not for students. An
    apostrophe stands before a word that a spreadsheet would take for a formula.
    """
    rows = [_row(assignment, graded) for graded in sorted(results, key=lambda one: one.student.key)]
    head = (*COLUMNS, *(cell(f"part:{part.name}") for part in assignment.parts))
    return BOM + table((head, *rows))


def _row(assignment: Assignment, graded: Graded) -> tuple[str, ...]:
    grade = graded.grade
    parts = {part.name: part for part in grade.parts}
    return (
        cell(grade.student.key),
        cell(grade.student.name),
        "" if grade.points is None else number(grade.points),
        number(grade.low),
        number(grade.high),
        number(grade.of),
        grade.state,
        "yes" if grade.needs_review else "",
        f"{grade.late / 3600:.2f}" if grade.late > 0 else "",
        number(grade.minus) if grade.minus else "",
        *_points(assignment, parts),
    )


def _points(assignment: Assignment, parts: dict[str, PartGrade]) -> Iterator[str]:
    for part in assignment.parts:
        found = parts.get(part.name)
        if found is None:
            yield ""
        elif found.low == found.high:
            yield number(found.low)
        else:
            yield f"{number(found.low)} to {number(found.high)}"
