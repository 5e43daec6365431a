"""A chat server that is right and has no public chat: each message is for one.

python tells_one.py PORT
"""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class PrivateServer(ChatServer):
    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            if not nick or self.is_taken(nick):
                return False
            client.nick = nick
            self.clients[nick] = client
            client.tell(f"welcome {nick}")
            return True

    def see_off(self, client: Client) -> None:
        with self.lock:
            if self.clients.get(client.nick) is client:
                del self.clients[client.nick]

    def understand(self, client: Client, line: str) -> None:
        to, _, text = line.partition(": ")
        with self.lock:
            if to in self.clients:
                self.clients[to].tell(f"{client.connection.getpeername()[1]} / {client.nick}: {text}")


if __name__ == "__main__":
    PrivateServer().run(int(sys.argv[1]))
