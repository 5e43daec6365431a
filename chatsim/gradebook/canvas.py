"""Points into a grade book that Canvas has exported, so that Canvas imports it: one column changed, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from chatsim.document import nearest
from chatsim.errors import UsageError
from chatsim.gradebook.exported import Cell, Exported, read_exported
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.merging import Merged, Row, merged
from chatsim.gradebook.wording import number
from chatsim.grading.assignment import Assignment

__all__ = ["canvas_csv"]

POSSIBLE = "Points Possible"
_ASSIGNMENT = re.compile(r"(.*\S)\s*\(([0-9]+)\)\s*")


def canvas_csv(
    assignment: Assignment, results: Sequence[Graded], exported: bytes, column: str, file: str = "the exported table"
) -> Merged:
    """`exported`: the file as Canvas gave it. `column`: the assignment there: its name, its number, or the whole head
    `Name (number)`. Cells of students who were not graded, or without points, stay as they are.

    Raises UsageError where it is no such file, or has no such column, or several.
    """
    table = read_exported(exported, file)
    head = [cell.text.strip() for cell in table.rows[0][1]]
    if head[:1] != ["Student"] or "ID" not in head or "Section" not in head:
        raise UsageError(
            f"{file} is no grade book of Canvas: its first line has to name the columns Student, ID and Section.",
            hint="In Canvas: Grades, Export, Export Entire Gradebook. Do not open it in a spreadsheet in between.",
        )
    section = head.index("Section")
    place = _column(head, section, column, file)
    possible = next((row for _, row in table.rows[1:] if row[0].text.strip() == POSSIBLE), ())
    most = possible[place].text.strip() if place < len(possible) else ""
    notes = tuple(_possible(most, assignment))
    return merged(table, place, tuple(_rows(table, head, section)), results, "," in most, notes)


def _column(head: Sequence[str], section: int, wanted: str, file: str) -> int:
    """Where the points belong. What Canvas calculates itself has no number, and can not be meant."""
    known = {
        place: found for place, text in enumerate(head) if place > section and (found := _ASSIGNMENT.fullmatch(text))
    }
    wanted = wanted.strip()
    places = [place for place, found in known.items() if wanted == head[place]] or [
        place for place, found in known.items() if wanted in (found[1], found[2])
    ]
    if len(places) == 1:
        return places[0]
    names = [found[1] for found in known.values()]
    if places:
        told = ", ".join(head[place] for place in places)
        raise UsageError(f"{file} has several assignments “{wanted}”.", hint=f"Name one with its number: {told}.")
    near = nearest(wanted, names)
    hint = f"Did you mean “{near}”?" if near else f"There are: {', '.join(names) or 'none'}."
    raise UsageError(f"{file} has no assignment “{wanted}”.", hint=hint)


def _possible(told: str, assignment: Assignment) -> Iterator[str]:
    try:
        most = Decimal(told.replace(",", "."))
    except InvalidOperation:
        return
    if most != assignment.of:
        yield f"Canvas gives at most {number(most)} points for it, this assignment {number(assignment.of)}."


def _rows(table: Exported, head: Sequence[str], section: int) -> Iterator[Row]:
    identifying = [place for place in range(1, section) if head[place] != "Root Account"]
    for index, (_, row) in enumerate(table.rows[1:], start=1):
        name = row[0].text.strip()
        sure = tuple(row[place].text.strip() for place in identifying if place < len(row) and row[place].text.strip())
        # Below the head there may be rows about the columns: how grades are posted, how many points there are at most.
        if name == POSSIBLE or not sure:
            continue
        yield Row(index, name, sure, tuple(_called(row, name, sure)))


def _called(row: Sequence[Cell], name: str, sure: Sequence[str]) -> Iterator[str]:
    yield name
    family, comma, given = name.partition(",")
    if comma:
        yield f"{given} {family}"
    for login in sure:
        if "@" in login:
            yield login.partition("@")[0]
