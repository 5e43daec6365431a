"""What the class as a whole tells its teacher."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree as ET

import a_class
import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_student_pages import (
    test_each_link_leads_to_something_in_the_page_and_to_one_thing_only as links_lead_somewhere,
)
from test_student_pages import test_its_policy_forbids_scripts_and_requests as forbids_all

from chatsim.gradebook.feedback import ADVICE, HEADS
from chatsim.gradebook.graded import Graded
from chatsim.gradebook.histogram import histogram_svg
from chatsim.gradebook.overview import bins, failed_properties, overview
from chatsim.gradebook.overview_html import overview_html, page_name
from chatsim.gradebook.wording import PART_BADGES, PART_WORDS, STATE_WORDS
from chatsim.grading.grade import PartState
from chatsim.grading.record import State, Student

HTML = "{http://www.w3.org/1999/xhtml}"


def named(graded: Graded, key: str, name: str = "") -> Graded:
    student = Student(key, name or key)
    return replace(
        graded,
        record=replace(graded.record, student=student),
        grade=replace(graded.grade, student=student),
    )


def failing(key: str, *names: str, doubtful: bool = False, ours: bool = False) -> Graded:
    """One run in which just these properties failed."""
    run = a_class.failed("talking", a_class.ORDER, "talk.yaml", "delivery")
    verdicts = tuple(replace(run.verdicts[1], property=name, doubtful=doubtful) for name in names)
    graded = named(a_class.right(), key)
    return replace(graded, record=replace(graded.record, runs=(replace(run, verdicts=verdicts, ours=ours),)))


def page(results: Sequence[Graded], pages: str | None = "students/") -> ET.Element:
    document: ET.Element = html5lib.HTMLParser(strict=True).parse(overview_html(a_class.ASSIGNMENT, results, pages))
    return document


def text(document: ET.Element) -> str:
    body = document.find(f"{HTML}body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def outwards(document: ET.Element) -> set[str]:
    """Where its links lead that do not stay in the page."""
    return {lead for a in document.iter(f"{HTML}a") if not (lead := a.get("href", "")).startswith("#")}


# --- what is counted -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("points", "bin"), [("0", 0), ("2.49", 0), ("2.5", 1), ("12.5", 5), ("24.99", 9), ("25", 9)])
def test_a_border_belongs_above_it_and_all_points_to_the_last_tenth(points: str, bin: int) -> None:  # noqa: A002
    assert bins(Decimal(25), [Decimal(points)]).index(1) == bin


@given(st.lists(st.decimals(0, 20, places=2)), st.sampled_from([Decimal(20), Decimal(0), Decimal("33.3")]))
def test_everybody_is_drawn_once(points: list[Decimal], of: Decimal) -> None:
    assert sum(bins(of, points)) == len(points)


def test_who_has_no_points_because_of_us_is_not_counted_as_zero() -> None:
    told = overview(a_class.ASSIGNMENT, [a_class.right(), a_class.not_played("infrastructure")])

    assert (told.counted, told.mean, told.middle) == (1, Decimal("23.5"), Decimal("23.5"))
    assert sum(told.histogram) == 1


def test_a_property_is_failed_by_those_who_failed_it_and_not_where_it_is_doubtful_or_our_trouble() -> None:
    told = overview(
        a_class.ASSIGNMENT,
        [
            failing("a", "delivery"),
            failing("b", "fifo-order", "delivery"),
            failing("c", "fifo-order", doubtful=True),
            failing("d", "roster", ours=True),
            a_class.right(),
        ],
    )

    assert [(one.name, [who.student.key for who in one.who]) for one in told.missed] == [
        ("delivery", ["a", "b"]),
        ("fifo-order", ["b"]),
    ]
    assert [one.tested for one in told.missed] == [3, 3]


def test_those_are_alike_who_fail_exactly_the_same_and_more_than_one_property() -> None:
    told = overview(
        a_class.ASSIGNMENT,
        [
            failing("a", "fifo-order", "delivery"),
            failing("b", "delivery", "fifo-order"),
            failing("c", "delivery", "fifo-order", "roster"),
            failing("d", "roster"),
            failing("e", "roster"),
        ],
    )

    assert [(one.properties, [who.student.key for who in one.who]) for one in told.alike] == [
        (("delivery", "fifo-order"), ["a", "b"])
    ]


def test_who_fails_nearly_the_same_stands_with_them_and_how_they_differ_is_told() -> None:
    told = overview(
        a_class.ASSIGNMENT,
        [
            failing("a", "delivery", "fifo-order", "roster"),
            failing("b", "delivery", "fifo-order", "roster"),
            failing("c", "delivery", "fifo-order", "roster", "no-ghosts"),
            failing("d", "delivery", "no-ghosts"),
        ],
    )

    (one,) = told.alike
    assert [who.student.key for who in one.who] == ["a", "b"]
    assert [(who.student.key, how) for who, how in one.nearly] == [("c", "+no-ghosts")]


@given(st.lists(st.sets(st.sampled_from(["delivery", "fifo-order", "roster", "no-ghosts", "no-spin"])), max_size=12))
def test_everybody_who_is_alike_somebody_stands_in_one_group(patterns: list[set[str]]) -> None:
    told = overview(a_class.ASSIGNMENT, [failing(f"s{n:02}", *names) for n, names in enumerate(patterns)])

    stood = [one.student.key for group in told.alike for one in (*group.who, *(one for one, _ in group.nearly))]
    assert len(stood) == len(set(stood))
    often = {f"s{n:02}" for n, names in enumerate(patterns) if len(names) > 1 and patterns.count(names) > 1}
    assert often <= set(stood)


def test_a_server_is_flaky_that_passes_and_fails_the_same_scenario() -> None:
    told = overview(a_class.ASSIGNMENT, [a_class.right(), a_class.wrong()])

    assert [(one.who.student.key, one.file, one.passed, one.failed) for one in told.flaky] == [
        ("bob", "talk.yaml", 1, 2)
    ]


def test_what_a_person_has_to_decide_is_told_with_its_reason() -> None:
    told = overview(a_class.ASSIGNMENT, a_class.everybody())
    of_bob = [(one.part, one.why) for one in told.review if one.who.student.key == "bob"]

    assert of_bob == [("People come and go", "1 run is unclear.")]
    assert [(one.part, [who.student.key for who in one.who]) for one in told.unseen] == [("How it is written", ["bob"])]
    needing = {one.student.key for one in a_class.everybody() if one.grade.needs_review}
    assert {one.who.student.key for one in (*told.review, *told.trouble)} == needing


def test_what_nobody_can_tell_about_anybody_is_a_question_to_the_assignment() -> None:
    three = [named(a_class.wrong(), key) for key in ("a", "b", "c")]
    alone = overview(a_class.ASSIGNMENT, three[:2])
    told = overview(a_class.ASSIGNMENT, [*three, a_class.not_played("no-server")])

    assert (alone.shared, len(alone.review)) == ((), 2)
    assert [(one.part, one.why, one.many) for one in told.shared] == [("People come and go", "1 run is unclear.", 3)]
    assert told.review == ()
    assert overview(a_class.ASSIGNMENT, [*three, a_class.right()]).shared == ()
    assert "This is so for all 3 whose server was played." in text(page(three))


def test_where_nothing_was_played_a_person_has_one_thing_to_decide() -> None:
    (one,) = overview(a_class.ASSIGNMENT, [a_class.not_played("several-servers")]).review

    assert (one.part, one.why) == ("all parts", a_class.TOLD["several-servers"])


def test_it_is_told_where_not_everybody_was_graded_alike() -> None:
    other = replace(a_class.wrong(), record=replace(a_class.wrong().record, patience=3.0))

    assert overview(a_class.ASSIGNMENT, [a_class.right(), a_class.wrong()]).uneven == ()
    assert overview(a_class.ASSIGNMENT, [a_class.right(), other]).uneven == ("Patience: 1.2; 3",)


def test_every_state_has_its_words() -> None:
    states, of_parts = set(typing.get_args(State)), set(typing.get_args(PartState))

    assert set(STATE_WORDS) == set(HEADS) == set(ADVICE) == states
    assert set(PART_WORDS) == set(PART_BADGES) == of_parts
    assert set(a_class.TOLD) == states - {"played"}


def test_what_a_server_failed_stands_in_the_order_of_the_catalogue() -> None:
    assert failed_properties(failing("a", "zeal", "roster", "delivery")) == ("delivery", "roster", "zeal")


# --- the page --------------------------------------------------------------------------------------------------------


def test_each_student_leads_to_a_page_whatever_the_key_is() -> None:
    results = [named(a_class.right(), key) for key in ("anna", "İ ?#%", "ünï")]
    leads = outwards(page(results))

    assert leads == {"students/anna.html", "students/%C4%B0%20%3F%23%25.html", "students/%C3%BCn%C3%AF.html"}
    assert page_name(results[0].student) == "anna.html"


def test_without_pages_it_leads_nowhere() -> None:
    document = page(a_class.everybody(), None)

    assert outwards(document) == set()
    assert "Anna Ångström" in text(document)


def test_two_of_one_name_are_told_apart_by_their_keys() -> None:
    read = text(page([named(a_class.right(), "a1", "Anna"), named(a_class.wrong(), "a2", "Anna")]))

    assert "Anna (a1)" in read and "Anna (a2)" in read


def test_an_empty_class_is_a_page_too() -> None:
    assert "Nobody has been graded." in text(page([]))


def test_it_tells_what_a_teacher_looks_for() -> None:
    read = text(page([*a_class.everybody(), failing("x", "roster", "delivery"), failing("y", "roster", "delivery")]))

    for said in (
        "13 students",
        "Trouble that was not the students' None of this is a zero.",
        "The machine that grades had no space left.",
        "Bob O'Neil People come and go 1 run is unclear.",
        "delivery, roster 2 x , y",
        "It is no sign of copying",
        "Bob O'Neil everybody hears everybody in order 1 2",
        "Slow readers (5)",
    ):
        assert said in read, said


@pytest.mark.parametrize("words", a_class.HOSTILE)
def test_no_name_and_no_text_does_anything_in_it(words: str) -> None:
    document = page([a_class.right(), a_class.hostile(words)], None)

    forbids_all(document)
    links_lead_somewhere(document)
    tags = {str(element.tag).rpartition("}")[2] for element in document.iter()}
    assert tags & {"script", "img", "iframe", "form", "base", "object"} == set()
    assert not {name for element in document.iter() for name in element.attrib if name.startswith("on")}


def test_the_histogram_has_a_bar_for_each_step_with_somebody_in_it() -> None:
    drawn = ET.fromstring(histogram_svg((2, 0, 0, 1, 0, 0, 0, 0, 0, 4), Decimal(20)))
    bars = [one for one in drawn if one.get("class") == "bar"]
    said = [one.text for one in drawn if one.get("class") == "many"]

    assert said == ["2", "1", "4"]
    heights = [float(bar.get("height", "0")) for bar in bars]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2) and heights[2] == pytest.approx(2 * heights[0], abs=0.2)
    (desc,) = [one.text for one in drawn if one.tag.endswith("desc")]
    assert desc == "0 to 2 points: 2 students; 6 to 8 points: 1 student; 18 to 20 points: 4 students"
