"""Folders of results, each with a part of a class, become one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from chatsim.errors import Problem, UsageError
from chatsim.grader.store import Store, Terms
from chatsim.grading.record import SubmissionRecord

__all__ = ["merge", "not_given"]

SHARD = re.compile(r"(\d{1,18})/(\d{1,18})")
MOST_NAMED = 10


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
        try:
            head, records = _head(part), list(Store(part).records())
        except UsageError as error:
            problems += error.problems
            continue
        heads[part] = head
        for record in records:
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


def not_given(parts: Sequence[Path]) -> str:
    """Which parts of the class are not among these, in a sentence; empty: none, or nobody can tell. Raises UsageError."""
    shards = [SHARD.fullmatch(_head(part).shard) for part in parts]
    wholes = {int(shard[2]) for shard in shards if shard is not None}
    if None in shards or len(wholes) != 1:
        return ""
    (whole,) = wholes
    given = {int(shard[1]) for shard in shards if shard is not None}
    missing = list(islice((number for number in range(1, whole + 1) if number not in given), MOST_NAMED + 1))
    names = [str(number) for number in missing[:MOST_NAMED]] + ["more"] * (len(missing) > MOST_NAMED)
    if not names:
        return ""
    told = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Of the {whole} parts of the class, {told} {'is' if len(names) == 1 else 'are'} not among these."


def _head(part: Path) -> Terms:
    try:
        head = Store(part).terms() if part.is_dir() else None
    except OSError as error:
        raise UsageError(f"{part} can not be read: {(error.strerror or str(error)).lower()}") from None
    if head is None:
        raise UsageError(f"{part} holds no results", hint="It is the --results folder of a chatsim grade.")
    return head


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
