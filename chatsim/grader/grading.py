"""A class is graded: everybody once, side by side; then what is in doubt, side by side with its like, which counts where
nothing disturbed it; then what was disturbed, one after the other with nothing beside it.

What is known of a submission is stored at once, so a grading that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from os.path import lexists
from typing import Protocol

from chatsim.grader.engines import Engine
from chatsim.grader.fingerprint import fingerprint
from chatsim.grader.sitting import Sitting
from chatsim.grader.store import Store, Terms
from chatsim.grading.assignment import Assignment
from chatsim.grading.counting import may_be_full
from chatsim.grading.order import Phase, next_run
from chatsim.grading.record import Confinement, SubmissionRecord
from chatsim.submissions.submission import Submission

__all__ = ["Grading", "Watcher", "blank"]


class Watcher(Protocol):
    """Who is told how it goes. `total` counts submissions of this phase."""

    def begins(self, total: int, phase: Phase) -> None: ...

    def doing(self, student: str, words: str) -> None: ...

    def done(self, record: SubmissionRecord) -> None: ...


@dataclass(frozen=True, slots=True)
class Grading:
    """One call of `chatsim grade`, or one shard of it."""

    assignment: Assignment
    terms: Terms
    confinement: Confinement
    submissions: Sequence[Submission]
    store: Store
    engine: Engine
    watcher: Watcher

    def run(self) -> None:
        """Until everybody is settled. On Ctrl-C or SIGTERM what was finished is stored, and it is raised again."""
        phases: tuple[Phase, ...] = ("all", "again", "alone") if self.engine.several else ("all", "alone")
        for phase in phases:
            self._play(self._sittings(phase), phase)
        # Whose worker died in the last phase has had no second chance, as all others have.
        self._play([each for each in self._sittings("alone") if each.known.state == "infrastructure"], "alone")

    def _sittings(self, phase: Phase) -> list[Sitting]:
        """Who has to be played (once more)."""
        found = []
        for submission in self.submissions:
            known = self.store.record(submission.student.key)
            if known is not None and known.assignment == self.terms.assignment and not lexists(submission.path):
                continue  # it has gone since we began: what is known of it stays
            new = blank(submission, self.terms, self.confinement)
            if known is None or known.digest != new.digest or known.assignment != new.assignment:
                known = new  # handed in anew since then, or asked otherwise
            else:
                known = self._told_anew(known, new)
                if known.settled:
                    continue
                if phase == "all":
                    known = _without_our_trouble(known)
                waits = phase != "alone" and known.runs
                if waits and next_run(self.assignment, known, may_be_full, phase) is None:
                    continue  # for a later phase; the last one settles also who was interrupted when all was played
            found.append(Sitting(self.assignment, submission, self.confinement, known, phase))
        return found

    def _told_anew(self, known: SubmissionRecord, new: SubmissionRecord) -> SubmissionRecord:
        """What a list, a name or a date tells of it may have changed since, and nothing of it has to be played for that."""
        submitted = new.submitted if new.submitted is not None else known.submitted
        told = replace(known, student=new.student, origin=new.origin, submitted=submitted)
        if told != known:
            self.store.keep(told)
        return told

    def _play(self, sittings: list[Sitting], phase: Phase) -> None:
        if not sittings:
            return
        self.watcher.begins(len(sittings), phase)

        def heard(number: int, words: str) -> None:
            self.watcher.doing(sittings[number].submission.student.name, words)

        with self.engine.players(heard, phase) as players:
            for _, record in players.as_ready(sittings):
                self.store.keep(record)
                self.watcher.done(record)


def _without_our_trouble(record: SubmissionRecord) -> SubmissionRecord:
    """What an earlier `chatsim grade` could not play, by no fault of the server: this one tries again."""
    return replace(record, runs=tuple(run for run in record.runs if not (run.ours and run.undisturbed)))


def blank(submission: Submission, terms: Terms, confinement: Confinement) -> SubmissionRecord:
    """Of whom nothing is known yet but what was handed in."""
    return SubmissionRecord(
        submission.student,
        "played",
        origin=submission.origin,
        submitted=submission.submitted,
        version=terms.version,
        machine=terms.machine,
        confinement=confinement,
        patience=terms.patience,
        assignment=terms.assignment,
        digest=fingerprint(submission),
    )
