"""UDP behind the door: a socket for each session, connected to the server's address; each datagram is a message.

There are no connections: a session is open at once, and the server learns of it by its first words. What stands in
place of an end: a half-close of ours is told as the server's end at once, since nobody will ever tell another one; and
where nobody has the server's port any more, which the kernel says when something was sent there, that is a reset.

Not promised, as UDP does not: that what is sent arrives, or that what arrives while nobody reads is kept.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from chatsim.network.loop import READ, Loop
from chatsim.network.namespace import OpenSocket
from chatsim.network.network import (
    Abort,
    Close,
    Command,
    Connect,
    Event,
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
from chatsim.network.tcp import Address, Target

__all__ = ["UdpNetwork"]

LONGEST = 65_535  # bytes; no datagram is longer
ROOM = 4 * 1024 * 1024  # bytes that may wait for us, as far as the system allows


class UdpNetwork:
    """Sessions with one address, which may be set later or change (`aim`); implements `Network`."""

    def __init__(
        self, address: Address | None = None, *, loop: Loop | None = None, open_socket: OpenSocket = socket.socket
    ) -> None:
        self.loop = loop or Loop()
        self._open_socket = open_socket
        self.now = self.loop.now
        self._target: Target | None = None
        self._sessions: dict[int, _Session] = {}
        self.ends: dict[Address, Address] = {}  # of no session: the server has no ends
        self.our_end: dict[int, Address] = {}
        self.refused = 0  # there is nothing to refuse
        if address is not None:
            self.aim(address)

    def aim(self, address: Address) -> None:
        """Speak to this address from now on. Raises OSError for a name that nobody knows."""
        found = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)
        self._target = min(((family, target) for family, _, _, _, target in found), key=_is_ipv6)

    def do(self, command: Command) -> None:
        if isinstance(command, Connect):
            self._open(command.session)
            return
        session = self._sessions.get(getattr(command, "session", -1))
        if session is None:
            return
        match command:
            case Send(_, data, tag):
                session.send(data, tag)
            case ShutdownWrite():
                session.end()
            case HoldReading():
                session.hold(True)
            case ResumeReading():
                session.hold(False)
            case Close() | Abort():
                self._close(command.session)
            case _:
                pass

    def poll(self, deadline: float) -> Sequence[Event]:
        return self.loop.poll(deadline)

    def strain(self) -> Strain:
        return Strain(lag=self.loop.lag())

    def close(self) -> None:
        """Close whatever is still open. The loop is the owner's to close."""
        for session in list(self._sessions):
            self._close(session)

    def _open(self, number: int) -> None:
        try:
            if self._target is None:
                raise OSError("no address to speak to")
            self._sessions[number] = session = _Session(self.loop, number, self._target, self._open_socket)
        except OSError as error:
            self.loop.emit(OpenFailed(self.now(), number, (error.strerror or str(error)).lower()))
            return
        self.our_end[number] = session.local
        self.loop.emit(Opened(self.now(), number, session.local))

    def _close(self, number: int) -> None:
        session = self._sessions.pop(number)
        if not session.over:
            self.loop.unwatch(session.socket.fileno())
        session.socket.close()


class _Session:
    def __init__(self, loop: Loop, number: int, target: Target, open_socket: OpenSocket) -> None:
        family, address = target
        self._loop = loop
        self._number = number
        self._held = False
        self._refused = False  # noticed by sending: told as soon as we read
        self.over = False  # its end was told
        self.socket = open_socket(family, socket.SOCK_DGRAM, 0)
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        self.local: Address = self.socket.getsockname()[:2]
        loop.watch(self.socket.fileno(), READ, self._read)

    def send(self, data: bytes, tag: int) -> None:
        if self.over:
            return
        try:
            self.socket.send(data)
        except ConnectionRefusedError:
            self._refused = True
            if not self._held:
                self._tell_end("reset")
            return
        except OSError:
            pass  # no room for it, or too long: lost, as on any wire of this kind
        if tag >= 0:
            self._loop.emit(Handed(self._loop.now(), self._number, tag))

    def end(self) -> None:
        if not self.over:
            self._tell_end("eof")

    def hold(self, held: bool) -> None:
        if self.over or held == self._held:
            return
        self._held = held
        if held:
            self._loop.unwatch(self.socket.fileno())
        elif self._refused:
            self._tell_end("reset")
        else:
            self._loop.watch(self.socket.fileno(), READ, self._read)

    def _read(self, readiness: int) -> None:
        try:
            data = self.socket.recv(LONGEST)
        except ConnectionRefusedError:
            self._tell_end("reset")
            return
        except OSError:
            return
        if data:
            self._loop.emit(Received(self._loop.seen, self._number, data))

    def _tell_end(self, how: str) -> None:
        self.over = True
        self._loop.unwatch(self.socket.fileno())
        self._loop.emit(PeerClosed(self._loop.now(), self._number, how))


def _is_ipv6(target: Target) -> bool:
    return target[0] != socket.AF_INET
