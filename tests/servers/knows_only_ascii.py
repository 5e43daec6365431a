"""Encodes what it sends as ASCII, since that is what worked with the texts that it was tried with."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class KnowsOnlyAscii(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        super().broadcast(sender, text.encode("ascii", "replace").decode())


if __name__ == "__main__":
    KnowsOnlyAscii().run(int(sys.argv[1]))
