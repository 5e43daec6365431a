"""The points of a student, part by part; as an interval where nobody could tell."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chatsim.grading.assignment import Visible
from chatsim.grading.record import State, Student

__all__ = ["Grade", "PartGrade", "PartState"]

PartState = Literal["full", "partial", "none", "not-run", "needs-review", "to-look", "infrastructure", "later"]


@dataclass(frozen=True, slots=True)
class PartGrade:
    """`low` and `high` differ where something could not be told (`needs-review`, `infrastructure`), where nobody has looked
    yet (`to-look`), or, in what a student is given, where it is not told before the due date (`later`).

    `why`: one sentence. `comment`: what a person wrote who has looked.
    """

    name: str
    title: str
    of: Decimal
    low: Decimal
    high: Decimal
    state: PartState
    why: str = ""
    visible: Visible = "always"
    passed: int = 0  # runs
    played: int = 0  # runs that count
    comment: str = ""

    @property
    def is_open(self) -> bool:
        """Is there anything that a person has to decide?"""
        return self.state in ("needs-review", "to-look", "infrastructure")


@dataclass(frozen=True, slots=True)
class Grade:
    """`low` and `high`: of the whole, scaled to the assignment's total, less what is taken off for being late. `points` is
    the one number of them that goes into a column, or None where the trouble was ours: that is never a zero."""

    student: Student
    state: State
    parts: tuple[PartGrade, ...]
    of: Decimal
    low: Decimal
    high: Decimal
    points: Decimal | None
    late: float = 0.0  # seconds after what was due, grace included
    minus: Decimal = Decimal()  # percent that are taken off for that
    told: str = ""  # of a submission that was not played: what its student reads

    @property
    def needs_review(self) -> bool:
        """Is there anything that a person has to decide?"""
        return any(part.is_open for part in self.parts)
