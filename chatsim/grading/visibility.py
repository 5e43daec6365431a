"""What a student may see of a record and a grade: nothing of hidden parts is left in what comes out of here.

Of parts that are hidden (`visible: never`), and before the due date of those that are shown after it, all is gone: names,
titles, scenarios, seeds, texts, pictures, hints, and how many they are. What is left of them is one line for all that are
hidden, with their points, since a student has to see how the whole came about; and one for all that are shown later, of
which only is told how many points they give at most. So the number of the whole is not told before the due date either,
only what it is at least and at most: who hands in again and again can not ask hidden tests whether they pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from chatsim.grading.assignment import Assignment, Visible
from chatsim.grading.grade import Grade, PartGrade, PartState
from chatsim.grading.points import whole
from chatsim.grading.record import SubmissionRecord

__all__ = ["HIDDEN", "HIDDEN_NAME", "LATER", "LATER_NAME", "for_student", "is_visible"]

# No part can be called so: what is told of one by its name is never told of these.
HIDDEN_NAME: Final = "(hidden)"
LATER_NAME: Final = "(later)"
HIDDEN: Final = "Hidden tests"
LATER: Final = "Tests that are shown after the due date"

_OF_ITS_START: Final = frozenset(("not-built", "not-started"))


def is_visible(assignment: Assignment, visible: Visible, now: float) -> bool:
    """May students see a part of this visibility by now (seconds since 1970)? Without a due date, nothing is ever after it."""
    return visible == "always" or (visible == "after-due" and assignment.due is not None and now >= assignment.due)


def for_student(
    assignment: Assignment, record: SubmissionRecord, grade: Grade, now: float
) -> tuple[SubmissionRecord, Grade]:
    """The same, with everything gone that this student may not see at `now` (seconds since 1970).

    What a run of a part that is shown says is left as it is: its server may have spoken of whatever it likes. What a server
    printed that was played is not: hidden scenarios may stand in it.
    """
    shown = {part.name for part in assignment.parts if is_visible(assignment, part.visible, now)}
    hidden = [part for part in grade.parts if part.name not in shown]
    if not hidden:
        return record, grade
    return _record(record, shown), _grade(assignment, grade, shown)


def _record(record: SubmissionRecord, shown: set[str]) -> SubmissionRecord:
    runs = tuple(run for run in record.runs if run.part in shown)
    return replace(
        record,
        runs=runs,
        not_run=tuple((part, need) for part, need in record.not_run if part in shown and need in shown),
        output=record.output if record.state in _OF_ITS_START else "",
        assignment="",  # by it, a guess at a hidden file could be held against it
        seconds=sum(run.duration_s for run in runs),
    )


def _grade(assignment: Assignment, grade: Grade, shown: set[str]) -> Grade:
    never = [part for part in grade.parts if part.name not in shown and part.visible == "never"]
    later = [part for part in grade.parts if part.name not in shown and part.visible != "never"]
    betrayed = {part.name for part in assignment.parts if not shown.issuperset(part.needs)}
    parts = [replace(part, why="") if part.name in betrayed else part for part in grade.parts if part.name in shown]
    if never:
        parts.append(_together(never))
    if not later:
        return replace(grade, parts=tuple(parts))
    of = sum((part.of for part in later), Decimal())
    parts.append(PartGrade(LATER_NAME, LATER, of, Decimal(), of, "later", visible="after-due"))
    return replace(
        grade,
        parts=tuple(parts),
        low=whole(assignment, (part.low for part in parts), grade.minus),
        high=whole(assignment, (part.high for part in parts), grade.minus),
        points=None,
    )


def _together(parts: Iterable[PartGrade]) -> PartGrade:
    """One line for all of them. Its state says what somebody has yet to do, and no more."""
    parts = tuple(parts)
    low, high, of = (sum((getattr(part, name) for part in parts), Decimal()) for name in ("low", "high", "of"))
    state: PartState = "full" if low == high == of else "none" if not high else "partial"
    for open_one in ("needs-review", "to-look", "infrastructure"):  # the last of them that there is
        if any(part.state == open_one for part in parts):
            state = open_one
    return PartGrade(HIDDEN_NAME, HIDDEN, of, low, high, state, visible="never")
