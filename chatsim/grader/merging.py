"""Folders of results, each with a part of a class, become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatsim.errors import Problem, UsageError
from chatsim.grader.store import Store, Terms
from chatsim.grading.record import SubmissionRecord

__all__ = ["merge"]


def merge(parts: Sequence[Path], into: Store) -> Terms:
    """All that is known in `parts` is known in `into` afterwards, which must be new or a merge of the same. Of a student who is
    in several, what is settled counts.

    Raises UsageError where they are not parts of one grading: another assignment, other versions of chatsim, the same student
    settled differently.
    """
    problems: list[Problem] = []
    heads: dict[Path, Terms] = {}
    known: dict[str, tuple[Path, SubmissionRecord]] = {}
    for part in parts:
        store = Store(part)
        head = store.terms() if part.is_dir() else None
        if head is None:
            problems.append(Problem(f"{part} holds no results", hint="It is the --results folder of a chatsim grade."))
            continue
        heads[part] = head
        for record in store.records():
            before = known.get(record.student.key)
            if before is None or (record.settled and not before[1].settled):
                known[record.student.key] = part, record
            elif record.settled and before[1].settled and _seen(record) != _seen(before[1]):
                problems.append(Problem(f"{record.student.name} was graded in {before[0]} and in {part}, differently"))
    problems += _differences(heads)
    if problems:
        raise UsageError("\n\n".join(map(str, problems)))
    first = next(iter(heads.values()))
    if (there := into.terms()) is not None and there.assignment != first.assignment:
        raise UsageError(f"{into.folder} holds the results of another assignment")
    machines = " + ".join(dict.fromkeys(head.machine for head in heads.values()))
    whole = replace(first, shard="", machine=machines, patience=max(head.patience for head in heads.values()))
    into.begin(whole)
    for _, record in known.values():
        into.keep(record)
    return whole


def _seen(record: SubmissionRecord) -> tuple[object, ...]:
    """What points are counted from. How long it took, and what was told of it, is never twice the same."""
    runs = sorted(
        (run.part, run.file, run.scenario, run.seed, run.outcome, sorted((v.property, v.outcome) for v in run.verdicts))
        for run in record.runs
    )
    return record.state, runs, sorted(record.not_run)


def _differences(heads: dict[Path, Terms]) -> list[Problem]:
    """In what they have to be alike and are not. How patient each machine had to be is its own affair."""
    found = []
    for what in ("assignment", "version", "seed", "confinement"):
        of = {getattr(head, what): part for part, head in heads.items()}
        if len(of) > 1:
            one, other, *_ = of.values()
            found.append(Problem(f"{one} and {other} were not graded alike: they differ in their {what}"))
    return found
