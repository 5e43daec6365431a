"""What was owed to whom, by counterexample: each story here was once judged wrong by a rule that sounded right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playing import play
from simulated import Faults
from story import BROADCAST, ECHO, Story, with_speech

from chatsim.checks.delivery import delivery
from chatsim.checks.echo import echo
from chatsim.checks.integrity import no_duplication
from chatsim.checks.membership import drop_notice
from chatsim.checks.verdict import Evidence, Outcome, Verdict

CHATTING = replace(BROADCAST, notices=frozenset())


def of(*bots: str, terms=CHATTING) -> Story:
    story = Story(terms)
    story.join(*bots)
    story.settled()
    return story


def failed(verdict: Verdict) -> Verdict:
    assert verdict.outcome is Outcome.FAILED, verdict
    return verdict


# --- a close by the server ends no obligation ---------------------------------------------------------------------------


def test_one_whom_the_server_throws_out_when_another_drops_is_still_owed_what_is_said() -> None:
    """bob resets, the server's loop throws, and ann's connection is closed with his. Nobody can wait for ann any more:
    that her connection is closed is the evidence."""
    story = of("ann", "bob", "cat")
    story.drop("bob")
    closed = story.closed("ann")
    sent = story.say("cat", "anybody there?")
    story.settled()

    verdict = failed(delivery(story.history))
    assert verdict.summary == (
        'ann never heard "anybody there?" from cat. The server had closed ann\'s connection at 0.19 s.'
    )
    assert (verdict.witness, verdict.evidence) == ((closed, sent), Evidence.ABSENCE)


def test_what_was_under_way_to_one_whom_the_server_throws_out_is_lost() -> None:
    story = of("ann", "bob", "cat")
    story.say("cat", "hi")
    story.hear("bob", "hi")
    story.closed("ann", "reset")
    story.settled()

    assert failed(delivery(story.history)).summary.startswith('ann never heard "hi" from cat. The other one did.')


def test_one_whom_the_server_throws_out_is_owed_the_notice_of_who_drops_afterwards() -> None:
    story = of("ann", "bob", "cat", terms=BROADCAST)
    closed = story.closed("ann")
    dropped = story.drop("bob")
    story.notice("cat", "dropped", "bob")
    story.settled()

    verdict = failed(drop_notice(story.history))
    assert "ann was thrown out by the server and was never told that bob had left." in verdict.summary
    assert verdict.witness == (closed, dropped)


@pytest.mark.parametrize("terms", [with_speech(ECHO, ack=False), with_speech(CHATTING, ack=True)])
def test_one_whom_the_server_throws_out_for_speaking_is_owed_its_echo_or_receipt(terms) -> None:
    story = of("ann", "bob", terms=terms)
    story.say("ann", "hi")
    story.hear("bob", "hi") if terms.public.heard else None
    story.closed("ann")
    story.settled()

    assert failed(echo(story.history)).evidence is Evidence.ABSENCE


def test_one_that_had_gone_before_the_server_closed_is_owed_nothing() -> None:
    story = of("ann", "bob", "cat")
    story.leave("ann")
    story.closed("ann")
    story.say("cat", "hi")
    story.hear("bob", "hi")
    story.settled()

    assert delivery(story.history).outcome is Outcome.PASSED


def test_a_server_that_throws_out_innocents_fails_in_what_they_missed_without_anybody_waiting() -> None:
    steps = "- join: everyone\n- drop: cat\n- chat: {ann and bob: {count: 1}}"
    played = play(steps, faults=Faults(kick=1.0), latency=(0.001, 0.001), cuts=False)

    assert played.outcome("keeps-clients") == "failed"
    assert played.outcome("delivery") == "failed"
    assert not [v for v in played.verdicts.values() if v.outcome is Outcome.INCONCLUSIVE]


# --- last words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown_by", ["one who heard it", "a later word", "a receipt", "the server's log"])
def test_last_words_are_owed_to_all_as_soon_as_anything_shows_that_the_server_read_them(shown_by: str) -> None:
    """Otherwise a server whose fan-out breaks when the dead sender is written to would be excused."""
    story = of("ann", "bob", "cat", terms=with_speech(CHATTING, ack=True))
    story.say("bob", "goodbye")
    if shown_by == "a later word":
        story.say("bob", "really")
    story.drop("bob")
    match shown_by:
        case "one who heard it":
            story.hear("ann", "goodbye")
        case "a later word":
            story.all_hear("really", "ann", "cat")
        case "a receipt":
            story.ack("bob", "goodbye")
        case _:
            story.note("out", stream="stdout", line="bob: goodbye", message=story.message("goodbye"))
    story.waited()
    story.settled("patience")

    assert '"goodbye" from bob' in failed(delivery(story.history)).summary


def test_of_several_last_words_what_was_heard_is_a_beginning_not_a_choice() -> None:
    """ann heard the second; so the server had read the first."""
    story = of("ann", "bob", "cat")
    story.say("bob", "one")
    story.say("bob", "two")
    story.drop("bob")
    story.all_hear("two", "ann", "cat")
    story.settled()

    assert failed(delivery(story.history)).summary == 'Nobody heard "one" from bob.'


def test_of_several_last_words_the_last_may_be_lost() -> None:
    story = of("ann", "bob", "cat")
    story.say("bob", "one")
    story.say("bob", "two")
    story.drop("bob")
    story.all_hear("one", "ann", "cat")
    story.waited()
    story.settled("patience")

    assert delivery(story.history).outcome is Outcome.PASSED


# --- half-closed --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answers", [True, False])
def test_a_half_closed_client_is_owed_the_answers_to_what_it_had_said_where_the_server_answers_such(
    answers: bool,
) -> None:
    """An echo server reads to the end and answers all of it: only where a half-close is leaving may it stop before."""
    story = of("ann", terms=replace(ECHO, half_close="answers" if answers else "leaves"))
    story.say("ann", "hi")
    story.drop("ann", "half-close")
    story.waited(("echo", "ann", "hi"))
    story.settled("patience")

    assert (echo(story.history).outcome is Outcome.FAILED) == answers


def test_a_half_closed_client_goes_on_listening_where_the_server_answers_such() -> None:
    story = of("ann", "bob", "cat", terms=replace(CHATTING, half_close="answers"))
    story.drop("ann", "half-close")
    story.say("bob", "hi")
    story.hear("cat", "hi")
    story.waited(("message", "ann", "hi"))
    story.settled("patience")

    assert failed(delivery(story.history)).summary == 'ann never heard "hi" from bob. The other one did.'


def test_a_half_closed_client_may_be_closed_once_it_has_been_answered_and_not_before() -> None:
    for answered in (True, False):
        story = of("ann", terms=replace(ECHO, half_close="answers"))
        story.say("ann", "hi")
        story.drop("ann", "half-close")
        if answered:
            story.hear("ann", "hi", "echo")
        story.closed("ann", declared="we left")
        story.settled()

        assert echo(story.history).outcome is (Outcome.PASSED if answered else Outcome.FAILED)


# --- replays ------------------------------------------------------------------------------------------------------------


def test_a_replay_may_be_told_to_every_newcomer_but_to_each_only_once() -> None:
    story = of("ann", "bob", terms=replace(CHATTING, replays=True))
    story.say("ann", "long ago")
    story.hear("bob", "long ago")
    story.settled()
    story.connect("cat")
    story.told("cat")
    story.hear("cat", "long ago")

    assert no_duplication(story.history).outcome is Outcome.PASSED

    story.hear("cat", "long ago")

    assert failed(no_duplication(story.history)).summary == 'cat got "long ago" from ann twice.'
