"""Does not look whether a nickname is in use: two clients go by one name."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class TakesAnybody(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.here: list[Client] = []

    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            client.nick = nick
            self.here.append(client)
            client.tell(f"Welcome, {nick}!")
            self.tell_others(client, f"* {nick} joined")
            return True

    def see_off(self, client: Client) -> None:
        with self.lock:
            if client in self.here:
                self.here.remove(client)
                self.tell_others(client, f"* {client.nick} left")

    def names(self) -> list[str]:
        return [client.nick for client in self.here]

    def tell_others(self, but: Client, line: str) -> None:
        with self.lock:
            for client in self.here:
                if client is not but:
                    client.tell(line)


if __name__ == "__main__":
    TakesAnybody().run(int(sys.argv[1]))
