"""What Moodle's Virtual Programming Lab reads from the output of an evaluation: comments and a grade, for one submission.

VPL takes the grade from the last line that begins with its tag, wherever it stands, also within a block of comments. So every
line that is written here begins with a tag of ours, and the words of others follow it on one line, after the sign of
preformatted text: whatever a server prints, it begins no line, no title and no link.
"""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.gradebook.feedback import feedback
from chatsim.gradebook.graded import Graded, points_known
from chatsim.gradebook.plain_text import WIDTH, part_lines, trouble_lines
from chatsim.gradebook.wording import number
from chatsim.grading.assignment import Assignment
from chatsim.report.printable import printable, wrap

__all__ = ["COMMENT", "GRADE", "vpl_text"]

COMMENT, GRADE = "Comment :=>>", "Grade :=>>"
MOST_LINES = 2000


def vpl_text(assignment: Assignment, graded: Graded) -> str:
    """What `vpl_execution` prints, with a line end. `graded` has been cut to what the student may see.

    The grade is in points: the activity's maximum has to be what the assignment gives at most. Where there are none because
    of trouble of ours, there is no line with a grade, and VPL proposes none.
    """
    lines = list(_comments(assignment, graded))
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], _line("… cut here")]
    if (points := points_known(graded.grade)) is not None:
        lines.append(f"{GRADE} {number(points)}")
    return "\n".join(lines) + "\n"


def _comments(assignment: Assignment, graded: Graded) -> Iterator[str]:
    told = feedback(assignment, graded)
    yield _title(f"{told.title}: {told.score}")
    for sentence in told.sentences:
        yield from _quoted(sentence)
    if told.trouble is not None:
        yield _title(told.trouble.head)
        yield from map(_line, trouble_lines(told.trouble))
    for part in told.parts:
        yield _title(f"{part.title}: {part.word}, {part.points} points")
        if part.why:
            yield from _quoted(part.why)
        yield from map(_line, part_lines(part))
    yield _title("How this was graded")
    for what, was in told.how:
        yield from _quoted(f"{what}: {was}")


def _title(text: str) -> str:
    # VPL reads a title that ends with a number in brackets as a deduction: all titles end with words of ours.
    return f"{COMMENT}-{printable(text)}"


def _quoted(text: str) -> Iterator[str]:
    yield from map(_line, wrap(printable(text), WIDTH))


def _line(text: str) -> str:
    return f"{COMMENT}>{printable(text)}"
