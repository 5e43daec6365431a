"""It lets clients in, and reads nothing of what they say then."""

import threading

import lobby


def live(client, said, met):
    nick = client.recv(4096).decode().strip()
    met(client, nick)
    threading.Event().wait()


lobby.live = live
lobby.serve()
