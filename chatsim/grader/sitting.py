"""One submission's turn, from what was handed in to what was seen: made ready, and played with.

It is work for a worker process (`chatsim.jobs`), in a sandbox of its own, which ends with it. What goes
wrong with a submission is a result. What goes wrong with us is one, too, and says so.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from time import monotonic
from types import FrameType

from chatsim.errors import ChatsimError, ConfinementError
from chatsim.grader.disturbance import Disturbance
from chatsim.grader.handed_in import CannotBePlayedError, made_ready
from chatsim.grader.speaking import Speaking, typed
from chatsim.grading.assignment import Assignment, Limits
from chatsim.grading.counting import may_be_full
from chatsim.grading.order import Phase, Wanted, next_run, not_run
from chatsim.grading.record import Confinement, RunRecord, State, SubmissionRecord
from chatsim.grading.settling import settled
from chatsim.jobs import Tell, silent
from chatsim.sandbox.bounds import Bounds
from chatsim.sandbox.sandbox import Sandbox
from chatsim.submissions.submission import Submission

__all__ = ["Sitting"]


@dataclass(frozen=True, slots=True)
class Sitting:
    """`known`: what was seen before, which is not played again. `phase`: what may be played beside it, and so what is to be
    played now."""

    assignment: Assignment
    submission: Submission
    confinement: Confinement
    known: SubmissionRecord
    phase: Phase = "all"

    def play(self, tell: Tell = silent) -> SubmissionRecord:
        """What is known afterwards. An interrupt ends it in good order; what was finished is known then."""
        began = monotonic()
        record = self.known
        interrupts: list[int] = []
        disturbed = Disturbance()
        try:
            with _interruptible(interrupts):
                for known in self._records(tell, interrupts):
                    record = known
        except KeyboardInterrupt:
            pass
        except ConfinementError as error:
            record = self.lost(error)
        except CannotBePlayedError as why:
            sure = not why.doubtful or self._undisturbed(disturbed)
            settled = sure and why.state != "infrastructure"
            record = replace(record, state=why.state, told=why.told, output=why.output, settled=settled)
        return replace(record, seconds=record.seconds + monotonic() - began)

    def lost(self, error: ChatsimError) -> SubmissionRecord:
        """The worker has died, or chatsim itself has failed: the student is not to blame, nor is any other."""
        return replace(self.known, state="infrastructure", told=str(error))

    def is_whole(self, result: SubmissionRecord) -> bool:
        return result.state != "infrastructure"

    def _undisturbed(self, disturbed: Disturbance) -> bool:
        """May what was played meanwhile count for good?"""
        return self.phase == "alone" or (self.phase == "again" and not disturbed)

    def _records(self, tell: Tell, interrupts: list[int]) -> Iterator[SubmissionRecord]:
        """What is known, more after each run."""
        assignment, record = self.assignment, replace(self.known, state="played", told="", output="")
        played: dict[tuple[str, str, int], RunRecord] = {}  # parts may share a scenario: it is played once
        with Sandbox(self.confinement, _bounds(assignment.limits)) as sandbox:
            server = made_ready(assignment, self.submission, sandbox.place(), sandbox, tell, record.patience)
            speaking = Speaking(assignment, server, sandbox, record.patience, tell)
            profile = speaking.profile(record.profile, record.worked_out)
            record = replace(
                record,
                profile=profile.name,
                worked_out=speaking.worked_out,
                server=typed(server.command),
                notes=(*_of_its_time(self.submission), *server.notes),
                submitted=record.submitted if record.submitted is not None else server.submitted,
            )
            while (wanted := next_run(assignment, record, may_be_full, self.phase)) is not None:
                tell(_doing(assignment, record, wanted))
                key = (wanted.scenario.file, wanted.scenario.name, wanted.seed)
                if wanted.replays is None and key in played:
                    run = replace(played[key], part=wanted.part)
                else:
                    disturbed = Disturbance()
                    run = speaking.play(wanted, profile)
                    if interrupts:
                        raise KeyboardInterrupt
                    if wanted.replays is not None and not self._undisturbed(disturbed):
                        record = _to_be_alone(record, wanted.replays)
                        continue
                if wanted.replays is None:
                    played[key] = run
                record = _with(record, wanted, run)
                yield record
        record = _closed(assignment, record)
        done = next_run(assignment, record, may_be_full, "alone") is None
        # What was our trouble to the end is left to the next `chatsim grade`: the machine may be well again then.
        yield replace(record, settled=done and not any(run.ours for run in record.runs))


def _of_its_time(submission: Submission) -> tuple[str, ...]:
    if not submission.marked_late or submission.submitted is not None:
        return ()
    return ("The learning system calls it late, and does not say by how much: nothing was taken off for that.",)


def _with(record: SubmissionRecord, wanted: Wanted, run: RunRecord) -> SubmissionRecord:
    if wanted.replays is None:
        return replace(record, runs=(*record.runs, run))
    return _in_place(record, wanted.replays, settled(record.runs[wanted.replays], run))


def _to_be_alone(record: SubmissionRecord, place: int) -> SubmissionRecord:
    return _in_place(record, place, replace(record.runs[place], disturbed=True))


def _in_place(record: SubmissionRecord, place: int, run: RunRecord) -> SubmissionRecord:
    return replace(record, runs=(*record.runs[:place], run, *record.runs[place + 1 :]))


def _closed(assignment: Assignment, record: SubmissionRecord) -> SubmissionRecord:
    """With what follows from its runs: which parts need what was not reached; and whether there was a server at all."""
    record = replace(record, not_run=not_run(assignment, record, may_be_full))
    if len(record.runs) != 1 or record.runs[0].outcome != "error":
        return record
    first = record.runs[0]
    if first.ours:
        return replace(record, state="infrastructure", told=first.error)
    state: State = "not-started" if first.unstarted else "stopped" if first.stopped else "not-understood"
    return replace(record, state=state, told=first.error)


def _bounds(limits: Limits) -> Bounds:
    return Bounds(
        **{field.name: getattr(limits, field.name) for field in fields(Bounds) if hasattr(limits, field.name)}
    )


def _doing(assignment: Assignment, record: SubmissionRecord, wanted: Wanted) -> str:
    whole = sum(len(part.scenarios) * part.repeat for part in assignment.parts)
    bad = sum(run.outcome in ("failed", "error") for run in record.runs)
    again = "again, " if wanted.replays is not None else ""
    told = f", {bad} failed" if bad else ""
    return f"{len(record.runs)} of {whole} runs{told} · {again}{wanted.scenario.name}"


@contextmanager
def _interruptible(interrupts: list[int]) -> Iterator[None]:
    """SIGTERM is noted, so that a run that it has ended is not taken for one that took too long."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupts.append(number)
        if len(interrupts) == 1:  # the second one finds us tidying up, and is not to end that
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
