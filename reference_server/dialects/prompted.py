"""The server asks for the nickname and writes it before what is said. Chunks, so quick messages run together."""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import Guest, Room, is_proper_name


class Prompted(Dialect):
    name = "prompted"
    summary = "raw chunks; the server asks NICK and writes names and notices"
    may_join_pieces = False

    def __init__(self) -> None:
        self.room = Room()

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        yield Tell((guest,), b"NICK")

    def heard(self, guest: Guest, message: bytes) -> Effects:
        nick = self.room.nick_of(guest)
        if nick is None:
            # Somebody who tries this by hand ends the name with a newline.
            yield from self._introduce(guest, message.decode().strip())
        else:
            yield Tell(self.room.others(guest), nick.encode() + b": " + message)

    def left(self, guest: Guest) -> Effects:
        nick = self.room.leave(guest)
        if nick is not None:
            yield Tell(self.room.everyone(), f"{nick} left the chat!".encode())

    def _introduce(self, guest: Guest, nick: str) -> Effects:
        if not is_proper_name(nick):
            yield Tell((guest,), b"Nickname not allowed!")
            yield HangUp(guest)
        elif not self.room.join(guest, nick):
            yield Tell((guest,), b"Nickname already in use!")
            yield HangUp(guest)
        else:
            yield Tell((guest,), b"Connected to the server!")
            yield Tell(self.room.others(guest), f"{nick} joined the chat!".encode())
