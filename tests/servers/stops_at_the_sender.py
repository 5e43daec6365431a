"""Leaves the loop at the sender, where it meant to go on with the next: whoever came after the sender hears nothing."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class StopsAtTheSender(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for client in self.clients.values():
                if client is sender:
                    break  # should be `continue`
                client.tell(f"{sender.nick}: {text}")


if __name__ == "__main__":
    StopsAtTheSender().run(int(sys.argv[1]))
