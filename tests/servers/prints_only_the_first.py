"""A chat whose console is all that hears (the dialect `nickname-console`), and prints of each client the first message only.

It reads in a thread that serves one message, where there should be a loop around it; the rest is read and thrown away.
"""

from __future__ import annotations

import socket
import sys
import threading


def serve(connection: socket.socket) -> None:
    connection.recv(1024)  # the nickname
    connection.sendall(b"Welcome to this chatroom!")
    try:
        if first := connection.recv(2048):
            print("Message from client:", first.decode(), flush=True)
        while connection.recv(2048):
            pass
    except OSError:
        pass
    connection.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    except KeyboardInterrupt:
        pass
