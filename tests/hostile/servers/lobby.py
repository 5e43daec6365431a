"""A small chat server that is right: the hostile ones begin as this one and then go wrong, each in its own way.

Called as `SERVER.py PORT BELL MARK`. BELL is a named pipe: what is rung there tells the test how far the server has
come. MARK is looked at by nobody; by it the test knows a survivor.
"""

import os
import signal
import socket
import sys
import threading

signal.signal(signal.SIGINT, lambda *_: os._exit(0))
PORT = int(sys.argv[1])
clients = {}
turn = threading.Lock()


def ring(word):
    """Tell the test that this moment has come."""
    bell = os.open(sys.argv[2], os.O_WRONLY | os.O_NONBLOCK)
    os.write(bell, f"{word}\n".encode())
    os.close(bell)


def listen(port=PORT):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def tell(line, but=None):
    for client in list(clients):
        if client is not but:
            give(client, line.encode() + b"\n")


def give(client, data):
    try:
        client.sendall(data)
    except OSError:
        pass  # gone: its own thread tells the others


def relay(client, nick, text):
    tell(f"{nick}: {text}", but=client)


def welcome(client, nick):
    give(client, f"hi {nick}\n".encode())


def serve(listener=None, said=relay, met=welcome):
    """Serve for ever. `said` is called for each message, `met` for each newcomer; both while nobody else speaks."""
    listener = listener or listen()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=live, args=(client, said, met), daemon=True).start()


def live(client, said, met):
    lines = client.makefile("r", encoding="utf-8", errors="replace", newline="\n")
    nick = ""
    try:
        nick = lines.readline().strip()
        with turn:
            tell(f"* {nick} joined")
            clients[client] = nick
            met(client, nick)
        for line in lines:
            with turn:
                said(client, nick, line.rstrip("\n"))
    except OSError:
        pass
    finally:
        with turn:
            if clients.pop(client, None):
                tell(f"* {nick} left")
        client.close()
