"""Right, and strict: a client that takes nothing for a second is put out. A server may do that, unless its profile says
`slow-readers: kept`."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

import right_queues

AT_ONCE = 65536  # bytes; each such piece has a second of its own
SECOND = struct.pack("ll", 1, 0)


class Client(right_queues.Client):
    def __init__(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, SECOND)
        super().__init__(connection)

    def write(self) -> None:
        try:
            while (line := self.unwritten.get()) is not None:
                data = f"{line}\n".encode()
                for start in range(0, len(data), AT_ONCE):
                    self.connection.sendall(data[start : start + AT_ONCE])
        except OSError:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)  # its reader finds out


class Strict(right_queues.ChatServer):
    Client = Client


if __name__ == "__main__":
    Strict().run(int(sys.argv[1]))
