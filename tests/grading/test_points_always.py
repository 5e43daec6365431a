"""What holds of points whatever was seen: they lie where they can, and whoever does better never gets less."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from graded import COME, GO, a_part, a_record, an_assignment
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.grading.assignment import Assignment, Late, Part
from chatsim.grading.points import grade
from chatsim.grading.record import OutcomeWord, RunRecord, SubmissionRecord, VerdictRecord

NAMES = ("join-notice", "roster", "stays-up", "fifo-order")
WORDS: tuple[OutcomeWord, ...] = ("passed", "failed", "inconclusive", "not-exercised", "not-applicable")
DUE = 1_700_000_000.0

VERDICTS = st.lists(
    st.builds(VerdictRecord, property=st.sampled_from(NAMES), outcome=st.sampled_from(WORDS), doubtful=st.booleans()),
    max_size=4,
    unique_by=lambda verdict: verdict.property,
).map(tuple)


def outcome_of(verdicts: tuple[VerdictRecord, ...]) -> OutcomeWord:
    """As a run's outcome comes from its verdicts."""
    words = [verdict.outcome for verdict in verdicts]
    return (
        "failed"
        if "failed" in words
        else "passed"
        if "passed" in words and "inconclusive" not in words
        else "inconclusive"
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[Assignment, SubmissionRecord]:
    """Two parts, of which the second may need the first, and what was seen of their runs; some of them may be missing."""
    parts = [draw(part_called("first")), draw(part_called("second"))]
    if draw(st.booleans()):
        parts[1] = replace(parts[1], needs=("first",))
    assignment = an_assignment(
        *parts,
        total=draw(st.none() | st.decimals("0.01", "1000", places=2)),
        unresolved=draw(st.sampled_from(["withheld", "given"])),
        due=DUE,
        late=draw(st.none() | st.builds(Late, per=st.floats(60, 10**6), minus=st.decimals(0, 100, places=1))),
    )
    runs = [
        draw(run_of(part.name, scenario.name, seed))
        for part in assignment.parts
        for scenario in part.scenarios
        for seed in assignment.seeds(part)
        if draw(st.integers(0, 9))
    ]
    submitted = draw(st.none() | st.floats(DUE - 10**6, DUE + 10**7))
    return assignment, a_record(*runs, submitted=submitted)


def part_called(name: str) -> st.SearchStrategy[Part]:
    return st.builds(
        a_part,
        name=st.just(name),
        points=st.decimals("0.01", "100", places=2).map(str),
        scenarios=st.sampled_from([(COME,), (COME, GO)]),
        properties=st.sampled_from([(), ("roster",), NAMES]),
        named=st.sampled_from([(), ("roster",)]),
        credit=st.sampled_from(["all", "rate", "each"]),
        repeat=st.integers(1, 6),
    ).map(lambda part: replace(part, properties=part.properties or NAMES) if part.credit == "each" else part)


def run_of(part: str, scenario: str, seed: int) -> st.SearchStrategy[RunRecord]:
    played = VERDICTS.map(
        lambda verdicts: RunRecord(
            part, scenario, f"{scenario}.yaml", seed, 1.0, outcome_of(verdicts), verdicts=verdicts
        )
    )
    broken = st.booleans().map(
        lambda ours: RunRecord(part, scenario, f"{scenario}.yaml", seed, 1.0, "error", ours=ours)
    )
    return st.one_of(played, played, played, broken)


@settings(max_examples=150)
@given(cases())
def test_points_lie_between_none_and_all(case: tuple[Assignment, SubmissionRecord]) -> None:
    assignment, record = case

    graded = grade(assignment, record)

    for part in graded.parts:
        assert 0 <= part.low <= part.high <= part.of
        assert part.low == round(part.low, 2) and part.high == round(part.high, 2)
        assert (part.state == "full") <= (part.low == part.high == part.of)
        assert (part.state in ("none", "not-run")) <= (part.high == 0)
    assert 0 <= graded.low <= graded.high <= graded.of == assignment.of
    assert graded.points in (None, graded.low, graded.high)
    assert (graded.points is None) == any(part.state == "infrastructure" for part in graded.parts)
    assert graded == grade(assignment, record)


@settings(max_examples=200)
@given(cases(), st.data())
def test_a_run_that_passes_in_place_of_failing_never_gives_fewer_points(
    case: tuple[Assignment, SubmissionRecord], data: Any
) -> None:
    assignment, record = case
    wrong = [at for at, run in enumerate(record.runs) if has_failed(assignment, run)]
    if not wrong:
        return
    at = data.draw(st.sampled_from(wrong))

    better = with_run(record, at, passed(record.runs[at]))

    before, after = grade(assignment, record), grade(assignment, better)
    assert (after.low >= before.low, after.high >= before.high) == (True, True)


def has_failed(assignment: Assignment, run: RunRecord) -> bool:
    """By what counts in its part, and for certain."""
    (part,) = (part for part in assignment.parts if part.name == run.part)
    counting = [verdict for verdict in run.verdicts if not part.properties or verdict.property in part.properties]
    return (run.outcome == "error" and not run.ours) or any(
        verdict.outcome == "failed" and not verdict.doubtful for verdict in counting
    )


def passed(run: RunRecord) -> RunRecord:
    """The same run, if everything in it had passed."""
    verdicts = tuple(VerdictRecord(verdict.property, "passed") for verdict in run.verdicts)
    verdicts = verdicts or tuple(VerdictRecord(name, "passed") for name in NAMES)
    return replace(run, outcome="passed", verdicts=verdicts)


@settings(max_examples=150)
@given(cases(), st.data())
def test_what_turns_out_to_have_passed_never_takes_points_that_were_certain(
    case: tuple[Assignment, SubmissionRecord], data: Any
) -> None:
    assignment, record = case
    unclear = [
        (at, place)
        for at, run in enumerate(record.runs)
        for place, verdict in enumerate(run.verdicts)
        if verdict.outcome == "inconclusive" or verdict.doubtful
    ]
    if not unclear:
        return
    at, place = data.draw(st.sampled_from(unclear))

    better = with_verdict(record, at, place, "passed")

    assert grade(assignment, better).low >= grade(assignment, record).low


@given(cases())
def test_what_nobody_can_be_blamed_for_leaves_all_points_open(case: tuple[Assignment, SubmissionRecord]) -> None:
    """If each run were a trouble of ours, everybody could still have everything."""
    assignment, record = case
    ours = replace(record, submitted=None, runs=tuple(replace(run, ours=True) for run in record.runs))

    graded = grade(assignment, ours)

    assert (graded.low, graded.high, graded.points) == (0, graded.of, None)


@given(cases(), st.floats(0, 10**7))
def test_who_hands_in_later_never_gets_more(case: tuple[Assignment, SubmissionRecord], later: float) -> None:
    assignment, record = case
    submitted = record.submitted if record.submitted is not None else DUE

    first = grade(assignment, replace(record, submitted=submitted))
    second = grade(assignment, replace(record, submitted=submitted + later))

    assert second.high <= first.high and second.low <= first.low
    assert first.minus <= second.minus <= 100


@given(cases())
def test_the_parts_are_the_same_whatever_the_whole_is_scaled_to(case: tuple[Assignment, SubmissionRecord]) -> None:
    assignment, record = case

    assert grade(replace(assignment, total=Decimal(7)), record).parts == grade(assignment, record).parts


def with_verdict(record: SubmissionRecord, at: int, place: int, outcome: OutcomeWord) -> SubmissionRecord:
    run = record.runs[at]
    verdicts = list(run.verdicts)
    verdicts[place] = replace(verdicts[place], outcome=outcome, doubtful=False)
    return with_run(record, at, replace(run, verdicts=tuple(verdicts), outcome=outcome_of(tuple(verdicts))))


def with_run(record: SubmissionRecord, at: int, run: RunRecord) -> SubmissionRecord:
    return replace(record, runs=(*record.runs[:at], run, *record.runs[at + 1 :]))
