"""It sends half a line and no more."""

import lobby


def met(client, nick):
    lobby.give(client, b"hi")


lobby.serve(met=met)
