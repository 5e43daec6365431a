"""Asks at its console where it is to listen; a right chat by lines then."""

import socket
import threading

port = int(input("Enter the port: "))
listener = socket.create_server(("127.0.0.1", port))
names: dict[socket.socket, str] = {}


def serve(connection: socket.socket) -> None:
    connection.sendall(b"What is your name? ")
    with connection, connection.makefile() as lines:
        name = next(lines, "").strip()
        connection.sendall(f"Welcome, {name}!\n".encode())
        tell(connection, f"{name} has joined\n")
        names[connection] = name
        for line in lines:
            tell(connection, f"{name}: {line}")
        del names[connection]
    tell(connection, f"{name} has left\n")


def tell(but: socket.socket, text: str) -> None:
    for other in list(names):
        if other is not but:
            other.sendall(text.encode())


while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
