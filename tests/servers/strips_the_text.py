"""Calls `strip` to get rid of the line end, which takes the blanks that belong to the text along."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class StripsTheText(ChatServer):
    def understand(self, client: Client, line: str) -> None:
        super().understand(client, line.strip())


if __name__ == "__main__":
    StripsTheText().run(int(sys.argv[1]))
