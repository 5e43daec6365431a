"""What can be said of an order, by counterexample: never by whose receipt was read first."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from playing import play
from simulated import Faults
from story import Story, promising

from chatsim.checks.causal import causal_order
from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome
from chatsim.history import History

PROMISED = promising("total-order", "causal-order")


def test_what_a_bot_says_after_it_came_back_follows_only_what_was_heard_before() -> None:
    """Two connections are two threads of the server: the second may be served first, unless the first had been heard."""
    for heard_before in (False, True):
        story = Story(PROMISED)
        story.join("ann", "bob", "cat")
        story.settled()
        story.say("bob", "one")
        story.leave("bob")
        if heard_before:
            story.hear("ann", "one")
        story.join("bob")
        if heard_before:
            story.say("ann", "so?")
            story.hear("bob", "so?")
        story.say("bob", "two")
        story.hear("cat", "two")
        story.hear("cat", "one")
        story.settled()

        assert (causal_order(story.history).outcome is Outcome.FAILED) == heard_before


def shuffled(history: History, seed: int) -> History:
    """The same run, as another reader of the sockets would have seen it: neighbouring receipts of two bots swapped."""
    chance, order = random.Random(seed), list(history)
    for _ in range(3):
        for at in range(len(order) - 1):
            one, other = order[at], order[at + 1]
            if one.kind == other.kind == "heard" and one.session != other.session and chance.random() < 0.5:
                order[at], order[at + 1] = other, one
    again = History(history.header)
    again.messages.extend(history.messages)
    for entry, was in zip(order, history, strict=True):
        if entry.kind in ("send", "handed", "heard", "ack"):
            again.say(was.t, entry.kind, entry.session, entry.ref, entry.form)
        else:
            again.note(was.t, entry.kind, entry.session, **entry.detail)
    return again


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), wrong=st.sampled_from((Faults(), Faults(reorder=0.4), Faults(lose=0.2))))
def test_whose_receipt_was_read_first_decides_nothing(seed: int, wrong: Faults) -> None:
    played = play("- join: everyone\n- chat: {everyone: {count: 6, every: 1ms}}\n- settle:", seed=seed, faults=wrong)

    outcomes = {verdict.property: verdict.outcome for verdict in played.verdicts.values()}
    assert {v.property: v.outcome for v in judge(shuffled(played.history, seed))} == outcomes
