"""What a line is, by counterexample: texts in texts, names in names, what servers make of bad input."""

from __future__ import annotations

from habits import AwkwardRoom, Habits
from playing import play
from story import Story

from chatsim.checks.integrity import no_creation
from chatsim.checks.verdict import Outcome

# --- bad input excuses what it may have become, and nothing else ----------------------------------------------------------


def after_garbage() -> Story:
    """bob has written bad input, and has gone."""
    story = Story()
    story.join("ann", "bob")
    story.settled()
    story.note("act", "bob", what="half")
    story.drop("bob")
    return story


def odd_line(story: Story) -> Outcome:
    story.note("foreign", "ann", nick="bob", text="\ufffd\ufffd what is this")
    return no_creation(story.history).outcome


def test_an_odd_line_may_be_what_the_server_made_of_bad_input_as_long_as_it_may_not_have_noticed_the_end() -> None:
    story = after_garbage()
    story.settled()
    story.note("look", number=1)

    assert odd_line(story) is not Outcome.FAILED


def test_an_odd_line_long_after_the_offender_has_gone_was_made_up() -> None:
    story = after_garbage()
    story.note("look", number=3)

    assert odd_line(story) is Outcome.FAILED


def test_bad_input_excuses_no_odd_line_under_the_name_of_one_who_has_come_back_since() -> None:
    story = after_garbage()
    story.settled()
    story.join("bob")
    story.settled()

    assert odd_line(story) is Outcome.FAILED


def test_nor_does_half_a_message() -> None:
    story = Story()
    story.join("ann", "bob")
    story.say("bob", "half of a mess", kind="half")
    story.drop("bob", "mid-message")
    story.settled()
    story.join("bob")
    story.settled()

    assert odd_line(story) is Outcome.FAILED


# --- what we cut off ourselves ----------------------------------------------------------------------------------------------


def test_a_line_that_was_cut_by_our_own_stop_was_not_made_up() -> None:
    story = Story()
    story.join("ann", "bob")
    story.settled()
    story.say("bob", "qltvnhs how are you")
    story.server("stopping")
    story.note("foreign", "ann", nick="bob", text="qltvn")

    assert no_creation(story.history).outcome is Outcome.PASSED

    story.note("foreign", "ann", nick="bob", text="nobody said this")

    assert no_creation(story.history).outcome is Outcome.FAILED


def test_half_a_line_at_one_who_does_not_read_is_no_line() -> None:
    """Its stall began in the middle of a word: the rest is under way, and nobody reads it."""
    played = play(
        "- join: ann and bob\n- together:\n    - chat: {bob: {count: 40, every: 1ms}}\n    - do: [{pause: 9ms}, {stall: ann}]",
        bots="[ann, bob]",
        house=AwkwardRoom,
        habits=Habits(shreds=True),
        seed=5,
    )

    assert not played.bad()
    assert not played.of("foreign", "unrecognised", "damaged")
