"""Forgets to leave the sender out of the broadcast."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class Echoes(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for client in self.clients.values():
                client.tell(f"{sender.nick}: {text}")


if __name__ == "__main__":
    Echoes().run(int(sys.argv[1]))
