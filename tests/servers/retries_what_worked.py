"""Tries every send twice, "to be sure", and does not stop when the first has worked."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client

TRIES = 2


class RetriesWhatWorked(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for client in self.clients.values():
                if client is sender:
                    continue
                for _ in range(TRIES):
                    try:
                        client.connection.sendall(f"{sender.nick}: {text}\n".encode())
                    except OSError:
                        continue  # try once more; but where is the `break` after a send that worked?


if __name__ == "__main__":
    RetriesWhatWorked().run(int(sys.argv[1]))
