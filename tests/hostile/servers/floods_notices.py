"""It tells again and again who has come."""

import lobby


def met(client, nick):
    lobby.welcome(client, nick)
    notices = f"* {nick} joined\n".encode() * 4096
    for other in lobby.clients:
        while other is not client:
            other.sendall(notices)


lobby.serve(met=met)
