"""Whatever is said once is told to the others until the end of days."""

import lobby


def said(client, nick, text):
    copies = f"{nick}: {text}\n".encode() * (65536 // (len(text) + 10) + 1)
    for other in lobby.clients:
        while other is not client:
            other.sendall(copies)


lobby.serve(said=said)
