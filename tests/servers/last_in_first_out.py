"""Keeps what it has read in a list and takes the next line from the wrong end of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer
from right_threads import Client as RightClient


class Client(RightClient):
    def lines(self) -> Iterator[str]:
        unfinished = b""
        while data := self.connection.recv(4096):
            *inbox, unfinished = (unfinished + data).split(b"\n")
            while inbox:
                yield inbox.pop().decode("utf-8", "replace")  # should be `pop(0)`


class LastInFirstOut(ChatServer):
    Client = Client


if __name__ == "__main__":
    LastInFirstOut().run(int(sys.argv[1]))
