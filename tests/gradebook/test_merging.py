"""Points into tables that learning systems have exported: the right cells, and not a byte beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import a_class
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.errors import UsageError
from chatsim.gradebook.canvas import canvas_csv
from chatsim.gradebook.exported import read_exported
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.merging import Merged
from chatsim.gradebook.moodle import moodle_csv
from chatsim.grading.record import Student

CANVAS = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Hello (100),Chat server (101),Current Score\r\n"
    ",,,,,Manual Posting,,(read only)\r\n"
    "    Points Possible,,,,,5,25.0,(read only)\r\n"
    '"Ångström, Anna",11,S1,anna@127.0.0.1,"Lab 1, Monday",4,,88.1\r\n'
    '"O\'Neil, Bob",12,S2,bob,"Lab ""2""",5,"3",90\r\n'
    '"Doe, Zoë",13,S3,zoe,Lab 1,5,7,\r\n'
    '"Student, Test",99,,c0ffee,Lab 1,,,\r\n'
).encode()
WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Feedback comments"\n'
    '"Participant 4711","Anna Ångström",anna@127.0.0.1,"Submitted for grading",-,25.00,Yes,"<p>Well, ""done""</p>"\n'
    '"Participant 4712","Bob O\'Neil",bob@127.0.0.1,"Submitted for grading",3.00,25.00,Yes,\n'
).encode()


def called(graded: Graded, key: str, name: str, origin: str = "") -> Graded:
    student = Student(key, name)
    return Graded(
        replace(graded.record, student=student, origin=origin or graded.record.origin),
        replace(graded.grade, student=student),
    )


def anna(key: str = "anna", name: str = "Anna Ångström", origin: str = "") -> Graded:
    return called(a_class.right(), key, name, origin)


def bob(points: str = "12.25") -> Graded:
    graded = called(a_class.wrong(), "bob", "Bob O'Neil")
    return replace(graded, grade=replace(graded.grade, points=Decimal(points)))


def canvas(results: Sequence[Graded], column: str = "Chat server", exported: bytes = CANVAS) -> Merged:
    return canvas_csv(a_class.ASSIGNMENT, results, exported, column, "grades.csv")


def moodle(results: Sequence[Graded], column: str = "Grade", exported: bytes = WORKSHEET) -> Merged:
    return moodle_csv(a_class.ASSIGNMENT, results, exported, column, "grades.csv")


# --- Canvas ------------------------------------------------------------------------------------------------------------


def test_two_cells_are_changed_and_nothing_else_of_the_file() -> None:
    result = canvas([bob(), anna()])

    expected = CANVAS.replace(b'Monday",4,,88.1', b'Monday",4,23.5,88.1').replace(b',5,"3",90', b',5,"12.25",90')
    assert result.content == expected
    assert result.written == 2


def test_about_whom_nobody_has_decided_is_told() -> None:
    parts = bob().grade.parts
    settled = tuple(replace(part, state="none") for part in parts)
    grade = replace(bob().grade, low=Decimal(4), high=Decimal(20), parts=(replace(parts[0], state="to-look"), *settled))

    open_one = canvas([replace(bob(), grade=grade), anna()]).told()
    decided = canvas([replace(bob(), grade=replace(grade, parts=settled)), anna()]).told()

    assert "Nobody has decided yet, and these points may change: Bob O'Neil (between 4 and 20 of" in open_one
    assert "Nobody has decided" not in decided


def test_who_is_missing_or_unknown_is_told() -> None:
    result = canvas([anna(), called(bob(), "eve", "Eve")])

    assert result.told().splitlines() == [
        "1 student written.",
        "Not in the table: Eve.",
        "In the table, and not graded; left as it was: O'Neil, Bob, Doe, Zoë and Student, Test.",
    ]


@pytest.mark.parametrize("column", ["Chat server", "101", "Chat server (101)", " Chat server "])
def test_the_assignment_may_be_named_by_its_name_or_its_number(column: str) -> None:
    assert canvas([bob()], column).written == 1


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("Chat sever", "no assignment “Chat sever”.*Did you mean “Chat server”"),
        ("xyz", "There are: Hello, Chat server"),
        ("Current Score", "no assignment “Current Score”"),
    ],
)
def test_a_column_that_is_not_there_is_an_error_that_names_those_that_are(column: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"(?s){said}"):
        canvas([bob()], column)


def test_two_assignments_of_one_name_are_told_apart_by_their_numbers() -> None:
    twice = CANVAS.replace(b"Hello (100)", b"Chat server (100)")

    with pytest.raises(UsageError, match=r"several assignments (?s:.*)Chat server \(100\), Chat server \(101\)"):
        canvas([bob()], exported=twice)
    assert canvas([bob()], "100", twice).content == twice.replace(b'"Lab ""2""",5,', b'"Lab ""2""",12.25,')


@pytest.mark.parametrize(
    ("key", "name", "origin"),
    [
        ("S1", "?", ""),
        ("11", "?", ""),
        ("anna@127.0.0.1", "?", ""),
        ("anna", "?", ""),
        ("x", "Anna Ångström", ""),
        ("x", "ANNA A\u030angstro\u0308m", ""),
        ("x", "Ångström, Anna", ""),
        ("ångströmanna", "?", ""),
        ("x", "?", "submissions/angstromanna_LATE_11_9876_server.zip"),
        ("x", "?", "angstromanna_11_9876_server.py"),
    ],
)
def test_a_student_is_found_by_number_login_or_name(key: str, name: str, origin: str) -> None:
    result = canvas([anna(key, name, origin)])

    assert b",4,23.5,88.1" in result.content
    assert (result.written, result.unknown) == (1, ())


def test_what_could_be_two_rows_is_written_into_neither() -> None:
    twins = CANVAS.replace(b'"Doe, Zo\xc3\xab",13', '"Ångström, Anna",13'.encode())

    result = canvas([anna("x"), bob()], exported=twins)

    assert result.content == twins.replace(b',5,"3",90', b',5,"12.25",90')
    assert result.unclear == ("Anna Ångström may be any of Ångström, Anna and Ångström, Anna; nothing was written.",)


def test_two_who_fit_one_row_are_written_into_none() -> None:
    result = canvas([anna("11"), anna("x")])

    assert result.content == CANVAS
    assert result.unclear == ("One row of the table fits Anna Ångström and Anna Ångström; nothing was written.",)


def test_a_row_that_somebody_else_may_claim_is_left() -> None:
    twins = CANVAS.replace(b'"Doe, Zo\xc3\xab",13', '"Ångström, Anna",13'.encode())

    result = canvas([anna("x"), anna("11", "Anna")], exported=twins)

    assert result.content == twins
    assert len(result.unclear) == 2


def test_trouble_of_ours_leaves_the_cell_as_it_was() -> None:
    result = canvas([called(a_class.not_played("infrastructure"), "bob", "Bob")])

    assert (result.content, result.written, result.without) == (CANVAS, 0, ("Bob",))


def test_other_points_than_canvas_has_are_told() -> None:
    other = CANVAS.replace(b",25.0,", b",100,")

    assert canvas([bob()]).notes == ()
    assert canvas([bob()], exported=other).notes == ("Canvas gives at most 100 points for it, this assignment 25.",)


def test_semicolons_and_decimal_commas_stay_what_they_are() -> None:
    table = (
        b"Student;ID;SIS Login ID;Section;Chat server (101)\n"
        b"    Points Possible;;;;25,0\n"
        b"O'Neil, Bob;12;bob;Lab 1;3,0\n"
    )

    assert canvas([bob()], exported=table).content == table.replace(b"3,0\n", b"12,25\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        ("Student,ID".encode("utf-16"), "no text in UTF-8"),
        (b"a,b\n1,2\n", "no grade book of Canvas"),
        (b'Student,ID,Section,Chat server (101)\n"Doe, Jo,1,x,2\n', "grades.csv:2:1(?s:.*)no partner"),
    ],
)
def test_what_is_no_export_of_canvas_is_an_error_that_says_what_to_do(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        canvas([bob()], exported=content)


def test_a_row_that_is_too_short_is_told_and_left() -> None:
    short = b"Student,ID,SIS Login ID,Section,Chat server (101)\nBob,12,bob\n"

    result = canvas([bob()], exported=short)
    assert (result.content, result.written) == (short, 0)
    assert result.notes == ("The row of Bob ends before that column; nothing was written there.",)


def test_names_do_nothing_on_a_terminal() -> None:
    evil = canvas([called(bob(), "x", a_class.EVIL)], exported=CANVAS.replace(b"Bob", b"\x1b[31mBob"))

    assert evil.told().replace("\n", "").isprintable()


# --- Moodle ------------------------------------------------------------------------------------------------------------


def test_moodles_worksheet_gets_its_grades_and_keeps_all_else() -> None:
    result = moodle([anna(), bob()])

    expected = WORKSHEET.replace(b'grading",-,', b'grading",23.5,').replace(b'grading",3.00,', b'grading",12.25,')
    assert result.content == expected
    assert (result.written, result.missing, result.unknown) == (2, (), ())


@pytest.mark.parametrize(
    ("key", "name", "origin"),
    [
        ("x", "?", "download/Anna Angstrom_4711_assignsubmission_file_/"),
        ("4711", "?", ""),
        ("anna@127.0.0.1", "?", ""),
        ("anna", "?", ""),
        ("x", "Anna Ångström", ""),
    ],
)
def test_in_moodle_a_student_is_found_by_number_address_or_name(key: str, name: str, origin: str) -> None:
    assert b'grading",23.5,' in moodle([anna(key, name, origin)]).content


def test_moodles_grade_book_in_another_language_works_by_the_name_of_the_column() -> None:
    table = (
        'Vorname,Nachname,ID-Nummer,E-Mail-Adresse,"Aufgabe: Chat (Punkte)"\n'
        'Anna,Ångström,,a@127.0.0.1,"3,50"\n'
        "Bob,O'Neil,77,b@127.0.0.1,-\n"
    ).encode()

    result = moodle([anna("x"), bob()], "Aufgabe: Chat (Punkte)", table)

    assert result.content == table.replace(b'"3,50"', b'"23,5"').replace(b"127.0.0.1,-", b'127.0.0.1,"12,25"')


def test_a_column_that_moodle_does_not_have_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"no column “Grad”(?s:.*)Did you mean “Grade”"):
        moodle([bob()], "Grad")


# --- any table ---------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=200))
def test_any_bytes_come_back_as_they_were_or_are_an_error(content: bytes) -> None:
    try:
        table = read_exported(content, "f.csv")
    except UsageError:
        return
    assert table.changed({}) == content


# Python's writer leaves a lone carriage return unquoted, which to every reader ends the row.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@given(
    st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    st.sampled_from(["\n", "\r\n"]),
    st.data(),
)
def test_a_changed_cell_is_read_back_and_its_neighbours_are_what_they_were(
    rows: list[list[str]], quoting: int, end: str, data: st.DataObject
) -> None:
    rows = [["a,b", "c", "d"], *rows]  # so that the comma is what separates
    written = io.StringIO()
    csv.writer(written, lineterminator=end, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    table = read_exported(written.getvalue().encode("utf-8"), "f.csv")
    row = data.draw(st.integers(0, len(table.rows) - 1))
    column = data.draw(st.integers(0, 2))
    text = data.draw(st.sampled_from(["17.5", "12,25", 'x"y']))

    changed = read_exported(table.changed({(row, column): text}), "f.csv")

    old = [[cell.text for cell in cells] for _, cells in table.rows]
    new = [[cell.text for cell in cells] for _, cells in changed.rows]
    assert new[row][column] == text
    new[row][column] = old[row][column]
    assert new == old
    assert [r for r in rows if any(text.strip() for text in r)] == old
