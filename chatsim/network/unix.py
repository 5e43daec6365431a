"""Unix sockets behind the door: streams to one path on this machine, or to one abstract name (Linux).

All is as with TCP but for two things. There is no reset: an end is an end of file to the server, and where something
that it sent still lies unread, Linux tells it so as a connection that was reset. And our end has no address; in the
place of a port stands the number by which the kernel knows our socket, which nobody else has while it is there.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from chatsim.network.loop import Timer
from chatsim.network.tcp import Address, Connection, TcpNetwork

__all__ = ["UnixNetwork"]

SOONEST, LATEST = 0.001, 0.025  # seconds until we try again at a server that has no room for one more


class UnixNetwork(TcpNetwork):
    """Connections to one path, (path, 0) as an address, which may be set later or change (`aim`)."""

    def aim(self, address: Address) -> None:
        """Connect to this path from now on; `@name` is an abstract one. Raises OSError where there are no Unix sockets."""
        if not hasattr(socket, "AF_UNIX"):
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        path = address[0]
        self._targets = [(socket.AF_UNIX, (f"\0{path[1:]}" if path.startswith("@") else path,))]

    def new_connection(self, session: int) -> Connection:
        return _UnixConnection(self, session)

    def new_socket(self, family: socket.AddressFamily) -> socket.socket:
        made = self.bare_socket(family)
        made.setblocking(False)
        return made


class _UnixConnection(Connection):
    __slots__ = ("_patience", "_timer")

    quick = None

    def __init__(self, network: TcpNetwork, session: int) -> None:
        super().__init__(network, session)
        self._timer: Timer | None = None
        self._patience = SOONEST

    def _begin(self, family: socket.AddressFamily, target: tuple[Any, ...]) -> bool:
        self.socket = self.network.new_socket(family)
        self.fd = self.socket.fileno()
        self._try(target[0])
        return True

    def _try(self, path: str) -> None:
        """Linux lets us in at once or not at all: who would have to queue is to come again."""
        self._timer = None
        assert self.socket is not None
        code = self.socket.connect_ex(path)
        if code == errno.EAGAIN:
            self._timer = self.loop.after(self._patience, lambda: self._try_again(path))
            self._patience = min(LATEST, 2 * self._patience)
        elif code:
            raise OSError(code, os.strerror(code))
        else:
            self._await_opening()

    def _try_again(self, path: str) -> None:
        try:
            self._try(path)
        except OSError as error:
            self._discard()
            self._try_next((error.strerror or str(error)).lower())

    def _ends(self, sock: socket.socket) -> tuple[Address, Address | None]:
        return ("", os.fstat(self.fd).st_ino), None

    def _discard(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        super()._discard()
