"""The class on one page, for its teachers: without a script, without a request, and as harmless as a student's page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from chatsim.gradebook.graded import Graded
from chatsim.gradebook.histogram import histogram_svg
from chatsim.gradebook.overview import overview
from chatsim.gradebook.wording import (
    PART_BADGES,
    PART_WORDS,
    STATE_WORDS,
    counted,
    day,
    lasting,
    number,
    spans,
)
from chatsim.grading.assignment import Assignment
from chatsim.grading.grade import Grade, PartState
from chatsim.grading.record import Student
from chatsim.report.own_page import asset, policy, template

__all__ = ["overview_html", "page_name"]


# Where a student's page says it otherwise.
TO_TEACHERS: dict[PartState, str] = {"to-look": "to be looked at", "infrastructure": "not their trouble"}


def page_name(student: Student) -> str:
    """The name of the file with this student's page: overview and grader agree on it."""
    return f"{student.key}.html"


def overview_html(assignment: Assignment, results: Sequence[Graded], pages: str | None = "students/") -> str:
    """The whole class, uncut, with a line end. `pages`: where the students' pages lie, as seen from this one (a relative
    address that ends with a slash); None: there are none to lead to."""
    told = overview(assignment, results)
    css = asset("chatsim.report", "page.css") + asset("chatsim.gradebook", "grades.css")
    page = template("chatsim.gradebook", "overview.html").render(
        title=assignment.title or assignment.name,
        due=day(assignment.due) if assignment.due is not None else "",
        of=number(assignment.of),
        told=told,
        histogram=Markup(histogram_svg(told.histogram, assignment.of)),
        leads={one.student.key: f"{pages}{quote(page_name(one.student), safe='')}" for one in told.students}
        if pages is not None
        else {},
        called=_called(told.students),
        part_names=[(part.name, part.title or part.name, number(part.points)) for part in assignment.parts],
        states=STATE_WORDS,
        part_words=PART_WORDS | TO_TEACHERS,
        part_badges=PART_BADGES,
        number=number,
        counted=counted,
        short=_short,
        lasting=lasting,
        spans=spans,
        css=Markup(css),
        policy=policy(css),
    )
    return page.rstrip("\n").replace("##[", "##&#91;") + "\n"


def _called(students: Sequence[Graded]) -> dict[str, str]:
    """What each of them is called on this page, by the key: by the name, and the key as well where several have that name."""
    often = Counter(one.student.name for one in students)
    return {
        one.student.key: f"{one.student.name} ({one.student.key})"
        if one.student.name and often[one.student.name] > 1
        else one.student.name or one.student.key
        for one in students
    }


def _short(grade: Grade) -> str:
    """The points, as short as a cell of a table wants them."""
    if grade.low != grade.high:
        return f"{number(grade.low)} to {number(grade.high)}"
    return "" if grade.points is None else number(grade.points)
