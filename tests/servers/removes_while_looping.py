"""Takes the dead out of the list while it walks through the list: the one behind a dead one is passed over once."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class RemovesWhileLooping(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.receivers: list[Client] = []

    def let_in(self, client: Client, nick: str) -> bool:
        let_in = super().let_in(client, nick)
        if let_in:
            self.receivers.append(client)
        return let_in

    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for client in self.receivers:
                if client is sender:
                    continue
                try:
                    client.connection.sendall(f"{sender.nick}: {text}\n".encode())
                except OSError:
                    self.receivers.remove(client)  # and the next one moves into its place, which is done with


if __name__ == "__main__":
    RemovesWhileLooping().run(int(sys.argv[1]))
