"""`unique-nicknames` and `nickname-released`: one name, one person; and free again afterwards."""

from __future__ import annotations

from dataclasses import replace

from story import BROADCAST, Story, promising, with_speech

from chatsim.checks.membership import nickname_released, unique_nicknames
from chatsim.checks.verdict import Cause, Evidence, Outcome
from chatsim.history import History

UNIQUE = promising("unique-nicknames")


# --- unique-nicknames ------------------------------------------------------------------------------------------------


def twins(terms=UNIQUE, *, given: str | None = None) -> Story:
    story = Story(terms)
    story.join("ann", "cat")
    story.connect("twin", nick="ann")
    story.told("twin", nick=given or "ann")
    story.knock("twin")
    return story


def both_speak(story: Story) -> tuple[int, int]:
    story.say("ann", "I am ann")
    first = story.hear("cat", "I am ann")
    story.say("twin", "no, I am")
    return first, story.hear("cat", "no, I am")


def test_it_is_a_promise_and_off_by_default() -> None:
    assert unique_nicknames(History()).outcome is Outcome.NOT_APPLICABLE
    assert unique_nicknames(twins(BROADCAST).history).outcome is Outcome.NOT_APPLICABLE


def test_where_clients_write_their_names_themselves_it_is_not_applicable() -> None:
    """Finding 59."""
    terms = with_speech(UNIQUE, composed=True)

    assert unique_nicknames(twins(terms).history).outcome is Outcome.NOT_APPLICABLE


def test_where_nobody_asks_for_a_name_in_use_nothing_is_exercised() -> None:
    story = Story(UNIQUE)
    story.join("ann", "bob")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_two_of_one_name_shown_to_a_third_is_proof() -> None:
    story = twins()
    hearings = both_speak(story)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.PROOF, hearings)
    assert verdict.summary == ('ann and twin were there at the same time. cat was shown both under the name "ann".')


def at_the_same_moment() -> Story:
    """Both have connected before either was told."""
    story = Story(UNIQUE)
    story.join("cat")
    story.connect("ann")
    story.connect("twin", nick="ann")
    return story


def test_two_who_came_at_the_same_moment_and_both_got_the_name_are_proof() -> None:
    story = at_the_same_moment()
    story.told("ann", "twin", nick="ann")
    story.knock("ann", "twin")
    hearings = both_speak(story)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.PROOF, hearings)


def test_of_two_who_came_at_the_same_moment_either_may_be_refused() -> None:
    story = at_the_same_moment()
    story.note("refused", "ann", by="taken", expected=False)
    story.told("twin", nick="ann")
    story.knock("twin")

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_to_be_closed_because_the_server_was_stopped_is_not_to_be_replaced() -> None:
    story = twins()
    story.server("stopping", how="SIGINT")
    story.closed("ann", declared="server")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_two_of_one_name_that_no_third_one_heard_prove_nothing() -> None:
    """Finding 32."""
    assert unique_nicknames(twins().history).outcome is Outcome.NOT_EXERCISED


def test_refusing_the_second_is_all_right() -> None:
    """Finding 32."""
    story = Story(UNIQUE)
    story.join("ann", "cat")
    story.connect("twin", nick="ann")
    story.note("refused", "twin", by="taken", expected=False)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_renaming_the_second_is_all_right() -> None:
    """Finding 32."""
    story = twins(given="ann_1")
    both_speak(story)

    assert unique_nicknames(story.history).outcome is Outcome.PASSED


def test_renaming_the_second_without_telling_it_is_all_right_if_others_see_the_new_name() -> None:
    story = twins()
    both_speak(story)
    story.named("cat", "no, I am", "ann_1")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_replacing_the_first_is_all_right() -> None:
    """Finding 32."""
    story = Story(UNIQUE)
    story.join("ann", "cat")
    story.say("ann", "I am ann")
    story.hear("cat", "I am ann")
    story.connect("twin", nick="ann")
    story.closed("ann")
    story.told("twin")
    story.knock("twin")
    story.say("twin", "no, I am")
    story.hear("cat", "no, I am")

    assert unique_nicknames(story.history).outcome is Outcome.PASSED


def test_one_who_comes_after_the_other_has_gone_uses_a_free_name() -> None:
    story = Story(UNIQUE)
    story.join("ann", "cat")
    story.say("ann", "I am ann")
    story.hear("cat", "I am ann")
    story.drop("ann")
    story.join("ann")
    story.say("ann", "me again")
    story.hear("cat", "me again")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


# --- unique-nicknames, of names that are taken later ---


def three() -> Story:
    story = Story(UNIQUE)
    story.join("ann", "bob", "cat")
    return story


def ann_and_bob_speak(story: Story) -> tuple[int, int]:
    story.say("ann", "I am ann")
    first = story.hear("cat", "I am ann")
    story.say("bob", "so am I")
    return first, story.hear("cat", "so am I")


def test_a_name_in_use_that_somebody_takes_later_is_proof() -> None:
    story = three()
    story.step("rename", "story.yaml:4:5")
    taken = story.rename("bob", "ann")
    hearings = ann_and_bob_speak(story)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.evidence, verdict.witness) == (Outcome.FAILED, Evidence.PROOF, hearings)
    assert verdict.summary == (
        f"bob was let take another name at {taken / 100 + 0.01:.2f} s, though ann had it."
        ' cat was shown both under the name "ann".'
    )
    assert verdict.where == "story.yaml:4:5"
    assert "same table" in verdict.hint


def test_to_come_under_a_name_that_somebody_took_later_is_proof() -> None:
    story = three()
    story.rename("bob", "zoe")
    story.join("zoe")
    story.say("bob", "I am zoe")
    story.hear("cat", "I am zoe")
    story.say("zoe", "so am I")
    story.hear("cat", "so am I")

    assert unique_nicknames(story.history).outcome is Outcome.FAILED


def test_two_who_take_one_name_at_the_same_moment_are_proof() -> None:
    story = three()
    story.note("rename", "ann", nick="zoe")
    story.note("rename", "bob", nick="zoe")
    story.note("renamed", "bob", nick="zoe", confirmed=True)
    story.note("renamed", "ann", nick="zoe", confirmed=True)
    ann_and_bob_speak(story)

    assert unique_nicknames(story.history).outcome is Outcome.FAILED


def test_refusing_a_name_in_use_to_one_who_is_there_is_all_right() -> None:
    story = three()
    story.not_renamed("bob", "ann")
    ann_and_bob_speak(story)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_a_name_that_was_given_up_may_be_taken() -> None:
    """Both were heard as ann, one after the other."""
    story = three()
    story.say("ann", "I am ann")
    story.hear("cat", "I am ann")
    story.rename("ann", "eve")
    story.rename("bob", "ann")
    story.say("bob", "now I am ann")
    story.hear("cat", "now I am ann")
    story.say("ann", "and I am eve")
    story.hear("cat", "and I am eve")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_what_was_said_before_the_name_was_given_up_may_come_after_it() -> None:
    story = three()
    story.say("ann", "I am ann")
    story.rename("ann", "eve")
    story.rename("bob", "ann")
    story.say("bob", "now I am ann")
    story.hear("cat", "now I am ann")
    story.hear("cat", "I am ann")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_name_that_is_being_given_up_may_be_free_already_or_not_yet() -> None:
    story = three()
    story.note("rename", "ann", nick="eve")
    story.rename("bob", "ann")
    story.say("ann", "I am eve now, I think")
    story.hear("cat", "I am eve now, I think")
    story.named("cat", "I am eve now, I think", "ann")
    story.say("bob", "now I am ann")
    story.hear("cat", "now I am ann")
    story.note("renamed", "ann", nick="eve", confirmed=True)

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_who_was_refused_a_name_does_not_hold_it() -> None:
    story = three()
    story.not_renamed("bob", "ann")
    story.drop("ann")
    story.join("ann")
    ann_and_bob_speak(story)

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)  # the refusal; the second ann met nobody


def test_one_who_takes_its_own_old_name_again_meets_nobody() -> None:
    story = three()
    story.rename("bob", "zoe")
    story.rename("bob", "bob")
    ann_and_bob_speak(story)

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_to_be_refused_the_own_name_or_one_that_was_given_up_keeps_nobody_apart() -> None:
    story = three()
    story.not_renamed("bob", "bob")
    story.rename("ann", "eve")
    story.not_renamed("bob", "ann")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


def test_who_was_given_another_name_than_it_wanted_keeps_nobody_from_that_one() -> None:
    story = twins(given="ann_1")
    story.rename("ann", "eve")
    story.rename("cat", "ann")

    verdict = unique_nicknames(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)  # the twin's


def test_under_which_name_one_was_shown_before_it_took_the_name_is_attributions_affair() -> None:
    story = three()
    story.say("bob", "I am bob")
    story.hear("cat", "I am bob")
    story.named("cat", "I am bob", "ann")
    story.rename("bob", "ann")
    story.say("ann", "I am ann")
    story.hear("cat", "I am ann")

    assert unique_nicknames(story.history).outcome is Outcome.NOT_EXERCISED


# --- nickname-released -----------------------------------------------------------------------------------------------


def after_bob(how: str = "reset", terms=BROADCAST) -> Story:
    story = Story(terms)
    story.join("ann", "bob")
    story.drop("bob", how)
    return story


def refused(story: Story, *, at: str = "") -> int:
    story.connect("bob")
    return story.note("refused", "bob", by="Name taken", expected=False, at=at)


def test_where_nobody_comes_back_nothing_is_exercised() -> None:
    assert nickname_released(History()).outcome is Outcome.NOT_EXERCISED
    assert nickname_released(after_bob().history).outcome is Outcome.NOT_EXERCISED


def test_where_clients_do_not_choose_their_names_it_is_not_applicable() -> None:
    story = after_bob(terms=replace(BROADCAST, nick="assigned"))

    assert nickname_released(story.history).outcome is Outcome.NOT_APPLICABLE


def test_a_name_that_is_accepted_again_is_free() -> None:
    story = after_bob()
    story.join("bob")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.exercised, verdict.at) == (Outcome.PASSED, 1, "once")


def test_refused_at_first_and_accepted_later_passes_and_says_when() -> None:
    """Finding 31: the server may not have read the end of the old connection yet."""
    story = after_bob()
    refused(story)
    story.note("look", number=1)
    story.note("look", number=2)
    story.note("look", number=3)
    story.join("bob")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.at) == (Outcome.PASSED, "after speech")


def test_refused_to_the_end_of_patience_is_an_absence() -> None:
    story = after_bob()
    refused(story)
    last = refused(story)
    story.waited(("told", "bob", "bob"), purpose="nickname")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness[-1] == last
    assert verdict.summary == (
        'bob dropped (reset) at 0.13 s. The nickname was still refused with "Name taken" at 0.19 s, after 2 tries.'
    )
    assert "finally" in verdict.hint


def test_a_spoilt_wait_for_the_name_proves_nothing() -> None:
    story = after_bob()
    refused(story)
    story.waited(("told", "bob", "bob"), purpose="nickname", valid=False)

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.MACHINE)


def test_one_refusal_without_any_patience_proves_nothing() -> None:
    story = after_bob()
    refused(story)

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_client_that_vanished_still_holds_its_name() -> None:
    """Finding 11."""
    story = after_bob("vanish")
    refused(story)
    story.waited(("told", "bob", "bob"), purpose="nickname")

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED


def test_a_name_that_somebody_else_has_taken_meanwhile_is_not_free() -> None:
    story = after_bob()
    story.connect("twin", nick="bob")
    story.told("twin")
    refused(story)
    story.waited(("told", "bob", "bob"), purpose="nickname")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_a_refusal_that_the_scenario_wanted_is_no_try() -> None:
    story = after_bob()
    story.connect("bob")
    story.note("refused", "bob", by="Name taken", expected=True)
    story.waited(("told", "bob", "bob"), purpose="nickname")

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED


# --- nickname-released, of names that were taken later ---


def after_a_rename(confirmed: bool = True) -> Story:
    story = Story(BROADCAST)
    story.join("ann", "bob")
    story.rename("bob", "zoe", confirmed)
    return story


def comes_as(story: Story, nick: str, *, let: bool) -> int:
    story.connect("cat", nick=nick)
    return story.told("cat", nick=nick) if let else story.note("refused", "cat", by="Name taken", expected=False)


def test_the_old_name_of_one_who_has_taken_another_is_free() -> None:
    story = after_a_rename()
    comes_as(story, "bob", let=True)

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.exercised, verdict.at) == (Outcome.PASSED, 1, "once")
    assert verdict.summary.endswith("after the holder had gone or taken another.")


def test_an_old_name_that_stays_taken_is_an_absence() -> None:
    story = after_a_rename()
    comes_as(story, "bob", let=False)
    last = comes_as(story, "bob", let=False)
    story.waited(("nickname", "cat", "bob"), purpose="nickname")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.evidence) == (Outcome.FAILED, Evidence.ABSENCE)
    assert verdict.witness[-1] == last
    assert verdict.summary == (
        'bob was called "zoe" from 0.14 s on. "bob" was still refused with "Name taken" at 0.20 s, after 2 tries.'
    )
    assert verdict.hint == "Who takes another name gives the old one up: take it out of the table."


def test_when_an_old_name_is_free_nobody_can_tell_where_renames_are_not_confirmed() -> None:
    story = after_a_rename(confirmed=False)
    comes_as(story, "bob", let=False)
    story.waited(("nickname", "cat", "bob"), purpose="nickname")

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED


def test_the_new_name_is_not_free_while_its_holder_is_there() -> None:
    story = after_a_rename()
    comes_as(story, "zoe", let=False)
    story.waited(("nickname", "cat", "zoe"), purpose="nickname")

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED


def test_the_new_name_must_be_free_once_its_holder_has_gone() -> None:
    story = after_a_rename()
    story.leave("bob")
    comes_as(story, "zoe", let=False)
    story.waited(("nickname", "cat", "zoe"), purpose="nickname")

    verdict = nickname_released(story.history)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.summary.startswith("bob left at 0.15 s. The nickname was still refused")


def test_an_old_name_that_its_holder_has_taken_again_is_not_free() -> None:
    story = after_a_rename()
    story.rename("bob", "bob")
    comes_as(story, "bob", let=False)
    story.waited(("nickname", "cat", "bob"), purpose="nickname")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)  # that it could take it again


def test_an_old_name_that_somebody_else_has_taken_or_is_taking_is_not_free() -> None:
    for answered in (True, False):
        story = after_a_rename()
        story.note("rename", "ann", nick="bob")
        if answered:
            story.note("renamed", "ann", nick="bob", confirmed=True)
        comes_as(story, "bob", let=False)
        story.waited(("nickname", "cat", "bob"), purpose="nickname")

        assert nickname_released(story.history).outcome is not Outcome.FAILED


def test_one_who_is_there_may_take_the_name_of_one_who_has_gone() -> None:
    story = after_a_rename()
    story.drop("bob")
    story.rename("ann", "zoe")

    verdict = nickname_released(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_an_old_name_that_somebody_else_had_all_the_time_is_not_free() -> None:
    story = Story(BROADCAST)
    story.join("ann", "bob")
    story.connect("twin", nick="bob")
    story.told("twin")
    story.rename("bob", "zoe")
    comes_as(story, "bob", let=False)
    story.waited(("nickname", "cat", "bob"), purpose="nickname")

    assert nickname_released(story.history).outcome is Outcome.NOT_EXERCISED
