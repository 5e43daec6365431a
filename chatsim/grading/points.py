"""An assignment and what was seen of a submission → points. Pure and exact.

Points are decimal numbers. Each part is rounded to hundredths, halves to the even one, and so is the whole once more when it
has been scaled and what is late has been taken off: what a student sees adds up.

Where nobody could tell, the points are an interval (docs/assignment.md says when). No trouble of ours is ever a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.counting import share_of
from chatsim.grading.grade import Grade, PartGrade, PartState
from chatsim.grading.marks import Mark, Marks
from chatsim.grading.record import State, SubmissionRecord

__all__ = ["grade", "unmet"]

NOBODY_COULD_TELL: Final = ("several-servers", "not-understood")
"""States of which it is not certain that they are the student's doing alone: a person can tell at a glance."""

_NOT_PLAYED: Final[Mapping[State, str]] = {
    "no-server": "No server was found, so nothing could be played.",
    "several-servers": "Several servers were found, and nobody knows which of them is meant.",
    "not-built": "It could not be built, so nothing could be played.",
    "not-started": "It did not start, so nothing could be played.",
    "not-understood": "How it is spoken to was not found out, so nothing could be played.",
    "infrastructure": "It could not be played, by no fault of this server.",
}


def grade(assignment: Assignment, record: SubmissionRecord, marks: Marks | None = None) -> Grade:
    """The points of one student. `marks`: what a person has decided, which counts more than what was counted."""
    decided = (marks or {}).get(record.student.key, {})
    parts = _Parts(assignment, record, decided)
    graded = tuple(parts.of(part) for part in assignment.parts)
    late, minus = _late(assignment, record.submitted)
    low = _whole(assignment, sum((part.low for part in graded), Decimal()), minus)
    high = _whole(assignment, sum((part.high for part in graded), Decimal()), minus)
    ours = any(part.state == "infrastructure" for part in graded)
    return Grade(
        student=record.student,
        state=record.state,
        parts=graded,
        of=assignment.of,
        low=low,
        high=high,
        points=None if ours else high if assignment.unresolved == "given" else low,
        late=late,
        minus=minus,
        told=record.told,
    )


def unmet(assignment: Assignment, record: SubmissionRecord, part: Part, marks: Marks | None = None) -> str | None:
    """The name of a part that this one needs and that, by what has been played so far, is certainly not reached whole.

    None: it is to be run, also where nobody can tell yet. All that it needs must have been played before.
    """
    parts = _Parts(assignment, record, (marks or {}).get(record.student.key, {}))
    known = {each.name: each for each in assignment.parts}
    for name in part.needs:
        needed = parts.of(known[name])
        if needed.high < needed.of:
            return name
    return None


class _Parts:
    """The parts of one student, each counted once; those that others need before these."""

    def __init__(self, assignment: Assignment, record: SubmissionRecord, decided: Mapping[str, Mark]) -> None:
        self.known = {part.name: part for part in assignment.parts}
        self.record = record
        self.decided = decided
        self.not_run = dict(record.not_run)
        self._counted: dict[str, PartGrade] = {}

    def of(self, part: Part) -> PartGrade:
        if part.name not in self._counted:
            self._counted[part.name] = self._count(part)
        return self._counted[part.name]

    def _count(self, part: Part) -> PartGrade:
        blank = PartGrade(part.name, part.title, part.points, Decimal(), part.points, "none", visible=part.visible)
        if (mark := self.decided.get(part.name)) is not None:
            points = min(mark.points, part.points)
            state = _state(points, points, part.points)
            why = "Decided by a person."
            return replace(blank, low=points, high=points, state=state, why=why, comment=mark.comment)
        if part.credit == "look":
            return replace(blank, state="to-look", why="Nobody has looked at it yet.")
        if self.record.state != "played":
            return self._not_played(blank)
        unmet = [name for name in part.needs if (needed := self.of(self.known[name])).high < needed.of]
        if unmet:
            title = self.known[unmet[0]].title
            return replace(blank, high=Decimal(), state="not-run", why=f"Not run: it needs “{title}”.")
        counted = self._by_runs(part, blank)
        doubtful = [name for name in part.needs if (needed := self.of(self.known[name])).low < needed.of]
        if doubtful and counted.high:
            title = self.known[doubtful[0]].title
            why = f"It needs “{title}”, and nobody could tell about that."
            ours = any(self.of(self.known[name]).state == "infrastructure" for name in doubtful)
            return replace(counted, low=Decimal(), state="infrastructure" if ours else "needs-review", why=why)
        return counted

    def _not_played(self, blank: PartGrade) -> PartGrade:
        state = self.record.state
        why = _NOT_PLAYED[state]
        if state == "infrastructure":
            return replace(blank, state="infrastructure", why=why)
        if state in NOBODY_COULD_TELL:
            return replace(blank, state="needs-review", why=why)
        return replace(blank, high=Decimal(), state=_state(Decimal(), Decimal(), blank.of), why=why)

    def _by_runs(self, part: Part, blank: PartGrade) -> PartGrade:
        runs = [run for run in self.record.runs if run.part == part.name]
        if not runs and part.name in self.not_run:
            why = "It was not run, since something that it needs was not reached then. It has to be graded again."
            return replace(blank, state="needs-review", why=why)
        share = share_of(part, runs)
        low, high = _hundredths(share.low * Fraction(part.points)), _hundredths(share.high * Fraction(part.points))
        state = _state(low, high, part.points)
        if state == "needs-review" and share.ours:
            state = "infrastructure"
        return replace(blank, low=low, high=high, state=state, why=share.why, passed=share.passed, played=share.played)


def _state(low: Decimal, high: Decimal, of: Decimal) -> PartState:
    if low != high:
        return "needs-review"
    return "full" if low == of else "partial" if low else "none"


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


def _whole(assignment: Assignment, points: Decimal, minus: Decimal) -> Decimal:
    """The sum of the parts, scaled to the total, less what is taken off for being late."""
    if not assignment.points:
        return Decimal("0.00")
    scaled = Fraction(points) * Fraction(assignment.of) / Fraction(assignment.points)
    return _hundredths(scaled * (100 - Fraction(minus)) / 100)


def _hundredths(value: Fraction) -> Decimal:
    """Rounded to hundredths, halves to the even one."""
    return Decimal(round(value * 100)).scaleb(-2)
