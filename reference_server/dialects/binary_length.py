"""Four bytes of length before each message; everybody hears everything, the speaker included."""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import Guest, Room, is_proper_name


def to_one(guest: Guest, text: str) -> Tell:
    return to_all((guest,), text)


def to_all(guests: tuple[Guest, ...], text: str) -> Tell:
    return Tell(guests, wire.with_binary_header(text))


class BinaryLength(Dialect):
    name = "binary-length"
    summary = "4-byte length; /nick NAME first; echo to the speaker; /names, /bye"

    def __init__(self) -> None:
        self.room = Room()

    def framing(self) -> wire.Framing:
        return wire.BinaryHeader()

    def heard(self, guest: Guest, message: bytes) -> Effects:
        text = wire.text_of(message)
        nick = self.room.nick_of(guest)
        if text is None:
            yield to_one(guest, "ERROR not UTF-8 text")
        elif text == "/bye":
            yield to_one(guest, "BYE")
            yield HangUp(guest)
        elif nick is None:
            yield from self._introduce(guest, text)
        elif text == "/names":
            yield to_one(guest, " ".join(["NAMES", *self.room.nicks()]))
        elif text.startswith("/nick "):
            yield to_one(guest, f"ERROR you are {nick}")
        else:
            yield to_all(self.room.everyone(), f"{nick}: {text}")

    def malformed(self, guest: Guest, why: str) -> Effects:
        yield to_one(guest, f"ERROR {why}")
        yield HangUp(guest)

    def left(self, guest: Guest) -> Effects:
        nick = self.room.leave(guest)
        if nick is not None:
            yield to_all(self.room.everyone(), f"- {nick}")

    def _introduce(self, guest: Guest, text: str) -> Effects:
        nick = text.removeprefix("/nick ")
        if nick == text:
            yield to_one(guest, "ERROR first say /nick NAME")
        elif not is_proper_name(nick):
            yield to_one(guest, "ERROR name not allowed")
        elif not self.room.join(guest, nick):
            yield to_one(guest, "ERROR name taken")
        else:
            yield to_one(guest, "OK")
            yield to_all(self.room.others(guest), f"+ {nick}")
