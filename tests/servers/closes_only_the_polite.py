"""Forgets to close the connection of a client that was cut off. The client is gone; its file descriptor stays."""

from __future__ import annotations

import socket
import sys

from right_threads import ChatServer


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
            connection.close()
        except OSError:
            pass
        finally:
            self.see_off(client)


if __name__ == "__main__":
    ClosesOnlyThePolite().run(int(sys.argv[1]))
