"""It talks to its first client without end."""

import threading

import lobby


def met(client, nick):
    lobby.welcome(client, nick)
    if len(lobby.clients) == 1:
        threading.Thread(target=chatter, args=(client,), daemon=True).start()


def chatter(client):
    while True:
        with lobby.turn:
            client.sendall((b"tick tock " * 9 + b"\n") * 700)


lobby.serve(met=met)
