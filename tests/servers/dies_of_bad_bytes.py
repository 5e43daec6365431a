"""Has one `try` around everything: when one client sends what is no text, the server says so and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class StrictClient(Client):
    def lines(self) -> Iterator[str]:
        unfinished = b""
        while data := self.connection.recv(4096):
            *whole, unfinished = (unfinished + data).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r").decode("utf-8")


class DiesOfBadBytes(ChatServer):
    Client = StrictClient

    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        try:
            super().listen_to(client, lines)
        except ValueError as error:
            print(f"Error: {error}", flush=True)
            os._exit(1)


if __name__ == "__main__":
    DiesOfBadBytes().run(int(sys.argv[1]))
