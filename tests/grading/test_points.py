"""What was seen becomes points: exactly, and where nobody could tell, as an interval."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest
from graded import COME, GO, a_part, a_record, a_run, an_assignment

from chatsim.grading.assignment import Assignment, Late, Part, ServerRules
from chatsim.grading.counting import may_be_full
from chatsim.grading.grade import Grade, PartGrade
from chatsim.grading.marks import Mark
from chatsim.grading.points import grade
from chatsim.grading.record import RunRecord, State, VerdictRecord

FIVE = range(5)


def points(part: Part, *runs: RunRecord) -> tuple[str, str, str]:
    """Low, high and state of the one part of an assignment."""
    (found,) = grade(an_assignment(part), a_record(*runs)).parts
    return str(found.low), str(found.high), found.state


def runs(*outcomes: str, **more: Any) -> tuple[RunRecord, ...]:
    return tuple(a_run(outcome, seed=seed, **more) for seed, outcome in enumerate(outcomes))  # type: ignore[arg-type]


def of(graded: Grade, name: str) -> PartGrade:
    return next(part for part in graded.parts if part.name == name)


# --- all or none -----------------------------------------------------------------------------------------------------


def test_all_points_are_given_if_every_run_passed() -> None:
    assert points(a_part(repeat=3), *runs("passed", "passed", "passed")) == ("10.00", "10.00", "full")


def test_no_points_are_given_if_one_run_failed() -> None:
    assert points(a_part(repeat=3), *runs("passed", "failed", "passed")) == ("0.00", "0.00", "none")


def test_a_failed_run_leaves_no_points_also_where_others_are_missing() -> None:
    assert points(a_part(repeat=3), *runs("failed")) == ("0.00", "0.00", "none")


def test_a_server_that_could_not_be_played_in_one_run_has_failed_it() -> None:
    assert points(a_part(repeat=2), *runs("passed", "error")) == ("0.00", "0.00", "none")


# --- by rate ---------------------------------------------------------------------------------------------------------


def test_by_rate_each_run_that_passed_counts() -> None:
    assert points(a_part(credit="rate", repeat=3), *runs("passed", "failed", "passed")) == ("6.67", "6.67", "partial")


def test_by_rate_the_runs_of_all_scenarios_count_alike() -> None:
    part = a_part(credit="rate", repeat=2, scenarios=(COME, GO))

    assert points(part, *runs("passed", "failed"), *runs("passed", "passed", of=GO)) == ("7.50", "7.50", "partial")


# --- what nobody could tell ------------------------------------------------------------------------------------------


def test_an_inconclusive_run_is_neither_given_nor_taken() -> None:
    assert points(a_part(), *runs("inconclusive")) == ("0.00", "10.00", "needs-review")


@pytest.mark.parametrize("credit", ["all", "rate"])
def test_inconclusive_runs_are_left_out_if_four_of_five_could_tell(credit: str) -> None:
    part = a_part(credit=credit, repeat=5)

    assert points(part, *runs(*["passed"] * 4, "inconclusive")) == ("10.00", "10.00", "full")


def test_what_was_our_trouble_is_left_out_likewise() -> None:
    played = runs(*["passed"] * 4)

    assert points(a_part(repeat=5), *played, a_run("error", seed=4, ours=True)) == ("10.00", "10.00", "full")


def test_inconclusive_runs_count_both_ways_if_fewer_could_tell() -> None:
    part = a_part(credit="rate", repeat=5)

    assert points(part, *runs(*["passed"] * 3, *["inconclusive"] * 2)) == ("6.00", "10.00", "needs-review")


def test_each_scenario_needs_enough_runs_that_could_tell() -> None:
    """Nine of ten could, and yet nobody knows whether its clients can go."""
    part = a_part(scenarios=(COME, GO), repeat=5)

    assert points(part, *runs(*["passed"] * 5), *runs(*["inconclusive"] * 5, of=GO)) == (
        "0.00",
        "10.00",
        "needs-review",
    )


def test_a_failure_that_rests_on_waiting_and_was_not_confirmed_is_no_failure() -> None:
    unconfirmed = a_run("failed", verdicts={"roster": "failed"}, doubtful=True)
    confirmed = a_run("failed", verdicts={"roster": "failed"})

    assert points(a_part(), unconfirmed) == ("0.00", "10.00", "needs-review")
    assert points(a_part(properties=("roster",)), unconfirmed) == ("0.00", "10.00", "needs-review")
    assert points(a_part(), confirmed) == ("0.00", "0.00", "none")


def test_a_failure_that_is_certain_counts_beside_one_that_is_not() -> None:
    both = a_run("failed", verdicts={"roster": "failed"}, doubtful=True)
    sure = replace(both, verdicts=(*both.verdicts, VerdictRecord("fifo-order", "failed")))

    assert points(a_part(), sure) == ("0.00", "0.00", "none")


@pytest.mark.parametrize("credit", ["all", "rate", "each"])
def test_a_trouble_of_ours_is_never_a_zero(credit: str) -> None:
    part = a_part(credit=credit, properties=("roster",))

    assert points(part, a_run("error", ours=True)) == ("0.00", "10.00", "infrastructure")
    assert grade(an_assignment(part), a_record(a_run("error", ours=True))).points is None


@pytest.mark.parametrize("credit", ["all", "rate", "each"])
def test_a_run_that_is_missing_is_a_trouble_of_ours(credit: str) -> None:
    part = a_part(credit=credit, properties=("roster",), repeat=2)

    assert points(part, a_run(verdicts={"roster": "passed"}))[1:] == ("10.00", "infrastructure")


def test_an_error_that_nobody_could_confirm_is_for_a_person() -> None:
    assert points(a_part(), a_run("error", needs_review=True)) == ("0.00", "10.00", "needs-review")


def test_a_scenario_that_can_not_be_played_is_for_a_person() -> None:
    part = a_part(scenarios=(COME, GO), repeat=2)
    unplayable = runs("not-applicable", "not-applicable", of=GO)
    seen = grade(an_assignment(part), a_record(*runs("passed", "passed"), *unplayable))

    assert (seen.low, seen.high, seen.parts[0].state) == (Decimal("0.00"), Decimal("10.00"), "needs-review")
    assert seen.parts[0].why == "It can not be played with what this server speaks: go."


def test_what_is_withheld_or_given_stands_in_the_column() -> None:
    seen = a_record(*runs("inconclusive"))

    assert grade(an_assignment(a_part()), seen).points == 0
    assert grade(an_assignment(a_part(), unresolved="given"), seen).points == 10


# --- properties ------------------------------------------------------------------------------------------------------


def test_with_properties_only_those_count() -> None:
    part = a_part(properties=("join-notice", "roster"))
    late = a_run("failed", verdicts={"join-notice": "passed", "roster": "passed", "fifo-order": "failed"})

    assert points(part, late) == ("10.00", "10.00", "full")


def test_a_property_asked_for_by_name_has_to_be_put_to_the_test() -> None:
    seen = a_run(verdicts={"join-notice": "passed", "roster": "not-exercised"})

    assert points(a_part(properties=("join-notice", "roster"), named=("roster",)), seen)[2] == "needs-review"
    assert points(a_part(properties=("join-notice", "roster")), seen)[2] == "full"


def test_what_one_scenario_does_not_put_to_the_test_another_one_may() -> None:
    part = a_part(properties=("join-notice", "roster"), named=("join-notice", "roster"), scenarios=(COME, GO))
    come = a_run(verdicts={"join-notice": "passed", "roster": "not-exercised"})
    go = a_run(of=GO, verdicts={"join-notice": "not-exercised", "roster": "passed"})

    assert points(part, come, go) == ("10.00", "10.00", "full")


@pytest.mark.parametrize("credit", ["all", "rate", "each"])
def test_a_part_of_which_nothing_was_put_to_the_test_is_for_a_person(credit: str) -> None:
    part = a_part(properties=("roster",), credit=credit)

    assert points(part, a_run(verdicts={"lets-in": "passed"})) == ("0.00", "10.00", "needs-review")


@pytest.mark.parametrize("credit", ["all", "rate", "each"])
@pytest.mark.parametrize("failing", ["stays-up", "lets-in", "keeps-clients", "still-serves"])
def test_a_server_that_ends_has_not_shown_what_it_was_not_put_to_the_test_for(credit: str, failing: str) -> None:
    part = a_part(properties=("roster",), named=("roster",), credit=credit)

    assert points(part, a_run("failed", verdicts={failing: "failed", "roster": "not-exercised"}))[2] == "none"


DIED = {"delivery": "passed", "roster": "not-exercised", "stays-up": "failed"}


@pytest.mark.parametrize("credit", ["all", "rate", "each"])
def test_what_a_server_had_shown_before_it_ended_counts(credit: str) -> None:
    part = a_part(properties=("delivery",), named=("delivery",), credit=credit)

    assert points(part, a_run("failed", verdicts=DIED))[2] == "full"


@pytest.mark.parametrize(("credit", "state"), [("all", "none"), ("rate", "none"), ("each", "partial")])
def test_what_it_was_asked_for_by_name_and_had_not_shown_when_it_ended_is_missed(credit: str, state: str) -> None:
    part = a_part(properties=("delivery", "roster"), named=("delivery", "roster"), credit=credit)

    (found,) = grade(an_assignment(part), a_record(a_run("failed", verdicts=DIED))).parts

    assert (found.state, found.why.endswith("Not shown: roster.")) == (state, True)


def test_by_rate_a_run_that_ended_is_missed_and_the_others_say_what_they_say() -> None:
    part = a_part(properties=("delivery", "roster"), named=("roster",), credit="rate", repeat=2)
    other = a_run(seed=1, verdicts={"delivery": "passed", "roster": "passed"})

    assert points(part, a_run("failed", verdicts=DIED), other) == ("10.00", "10.00", "full")  # it was shown, after all


def test_what_a_run_to_its_end_left_out_as_well_was_not_left_out_because_another_one_ended() -> None:
    part = a_part(properties=("delivery", "roster"), named=("roster",), repeat=2)
    other = a_run(seed=1, verdicts={"delivery": "passed", "roster": "not-exercised"})

    assert points(part, a_run("failed", verdicts=DIED), other)[2] == "needs-review"


def test_by_each_every_property_counts_alike() -> None:
    part = a_part(properties=("join-notice", "leave-notice", "roster"), credit="each", repeat=2)
    seen = {"join-notice": "passed", "leave-notice": "failed", "roster": "passed"}

    assert points(part, *runs("failed", "failed", verdicts=seen)) == ("6.67", "6.67", "partial")


def test_by_each_what_failed_once_is_not_shown() -> None:
    part = a_part(properties=("join-notice", "roster"), credit="each", repeat=2)
    first = a_run(verdicts={"join-notice": "passed", "roster": "passed"})
    second = a_run("failed", seed=1, verdicts={"join-notice": "passed", "roster": "failed"})

    (found,) = grade(an_assignment(part), a_record(first, second)).parts

    assert (str(found.low), str(found.high), found.why) == ("5.00", "5.00", "Not shown: roster.")


def test_by_each_what_nobody_could_tell_is_told() -> None:
    part = a_part(properties=("join-notice", "roster"), credit="each")

    (found,) = grade(
        an_assignment(part),
        a_record(a_run("inconclusive", verdicts={"join-notice": "passed", "roster": "inconclusive"})),
    ).parts

    assert (str(found.low), str(found.high), found.why) == ("5.00", "10.00", "Nobody could tell: roster.")


def test_by_each_what_was_never_put_to_the_test_is_told_apart_from_what_nobody_could_tell() -> None:
    properties = ("join-notice", "leave-notice", "roster", "fifo-order")
    part = a_part(properties=properties, named=properties, credit="each")
    seen = a_run(
        "failed",
        verdicts={
            "join-notice": "failed",
            "leave-notice": "inconclusive",
            "roster": "not-exercised",
            "fifo-order": "passed",
        },
    )

    (found,) = grade(an_assignment(part), a_record(seen)).parts

    assert (str(found.low), str(found.high)) == ("2.50", "7.50")
    assert found.why == "Not shown: join-notice. Nobody could tell: leave-notice. Never put to the test: roster."


def test_by_each_a_group_is_only_what_was_put_to_the_test() -> None:
    part = a_part(properties=("join-notice", "roster"), credit="each")

    assert points(part, a_run(verdicts={"join-notice": "passed", "roster": "not-applicable"}))[2] == "full"


# --- what a part needs -----------------------------------------------------------------------------------------------

TWO = an_assignment(a_part("first"), a_part("second", needs=("first",)))


def test_a_part_is_not_run_if_what_it_needs_was_not_reached() -> None:
    seen = grade(TWO, a_record(a_run("failed", part="first"), not_run=(("second", "first"),)))

    assert of(seen, "second").state == "not-run"
    assert of(seen, "second").why == "Not run: it needs “First”."
    assert seen.high == 0


def test_a_part_gives_nothing_if_what_it_needs_failed_though_it_was_played() -> None:
    seen = grade(TWO, a_record(a_run("failed", part="first"), a_run(part="second")))

    assert of(seen, "second").state == "not-run"


@pytest.mark.parametrize(("ours", "state"), [(False, "needs-review"), (True, "infrastructure")])
def test_a_part_waits_for_a_person_if_nobody_could_tell_about_what_it_needs(ours: bool, state: str) -> None:
    seen = grade(TWO, a_record(a_run("inconclusive", part="first", ours=ours), a_run(part="second")))

    assert (of(seen, "second").low, of(seen, "second").high, of(seen, "second").state) == (0, 10, state)


def test_what_needs_a_part_that_was_not_run_is_not_run_either() -> None:
    three = an_assignment(a_part("third", needs=("second",)), *reversed(TWO.parts))

    seen = grade(three, a_record(a_run("failed", part="first")))

    assert [part.state for part in seen.parts] == ["not-run", "not-run", "none"]


def test_a_part_without_points_can_be_needed() -> None:
    gate = an_assignment(a_part("first", "0"), TWO.parts[1])

    assert grade(gate, a_record(a_run("failed", part="first"), a_run(part="second"))).high == 0
    assert grade(gate, a_record(a_run(part="first"), a_run(part="second"))).low == 10


def test_a_person_may_decide_that_a_part_without_points_is_reached() -> None:
    gate = an_assignment(a_part("first", "0"), TWO.parts[1])
    seen = a_record(a_run("failed", part="first"), a_run(part="second"))

    assert grade(gate, seen, {"anna": {"first": Mark(Decimal(0))}}).low == 10


def test_a_part_that_was_not_run_is_to_be_graded_again_once_a_person_has_given_what_it_needs() -> None:
    seen = a_record(a_run("failed", part="first"), not_run=(("second", "first"),))

    decided = grade(TWO, seen, {"anna": {"first": Mark(Decimal(10))}})

    assert of(decided, "second").state == "needs-review"
    assert "graded again" in of(decided, "second").why


def test_a_part_may_be_full_until_a_run_has_failed() -> None:
    part = a_part(repeat=2)

    assert may_be_full(part, ())
    assert may_be_full(part, runs("passed"))
    assert may_be_full(part, runs("passed", "inconclusive"))
    assert may_be_full(part, runs("passed", "passed"))
    assert not may_be_full(part, runs("failed"))
    assert not may_be_full(part, runs("passed", "failed"))


# --- what was not played ---------------------------------------------------------------------------------------------

REVIEWED = {"several-submissions", "several-servers"}


@pytest.mark.parametrize("state", [word for word in get_args(State) if word not in ("played", "infrastructure")])
def test_without_a_server_there_are_no_points_but_which_of_two_is_meant_a_person_says(state: State) -> None:
    (found,) = grade(an_assignment(a_part()), a_record(state=state)).parts

    assert found.state == ("needs-review" if state in REVIEWED else "none")
    assert found.why.endswith(".")


def test_a_protocol_that_we_did_not_find_out_is_for_a_person() -> None:
    any_protocol = an_assignment(a_part(), server=ServerRules("python3 server.py", detect=True, any=True))

    (found,) = grade(any_protocol, a_record(state="not-understood")).parts
    (told_how,) = grade(an_assignment(a_part()), a_record(state="not-understood")).parts

    assert (found.state, found.why) == (
        "needs-review",
        "How it is spoken to was not found out, so nothing could be played.",
    )
    assert (told_how.state, told_how.why) == (
        "none",
        "It did not answer as the assignment says, so nothing could be played.",
    )


def test_a_submission_that_was_not_played_by_our_fault_has_no_points_yet() -> None:
    seen = grade(an_assignment(a_part()), a_record(state="infrastructure"))

    assert (seen.points, seen.low, seen.high, seen.needs_review) == (None, 0, 10, True)


# --- a person's decision ---------------------------------------------------------------------------------------------

LOOKED = an_assignment(a_part(), a_part("style", "5", credit="look", scenarios=()))


def test_what_nobody_has_looked_at_is_open() -> None:
    seen = grade(LOOKED, a_record(*runs("passed")))

    assert (seen.low, seen.high, seen.points, of(seen, "style").state) == (10, 15, 10, "to-look")


def test_what_nobody_has_looked_at_is_not_given_before_somebody_has() -> None:
    given = replace(LOOKED, unresolved="given")

    assert grade(given, a_record(*runs("inconclusive"))).points == 10


def test_a_mark_counts_more_than_what_was_counted() -> None:
    marks = {"anna": {"style": Mark(Decimal("3.5"), "clear names"), "joining": Mark(Decimal(10))}}

    seen = grade(LOOKED, a_record(*runs("failed")), marks)

    assert (seen.low, seen.high, seen.points, seen.needs_review) == (
        Decimal("13.5"),
        Decimal("13.5"),
        Decimal("13.5"),
        False,
    )
    assert of(seen, "style").comment == "clear names"
    assert of(seen, "joining").state == "full"


def test_a_person_may_decide_what_we_could_not_play() -> None:
    decided = {"anna": {"joining": Mark(Decimal(8)), "style": Mark(Decimal(5))}}

    seen = grade(LOOKED, a_record(state="infrastructure"), decided)

    assert (seen.points, seen.needs_review) == (13, False)


def test_marks_of_others_do_not_count() -> None:
    assert of(grade(LOOKED, a_record(), {"ben": {"style": Mark(Decimal(5))}}), "style").state == "to-look"


# --- the whole -------------------------------------------------------------------------------------------------------


def test_the_whole_is_scaled_to_its_total() -> None:
    thirds = an_assignment(a_part("a", "1"), a_part("b", "2"), total=Decimal(100))

    assert grade(thirds, a_record(a_run(part="a"), a_run("failed", part="b"))).points == Decimal("33.33")
    assert grade(thirds, a_record(a_run(part="a"), a_run(part="b"))).points == 100


def test_halves_of_a_hundredth_go_to_the_even_one() -> None:
    """An eighth of 0.1 and three eighths of it: 0.0125 and 0.0375."""
    part = a_part(points="0.1", credit="rate", repeat=8)

    assert points(part, *runs("passed", *["failed"] * 7))[0] == "0.01"
    assert points(a_part(points="0.02", credit="rate", repeat=4), *runs("passed", *["failed"] * 3))[0] == "0.00"
    assert points(a_part(points="0.06", credit="rate", repeat=4), *runs("passed", *["failed"] * 3))[0] == "0.02"


DAY = 86_400.0
DUE = 1_700_000_000.0
PER_DAY = Late(per=DAY, minus=Decimal(10), most=Decimal(25), grace=900)


@pytest.mark.parametrize(
    ("after", "minus", "left"),
    [
        (-1.0, 0, "10"),
        (0.0, 0, "10"),
        (900.0, 0, "10"),
        (901.0, 10, "9"),
        (900.0 + DAY, 10, "9"),
        (901.0 + DAY, 20, "8"),
        (901.0 + 2 * DAY, 25, "7.5"),
        (901.0 + 200 * DAY, 25, "7.5"),
    ],
)
def test_for_each_begun_day_some_is_taken_off_but_not_more_than_the_most(after: float, minus: int, left: str) -> None:
    assignment: Assignment = an_assignment(a_part(), due=DUE, late=PER_DAY)

    seen = grade(assignment, a_record(*runs("passed"), submitted=DUE + after))

    assert (seen.minus, seen.points) == (minus, Decimal(left))
    assert seen.late == max(0.0, after - 900)


def test_nothing_is_taken_off_where_nothing_tells_when_it_was_handed_in() -> None:
    seen = grade(an_assignment(a_part(), due=DUE, late=PER_DAY), a_record(*runs("passed")))

    assert (seen.late, seen.minus, seen.points) == (0, 0, 10)


def test_that_it_was_late_is_told_also_where_nothing_is_taken_off() -> None:
    seen = grade(an_assignment(a_part(), due=DUE), a_record(*runs("passed"), submitted=DUE + 60))

    assert (seen.late, seen.minus, seen.points) == (60, 0, 10)
