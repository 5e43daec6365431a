"""One submission, graded: what was seen, and the points that it gives. Everything here is written of a sequence of these."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.grading.grade import Grade
from chatsim.grading.record import Student, SubmissionRecord

__all__ = ["Graded"]


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
