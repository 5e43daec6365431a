"""Before it lets the second client in, it talks to the first one: 20 MB, in lines."""

import lobby


def met(client, nick):
    for other in list(lobby.clients)[:-1]:
        for _ in range(400):
            lobby.give(other, (b"tick tock " * 9 + b"\n") * 600)
    lobby.welcome(client, nick)


lobby.serve(met=met)
