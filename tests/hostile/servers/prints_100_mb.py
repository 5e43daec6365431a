"""It prints 20 MB for each message."""

import os

import lobby

BATCH = b"debug: " + b"x" * 92 + b"\n"


def said(client, nick, text):
    for _ in range(200):
        data = memoryview(BATCH * 1000)
        while data:
            data = data[os.write(1, data) :]
    lobby.relay(client, nick, text)


lobby.serve(said=said)
