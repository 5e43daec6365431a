"""`expectations`: what the scenario itself said must, or must not, come."""

from __future__ import annotations

from story import Story

from chatsim.checks.expectations import expectations
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History


def expected(story: Story, met: bool, *, negative: bool = False, by: int | None = None, bot: str | None = "bob") -> int:
    return story.note(
        "expected",
        step=4,
        bot=bot,
        what='to hear "soup?"',
        met=met,
        negative=negative,
        by=by,
        where="kitchen.yaml:9:5",
    )


def test_a_scenario_that_expects_nothing_exercises_nothing() -> None:
    assert expectations(History()).outcome is Outcome.NOT_EXERCISED


def test_what_was_expected_and_came_is_a_pass() -> None:
    story = Story()
    expected(story, True)
    expected(story, True, negative=True)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 2)


def test_what_was_expected_and_did_not_come_is_an_absence() -> None:
    story = Story()
    entry = expected(story, False)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness == (entry,)
    assert verdict.where == "kitchen.yaml:9:5"
    assert verdict.summary == 'bob was to hear "soup?", but that did not happen.'


def test_what_was_not_to_come_and_came_is_proof_with_the_entry_that_broke_it() -> None:
    story = Story()
    story.join("bob")
    heard = story.note("unrecognised", "bob", text="soup?")
    entry = expected(story, False, negative=True, by=heard)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (heard, entry)
    assert verdict.summary == 'bob was not to hear "soup?", but that happened.'


def test_output_that_never_came_is_told_of_the_server() -> None:
    story = Story()
    story.note("expected", step=1, bot="the server", what='the server to print "bye"', met=False, negative=False)

    assert expectations(story.history).summary == 'The server was to print "bye", but that did not happen.'


def test_a_wait_that_our_own_machine_spoilt_proves_nothing() -> None:
    """Finding 54."""
    story = Story()
    story.note("wait", **{"for": "expect", "step": 4, "valid": False})
    expected(story, False)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_a_spoilt_wait_excuses_nothing_that_was_seen() -> None:
    story = Story()
    story.note("wait", **{"for": "expect", "step": 4, "valid": False})
    expected(story, False, negative=True)

    assert expectations(story.history).outcome is Outcome.FAILED


def test_several_that_are_not_met_are_counted() -> None:
    story = Story()
    expected(story, False)
    expected(story, False)
    expected(story, True)

    verdict = expectations(story.history)
    assert verdict.exercised == 3
    assert verdict.summary.endswith("1 more expectation not met.")


def test_a_join_that_was_to_be_refused_and_was_not_is_proof() -> None:
    story = Story()
    story.note("expected", step=1, bot="twin", what="a refused join", met=False, negative=False)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.summary == "twin was to be refused, but was let in."


def test_the_spoilt_wait_for_one_excuses_no_other_of_the_same_step() -> None:
    story = Story()
    story.note("wait", **{"for": "expect", "step": 4, "valid": False, "missing": [["expect", 0, 'to hear "tea?"']]})
    expected(story, False)

    assert expectations(story.history).outcome is Outcome.FAILED
