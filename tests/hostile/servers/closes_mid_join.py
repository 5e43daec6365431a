"""It listens to the name and hangs up."""

import lobby


def live(client, said, met):
    client.recv(4096)
    client.close()


lobby.live = live
lobby.serve()
