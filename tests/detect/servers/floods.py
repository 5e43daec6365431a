"""Talks without end to whoever comes."""

import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"news! " * 1000 + b"\n")


while True:
    threading.Thread(target=flood, args=listener.accept()[:1], daemon=True).start()
