"""Broadcasts every line first, and only then looks whether it was the quit word."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class BroadcastsTheQuitWord(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            self.understand(client, line)
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                return


if __name__ == "__main__":
    BroadcastsTheQuitWord().run(int(sys.argv[1]))
