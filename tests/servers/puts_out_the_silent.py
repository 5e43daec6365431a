"""Sets a time-out on every connection, against threads that hang, and takes whoever is silent for gone."""

from __future__ import annotations

import socket
import sys

from right_threads import ChatServer


class PutsOutTheSilent(ChatServer):
    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.5)
        super().serve(connection)


if __name__ == "__main__":
    PutsOutTheSilent().run(int(sys.argv[1]))
