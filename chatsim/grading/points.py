"""An assignment and what was seen of a submission → points. Pure and exact.

Points are decimal numbers. Each part is rounded to hundredths, halves to the even one, and so is the whole once more when it
has been scaled and what is late has been taken off: what a student sees adds up.

Where nobody could tell, the points are an interval (docs/assignment.md says when). No trouble of ours is ever a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.counting import Share, share_of
from chatsim.grading.grade import Grade, PartGrade, PartState
from chatsim.grading.marks import Mark, Marks
from chatsim.grading.record import State, SubmissionRecord

__all__ = ["grade", "whole"]

NONE: Final = Fraction(0)
ALL: Final = Fraction(1)

NOT_FOUND_OUT: Final = "How it is spoken to was not found out, so nothing could be played."

_NOT_PLAYED: Final[Mapping[State, str]] = {
    "several-submissions": "There are several submissions, and nobody knows which of them counts.",
    "not-unpacked": "It could not be unpacked, so nothing could be played.",
    "no-server": "No server was found, so nothing could be played.",
    "several-servers": "Several servers were found, and nobody knows which of them is meant.",
    "not-built": "It could not be built, so nothing could be played.",
    "not-started": "It did not start, so nothing could be played.",
    "not-understood": "It did not answer as the assignment says, so nothing could be played.",
    "stopped": "It took too long, or more than it may, and was stopped; so nothing more was played.",
    "infrastructure": "It could not be played, by no fault of this server.",
}


def grade(assignment: Assignment, record: SubmissionRecord, marks: Marks | None = None) -> Grade:
    """The points of one student. `marks`: what a person has decided, which counts more than what was counted."""
    decided = (marks or {}).get(record.student.key, {})
    parts = _Parts(assignment, record, decided)
    graded = tuple(parts.of(part.name).grade for part in assignment.parts)
    late, minus = _late(assignment, record.submitted)
    low = whole(assignment, (part.low for part in graded), minus)
    high = whole(assignment, (part.high for part in graded), minus)
    ours = any(part.state == "infrastructure" for part in graded)
    # That nobody has looked yet is no doubt of which a student could have the benefit.
    given = whole(assignment, (part.low if part.state == "to-look" else part.high for part in graded), minus)
    return Grade(
        student=record.student,
        state=record.state,
        parts=graded,
        of=assignment.of,
        low=low,
        high=high,
        points=None if ours else given if assignment.unresolved == "given" else low,
        late=late,
        minus=minus,
        told=record.told,
    )


def whole(assignment: Assignment, points: Iterable[Decimal], minus: Decimal) -> Decimal:
    """The points of the parts together, scaled to the total, less the percent that are taken off for being late."""
    if not assignment.points:
        return Decimal("0.00")
    scaled = Fraction(sum(points, Decimal())) * Fraction(assignment.of) / Fraction(assignment.points)
    return _hundredths(scaled * (100 - Fraction(minus)) / 100)


@dataclass(frozen=True, slots=True)
class _Counted:
    """`low` and `high`: the share of the part, from 0 to 1. What a part needs is asked of it, and not of its points: a part
    that gives none can be needed, too."""

    grade: PartGrade
    low: Fraction
    high: Fraction

    @property
    def title(self) -> str:
        return self.grade.title


class _Parts:
    """The parts of one student, each counted once; those that others need before these."""

    def __init__(self, assignment: Assignment, record: SubmissionRecord, decided: Mapping[str, Mark]) -> None:
        self.assignment = assignment
        self.known = {part.name: part for part in assignment.parts}
        self.record = record
        self.decided = decided
        self.not_run = dict(record.not_run)
        self._counted: dict[str, _Counted] = {}

    def of(self, name: str) -> _Counted:
        if name not in self._counted:
            self._counted[name] = self._count(self.known[name])
        return self._counted[name]

    def _count(self, part: Part) -> _Counted:
        if (mark := self.decided.get(part.name)) is not None:
            given = Fraction(min(mark.points, part.points)) / Fraction(part.points) if part.points else ALL
            return _counted(part, given, given, "Decided by a person.", comment=mark.comment)
        if part.credit == "look":
            return _counted(part, NONE, ALL, "Nobody has looked at it yet.", unclear="to-look")
        if self.record.state != "played":
            return self._not_played(part)
        needed = [self.of(name) for name in part.needs]
        unmet = next((each for each in needed if each.high < ALL), None)
        if unmet is not None:
            counted = _counted(part, NONE, NONE, f"Not run: it needs “{unmet.title}”.")
            return replace(counted, grade=replace(counted.grade, state="not-run"))
        share = self._share(part)
        doubtful = next((each for each in needed if each.low < ALL), None)
        if doubtful is None or not share.high:
            unclear: PartState = "infrastructure" if share.ours else "needs-review"
            return _counted(part, share.low, share.high, share.why, unclear, share)
        why = f"It needs “{doubtful.title}”, and nobody could tell about that."
        return _counted(part, NONE, share.high, why, doubtful.grade.state, share)

    def _not_played(self, part: Part) -> _Counted:
        state = self.record.state
        why = _NOT_PLAYED[state]
        if state == "infrastructure":
            return _counted(part, NONE, ALL, why, "infrastructure")
        # Which of two is meant a person sees at a glance; and that chatsim finds out any protocol, nobody has promised.
        if state in ("several-submissions", "several-servers"):
            return _counted(part, NONE, ALL, why, "needs-review")
        if state == "not-understood" and self.assignment.server.any:
            return _counted(part, NONE, ALL, NOT_FOUND_OUT, "needs-review")
        return _counted(part, NONE, NONE, why)

    def _share(self, part: Part) -> Share:
        runs = [run for run in self.record.runs if run.part == part.name]
        if not runs and part.name in self.not_run:
            why = "It was not run, since something that it needs was not reached then: it has to be graded again."
            return Share(NONE, ALL, why=why)
        return share_of(part, runs)


def _counted(
    part: Part,
    low: Fraction,
    high: Fraction,
    why: str,
    unclear: PartState = "needs-review",
    share: Share | None = None,
    *,
    comment: str = "",
) -> _Counted:
    """`unclear`: what its state is called, where there is an interval."""
    told: PartState = unclear if low != high else "full" if low == ALL else "partial" if low else "none"
    return _Counted(
        PartGrade(
            name=part.name,
            title=part.title,
            of=part.points,
            low=_hundredths(low * Fraction(part.points)),
            high=_hundredths(high * Fraction(part.points)),
            state=told,
            why=why,
            visible=part.visible,
            passed=share.passed if share is not None else 0,
            played=share.played if share is not None else 0,
            comment=comment,
        ),
        low,
        high,
    )


def _late(assignment: Assignment, submitted: float | None) -> tuple[float, Decimal]:
    """Seconds after what was due, grace included, and the percent that are taken off. Each begun period counts whole."""
    if assignment.due is None or submitted is None:
        return 0.0, Decimal()
    rules = assignment.late
    after = Fraction(submitted) - Fraction(assignment.due) - Fraction(rules.grace if rules is not None else 0.0)
    if after <= 0:
        return 0.0, Decimal()
    if rules is None:
        return float(after), Decimal()
    return float(after), min(rules.most, rules.minus * ceil(after / Fraction(rules.per)))


def _hundredths(value: Fraction) -> Decimal:
    """Rounded to hundredths, halves to the even one."""
    return Decimal(round(value * 100)).scaleb(-2)
