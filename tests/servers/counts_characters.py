"""A chat whose messages come after their length in 64 columns (the dialect `header-64`).

It counts characters where it should count bytes, so that a text in Cyrillic is cut off after half of it.
"""

from __future__ import annotations

import socket
import sys
import threading

HEADER = 64
clients: dict[str, socket.socket] = {}
lock = threading.RLock()


def receive(connection: socket.socket) -> str | None:
    header = connection.recv(HEADER, socket.MSG_WAITALL)
    if len(header) < HEADER:
        return None
    return connection.recv(int(header), socket.MSG_WAITALL).decode()


def send(connection: socket.socket, text: str) -> None:
    length = len(text)  # should be `len(text.encode())`
    connection.sendall(f"{length:<{HEADER}}".encode() + text.encode()[:length])


def tell_others(text: str, but: str) -> None:
    with lock:
        for nick, connection in clients.items():
            if nick != but:
                send(connection, text)


def serve(connection: socket.socket) -> None:
    nick = receive(connection)
    if nick is None:
        connection.close()
        return
    with lock:
        clients[nick] = connection
        send(connection, "Connected")
        tell_others(f"{nick} has joined", but=nick)
    while (text := receive(connection)) not in (None, "!DISCONNECT"):
        tell_others(f"{nick}: {text}", but=nick)
    with lock:
        del clients[nick]
        tell_others(f"{nick} has left", but=nick)
    connection.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    except KeyboardInterrupt:
        pass
