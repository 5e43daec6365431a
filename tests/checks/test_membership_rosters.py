"""`roster`: must be in it, may be in it, must not."""

from __future__ import annotations

from dataclasses import replace

from story import BROADCAST, Story

from chatsim.checks.membership import roster
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import Header, History

WITH_ROSTER = replace(BROADCAST, roster=True, roster_asked=True)


def of_ann_and_bob() -> Story:
    """The knocker is on the server as well, but has not joined."""
    story = Story(WITH_ROSTER)
    story.join("ann")
    story.join("bob")
    return story


def listed(story: Story, *names: str, asked: int | None = None) -> int:
    asked = story.note("ask", "ann") if asked is None else asked
    return story.note("roster", "ann", names=list(names), asked=asked)


def third_look(story: Story) -> None:
    for number in (1, 2, 3):
        story.note("look", number=number)


def test_a_server_without_a_list_owes_none() -> None:
    assert roster(History()).outcome is Outcome.NOT_APPLICABLE


def test_where_nobody_asks_nothing_is_exercised() -> None:
    assert roster(of_ann_and_bob().history).outcome is Outcome.NOT_EXERCISED


def test_everybody_who_was_there_is_in_it_and_the_asker_may_be() -> None:
    """Finding 33."""
    story = of_ann_and_bob()
    listed(story, "bob")
    listed(story, "ann", "bob")

    verdict = roster(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 2)


def test_one_who_was_there_and_is_missing_is_proof() -> None:
    story = of_ann_and_bob()
    asked = story.note("ask", "ann")
    came = listed(story, "ann", asked=asked)

    verdict = roster(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.PROOF)
    assert verdict.witness[-2:] == (asked, came)
    assert verdict.summary == "bob was there from 0.14 s on and was missing in the list that ann got at 0.16 s."


def test_those_on_their_way_in_or_out_may_be_in_it_or_not() -> None:
    """Finding 33."""
    for names in (("ann", "bob", "cat"), ("ann",)):
        story = of_ann_and_bob()
        asked = story.note("ask", "ann")
        story.connect("cat")
        story.told("cat")
        story.drop("bob")
        listed(story, *names, asked=asked)

        assert roster(story.history).outcome is not Outcome.FAILED


def test_who_has_gone_is_a_ghost_in_it_only_after_the_third_look() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    listed(story, "ann", "bob")
    assert roster(story.history).outcome is Outcome.PASSED

    third_look(story)
    listed(story, "ann", "bob")
    verdict = roster(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary == (
        "bob dropped (reset) at 0.15 s and others spoke twice since. It still stood in the list that ann got at 0.22 s."
    )


def test_one_name_twice_is_the_ghost_of_an_earlier_connection() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    third_look(story)
    story.join("bob")
    listed(story, "ann", "bob")
    assert roster(story.history).outcome is Outcome.PASSED

    listed(story, "ann", "bob", "bob")
    verdict = roster(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.startswith("bob stood 2 times in the list")


def test_the_ghost_is_the_last_who_was_let_in_under_the_name() -> None:
    story = of_ann_and_bob()
    story.leave("bob")
    story.join("bob")
    dropped = story.drop("bob")
    story.connect("bob")
    story.note("refused", "bob", by="taken", expected=False)
    third_look(story)
    listed(story, "ann", "bob")

    verdict = roster(story.history)
    assert verdict.witness[0] == dropped
    assert verdict.summary.startswith("bob (2nd connection) dropped (reset)")


def test_a_name_that_nobody_ever_had_is_proof_except_among_strangers() -> None:
    story = of_ann_and_bob()
    listed(story, "ann", "bob", "zoe")

    verdict = roster(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert '"zoe" stood in the list' in verdict.summary

    attached = of_ann_and_bob()
    attached.history.header = replace(attached.history.header, attached=True)
    listed(attached, "ann", "bob", "zoe")
    assert roster(attached.history).outcome is Outcome.PASSED


def test_somebody_who_had_not_even_connected_cannot_be_in_it() -> None:
    story = of_ann_and_bob()
    came = listed(story, "ann", "bob", "cat")
    story.join("cat")

    verdict = roster(story.history)
    assert (verdict.outcome, verdict.witness) == (Outcome.FAILED, (came,))
    assert "before it had connected" in verdict.summary


def test_a_pushed_list_is_of_some_time_since_its_receiver_connected() -> None:
    story = of_ann_and_bob()
    story.join("cat")
    story.note("roster", "cat", names=["ann", "bob", "cat"])
    assert roster(story.history).outcome is Outcome.PASSED

    story.note("roster", "ann", names=["ann"])  # perhaps made before bob came
    assert roster(story.history).outcome is Outcome.PASSED

    story.note("roster", "cat", names=["ann", "cat"])
    assert roster(story.history).outcome is Outcome.FAILED


def test_an_answer_that_never_comes_needs_a_valid_wait() -> None:
    story = of_ann_and_bob()
    asked = story.note("ask", "ann")
    assert roster(story.history).outcome is Outcome.NOT_EXERCISED

    story.waited(("roster", "ann", "ann"), purpose="roster", valid=False)
    verdict = roster(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)

    story.waited(("roster", "ann", "ann"), purpose="roster")
    verdict = roster(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.ABSENCE, (asked,))


def test_a_stalled_bot_is_on_the_list_or_not_as_the_server_likes() -> None:
    story = of_ann_and_bob()
    story.note("stall", "bob")
    listed(story, "ann")

    assert roster(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_promise_taken_back_is_not_judged() -> None:
    terms = replace(WITH_ROSTER, promises={"roster": False})
    history = History(Header(terms=terms.to_json()))

    assert roster(history).outcome is Outcome.NOT_APPLICABLE
