"""A chat server that is right and gives everybody a number, until they say what they want to be called.

python renames.py PORT
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys

from right_threads import ChatServer


class RenamingServer(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(10)

    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        with contextlib.suppress(OSError):
            with self.lock:
                client.nick = str(next(self.numbers))
                self.clients[client.nick] = client
                self.tell_others(client, f"<< {client.nick} has joined")
            client.tell("<< see /help for assistance")
            for line in client.lines():
                if line == "/quit":
                    break
                if line.startswith("/nick "):
                    self.rename(client, line.removeprefix("/nick "))
                else:
                    self.tell_others(client, f"[{client.nick}] {line}")
        with self.lock:
            del self.clients[client.nick]
            self.tell_others(client, f"<< {client.nick} has left")
        connection.close()

    def rename(self, client: object, nick: str) -> None:
        with self.lock:
            old = client.nick  # type: ignore[attr-defined]
            if nick in self.clients:
                client.tell(f"<< {nick} is taken")  # type: ignore[attr-defined]
                return
            self.clients[nick] = self.clients.pop(old)
            client.nick = nick  # type: ignore[attr-defined]
            for each in self.clients.values():
                each.tell(f"<< {old} is now known as {nick}")


if __name__ == "__main__":
    RenamingServer().run(int(sys.argv[1]))
