"""Every message, both ways, comes after its length in 64 columns."""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import Guest, Room, is_proper_name

WIDTH = 64
FAREWELL = "!DISCONNECT"


def framed(text: str) -> bytes:
    return wire.with_decimal_header(text, WIDTH)


class Header64(Dialect):
    name = "header-64"
    summary = "64-byte decimal length before each message; nickname first; !DISCONNECT"

    def __init__(self) -> None:
        self.room = Room()

    def framing(self) -> wire.Framing:
        return wire.DecimalHeader(WIDTH)

    def heard(self, guest: Guest, message: bytes) -> Effects:
        text = wire.text_of(message)
        nick = self.room.nick_of(guest)
        if text is None or text == FAREWELL:
            yield HangUp(guest)
        elif nick is None:
            yield from self._introduce(guest, text)
        else:
            yield Tell(self.room.others(guest), framed(f"{nick}: {text}"))

    def left(self, guest: Guest) -> Effects:
        nick = self.room.leave(guest)
        if nick is not None:
            yield Tell(self.room.everyone(), framed(f"{nick} has left"))

    def _introduce(self, guest: Guest, nick: str) -> Effects:
        if not is_proper_name(nick):
            yield Tell((guest,), framed("Name not allowed"))
            yield HangUp(guest)
        elif not self.room.join(guest, nick):
            yield Tell((guest,), framed("Name taken"))
            yield HangUp(guest)
        else:
            yield Tell((guest,), framed("Connected"))
            yield Tell(self.room.others(guest), framed(f"{nick} has joined"))
