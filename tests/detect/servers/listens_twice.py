"""Has two ports: at the first (its argument, and one more) it tells the time, at its own it is a right chat by lines."""

import socket
import sys
import threading

names: dict[socket.socket, str] = {}


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile() as lines:
        name = next(lines, "").strip()
        connection.sendall(f"Welcome, {name}!\n".encode())
        names[connection] = name
        for line in lines:
            for other in list(names):
                other.sendall(f"{name}: {line}".encode())
        del names[connection]


def clock(listener: socket.socket) -> None:
    while True:
        with listener.accept()[0] as connection:
            connection.sendall(b"It is late.\n")


threading.Thread(target=clock, args=[socket.create_server(("127.0.0.1", 0))], daemon=True).start()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
