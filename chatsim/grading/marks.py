"""What a person has decided about points: the value, and its YAML file (docs/assignment.md).

anna:
  style: {points: 3, comment: "clear names"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from chatsim import document
from chatsim.document import Node, Reading, excerpt
from chatsim.errors import AssignmentError
from chatsim.grading import keys
from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.units import read_points
from chatsim.profile.keys import names

__all__ = ["Mark", "Marks", "load_marks", "read_marks"]


@dataclass(frozen=True, slots=True)
class Mark:
    """`points`: of one part, for one student; between none and what the part gives at most."""

    points: Decimal
    comment: str = ""


Marks = Mapping[str, Mapping[str, Mark]]
"""Student's key → name of the part → mark."""


def load_marks(path: str | Path, assignment: Assignment, students: Iterable[str]) -> Marks:
    """Read a file of marks. Raises AssignmentError with all problems; unknown students and parts are among them."""
    return _marks(document.load(path), assignment, tuple(students))


def read_marks(text: str | bytes, assignment: Assignment, students: Iterable[str], file: str = "marks.yaml") -> Marks:
    """The same for a text."""
    return _marks(document.read(text, file), assignment, tuple(students))


def _marks(reading: Reading, assignment: Assignment, students: tuple[str, ...]) -> Marks:
    parts = {part.name: part for part in assignment.parts}
    mapping = reading.mapping(reading.root, what="a map of students")
    marks: dict[str, dict[str, Mark]] = {}
    for student, value in mapping.pairs if mapping is not None else ():
        if student.text not in students:
            reading.unknown(f"there is no student {excerpt(student.text)}", student, students)
        given = reading.mapping(value, what="a map of parts")
        for name, mark in given.pairs if given is not None else ():
            if name.text not in parts:
                reading.unknown(f"there is no part {excerpt(name.text)}", name, tuple(parts))
            else:
                marks.setdefault(student.text, {})[name.text] = _mark(reading, mark, parts[name.text])
    reading.refuse(AssignmentError)
    return marks


def _mark(reading: Reading, node: Node, part: Part) -> Mark:
    """`{points: 3, comment: "…"}`, or the points alone."""
    if isinstance(node, document.Mapping):
        fields = reading.fields(node, names(keys.MARKS), required=("points",), of="a mark")
    else:
        fields = {"points": node}
    at = fields.get("points")
    points = read_points(reading, at)
    if points is not None and points > part.points:
        reading.wrong(f"the part {excerpt(part.name)} gives at most {part.points} points", at)
    return Mark(points or Decimal(), reading.text(fields.get("comment"), "", what="a text").strip())
