"""Protocols between a connection's bytes and what is said on it (TLS, say): bytes in, bytes out, no socket, no clock.

A `Layer` is one end of one connection. Whoever holds the socket writes what `outgoing` gives after every other call,
and tells it what comes. Layers can be stacked.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Layer", "LayerError"]


class LayerError(Exception):
    """The peer does not keep to the protocol, or does not want to speak it with us. The text is for people."""


class Layer(Protocol):
    """After a LayerError only `outgoing` may be called: a last word to the peer may wait there."""

    half_closes: bool  # after `finish` the peer may go on, and we read it

    @property
    def opened(self) -> bool:
        """Have both ends agreed? Before that, nothing may be said."""
        ...

    @property
    def over(self) -> bool:
        """The peer has said that nothing more will come."""
        ...

    def begin(self) -> None:
        """The connection stands."""
        ...

    def take(self, data: bytes) -> list[bytes]:
        """What these bytes said. Raises LayerError."""
        ...

    def say(self, data: bytes) -> None: ...

    def finish(self) -> None:
        """Say that nothing more will come from us."""
        ...

    def outgoing(self) -> bytes:
        """What is to be written now, given once."""
        ...
