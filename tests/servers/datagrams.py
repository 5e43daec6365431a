"""A right server over UDP: the first datagram of a client is its name, `/quit` is its goodbye.

python datagrams.py PORT
"""

from __future__ import annotations

import contextlib
import socket
import sys

Address = tuple[str, int]


class Chat:
    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.names: dict[Address, str] = {}

    def run(self) -> None:
        while True:
            with contextlib.suppress(ConnectionError):  # somebody has gone whom something was sent to
                data, address = self.socket.recvfrom(65_535)
                self.hear(data.decode("utf-8", "replace"), address)

    def hear(self, text: str, address: Address) -> None:
        name = self.names.get(address)
        if name is None:
            self.welcome(text, address)
        elif text == "/quit":
            self.tell(address, f"Goodbye, {name}.")
            del self.names[address]
            self.tell_others(address, f"* {name} left")
        elif text == "/who":
            self.tell(address, "Here: " + ", ".join(self.names.values()))
        elif text:
            self.tell_others(address, f"{name}: {text}")

    def welcome(self, name: str, address: Address) -> None:
        if not name or name in self.names.values():
            self.tell(address, f"Sorry, the name {name} is taken.")
            return
        self.names[address] = name
        self.tell(address, f"Welcome, {name}!")
        self.tell_others(address, f"* {name} joined")

    def tell(self, address: Address, text: str) -> None:
        self.socket.sendto(text.encode(), address)

    def tell_others(self, but: Address, text: str) -> None:
        for address in self.names:
            if address != but:
                self.tell(address, text)


with contextlib.suppress(KeyboardInterrupt):
    Chat(int(sys.argv[1])).run()
