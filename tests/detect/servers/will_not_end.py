"""A right chat by lines that does not listen to SIGINT and SIGTERM, and has a child that does not, either."""

import os
import signal
import socket
import sys
import threading
import time

for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if not os.fork():
    listener.close()
    while True:
        time.sleep(60)
names: dict[socket.socket, str] = {}


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile() as lines:
        name = next(lines, "").strip()
        connection.sendall(f"Welcome, {name}!\n".encode())
        names[connection] = name
        for line in lines:
            for other in list(names):
                if other is not connection:
                    other.sendall(f"{name}: {line}".encode())
        del names[connection]


while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
