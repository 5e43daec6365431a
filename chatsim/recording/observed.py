"""What a proxy saw, in the order in which it saw it. `client` is the number of a connection; `at` seconds, monotonic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = [
    "Came",
    "ClientEnded",
    "ClientSaid",
    "Observed",
    "Printed",
    "ReadsAgain",
    "ServerEnded",
    "ServerSaid",
    "ServerWas",
    "StillReads",
    "StopsReading",
]


@dataclass(frozen=True, slots=True)
class Came:
    """A client connected, and the server took the connection on. Its end towards the server has this address."""

    at: float
    client: int
    ip: str = "127.0.0.1"
    port: int = 0


@dataclass(frozen=True, slots=True)
class ClientSaid:
    """One read's bytes; on a wire of messages one whole message."""

    at: float
    client: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ServerSaid:
    """The same, the other way."""

    at: float
    client: int
    data: bytes


@dataclass(frozen=True, slots=True)
class ClientEnded:
    """close: it writes no more, and is probably gone (see `StillReads`) · reset."""

    at: float
    client: int
    how: Literal["close", "reset"]


@dataclass(frozen=True, slots=True)
class StillReads:
    """One that had ended so is not gone: it has shut down its writing side alone."""

    at: float
    client: int


@dataclass(frozen=True, slots=True)
class StopsReading:
    """Its kernel takes no more of what the server says, and has taken nothing for a while."""

    at: float
    client: int


@dataclass(frozen=True, slots=True)
class ReadsAgain:
    """One that had stopped has taken something."""

    at: float
    client: int


@dataclass(frozen=True, slots=True)
class ServerEnded:
    """The server's side of one connection ended."""

    at: float
    client: int
    how: Literal["eof", "reset"]


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that the server printed."""

    at: float
    stream: str
    line: str


@dataclass(frozen=True, slots=True)
class ServerWas:
    """What became of its process, in the words of `network.ServerEvent`."""

    at: float
    what: str
    detail: Mapping[str, Any] = field(default_factory=dict)


Observed = (
    Came
    | ClientSaid
    | ServerSaid
    | ClientEnded
    | ServerEnded
    | StillReads
    | StopsReading
    | ReadsAgain
    | Printed
    | ServerWas
)
