"""Gives each client a thread that writes to it, and never tells that thread to end."""

from __future__ import annotations

import queue
import socket
import sys
import threading

from right_threads import ChatServer, Client


class QueuedClient(Client):
    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.outgoing: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self.write, daemon=True).start()

    def tell(self, line: str) -> None:
        self.outgoing.put(line)

    def write(self) -> None:
        while True:
            super().tell(self.outgoing.get())
            self.outgoing.task_done()


class LeavesAThread(ChatServer):
    Client = QueuedClient

    def see_off(self, client: Client) -> None:
        super().see_off(client)
        assert isinstance(client, QueuedClient)
        client.outgoing.join()  # its last words are written before the connection is closed


if __name__ == "__main__":
    LeavesAThread().run(int(sys.argv[1]))
