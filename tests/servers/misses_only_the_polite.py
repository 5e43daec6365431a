"""Tells of a departure where the quit word is read. A connection that breaks never gets there."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class MissesOnlyThePolite(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                self.tell_others(client, f"* {client.nick} left")
                return
            self.understand(client, line)

    def see_off(self, client: Client) -> None:
        with self.lock:
            if self.clients.get(client.nick) is client:
                del self.clients[client.nick]


if __name__ == "__main__":
    MissesOnlyThePolite().run(int(sys.argv[1]))
