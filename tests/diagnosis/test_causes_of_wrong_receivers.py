"""What reaches the wrong ones, or never comes back to who said it."""

from __future__ import annotations

from dataclasses import replace

from chatsim.checks.verdict import Evidence
from chatsim.terms import Speech
from tests.checks.story import BROADCAST, Story, with_speech
from tests.diagnosis.judged import explained, failing

WHISPERS = replace(BROADCAST, whisper=Speech(possible=True, heard=True))


def of_three(terms: object = BROADCAST) -> Story:
    story = Story(terms)  # type: ignore[arg-type]
    story.join("ann", "bob", "cat")
    story.settled()
    return story


def test_a_whisper_that_a_third_one_heard_names_who_heard_it() -> None:
    story = of_three(WHISPERS)
    story.whisper("ann", "bob", "psst")
    story.hear("bob", "psst", "whisper")
    story.hear("cat", "psst", "hears")
    story.settled()

    verdict = explained(story)["isolation"]
    assert verdict.hint.startswith("Surely: a private message is sent to others than the one for whom it is.")
    assert "ann wrote to bob, and cat heard it." in verdict.hint


def test_words_of_a_room_that_were_heard_outside_of_it_name_the_room() -> None:
    story = of_three()
    said = story.say("ann", "soup?", channel="room:kitchen")
    heard = story.hear("cat", "soup?", "room")

    verdict = explained(story, failing("isolation", said, heard, evidence=Evidence.PROOF))["isolation"]
    assert verdict.hint.startswith("Surely: what is said in a room is sent to clients that are not in it.")
    assert 'of what was said in "kitchen", cat heard it.' in verdict.hint


def test_who_only_connected_and_hears_all_stands_in_the_list_too_early() -> None:
    story = of_three()
    story.connect("shy")
    said = story.say("ann", "hello")
    story.all_hear("hello", "bob", "cat")
    heard = story.hear("shy", "hello")

    verdict = explained(story, failing("isolation", said, heard, evidence=Evidence.PROOF))["isolation"]
    assert verdict.hint.startswith("Probably: a client is put into the list of clients when it connects")


def test_where_each_is_answered_alone_another_who_hears_it_got_what_is_not_its_own() -> None:
    story = of_three(with_speech(heard=False, echo=True))
    said = story.say("ann", "hello")
    heard = story.hear("bob", "hello")

    verdict = explained(story, failing("isolation", said, heard, evidence=Evidence.PROOF))["isolation"]
    assert verdict.hint.startswith("Surely: what one client says is sent to other clients, too.")
    assert "write how under `hears` in the profile" in verdict.hint


def of_an_answer_typed_for_ann(last: str) -> tuple[Story, int, int]:
    """bob gets what the operator typed for ann; `last` is who had written before that."""
    story = of_three()
    for bot in ("cat", last):
        story.say(bot, f"{bot} asks")
    return story, story.reply("ann", "yes"), story.hear("bob", "yes", "reply")


def test_an_answer_that_went_to_who_wrote_last_was_sent_to_who_wrote_last() -> None:
    story, *at = of_an_answer_typed_for_ann(last="bob")

    hint = explained(story, failing("isolation", *at, evidence=Evidence.PROOF))["isolation"].hint
    assert hint.startswith("Probably: what is typed on the console goes to whoever wrote last")


def test_an_answer_that_went_to_another_one_was_not() -> None:
    story, *at = of_an_answer_typed_for_ann(last="cat")

    assert explained(story, failing("isolation", *at, evidence=Evidence.PROOF))["isolation"].hint == ""


# --- what comes back -------------------------------------------------------------------------------------------------


def of_talk(terms: object, *, heard: bool = True) -> Story:
    story = of_three(terms)
    for bot, others in (("ann", ("bob", "cat")), ("bob", ("ann", "cat"))):
        story.say(bot, f"{bot} speaks")
        if heard:
            story.all_hear(f"{bot} speaks", *others)
    story.settled("patience")
    return story


def test_nobody_hears_itself_where_the_profile_says_so_and_the_others_do() -> None:
    story = of_talk(with_speech(echo=True))

    verdict = explained(story, failing("echo", 0))["echo"]
    assert verdict.hint.startswith("Surely: the profile says that a sender hears itself")
    assert "`echo: no`" in verdict.hint


def test_where_the_others_heard_nothing_either_it_is_not_the_sender_who_is_left_out() -> None:
    story = of_talk(with_speech(echo=True), heard=False)

    assert "hears itself" not in explained(story, failing("echo", 0))["echo"].hint


def test_one_echo_is_enough_to_show_that_senders_are_not_left_out() -> None:
    story = of_talk(with_speech(echo=True))
    story.hear("bob", "bob speaks")

    assert "hears itself" not in explained(story, failing("echo", 0))["echo"].hint


def test_no_receipt_ever_is_told_with_both_ways_out() -> None:
    story = of_talk(with_speech(ack=True))

    hint = explained(story, failing("echo", 0))["echo"].hint
    assert hint.startswith("Surely: the profile says that a sender gets a receipt")
    assert "take `ack` out of the profile; if there are, send one" in hint


def test_one_receipt_is_enough_to_show_that_there_are_some() -> None:
    story = of_talk(with_speech(ack=True))
    story.ack("ann", "ann speaks")

    assert "gets a receipt" not in explained(story, failing("echo", 0))["echo"].hint
