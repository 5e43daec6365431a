"""The dialect `lines` once more, right also for those who do not read: a second thread a client writes what is queued."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from queue import SimpleQueue

import right_threads

LAST_WORDS_SECONDS = 1.0  # for a client that leaves and does not take them


class Client(right_threads.Client):
    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.unwritten: SimpleQueue[str | None] = SimpleQueue()
        self.writer = threading.Thread(target=self.write, daemon=True)
        self.writer.start()

    def tell(self, line: str) -> None:
        self.unwritten.put(line)

    def write(self) -> None:
        with contextlib.suppress(OSError):  # it has gone: its reader finds out
            while (line := self.unwritten.get()) is not None:
                self.connection.sendall(f"{line}\n".encode())

    def finish(self) -> None:
        """Write what is queued, and no more."""
        self.unwritten.put(None)
        self.writer.join(LAST_WORDS_SECONDS)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)


class ChatServer(right_threads.ChatServer):
    Client = Client

    def see_off(self, client: right_threads.Client) -> None:
        super().see_off(client)
        assert isinstance(client, Client)
        client.finish()


if __name__ == "__main__":
    ChatServer().run(int(sys.argv[1]))
