"""On what clients and server speak: kinds of wires, what each can do, and how one is laid. Pure data.

A scenario says "gone without a word", "stops reading", "half of a message": whether there is such a thing depends on
the wire. What one lacks is stated here, once; the plan says that a step which needs it cannot be played, the checks do
not ask for what cannot be, and the network's contract tests leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["WIRES", "Line", "Tls", "Wire"]


@dataclass(frozen=True, slots=True)
class Wire:
    """A kind of wire. All is as with TCP unless stated."""

    called: str  # in a sentence: "over UDP"
    connects: bool = True  # the server learns that somebody has come, and that one has gone
    waits: bool = True  # what is not read yet is kept, however long, and its writer waits
    resets: bool = True  # an abrupt end reaches the peer as one
    half_closes: bool = True  # the writing side can be ended alone
    messages: bool = False  # what is sent at once comes at once, and apart from all else: messages are frames


WIRES: Final[Mapping[str, Wire]] = {
    "tcp": Wire("TCP"),
    "tls": Wire("TLS"),
    "udp": Wire("UDP", connects=False, waits=False, resets=False, half_closes=False, messages=True),
    "websocket": Wire("WebSocket", half_closes=False, messages=True),
}


@dataclass(frozen=True, slots=True)
class Tls:
    """How far the server's certificate is believed."""

    verify: bool = True
    ca: str = ""  # a file of certificates to believe in, instead of the system's
    name: str = ""  # whose certificate it must be; empty: the host's that is connected to, on this machine localhost's


@dataclass(frozen=True, slots=True)
class Line:
    """One wire as it is laid: its kind, and what else both ends must agree upon."""

    transport: str = "tcp"
    tls: Tls | None = None  # a WebSocket may be spoken on TLS, too
    path: str = "/"  # of a WebSocket

    @property
    def wire(self) -> Wire:
        return WIRES[self.transport]
