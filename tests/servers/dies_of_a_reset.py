"""Has one `try` around everything: when one client's connection breaks, the server says so and ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class DiesOfAReset(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        try:
            super().listen_to(client, lines)
        except ConnectionError as error:
            print(f"Error: {error}", flush=True)
            os._exit(1)


if __name__ == "__main__":
    DiesOfAReset().run(int(sys.argv[1]))
