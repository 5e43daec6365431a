"""What was seen of a submission goes to JSON and back as it was; what is damaged is refused with a reason."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.errors import RecordError
from chatsim.grading.record import RunRecord, Student, SubmissionRecord, VerdictRecord
from chatsim.grading.stored import from_json, schema, schema_text, to_json

TEXT = st.text(max_size=20) | st.sampled_from(["\ud800", "\0", "\u202e", "##[error]", "=1+1", "</script>"])
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
VERDICTS = st.builds(VerdictRecord, property=TEXT, summary=TEXT, hint=TEXT)
RUNS = st.builds(
    RunRecord,
    part=TEXT,
    scenario=TEXT,
    file=TEXT,
    text=TEXT,
    duration_s=NUMBER,
    patience=NUMBER,
    verdicts=st.lists(VERDICTS, max_size=3).map(tuple),
)
RECORDS = st.builds(
    SubmissionRecord,
    student=st.builds(Student, TEXT, TEXT),
    told=TEXT,
    output=TEXT,
    submitted=st.none() | NUMBER,
    seconds=NUMBER,
    patience=NUMBER,
    runs=st.lists(RUNS, max_size=3).map(tuple),
    not_run=st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
)
ONE = SubmissionRecord(
    Student("anna", "Anna Ñandú"),
    "played",
    runs=(
        RunRecord(
            "joining", "people come", "join.yaml", 7, 1.0, "failed", verdicts=(VerdictRecord("roster", "failed"),)
        ),
    ),
    not_run=(("leaving", "joining"),),
)


@given(RECORDS)
def test_what_is_stored_is_read_back_as_it_was(record: SubmissionRecord) -> None:
    stored = to_json(record)

    assert from_json(stored) == record
    assert stored.isascii()
    assert "\n" not in stored
    jsonschema.validate(json.loads(stored), schema())


def test_the_checked_in_schema_is_up_to_date() -> None:
    """Otherwise: python -m chatsim.grading.stored > chatsim/grading/record.schema.json"""
    checked_in = files("chatsim.grading").joinpath("record.schema.json").read_text(encoding="utf-8")

    assert checked_in == schema_text()


def test_the_schema_is_a_schema_and_lists_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())

    assert set(schema()["properties"]) == {"chatsim", "format", *(field.name for field in fields(SubmissionRecord))}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"chatsim": "report"}, "it is not the stored result of a submission"),
        ({"format": 2}, "its format is 2, and this chatsim reads 1"),
        ({"format": True}, "its format is True"),
        ({"state": "gone"}, "state: one of played, several-submissions"),
        ({"student": "anna"}, "student: a map is expected, not 'anna'"),
        ({"student": {"key": "anna"}}, "student: name is missing"),
        ({"told": None}, "told: a text is expected, not None"),
        ({"patience": "1"}, "patience: a number is expected, not '1'"),
        ({"submitted": True}, "submitted: a number is expected, not True"),
        ({"seconds": 1e999}, "seconds: this number is too large"),
        ({"runs": {}}, "runs: a list is expected, not {}"),
        ({"not_run": [["a"]]}, r"not_run\[0\]: a list of 2 is expected, not of 1"),
        ({"poinst": 3}, "nothing is called 'poinst' there"),
    ],
)
def test_what_is_no_such_record_is_refused(change: dict[str, Any], why: str) -> None:
    data = {**json.loads(to_json(ONE)), **change}

    with pytest.raises(RecordError, match=why):
        from_json(json.dumps(data).replace("Infinity", "1e999"))


def test_an_error_names_the_place_deep_inside() -> None:
    data = json.loads(to_json(ONE))
    data["runs"][0]["verdicts"][0]["doubtful"] = "no"

    with pytest.raises(RecordError, match=r"runs\[0\].verdicts\[0\].doubtful: true or false is expected, not 'no'"):
        from_json(json.dumps(data))


@pytest.mark.parametrize("odd", [True, 7.0, "7", None])
def test_a_whole_number_is_nothing_else(odd: object) -> None:
    data = json.loads(to_json(ONE))
    data["runs"][0]["seed"] = odd

    with pytest.raises(RecordError, match=r"runs\[0\].seed: a whole number is expected"):
        from_json(json.dumps(data))


@pytest.mark.parametrize("end", range(0, len(to_json(ONE)), 7))
def test_a_record_that_was_not_written_to_its_end_is_refused(end: int) -> None:
    with pytest.raises(RecordError, match="can not be read"):
        from_json(to_json(ONE)[:end])


@given(
    st.binary()
    | st.text()
    | st.recursive(st.none() | st.integers() | TEXT, lambda each: st.lists(each) | st.dictionaries(TEXT, each)).map(
        json.dumps
    )
)
def test_any_text_is_refused_and_never_breaks_the_reader(text: str | bytes) -> None:
    with pytest.raises(RecordError):
        from_json(text)


def test_what_was_stored_before_a_field_was_there_is_read_with_its_default() -> None:
    data = json.loads(to_json(ONE))
    del data["machine"]

    assert from_json(json.dumps(data)) == replace(ONE, machine="")
