"""What a part asks for by name, and no run of anybody has put to the test: a mistake of the assignment, told once and not for
each student."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chatsim.gradebook.graded import Graded
from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.counting import never_tested_in, share_of
from chatsim.grading.record import RunRecord

__all__ = ["Untested", "is_only_the_assignments", "untested"]


@dataclass(frozen=True, slots=True)
class Untested:
    """`names`: properties that the part asks for. `many`: students whose server was there to the end of a run, and was not put
    to the test for them all the same."""

    part: Part
    names: tuple[str, ...]
    many: int
    needed: bool  # another part needs this one: then a change of what it asks for has everybody played again

    @property
    def told(self) -> str:
        """What is wrong, in a sentence."""
        title = self.part.title or self.part.name
        of = "the one server" if self.many == 1 else f"all {self.many} servers"
        return f"“{title}” asks for {', '.join(self.names)}, and none of its runs has put that to the test, with {of}."

    @property
    def advice(self) -> str:
        """What to do about it."""
        again = "then everybody is played again" if self.needed else "nobody is played again for that"
        which = "it" if len(self.names) == 1 else "them"
        return (
            "This is a mistake in the assignment, and no student's. Let a scenario of this part do what is missing: "
            "`docs/properties.md` says what puts each property to the test, `chatsim explain SCENARIO` what one does. Or "
            f"take {which} out of its `properties` ({again}), and give the same command once more."
        )


def untested(assignment: Assignment, students: Sequence[Graded]) -> tuple[Untested, ...]:
    """In the order of the parts."""
    return tuple(_untested(assignment, students))


def _untested(assignment: Assignment, students: Sequence[Graded]) -> Iterator[Untested]:
    needed = {need for part in assignment.parts for need in part.needs}
    for part in assignment.parts:
        runs = {one.student.key: _runs(one, part) for one in students}
        names = never_tested_in(part, [run for each in runs.values() for run in each])
        if names:
            many = sum(bool(never_tested_in(part, each)) for each in runs.values())
            yield Untested(part, names, many, part.name in needed)


def is_only_the_assignments(found: Sequence[Untested], one: Graded, part: str) -> bool:
    """Is nothing else open about this part of this student?"""
    wrong = next((each for each in found if each.part.name == part), None)
    if wrong is None or one.grade.state != "played":
        return False
    names = [name for name in wrong.part.properties if name not in wrong.names]
    if not names:
        return True
    rest = replace(wrong.part, properties=tuple(names), named=tuple(n for n in wrong.part.named if n in names))
    share = share_of(rest, _runs(one, rest))
    return share.low == share.high


def _runs(one: Graded, part: Part) -> list[RunRecord]:
    return [run for run in one.record.runs if run.part == part.name]
