"""A client that tells what it heard, and the kinds of helpers that the tests are given. Nothing here asserts."""

import socket
import struct
import threading
from collections.abc import Callable

from reference_server import Server

PATIENCE = 10.0


class Client:
    """A client of a right server, or a rude one."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.address = self.socket.getsockname()
        self._unread = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def say(self, *lines: str) -> None:
        self.send(b"".join(line.encode() + b"\n" for line in lines))

    def next(self, count: int) -> bytes:
        """The next so many bytes, or fewer if the server closes before."""
        while len(self._unread) < count and (data := self.socket.recv(65536)):
            self._unread += data
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def line(self) -> str:
        """The next line; without a line end if the server closed first."""
        while b"\n" not in self._unread and (data := self.socket.recv(65536)):
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def lines(self, count: int) -> list[str]:
        return [self.line() for _ in range(count)]

    def rest(self) -> bytes:
        """Everything until the server closes."""
        pieces = [self._unread]
        while data := self.socket.recv(65536):
            pieces.append(data)
        self._unread = b""
        return b"".join(pieces)

    def close(self) -> None:
        self.socket.close()

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


Serve = Callable[..., Server]
Connect = Callable[[Server], Client]
Join = Callable[..., Client]


def reader_threads() -> list[threading.Thread]:
    """Those of the servers in this process that serve a client now."""
    return [t for t in threading.enumerate() if t.name.startswith("client ") and t.is_alive()]
