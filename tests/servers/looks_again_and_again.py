"""Once somebody was cut off, it looks for others who are, again and again and without a pause."""

from __future__ import annotations

import socket
import sys
import threading

from right_threads import ChatServer


class LooksAgainAndAgain(ChatServer):
    looking = False

    def serve(self, connection: socket.socket) -> None:
        super().serve(connection)
        if not self.looking:
            self.looking = True
            threading.Thread(target=self.look, name="sweeper", daemon=True).start()

    def look(self) -> None:
        while True:
            for client in list(self.clients.values()):
                if client.connection.fileno() < 0:
                    self.see_off(client)


if __name__ == "__main__":
    LooksAgainAndAgain().run(int(sys.argv[1]))
