"""It greets everybody with a gigabyte without a newline."""

import lobby


def live(client, said, met):
    for _ in range(16 * 1024):
        client.sendall(b"x" * 65536)


lobby.live = live
lobby.serve()
