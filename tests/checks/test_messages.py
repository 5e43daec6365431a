"""The checks on messages: literal histories, each a few lines."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from chatsim.checks.delivery import delivery
from chatsim.checks.echo import echo
from chatsim.checks.framing import framing
from chatsim.checks.integrity import attribution, intact, no_creation, no_duplication
from chatsim.checks.isolation import isolation
from chatsim.checks.verdict import Cause, Check, Evidence, Outcome, Verdict
from chatsim.history import History
from chatsim.terms import Speech
from tests.checks.gathering import Gathering
from tests.checks.story import BROADCAST, CONSOLE_HEARS, ECHO, Story, with_speech
from tests.checks.ways import both_ways

pytestmark = pytest.mark.usefixtures("both_ways")
__all__ = ["both_ways"]

RAW = replace(BROADCAST, framed_sent=False, framed_received=False)
WHISPERS = replace(BROADCAST, whisper=Speech(possible=True, heard=True))
ROOMS = replace(BROADCAST, public=Speech(), room=Speech(possible=True, heard=True), rooms=True)
DESK = replace(BROADCAST, public=Speech(possible=True), operator="waiting", notices=frozenset())


def three(terms: object = BROADCAST) -> Story:
    """ann, bob and cat have joined."""
    story = Gathering(terms)
    story.join("ann", "bob", "cat")
    story.settled()
    story.step("chat", place="story.yaml:7:5")
    return story


def outcome(check: Check, story: Story) -> Outcome:
    return check(story.history).outcome


def failure(check: Check, story: Story) -> Verdict:
    verdict = check(story.history)
    assert verdict.outcome is Outcome.FAILED, verdict
    return verdict


# --- delivery -----------------------------------------------------------------------------------------------------------


def test_delivery_is_not_exercised_by_an_empty_history() -> None:
    assert outcome(delivery, Story()) is Outcome.NOT_EXERCISED


def test_delivery_passes_when_all_who_were_there_have_heard() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.settled()

    verdict = delivery(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 3)  # and a knock


def test_a_message_waited_for_in_vain_is_a_failure_by_absence() -> None:
    story = three()
    sent = story.say("ann", "hi")
    story.all_hear("hi", "bob")
    waited = story.waited(("message", "cat", "hi"))
    story.settled("patience")

    verdict = failure(delivery, story)
    assert verdict.summary == 'cat never heard "hi" from ann. The other one did.'
    assert verdict.witness == (sent, waited)
    assert verdict.evidence is Evidence.ABSENCE
    assert verdict.where == "story.yaml:7:5"


def test_what_our_own_machine_could_not_wait_for_is_inconclusive() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.waited(("message", "cat", "hi"), valid=False)
    story.settled("patience", valid=False)

    verdict = delivery(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_what_nobody_waited_for_is_not_missing() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.ended("interrupted")

    assert outcome(delivery, story) is Outcome.PASSED  # of the knock


def test_a_wait_for_something_else_proves_no_loss() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.waited(("notice", "cat", "left bob"))

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_wait_that_had_nearly_ended_when_it_was_sent_proves_no_loss() -> None:
    story = three()
    story.pause(3)
    story.say("ann", "hi")
    story.note(
        "wait",
        **{"for": "settle"},
        missing=[["message", story.session["cat"], story.message("hi")]],
        patience=2.0,
        valid=True,
    )

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_gap_that_is_never_filled_is_a_failure_without_any_wait() -> None:
    story = three()
    first = story.say("ann", "one")
    story.say("ann", "two")
    story.all_hear("one", "bob")
    later = story.hear("cat", "two")
    story.all_hear("two", "bob")
    settled = story.settled()

    verdict = failure(delivery, story)
    assert verdict.summary == 'cat heard "two" from ann, but never "one", said before it.'
    assert verdict.witness == (first, later, settled)


def test_a_gap_is_a_failure_also_of_a_receiver_that_left() -> None:
    """It was gone before anything settled, but it heard what came after."""
    story = three()
    story.say("ann", "one")
    story.say("ann", "two")
    story.all_hear("one", "bob")
    story.all_hear("two", "bob", "cat")
    story.leave("cat")
    story.settled()

    assert failure(delivery, story).summary == 'cat heard "two" from ann, but never "one", said before it.'


def test_a_fence_that_overtakes_a_message_proves_no_loss() -> None:
    """A server with a thread a message is right to let the fence pass, if the message comes all the same."""
    story = three()
    story.say("ann", "hi")
    story.say("ann", "fence", kind="fence")
    story.all_hear("fence", "bob", "cat")
    story.all_hear("hi", "bob", "cat")
    story.settled("fence")

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_server_that_closes_the_innocent_still_owes_them_everything() -> None:
    story = three()
    story.join("dan")
    story.drop("bob")
    story.closed("cat")
    story.say("ann", "hi")
    story.hear("dan", "hi")
    story.waited(("message", "cat", "hi"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'cat never heard "hi" from ann. The other one did.'


def test_a_close_that_the_profile_declares_ends_what_is_owed() -> None:
    story = three()
    story.closed("cat", declared="limits: {clients}")
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_who_leaves_later_was_owed_until_the_first_settle_after_the_message() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.waited(("message", "cat", "hi"))
    story.settled("patience")
    story.leave("cat")
    story.settled()

    assert failure(delivery, story).summary.startswith("cat never heard")


def test_who_leaves_before_it_settles_is_owed_nothing() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.leave("cat")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_being_told_is_not_yet_being_there() -> None:
    """Many right servers say welcome a moment before they list the newcomer."""
    story = three()
    story.connect("dan")
    story.told("dan")
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.knock_for("ann", "dan")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_joiner_who_is_never_listed_is_owed_from_its_patience_on() -> None:
    story = three()
    story.connect("dan")
    story.told("dan")
    story.pause(4)
    story.note("present", "dan", how="patience")
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.waited(("message", "dan", "hi"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'dan never heard "hi" from ann. The other 2 did.'


def test_a_replayed_knock_proves_no_presence() -> None:
    """Replays of what was sent before it came; only what is sent after a first live one shows that it is there."""
    story = three()
    story.say("ann", "old")
    story.all_hear("old", "bob", "cat")
    story.connect("dan")
    story.told("dan")
    story.say("bob", "knock", kind="knock")
    story.hear("dan", "old")
    story.hear("dan", "knock")
    story.all_hear("knock", "ann", "cat")
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_last_words_before_a_reset_are_owed_to_nobody() -> None:
    story = three()
    story.say("ann", "my last")
    story.drop("ann")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_last_words_that_one_has_heard_are_owed_to_all() -> None:
    story = three()
    story.say("ann", "my last")
    story.drop("ann")
    story.hear("bob", "my last")
    story.waited(("message", "cat", "my last"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'cat never heard "my last" from ann. The other one did.'


def test_last_words_before_an_unclean_goodbye_may_be_lost() -> None:
    """Unread bytes turn our close into a reset."""
    story = three()
    story.say("ann", "my last")
    story.leave("ann", clean=False)
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_last_words_before_a_clean_goodbye_are_owed() -> None:
    story = three()
    story.say("ann", "my last")
    story.leave("ann", clean=True)
    story.waited()
    story.settled("patience")

    assert failure(delivery, story).summary == 'Nobody heard "my last" from ann.'


def test_what_was_never_handed_over_whole_is_owed_to_nobody() -> None:
    story = three()
    story.say("ann", "torn", handed=False)
    story.drop("ann")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


@pytest.mark.parametrize("kind", ["half", "piece"])
def test_nobody_fails_for_halves_and_pieces(kind: str) -> None:
    story = three()
    story.say("ann", "ha", kind=kind)
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_beyond_the_declared_length_delivery_is_not_judged() -> None:
    story = three(replace(BROADCAST, limit_text=10))
    story.say("ann", "x" * 11)
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_lost_long_texts_hint_at_the_limit() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.say("ann", "x" * 5000)
    story.waited()
    story.settled("patience")

    assert "limits: {text:" in failure(delivery, story).hint


def test_a_stalled_receiver_is_owed_at_the_settle_after_its_resume() -> None:
    story = three()
    story.note("stall", "cat")
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED

    story.note("resume", "cat")
    story.waited(("message", "cat", "hi"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'cat never heard "hi" from ann. The other one did.'


def test_what_was_settled_while_one_did_not_read_is_not_settled_for_it() -> None:
    """It leaves before it has caught up: what came during its stall it is not owed."""
    story = three()
    story.note("stall", "cat")
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.settled()
    story.note("resume", "cat")
    story.leave("cat")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_server_may_close_who_does_not_read() -> None:
    story = three()
    story.note("stall", "cat")
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.settled()
    story.note("resume", "cat")
    story.closed("cat", "reset")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_server_that_promises_to_keep_slow_readers_still_owes_them() -> None:
    story = three(replace(BROADCAST, slow_readers="kept"))
    story.note("stall", "cat")
    story.say("ann", "hi")
    story.all_hear("hi", "bob")
    story.settled()
    story.note("resume", "cat")
    story.closed("cat", "reset")
    story.waited()
    story.settled("patience")

    assert failure(delivery, story).summary.startswith("cat never heard")


def test_what_was_under_way_when_we_killed_the_server_is_owed_to_nobody() -> None:
    story = three()
    story.say("ann", "hi")
    story.server("kill")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_server_that_ends_of_its_own_still_owes_everything() -> None:
    story = three()
    story.say("ann", "hi")
    story.server("exited", code=1, asked=False)
    story.waited()
    story.settled("patience")

    assert failure(delivery, story).summary == 'Nobody heard "hi" from ann.'


def test_a_settle_of_another_channel_settles_nothing() -> None:
    story = three()
    story.say("ann", "hi")
    story.settled("patience", channels=["room:kitchen"])

    assert outcome(delivery, story) is Outcome.PASSED


def test_a_whisper_is_owed_to_its_addressee_only() -> None:
    story = three(WHISPERS)
    story.whisper("ann", "bob", "psst")
    story.waited(("message", "bob", "psst"))
    story.settled("patience")

    verdict = failure(delivery, story)
    assert verdict.summary == 'bob never heard "psst" from ann.'
    assert verdict.exercised == 2  # and a knock


def test_what_is_said_in_a_room_is_owed_to_those_who_are_in_it() -> None:
    story = three(ROOMS)
    for bot in ("ann", "bob"):
        story.note("enter", bot, room="kitchen")
        story.note("entered", bot, room="kitchen")
    story.say("ann", "knock", kind="knock", channel="room:kitchen")
    story.hear("bob", "knock", "room")
    story.say("ann", "soup?", channel="room:kitchen")
    story.waited(("message", "bob", "soup?"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'bob never heard "soup?" from ann.'


def test_the_console_is_the_receiver_where_nobody_else_is() -> None:
    story = Gathering(CONSOLE_HEARS)
    story.join("ann")
    story.say("ann", "hi")
    story.hear("the console", "hi", "output")
    story.say("ann", "again")
    story.waited(("output", "ann", "again"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'The server\'s console never showed "again" from ann.'


def test_an_operators_reply_is_owed_to_whom_it_is_meant_for() -> None:
    story = Gathering(DESK)
    story.join("ann", "bob")
    story.reply("ann", "yes?")
    story.waited(("message", "ann", "yes?"))
    story.settled("patience")

    assert failure(delivery, story).summary == 'ann never heard "yes?" from the operator.'


def test_on_an_echo_server_delivery_does_not_apply() -> None:
    assert outcome(delivery, Story(ECHO)) is Outcome.NOT_APPLICABLE


def test_a_harmed_message_is_no_lost_one() -> None:
    story = three()
    story.say("ann", "hello world")
    story.all_hear("hello world", "bob")
    story.damaged("cat", "hello world", "truncated", "hello")
    story.waited()
    story.settled("patience")

    assert outcome(delivery, story) is Outcome.PASSED


def test_every_lost_delivery_is_counted() -> None:
    story = three()
    story.say("ann", "one")
    story.say("bob", "two")
    story.waited()
    story.settled("patience")

    assert failure(delivery, story).summary == 'Nobody heard "one" from ann. 2 more deliveries are missing.'


# --- no-duplication -----------------------------------------------------------------------------------------------------


def test_no_duplication_is_not_exercised_where_nothing_was_heard() -> None:
    assert outcome(no_duplication, Story()) is Outcome.NOT_EXERCISED


def test_one_message_twice_in_one_form_is_a_duplicate_however_late() -> None:
    story = three()
    sent = story.say("ann", "hi")
    first = story.hear("bob", "hi")
    story.settled()
    story.server("stopping")
    second = story.hear("bob", "hi")

    verdict = failure(no_duplication, story)
    assert verdict.summary == 'bob got "hi" from ann twice.'
    assert verdict.witness == (sent, first, second)
    assert verdict.evidence is Evidence.PROOF


def test_an_echo_that_reads_differently_is_no_duplicate() -> None:
    story = three(with_speech(echo=True))
    story.say("ann", "hi")
    story.hear("ann", "hi", "echo")
    story.hear("ann", "hi", "hears")

    assert outcome(no_duplication, story) is Outcome.PASSED


def test_a_second_copy_in_an_unknown_form_is_inconclusive() -> None:
    story = three()
    story.say("ann", "hi")
    story.hear("bob", "hi")
    story.hear("bob", "hi", "unknown")

    verdict = no_duplication(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.PROFILE)


def test_a_replay_to_a_new_session_is_no_duplicate() -> None:
    story = three()
    story.say("ann", "hi")
    story.hear("bob", "hi")
    story.leave("bob")
    story.connect("bob")
    story.told("bob")
    story.hear("bob", "hi")

    assert outcome(no_duplication, story) is Outcome.PASSED


# --- no-creation --------------------------------------------------------------------------------------------------------


def test_what_somebody_never_said_is_a_creation() -> None:
    story = three()
    story.say("ann", "hi")
    index = story.note("foreign", "bob", nick="ann", text="buy now")

    verdict = failure(no_creation, story)
    assert verdict.summary == 'bob got "buy now" under the name of ann, who never said it.'
    assert verdict.witness == (index,)


def test_nothing_said_nothing_made_up() -> None:
    assert outcome(no_creation, Story()) is Outcome.NOT_EXERCISED
    assert outcome(no_creation, three()) is Outcome.PASSED


def test_a_notice_of_somebody_who_has_not_gone_is_a_creation() -> None:
    story = three()
    story.notice("bob", "left", "ann")

    assert failure(no_creation, story).summary == "bob was told that ann left, but ann had not gone."


def test_a_notice_may_come_before_we_see_that_the_server_closed_the_connection() -> None:
    story = three()
    story.notice("bob", "left", "ann")
    story.closed("ann")

    assert outcome(no_creation, story) is Outcome.PASSED


def test_a_flood_is_a_creation() -> None:
    story = three()
    story.note("flooded", "bob", bytes=16 * 2**20)

    assert failure(no_creation, story).summary.startswith("bob got 16 MiB that no message explains")


def test_a_piece_of_a_half_is_no_creation() -> None:
    story = three()
    story.say("ann", "hello wor", kind="half")
    story.note("foreign", "bob", nick="ann", text="hello")

    assert outcome(no_creation, story) is Outcome.PASSED


# --- intact -------------------------------------------------------------------------------------------------------------


def test_a_truncated_text_is_not_intact() -> None:
    story = three()
    sent = story.say("ann", "hello world")
    index = story.damaged("bob", "hello world", "truncated", "hello")

    verdict = failure(intact, story)
    assert verdict.summary == 'bob got only the beginning of "hello world" from ann: "hello".'
    assert (verdict.witness, verdict.where) == ((sent, index), "story.yaml:7:5")


def test_what_the_profile_says_is_done_to_every_text_harms_none() -> None:
    story = three(replace(BROADCAST, text_strip=True, text_lower=True))
    story.say("ann", "Hi ")
    story.damaged("bob", "Hi ", "stripped", "Hi")
    story.damaged("cat", "Hi ", "case", "hi ")

    assert outcome(intact, story) is Outcome.PASSED


def test_undeclared_stripping_fails_and_the_hint_names_the_key() -> None:
    story = three()
    story.say("ann", "hi ")
    story.damaged("bob", "hi ", "stripped", "hi")

    assert "text: {strip: yes}" in failure(intact, story).hint


@pytest.mark.parametrize("kind", ["half", "piece"])
def test_halves_and_pieces_may_be_harmed(kind: str) -> None:
    story = three()
    story.say("ann", "hello", kind=kind)
    story.damaged("bob", "hello", "truncated", "hel")

    assert outcome(intact, story) is Outcome.PASSED


def test_a_reset_may_tear_the_last_words() -> None:
    story = three()
    story.say("ann", "x" * 2000)
    story.drop("ann")
    story.damaged("bob", "x" * 2000, "truncated", "x")
    story.settled()

    assert outcome(intact, story) is Outcome.PASSED


def test_beyond_the_declared_length_a_text_may_be_cut() -> None:
    story = three(replace(BROADCAST, limit_text=5))
    story.say("ann", "hello world")
    story.damaged("bob", "hello world", "truncated", "hello")

    assert outcome(intact, story) is Outcome.PASSED


def test_intact_is_not_exercised_where_nothing_was_heard() -> None:
    assert outcome(intact, Story()) is Outcome.NOT_EXERCISED


# --- framing ------------------------------------------------------------------------------------------------------------


def glued(terms: object, *, apart: bool, shared: bool = False) -> Story:
    story = three(terms)
    story.say("ann", "one", shared=shared)
    if apart:
        story.hear("cat", "one")
    story.say("ann", "two", shared=shared)
    story.all_hear("one", "bob")
    story.all_hear("two", "bob")
    story.damaged("bob", "one", "glued", with_=("two",))
    return story


def test_glued_messages_fail_where_boundaries_are_promised() -> None:
    verdict = failure(framing, glued(BROADCAST, apart=False))

    assert verdict.summary == 'bob got "one" and "two" glued together as one message.'
    assert len(verdict.witness) == 3


def test_glued_messages_prove_nothing_on_a_raw_stream() -> None:
    assert outcome(framing, glued(RAW, apart=False)) is Outcome.PASSED
    assert outcome(framing, glued(RAW, apart=False, shared=True)) is Outcome.PASSED


def test_glued_messages_fail_on_a_raw_stream_if_the_first_was_heard_before_the_second_was_sent() -> None:
    verdict = failure(framing, glued(RAW, apart=True))

    assert verdict.summary.endswith('"two" was sent after "one" had been heard.')


def test_a_message_in_pieces_fails() -> None:
    story = three()
    story.say("ann", "hello world")
    story.hear("bob", "hello world")
    story.damaged("bob", "hello world", "split")

    assert failure(framing, story).summary == 'bob got "hello world" from ann in pieces.'
    assert outcome(intact, story) is Outcome.PASSED


def test_framing_is_not_exercised_where_nothing_was_heard() -> None:
    assert outcome(framing, Story()) is Outcome.NOT_EXERCISED


# --- attribution --------------------------------------------------------------------------------------------------------


def test_a_message_under_another_name_fails() -> None:
    story = three()
    sent = story.say("ann", "hi")
    story.hear("bob", "hi")
    index = story.named("bob", "hi", "cat")

    verdict = failure(attribution, story)
    assert verdict.summary == 'bob got "hi" under the name cat, but ann said it.'
    assert verdict.witness == (sent, index)


def test_where_clients_compose_their_names_attribution_does_not_apply() -> None:
    assert outcome(attribution, three(with_speech(composed=True))) is Outcome.NOT_APPLICABLE


def test_a_message_in_no_known_form_has_no_known_author() -> None:
    story = three()
    story.say("ann", "hi")
    story.hear("bob", "hi", "unknown")

    verdict = attribution(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.PROFILE)


def test_one_that_is_longer_than_the_limit_may_come_in_pieces_under_any_name() -> None:
    story = three(replace(BROADCAST, limit_text=20))
    story.say("ann", "a text of more than twenty bytes")
    story.hear("bob", "a text of more than twenty bytes", "unknown")
    story.named("bob", "a text of more than twenty bytes", "cat")

    assert outcome(attribution, story) is Outcome.PASSED, "by what three() said before"


def test_attribution_passes_and_is_not_exercised() -> None:
    assert outcome(attribution, three()) is Outcome.PASSED
    assert outcome(attribution, Story()) is Outcome.NOT_EXERCISED


# --- echo ---------------------------------------------------------------------------------------------------------------


def test_an_echo_that_the_profile_does_not_know_fails() -> None:
    story = three()
    sent = story.say("ann", "hi")
    index = story.hear("ann", "hi")

    verdict = failure(echo, story)
    assert verdict.summary == ('ann heard its own "hi", though the profile says that a sender does not hear itself.')
    assert verdict.hint == "If the server echoes on purpose, write `echo: yes` in the profile."
    assert (verdict.witness, verdict.evidence) == ((sent, index), Evidence.PROOF)


def test_an_own_message_in_an_unknown_form_may_be_a_receipt() -> None:
    story = three()
    story.say("ann", "hi")
    story.hear("ann", "hi", "unknown")

    verdict = echo(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.PROFILE)


def test_a_missing_echo_fails_by_absence() -> None:
    story = three(with_speech(echo=True))
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")
    story.waited(("echo", "ann", "hi"))
    story.settled("patience")

    verdict = failure(echo, story)
    assert verdict.summary == 'ann never heard its own "hi" come back.'
    assert verdict.evidence is Evidence.ABSENCE
    assert outcome(delivery, story) is Outcome.PASSED


def test_an_echo_server_owes_the_sender_its_own() -> None:
    story = Gathering(ECHO)
    story.join("ann", "bob")
    story.say("ann", "one")
    story.hear("ann", "one", "echo")
    story.settled()

    assert outcome(echo, story) is Outcome.PASSED

    story.say("ann", "two")
    story.waited(("echo", "ann", "two"))
    story.settled("patience")

    assert failure(echo, story).hint == ""


def test_a_missing_receipt_fails_by_absence() -> None:
    story = three(with_speech(ack=True))
    story.say("ann", "one")
    story.ack("ann", "one")
    story.say("ann", "two")
    story.all_hear("one", "bob", "cat")
    story.all_hear("two", "bob", "cat")
    story.waited(("ack", "ann", "two"))
    story.settled("patience")

    assert failure(echo, story).summary == 'ann never got a receipt for "two".'


def test_echo_is_not_exercised_where_nobody_spoke() -> None:
    assert outcome(echo, Story()) is Outcome.NOT_EXERCISED


def test_a_sender_who_leaves_is_owed_no_echo() -> None:
    story = three(with_speech(echo=True))
    story.say("ann", "hi")
    story.leave("ann")
    story.waited()
    story.settled("patience")

    assert "ann" not in echo(story.history).summary


# --- isolation ----------------------------------------------------------------------------------------------------------


def test_a_whisper_heard_by_a_third_is_a_leak() -> None:
    story = three(WHISPERS)
    sent = story.whisper("ann", "bob", "psst")
    index = story.hear("cat", "psst", "whisper")

    verdict = failure(isolation, story)
    assert verdict.summary == 'cat got "psst", which ann had whispered to bob.'
    assert verdict.witness == (sent, index)


def test_a_whisper_heard_by_its_addressee_is_none() -> None:
    story = three(WHISPERS)
    story.whisper("ann", "bob", "psst")
    story.hear("bob", "psst", "whisper")
    story.hear("ann", "psst", "whisper-echo")

    assert outcome(isolation, story) is Outcome.PASSED


def test_broadcast_to_all_exercises_no_isolation() -> None:
    story = three()
    story.say("ann", "hi")
    story.all_hear("hi", "bob", "cat")

    assert outcome(isolation, story) is Outcome.NOT_EXERCISED


def test_another_room_is_out_of_hearing() -> None:
    story = three(ROOMS)
    for bot, room in (("ann", "kitchen"), ("bob", "garden")):
        story.note("enter", bot, room=room)
        story.note("entered", bot, room=room)
    story.say("ann", "soup?", channel="room:kitchen")
    story.hear("bob", "soup?", "room")

    assert failure(isolation, story).summary == 'bob got "soup?", which ann had said in kitchen, where bob was not.'


def test_who_is_on_the_way_out_of_a_room_may_still_hear() -> None:
    story = three(ROOMS)
    for bot in ("ann", "bob"):
        story.note("enter", bot, room="kitchen")
        story.note("entered", bot, room="kitchen")
    story.note("exit", "bob", room="kitchen")
    story.say("ann", "soup?", channel="room:kitchen")
    story.hear("bob", "soup?", "room")
    story.note("exited", "bob", room="kitchen")
    story.settled()

    assert outcome(isolation, story) is Outcome.PASSED

    story.say("ann", "salt?", channel="room:kitchen")
    story.hear("bob", "salt?", "room")

    assert outcome(isolation, story) is Outcome.FAILED


def test_who_has_only_connected_hears_nothing_where_there_is_a_join_dialogue() -> None:
    story = three()
    story.step("connect")
    story.connect("dan")
    story.say("ann", "hi")
    story.hear("dan", "hi")

    assert failure(isolation, story).summary == (
        'dan got "hi" from ann, but had not yet joined: it had only connected.'
    )


def test_that_others_join_meanwhile_makes_no_joiner_of_one_who_has_only_connected() -> None:
    story = Story()
    story.step("connect")
    story.connect("dan")
    story.note("step", number=7, verb="join", place="s:4:5", text="", phase="begin", bots=["ann", "bob"])
    story.join("ann", "bob")
    story.say("ann", "hi")
    story.hear("bob", "hi")
    story.hear("dan", "hi")

    assert failure(isolation, story).summary.startswith("dan got ")


def test_where_connecting_is_joining_the_connected_may_hear() -> None:
    story = three(replace(BROADCAST, join_dialogue=False))
    story.step("connect")
    story.connect("dan")
    story.say("ann", "hi")
    story.hear("dan", "hi")

    assert outcome(isolation, story) is Outcome.NOT_EXERCISED


def test_who_is_joining_may_hear() -> None:
    story = three()
    story.step("join")
    story.connect("dan")
    story.say("ann", "hi")
    story.hear("dan", "hi")

    assert outcome(isolation, story) is Outcome.NOT_EXERCISED


def test_a_replay_is_no_leak() -> None:
    story = three()
    story.say("ann", "hi")
    story.step("join")
    story.connect("dan")
    story.told("dan")
    story.hear("dan", "hi")

    assert outcome(isolation, story) is Outcome.NOT_EXERCISED


def test_on_an_echo_server_nobody_hears_another() -> None:
    story = Gathering(ECHO)
    story.join("ann", "bob")
    story.say("ann", "hi")
    story.hear("bob", "hi", "echo")

    assert failure(isolation, story).summary == 'bob got "hi" from ann, though on this server no client hears another.'


def test_an_operators_answer_is_for_one_client() -> None:
    story = Gathering(DESK)
    story.join("ann", "bob")
    story.reply("ann", "yes?")
    story.hear("bob", "yes?", "reply")

    assert failure(isolation, story).summary == 'bob got "yes?", which the operator had typed for ann.'


# --- promises -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "check", [delivery, no_duplication, no_creation, intact, framing, attribution, echo, isolation]
)
def test_what_the_profile_does_not_promise_does_not_apply(check: Check) -> None:
    name = check(three().history).property
    story = three(replace(BROADCAST, promises={name: False}))

    assert outcome(check, story) is Outcome.NOT_APPLICABLE


def test_a_second_connection_is_called_so() -> None:
    story = three()
    story.leave("bob")
    story.join("bob")
    story.say("bob", "back")
    story.all_hear("back", "ann")
    story.waited(("message", "cat", "back"))
    story.settled("patience")

    assert failure(delivery, story).summary.startswith('cat never heard "back" from bob (2nd connection).')


def test_a_history_read_back_is_judged_alike() -> None:
    story = glued(RAW, apart=True)
    file = io.StringIO()
    story.history.write(file)
    again = History.read(file.getvalue().splitlines(keepends=True))

    for check in (delivery, no_duplication, no_creation, intact, framing, attribution, echo, isolation):
        assert check(again) == check(story.history)


# --- what is told of several --------------------------------------------------------------------------------------------


def test_what_the_scenario_said_is_told_before_what_chatsim_said_by_itself() -> None:
    story = three()
    story.say("ann", "a knock", kind="knock")
    story.hear("bob", "a knock")
    story.hear("bob", "a knock")
    story.say("ann", "good morning")
    story.hear("bob", "good morning")
    story.hear("bob", "good morning")

    assert failure(no_duplication, story).summary.startswith('bob got "good morning" from ann twice.')


def test_a_wait_in_vain_is_told_rather_than_a_fence_that_came_after_what_is_missing() -> None:
    story = three()
    sent = story.say("ann", "good morning")
    story.hear("bob", "good morning")
    waited = story.waited(("message", "cat", "good morning"))
    story.settled("patience")
    story.say("ann", "a fence", kind="fence")
    story.all_hear("a fence", "bob", "cat")
    story.settled("fence")

    verdict = failure(delivery, story)
    assert verdict.summary == 'cat never heard "good morning" from ann. The other one did.'
    assert verdict.witness == (sent, waited)


def test_that_somebody_hears_what_nobody_is_to_hear_says_nothing_about_names() -> None:
    """On an echo server, which names nobody: `isolation` fails, and that is enough."""
    story = Gathering(ECHO)
    story.join("ann", "bob")
    story.say("ann", "hi")
    story.hear("ann", "hi", "echo")
    story.hear("bob", "hi")
    story.hear("bob", "hi", "unknown")

    assert outcome(isolation, story) is Outcome.FAILED
    assert outcome(attribution, story) is not Outcome.INCONCLUSIVE


def test_a_goodbye_that_was_broadcast_is_recognised_as_one() -> None:
    story = three()
    story.history.header = replace(story.history.header, profile_source={"leave": [{"send": "/quit"}]})
    story.note("foreign", "bob", nick="ann", text="/quit")

    assert "a command" in failure(no_creation, story).hint
