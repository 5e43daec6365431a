"""What a dialect is: it is told what happened and answers with effects, which the server carries out in that order.

Pure, like the room that most dialects keep: no socket, no thread. The server calls a dialect under its one lock
and carries the effects out under the same lock, so everybody hears everything in one order.
"""

from collections.abc import Iterable
from typing import ClassVar, NamedTuple, TypeAlias

from reference_server import wire
from reference_server.room import Guest


class Tell(NamedTuple):
    """These guests get these bytes. Those who have gone are passed over."""

    to: tuple[Guest, ...]
    data: bytes


class HangUp(NamedTuple):
    """The guest goes: what it has been told so far still reaches it, then its connection ends."""

    guest: Guest


class Show(NamedTuple):
    """One line for the server's console."""

    text: str


Effect: TypeAlias = Tell | HangUp | Show
Effects: TypeAlias = Iterable[Effect]


class Dialect:
    """A dialect without manners: it frames nothing, greets nobody and relays nothing. Real ones say otherwise.

    The handlers are usually generators. The server runs each to its end before anything else happens.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    may_join_pieces: ClassVar[bool] = True  # whether clients can tell two messages that come in one piece apart
    asks_operator: ClassVar[bool] = False  # whether lines typed at the server's console mean anything

    def opening(self, host: str, port: int) -> list[str]:
        """What the console shows when the server has begun to listen."""
        return [f"Listening on {host}:{port} (dialect {self.name})"]

    def framing(self) -> wire.Framing:
        """A new framing, for the bytes of one client."""
        return wire.Chunks()

    def arrived(self, guest: Guest, address: tuple[str, int]) -> Effects:
        """Somebody has connected, and may never say a word."""
        return ()

    def heard(self, guest: Guest, message: bytes) -> Effects:
        """A guest has sent a whole message."""
        return ()

    def malformed(self, guest: Guest, why: str) -> Effects:
        """A guest has sent what cannot be a message. Nothing that it sends later can be understood."""
        yield HangUp(guest)

    def left(self, guest: Guest) -> Effects:
        """A guest has gone, in whatever way; told exactly once of everyone who arrived. It hears no more."""
        return ()

    def typed(self, line: bytes) -> Effects:
        """The operator has typed a line at the server's console."""
        return ()
