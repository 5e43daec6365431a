"""Small servers of many dialects in virtual time, and `detect` let loose on them: no socket, no process, no waiting.

A server is a `Room`: what it does when somebody came, was heard, or went. `detected` puts it in the place of the world,
for the study as well as for the proof at its end. The clock jumps to whatever happens next.

Where it differs from the world: what is sent arrives whole, in one read; nothing is ever lost or late.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import pytest

from chatsim.detect.detecting import Detection, detect
from chatsim.detect.hints import Hints
from chatsim.errors import StartError
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
    Facts,
    Handed,
    HoldReading,
    Inspect,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    Send,
    ServerCommand,
    ServerEvent,
    ShutdownWrite,
    Strain,
)
from chatsim.runs import Target
from chatsim.wires import Line

__all__ = ["Room", "detected"]

LATENCY = 0.001  # seconds
FIRST_PORT = 40_000
MOST_POLLS = 100_000  # in one world: more means that somebody turns in circles


class Room:
    """A server. `came`, `heard` and `went` are called with the number of a client; the rest is for them to call."""

    transport = "tcp"  # on which it listens
    path = "/"

    def __init__(self, world: World) -> None:
        self._world = world
        self.here: dict[int, str] = {}  # whoever is in, and under which name

    def came(self, who: int) -> None:
        pass

    def heard(self, who: int, data: bytes) -> None:
        raise NotImplementedError

    def went(self, who: int) -> None:
        self.here.pop(who, None)

    def ended(self, who: int, how: str) -> None:
        """A client has ended its connection: Close, Abort, or ShutdownWrite."""

    def tell(self, who: int, text: str | bytes) -> None:
        self._world.tell(who, text.encode() if isinstance(text, str) else text)

    def tell_others(self, who: int, text: str | bytes) -> None:
        for other in list(self.here):
            if other != who:
                self.tell(other, text)

    def hang_up(self, who: int) -> None:
        self._world.hang_up(who)

    def show(self, line: str) -> None:
        self._world.emit(Output(self._world.now(), "stdout", line))

    def end(self, code: int) -> None:
        self._world.end(code)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self._world.at(seconds, action)

    def port_of(self, who: int) -> int:
        return FIRST_PORT + who


class World:
    """The door, and what else `chatsim.world.World` offers. `house` makes the room that is behind it."""

    house: type[Room]
    lives = 0  # of all servers of this house
    spent = 0.0  # virtual seconds of all of them
    is_over = False  # somebody else's server has ended: nobody starts it again

    def __init__(self, server: Any, line: Line = Line(), *, isolated: bool = False) -> None:  # noqa: B008 - a value
        self._line = line
        self._ours = not isinstance(server, tuple)
        self._now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._polls = 0
        self._events: list[Event] = []
        self._open: set[int] = set()
        self._silenced: set[int] = set()
        self.address: tuple[str, int] | None = None
        self.up = False

    # --- a world

    def start(self) -> None:
        if self._line.wire.sockets != Line(self.house.transport).wire.sockets:
            raise StartError(
                f"the server did not listen on any {self._line.transport} port within 5 s: simulated", silent=True
            )
        type(self).lives += 1
        self.room = self.house(self)
        self.up = self._ours or not self.is_over
        self.address = ("/simulated", 0) if self.house.transport == "unix" else ("127.0.0.1", 1)
        self.emit(ServerEvent(0.0, "started", {"pid": 1, "command": "simulated"}))
        self.emit(ServerEvent(0.0, "listening", {"host": "127.0.0.1", "port": 1}))

    def describe(self) -> str:
        return "simulated"

    def last_output(self, number: int = 20) -> list[str]:
        return []

    def cut_off(self) -> bool:
        return False

    def exceeded(self) -> str:
        return ""

    def close(self) -> None:
        self.up = False
        type(self).spent += self._now
        self._now = 0.0

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # --- the door

    def now(self) -> float:
        return self._now

    def strain(self) -> Strain:
        return Strain()

    def poll(self, deadline: float) -> Sequence[Event]:
        self._polls += 1
        assert self._polls < MOST_POLLS, f"at {self._now:.3f} s"
        while not self._events and self._heap and self._heap[0][0] <= deadline:
            self._now, _, action = heapq.heappop(self._heap)
            action()
        if not self._events:
            self._now = max(self._now, deadline)
        events, self._events = self._events, []
        return events

    def do(self, command: Command) -> None:
        match command:
            case Connect(session):
                self.at(LATENCY, lambda: self._connected(session))
            case Send(session, data, tag):
                self.at(LATENCY, lambda: self._sent(session, data))
                if tag >= 0:
                    self.emit(Handed(self._now, session, tag))
            case Close(session) | Abort(session) | ShutdownWrite(session):
                self.room.ended(session, type(command).__name__)
                self.at(LATENCY, lambda: self._gone(session, half=isinstance(command, ShutdownWrite)))
                if not isinstance(command, ShutdownWrite):
                    self._silenced.add(session)
            case HoldReading(session):
                self._silenced.add(session)
            case ServerCommand("stop"):
                self.emit(ServerEvent(self._now, "stopping", {"how": "SIGINT"}))
                self.at(LATENCY, lambda: self.end(0))
            case Inspect(tag):
                self.emit(Facts(self._now, tag, {"alive": self.up, "listening": self.up}))

    # --- for the room

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self._now + seconds, self._count, action))

    def emit(self, event: Event) -> None:
        self._events.append(event)

    def tell(self, who: int, data: bytes) -> None:
        if who in self._open:
            self.at(LATENCY, lambda: self._reach(who, Received(self._now, who, data)))

    def hang_up(self, who: int) -> None:
        if who in self._open:
            self._open.discard(who)
            self.room.went(who)
            self.at(LATENCY, lambda: self._reach(who, PeerClosed(self._now, who, "eof")))

    def end(self, code: int) -> None:
        if self.up:
            self.up = False
            for who in sorted(self._open):
                self._reach(who, PeerClosed(self._now, who, "eof"))
            self._open.clear()
            type(self).is_over = True
            if self._ours:
                self.emit(ServerEvent(self._now, "exited", {"code": code}))
                self.emit(ServerEvent(self._now, "ended", {}))

    def _reach(self, who: int, event: Event) -> None:
        if who not in self._silenced:
            self.emit(event)

    def _connected(self, who: int) -> None:
        greets_first = self._line.transport in ("websocket", "tls") and self._line.transport != self.house.transport
        if not self.up or greets_first:  # there is no handshake with this one
            self.emit(OpenFailed(self._now, who, "refused"))
            return
        self._open.add(who)
        self.emit(Opened(self._now, who, ("127.0.0.1", self.room.port_of(who))))
        if self._line.transport == self.house.transport:
            self.room.came(who)

    def _sent(self, who: int, data: bytes) -> None:
        if who not in self._open or not self.up:
            return
        if self._line.transport == self.house.transport:
            self.room.heard(who, data)
        else:  # it speaks HTTP, and this was none
            self.tell(who, b"HTTP/1.1 400 Bad Request\r\n\r\n")
            self.hang_up(who)

    def _gone(self, who: int, *, half: bool) -> None:
        if who in self._open and self.up and self.house.transport != "udp":
            self._open.discard(who)
            self.room.went(who)
            if half:
                self._reach(who, PeerClosed(self._now, who, "eof"))


def detected(
    house: type[Room],
    patched: pytest.MonkeyPatch,
    hints: Hints = Hints(),  # noqa: B008 - a value
    *,
    command: str = "simulated {port}",
    connect: bool = False,
    seconds: float = 1e6,
    told: list[str] | None = None,
) -> Detection:
    """What `detect` finds of it. `seconds` are of the real clock for the search as a whole, virtual ones for each try."""

    class Here(World):
        pass

    Here.house = house
    patched.setattr("chatsim.detect.servers.World", Here)
    patched.setattr("chatsim.world.World", Here)
    target = Target(address=("127.0.0.1", 1)) if connect else Target(command)
    return detect(target, hints, seconds=seconds, tell=([] if told is None else told).append)
