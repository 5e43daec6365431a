"""Where the server gives the names, it may tell the others about a newcomer before the newcomer has read its own."""

from __future__ import annotations

from playing import play

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, Tell
from reference_server.room import Guest

PROFILE = """
profile: guests
framing: newline
nick: assigned
join: [{await: "You are {nick}"}]
hears: "{nick}: {text}"
notices: {joined: "{nick} came", left: "{nick} went"}
"""
STEPS = """
- join: ann
- join: bob
- connect: cat
- join: dan
- chat: {ann: {count: 2}, bob: {count: 2}}
- drop: bob
"""


class Guests(Dialect):
    """Who connects is in, under a name of the server's; the others are told first."""

    name = "guests"
    summary = "names are given"

    def __init__(self) -> None:
        self.here: list[Guest] = []

    def framing(self) -> wire.Framing:
        return wire.Lines()

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        yield Tell(tuple(self.here), f"guest{guest}x came\n".encode())
        self.here.append(guest)
        yield Tell((guest,), f"You are guest{guest}x\n".encode())

    def heard(self, guest: Guest, message: bytes) -> Effects:
        others = tuple(each for each in self.here if each != guest)
        yield Tell(others, f"guest{guest}x: ".encode() + message + b"\n")

    def left(self, guest: Guest) -> Effects:
        self.here.remove(guest)
        yield Tell(tuple(self.here), f"guest{guest}x went\n".encode())


def test_a_notice_that_is_quicker_than_the_name_is_understood_and_nobody_waits_for_it() -> None:
    for seed in range(20):  # the simulated lines are of different lengths each time
        played = play(STEPS, bots="[ann, bob, cat, dan]", profile=PROFILE, dialect=Guests, seed=seed)

        assert not played.bad()
        assert not played.details("wait")
        assert played.outcome("join-notice") == "passed"
