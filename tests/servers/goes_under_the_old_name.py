"""A chat server that keeps beside each connection the name that it came with, and says goodbye under that one.

python goes_under_the_old_name.py PORT
"""

from __future__ import annotations

import contextlib
import socket
import sys

from right_threads import ChatServer


class ForgetfulServer(ChatServer):
    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        came_as = None
        with contextlib.suppress(OSError):
            for line in client.lines():
                if came_as is None:
                    came_as = client.nick = line
                    with self.lock:
                        self.clients[came_as] = client
                        client.tell(f"Welcome, {came_as}!")
                        self.tell_others(client, f"* {came_as} joined")
                elif line == "/quit":
                    client.tell(f"Goodbye, {client.nick}.")
                    break
                elif line.startswith("/nick "):
                    self.rename(client, line.removeprefix("/nick "))
                else:
                    self.tell_others(client, f"{client.nick}: {line}")
        with self.lock:
            self.clients.pop(client.nick, None)
            self.tell_others(client, f"* {came_as} left")
        connection.close()

    def rename(self, client: object, nick: str) -> None:
        with self.lock:
            old = client.nick  # type: ignore[attr-defined]
            self.clients[nick] = self.clients.pop(old)
            client.nick = nick  # type: ignore[attr-defined]
            client.tell(f"You are {nick} now.")  # type: ignore[attr-defined]
            self.tell_others(client, f"* {old} is now {nick}")


if __name__ == "__main__":
    ForgetfulServer().run(int(sys.argv[1]))
