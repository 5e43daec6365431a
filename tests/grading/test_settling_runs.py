"""What timing alone could have caused is played again undisturbed before it counts."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.grading.record import OutcomeWord, RunRecord, VerdictRecord
from chatsim.grading.settling import MORE_PATIENCE, again, settled

PASSED = VerdictRecord("delivery", "passed")
ABSENCE = VerdictRecord("delivery", "failed", "bob did not hear it.", "Flush.", evidence="absence", doubtful=True)
PROOF = VerdictRecord("fifo-order", "failed", "Two came in the wrong order.", evidence="proof")
UNCLEAR = VerdictRecord("delivery", "inconclusive", cause="machine")


def run(outcome: OutcomeWord, *verdicts: VerdictRecord, **more: object) -> RunRecord:
    return replace(RunRecord("talk", "two talk", "talk.yaml", 1, 1.0, outcome, verdicts=verdicts), **more)  # type: ignore[arg-type]


def played(first: RunRecord, *replays: RunRecord) -> RunRecord:
    """What is said after all of these, each of which has to be asked for."""
    for replay in replays:
        assert again(first) is not None
        first = settled(first, replay)
    return first


@pytest.mark.parametrize(
    "one",
    [run("passed", PASSED), run("failed", PROOF), run("not-applicable")],
    ids=["passed", "seen to fail", "not applicable"],
)
def test_what_needs_no_second_look_is_settled_at_once(one: RunRecord) -> None:
    assert again(one) is None


def test_an_absence_is_played_again_with_the_same_patience_and_counts_when_it_is_so_again() -> None:
    first = run("failed", ABSENCE)
    assert again(first) == 1.0

    said = played(first, run("failed", ABSENCE))

    assert again(said) is None
    assert (said.outcome, said.undisturbed, said.needs_review) == ("failed", 1, False)
    assert not said.verdicts[0].doubtful


def test_an_absence_that_is_not_so_again_is_decided_by_a_run_with_more_patience() -> None:
    said = played(run("failed", ABSENCE), run("passed", PASSED))
    assert said.outcome == "inconclusive"
    assert said.verdicts[0].hint == ""
    assert "not seen again" in said.verdicts[0].summary
    assert again(said) == MORE_PATIENCE

    assert played(said, run("passed", PASSED)).outcome == "passed"
    assert played(said, run("failed", ABSENCE)).outcome == "failed"


def test_a_failure_that_was_seen_stands_whatever_becomes_of_the_absences_beside_it() -> None:
    said = played(run("failed", ABSENCE, PROOF), run("passed", PASSED))

    assert [verdict.outcome for verdict in said.verdicts] == ["inconclusive", "failed"]
    assert said.outcome == "failed"
    assert again(said) is None


def test_what_stays_inconclusive_is_for_a_person_after_two_patient_runs() -> None:
    first = run("inconclusive", UNCLEAR)
    once = played(first, run("inconclusive", UNCLEAR))
    assert again(once) == MORE_PATIENCE and not once.needs_review

    twice = played(once, run("inconclusive", UNCLEAR))

    assert again(twice) is None
    assert twice.needs_review
    assert (twice.undisturbed, twice.patient) == (2, 2)


def test_a_run_that_could_not_be_played_is_tried_once_more() -> None:
    first = run("error", error="it did not start")
    assert again(first) == 1.0

    assert played(first, run("passed", PASSED)).outcome == "passed"
    still = played(first, run("error", error="it did not start"))
    assert (still.outcome, again(still)) == ("error", None)


def test_trouble_of_ours_settles_nothing_and_is_never_a_failure() -> None:
    ours = run("error", error="the disk is full", ours=True)
    assert played(ours, run("failed", PROOF)).outcome == "failed"
    assert played(ours, ours).ours

    doubted = played(run("failed", ABSENCE), ours)
    assert doubted.needs_review and again(doubted) is None


verdicts = st.builds(
    VerdictRecord,
    st.sampled_from(["delivery", "fifo-order", "no-ghosts"]),
    st.sampled_from(get_args(OutcomeWord)),
    doubtful=st.booleans(),
)
runs = st.builds(
    RunRecord,
    st.just("talk"),
    st.just("two talk"),
    st.just("talk.yaml"),
    st.just(1),
    st.just(1.0),
    st.sampled_from(get_args(OutcomeWord)),
    verdicts=st.lists(verdicts, max_size=3).map(tuple),
    ours=st.booleans(),
).map(lambda run: run if run.outcome == "error" else replace(run, ours=False))


@given(runs, st.lists(runs, min_size=6, max_size=6))
def test_it_always_comes_to_an_end_and_what_had_been_seen_stays(first: RunRecord, replays: list[RunRecord]) -> None:
    said, count = first, 0
    while again(said) is not None:
        said, count = settled(said, replays[count]), count + 1

    assert count <= 4
    assert said.undisturbed == count
    if again(first) is None:
        assert said == first
    if first.outcome == "failed" and any(v.outcome == "failed" and not v.doubtful for v in first.verdicts):
        assert said.outcome == "failed"
