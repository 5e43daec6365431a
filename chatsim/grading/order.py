"""Which run of a submission is to be played next; asked again after each, also by a `chatsim grade` that was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.record import RunRecord, SubmissionRecord
from chatsim.grading.settling import again
from chatsim.scenario.scenario import Scenario

__all__ = ["Phase", "Wanted", "is_open", "next_run", "not_run"]

Phase = Literal["all", "again", "alone"]
"""`all`: everything once, side by side. `again`: what is in doubt, side by side with its like; it counts if nothing disturbed
it. `alone`: what was disturbed even so, with nothing beside it at all."""

MayBeFull = Callable[[Part, Sequence[RunRecord]], bool]  # by these runs: has a part all its points, or may it have?


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run that is asked for. `patience`: times the usual. `replays`: the place of the run that it is weighed against;
    None: it is the first of its kind."""

    part: str
    scenario: Scenario
    seed: int
    patience: float = 1.0
    replays: int | None = None


def next_run(assignment: Assignment, record: SubmissionRecord, may_be_full: MayBeFull, phase: Phase) -> Wanted | None:
    """What is to be played next; None: nothing in this phase, and in the last one: the submission is settled. `record` must
    not be in the making by anybody else.

    In the first phase a part waits if what it needs is still in doubt. After a first run that could not be played at all,
    nothing more: most likely none can, and each would wait as long.
    """
    if phase != "all":
        scenarios = {(part.name, each.file, each.name): each for part in assignment.parts for each in part.scenarios}
        for index, run in enumerate(record.runs):
            patience = again(run)
            if patience is not None and not (run.disturbed and phase == "again"):
                return Wanted(run.part, scenarios[run.part, run.file, run.scenario], run.seed, patience, index)
    if len(record.runs) == 1 and record.runs[0].outcome == "error" and (phase != "alone" or not record.runs[0].ours):
        return None  # nor was it to be played undisturbed: all others would say the same
    return next(_missing(assignment, record, may_be_full), None)


def not_run(assignment: Assignment, record: SubmissionRecord, may_be_full: MayBeFull) -> tuple[tuple[str, str], ...]:
    """The parts that are not played, each with the part that it needs and that was not reached."""
    found: dict[str, str] = {}
    before = -1
    while len(found) > before:  # until nobody is found any more: what is not run is not reached either
        before = len(found)
        known = replace(record, not_run=tuple(found.items()))
        for part in assignment.parts:
            for need in part.needs:
                reached = is_open(assignment, known, need) or _may_be_full(assignment, known, need, may_be_full)
                if need in found or not reached:
                    found.setdefault(part.name, need)
    return tuple(found.items())


def is_open(assignment: Assignment, record: SubmissionRecord, name: str) -> bool:
    """Is a part neither reached nor missed yet: some of it was not played, or is to be played again?"""
    part = next(part for part in assignment.parts if part.name == name)
    runs = [run for run in record.runs if run.part == name]
    if any(again(run) is not None for run in runs):
        return True
    return len(runs) < len(part.scenarios) * part.repeat and not any(name == missed for missed, _ in record.not_run)


def _missing(assignment: Assignment, record: SubmissionRecord, may_be_full: MayBeFull) -> Iterator[Wanted]:
    played = {(run.part, run.file, run.scenario, run.seed) for run in record.runs}
    record = replace(record, not_run=not_run(assignment, record, may_be_full))
    missed = {name for name, _ in record.not_run}
    for part in assignment.parts:
        if part.name in missed or (part.credit == "look" and not part.scenarios):
            continue
        if not all(
            _may_be_full(assignment, record, need, may_be_full) and not is_open(assignment, record, need)
            for need in part.needs
        ):
            continue  # it waits
        for scenario in part.scenarios:
            for seed in range(assignment.seed, assignment.seed + part.repeat):
                if (part.name, scenario.file, scenario.name, seed) not in played:
                    yield Wanted(part.name, scenario, seed)


def _may_be_full(assignment: Assignment, record: SubmissionRecord, name: str, may_be_full: MayBeFull) -> bool:
    part = next(part for part in assignment.parts if part.name == name)
    return may_be_full(part, [run for run in record.runs if run.part == name])
