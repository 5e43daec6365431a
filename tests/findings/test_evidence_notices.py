"""Who was to be told of whom, by counterexample."""

from __future__ import annotations

from dataclasses import replace

from houses import ONE_ROOM, OneRoom
from playing import Played, play
from story import BROADCAST, Story

from chatsim.checks.isolation import isolation
from chatsim.checks.membership import leave_notice
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


def moving(dialect: type[OneRoom], to: str = "garden") -> Played:
    steps = f"""
        - join: everyone
        - enter: {{ann and bob: "kitchen"}}
        - enter: {{bob: "{to}"}}
        - chat: {{ann: {{in: "kitchen", count: 2}}}}
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
    played = moving(OneRoom, to="cellar")

    assert [d["room"] for d in played.details("refused")] == ["cellar"]
    assert len(played.heard("bob")) == 2
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
