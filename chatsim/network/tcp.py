"""The real network: many TCP connections to one server, behind the door of `chatsim.network.network`.

Owns: connections, their write buffers, when to read from them. What the techniques are for: bytes are written within
`do` (no round through the loop), TCP_NODELAY is set, acknowledgements are not delayed (a server without TCP_NODELAY
answers in 3 ms instead of 44), a read takes what is there with one time stamp, and one read a turn is each
connection's share, so that a chatty one starves nobody.

Wires that are more than TCP put a layer between (`chatsim.network.layered`).

Not promised: commands of the server's process are not for this door alone (see `chatsim.world`).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from operator import methodcaller
from typing import Any, ClassVar

from chatsim.network.loop import READ, WRITE, Loop
from chatsim.network.namespace import OpenSocket
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
    GiveUp,
    Handed,
    HoldReading,
    Opened,
    OpenFailed,
    PeerClosed,
    Received,
    ResumeReading,
    Send,
    ShutdownWrite,
    Strain,
)

__all__ = ["LARGE_READ", "QUICKACK", "SMALL_READ", "Address", "Connection", "TcpNetwork", "resolve"]

Address = tuple[str, int]
Target = tuple[socket.AddressFamily, tuple[Any, ...]]

SMALL_READ, LARGE_READ = 16 * 1024, 64 * 1024  # large only while the last read was full: small ones are cheaper to hold
MOST_UNREAD = 64  # reads before a close: who is flooded does not read for ever
RESET = struct.pack("ii", 1, 0)  # linger for 0 seconds: close() becomes a reset
QUICKACK = getattr(socket, "TCP_QUICKACK", None)
BIND_ADDRESS_NO_PORT = 24  # Linux: choose the source port at connect, when the whole pair of addresses is known
LOOPBACK_SOURCES = 200  # 127.0.0.2 and so on, each good for 28,000 connections

# What `Received(...)` comes to, without the call in between.
_received: Callable[[tuple[float, int, bytes]], Received] = partial(tuple.__new__, Received)


def resolve(address: Address) -> list[Target]:
    """The numeric addresses of a host and port, best first. Raises OSError for a name that nobody knows."""
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, target) for family, _, _, _, target in found))


class TcpNetwork:
    """Connections to one address, which may be set later or change (`aim`); implements `Network`.

    Events come in the order in which they were observed. After `Close` or `Abort` nothing of that connection is
    reported but what had already been observed (the `Handed` of bytes that the kernel had taken).
    """

    def __init__(
        self, address: Address | None = None, *, loop: Loop | None = None, open_socket: OpenSocket = socket.socket
    ) -> None:
        self.loop = loop or Loop()
        self._open_socket = open_socket
        self.now = self.loop.now
        self._targets: list[Target] = []
        self._connections: dict[int, Connection] = {}
        self._sources: Iterator[str] = iter(())
        self._source: str | None = None
        self.ends: dict[Address, Address] = {}  # of every connection that ever stood: our end, and the server's
        self.our_end: dict[int, Address] = {}  # by session
        self.refused = 0  # attempts to connect that somebody's kernel refused
        self._verbs: dict[type, Callable[[Connection], None]] = {
            ShutdownWrite: methodcaller("shut_down"),
            Close: methodcaller("read_and_close"),
            Abort: methodcaller("abort"),
            GiveUp: methodcaller("give_up"),
            HoldReading: methodcaller("hold"),
            ResumeReading: methodcaller("resume"),
        }
        if address is not None:
            self.aim(address)

    def aim(self, address: Address) -> None:
        """Connect to this address from now on. Raises OSError for a name that nobody knows."""
        self._targets = resolve(address)
        self._source = None
        self._sources = iter([f"127.0.0.{number}" for number in range(2, 2 + LOOPBACK_SOURCES)])

    def do(self, command: Command) -> None:
        if type(command) is Send:
            connection = self._connections.get(command.session)
            if connection is not None:
                connection.send(command.data, command.tag)
        elif type(command) is Connect:
            connection = self.new_connection(command.session)
            self._connections[command.session] = connection
            connection.connect(self._targets)
        else:
            verb = self._verbs.get(type(command))
            connection = self._connections.get(command.session)  # type: ignore[union-attr]
            if verb is not None and connection is not None:
                verb(connection)

    def poll(self, deadline: float) -> Sequence[Event]:
        return self.loop.poll(deadline)

    def strain(self) -> Strain:
        return Strain(lag=self.loop.lag())

    def close(self) -> None:
        """Reset whatever is still open. The loop is the owner's to close."""
        for connection in list(self._connections.values()):
            connection.abort()

    def forget(self, session: int) -> None:
        self._connections.pop(session, None)

    def new_connection(self, session: int) -> Connection:
        """One that is still to be connected."""
        return Connection(self, session)

    def new_socket(self, family: socket.AddressFamily) -> socket.socket:
        """A non-blocking socket that is bound to our present source address."""
        made = self.bare_socket(family)
        made.setblocking(False)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._source is not None and family == socket.AF_INET:
            if os.name == "posix" and hasattr(os, "sched_getaffinity"):
                made.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
            made.bind((self._source, 0))
        return made

    def bare_socket(self, family: socket.AddressFamily) -> socket.socket:
        try:
            return self._open_socket(family, socket.SOCK_STREAM, 0)
        except OSError as error:
            if error.errno != errno.EMFILE or not _raise_descriptor_limit():
                raise
            return self._open_socket(family, socket.SOCK_STREAM, 0)

    def next_source(self) -> bool:
        """All ports between the present source and the server are in use: take another loopback address, if one fits."""
        if not any(family == socket.AF_INET and target[0].startswith("127.") for family, target in self._targets):
            return False
        self._source = next(self._sources, None)
        return self._source is not None


class Connection:
    """One TCP connection of one session: at first `reading` is false and the socket is not there yet."""

    __slots__ = (
        "broken",
        "emit",
        "eof",
        "fd",
        "held",
        "loop",
        "network",
        "opened",
        "pending",
        "receive",
        "session",
        "shut",
        "size",
        "socket",
        "spoke",
        "targets",
        "watched",
    )

    quick: ClassVar[int | None] = QUICKACK  # the option that makes acknowledgements quick, where there are any

    def __init__(self, network: TcpNetwork, session: int) -> None:
        self.network = network
        self.loop = network.loop
        self.emit = network.loop.emit
        self.session = session
        self.socket: socket.socket | None = None
        self.receive: Callable[[int], bytes] | None = None
        self.fd = -1
        self.watched = 0  # readiness that the loop watches for; 0: not watched
        self.size = SMALL_READ
        self.pending: deque[tuple[memoryview, int]] = deque()  # bytes that the kernel has not taken, and their tags
        self.targets: list[Target] = []
        self.opened = False
        self.held = False  # we do not read
        self.eof = False  # the peer's side has ended, and this was reported
        self.shut = False  # ShutdownWrite was asked for
        self.broken = False  # a write has met a reset; what arrived before it is still to be read
        self.spoke = False  # bytes were sent since acknowledgements were last made quick

    # --- opening

    def connect(self, targets: list[Target]) -> None:
        self.targets = list(targets)
        self._try_next("no address to connect to")

    def _try_next(self, why: str) -> None:
        """Try the next address of the server (localhost has two); when there is none left: `OpenFailed`."""
        while self.targets:
            family, target = self.targets.pop(0)
            try:
                if self._begin(family, target):
                    return
                why = "all ports are in use"
            except OSError as error:
                self._count(error)
                why = _in_words(error)
            self._discard()
        self.network.forget(self.session)
        self.emit(OpenFailed(self.loop.now(), self.session, why))

    def _begin(self, family: socket.AddressFamily, target: tuple[Any, ...]) -> bool:
        while True:
            self.socket = self.network.new_socket(family)
            self.fd = self.socket.fileno()
            code = self.socket.connect_ex(target)
            if code in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
                self._await_opening()
                return True
            self._discard()
            if code != errno.EADDRNOTAVAIL:
                raise OSError(code, os.strerror(code))
            if not self.network.next_source():
                return False

    def _await_opening(self) -> None:
        self.loop.watch(self.fd, WRITE, self._opening)
        self.watched = WRITE

    def _opening(self, readiness: int) -> None:
        sock = self.socket
        assert sock is not None
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            if code:
                raise OSError(code, os.strerror(code))
            local, remote = self._ends(sock)
        except OSError as error:
            self._count(error)
            self._discard()
            self._try_next(_in_words(error))
            return
        self.loop.unwatch(self.fd)
        self.watched = 0
        self.opened = True
        self.receive = sock.recv
        if remote is not None:
            self.network.ends[local] = remote
        self.network.our_end[self.session] = local
        self.stands(local)

    def _ends(self, sock: socket.socket) -> tuple[Address, Address | None]:
        """Our end and the server's. Raises OSError if there is no connection."""
        local, remote = sock.getsockname(), sock.getpeername()
        if local == remote:  # nobody listened, and the kernel had given us that very port: we met ourselves
            raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return local[:2], remote[:2]

    def _count(self, error: OSError) -> None:
        self.network.refused += error.errno == errno.ECONNREFUSED

    def stands(self, local: Address) -> None:
        """The connection to the server is there."""
        self.emit(Opened(self.loop.now(), self.session, local))
        self._flush()
        self._watch()

    # --- the director's wishes

    def send(self, data: bytes, tag: int) -> None:
        if self.shut or self.broken:
            return
        if self.opened and not self.pending:
            try:
                taken = self.socket.send(data)  # type: ignore[union-attr]
            except BlockingIOError:
                taken = 0
            except OSError:
                self._break()
                return
            self.spoke = True
            if taken == len(data):
                if tag >= 0:
                    self.emit(Handed(self.loop.now(), self.session, tag))
                return
            data = data[taken:]
        self.pending.append((memoryview(data), tag))
        if self.opened:
            self._watch()

    def shut_down(self) -> None:
        self.shut = True
        if self.opened and not self.pending:
            self._send_fin()

    def close(self) -> None:
        self.pending.clear()
        self._discard()
        self.network.forget(self.session)

    def read_and_close(self) -> None:
        """What has come meanwhile is read and thrown away: a close over unread bytes would be a reset."""
        if self.socket is not None and not self.held:
            for _ in range(MOST_UNREAD):
                try:
                    if not self.socket.recv(LARGE_READ):
                        break
                except OSError:
                    break
        self.close()

    def abort(self) -> None:
        if self.socket is not None:
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            except OSError:
                pass  # some platforms refuse this on a connection that the peer has reset: it is gone as it is
        self.close()

    def give_up(self) -> None:
        if not self.opened:
            self.close()
            self.emit(OpenFailed(self.loop.now(), self.session, "the server did not take the connection"))

    def hold(self) -> None:
        self.held = True
        self._watch()

    def resume(self) -> None:
        self.held = False
        self._watch()

    # --- what the loop reports

    def _ready(self, readiness: int) -> None:
        # Errors and hang-ups are met where one reads or writes: only there it is known what they mean.
        if readiness & ~WRITE and self.watched & READ:
            self._read(readiness)
        if readiness & ~READ and self.pending:
            self._flush()
            self._watch()

    def _read(self, readiness: int) -> None:
        # This is where a run with many bots spends its time: each look-up and call shows in the rate of deliveries.
        try:
            data = self.receive(self.size)  # type: ignore[misc]
        except BlockingIOError:
            return
        except OSError:
            self._reset()
            return
        if not data:
            if self.broken:
                self._reset()
            else:
                self.eof = True
                self.emit(PeerClosed(self.loop.seen, self.session, "eof"))
                self._watch()
            return
        self.emit(_received((self.loop.seen, self.session, data)))
        self.size = LARGE_READ if len(data) >= self.size else SMALL_READ
        if self.spoke and self.quick is not None:
            # Only sending makes the kernel delay acknowledgements again, so once after each sending is enough.
            self.spoke = False
            try:
                self.socket.setsockopt(socket.IPPROTO_TCP, self.quick, 1)  # type: ignore[union-attr]
            except OSError:
                pass  # reset meanwhile: the next read says so

    def _flush(self) -> None:
        pending = self.pending
        while pending:
            data, tag = pending[0]
            try:
                taken = self.socket.send(data)  # type: ignore[union-attr]
            except BlockingIOError:
                return
            except OSError:
                self._break()
                return
            self.spoke = True
            if taken < len(data):
                pending[0] = (data[taken:], tag)
                return
            pending.popleft()
            if tag >= 0:
                self.emit(Handed(self.loop.now(), self.session, tag))
        if self.shut:
            self._send_fin()

    # --- endings

    def _send_fin(self) -> None:
        try:
            self.socket.shutdown(socket.SHUT_WR)  # type: ignore[union-attr]
        except OSError:
            pass  # the connection is gone: reading says so

    def _break(self) -> None:
        """A write met a reset. It is reported when what had arrived before it has been read."""
        self.broken = True
        self.pending.clear()
        self._watch()

    def _reset(self) -> None:
        self.pending.clear()
        self._discard()
        self.network.forget(self.session)
        self.emit(PeerClosed(self.loop.now(), self.session, "reset"))

    def _watch(self) -> None:
        """Tell the loop what we wait for. Nothing: the descriptor is not watched at all, as a hang-up is reported for
        ever to whoever asks for nothing else."""
        if not self.opened or self.socket is None:
            return
        wanted = (0 if self.held or self.eof else READ) | (WRITE if self.pending else 0)
        if wanted == self.watched:
            return
        loop = self.loop
        if not wanted:
            loop.unwatch(self.fd)
        else:
            handler = self._read if wanted == READ else self._ready
            (loop.rewatch if self.watched else loop.watch)(self.fd, wanted, handler)
        self.watched = wanted

    def _discard(self) -> None:
        if self.socket is not None:
            self.loop.unwatch(self.fd)
            self.socket.close()
        self.socket, self.receive, self.fd, self.watched, self.opened = None, None, -1, 0, False


def _in_words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _raise_descriptor_limit() -> bool:
    """Allow this process as many descriptors as it may have. Only when they run out, as children inherit the limit."""
    try:
        import resource
    except ImportError:
        return False
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return False
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):
        return False
    return True
