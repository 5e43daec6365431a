"""Keeps the names in a second list, for `/who`, and takes nobody out of it."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class NeverForgetsAName(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.known: list[str] = []

    def let_in(self, client: Client, nick: str) -> bool:
        if not super().let_in(client, nick):
            return False
        if nick not in self.known:
            self.known.append(nick)
        return True

    def names(self) -> list[str]:
        return self.known


if __name__ == "__main__":
    NeverForgetsAName().run(int(sys.argv[1]))
