"""One submission, graded: what was seen, and the points that it gives. Everything here is written of a sequence of these."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from chatsim.errors import ChatsimError
from chatsim.grading.grade import Grade
from chatsim.grading.record import Student, SubmissionRecord

__all__ = ["Graded", "NoPointsError", "points_known", "points_or_error"]


@dataclass(frozen=True, slots=True)
class Graded:
    """`record` and `grade` are of the same student. For what a student reads, both have been cut to what that student may
    see (`chatsim.grading.visibility`); each writer says which of the two it wants."""

    record: SubmissionRecord
    grade: Grade

    @property
    def student(self) -> Student:
        """Whose it is."""
        return self.grade.student


class NoPointsError(ChatsimError):
    """A file that must hold a number cannot be written: the trouble was ours, and zero would be a lie."""

    exit_code = 4


def points_known(grade: Grade) -> Decimal | None:
    """What a learning system may be given: the points, or those that are certain as long as others are not told before the
    due date. None where there are none because of trouble of ours."""
    if grade.points is None and grade.state != "infrastructure":
        states = {part.state for part in grade.parts}
        return grade.low if "later" in states and "infrastructure" not in states else None
    return grade.points


def points_or_error(graded: Graded) -> Decimal:
    """The same; raises NoPointsError where there are none."""
    if (points := points_known(graded.grade)) is None:
        told = (graded.record.told or graded.grade.told).strip()
        name = graded.student.name or graded.student.key
        raise NoPointsError(
            f"There are no points for {name} yet"
            + (f": {told}" if told else ": something went wrong on this machine."),
            hint="This is no zero. Grade it again.",
        )
    return points
