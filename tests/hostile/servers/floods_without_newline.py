"""To each message it answers with a gigabyte without a newline."""

import lobby


def said(client, nick, text):
    for _ in range(16 * 1024):
        client.sendall(b"x" * 65536)


lobby.serve(said=said)
