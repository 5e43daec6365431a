"""A raw chat that asks for a nickname (the dialect `prompted`) and reads no more than 32 bytes at a time.

Each piece of a longer message is passed on as if it were a message of its own.
"""

from __future__ import annotations

import socket
import sys
import threading

clients: dict[str, socket.socket] = {}
lock = threading.Lock()


def broadcast(text: str, but: str) -> None:
    for nick, connection in clients.items():
        if nick != but:
            connection.sendall(text.encode())


def serve(connection: socket.socket) -> None:
    connection.sendall(b"NICK")
    nick = connection.recv(1024).decode()
    with lock:
        clients[nick] = connection
        connection.sendall(b"Connected to the server!")
        broadcast(f"{nick} joined the chat!", but=nick)
    while data := connection.recv(32):  # should be 1024 or more, and even then look for where a message ends
        with lock:
            broadcast(f"{nick}: {data.decode()}", but=nick)
    with lock:
        del clients[nick]
        broadcast(f"{nick} left the chat!", but=nick)
    connection.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    except KeyboardInterrupt:
        pass
