"""Catches nothing. The `finally` cleans up all the same, but the thread of a client that is reset dies of it, loudly."""

from __future__ import annotations

import socket
import sys

from right_threads import ChatServer


class CatchesNothing(ChatServer):
    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        try:
            lines = client.lines()
            if self.let_in(client, next(lines, "")):
                self.listen_to(client, lines)
        finally:
            self.see_off(client)
            connection.close()


if __name__ == "__main__":
    CatchesNothing().run(int(sys.argv[1]))
