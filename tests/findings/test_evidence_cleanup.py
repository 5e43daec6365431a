"""Who is gone, and what is left of them, by counterexample."""

from __future__ import annotations

from dataclasses import replace

from story import BROADCAST, Story

from chatsim.checks.cleanup import no_ghosts
from chatsim.checks.membership import roster
from chatsim.checks.verdict import Outcome

WITH_ROSTER = replace(BROADCAST, roster=True, roster_asked=True)


def listed(story: Story, *names: str) -> None:
    story.note("ask", "ann")
    story.note("roster", "ann", names=list(names), asked=True)


def of_two() -> Story:
    story = Story(WITH_ROSTER)
    story.join("ann", "bob")
    story.settled()
    return story


def test_one_who_has_vanished_under_the_name_of_a_ghost_may_stand_in_the_list() -> None:
    """bob drops, comes back, and falls silent: the server's kernel holds the second bob for alive."""
    story = of_two()
    story.drop("bob")
    story.settled()
    story.join("bob")
    story.settled()
    story.drop("bob", "vanish")
    story.note("look", number=3)
    listed(story, "ann", "bob")

    assert no_ghosts(story.history).outcome is Outcome.PASSED
    assert roster(story.history).outcome is not Outcome.FAILED

    listed(story, "ann", "bob", "bob")

    assert no_ghosts(story.history).outcome is Outcome.FAILED


def test_of_a_third_look_that_is_taken_again_the_last_counts() -> None:
    """A server that notices by writing may need another moment until the name is out of its list."""
    story = of_two()
    story.drop("bob")
    story.settled()
    story.note("look", number=3)
    listed(story, "ann", "bob")
    story.note("look", number=3)
    listed(story, "ann")

    assert no_ghosts(story.history).outcome is Outcome.PASSED
    assert roster(story.history).outcome is not Outcome.FAILED

    story = of_two()
    story.drop("bob")
    story.settled()
    for _ in range(2):
        story.note("look", number=3)
        listed(story, "ann", "bob")

    assert no_ghosts(story.history).outcome is Outcome.FAILED
    assert roster(story.history).outcome is Outcome.FAILED
