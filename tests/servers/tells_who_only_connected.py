"""Puts a connection into the list of receivers at once, before it has a name: whoever only connects hears everything."""

from __future__ import annotations

import socket
import sys

from right_threads import ChatServer, Client


class TellsWhoOnlyConnected(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.connections: list[socket.socket] = []

    def serve(self, connection: socket.socket) -> None:
        with self.lock:
            self.connections.append(connection)
        try:
            super().serve(connection)
        finally:
            with self.lock:
                self.connections.remove(connection)

    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for connection in self.connections:
                if connection is not sender.connection:
                    Client(connection).tell(f"{sender.nick}: {text}")


if __name__ == "__main__":
    TellsWhoOnlyConnected().run(int(sys.argv[1]))
