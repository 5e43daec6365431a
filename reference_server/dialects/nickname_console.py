"""A chatroom that has only got as far as the server's console: what clients say is printed and relayed to nobody."""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, Show, Tell
from reference_server.room import Guest


class NicknameConsole(Dialect):
    name = "nickname-console"
    summary = "raw chunks; nickname first; messages are printed and relayed to nobody"
    may_join_pieces = False

    def __init__(self) -> None:
        self._introduced: set[Guest] = set()

    def framing(self) -> wire.Framing:
        return wire.WholeCharacters()

    def heard(self, guest: Guest, message: bytes) -> Effects:
        if guest not in self._introduced:
            # The nickname itself is not kept: the clients of this dialect write it into each message.
            self._introduced.add(guest)
            yield Tell((guest,), b"Welcome to this chatroom!")
        else:
            yield Show(f"Message from client:  {message.decode()}")

    def left(self, guest: Guest) -> Effects:
        self._introduced.discard(guest)
        return ()
