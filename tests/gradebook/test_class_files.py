"""The grade book of a class as a table and as JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.resources import files

import a_class
import jsonschema
import pytest
from golden_books import golden
from hypothesis import given
from hypothesis import strategies as st

from chatsim.gradebook.cells import cell, table
from chatsim.gradebook.csv import BOM, gradebook_csv
from chatsim.gradebook.json import gradebook_json

SCHEMA = json.loads(files("chatsim.gradebook").joinpath("gradebook.schema.json").read_text(encoding="utf-8"))
FORMULA = re.compile(r"[\s\u3000]*[=+\-@＝＋－＠]")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_the_table_is_the_one_that_was_read_and_found_good() -> None:
    text = gradebook_csv(a_class.ASSIGNMENT, a_class.everybody())

    assert text == golden("class.csv", text)


def test_each_student_has_a_row_in_the_order_of_the_keys_whatever_order_they_came_in() -> None:
    rows = read(gradebook_csv(a_class.ASSIGNMENT, a_class.everybody()))

    assert [row["key"] for row in rows] == sorted(one.student.key for one in a_class.everybody())
    assert gradebook_csv(a_class.ASSIGNMENT, a_class.everybody()[::-1]) == gradebook_csv(
        a_class.ASSIGNMENT, a_class.everybody()
    )


def test_trouble_on_our_side_is_no_zero() -> None:
    rows = {row["state"]: row for row in read(gradebook_csv(a_class.ASSIGNMENT, a_class.everybody()))}

    assert rows["infrastructure"]["points"] == ""
    assert rows["no-server"]["points"] == "0"


def test_what_lies_between_two_numbers_is_no_number() -> None:
    (row,) = read(gradebook_csv(a_class.ASSIGNMENT, [a_class.wrong()]))

    assert (row["low"], row["high"], row["part:leaving"], row["part:talking"]) == ("0", "9", "0 to 6", "0")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("text", a_class.HOSTILE)
def test_no_name_is_a_formula_whatever_the_cells_are_separated_by(text: str, separator: str) -> None:
    book = gradebook_csv(a_class.ASSIGNMENT, [a_class.hostile(text)])

    cells = [cell for row in csv.reader(io.StringIO(book, newline=""), delimiter=separator) for cell in row]
    assert [cell for cell in cells if FORMULA.match(cell)] == []
    assert book.count("\r\n") == book.count("\n") == book.count("\r") == 2


@given(st.text(alphabet="=+-@＝\t\r\n \u3000\"',;|a1", max_size=12), st.sampled_from(",;\t|"), st.booleans())
def test_no_text_is_a_formula_whatever_takes_the_table_apart(text: str, separator: str, doubled: bool) -> None:
    written = table([(cell("anna"), cell(text), "3")])

    rows = list(csv.reader(io.StringIO(written, newline=""), delimiter=separator, doublequote=doubled))
    assert [cell for row in rows for cell in row if FORMULA.match(cell)] == []


@given(st.text(alphabet=st.characters(categories=["L", "N"]), max_size=20))
def test_an_honest_name_stays_as_it_is(name: str) -> None:
    assert cell(name) == name


def test_the_json_is_the_one_that_was_read_and_found_good() -> None:
    text = gradebook_json(a_class.ASSIGNMENT, a_class.everybody())

    assert text == golden("class.json", text)


@pytest.mark.parametrize("text", a_class.HOSTILE)
def test_the_json_is_as_its_schema_says_whatever_the_names_are(text: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    book = gradebook_json(a_class.ASSIGNMENT, [*a_class.everybody(), a_class.hostile(text)])

    jsonschema.validate(json.loads(book), SCHEMA)
    assert book.isascii()
    json.dumps(json.loads(book), ensure_ascii=False).encode("utf-8")  # no halves of surrogate pairs
    assert "##[" not in book


def test_nothing_can_be_in_the_json_that_its_schema_does_not_tell() -> None:
    book = json.loads(gradebook_json(a_class.ASSIGNMENT, a_class.everybody()))
    book["students"][0]["surprise"] = 1

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(book, SCHEMA)


def test_points_are_written_as_people_write_them() -> None:
    assert '"points": 23.5,' in gradebook_json(a_class.ASSIGNMENT, [a_class.right()])
