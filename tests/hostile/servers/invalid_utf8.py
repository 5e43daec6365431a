"""Its texts are bytes of no encoding."""

import lobby


def said(client, nick, text):
    for other in lobby.clients:
        if other is not client:
            lobby.give(other, nick.encode() + b": \xff\xfe\xc0\x80\xed\xa0\x80" + text.encode() + b"\xf8\n")


lobby.serve(said=said)
