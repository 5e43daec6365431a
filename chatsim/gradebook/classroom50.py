"""Classroom 50's `result.json` (`classroom50/result/v1`), for one submission: a test a part.

Classroom 50 knows whole numbers only. So points are written in hundredths, unless the assignment has none but whole points, all
or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from chatsim.errors import UsageError
from chatsim.gradebook.feedback import PartTold, feedback
from chatsim.gradebook.graded import Graded, points_or_error
from chatsim.gradebook.plain_json import written
from chatsim.gradebook.plain_text import part_text
from chatsim.grading.assignment import Assignment
from chatsim.report.printable import printable, shorten

__all__ = ["NEEDED", "classroom50_json"]

# Where Classroom 50's runner says what belongs into which field; the rest it stamps itself.
NEEDED: Final[dict[str, str]] = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
}
LONGEST = 20_000  # characters of a test's output


def classroom50_json(assignment: Assignment, graded: Graded, environment: Mapping[str, str], now: float) -> str:
    """What belongs into `result.json`, with a line end. `graded` has been cut to what the student may see: the file is
    published with the student's release.

    `environment`: of the process that Classroom 50's runner started. `now`: seconds since 1970; `datetime` is when it was
    handed in, or now where nothing tells. Raises UsageError where the runner's variables are missing, and NoPointsError
    where there are no points because of trouble of ours: an autograder that fails is graded again, one that says zero is not.
    """
    points = points_or_error(graded)
    missing = [name for name in NEEDED.values() if not environment.get(name)]
    if missing:
        raise UsageError(
            f"For Classroom 50's result.json the environment lacks {', '.join(missing)}.",
            hint="Its runner sets them: call chatsim from an autograder.py that the runner starts.",
        )
    grade = graded.grade
    unit = _unit(assignment, graded, points)
    submitted = graded.record.submitted if graded.record.submitted is not None else now
    plain: dict[str, Any] = {
        "schema": "classroom50/result/v1",
        **{field: environment[name] for field, name in NEEDED.items()},
        "assignment_type": "group" if environment.get("ASSIGNMENT_TYPE") == "group" else "individual",
        "owner": environment.get("OWNER") or environment.get("USERNAME") or graded.student.key,
        "review": environment.get("REVIEW_URL") or environment["COMMIT_URL"],
        "datetime": _instant(submitted),
        "graded_at": _instant(now),
        "score": _whole(points, unit),
        "max-score": _whole(grade.of, unit),
        "tests": [_test(part, unit) for part in feedback(assignment, graded).parts],
    }
    return written(plain)


def _test(part: PartTold, unit: int) -> dict[str, Any]:
    return {
        "test-name": printable(part.title),
        "passed": part.low == part.of,
        "score": _whole(part.low, unit),
        "max-score": _whole(part.of, unit),
        "message": printable(" ".join(filter(None, (f"{part.word}.", part.why)))),
        "output": shorten(part_text(part), LONGEST),
    }


def _unit(assignment: Assignment, graded: Graded, points: Decimal) -> int:
    """How many of their points are one of ours. The same for a class, but for a student to whom somebody gave a fraction."""
    simple = assignment.late is None and assignment.total is None and all(p.credit == "all" for p in assignment.parts)
    numbers = [graded.grade.of, points]
    numbers += [value for part in graded.grade.parts for value in (part.low, part.of)]
    return 1 if simple and all(value == value.to_integral_value() for value in numbers) else 100


def _whole(value: Decimal, unit: int) -> int:
    return int((value * unit).to_integral_value())


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
