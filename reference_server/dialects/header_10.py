"""Lengths in ten columns, and each message arrives as two frames: who, and what. No roster, no notices.

Nobody is told of anybody, so nothing is lost when two bear the same name: it is only a label on what is said.
"""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import Guest, is_proper_name

WIDTH = 10


def framed(text: str) -> bytes:
    return wire.with_decimal_header(text, WIDTH)


class Header10(Dialect):
    name = "header-10"
    summary = "10-byte decimal length; a message arrives as two frames, name and text"

    def __init__(self) -> None:
        self._nicks: dict[Guest, str] = {}

    def framing(self) -> wire.Framing:
        return wire.DecimalHeader(WIDTH)

    def heard(self, guest: Guest, message: bytes) -> Effects:
        text = wire.text_of(message)
        nick = self._nicks.get(guest)
        if text is None:
            yield HangUp(guest)
        elif nick is not None:
            others = tuple(other for other in self._nicks if other != guest)
            yield Tell(others, framed(nick) + framed(text))
        elif is_proper_name(text):
            self._nicks[guest] = text
        else:
            yield HangUp(guest)

    def left(self, guest: Guest) -> Effects:
        self._nicks.pop(guest, None)
        return ()
