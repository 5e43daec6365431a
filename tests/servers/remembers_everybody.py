"""Keeps a page of statistics about everybody who was ever there."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class RemembersEverybody(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.statistics: list[bytearray] = []

    def let_in(self, client: Client, nick: str) -> bool:
        self.statistics.append(bytearray(b"\1" * 16_384))  # one byte a minute: more than eleven days of them
        return super().let_in(client, nick)


if __name__ == "__main__":
    RemembersEverybody().run(int(sys.argv[1]))
