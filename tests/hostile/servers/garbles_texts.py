"""Its texts lose their vowels to bytes of no encoding."""

import lobby


def said(client, nick, text):
    for other in lobby.clients:
        if other is not client:
            lobby.give(other, f"{nick}: {text}\n".encode().replace(b"e", b"\xff"))


lobby.serve(said=said)
