"""PrairieLearn's `results.json`, for one submission: a test a part, with pictures of what failed."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Final

from chatsim.gradebook.drawing import alone
from chatsim.gradebook.feedback import ADVICE, HEADS, Feedback, PartTold, feedback
from chatsim.gradebook.graded import Graded, points_known
from chatsim.gradebook.plain_json import as_number, written
from chatsim.gradebook.plain_text import part_text
from chatsim.grading.assignment import Assignment
from chatsim.grading.record import State
from chatsim.report.printable import printable

__all__ = ["INVALID", "MOST", "prairielearn_json"]

MOST = 1_000_000  # bytes: PrairieLearn takes files of up to 1 MB
MOST_PICTURES = 6

# What was handed in is not what was asked for: PrairieLearn gives no points for it, and takes no attempt away.
INVALID: Final[frozenset[State]] = frozenset(
    ("several-submissions", "not-unpacked", "no-server", "several-servers", "not-built")
)


def prairielearn_json(assignment: Assignment, graded: Graded) -> str:
    """What belongs into `/grade/results/results.json`, with a line end; less than 1 MB. `graded` has been cut to what the
    student may see.

    What could not be unpacked, found or built is not gradable, and neither is what we had trouble with: then no attempt is
    lost.
    """
    state, grade = graded.record.state, graded.grade
    told = feedback(assignment, graded)
    if state in INVALID or (points := points_known(grade)) is None:
        return written(_not_gradable(told, state))
    share = min(1.0, max(0.0, float(points / grade.of))) if grade.of else 0.0
    plain: dict[str, Any] = {
        "gradable": True,
        "score": share,
        "message": printable(" ".join((told.score + ".", *told.sentences))),
        "output": "\n".join(_how(told)),
        "tests": list(_tests(told)),
    }
    return _within(plain)


def _not_gradable(told: Feedback, state: State) -> dict[str, Any]:
    head = HEADS[state] or "Something went wrong on our side"
    lines = list(told.trouble.told) if told.trouble is not None else []
    advice = ADVICE[state] or ADVICE["infrastructure"]
    errors = [f"{head}.", *(printable(line) for line in lines if line.strip()), advice]
    output = told.trouble.output if told.trouble is not None else ()
    return {
        "gradable": False,
        "format_errors": errors,
        "message": f"{head}.",
        "output": "\n".join(printable(line) for line in output),
    }


def _tests(told: Feedback) -> Iterator[dict[str, Any]]:
    pictures = 0
    for part in told.parts:
        test: dict[str, Any] = {
            "name": printable(part.title),
            "points": as_number(part.low),
            "max_points": as_number(part.of),
            "message": printable(" ".join(filter(None, (f"{part.word}.", part.why)))),
            "output": part_text(part),
        }
        images = []
        for label, picture in _pictures(part):
            if pictures < MOST_PICTURES:
                images.append({"label": label, "url": f"data:image/svg+xml;base64,{picture}"})
                pictures += 1
        if images:
            test["images"] = images
        yield test


def _pictures(part: PartTold) -> Iterator[tuple[str, str]]:
    for one in part.tried:
        if drawn := alone(one.picture):
            yield printable(one.claim), b64encode(drawn.encode("utf-8")).decode("ascii")


def _how(told: Feedback) -> Iterator[str]:
    for what, was in told.how:
        yield printable(f"{what}: {was}")


def _within(plain: dict[str, Any]) -> str:
    """As it is if it is small enough; else without pictures, then with less and less text."""
    text = written(plain)
    if len(text) >= MOST:
        for test in plain["tests"]:
            test.pop("images", None)
        text = written(plain)
    room = MOST
    while len(text) >= MOST:
        room //= 2
        for test in plain["tests"]:
            output = test["output"]
            test["output"] = output if len(output) <= room else output[:room] + "\n… cut here"
        text = written(plain)
    return text
