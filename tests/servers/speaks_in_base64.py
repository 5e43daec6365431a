"""A chat server that is right: the dialect `lines`, each line in base64.

python speaks_in_base64.py PORT
"""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class Base64Client(Client):
    def lines(self) -> Iterator[str]:
        for line in super().lines():
            yield base64.b64decode(line).decode("utf-8", "replace")

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self.connection.sendall(base64.b64encode(line.encode()) + b"\n")


class Base64Server(ChatServer):
    Client = Base64Client

    def serve(self, connection: object) -> None:
        with contextlib.suppress(ValueError):  # no base64: this client is done
            super().serve(connection)  # type: ignore[arg-type]


if __name__ == "__main__":
    Base64Server().run(int(sys.argv[1]))
