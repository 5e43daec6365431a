"""Who was to be told of whom, by counterexample."""

from __future__ import annotations

from dataclasses import replace

from houses import ONE_ROOM, OneRoom
from playing import Played, play
from simulated import Faults
from story import BROADCAST, Story

from chatsim.checks.isolation import isolation
from chatsim.checks.membership import drop_notice, leave_notice
from chatsim.checks.verdict import Outcome
from chatsim.terms import Speech

IN_ONE_ROOM = replace(
    BROADCAST,
    rooms=True,
    room=Speech(possible=True, heard=True),
    room_notices=frozenset(("joined", "left")),
    notices=frozenset(),
)


class ForgetsToTell(OneRoom):
    forgets_to_tell = True


def moving(dialect: type[OneRoom], to: str = "garden", speaks_in: str = "garden") -> Played:
    steps = f"""
        - join: everyone
        - enter: {{ann and bob: "kitchen"}}
        - enter: {{bob: "{to}"}}
        - chat: {{ann: {{in: "kitchen", count: 2}}}}
        - chat: {{bob: {{in: "{speaks_in}", count: 2}}}}
    """
    return play(steps, profile=ONE_ROOM, dialect=dialect)


# --- rooms: where one may be in one only, entering is leaving -----------------------------------------------------------


def test_those_who_stay_in_a_room_are_owed_the_notice_of_one_who_goes_into_another_and_it_is_waited_for() -> None:
    right, wrong = moving(OneRoom), moving(ForgetsToTell)

    assert not right.bad()
    assert not right.details("wait")
    assert [w["missing"] for w in wrong.details("wait")] == [[["notice", wrong.sid("ann"), "left bob"]]]
    assert wrong.bad().keys() == {"leave-notice"}
    assert wrong.outcome("leave-notice") == "failed"


def test_one_who_is_refused_a_room_has_not_left_the_one_it_is_in() -> None:
    played = moving(OneRoom, to="cellar", speaks_in="kitchen")

    assert [d["room"] for d in played.details("refused")] == ["cellar"]
    assert len(played.heard("bob")) == len(played.heard("ann")) == 2
    assert not played.details("wait")
    assert not played.bad()


def test_what_is_said_in_its_old_room_is_no_leak_to_one_who_was_refused_another() -> None:
    story = Story(IN_ONE_ROOM)
    story.join("ann", "bob")
    for bot in ("ann", "bob"):
        story.note("enter", bot, room="kitchen")
        story.note("entered", bot, room="kitchen")
    story.settled()
    story.note("enter", "bob", room="cellar")
    story.note("refused", "bob", by="full", expected=False, room="cellar")
    story.settled()
    story.say("ann", "hi", channel="room:kitchen")
    story.hear("bob", "hi", "room")
    story.settled()

    assert isolation(story.history).outcome is not Outcome.FAILED
    assert leave_notice(story.history).outcome is Outcome.NOT_EXERCISED

    story.say("ann", "psst", channel="room:cellar")
    story.hear("bob", "psst", "room")

    assert isolation(story.history).outcome is Outcome.FAILED


# --- who notices by writing -----------------------------------------------------------------------------------------------


def dropped_and_restarted(spoken: int) -> Story:
    """bob drops, ann waits in vain, `spoken` messages are said, and we stop the server."""
    story = Story(BROADCAST)
    story.join("ann", "bob", "cat")
    story.settled()
    story.drop("bob")
    story.settled("patience")
    for number in range(spoken):
        story.say("cat", f"word {number}")
        story.hear("ann", f"word {number}")
        story.settled()
    story.server("stopping")
    return story


def test_a_server_that_we_stop_before_anybody_spoke_twice_may_not_have_noticed_who_dropped() -> None:
    """It notices at the second write to who has gone, and had nothing to write."""
    outcomes = [drop_notice(dropped_and_restarted(spoken).history).outcome for spoken in range(3)]

    assert outcomes == [Outcome.NOT_EXERCISED, Outcome.NOT_EXERCISED, Outcome.FAILED]


def test_a_notice_that_was_waited_for_in_vain_gets_its_chance_after_somebody_has_spoken_twice() -> None:
    """All sockets are closed, so the looks at what is left would end with the first of them."""
    played = play(
        "- join: everyone\n- drop: cat", faults=Faults(forget_notices=1.0), latency=(0.001, 0.001), cuts=False
    )

    assert [d["number"] for d in played.details("look")] == [1, 2, 3]
    assert played.outcome("drop-notice") == "failed"
    assert [d["number"] for d in play("- join: everyone\n- drop: cat").details("look")] == [1]
