"""A chat in JSON, one object a line (the dialect `json-lines`), which owes the speaker a receipt and never sends it."""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

clients: dict[str, socket.socket] = {}
lock = threading.RLock()


def send(connection: socket.socket, **message: Any) -> None:
    connection.sendall(json.dumps(message).encode() + b"\n")


def tell_others(but: str, **message: Any) -> None:
    with lock:
        for nick, connection in clients.items():
            if nick != but:
                send(connection, **message)


def serve(connection: socket.socket) -> None:
    nick = ""
    for line in connection.makefile("rb"):
        message = json.loads(line)
        match message["type"]:
            case "join":
                nick = message["nick"]
                with lock:
                    clients[nick] = connection
                    send(connection, type="welcome", nick=nick)
                    tell_others(nick, type="joined", nick=nick)
            case "say":
                tell_others(nick, type="message", **{"from": nick}, text=message["text"])
                # here the speaker should be sent {"type": "ok", "text": …}
            case "who":
                send(connection, type="members", nicks=list(clients))
            case "bye":
                break
    with lock:
        if clients.pop(nick, None) is not None:
            tell_others(nick, type="left", nick=nick)
    connection.close()


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    try:
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
    except KeyboardInterrupt:
        pass
