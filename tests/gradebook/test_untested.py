"""A property that no run puts to the test, whoever is played, is a mistake of the assignment, and is told as one: once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from chatsim.cli.class_books import Books, sum_up
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.overview import overview
from chatsim.gradebook.overview_html import overview_html
from chatsim.gradebook.untested import untested
from chatsim.grading.assignment import Assignment, Part, ServerRules
from chatsim.grading.points import grade
from chatsim.grading.record import OutcomeWord, RunRecord, Student, SubmissionRecord, VerdictRecord
from chatsim.scenario.reader import read_scenario

COME = read_scenario("scenario: come\nbots: [ann, bob]\nsteps: [join: everyone]\n", "come.yaml")
ASKED = ("delivery", "join-notice")
PART = Part("talking", "People talk", Decimal(8), (COME,), ASKED, ASKED, credit="each")
ASSIGNMENT = Assignment("chat-1", "A chat server", ServerRules("python3 server.py"), (PART,), file="a.yaml")
OPEN: dict[str, OutcomeWord] = {"delivery": "passed", "join-notice": "not-exercised"}


def one(key: str, assignment: Assignment = ASSIGNMENT, **verdicts: OutcomeWord) -> Graded:
    words = {**OPEN, **{name.replace("_", "-"): word for name, word in verdicts.items()}}
    outcome: OutcomeWord = "failed" if "failed" in words.values() else "passed"
    seen = tuple(VerdictRecord(name, word) for name, word in words.items())
    run = RunRecord("talking", "come", "come.yaml", 0, 1.0, outcome, verdicts=seen)
    record = SubmissionRecord(Student(key, key.title()), "played", runs=(run,), settled=True)
    return Graded(record, grade(assignment, record))


CLASS = (one("ann"), one("bob", delivery="failed"), one("cat"))
UNCLEAR = one("dan", delivery="inconclusive")
DIED = one("eve", stays_up="failed")


def test_what_nobody_was_put_to_the_test_for_is_told_once_and_with_what_to_do() -> None:
    (found,) = untested(ASSIGNMENT, (*CLASS, DIED))

    assert found.told == (
        "“People talk” asks for join-notice, and none of its runs has put that to the test, with all 3 servers."
    )
    assert "take it out of its `properties` (nobody is played again for that)" in found.advice
    told = overview(ASSIGNMENT, (*CLASS, DIED))
    assert (told.untested, told.review, told.shared) == ((found,), (), ())


def test_whoever_has_another_question_open_is_told_all_the_same() -> None:
    told = overview(ASSIGNMENT, (*CLASS, UNCLEAR))

    assert [(each.who.student.key, each.part) for each in told.review] == [("dan", "People talk")]


def test_what_one_of_them_was_put_to_the_test_for_is_no_mistake_of_the_assignment() -> None:
    told = overview(ASSIGNMENT, (*CLASS, one("fay", join_notice="passed")))

    assert told.untested == ()
    assert len(told.review) == len(CLASS)


def test_nor_is_what_servers_that_ended_left_out() -> None:
    assert untested(ASSIGNMENT, (DIED,)) == ()


def test_where_another_part_needs_it_a_change_has_everybody_played_again() -> None:
    more = replace(ASSIGNMENT, parts=(PART, replace(PART, name="more", title="More", needs=("talking",))))
    found = untested(more, CLASS)

    assert "then everybody is played again" in found[0].advice


def test_the_page_of_the_class_says_so() -> None:
    page = overview_html(ASSIGNMENT, CLASS)

    assert page.count("asks for join-notice") == 1
    assert "mistake in the assignment" in page


def test_at_the_end_it_is_told_in_place_of_each_student(capsys: pytest.CaptureFixture[str]) -> None:
    code = sum_up(Path("grades"), Books(ASSIGNMENT, (*CLASS, UNCLEAR), 0.0))
    told = capsys.readouterr().out.splitlines()[2:]

    assert code == 3
    assert told[0].startswith("  to be mended: “People talk” asks for join-notice")
    assert [line for line in told if "to be decided" in line] == ["  to be decided: Dan"]
