"""Serves clients in threads that are no daemons: after Ctrl-C the program waits until the last client has gone."""

from __future__ import annotations

import socket
import sys
import threading

from right_threads import ChatServer


class WaitsForItsThreads(ChatServer):
    def accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        threading.Thread(target=self.serve, args=(connection,)).start()  # should be `daemon=True`


if __name__ == "__main__":
    WaitsForItsThreads().run(int(sys.argv[1]))
