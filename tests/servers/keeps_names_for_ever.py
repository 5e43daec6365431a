"""Remembers which names are taken, and gives one back only to the word /quit: who was cut off is locked out."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class KeepsNamesForEver(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.taken: set[str] = set()

    def is_taken(self, nick: str) -> bool:
        if nick in self.taken:
            return True
        self.taken.add(nick)
        return False

    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        super().listen_to(client, lines)
        self.taken.discard(client.nick)


if __name__ == "__main__":
    KeepsNamesForEver().run(int(sys.argv[1]))
