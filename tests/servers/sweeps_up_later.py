"""Leaves the connection of who has gone in the list of receivers, for a thread that sweeps up every few seconds."""

from __future__ import annotations

import socket
import sys
import threading
import time

from right_threads import ChatServer, Client

LATER = 1.5  # seconds


class SweepsUpLater(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.receivers: list[Client] = []

    def let_in(self, client: Client, nick: str) -> bool:
        let_in = super().let_in(client, nick)
        if let_in:
            self.receivers.append(client)
        return let_in

    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        try:
            lines = client.lines()
            if self.let_in(client, next(lines, "")):
                self.listen_to(client, lines)
        except OSError:
            pass
        finally:
            self.see_off(client)
            threading.Thread(target=self.sweep_up, args=(client,), daemon=True).start()

    def sweep_up(self, client: Client) -> None:
        time.sleep(LATER)
        with self.lock:
            if client in self.receivers:
                self.receivers.remove(client)
            client.connection.close()

    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            for client in self.receivers:
                if client is not sender:
                    client.tell(f"{sender.nick}: {text}")


if __name__ == "__main__":
    SweepsUpLater().run(int(sys.argv[1]))
