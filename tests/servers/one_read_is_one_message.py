"""Takes what one `recv` brings for one message: two lines that arrive together become one."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer
from right_threads import Client as RightClient


class Client(RightClient):
    def lines(self) -> Iterator[str]:
        while data := self.connection.recv(4096):
            yield data.decode("utf-8", "replace").strip().replace("\n", " ")


class OneReadIsOneMessage(ChatServer):
    Client = Client


if __name__ == "__main__":
    OneReadIsOneMessage().run(int(sys.argv[1]))
