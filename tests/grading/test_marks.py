"""What a person has decided stands in a file of its own, as strict as an assignment."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from graded import a_part, an_assignment

from chatsim.errors import AssignmentError
from chatsim.grading.marks import Mark, Marks, load_marks, read_marks
from chatsim.grading.reader import load_assignment

ASSIGNMENT = an_assignment(a_part("joining"), a_part("style", "5", credit="look", scenarios=()))
CLASS = ("anna", "Ñandú 7", "ben")


def read(text: str) -> Marks:
    return read_marks(text, ASSIGNMENT, CLASS, "marks.yaml")


def test_marks_are_points_alone_or_points_with_a_comment() -> None:
    marks = read('anna:\n  style: {points: 3.5, comment: "clear names"}\n"Ñandú 7": {joining: 10, style: 0}\n')

    assert marks == {
        "anna": {"style": Mark(Decimal("3.5"), "clear names")},
        "Ñandú 7": {"joining": Mark(Decimal(10)), "style": Mark(Decimal(0))},
    }


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        (
            "ana: {style: 3}\n",
            'marks.yaml:1:1\n  ana: {style: 3}\n  ^^^ there is no student "ana". Did you mean "anna"?',
        ),
        (
            "anna: {stile: 3}\n",
            'marks.yaml:1:8\n  anna: {stile: 3}\n         ^^^^^ there is no part "stile". Did you mean "style"?',
        ),
        (
            "anna: {style: 6}\n",
            'marks.yaml:1:15\n  anna: {style: 6}\n                ^ the part "style" gives at most 5 points',
        ),
        (
            "anna: {style: {comment: x}}\n",
            'marks.yaml:1:15\n  anna: {style: {comment: x}}\n                ^^^^^^^^^^^^ the key "points" is missing here',
        ),
        (
            "anna: {style: good}\n",
            'marks.yaml:1:15\n  anna: {style: good}\n                ^^^^ points (a number) are expected here, not "good"',
        ),
        (
            "anna: {style: 1}\nanna: {style: 2}\n",
            'marks.yaml:2:1\n  anna: {style: 2}\n  ^^^^ the key "anna" stands here a second time (first in line 1)',
        ),
        (
            "anna: 3\n",
            'marks.yaml:1:7\n  anna: 3\n        ^ a map of parts is expected here, not "3"',
        ),
        (
            "- anna\n",
            "marks.yaml:1:1\n  - anna\n  ^ a map of students is expected here, and this is a list",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, letter: str) -> None:
    with pytest.raises(AssignmentError) as caught:
        read(text)

    assert str(caught.value) == letter


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(AssignmentError) as caught:
        read("ana: {style: 3}\nben: {stile: 3, style: 7}\n")

    assert len(caught.value.problems) == 3


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "marks.yaml").write_text("anna: {style: 3}\n", encoding="utf-8")

    assert load_marks(tmp_path / "marks.yaml", ASSIGNMENT, CLASS)["anna"]["style"].points == 3
    with pytest.raises(AssignmentError, match="there is no such file"):
        load_marks(tmp_path / "mark.yaml", ASSIGNMENT, CLASS)


def test_the_example_of_the_documents_is_right() -> None:
    root = Path(__file__).parents[2]
    shown = re.search(r"^```text\n(anna:\n.*?)^```$", (root / "docs/assignment.md").read_text("utf-8"), re.M | re.S)
    assert shown is not None

    marks = read_marks(shown[1], load_assignment(root / "docs/example/class/assignment.yaml"), ("anna", "ben"))

    assert marks["ben"] == {"style": Mark(Decimal(2)), "leaving": Mark(Decimal(6))}
