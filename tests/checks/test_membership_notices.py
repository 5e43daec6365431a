"""`join-notice`, `leave-notice`, `drop-notice`: told exactly once, counted, never guessed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from story import BROADCAST, Story, promising

from chatsim.checks.membership import drop_notice, join_notice, leave_notice
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History
from chatsim.terms import Speech

ROOMS = replace(
    BROADCAST,
    rooms=True,
    rooms_many=False,
    room=Speech(possible=True, heard=True),
    room_notices=frozenset(("joined", "left")),
    notices=frozenset(),
)
NAMELESS = replace(BROADCAST, nameless_notices=frozenset(("joined", "left", "dropped")))
TELLS_OF_DROPS_ONLY = replace(BROADCAST, notices=frozenset(("dropped",)))


def of_ann_and_bob(terms=BROADCAST) -> Story:
    """ann was there when bob came, and was told of it."""
    story = Story(terms)
    story.join("ann")
    story.join("bob")
    if "joined" in terms.notices:
        story.notice("ann", "joined", None if "joined" in terms.nameless_notices else "bob")
    story.settled()
    return story


def enter(story: Story, bot: str, room: str) -> int:
    index = story.note("enter", bot, room=room)
    story.note("entered", bot, room=room)
    text = f"knock in {room} {len(story.history.messages)}"
    story.say("the knocker", text, kind="knock", channel=f"room:{room}")
    story.hear(bot, text, "room")
    return index


# --- empty, right, wrong, undecidable --------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [join_notice, leave_notice, drop_notice])
def test_nothing_happened_so_nothing_was_exercised(check) -> None:
    verdict = check(Story().history)

    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.exercised == 0


@pytest.mark.parametrize("check", [join_notice, leave_notice, drop_notice])
def test_a_server_without_notices_owes_none(check) -> None:
    verdict = check(of_ann_and_bob(replace(BROADCAST, notices=frozenset())).history)

    assert verdict.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize("check", [join_notice, leave_notice, drop_notice])
def test_a_history_without_any_terms_is_judged_without_an_error(check) -> None:
    verdict = check(History())

    assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_a_notice_that_the_profile_takes_back_is_not_judged() -> None:
    terms = replace(BROADCAST, promises={"drop-notice": False})
    story = of_ann_and_bob(terms)
    story.drop("bob")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_APPLICABLE


def test_whoever_was_there_and_was_told_once_is_a_pass() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert (join_notice(story.history).outcome, join_notice(story.history).exercised) == (Outcome.PASSED, 1)
    verdict = drop_notice(story.history)
    assert (verdict.outcome, verdict.exercised, verdict.at) == (Outcome.PASSED, 1, "once")
    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_the_one_who_is_never_told_of_a_drop_fails_it_in_words_for_a_student() -> None:
    story = of_ann_and_bob()
    story.step("drop", "drop.yaml:6:5", "- drop: bob")
    dropped = story.drop("bob")
    patience = story.settled("patience")

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence is Evidence.ABSENCE
    assert verdict.witness == (dropped, patience)
    assert verdict.where == "drop.yaml:6:5"
    assert verdict.summary == (
        "bob dropped (reset) at 0.18 s. ann was connected the whole time and was never told that bob had left."
    )
    assert verdict.hint == ("If the server tells nobody on purpose, write `notices: {dropped: no}` into the profile.")


def test_the_one_who_is_never_told_of_a_polite_departure_fails_leave_notice_only() -> None:
    story = of_ann_and_bob()
    story.leave("bob")
    story.settled("patience")

    assert leave_notice(story.history).outcome is Outcome.FAILED
    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_the_one_who_is_never_told_of_a_join_fails_join_notice() -> None:
    story = Story()
    story.join("ann")
    story.join("bob")
    story.settled("patience")

    verdict = join_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary == "bob joined at 0.09 s. ann was there before and after and was never told."


def test_those_who_were_told_are_named_beside_those_who_were_not() -> None:
    story = Story()
    story.join("ann")
    story.join("cat")
    story.join("bob")
    for hearer, newcomer in (("ann", "cat"), ("ann", "bob"), ("cat", "bob")):
        story.notice(hearer, "joined", newcomer)
    story.settled()
    story.drop("bob", "close")
    story.notice("cat", "dropped", "bob")
    story.settled("patience")

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.exercised == 2
    assert verdict.summary.endswith(
        "ann was connected the whole time and was never told that bob had left. cat was told."
    )


def test_without_a_valid_wait_an_absence_is_no_failure() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.settled("patience", valid=False)

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.cause is Cause.MACHINE


def test_a_wait_that_names_the_missing_notice_is_as_good_as_spent_patience() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.waited(("notice", "ann", "left bob"))
    story.settled("quiet")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_wait_for_something_else_proves_no_absence() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.waited(("heard", "ann", "hi"))
    story.settled("quiet")

    assert drop_notice(story.history).outcome is Outcome.INCONCLUSIVE


def test_an_unexplained_line_with_the_name_leaves_it_to_the_profile() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.note("unrecognised", "ann", text="Bob has gone to sleep")
    story.settled("patience")

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.cause is Cause.PROFILE
    assert "profile" in verdict.hint


def test_a_run_that_was_interrupted_before_anything_settled_owes_nothing() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.ended("interrupted")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


# --- to whom it is owed ----------------------------------------------------------------------------------------------


def test_a_notice_of_one_whose_name_its_receiver_took_later_is_not_the_receivers_own() -> None:
    story = Story()
    story.join("ann", "bob", "cat")
    story.settled()
    story.leave("bob")
    story.notice("ann", "left", "bob")
    story.notice("cat", "left", "bob")
    story.settled()
    story.rename("cat", "bob")

    verdict = leave_notice(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 2)


def test_a_notice_of_one_who_has_the_old_name_of_its_receiver_is_not_the_receivers_own() -> None:
    for told in (True, False):
        story = Story()
        story.join("ann")
        story.rename("ann", "eve")
        story.connect("twin", nick="ann")
        story.told("twin", nick="ann")
        story.knock("twin")
        story.notice("ann", "joined", "ann")
        story.settled()
        story.leave("twin")
        if told:
            story.notice("ann", "left", "ann")
        else:
            story.waited(("notice", "ann", "left ann"))
        story.settled()

        assert leave_notice(story.history).outcome is (Outcome.PASSED if told else Outcome.FAILED)


def test_joins_that_overlap_owe_each_other_nothing() -> None:
    """Finding 28."""
    story = Story()
    story.join("ann", "bob", "cat")
    story.settled("patience")

    verdict = join_notice(story.history)
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert "at the same time" in verdict.summary


def test_a_close_by_the_server_ends_no_obligation() -> None:
    """Finding 1: bob is reset, the server throws ann out as well; it still owed her the notice."""
    story = of_ann_and_bob()
    story.drop("bob")
    story.closed("ann", "reset")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_server_that_ends_itself_owes_what_it_owed_without_any_wait() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.closed("ann")
    story.server("exited", code=1, asked=False)
    story.settled("quiet")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_who_leaves_politely_later_was_owed_until_it_had_settled() -> None:
    """Finding 2."""
    story = of_ann_and_bob()
    story.drop("bob")
    story.settled("patience")
    story.leave("ann")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_who_leaves_before_it_has_settled_is_owed_nothing() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.leave("ann")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_told_newcomer_who_was_not_seen_yet_is_owed_nothing() -> None:
    """Finding 3: a welcome is not yet being in the list."""
    story = Story()
    story.join("bob")
    story.connect("ann")
    story.told("ann")
    story.drop("bob")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_newcomer_who_is_never_listed_is_owed_it_after_the_join_patience() -> None:
    """Finding 4."""
    story = Story()
    story.join("bob")
    story.connect("ann")
    story.told("ann")
    story.pause(10.0)
    story.note("present", "ann", how="patience")
    story.settled("patience")
    story.drop("bob")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_stalled_bot_is_owed_it_only_after_its_resume() -> None:
    """Finding 10."""
    story = of_ann_and_bob()
    story.note("stall", "ann")
    story.drop("bob")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED

    story.note("resume", "ann")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert drop_notice(story.history).outcome is Outcome.PASSED


def test_a_stalled_bot_that_resumed_and_still_was_never_told_fails_it() -> None:
    story = of_ann_and_bob()
    story.note("stall", "ann")
    story.drop("bob")
    story.settled("patience")
    story.note("resume", "ann")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_vanished_client_owes_no_notice_unless_silence_is_limited() -> None:
    """Finding 11."""
    story = of_ann_and_bob()
    story.drop("bob", "vanish")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED

    story = of_ann_and_bob(replace(BROADCAST, limit_silence=5.0))
    story.drop("bob", "vanish")
    story.pause(6.0)
    story.settled("patience")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_vanished_client_is_missed_only_after_the_time_that_the_profile_allows() -> None:
    story = of_ann_and_bob(replace(BROADCAST, limit_silence=5.0))
    story.drop("bob", "vanish")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_half_close_is_a_drop_only_where_it_leaves() -> None:
    """Finding 16."""
    story = of_ann_and_bob(replace(BROADCAST, half_close="answers"))
    story.drop("bob", "half-close")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED

    story = of_ann_and_bob()
    story.drop("bob", "half-close")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_nobody_is_owed_the_notice_of_itself_and_nobody_fails_for_hearing_it() -> None:
    story = of_ann_and_bob()
    story.notice("bob", "joined", "bob")
    story.notice("bob", "joined", "bob")
    story.settled("patience")

    assert join_notice(story.history).outcome is Outcome.PASSED


def test_when_we_stop_the_server_it_owes_nothing_and_may_tell_of_everybody() -> None:
    story = of_ann_and_bob()
    story.server("stopping")
    story.notice("ann", "left", "bob")
    story.server("exited", code=0, asked=True)
    story.settled("patience")

    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED
    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


# --- how often -------------------------------------------------------------------------------------------------------


def test_one_departure_told_twice_is_proof() -> None:
    story = of_ann_and_bob()
    dropped = story.drop("bob")
    first = story.notice("ann", "dropped", "bob")
    second = story.notice("ann", "dropped", "bob")
    story.settled()

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence is Evidence.PROOF
    assert verdict.witness == (dropped, first, second)
    assert verdict.summary == (
        "bob dropped (reset) at 0.17 s. ann was told so twice, though it had happened once by 0.19 s."
    )


def test_a_second_copy_counts_to_the_end_of_the_history() -> None:
    """Finding 17: exactly-once is a negative claim."""
    story = of_ann_and_bob()
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.settled()
    assert drop_notice(story.history).outcome is Outcome.PASSED
    story.server("stopping")
    story.notice("ann", "dropped", "bob")

    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_two_incarnations_of_one_name_need_two_notices_and_any_order_of_arrival_will_do() -> None:
    """Finding 29: nothing in a notice says which bob is meant."""
    story = of_ann_and_bob()
    story.drop("bob")
    story.settled()
    story.join("bob")
    story.notice("ann", "joined", "bob")
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert drop_notice(story.history).outcome is Outcome.PASSED
    assert join_notice(story.history).outcome is Outcome.PASSED


def test_two_incarnations_of_one_name_and_one_notice_is_one_too_few() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.settled()
    story.join("bob")
    story.notice("ann", "joined", "bob")
    story.settled()
    story.drop("bob")
    story.settled("patience")

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.exercised == 2
    assert verdict.summary.startswith("bob (2nd connection) dropped (reset)")


def test_a_notice_before_anything_had_begun_is_no_business_of_the_counting() -> None:
    """It tells of what never was: `no-creation`."""
    story = of_ann_and_bob()
    story.notice("ann", "dropped", "bob")
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert drop_notice(story.history).outcome is Outcome.PASSED


def test_a_drop_announced_in_the_words_of_a_leave_is_told() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.notice("ann", "left", "bob")
    story.settled()

    assert drop_notice(story.history).outcome is Outcome.PASSED
    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_polite_departure_announced_twice_where_only_drops_are_known_is_told_under_drops() -> None:
    story = of_ann_and_bob(TELLS_OF_DROPS_ONLY)
    story.leave("bob")
    story.notice("ann", "dropped", "bob")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert leave_notice(story.history).outcome is Outcome.NOT_APPLICABLE
    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_what_the_server_says_of_a_client_it_threw_out_is_no_notice_too_many() -> None:
    story = of_ann_and_bob()
    story.notice("ann", "dropped", "bob")
    story.closed("bob")
    story.drop("bob")
    story.settled("patience")

    assert drop_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_refused_join_may_be_announced_and_need_not_be() -> None:
    story = Story()
    story.join("ann")
    story.connect("twin", nick="bob")
    story.notice("ann", "joined", "bob")
    story.notice("ann", "left", "bob")
    story.note("refused", "twin", by="taken", expected=True)
    story.settled("patience")

    assert join_notice(story.history).outcome is Outcome.NOT_EXERCISED
    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_name_that_the_server_shortened_is_recognised_in_both_forms() -> None:
    story = Story()
    story.join("ann")
    story.connect("bob", nick="bartholomew")
    story.told("bob", nick="barthol")
    story.knock("bob")
    story.notice("ann", "joined", "bartholomew")
    story.settled()
    story.drop("bob")
    story.notice("ann", "dropped", "barthol")
    story.settled()

    assert join_notice(story.history).outcome is Outcome.PASSED
    assert drop_notice(story.history).outcome is Outcome.PASSED


def test_notices_without_a_name_are_counted_over_all_names() -> None:
    story = of_ann_and_bob(NAMELESS)
    story.join("cat")
    story.notice("ann", "joined", None)
    story.notice("bob", "joined", None)
    story.settled()
    story.drop("bob")
    story.notice("ann", "dropped", None)
    story.notice("cat", "dropped", None)
    story.settled()

    assert (join_notice(story.history).outcome, join_notice(story.history).exercised) == (Outcome.PASSED, 3)
    assert (drop_notice(story.history).outcome, drop_notice(story.history).exercised) == (Outcome.PASSED, 2)

    story.drop("cat")
    story.settled("patience")
    assert drop_notice(story.history).outcome is Outcome.FAILED


def test_a_nameless_notice_too_many_is_proof() -> None:
    story = of_ann_and_bob(NAMELESS)
    story.drop("bob")
    story.notice("ann", "dropped", None)
    story.notice("ann", "dropped", None)
    story.notice("ann", "dropped", None)
    story.settled()

    verdict = drop_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.evidence is Evidence.PROOF


# --- when it came ----------------------------------------------------------------------------------------------------


def late(terms=BROADCAST) -> Story:
    story = of_ann_and_bob(terms)
    story.drop("bob")
    story.settled("patience")
    story.note("look", number=1)
    story.note("look", number=2)
    story.say("ann", "is anybody there?", kind="fence")
    story.notice("ann", "dropped", "bob")
    story.note("look", number=3)
    story.settled()
    return story


def test_a_notice_that_comes_only_when_somebody_speaks_passes_and_says_so() -> None:
    """Finding 30."""
    verdict = drop_notice(late().history)

    assert verdict.outcome is Outcome.PASSED
    assert verdict.at == "after speech"


def test_a_late_notice_fails_where_prompt_notices_are_promised() -> None:
    """Finding 30."""
    verdict = drop_notice(late(promising("prompt-notices")).history)

    assert verdict.outcome is Outcome.FAILED
    assert verdict.at == "after speech"
    assert "only after somebody had spoken" in verdict.summary


def test_a_notice_between_the_first_looks_came_while_all_was_idle() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.settled("patience")
    story.note("look", number=1)
    story.notice("ann", "dropped", "bob")
    story.note("look", number=2)
    story.settled()

    assert drop_notice(story.history).at == "idle"


def test_without_any_look_what_came_after_it_had_settled_is_late_by_what_was_said() -> None:
    story = of_ann_and_bob()
    story.drop("bob")
    story.settled("patience")
    story.say("ann", "hello?")
    story.notice("ann", "dropped", "bob")
    story.settled()

    assert drop_notice(story.history).at == "after speech"


# --- rooms -----------------------------------------------------------------------------------------------------------


def in_the_kitchen() -> Story:
    story = Story(ROOMS)
    story.join("ann", "bob")
    enter(story, "ann", "kitchen")
    story.settled()
    return story


def room_notice(story: Story, to: str, what: str, nick: str, room: str | None) -> int:
    return story.note("notice", to, what=what, nick=nick, room=room, text="")


@pytest.mark.parametrize("room", ["kitchen", None], ids=["with the room's name", "without it"])
def test_those_in_a_room_are_told_who_enters_and_leaves_it(room: str | None) -> None:
    story = in_the_kitchen()
    enter(story, "bob", "kitchen")
    room_notice(story, "ann", "joined", "bob", room)
    story.settled()
    story.note("exit", "bob", room="kitchen")
    story.note("exited", "bob", room="kitchen")
    room_notice(story, "ann", "left", "bob", room)
    story.settled()

    assert (join_notice(story.history).outcome, join_notice(story.history).exercised) == (Outcome.PASSED, 1)
    assert (leave_notice(story.history).outcome, leave_notice(story.history).exercised) == (Outcome.PASSED, 1)


def test_one_who_is_in_a_room_and_is_not_told_who_enters_fails_join_notice() -> None:
    story = in_the_kitchen()
    enter(story, "bob", "kitchen")
    story.settled("patience")

    verdict = join_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "bob entered kitchen" in verdict.summary
    assert "ann was in kitchen the whole time and was never told." in verdict.summary


def test_entering_another_room_is_leaving_the_last_one() -> None:
    story = in_the_kitchen()
    enter(story, "bob", "kitchen")
    room_notice(story, "ann", "joined", "bob", "kitchen")
    story.settled()
    enter(story, "bob", "garden")
    story.settled("patience")

    verdict = leave_notice(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert "bob left kitchen" in verdict.summary


def test_a_room_is_told_of_a_drop_or_not_as_the_server_likes() -> None:
    story = in_the_kitchen()
    enter(story, "bob", "kitchen")
    room_notice(story, "ann", "joined", "bob", "kitchen")
    story.settled()
    story.drop("bob")
    story.settled("patience")
    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED
    room_notice(story, "ann", "left", "bob", "kitchen")

    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED


def test_those_in_other_rooms_are_owed_nothing() -> None:
    story = in_the_kitchen()
    enter(story, "bob", "garden")
    story.settled("patience")

    assert join_notice(story.history).outcome is Outcome.NOT_EXERCISED
