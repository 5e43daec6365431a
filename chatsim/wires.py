"""On what clients and server speak: kinds of wires, what each can do, and how one is laid. Pure data.

A scenario says "gone without a word", "stops reading", "half of a message": whether there is such a thing depends on
the wire. What one lacks is stated here, once; the plan says that a step which needs it cannot be played, the checks do
not ask for what cannot be, and the network's contract tests leave it out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["WIRES", "Line", "Sockets", "Tls", "Wire", "named"]

Sockets = Literal["tcp", "udp", "unix"]  # of what kind the socket is at which a server listens


@dataclass(frozen=True, slots=True)
class Wire:
    """A kind of wire. All is as with TCP unless stated."""

    called: str  # in a sentence: "over UDP"
    connects: bool = True  # the server learns that somebody has come, and that one has gone
    waits: bool = True  # what is not read yet is kept, however long, and its writer waits
    resets: bool = True  # an abrupt end reaches the peer as one
    half_closes: bool = True  # the writing side can be ended alone
    messages: bool = False  # what is sent at once comes at once, and apart from all else: messages are frames
    addresses: bool = True  # a client has one, which the server sees
    sockets: Sockets = "tcp"

    def going(self, how: str) -> str:
        """How a client goes here of whom a scenario says that it goes so: where nothing can be reset, by closing."""
        return "close" if how == "reset" and not self.resets else how


WIRES: Final[Mapping[str, Wire]] = {
    "tcp": Wire("TCP"),
    "tls": Wire("TLS"),
    "udp": Wire("UDP", connects=False, waits=False, resets=False, half_closes=False, messages=True, sockets="udp"),
    "unix": Wire("a Unix socket", resets=False, addresses=False, sockets="unix"),
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


def named(address: tuple[str, int]) -> str:
    """An address as one types it. Port 0 is no port: then it is the path of a Unix socket, or @ and its abstract name."""
    host, port = address
    if not port:
        return f"unix:{host}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
