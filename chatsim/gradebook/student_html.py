"""A student's page: one HTML file that needs nothing else, no network, and no script.

What a server, a name or a text says can do nothing in it: values are made printable and escaped, pictures are built anew from
what they may consist of, and the page's policy allows no script, no style but its own, and no request.
"""

from __future__ import annotations

from markupsafe import Markup

from chatsim.gradebook.drawing import Drawing, drawing
from chatsim.gradebook.feedback import Feedback, feedback
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.wording import BUILT, SPOKEN, STARTED, blocks, spans
from chatsim.grading.assignment import Assignment
from chatsim.report.own_page import asset, policy, template

__all__ = ["student_html"]

MOST_PICTURES = 12  # in one page: who has not understood it by then needs another kind of help


def student_html(assignment: Assignment, graded: Graded) -> str:
    """The page of one student, with a line end. `graded` has been cut to what the student may see; or it is whole, and the
    page says that it is for teachers."""
    told = feedback(assignment, graded)
    css = asset("chatsim.report", "page.css") + asset("chatsim.gradebook", "grades.css")
    page = template("chatsim.gradebook", "student.html").render(
        told=told,
        spans=spans,
        blocks=blocks,
        drawings=_drawings(told),
        css=Markup(css),
        policy=policy(css),
        typed=(BUILT, STARTED),
        spoken=SPOKEN,
    )
    # A CI server that reads our standard output takes `##[` for a command of its own. It stands in words of others alone.
    return page.rstrip("\n").replace("##[", "##&#91;") + "\n"


def _drawings(told: Feedback) -> dict[str, Drawing]:
    """The pictures, by the id of what was tried (`p2-1`)."""
    found: dict[str, Drawing] = {}
    for number, part in enumerate(told.parts, start=1):
        for place, one in enumerate(part.tried, start=1):
            if len(found) == MOST_PICTURES:
                return found
            name = f"p{number}-{place}"
            leads = {seen.name: f"{name}-v{index}" for index, seen in enumerate(one.seen, start=1)}
            if (drawn := drawing(one.picture, f"{name}-", leads)) is not None:
                found[name] = drawn
    return found
