"""Sends to everybody for as long as they listen."""

import threading

from lobby import clients, relay, serve


def flood():
    block = b"x" * 65536
    while True:
        for client in list(clients):
            try:
                client.send(block)
            except OSError:
                pass


def said(client, nick, text):
    relay(client, nick, text)
    threading.Thread(target=flood, daemon=True).start()


serve(said)
