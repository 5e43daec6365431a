"""`expectations`: what the scenario itself said must, or must not, come."""

from __future__ import annotations

from chatsim.checks.expectations import expectations
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History
from story import Story


def expected(story: Story, met: bool, *, negative: bool = False, by: int | None = None, bot: str | None = "bob") -> int:
    return story.note(
        "expected",
        step=4,
        bot=bot,
        what='"soup?"',
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
    assert verdict.summary == 'bob waited in vain for "soup?".'


def test_what_was_not_to_come_and_came_is_proof_with_the_entry_that_broke_it() -> None:
    story = Story()
    story.join("bob")
    heard = story.note("unrecognised", "bob", text="soup?")
    entry = expected(story, False, negative=True, by=heard)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (heard, entry)
    assert verdict.summary == 'bob was not to get this, and did: "soup?".'


def test_output_that_never_came_is_told_of_the_server() -> None:
    story = Story()
    expected(story, False, bot=None)

    assert expectations(story.history).summary == 'The server never printed "soup?".'


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


def test_a_refusal_that_the_scenario_wanted_counts_as_met() -> None:
    story = Story()
    story.connect("twin")
    story.note("refused", "twin", by="taken", expected=True)

    verdict = expectations(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)
