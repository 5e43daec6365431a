"""An echo server (the dialect `echo`) that has all its clients in one list, and answers all of them."""

from __future__ import annotations

import socket
import sys
import threading

clients: list[socket.socket] = []
lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    with lock:
        print("[New Connection] Client connected from", connection.getpeername(), flush=True)
        clients.append(connection)
    try:
        while (data := connection.recv(1024)) and data != b"!DISCONNECT":
            with lock:
                for client in clients:  # should be `connection` alone
                    client.sendall(data)
    except OSError:
        pass
    with lock:
        clients.remove(connection)
    connection.close()
    print("[Client disconnected]", flush=True)


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    except KeyboardInterrupt:
        pass
