"""Counts to one less than it should when it lists who is here."""

from __future__ import annotations

import sys

from right_threads import ChatServer


class ListsAllButTheLast(ChatServer):
    def names(self) -> list[str]:
        names = super().names()
        return [names[i] for i in range(len(names) - 1)]


if __name__ == "__main__":
    ListsAllButTheLast().run(int(sys.argv[1]))
