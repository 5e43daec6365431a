"""Tells of a departure where a connection breaks; who says goodbye is taken out of the list, and nobody is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class MissesOnlyTheRude(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                with self.lock:
                    del self.clients[client.nick]
                return
            self.understand(client, line)


if __name__ == "__main__":
    MissesOnlyTheRude().run(int(sys.argv[1]))
