"""Between real clients and a server: every byte goes on as it came, both ways, and what passes is noted.

Nothing is understood here. An end of one side becomes the same end of the other: a half-close, a close, a reset. Who
does not read makes the other side wait: no more is taken from one side than the other will soon have.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path

from chatsim.errors import ServerError, UsageError
from chatsim.network.loop import READ, WRITE
from chatsim.network.network import (
    Abort,
    Close,
    Connect,
    Event,
    Handed,
    HoldReading,
    Opened,
    OpenFailed,
    Output,
    PeerClosed,
    Received,
    ResumeReading,
    Send,
    ServerCommand,
    ServerEvent,
    ShutdownWrite,
)
from chatsim.network.tcp import RESET, Address
from chatsim.recording.observed import (
    Came,
    ClientEnded,
    ClientSaid,
    Observed,
    Printed,
    ReadsAgain,
    ServerEnded,
    ServerSaid,
    ServerWas,
    StillReads,
    StopsReading,
)
from chatsim.server.inspect import has_let_go
from chatsim.wires import named
from chatsim.world import World

__all__ = ["Proxy", "listener_at"]

READ_SIZE = 64 * 1024
AHEAD = 256 * 1024  # bytes of a client that its server's kernel has not taken yet: then the client waits
A_LOOK_LATER = 0.25  # seconds after which one that ended its side and is still there reads on
STOPPED = 1.0  # seconds without taking anything of what is there for it: it does not read, and is not just slow
LAST_BYTES = 1.0  # seconds for what a client has still to be given when all is over
STOPPING = 10.0  # seconds: a server that is told to end and does not is killed before
BACKLOG = 512


def listener_at(address: Address) -> socket.socket:
    """Raises UsageError if nobody can listen there. Port 0 of a host is any free one; of a path, see `wires.named`."""
    host, port = address
    try:
        if host.startswith(("/", "@")):
            made = socket.socket(socket.AF_UNIX)
            made.bind(f"\0{host[1:]}" if host.startswith("@") else host)
        else:
            family, *_, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            made = socket.socket(family)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(target)
    except OSError as error:
        where = named(address) if port or host.startswith(("/", "@")) else host
        raise UsageError(f"nobody can listen at {where}: {(error.strerror or str(error)).lower()}") from None
    made.listen(BACKLOG)
    made.setblocking(False)
    return made


class Proxy:
    """Serves whoever connects to the listener. `seen` grows; `tell` is called with a line for a person now and then.

    The world is started, and stays its owner's to close; the listener is closed by `finish`.
    """

    def __init__(self, world: World, listener: socket.socket, tell: Callable[[str], None]) -> None:
        self.world = world
        self.seen: list[Observed] = []
        self.tell = tell
        self._listener = listener
        self._path = listener.getsockname() if listener.family == getattr(socket, "AF_UNIX", None) else ""
        self._near: dict[int, _Near] = {}
        self._came = 0
        self._tag = 0
        self._given: dict[int, tuple[_Near, int]] = {}  # tag → whose bytes, and how many
        self._ended = False  # the server's processes have
        self._listens = False

    @property
    def now(self) -> float:
        return self.world.now()

    @property
    def address(self) -> Address:
        """Where clients connect."""
        here = self._listener.getsockname()
        if isinstance(here, bytes):
            return "@" + here[1:].decode(errors="replace"), 0
        return (here, 0) if isinstance(here, str) else (here[0], here[1])

    def serve(self) -> None:
        """Until the server has ended; one that was not started here never does. An interrupt passes through."""
        self.world.loop.watch(self._listener.fileno(), READ, self._accept)
        self._listens = True
        while not self._ended:
            self._pass_on(self.world.poll(self.now + 1.0))

    def finish(self) -> None:
        """Stop the server in good order, note how it ended, and let go of everybody."""
        self._stop_listening()
        for near in self._near.values():
            near.look()
        if not self._ended:
            self.world.do(ServerCommand("stop"))
            end = self.now + STOPPING
            while not self._ended and self.now < end:
                self._pass_on(self.world.poll(min(end, self.now + 1.0)))
        end = self.now + LAST_BYTES
        while any(near.pending for near in self._near.values()) and self.now < end:
            self._pass_on(self.world.poll(end))
        self.close()

    def close(self) -> None:
        """At once. May be called again."""
        self._stop_listening()
        for near in list(self._near.values()):
            near.close()
        self._near.clear()

    def _stop_listening(self) -> None:
        if self._listens:
            self._listens = False
            self.world.loop.unwatch(self._listener.fileno())
        if self._listener.fileno() >= 0:
            self._listener.close()
            if isinstance(self._path, str) and self._path:
                Path(self._path).unlink(missing_ok=True)

    # --- those who come ---------------------------------------------------------------------------------------------

    def _accept(self, readiness: int) -> None:
        try:
            made, _ = self._listener.accept()
        except OSError:  # gone again already, or no descriptor left: the next one may fare better
            return
        made.setblocking(False)
        if not self._path:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        number, self._came = self._came, self._came + 1
        self._near[number] = _Near(self, number, made)
        try:
            self.world.do(Connect(number))
        except (ServerError, OSError) as problem:
            self._unreachable(number, str(problem))

    def note(self, event: Observed) -> None:
        self.seen.append(event)

    def give(self, near: _Near, data: bytes) -> None:
        self._tag += 1
        self._given[self._tag] = near, len(data)
        self.world.do(Send(near.number, data, self._tag))

    def forget(self, near: _Near) -> None:
        self._near.pop(near.number, None)

    # --- what comes from the server ---------------------------------------------------------------------------------

    def _pass_on(self, events: object) -> None:
        for event in events:  # type: ignore[attr-defined]
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, (Opened, OpenFailed, Received, PeerClosed)):
            near = self._near.get(event.session)
            if near is None:
                return
            match event:
                case Opened(at, number, (ip, port)):
                    self.note(Came(at, number, ip, port))
                    near.begin()
                case OpenFailed(_, number, why):
                    self._unreachable(number, why)
                case Received(at, number, data):
                    self.note(ServerSaid(at, number, data))
                    near.write(data)
                case PeerClosed(at, number, how):
                    self.note(ServerEnded(at, number, "reset" if how == "reset" else "eof"))
                    near.server_ended(how)
            return
        match event:
            case Handed(_, _, tag):
                near, size = self._given.pop(tag, (None, 0))
                if near is not None:
                    near.taken(size)
            case Output(at, stream, line):
                self.note(Printed(at, stream, line))
            case ServerEvent(at, what, detail):
                if what != "failed":
                    self.note(ServerWas(at, what, detail))
                self._ended = self._ended or what in ("ended", "failed")

    def _unreachable(self, number: int, why: str) -> None:
        near = self._near.get(number)
        self.tell(f"a client came, and the server did not take its connection: {why}")
        if near is not None:
            near.reset()


class _Near:
    """One client's end. Nothing is read from it before the server has taken the connection."""

    def __init__(self, proxy: Proxy, number: int, sock: socket.socket) -> None:
        self.proxy = proxy
        self.number = number
        self.pending: deque[memoryview] = deque()
        self._socket = sock
        self._loop = proxy.world.loop
        self._watched = 0
        self._ahead = 0
        self._begun = False
        self._eof = False  # it writes no more
        self._looked = False
        self._held = False  # the server waits until it reads
        self._took_at = 0.0  # when it took something, or there began to be something that it did not take
        self._stopped = False  # reading, as far as was noted
        self._asking = False  # whether it has: once a while, as long as something is there for it
        self._server_over = False
        self._open = True
        self._broken = False  # a write has met a reset: what it said before that is still to be read

    def begin(self) -> None:
        self._begun = True
        self._watch()

    # --- from the client

    def _ready(self, readiness: int) -> None:
        if readiness & ~WRITE and self._watched & READ:
            self._read()
        if self._open and readiness & ~READ and self.pending:
            self._flush()

    def _read(self) -> None:
        proxy = self.proxy
        try:
            data = self._socket.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            self._broken = True  # it is told once only: should an interrupt strike now, the next look still knows of it
            self._was_reset()
            return
        if data:
            proxy.note(ClientSaid(proxy.now, self.number, data))
            self._ahead += len(data)
            proxy.give(self, data)
            self._watch()
            return
        if self._broken:
            self._was_reset()
            return
        self._eof = True
        proxy.note(ClientEnded(proxy.now, self.number, "close"))
        proxy.world.do(ShutdownWrite(self.number))
        self._loop.after(A_LOOK_LATER, self.look)
        self._part_if_over()

    def taken(self, size: int) -> None:
        self._ahead -= size
        self._watch()

    def look(self) -> None:
        """Has one that writes no more gone, or does it read on?"""
        if not self._eof or self._looked or not self._open or self._server_over or self._broken:
            return
        self._looked = True
        try:
            here, there = self._socket.getsockname(), self._socket.getpeername()
        except OSError:
            return
        if isinstance(here, tuple) and not has_let_go(here[:2], there[:2]):
            self.proxy.note(StillReads(self.proxy.now, self.number))

    def _was_reset(self) -> None:
        """Its kernel says so. If it had ended its side before, it has been gone since then: that is how it went."""
        if not self._eof:
            self.proxy.note(ClientEnded(self.proxy.now, self.number, "reset"))
        self.proxy.world.do(Abort(self.number))
        self.close()

    # --- from the server

    def write(self, data: bytes) -> None:
        if self._broken or not self._open:
            return
        self.pending.append(memoryview(data))
        self._flush()

    def _flush(self) -> None:
        while self.pending:
            try:
                taken = self._socket.send(self.pending[0])
            except BlockingIOError:
                break
            except OSError:
                self._break()
                return
            self._took()
            if taken < len(self.pending[0]):
                self.pending[0] = self.pending[0][taken:]
            else:
                self.pending.popleft()
        full = bool(self.pending)
        if full is not self._held and not self._server_over:
            self._held = full
            self.proxy.world.do(HoldReading(self.number) if full else ResumeReading(self.number))
            if full:
                self._took_at = self.proxy.now
                self._ask_later(STOPPED)
        if not full and self._server_over:
            self._shut()
        self._watch()

    def _took(self) -> None:
        self._took_at = self.proxy.now
        if self._stopped:
            self._stopped = False
            self.proxy.note(ReadsAgain(self._took_at, self.number))
            self._ask_later(STOPPED)

    def _ask_later(self, delay: float) -> None:
        if not self._asking:
            self._asking = True
            self._loop.after(delay, self._has_it_stopped)

    def _has_it_stopped(self) -> None:
        self._asking = False
        if not self._open or not self.pending or self._stopped:
            return
        left = self._took_at + STOPPED - self.proxy.now
        if left > 0:
            self._ask_later(left)
            return
        self._stopped = True
        self.proxy.note(StopsReading(self.proxy.now, self.number))

    def server_ended(self, how: str) -> None:
        self._server_over = True
        if how == "reset":
            self.reset()
        elif not self.pending:
            self._shut()

    def _shut(self) -> None:
        with contextlib.suppress(OSError):  # it has gone: reading says so
            self._socket.shutdown(socket.SHUT_WR)
        self._part_if_over()

    def _break(self) -> None:
        self._broken = True
        self.pending.clear()
        if self._eof:
            self._was_reset()
        else:
            self._watch()

    # --- endings

    def _part_if_over(self) -> None:
        if self._eof and self._server_over and not self.pending:
            self.proxy.world.do(Close(self.number))
            self.close()
        else:
            self._watch()

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.unwatch(self._socket.fileno())
            self._watched = 0
            self._socket.close()
            self.proxy.forget(self)

    def _watch(self) -> None:
        if not self._open:
            return
        reads = self._begun and not self._eof and self._ahead < AHEAD
        wanted = (READ if reads else 0) | (WRITE if self.pending else 0)
        if wanted == self._watched:
            return
        if not wanted:
            self._loop.unwatch(self._socket.fileno())
        else:
            (self._loop.rewatch if self._watched else self._loop.watch)(self._socket.fileno(), wanted, self._ready)
        self._watched = wanted
