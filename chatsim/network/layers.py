"""Protocols between a connection's bytes and what is said on it (TLS, say): bytes in, bytes out, no socket, no clock.

A `Layer` is one end of one connection. Whoever holds the socket writes what `outgoing` gives after every other call,
and tells it what comes. Layers can be stacked.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["Layer", "LayerError", "NotSpokenError", "Stacked"]


class LayerError(Exception):
    """The peer does not keep to the protocol, or does not want to speak it with us. The text is for people."""


class NotSpokenError(LayerError):
    """What came is nothing of this protocol: only its bytes can tell what it is."""


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

    def say(self, data: bytes, more: bool = False) -> None:
        """`more`: where one call is one message, this one goes on with the next call."""
        ...

    def finish(self) -> None:
        """Say that nothing more will come from us."""
        ...

    def outgoing(self) -> bytes:
        """What is to be written now, given once."""
        ...


class Stacked:
    """One layer spoken on another: `upper` begins when both ends of `lower` have agreed."""

    def __init__(self, lower: Layer, upper: Layer) -> None:
        self._lower, self._upper = lower, upper
        self._begun = False
        self.half_closes = upper.half_closes

    @property
    def opened(self) -> bool:
        return self._upper.opened

    @property
    def over(self) -> bool:
        return self._upper.over or self._lower.over

    def begin(self) -> None:
        self._lower.begin()

    def take(self, data: bytes) -> list[bytes]:
        below = self._lower.take(data)
        if self._lower.opened and not self._begun:
            self._begun = True
            self._upper.begin()
        return [said for piece in below for said in self._upper.take(piece)]

    def say(self, data: bytes, more: bool = False) -> None:
        self._upper.say(data, more)

    def finish(self) -> None:
        self._upper.finish()

    def outgoing(self) -> bytes:
        if data := self._upper.outgoing():
            self._lower.say(data)
        return self._lower.outgoing()
