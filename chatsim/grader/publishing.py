"""What is made of the evidence: the books of the class, and a page for each student. Made anew each time, from all of it.

grades.csv grades.json index.html    for whoever grades: with everything that is hidden
students/KEY/index.html              the same, of one student
pages/KEY.html pages/KEY.md          for the student: what it may see, and nothing else
"""

from __future__ import annotations

from collections.abc import Sequence

from chatsim.gradebook.csv import gradebook_csv
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.json import gradebook_json
from chatsim.gradebook.overview_html import overview_html, page_name
from chatsim.gradebook.student_html import student_html
from chatsim.gradebook.student_markdown import student_markdown
from chatsim.grader.store import Store
from chatsim.grading.assignment import Assignment
from chatsim.grading.marks import Marks
from chatsim.grading.points import grade
from chatsim.grading.visibility import for_student

__all__ = ["graded", "publish", "shown"]


def graded(store: Store, assignment: Assignment, marks: Marks | None) -> list[Graded]:
    """Everybody of whom anything is known, by their keys. Who was played by another assignment is not among them: what was seen
    then says nothing about this one."""
    records = (record for record in store.records() if record.assignment == assignment.played)
    return [Graded(record, grade(assignment, record, marks)) for record in records]


def shown(assignment: Assignment, one: Graded, now: float) -> Graded:
    """What its student may see at this time (seconds since 1970)."""
    record, points = for_student(assignment, one.record, one.grade, now)
    return Graded(record, points)


def publish(store: Store, assignment: Assignment, everybody: Sequence[Graded], now: float) -> None:
    """Write all of it. Raises UsageError if the disk refuses."""
    store.publish("grades.csv", gradebook_csv(assignment, everybody))
    store.publish("grades.json", gradebook_json(assignment, everybody))
    store.publish("index.html", overview_html(assignment, everybody))
    for one in everybody:
        key = one.student.key
        store.publish(f"students/{page_name(one.student)}", student_html(assignment, one))
        theirs = shown(assignment, one, now)
        store.publish(f"pages/{page_name(one.student)}", student_html(assignment, theirs))
        store.publish(f"pages/{key}.md", student_markdown(assignment, theirs))
