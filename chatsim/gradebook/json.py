"""The grade book for programs. Its shape is published in `gradebook.schema.json`, beside this file, and counted in `format`.

It holds numbers and names, and of texts only the sentence that says why; all else is in the records. Pure ASCII and always
valid, as a report is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chatsim.gradebook.graded import Graded
from chatsim.gradebook.plain_json import as_number, written
from chatsim.grading.assignment import Assignment
from chatsim.grading.grade import PartGrade
from chatsim.grading.record import RunRecord

__all__ = ["FORMAT", "gradebook_json"]

FORMAT = 1


def gradebook_json(assignment: Assignment, results: Sequence[Graded]) -> str:
    """The whole class as one JSON object, with a line end, students in the order of their keys. It holds everything, also
    hidden parts: it is not for students."""
    ordered = sorted(results, key=lambda one: one.student.key)
    plain = {
        "chatsim": "gradebook",
        "format": FORMAT,
        "assignment": {
            "name": assignment.name,
            "title": assignment.title,
            "digest": assignment.digest,
            "of": as_number(assignment.of),
            "due": assignment.due,
            "unresolved": assignment.unresolved,
            "parts": [
                {"name": part.name, "title": part.title, "points": as_number(part.points), "visible": part.visible}
                for part in assignment.parts
            ],
        },
        "students": [_student(graded) for graded in ordered],
    }
    return written(plain)


def _student(graded: Graded) -> dict[str, Any]:
    record, grade = graded.record, graded.grade
    return {
        "key": grade.student.key,
        "name": grade.student.name,
        "state": grade.state,
        "points": None if grade.points is None else as_number(grade.points),
        "low": as_number(grade.low),
        "high": as_number(grade.high),
        "of": as_number(grade.of),
        "late_s": round(grade.late, 3),
        "late_percent": as_number(grade.minus),
        "needs_review": grade.needs_review,
        "told": record.told or grade.told,
        "submitted": record.submitted,
        "digest": record.digest,
        "profile": record.profile,
        "seconds": round(record.seconds, 3),
        "graded": {
            "version": record.version,
            "machine": record.machine,
            "confinement": record.confinement,
            "patience": record.patience,
            "assignment": record.assignment,
        },
        "parts": [_part(part) for part in grade.parts],
        "runs": [_run(run) for run in record.runs],
    }


def _part(part: PartGrade) -> dict[str, Any]:
    return {
        "name": part.name,
        "state": part.state,
        "low": as_number(part.low),
        "high": as_number(part.high),
        "of": as_number(part.of),
        "passed": part.passed,
        "played": part.played,
        "why": part.why,
        "comment": part.comment,
    }


def _run(run: RunRecord) -> dict[str, Any]:
    return {
        "part": run.part,
        "scenario": run.scenario,
        "file": run.file,
        "seed": run.seed,
        "patience": run.patience,
        "outcome": run.outcome,
        "ours": run.ours,
        "undisturbed": run.undisturbed,
        "needs_review": run.needs_review,
        "duration_s": round(run.duration_s, 6),
        "verdicts": {verdict.property: "doubtful" if verdict.doubtful else verdict.outcome for verdict in run.verdicts},
    }
