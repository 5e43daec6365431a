"""`survives-malformed`: bad input of one client hurts nobody else."""

from __future__ import annotations

import pytest
from gathering import Gathering

from chatsim.checks.malformed import survives_malformed
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History


def of_three() -> Gathering:
    story = Gathering()
    story.join("ann", "bob", "cat")
    story.settled()
    return story


def after_bad_input() -> tuple[Gathering, int]:
    story = of_three()
    story.there.remove("bob")
    story.step("send", "bad.yaml:5:5", "- send: {bob: {garbage: nul}}")
    return story, story.note("act", "bob", what="nul")


def heard(story: Gathering, text: str) -> None:
    story.say("ann", text)
    story.hear("cat", text)
    story.settled()


def unheard(story: Gathering, text: str, valid: bool = True) -> int:
    story.say("ann", text)
    wait = story.waited(("message", "cat", text), purpose="chat", valid=valid)
    story.settled("patience", valid=valid)
    return wait


def test_without_bad_input_nothing_was_exercised() -> None:
    assert survives_malformed(History()).outcome is Outcome.NOT_EXERCISED
    assert survives_malformed(of_three().history).outcome is Outcome.NOT_EXERCISED


def test_where_nobody_does_anything_after_it_nothing_was_exercised() -> None:
    story, _ = after_bad_input()
    story.settled()

    assert survives_malformed(story.history).outcome is Outcome.NOT_EXERCISED


def test_it_passes_where_the_others_go_on_and_newcomers_come_in() -> None:
    story, _ = after_bad_input()
    heard(story, "still there?")
    story.join("dan")

    verdict = survives_malformed(story.history)
    assert verdict.outcome is Outcome.PASSED
    assert verdict.summary == "After 1 bad input, 1 message of others was heard and 1 newcomer came in."


def test_the_offender_may_be_closed() -> None:
    story, _ = after_bad_input()
    story.closed("bob", "reset")
    heard(story, "still there?")

    assert survives_malformed(story.history).outcome is Outcome.PASSED


def test_that_the_offender_misses_messages_hurts_nobody() -> None:
    story, _ = after_bad_input()
    story.say("ann", "still there?")
    story.hear("cat", "still there?")
    story.waited(("message", "bob", "still there?"), purpose="chat")
    story.settled("patience")

    assert survives_malformed(story.history).outcome is Outcome.PASSED


def test_another_one_that_is_closed_is_proof() -> None:
    story, act = after_bad_input()
    closed = story.closed("ann", "eof")

    verdict = survives_malformed(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (act, closed)
    assert verdict.where == "bad.yaml:5:5"
    assert verdict.summary == (
        "bob sent bad input (nul) at 0.20 s. After that the server closed ann's connection, at 0.21 s. "
        "ann had done nothing wrong."
    )


def test_a_server_that_ends_of_it_is_proof() -> None:
    story, act = after_bad_input()
    for bot in ("bob", "ann", "cat"):
        story.closed(bot, "eof")
    exited = story.server("exited", code=1, asked=False)

    verdict = survives_malformed(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness == (act, exited)


def test_a_server_that_we_stop_afterwards_has_survived_it() -> None:
    story, _ = after_bad_input()
    heard(story, "still there?")
    story.server("stopping")
    story.closed("ann")
    story.closed("cat")
    story.server("exited", code=0, asked=True)

    assert survives_malformed(story.history).outcome is Outcome.PASSED


def test_others_who_hear_each_other_no_more_were_hurt() -> None:
    story, act = after_bad_input()
    sent = len(story.history)
    wait = unheard(story, "still there?")

    verdict = survives_malformed(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness == (act, sent, wait)


def test_a_newcomer_who_is_not_let_in_any_more_was_hurt() -> None:
    story, _ = after_bad_input()
    story.connect("dan")
    story.waited(("join", "dan", "dan"), purpose="join")

    verdict = survives_malformed(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert "dan wanted to join" in verdict.summary


def test_a_wait_that_our_machine_spoilt_proves_nothing() -> None:
    story, _ = after_bad_input()
    unheard(story, "still there?", valid=False)

    verdict = survives_malformed(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_what_was_missing_before_is_not_put_down_to_it() -> None:
    story = of_three()
    unheard(story, "before")
    story.note("act", "bob", what="nul")
    unheard(story, "still there?")

    assert survives_malformed(story.history).outcome is Outcome.NOT_EXERCISED


def test_what_followed_another_fault_is_not_put_down_to_it() -> None:
    story, _ = after_bad_input()
    heard(story, "still there?")
    story.drop("cat")
    story.closed("ann")

    assert survives_malformed(story.history).outcome is Outcome.PASSED


@pytest.mark.parametrize(("went_on", "outcome"), [(True, Outcome.PASSED), (False, Outcome.FAILED)])
def test_that_the_offender_goes_counts_as_another_fault_once_the_others_had_gone_on(went_on: bool, outcome) -> None:
    story, _ = after_bad_input()
    if went_on:
        heard(story, "still there?")
    story.note("drop", "bob", how="reset")
    story.server("exited", code=1, asked=False)

    assert survives_malformed(story.history).outcome is outcome


def test_who_waits_for_a_server_that_died_of_something_else_was_not_hurt_by_bad_input() -> None:
    story, _ = after_bad_input()
    heard(story, "still there?")
    story.join("dan")
    story.say("ann", "and now?")
    story.drop("dan")
    story.server("exited", code=1, asked=False)
    story.waited(("message", "cat", "and now?"), purpose="chat")
    story.settled("patience")

    assert survives_malformed(story.history).outcome is Outcome.PASSED
