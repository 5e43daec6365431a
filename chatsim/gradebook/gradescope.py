"""Gradescope's `results.json`, for one submission: a test a part.

It is written of everything, also of hidden parts: Gradescope itself keeps those from students, by the `visibility` of each
test. So what stands outside of the tests tells of visible parts alone, and not of the sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from chatsim.gradebook.feedback import PartTold, feedback
from chatsim.gradebook.graded import Graded, points_or_error
from chatsim.gradebook.markdown import paragraph, words
from chatsim.gradebook.plain_json import as_number, written
from chatsim.gradebook.student_markdown import how_markdown, part_markdown, trouble_markdown
from chatsim.gradebook.wording import late_sentence
from chatsim.grading.assignment import Assignment, Visible
from chatsim.grading.grade import PartGrade
from chatsim.report.printable import printable, shorten

__all__ = ["VISIBILITY", "gradescope_json"]

VISIBILITY: Final[dict[Visible, str]] = {"always": "visible", "after-due": "after_due_date", "never": "hidden"}
MOST_TAGS = 4  # a whole group of properties says nothing as tags
LONGEST = 100_000  # characters of one output; a page of a browser has to show it


def gradescope_json(assignment: Assignment, graded: Graded) -> str:
    """What belongs into `/autograder/results/results.json`, with a line end. `graded` is whole, not cut.

    `score` is what stands in the grade book, scaled and with what is taken off for being late; the tests have the points of
    their parts. Raises NoPointsError where there are none because of trouble of ours: Gradescope then shows that the
    autograder failed, and it can be run again.
    """
    points = points_or_error(graded)
    grade = graded.grade
    told = feedback(assignment, graded)
    parts = {part.name: part for part in told.parts}
    return written(
        {
            "score": as_number(points),
            "execution_time": round(graded.record.seconds),
            "output": shorten(_output(assignment, graded), LONGEST),
            "output_format": "md",
            "stdout_visibility": "hidden",
            "tests": [_test(number, part, parts.get(part.name)) for number, part in enumerate(grade.parts, 1)],
            "extra_data": {
                "chatsim": {
                    "version": printable(graded.record.version),
                    "assignment": printable(graded.record.assignment),
                    "low": as_number(grade.low),
                    "high": as_number(grade.high),
                    "needs_review": grade.needs_review,
                }
            },
        }
    )


def _test(number: int, part: PartGrade, told: PartTold | None) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": printable(part.title or part.name),
        "name_format": "text",
        "number": str(number),
        "score": as_number(part.low),
        "max_score": as_number(part.of),
        "output": shorten("\n\n".join(_about(part, told)), LONGEST),
        "output_format": "md",
        "visibility": VISIBILITY[part.visible],
    }
    if part.state in ("full", "partial", "none", "not-run"):
        test["status"] = "passed" if part.state == "full" else "failed"
    if told is not None and 0 < len(told.counted) <= MOST_TAGS:
        test["tags"] = [printable(name) for name in told.counted]
    return test


def _about(part: PartGrade, told: PartTold | None) -> Iterator[str]:
    if part.low != part.high:
        yield paragraph(f"Between {as_number(part.low)} and {as_number(part.high)} points: a person will look at it.")
    if told is not None:
        yield part_markdown(told)
    elif part.why:
        yield paragraph(part.why)


def _output(assignment: Assignment, graded: Graded) -> str:
    """What stands above the tests: nothing in it tells of a part that is not visible at once, nor of the sum."""
    shown = tuple(part for part in graded.grade.parts if part.visible == "always")
    names = {part.name for part in shown}
    runs = tuple(run for run in graded.record.runs if run.part in names)
    cut = replace(graded, grade=replace(graded.grade, parts=shown), record=replace(graded.record, runs=runs))
    told = feedback(assignment, cut)
    paragraphs = [paragraph(late)] if (late := late_sentence(graded.grade)) else []
    if told.trouble is not None:
        paragraphs += [f"**{words(told.trouble.head)}**", trouble_markdown(told.trouble)]
    if any(part.state == "needs-review" for part in shown):
        paragraphs.append("Nobody can tell yet about some of this: a person will look.")
    paragraphs.append(how_markdown(told))
    return "\n\n".join(paragraphs)
