"""A desk whose operator types the answers (the dialect `operator-desk`): they go to whoever connected last.

"The" connection is one variable, which each newcomer overwrites; it should be that of the oldest unanswered message.
"""

from __future__ import annotations

import socket
import sys
import threading

current: socket.socket


def serve(connection: socket.socket) -> None:
    try:
        while data := connection.recv(2048):
            print("Server received data:", data.decode(), flush=True)
    except OSError:
        pass


def type_answers() -> None:
    for line in sys.stdin:
        answer = line.rstrip("\n")
        if answer == ".":
            current.close()
        else:
            current.sendall(answer.encode())


threading.Thread(target=type_answers, daemon=True).start()
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            current, _ = listener.accept()
            print("New Server socket thread started", flush=True)
            threading.Thread(target=serve, args=(current,), daemon=True).start()
    except KeyboardInterrupt:
        pass
