"""Keeps "the" nickname in one variable for all clients: everybody speaks under the name of whoever came last."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class SpeaksForTheLastOne(ChatServer):
    nick = ""  # of the client that is being served

    def let_in(self, client: Client, nick: str) -> bool:
        self.nick = nick
        return super().let_in(client, nick)

    def broadcast(self, sender: Client, text: str) -> None:
        self.tell_others(sender, f"{self.nick}: {text}")


if __name__ == "__main__":
    SpeaksForTheLastOne().run(int(sys.argv[1]))
