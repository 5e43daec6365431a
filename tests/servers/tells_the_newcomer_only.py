"""Tells the newcomer that the newcomer has joined, and nobody else."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class TellsTheNewcomerOnly(ChatServer):
    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            if self.is_taken(nick):
                client.tell(f"Sorry, the name {nick} is taken.")
                return False
            client.nick = nick
            self.clients[nick] = client
            client.tell(f"Welcome, {nick}!")
            client.tell(f"* {nick} joined")  # should be `tell_others`
            return True


if __name__ == "__main__":
    TellsTheNewcomerOnly().run(int(sys.argv[1]))
