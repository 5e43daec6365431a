"""The checks on order, and the table of all checks: literal histories, each a few lines."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from chatsim.checks.catalogue import CHECKS
from chatsim.checks.causal import causal_order
from chatsim.checks.fifo import fifo_order
from chatsim.checks.judge import judge, outcome_of
from chatsim.checks.membership_order import membership_order
from chatsim.checks.total import total_order
from chatsim.checks.verdict import Check, Evidence, Outcome, Verdict
from chatsim.history import Header, History
from chatsim.terms import Speech, Terms
from tests.checks.gathering import Gathering
from tests.checks.story import BROADCAST, Story, promising
from tests.checks.ways import both_ways

pytestmark = pytest.mark.usefixtures("both_ways")
__all__ = ["both_ways"]

ORDERED = promising("total-order", "causal-order")


def together(*bots: str, terms: Terms = ORDERED) -> Story:
    """They are there, and no knock counts."""
    story = Story(terms)
    story.connect(*bots)
    story.told(*bots)
    story.step("chat", place="story.yaml:7:5")
    return story


def outcome(check: Check, story: Story) -> Outcome:
    return check(story.history).outcome


def failure(check: Check, story: Story) -> Verdict:
    verdict = check(story.history)
    assert verdict.outcome is Outcome.FAILED, verdict
    return verdict


# --- fifo-order ---------------------------------------------------------------------------------------------------------


def test_two_of_one_sender_the_wrong_way_round_violate_fifo() -> None:
    story = together("ann", "bob")
    one, two = story.say("ann", "one"), story.say("ann", "two")
    heard_two, heard_one = story.hear("bob", "two"), story.hear("bob", "one")

    verdict = failure(fifo_order, story)
    assert verdict.summary == 'bob heard "two" from ann before "one", which ann had said first.'
    assert verdict.witness == tuple(sorted((one, two, heard_two, heard_one)))
    assert (verdict.evidence, verdict.where) == (Evidence.PROOF, "story.yaml:7:5")


def test_fifo_passes_and_is_not_exercised() -> None:
    story = together("ann", "bob")
    story.say("ann", "one")
    story.hear("bob", "one")
    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED

    story.say("ann", "two")
    story.hear("bob", "two")

    verdict = fifo_order(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_two_connections_of_one_bot_are_two_senders() -> None:
    """The server reads them in two threads: the second may be quicker."""
    story = together("ann", "bob")
    story.say("ann", "one")
    story.leave("ann")
    story.connect("ann")
    story.told("ann")
    story.say("ann", "two")
    story.all_hear("two", "bob")
    story.all_hear("one", "bob")

    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED


def test_two_channels_have_no_common_order() -> None:
    story = together("ann", "bob", terms=replace(ORDERED, whisper=Speech(possible=True, heard=True)))
    story.say("ann", "one")
    story.whisper("ann", "bob", "two")
    story.all_hear("two", "bob")
    story.all_hear("one", "bob")

    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED


def test_a_replay_has_no_place_in_an_order() -> None:
    story = together("ann", "bob")
    story.say("ann", "one")
    story.say("ann", "two")
    story.connect("cat")
    story.told("cat")
    story.hear("cat", "two")
    story.hear("cat", "one")

    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED


def test_a_second_copy_has_no_place_in_an_order() -> None:
    story = together("ann", "bob")
    story.say("ann", "one")
    story.say("ann", "two")
    for text in ("one", "two", "one"):
        story.hear("bob", text)

    assert outcome(fifo_order, story) is Outcome.PASSED


@pytest.mark.parametrize("kind", ["half", "piece"])
def test_halves_and_pieces_have_no_place_in_an_order(kind: str) -> None:
    story = together("ann", "bob")
    story.say("ann", "one", kind=kind)
    story.say("ann", "two")
    story.hear("bob", "two")
    story.hear("bob", "one")

    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED


def test_fences_and_knocks_are_ordinary_messages() -> None:
    story = together("ann", "bob")
    story.say("ann", "one")
    story.say("ann", "fence", kind="fence")
    story.hear("bob", "fence")
    story.hear("bob", "one")

    assert outcome(fifo_order, story) is Outcome.FAILED


def test_a_lost_message_breaks_no_order() -> None:
    story = together("ann", "bob")
    for text in ("one", "two", "three"):
        story.say("ann", text)
    story.hear("bob", "one")
    story.hear("bob", "three")

    assert outcome(fifo_order, story) is Outcome.PASSED


# --- causal-order -------------------------------------------------------------------------------------------------------


def test_a_reply_before_what_it_answers_violates_causal_order() -> None:
    story = together("ann", "bob", "cat")
    story.say("ann", "soup?")
    known = story.hear("bob", "soup?")
    reply = story.say("bob", "yes")
    early, late = story.hear("cat", "yes"), story.hear("cat", "soup?")

    verdict = failure(causal_order, story)
    assert verdict.summary == (
        'cat heard "yes" from bob before "soup?" from ann. bob had heard "soup?" before it said "yes".'
    )
    assert verdict.witness == (known, reply, early, late)


def test_a_reply_after_what_it_answers_is_right() -> None:
    story = together("ann", "bob", "cat")
    story.say("ann", "soup?")
    story.all_hear("soup?", "bob", "cat")
    story.say("bob", "yes")
    story.hear("cat", "yes")

    verdict = causal_order(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_two_who_had_not_heard_each_other_may_be_heard_in_any_order() -> None:
    story = together("ann", "bob", "cat")
    story.say("ann", "one")
    story.say("bob", "two")
    story.hear("bob", "one")
    story.hear("cat", "two")
    story.hear("cat", "one")

    assert outcome(causal_order, story) is Outcome.NOT_EXERCISED


def test_the_causal_past_reaches_through_links_that_the_receiver_missed() -> None:
    """eve never hears "two"; yet "three" follows from "one". Direct replies alone would not show it."""
    story = together("ann", "bob", "cat", "eve")
    story.say("ann", "one")
    first = story.hear("bob", "one")
    story.say("bob", "two")
    second = story.hear("cat", "two")
    story.say("cat", "three")
    story.hear("eve", "three")
    story.hear("eve", "one")

    verdict = failure(causal_order, story)
    assert 'eve heard "three" from cat before "one" from ann.' in verdict.summary
    assert {first, second} < set(verdict.witness)


def test_what_was_said_before_a_message_that_was_heard_is_in_its_past() -> None:
    """bob has heard ann's second only; her first lies in its past all the same."""
    story = together("ann", "bob", "cat")
    story.say("ann", "one")
    story.say("ann", "two")
    story.hear("bob", "two")
    story.say("bob", "three")
    story.hear("cat", "three")
    story.hear("cat", "one")

    assert outcome(causal_order, story) is Outcome.FAILED


def test_causal_order_is_no_promise_by_default() -> None:
    assert outcome(causal_order, together("ann", "bob", terms=BROADCAST)) is Outcome.NOT_APPLICABLE


# --- total-order --------------------------------------------------------------------------------------------------------


def test_two_receivers_who_disagree_violate_total_order() -> None:
    story = together("ann", "bob", "cat", "dan")
    story.say("ann", "one")
    story.say("bob", "two")
    cat = [story.hear("cat", "one"), story.hear("cat", "two")]
    dan = [story.hear("dan", "two"), story.hear("dan", "one")]

    verdict = failure(total_order, story)
    assert verdict.summary == 'cat heard "one" before "two", dan heard "two" before "one".'
    assert verdict.witness == (*cat, *dan)
    assert verdict.where == "story.yaml:7:5"


def test_three_receivers_can_contradict_each_other_though_no_two_do() -> None:
    story = together("ann", "bob", "cat", "p", "q", "r")
    for bot, text in (("ann", "1"), ("bob", "2"), ("cat", "3")):
        story.say(bot, text)
    for bot, heard in (("p", "12"), ("q", "23"), ("r", "31")):
        for text in heard:
            story.hear(bot, text)

    verdict = failure(total_order, story)
    assert len(verdict.witness) == 6
    assert verdict.summary.endswith("No one order fits them all.")


def test_total_order_counts_the_pairs_that_were_said_at_the_same_time() -> None:
    story = together("ann", "bob", "cat", "dan")
    story.say("ann", "one")
    story.say("bob", "two")
    for bot in ("cat", "dan"):
        story.all_hear("one", bot)
        story.all_hear("two", bot)

    verdict = total_order(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_messages_said_one_after_another_exercise_no_total_order() -> None:
    story = together("ann", "bob", "cat", "dan")
    story.say("ann", "one")
    story.all_hear("one", "bob", "cat", "dan")
    story.say("bob", "two")
    story.all_hear("two", "ann", "cat", "dan")

    assert outcome(total_order, story) is Outcome.NOT_EXERCISED


def test_one_common_receiver_is_not_enough() -> None:
    story = together("ann", "bob", "cat")
    story.say("ann", "one")
    story.say("bob", "two")
    story.all_hear("one", "bob", "cat")
    story.all_hear("two", "ann", "cat")

    assert outcome(total_order, story) is Outcome.NOT_EXERCISED


def test_rooms_are_ordered_each_for_itself() -> None:
    story = together("ann", "bob", "cat", "dan", terms=replace(ORDERED, room=Speech(True, True), rooms=True))
    story.say("ann", "one")
    story.say("bob", "two", channel="room:kitchen")
    story.hear("cat", "one"), story.hear("cat", "two")
    story.hear("dan", "two"), story.hear("dan", "one")

    assert outcome(total_order, story) is Outcome.NOT_EXERCISED


def test_total_order_is_no_promise_by_default() -> None:
    assert outcome(total_order, together("ann", "bob", terms=BROADCAST)) is Outcome.NOT_APPLICABLE


# --- membership-order ---------------------------------------------------------------------------------------------------


def test_a_message_before_the_notice_of_its_joining_violates_membership_order() -> None:
    story = together("ann")
    story.connect("bob")
    story.told("bob")
    sent = story.say("bob", "hi")
    heard = story.hear("ann", "hi")
    notice = story.notice("ann", "joined", "bob")

    verdict = failure(membership_order, story)
    assert verdict.summary == 'ann heard "hi" from bob before it was told that bob had joined.'
    assert verdict.witness == (sent, heard, notice)


def test_a_message_after_the_notice_of_its_leaving_violates_membership_order() -> None:
    story = together("ann", "bob")
    story.say("bob", "bye")
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.hear("ann", "bye")

    assert failure(membership_order, story).summary == ('ann heard "bye" from bob after it was told that bob had left.')


def test_between_the_notices_all_is_well() -> None:
    story = together("ann")
    story.connect("bob")
    story.notice("ann", "joined", "bob")
    story.told("bob")
    story.say("bob", "hi")
    story.hear("ann", "hi")
    story.leave("bob")
    story.notice("ann", "left", "bob")

    verdict = membership_order(story.history)
    assert (verdict.outcome, verdict.exercised) == (Outcome.PASSED, 1)


def test_the_next_connection_of_the_same_name_speaks_rightly_after_the_notice_of_the_last() -> None:
    story = together("ann", "bob")
    story.leave("bob")
    story.notice("ann", "left", "bob")
    story.connect("bob")
    story.told("bob")
    story.say("bob", "back")
    story.hear("ann", "back")

    assert outcome(membership_order, story) is Outcome.NOT_EXERCISED


def test_a_notice_that_may_be_anothers_proves_nothing() -> None:
    """Two of one name have come: whose notice this is nobody can tell."""
    story = together("ann")
    story.connect("bob")
    story.told("bob")
    story.say("bob", "hi")
    story.connect("twin", nick="bob")
    story.hear("ann", "hi")
    story.notice("ann", "joined", "bob")

    assert outcome(membership_order, story) is Outcome.NOT_EXERCISED


def test_a_replay_may_come_after_its_author_has_left() -> None:
    story = together("bob")
    story.say("bob", "hi")
    story.connect("ann")
    story.told("ann")
    story.drop("bob")
    story.notice("ann", "dropped", "bob")
    story.hear("ann", "hi")

    assert outcome(membership_order, story) is Outcome.NOT_EXERCISED


def test_without_notices_membership_order_does_not_apply() -> None:
    terms = replace(BROADCAST, notices=frozenset())

    assert outcome(membership_order, together("ann", terms=terms)) is Outcome.NOT_APPLICABLE


# --- the table and the outcome of a run ---------------------------------------------------------------------------------


def busy(terms: Terms = ORDERED) -> Story:
    story = Gathering(terms)
    story.join("ann", "bob", "cat", "dan")
    for round_ in range(3):
        for bot in ("ann", "bob"):
            story.say(bot, f"{bot} {round_}")
        for bot in ("ann", "bob"):
            story.all_hear(f"{bot} {round_}", *(other for other in story.there if other != bot))
    story.settled()
    story.ended()
    return story


def test_every_check_gives_one_verdict_under_its_own_name_on_any_history() -> None:
    for story in (Story(), busy(), busy(BROADCAST)):
        for name, check in CHECKS.items():
            assert check(story.history).property == name


def test_a_right_server_fails_in_nothing() -> None:
    outcomes = {verdict.property: verdict.outcome for verdict in judge(busy().history)}

    assert Outcome.FAILED not in outcomes.values()
    assert Outcome.INCONCLUSIVE not in outcomes.values()
    for name in ("delivery", "fifo-order", "causal-order", "total-order"):
        assert outcomes[name] is Outcome.PASSED


def test_a_history_read_back_gets_the_same_verdicts() -> None:
    for story in (Story(), busy(), busy(BROADCAST)):
        file = io.StringIO()
        story.history.write(file)

        assert judge(History.read(file.getvalue().splitlines(keepends=True))) == judge(story.history)


def test_only_what_is_asked_for_is_judged() -> None:
    history = busy().history

    assert [v.property for v in judge(history, ["order"])] == [
        "fifo-order",
        "causal-order",
        "total-order",
        "membership-order",
    ]
    assert [v.property for v in judge(history, ["echo", "delivery"])] == ["delivery", "echo"]


def test_the_header_says_what_is_asked_for() -> None:
    story = Story(check=("isolation",))

    assert [v.property for v in judge(story.history)] == ["isolation"]


def test_a_history_that_has_grown_is_read_anew() -> None:
    story = together("ann", "bob")
    story.say("ann", "one")
    story.say("ann", "two")
    story.hear("bob", "two")
    assert outcome(fifo_order, story) is Outcome.NOT_EXERCISED

    story.hear("bob", "one")

    assert outcome(fifo_order, story) is Outcome.FAILED


PASSED, FAILED = Verdict("delivery", Outcome.PASSED), Verdict("echo", Outcome.FAILED)
UNSURE, IDLE = Verdict("intact", Outcome.INCONCLUSIVE), Verdict("isolation", Outcome.NOT_EXERCISED)
APART = Verdict("attribution", Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize(
    ("verdicts", "check", "expected"),
    [
        ([PASSED, IDLE, APART], ("everything",), Outcome.PASSED),
        ([PASSED, UNSURE, FAILED], ("everything",), Outcome.FAILED),
        ([PASSED, UNSURE], ("everything",), Outcome.INCONCLUSIVE),
        ([PASSED, IDLE], ("isolation", "delivery"), Outcome.INCONCLUSIVE),
        ([PASSED, IDLE], ("messages",), Outcome.PASSED),
        ([PASSED, APART], ("attribution", "delivery"), Outcome.PASSED),
        ([IDLE, APART], ("everything",), Outcome.INCONCLUSIVE),
        ([], ("everything",), Outcome.INCONCLUSIVE),
    ],
)
def test_the_outcome_of_a_run(verdicts: list[Verdict], check: tuple[str, ...], expected: Outcome) -> None:
    assert outcome_of(verdicts, Header(check=check)) is expected
