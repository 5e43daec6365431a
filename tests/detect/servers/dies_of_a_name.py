"""Understands objects alone, and ends when it is told anything else; a right chat to those who speak so."""

import json
import os
import socket
import sys
import threading

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
names: dict[socket.socket, str] = {}


def serve(connection: socket.socket) -> None:
    with connection, connection.makefile() as lines:
        for line in lines:
            try:
                heard = json.loads(line)
            except ValueError:
                os._exit(3)
            if connection in names:
                tell({"from": names[connection], "text": heard["text"]})
            else:
                names[connection] = heard["name"]
                tell({"joined": heard["name"]})
        name = names.pop(connection, None)
    if name:
        tell({"left": name})


def tell(what: dict[str, str]) -> None:
    for other in list(names):
        other.sendall((json.dumps(what) + "\n").encode())


while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
