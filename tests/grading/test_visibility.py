"""What a student is given has nothing of hidden parts in it, whatever is in them; and its points add up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from graded import COME, GO, a_part, a_record, a_run, an_assignment, scenario
from hypothesis import given
from hypothesis import strategies as st

from chatsim.grading.assignment import Assignment, Late, Part
from chatsim.grading.marks import Mark
from chatsim.grading.points import grade
from chatsim.grading.record import RunRecord, SubmissionRecord, VerdictRecord
from chatsim.grading.visibility import HIDDEN, LATER, for_student, is_visible

DUE = 1_700_000_000.0
BEFORE, AFTER = DUE - 1, DUE
SECRET = "zxqsecret"
OPEN = a_part("open")
NEVER = a_part(f"{SECRET}-never", "7", scenarios=(scenario(SECRET),), visible="never", properties=("roster",))
LATE = a_part(f"{SECRET}-late", "3", scenarios=(scenario(SECRET),), visible="after-due")


def secret_run(part: Part, **more: Any) -> RunRecord:
    """A run with a word in every text that it can hold, and numbers that nothing else has."""
    given = RunRecord(
        part=part.name,
        scenario=SECRET,
        file=f"{SECRET}.yaml",
        seed=987654321,
        patience=1.0,
        outcome="failed",
        duration_s=4321.5,
        verdicts=(VerdictRecord("roster", "failed", SECRET, SECRET, SECRET, SECRET),),
        error=SECRET,
        text=SECRET,
        replay=SECRET,
        picture=f"<svg>{SECRET}</svg>",
    )
    return replace(given, **more)


def shown(assignment: Assignment, record: SubmissionRecord, now: float, **more: Any) -> str:
    """All that is in what a student is given, as Python would write it."""
    return repr(for_student(assignment, record, grade(assignment, record, **more), now))


def test_the_secret_word_is_found_where_it_is() -> None:
    record = a_record(a_run(part="open"), secret_run(NEVER), secret_run(LATE))

    assert repr(record).count(SECRET) >= 20
    assert SECRET in shown(an_assignment(OPEN, LATE, due=DUE), record, AFTER)


@pytest.mark.parametrize("part", [NEVER, LATE], ids=lambda part: part.visible)
@pytest.mark.parametrize(
    "change", [{}, {"outcome": "passed"}, {"ours": True}, {"outcome": "inconclusive"}, {"needs_review": True}]
)
def test_nothing_of_a_hidden_part_is_left(part: Part, change: dict[str, Any]) -> None:
    assignment = an_assignment(OPEN, part, due=DUE)
    needing = (f"{SECRET}-other", part.name), (part.name, "open"), ("open", part.name)
    record = a_record(
        a_run(part="open"),
        secret_run(part, **change),
        not_run=needing,
        output=SECRET,
        assignment=SECRET,
        seconds=4321.5,
    )

    told = shown(assignment, record, BEFORE)

    assert SECRET not in told
    assert "987654321" not in told
    assert "4321.5" not in told


@pytest.mark.parametrize("part", [NEVER, LATE], ids=lambda part: part.visible)
def test_a_comment_about_a_hidden_part_is_hidden_too(part: Part) -> None:
    marks = {"anna": {part.name: Mark(Decimal(1), SECRET)}}

    assert SECRET not in shown(an_assignment(OPEN, part, due=DUE), a_record(a_run(part="open")), BEFORE, marks=marks)


def test_how_many_parts_are_hidden_is_not_told() -> None:
    one = an_assignment(OPEN, replace(NEVER, points=Decimal(10)), due=DUE)
    many = an_assignment(OPEN, NEVER, replace(NEVER, name="more", points=Decimal(3)), due=DUE)
    record = a_record(a_run(part="open"), secret_run(NEVER), secret_run(replace(NEVER, name="more")))

    assert shown(one, record, AFTER) == shown(many, record, AFTER)


def test_hidden_parts_are_one_line_with_their_points() -> None:
    assignment = an_assignment(OPEN, NEVER, replace(NEVER, name="more", points=Decimal(5)), due=DUE)
    passed = {"outcome": "passed", "verdicts": (VerdictRecord("roster", "passed"),)}
    record = a_record(a_run(part="open"), secret_run(NEVER, **passed), secret_run(replace(NEVER, name="more")))

    _, cut = for_student(assignment, record, grade(assignment, record), BEFORE)

    assert [(part.title, part.low, part.high, part.of, part.state) for part in cut.parts] == [
        ("Open", 10, 10, 10, "full"),
        (HIDDEN, 7, 7, 12, "partial"),
    ]
    assert (cut.low, cut.high, cut.points, cut.of) == (17, 17, 17, 22)


def test_before_the_due_date_only_is_told_what_the_later_parts_give_at_most() -> None:
    """Whether they pass is not told: nobody can try until they do."""
    assignment = an_assignment(OPEN, LATE, due=DUE)
    passed = a_record(a_run(part="open"), secret_run(LATE, outcome="passed", verdicts=()))
    failed = a_record(a_run(part="open"), secret_run(LATE))

    _, cut = for_student(assignment, passed, grade(assignment, passed), BEFORE)

    assert shown(assignment, passed, BEFORE) == shown(assignment, failed, BEFORE)
    assert [(part.title, part.low, part.high, part.state) for part in cut.parts][1:] == [(LATER, 0, 3, "later")]
    assert (cut.low, cut.high, cut.points) == (10, 13, None)


def test_what_is_shown_after_the_due_date_is_shown_then_as_it_is() -> None:
    assignment = an_assignment(OPEN, LATE, due=DUE)
    record = a_record(a_run(part="open"), secret_run(LATE), output="the end", seconds=5.0)
    graded = grade(assignment, record)

    assert for_student(assignment, record, graded, AFTER) == (record, graded)


def test_what_everybody_may_see_is_given_as_it_is() -> None:
    assignment = an_assignment(OPEN)
    record = a_record(a_run(part="open"), output="the end", seconds=5.0)

    assert for_student(assignment, record, grade(assignment, record), BEFORE) == (record, grade(assignment, record))


def test_what_a_build_printed_is_shown_also_where_parts_are_hidden() -> None:
    """Nothing hidden has been played by then."""
    assignment = an_assignment(OPEN, NEVER)
    record = a_record(state="not-built", output="error: ';' expected")

    assert for_student(assignment, record, grade(assignment, record), BEFORE)[0].output == "error: ';' expected"


def test_a_part_that_was_not_run_does_not_tell_which_hidden_one_it_needs() -> None:
    """No such assignment can be read, but it can be made."""
    assignment = an_assignment(NEVER, replace(OPEN, needs=(NEVER.name,)))
    record = a_record(secret_run(NEVER), not_run=(("open", NEVER.name),))

    assert SECRET in repr(grade(assignment, record))
    assert SECRET not in shown(assignment, record, AFTER)


def test_why_a_part_that_is_shown_has_its_points_is_told_beside_hidden_ones() -> None:
    assignment = an_assignment(OPEN, NEVER)
    record = a_record(a_run("failed", part="open"), secret_run(NEVER))

    _, cut = for_student(assignment, record, grade(assignment, record), AFTER)

    assert cut.parts[0].why == "0 of 1 runs passed."


def test_without_a_due_date_nothing_is_ever_after_it() -> None:
    assert not is_visible(an_assignment(OPEN), "after-due", 10**12)
    assert is_visible(an_assignment(OPEN, due=DUE), "after-due", DUE)


def test_the_one_line_says_what_somebody_has_yet_to_do() -> None:
    assignment = an_assignment(OPEN, NEVER, replace(NEVER, name="style", credit="look", scenarios=()))
    looked = {"anna": {"style": Mark(Decimal(7))}}
    fine = secret_run(NEVER, outcome="passed", verdicts=(VerdictRecord("roster", "passed"),))
    unclear = secret_run(NEVER, outcome="inconclusive", verdicts=(VerdictRecord("roster", "inconclusive"),))

    def state(run: RunRecord, **more: Any) -> str:
        record = a_record(a_run(part="open"), run)
        return for_student(assignment, record, grade(assignment, record, **more), AFTER)[1].parts[-1].state

    assert state(fine) == "to-look"
    assert state(fine, marks=looked) == "full"
    assert state(unclear, marks=looked) == "needs-review"
    assert state(replace(fine, ours=True)) == "infrastructure"


PARTS = st.lists(
    st.builds(
        a_part,
        name=st.sampled_from(["a", "b", "c", "d"]).map(lambda name: f"{SECRET}-{name}"),
        points=st.decimals("0.01", "20", places=2).map(str),
        scenarios=st.sampled_from([(scenario(SECRET),), (scenario(SECRET), scenario(f"{SECRET}2"))]),
        visible=st.sampled_from(["never", "after-due"]),
        credit=st.sampled_from(["all", "rate"]),
    ),
    max_size=4,
    unique_by=lambda part: part.name,
)


@given(
    hidden=PARTS,
    outcomes=st.lists(st.sampled_from(["passed", "failed", "inconclusive", "error"]), min_size=8, max_size=8),
    total=st.none() | st.just(Decimal(100)),
    now=st.sampled_from([BEFORE, AFTER]),
    late=st.floats(0, 10**6),
)
def test_no_word_of_what_is_hidden_appears_and_the_lines_add_up_to_the_whole(
    hidden: list[Part], outcomes: list[Any], total: Decimal | None, now: float, late: float
) -> None:
    if now == AFTER:
        hidden = [replace(part, visible="never") for part in hidden]
    assignment = an_assignment(
        OPEN, *hidden, total=total, due=DUE, late=Late(per=86_400, minus=Decimal(10), most=Decimal(50))
    )
    runs = [secret_run(part, outcome=outcomes[at]) for at, part in enumerate(hidden)]
    record = a_record(a_run(part="open"), *runs, submitted=DUE + late)
    whole = grade(assignment, record)

    cut, seen = for_student(assignment, record, whole, now)

    assert SECRET not in repr((cut, seen))
    assert sum(part.of for part in seen.parts) == assignment.points
    assert seen.of == whole.of
    assert seen.low <= whole.low <= whole.high <= seen.high <= seen.of
    if now == AFTER:
        assert (seen.low, seen.high, seen.points) == (whole.low, whole.high, whole.points)


def test_the_names_of_the_two_lines_can_be_no_names_of_parts() -> None:
    from chatsim.grading.part_rules import is_name
    from chatsim.grading.visibility import HIDDEN_NAME, LATER_NAME

    assert not is_name(HIDDEN_NAME)
    assert not is_name(LATER_NAME)
    assert is_name(COME.name) and is_name(GO.name)
