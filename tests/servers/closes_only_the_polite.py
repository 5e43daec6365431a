"""Closes the connection of a client that says goodbye, and forgets those that are cut off: a file descriptor for each."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class ClosesOnlyThePolite(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.connections: list[socket.socket] = []  # "for statistics": so that Python does not close them either

    def serve(self, connection: socket.socket) -> None:
        self.connections.append(connection)
        client = self.Client(connection)
        try:
            lines = client.lines()
            if self.let_in(client, next(lines, "")):
                self.listen_to(client, lines)
        except OSError:
            pass
        finally:
            self.see_off(client)

    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                client.connection.close()
                return
            self.understand(client, line)


if __name__ == "__main__":
    ClosesOnlyThePolite().run(int(sys.argv[1]))
