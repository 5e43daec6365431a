"""Announces a newcomer where it is let in, and once more where its thread begins to listen."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class AnnouncesTwice(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        self.tell_others(client, f"* {client.nick} joined")
        super().listen_to(client, lines)


if __name__ == "__main__":
    AnnouncesTwice().run(int(sys.argv[1]))
