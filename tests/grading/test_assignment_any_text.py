"""Any text whatsoever gives an Assignment or an AssignmentError with a place for each problem; never another exception.

What the reader takes, the editors' schema takes, too.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from class_folder import RIGHT, SMALL, write_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatsim.errors import AssignmentError
from chatsim.grading import keys
from chatsim.grading.points import grade
from chatsim.grading.reader import read_assignment
from chatsim.grading.record import Student, SubmissionRecord
from chatsim.grading.schema import schema

EDITOR = jsonschema.Draft202012Validator(schema())
TABLES = (keys.ASSIGNMENT, keys.SERVER, keys.PART, keys.LIMITS, keys.LATE)
WORDS = st.sampled_from(
    [
        *(key.name for table in TABLES for key in table.keys),
        *keys.CREDITS,
        *keys.VISIBILITIES,
        *(
            "null",
            "~",
            "[]",
            "{}",
            '""',
            '"',
            "'",
            "{",
            "}",
            "[",
            "]",
            ": ",
            "#x",
            "*a",
            "&a",
            "!",
            "|",
            "- ",
            "\n",
            "\t",
        ),
        *(
            "5ms",
            "1 day",
            "512 MiB",
            "10%",
            "9" * 30,
            "1e999",
            "0",
            "-1",
            "any",
            "lines",
            "prompted",
            "quiet",
            "come.yaml",
        ),
        *("**", "*.yaml", "**/*.yaml", "../x", "/etc/passwd", "a/" * 300, "x" * 300, "{file}", "{student}", "{", "{}"),
        *("2026-11-30 23:59 Z", "9999-12-31 23:59 -14:00", "0001-01-01 00:00 +14:00", "joining", "roster", "order"),
        *("\x85", "\0", "\ud800", "漢", "\u2028"),
    ]
)
PLAIN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_folder(tmp_path, wrong=True))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A right assignment in which pieces are cut out, put in, repeated or swapped."""
    text = draw(st.sampled_from([RIGHT, SMALL]))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text)))
        match draw(st.integers(0, 3)):
            case 0:
                text = text[:at] + draw(WORDS) + text[at:]
            case 1:
                text = text[:at] + text[at + draw(st.integers(1, 12)) :]
            case 2:
                word = draw(WORDS)
                end = text.find(" ", at)
                text = text[:at] + word + (text[end:] if end >= 0 else "")
            case _:
                lines = text.split("\n")
                line = draw(st.sampled_from(lines))
                lines.insert(draw(st.integers(0, len(lines))), line)
                text = "\n".join(lines)
    return text


def as_an_editor_sees_it(text: str | bytes) -> object:
    """As YAML takes it; where it takes a text for a date that there is not, an editor sees an error before any schema."""
    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))
    except (ValueError, yaml.YAMLError):
        return json.loads(json.dumps(yaml.load(text, yaml.BaseLoader)))


def read(text: str | bytes) -> None:
    try:
        assignment = read_assignment(text, "f")
    except AssignmentError as error:
        assert error.problems
        for problem in error.problems:
            assert str(problem)
            assert problem.place is None or 1 <= problem.place.column <= len(problem.excerpt) + problem.cut + 1
        return
    assert [error.message for error in EDITOR.iter_errors(as_an_editor_sees_it(text))] == []
    assert assignment.parts and assignment.points > 0 and assignment.digest
    assert assignment.server.profiles or assignment.server.any
    assert all(part.scenarios or part.credit == "look" for part in assignment.parts)
    nothing = grade(assignment, SubmissionRecord(Student("a", "A"), "no-server"))
    assert 0 == nothing.low <= nothing.high <= assignment.of


@settings(PLAIN, max_examples=200)
@given(damaged())
def test_a_damaged_assignment(text: str) -> None:
    read(text)


@PLAIN
@given(st.text() | st.binary())
def test_any_text(text: str | bytes) -> None:
    read(text)


@settings(PLAIN, max_examples=200)
@given(
    st.sampled_from([key.name for key in keys.ASSIGNMENT.keys]),
    st.recursive(WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=20),
)
def test_any_tree_in_place_of_a_key(name: str, tree: object) -> None:
    lines = [line for line in SMALL.splitlines() if not line.startswith((f"{name}:", "  - "))]
    parts = "" if name == "parts" else "parts: [{part: joining, points: 10, scenario: come.yaml}]\n"
    top = [line for line in lines if not line.startswith("parts:")]
    read("\n".join([*top, f"{name}: {json.dumps(tree, ensure_ascii=False)}", parts]))


@settings(PLAIN, max_examples=200)
@given(st.dictionaries(st.sampled_from([key.name for key in keys.PART.keys]), WORDS | st.lists(WORDS)))
def test_any_part(part: dict[str, object]) -> None:
    top = SMALL[: SMALL.index("parts:")]
    read(f"{top}parts: [{json.dumps({'part': 'a', 'points': '1', **part}, ensure_ascii=False)}]\n")
