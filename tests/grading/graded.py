"""Assignments and records as literals: as short as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from chatsim.grading.assignment import Assignment, Part, ServerRules
from chatsim.grading.record import OutcomeWord, RunRecord, Student, SubmissionRecord, VerdictRecord
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

ANNA = Student("anna", "Anna Ñandú")


def scenario(name: str) -> Scenario:
    return read_scenario(f"scenario: {name}\nbots: [ann, bob]\nsteps: [join: everyone]\n", f"{name}.yaml")


COME, GO = scenario("come"), scenario("go")


def a_part(name: str = "joining", points: str = "10", **more: Any) -> Part:
    return Part(**{"name": name, "title": name.title(), "points": Decimal(points), "scenarios": (COME,), **more})


def an_assignment(*parts: Part, **more: Any) -> Assignment:
    return Assignment(
        **{
            "name": "chat-1",
            "title": "A chat server",
            "server": ServerRules("python3 server.py"),
            "parts": parts,
            **more,
        }
    )


def a_run(
    outcome: OutcomeWord = "passed",
    *,
    part: str = "joining",
    of: Scenario = COME,
    seed: int = 0,
    verdicts: Mapping[str, OutcomeWord] | None = None,
    doubtful: bool = False,
    **more: Any,
) -> RunRecord:
    return RunRecord(
        part,
        of.name,
        of.file,
        seed,
        1.0,
        outcome,
        verdicts=tuple(
            VerdictRecord(name, word, doubtful=doubtful and word == "failed") for name, word in (verdicts or {}).items()
        ),
        **more,
    )


def a_record(*runs: RunRecord, **more: Any) -> SubmissionRecord:
    return SubmissionRecord(**{"student": ANNA, "state": "played", "runs": runs, **more})
