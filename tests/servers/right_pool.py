"""Right, with a pool of 200 threads that is filled as clients come: its threads grow with them, and stay.

That is no leak: when the pool is full, it grows no more.
"""

from __future__ import annotations

import socket
import sys
import threading
from queue import SimpleQueue

from right_queues import ChatServer

SIZE = 200


class Pooled(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: SimpleQueue[socket.socket] = SimpleQueue()
        self.threads = 0

    def accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        self.waiting.put(connection)
        if self.threads < SIZE:
            self.threads += 1
            threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        while True:
            self.serve(self.waiting.get())


if __name__ == "__main__":
    Pooled().run(int(sys.argv[1]))
