"""From the second message on it sends the half, and no line end."""

import lobby

heard = []


def said(client, nick, text):
    heard.append(text)
    whole = f"{nick}: {text}\n"
    for other in lobby.clients:
        if other is not client:
            lobby.give(other, (whole if len(heard) < 2 else whole[: len(whole) // 2]).encode())


lobby.serve(said=said)
