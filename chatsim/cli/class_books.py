"""From stored results to books: for `chatsim grade`, `merge` and `export`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatsim.cli.exit_codes import INCONCLUSIVE, PASSED
from chatsim.cli.terminal import hint, tell
from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.gradebook.graded import Graded
    from chatsim.grader.store import Store
    from chatsim.grading.assignment import Assignment
    from chatsim.grading.marks import Marks

__all__ = ["Books", "books", "marks_of", "sum_up", "written"]

WIDTH = 100  # columns
MOST_NAMED = 10  # of those who have to be looked at: the rest is counted, and stands in the overview


@dataclass(frozen=True, slots=True)
class Books:
    """A class, graded. `now`: seconds since 1970, when it was written; what students may see hangs on it."""

    assignment: Assignment
    everybody: tuple[Graded, ...]
    now: float


def books(store: Store, assignment: str | None, marks: str | None) -> Books:
    """Read what is stored, count the points anew, and write all books. `assignment`: null, where it lay when it was graded.

    Raises UsageError, also where the assignment asks for other runs than were played.
    """
    from chatsim.cli.files import Problems

    terms = store.terms()
    if terms is None:
        raise UsageError(f"{store.folder} holds no results", hint="It is the --results folder of a chatsim grade.")
    problems = Problems()
    read = problems.assignment(assignment or terms.file)
    problems.stop_if_any()
    assert read is not None
    if read.played != terms.assignment:
        raise UsageError(
            f"{read.file} asks for other runs than were played for {store.folder}",
            hint="Only what counts may change: points, credit, titles, dates. Else grade again: chatsim grade",
        )
    return written(store, read, marks)


def written(store: Store, assignment: Assignment, marks: str | None, others: Iterable[str] = ()) -> Books:
    """The same, with the assignment at hand. `others`: whom marks may be about as well, though nothing is stored of them."""
    from chatsim.grader.publishing import graded, publish

    students = [record.student.key for record in store.records()]
    decided = _decided(store, assignment, marks, sorted({*students, *others}))
    made = Books(assignment, tuple(graded(store, assignment, decided)), time.time())
    if (before := len(students) - len(made.everybody)) > 0:
        hint(
            f"Left out: {before} who {'was' if before == 1 else 'were'} graded by an earlier assignment, and not by this one."
        )
    publish(store, assignment, made.everybody, made.now)
    return made


def _decided(store: Store, assignment: Assignment, marks: str | None, students: list[str]) -> Marks | None:
    from chatsim.grading.marks import load_marks

    file = marks_of(store, marks)
    if file is None:
        return None
    decided = load_marks(file, assignment, students)
    if marks is not None:
        store.marked(marks)
    else:
        hint(f"What a person has decided stands in {file}, as before.")
    return decided


def marks_of(store: Store, marks: str | None) -> str | None:
    """This file, or the one that was given last: nobody is to lose points since an option was forgotten. Raises UsageError if
    that is not there any more."""
    from chatsim.cli.files import is_there

    if marks is not None or (last := store.marks()) is None:
        return marks
    if not is_there(Path(last).is_file):
        raise UsageError(
            f"{last} is not there, by which points were last counted for {store.folder}",
            hint="Say where the marks lie now: --marks FILE. If none are to count, give a file with {} in it.",
        )
    return last


def _is_only_looked_at(one: Graded) -> bool:
    states = [part.state for part in one.grade.parts]
    return one.record.settled and "to-look" in states and "needs-review" not in states


def sum_up(results: Path, made: Books, *, quiet: bool = False, aside: bool = False) -> int:
    """Tell where everything is, and who has to be looked at; the exit code. `aside`: on standard error."""
    from chatsim.gradebook.untested import is_only_the_assignments, untested
    from chatsim.report.printable import printable, wrap

    say = hint if aside else tell
    open_ones = [one for one in made.everybody if one.grade.needs_review or not one.record.settled]
    never = untested(made.assignment, made.everybody)
    to_decide = [
        one
        for one in open_ones
        if not one.record.settled
        or any(part.is_open and not is_only_the_assignments(never, one, part.name) for part in one.grade.parts)
    ]
    if not quiet:
        say(f"{len(made.everybody)} graded. The class: {results / 'index.html'}, {results / 'grades.csv'}")
        say(f"What students may see: {results / 'pages'}")
        for each in never:
            for line in wrap(printable(f"to be mended: {each.told} {each.advice}"), WIDTH, "  ", "    "):
                say(line)
        unclear = [one for one in to_decide if not _is_only_looked_at(one)]
        for one in unclear[:MOST_NAMED]:
            say(f"  to be decided: {one.student.name}")
        if len(unclear) > MOST_NAMED:
            say(f"  … and {len(unclear) - MOST_NAMED} more")
        # Where a part is looked at, that is everybody, and would hide those few of whom nobody could tell.
        if looked := len(to_decide) - len(unclear):
            say(f"  {looked} with parts that a person has to look at (--marks)")
    return INCONCLUSIVE if open_ones else PASSED
