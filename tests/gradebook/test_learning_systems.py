"""Files for learning systems, each held against what that system documents, in our own words (`contracts/`)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import a_class
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_student_pages import shape

from chatsim.errors import UsageError
from chatsim.gradebook.classroom50 import classroom50_json
from chatsim.gradebook.graded import Graded, NoPointsError
from chatsim.gradebook.gradescope import gradescope_json
from chatsim.gradebook.prairielearn import INVALID, MOST, prairielearn_json
from chatsim.gradebook.student_html import student_html
from chatsim.gradebook.student_markdown import student_markdown
from chatsim.gradebook.vpl import vpl_text
from chatsim.grading.assignment import Assignment

NOW = a_class.DUE + 3600
ENVIRONMENT = {
    "CLASSROOM": "cs-1",
    "ASSIGNMENT": "chat-1",
    "SUBMISSION_TAG": "submit/2026-11-30T22-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://127.0.0.1/commit/a1b2c3d",
    "RELEASE_URL": "https://127.0.0.1/releases/tag/submit",
    "OWNER": "anna",
}
EVERYBODY = {graded.student.key: graded for graded in a_class.everybody()} | {
    f"hostile-{number}-{how.__name__}": how(text)
    for number, text in enumerate(a_class.HOSTILE)
    for how in (a_class.hostile, a_class.hostile_unplayed)
}
WITH_POINTS = {name: graded for name, graded in EVERYBODY.items() if graded.grade.points is not None}


def contract(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((Path(__file__).parent / "contracts" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def classroom50(assignment: Assignment, graded: Graded) -> str:
    return classroom50_json(assignment, graded, ENVIRONMENT, NOW)


Write = Callable[[Assignment, Graded], str]
JSON: dict[str, Write] = {
    "gradescope": gradescope_json,
    "prairielearn": prairielearn_json,
    "classroom50": classroom50,
}


def cut(graded: Graded, system: str) -> Graded:
    """What this system is given: Gradescope keeps hidden parts from students itself."""
    return graded if system == "gradescope" else a_class.only_shown(graded)


@pytest.mark.parametrize("system", JSON)
@pytest.mark.parametrize("name", WITH_POINTS)
def test_it_is_as_the_system_describes_it(system: str, name: str) -> None:
    text = JSON[system](a_class.ASSIGNMENT, cut(WITH_POINTS[name], system))

    contract(system).validate(json.loads(text))
    assert text.isascii() and text.endswith("}\n")
    assert re.search(r"[^\\](\\\\)*\\u(00[019][0-9a-f]|202[a-e]|206[6-9]|d[89a-f])", text) is None
    assert "##[" not in text


@pytest.mark.parametrize("system", JSON)
def test_a_contract_that_is_broken_is_seen(system: str) -> None:
    plain = json.loads(JSON[system](a_class.ASSIGNMENT, cut(a_class.right(), system)))

    for broken in (plain | {"score": "23"}, plain | {"surprise": 1}, plain | {"tests": [{"name": "x"}]}):
        assert not contract(system).is_valid(broken)


# --- what must not be told ---------------------------------------------------------------------------------------------


def with_secrets() -> tuple[Assignment, Graded]:
    """Everywhere in the hidden part there is a word that stands nowhere else."""
    count = iter(range(1000))

    def secret() -> str:
        return f"zqsecret{next(count)}"

    run = a_class.failed("secret", secret(), secret(), "no-spin", 987654)
    verdicts = tuple(
        replace(verdict, summary=secret(), hint=secret(), property=name)
        for verdict, name in zip(run.verdicts, (secret(), "no-spin"), strict=True)
    )
    picture = run.picture.replace("one", secret())
    run = replace(run, verdicts=verdicts, error=secret(), text=secret(), replay=secret(), picture=picture)
    wrong = a_class.wrong()
    record = replace(wrong.record, runs=(*wrong.record.runs, run), not_run=(("secret", "talking"),), output=secret())
    parts = tuple(
        replace(part, title=secret(), why=secret(), comment=secret()) if part.name == "secret" else part
        for part in wrong.grade.parts
    )
    of_assignment = tuple(
        replace(part, title=secret(), properties=(secret(),)) if part.name == "secret" else part
        for part in a_class.ASSIGNMENT.parts
    )
    assignment = replace(a_class.ASSIGNMENT, parts=of_assignment)
    return assignment, Graded(record, replace(wrong.grade, parts=parts))


BETRAYALS = ("zqsecret", "987654", "no-spin")


@pytest.mark.parametrize(
    "write",
    [student_html, student_markdown, prairielearn_json, vpl_text, classroom50],
    ids=lambda write: write.__name__,
)
def test_nothing_of_a_hidden_part_is_in_what_a_student_reads(write: Write) -> None:
    assignment, graded = with_secrets()

    text = write(assignment, a_class.only_shown(graded))
    decoded = "".join(base64.b64decode(found).decode() for found in re.findall(r"base64,([A-Za-z0-9+/=]+)", text))

    assert [word for word in (*BETRAYALS, "secret") if word in text or word in decoded] == []


def test_the_marked_words_would_be_seen_where_nothing_is_cut() -> None:
    assignment, graded = with_secrets()

    text = student_html(assignment, graded)
    assert [word for word in BETRAYALS if word not in text] == []


def test_gradescope_is_told_what_to_keep_from_students_and_all_else_is_silent_about_it() -> None:
    assignment, graded = with_secrets()

    plain = json.loads(gradescope_json(assignment, graded))
    hidden = [test for test in plain["tests"] if test["visibility"] == "hidden"]
    rest = json.dumps({**plain, "tests": [test for test in plain["tests"] if test not in hidden]})

    assert len(hidden) == 1 and "zqsecret" in hidden[0]["output"]
    assert [word for word in BETRAYALS if word in rest] == []


# --- Gradescope --------------------------------------------------------------------------------------------------------


def test_gradescope_gets_the_points_of_the_book_and_a_test_a_part() -> None:
    plain = json.loads(gradescope_json(a_class.ASSIGNMENT, a_class.right()))

    assert plain["score"] == 23.5
    assert [(test["name"], test["score"], test["max_score"], test["visibility"]) for test in plain["tests"]] == [
        ("Everybody hears everybody", 10, 10, "visible"),
        ("People come and go", 6, 6, "visible"),
        ("How it is written", 3.5, 4, "visible"),
        ("Slow readers", 5, 5, "hidden"),
    ]
    assert [test.get("status") for test in plain["tests"]] == ["passed", "passed", "failed", "passed"]
    assert plain["stdout_visibility"] == "hidden"


def test_gradescope_is_told_nothing_final_of_what_a_person_has_to_decide() -> None:
    tests = json.loads(gradescope_json(a_class.ASSIGNMENT, a_class.wrong()))["tests"]

    assert ["status" in test for test in tests] == [True, False, False, True]
    assert tests[1]["output"].startswith("Between 0 and 6 points")


@given(st.sampled_from(a_class.HOSTILE) | st.text(max_size=40).map("word {}".format))
def test_words_of_others_are_no_markup_in_gradescope(text: str) -> None:
    def outputs(graded: Graded) -> list[str]:
        plain = json.loads(gradescope_json(a_class.ASSIGNMENT, graded))
        return [plain["output"], *(test["output"] for test in plain["tests"])]

    theirs, ours = outputs(a_class.hostile(text)), outputs(a_class.hostile("word"))
    assert list(map(shape, theirs)) == list(map(shape, ours))


@pytest.mark.parametrize("system", ["gradescope", "classroom50"])
def test_no_number_is_written_where_the_trouble_was_ours(system: str) -> None:
    with pytest.raises(NoPointsError, match=r"no points for Infrastructure yet: The machine .* no space left"):
        JSON[system](a_class.ASSIGNMENT, cut(a_class.not_played("infrastructure"), system))


# --- PrairieLearn ------------------------------------------------------------------------------------------------------


def prairielearn(graded: Graded) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(prairielearn_json(a_class.ASSIGNMENT, a_class.only_shown(graded)))
    return plain


def test_prairielearn_gets_a_share_and_the_points_of_parts() -> None:
    plain = prairielearn(a_class.right())

    assert plain["score"] == pytest.approx(23.5 / 25)
    assert [(test["points"], test["max_points"]) for test in plain["tests"]] == [(10, 10), (6, 6), (3.5, 4), (5, 5)]


@pytest.mark.parametrize("state", a_class.TOLD)
def test_in_prairielearn_nobody_loses_an_attempt_for_what_could_not_be_tried(state: Any) -> None:
    plain = prairielearn(a_class.not_played(state))

    assert plain["gradable"] == (state not in INVALID and state != "infrastructure")
    if not plain["gradable"]:
        assert a_class.TOLD[state].replace("`", "") in " ".join(plain["format_errors"]).replace("`", "")


def test_prairielearns_pictures_are_drawings_that_bring_their_colours_and_nothing_else() -> None:
    (image,) = prairielearn(a_class.wrong())["tests"][0]["images"]

    drawn = ET.fromstring(base64.b64decode(image["url"].partition(",")[2]))
    assert {str(one.tag).rpartition("}")[2] for one in drawn.iter()} <= {
        "svg", "style", "title", "desc", "rect", "line", "g", "path", "text", "tspan", "circle"
    }  # fmt: skip
    assert "prefers-color-scheme" in "".join(drawn.itertext())
    assert not [
        value for one in drawn.iter() for value in one.attrib.values() if ":" in value and "w3.org" not in value
    ]


def test_what_prairielearn_is_given_is_never_too_large_for_it() -> None:
    wrong = a_class.only_shown(a_class.wrong())
    long = replace(wrong.record.runs[1], error="x\n" * 200_000)
    runs = tuple(replace(long, file=f"{number}.yaml") for number in range(12))
    text = prairielearn_json(a_class.ASSIGNMENT, replace(wrong, record=replace(wrong.record, runs=runs)))

    assert len(text) < MOST
    contract("prairielearn").validate(json.loads(text))
    assert "cut here" in text


def test_pictures_are_left_out_before_any_text_is_cut() -> None:
    wrong = a_class.only_shown(a_class.wrong())
    lines = "".join(f'<line x1="{number}" x2="{number}" y1="0" y2="9"/>' for number in range(6_000))
    large = wrong.record.runs[1].picture.replace("</svg>", f"{lines}</svg>")
    runs = tuple(replace(wrong.record.runs[1], file=f"{n}.yaml", text=f"run {n}", picture=large) for n in range(4))
    text = prairielearn_json(a_class.ASSIGNMENT, replace(wrong, record=replace(wrong.record, runs=runs)))

    assert len(text) < MOST
    assert "base64" not in text and "cut here" not in text


# --- Classroom 50 ------------------------------------------------------------------------------------------------------


def test_classroom_50_gets_whole_numbers_that_are_exact() -> None:
    plain = json.loads(classroom50(a_class.ASSIGNMENT, a_class.only_shown(a_class.right())))

    assert (plain["score"], plain["max-score"]) == (2350, 2500)
    assert [(test["score"], test["max-score"], test["passed"]) for test in plain["tests"]] == [
        (1000, 1000, True), (600, 600, True), (350, 400, False), (500, 500, True),
    ]  # fmt: skip
    assert sum(test["max-score"] for test in plain["tests"]) == plain["max-score"]
    assert plain["datetime"] == "2026-11-30T22:00:00Z"


def test_points_that_are_whole_by_the_assignment_stay_as_they_are() -> None:
    parts = tuple(replace(part, credit="all") for part in a_class.ASSIGNMENT.parts)
    simple = replace(a_class.ASSIGNMENT, parts=parts, late=None)
    whole = a_class.only_shown(replace(a_class.right(), grade=replace(a_class.right().grade, points=Decimal(23))))
    grade = replace(whole.grade, parts=tuple(replace(p, low=Decimal(int(p.low))) for p in whole.grade.parts))

    plain = json.loads(classroom50(simple, replace(whole, grade=grade)))

    assert (plain["score"], plain["max-score"]) == (23, 25)


def test_without_its_runner_classroom_50s_file_is_not_written_and_it_is_told_what_lacks() -> None:
    with pytest.raises(UsageError, match="lacks SUBMISSION_TAG, RELEASE_URL"):
        classroom50_json(
            a_class.ASSIGNMENT,
            a_class.right(),
            {name: value for name, value in ENVIRONMENT.items() if name not in ("SUBMISSION_TAG", "RELEASE_URL")},
            NOW,
        )


# --- Moodle's Virtual Programming Lab ----------------------------------------------------------------------------------


def grade_of(text: str) -> str | None:
    """As VPL proposes it: from the last line that begins with the tag, wherever it stands."""
    grades = [line.removeprefix("Grade :=>>").strip() for line in text.split("\n") if line.startswith("Grade :=>>")]
    return grades[-1] if grades else None


def titles_of(text: str) -> list[str]:
    """As VPL shows them: comments that begin with a minus."""
    comments = [line.removeprefix("Comment :=>>") for line in text.split("\n") if line.startswith("Comment :=>>")]
    return [comment[1:] for comment in comments if comment.startswith("-")]


def test_vpl_gets_comments_and_last_the_grade() -> None:
    text = vpl_text(a_class.ASSIGNMENT, a_class.only_shown(a_class.right()))

    assert text.endswith("\nGrade :=>> 23.5\n")
    assert titles_of(text) == [
        "A chat server: 23.5 of 25 points",
        "Everybody hears everybody: full points, 10 of 10 points",
        "People come and go: full points, 6 of 6 points",
        "How it is written: some of the points, 3.5 of 4 points",
        "Hidden tests: full points, 5 of 5 points",
        "How this was graded",
    ]


def test_vpl_proposes_no_grade_where_the_trouble_was_ours() -> None:
    assert grade_of(vpl_text(a_class.ASSIGNMENT, a_class.only_shown(a_class.not_played("infrastructure")))) is None


FORGED = ("\n", "\r", "\u2028", "\x85", "Grade :=>> 100", "Comment :=>>", "<|--", "--|>", "-x (-3)", " ")


@pytest.mark.parametrize("how", [a_class.hostile, a_class.hostile_unplayed])
@given(text=st.sampled_from(a_class.HOSTILE) | st.lists(st.sampled_from(FORGED)).map("".join))
def test_nothing_that_a_student_prints_is_a_grade_a_title_or_a_tag_of_vpl(
    how: Callable[[str], Graded], text: str
) -> None:
    theirs = vpl_text(a_class.ASSIGNMENT, a_class.only_shown(how(f"word {text}")))
    ours = vpl_text(a_class.ASSIGNMENT, a_class.only_shown(how("word")))

    for end in ("\r\n", "\n", "\r"):
        lines = theirs.removesuffix("\n").split(end) if end == "\n" else theirs.removesuffix("\n").splitlines()
        assert [line for line in lines if not line.startswith(("Comment :=>>-", "Comment :=>>>", "Grade :=>> "))] == []
    assert grade_of(theirs) == grade_of(ours) == ("8.5" if how is a_class.hostile else "0")
    assert len(re.findall("^Grade", theirs, re.MULTILINE)) == 1
    assert len(titles_of(theirs)) == len(titles_of(ours))
    assert not [title for title in titles_of(theirs) if title.endswith(")")]


# --- before the due date -----------------------------------------------------------------------------------------------


def test_before_the_due_date_no_number_tells_of_what_is_shown_after_it() -> None:
    later = tuple(replace(p, visible="after-due") if p.name == "secret" else p for p in a_class.ASSIGNMENT.parts)
    assignment = replace(a_class.ASSIGNMENT, parts=later)
    told = []
    for points in ("0", "5"):
        graded = a_class.right()
        parts = tuple(
            replace(p, low=Decimal(points), high=Decimal(points), visible="after-due") if p.name == "secret" else p
            for p in graded.grade.parts
        )
        whole = replace(graded, grade=replace(graded.grade, parts=parts, points=Decimal("19.5") + Decimal(points)))
        record, grade = a_class.for_student(assignment, whole.record, whole.grade, a_class.DUE - 60)
        shown = Graded(record, grade)
        told.append([write(assignment, shown) for write in (prairielearn_json, vpl_text, classroom50, student_html)])

    assert told[0] == told[1]
    assert grade_of(told[0][1]) == "19.5"
    assert "shown after the due date" in told[0][3]
