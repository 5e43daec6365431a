"""Where there is no public chat, whatever is said without a room is said in the default one."""

from __future__ import annotations

from playing import play

PROFILE = """
profile: own
extends: lines
says: no
hears: no
rooms: {default: "lobby"}
"""


def test_pieces_and_glued_messages_go_to_the_default_room() -> None:
    steps = """
    - join: everyone
    - send: {ann: {text: "naïve 漢字", in-pieces: bytes}, bob: {size: 60B, glued: 2}}
    - chat: {cat: {count: 1}}
    """

    played = play(steps, profile=PROFILE, dialect="lines")

    assert not played.bad()
    assert {message.channel for message in played.said("chat")} == {"room:lobby"}
