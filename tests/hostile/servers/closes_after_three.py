"""Whoever has spoken three times has spoken enough."""

import lobby

spoken = {}


def said(client, nick, text):
    spoken[client] = spoken.get(client, 0) + 1
    lobby.relay(client, nick, text)
    if spoken[client] == 3:
        raise OSError


lobby.serve(said=said)
