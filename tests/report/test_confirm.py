"""What a replay alone says about a run: an absence stands if it is seen again, and is inconclusive otherwise."""

from __future__ import annotations

from dataclasses import replace

import literal
import pytest

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.errors import ServerError
from chatsim.report.confirm import absences, doubtful, unconfirmed, undecided, weighed
from chatsim.report.report import Run


def verdict_of(run: Run, name: str) -> Verdict:
    return next(v for v in run.verdicts if v.property == name)


def passing_replay() -> Run:
    right = Verdict("drop-notice", Outcome.PASSED, exercised=2)
    return replace(literal.passed(), verdicts=(*literal.PASSED, right))


def test_what_is_seen_again_stays_failed() -> None:
    run = weighed(literal.failed(), literal.failed())

    assert run.outcome is Outcome.FAILED
    assert run.seen_again == {"drop-notice": True}
    assert verdict_of(run, "drop-notice") == verdict_of(literal.failed(), "drop-notice")


def test_what_is_not_seen_again_is_inconclusive_and_says_so() -> None:
    run = weighed(literal.failed(), passing_replay())

    doubted = verdict_of(run, "drop-notice")
    assert run.outcome is Outcome.INCONCLUSIVE
    assert run.seen_again == {"drop-notice": False}
    assert (doubted.outcome, doubted.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)
    assert doubted.summary.endswith("In a replay alone, with the same seed, it was not seen again.")
    assert doubted.witness == verdict_of(literal.failed(), "drop-notice").witness


@pytest.mark.parametrize(
    "replay",
    [
        replace(passing_replay(), verdicts=()),
        literal.not_started(),
        replace(passing_replay(), verdicts=(Verdict("drop-notice", Outcome.INCONCLUSIVE, cause=Cause.MACHINE),)),
    ],
)
def test_a_replay_that_can_not_tell_confirms_nothing(replay: Run) -> None:
    run = weighed(literal.failed(), replay)

    assert verdict_of(run, "drop-notice").outcome is Outcome.INCONCLUSIVE
    assert "could not tell" in verdict_of(run, "drop-notice").summary


@pytest.mark.parametrize(("replay", "outcome"), [(literal.failed(), "failed"), (passing_replay(), "inconclusive")])
def test_of_a_replay_with_others_beside_it_nobody_says_that_it_was_alone(replay: Run, outcome: str) -> None:
    run = weighed(literal.failed(), replay, alone=False)

    assert run.outcome == outcome
    assert run.seen_again == {}
    assert "alone" not in verdict_of(run, "drop-notice").summary


def test_of_one_who_had_been_cut_off_nothing_is_certain_before_it_is_seen_again() -> None:
    proof = Verdict("fifo-order", Outcome.FAILED, "b came before a", (1, 2), Evidence.PROOF, exercised=1)
    run = replace(literal.failed(), verdicts=(*literal.failed().verdicts, proof), cut_off=True)
    replay = replace(literal.failed(), verdicts=(*literal.failed().verdicts, replace(proof, outcome=Outcome.PASSED)))

    assert absences(run) == ("drop-notice",)
    assert doubtful(run) == ("drop-notice", "fifo-order")
    assert weighed(run, replay).seen_again == {"drop-notice": True, "fifo-order": False}
    assert verdict_of(weighed(run, replay), "fifo-order").outcome is Outcome.INCONCLUSIVE
    assert unconfirmed(run).seen_again == {"drop-notice": None, "fifo-order": None}


def test_a_proof_is_a_proof_whatever_a_replay_says() -> None:
    proof = Verdict("fifo-order", Outcome.FAILED, "b came before a", (1, 2), Evidence.PROOF, exercised=1)
    failed = literal.failed()
    run = weighed(replace(failed, verdicts=(proof, *failed.verdicts)), passing_replay())

    assert run.outcome is Outcome.FAILED
    assert verdict_of(run, "fifo-order") == proof
    assert verdict_of(run, "drop-notice").outcome is Outcome.INCONCLUSIVE
    assert run.seen_again == {"drop-notice": False}


def test_a_replay_that_shows_proof_of_what_was_missed_confirms_it() -> None:
    proof = replace(verdict_of(literal.failed(), "drop-notice"), evidence=Evidence.PROOF)

    assert weighed(literal.failed(), replace(literal.failed(), verdicts=(proof,))).outcome is Outcome.FAILED


def test_an_interrupted_replay_says_nothing() -> None:
    failed = literal.failed()
    run = weighed(failed, replace(passing_replay(), interrupted=True))

    assert run == replace(unconfirmed(failed), interrupted=True)
    assert run.outcome is Outcome.INCONCLUSIVE


def test_what_can_not_be_replayed_any_more_fails_nobody() -> None:
    right = literal.passed()
    run = unconfirmed(literal.failed())

    doubted = verdict_of(run, "drop-notice")
    assert run.outcome is Outcome.INCONCLUSIVE
    assert (doubted.outcome, doubted.cause, doubted.hint) == (Outcome.INCONCLUSIVE, Cause.MACHINE, "")
    assert doubted.summary.endswith("It was to be replayed alone, and that was interrupted.")
    assert run.seen_again == {"drop-notice": None}
    assert unconfirmed(right) == right


def test_what_is_in_doubt_for_the_machines_sake_is_told_from_what_is_not() -> None:
    machine = Verdict("delivery", Outcome.INCONCLUSIVE, cause=Cause.MACHINE)
    ours = replace(machine, cause=Cause.TCP)
    unclear = replace(literal.passed(), outcome=Outcome.INCONCLUSIVE)

    assert undecided(replace(unclear, verdicts=(machine,)))
    assert not undecided(replace(unclear, verdicts=(ours,)))
    assert not undecided(replace(literal.failed(), verdicts=(machine, *literal.failed().verdicts)))
    assert absences(literal.failed()) == ("drop-notice",)
    assert absences(literal.passed()) == ()
    assert absences(replace(literal.passed(), error=ServerError("it ended"), verdicts=())) == ()
