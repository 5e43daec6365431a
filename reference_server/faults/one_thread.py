"""The textbook server with one thread for all who are connected, which `select` wakes. Right, too."""

import select
import socket
from collections.abc import Iterable

from reference_server.faults.fault import Fault
from reference_server.faults.textbook import RECEIVE_SIZE, Client
from reference_server.wire import Malformed


class OneThread(Fault):
    """Whatever goes wrong with one client goes wrong in the thread of all."""

    def accept_all(self, listener: socket.socket) -> None:
        self.seated: dict[socket.socket, Client] = {}
        while True:
            ready, _, _ = select.select([listener, *self.seated], [], [])
            for sock in ready:
                if sock is listener:
                    self.accept(listener)
                else:
                    self.read(self.seated[sock])

    def start_serving(self, sock: socket.socket, address: tuple[str, int]) -> None:
        client = self.seated[sock] = self.client_class(sock, self.speech)
        self.greet(client, address)

    def read(self, client: Client) -> None:
        data = self.receive(client)
        if not data or not all(self.answer(client, text) for text in self.texts_in(client, data)):
            del self.seated[client.sock]
            self.see_off(client)

    def receive(self, client: Client) -> bytes:
        try:
            return client.sock.recv(RECEIVE_SIZE)
        except OSError:
            return b""  # a reset: gone is gone

    def texts_in(self, client: Client, data: bytes) -> Iterable[str]:
        for message in client.framing.feed(data):
            yield "" if isinstance(message, Malformed) else self.speech.text_in(message) or ""

    def end(self) -> None:
        for client in self.seated.values():
            client.hang_up()
