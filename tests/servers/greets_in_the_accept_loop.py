"""Reads the nickname in the loop that accepts: one who breaks off before giving a name ends that loop, for all."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

from right_threads import ChatServer, Client


class GreetsInTheAcceptLoop(ChatServer):
    def accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
            client = Client(connection)
            lines = client.lines()
            if self.let_in(client, next(lines)):
                threading.Thread(target=self.listen, args=(client, lines), daemon=True).start()
        except (OSError, StopIteration) as error:
            print("Could not accept a client:", error or "it has gone", flush=True)
            while True:  # "so that the others can go on chatting"
                time.sleep(1)

    def listen(self, client: Client, lines: Iterator[str]) -> None:
        try:
            self.listen_to(client, lines)
        except OSError:
            pass
        finally:
            self.see_off(client)
            client.connection.close()


if __name__ == "__main__":
    GreetsInTheAcceptLoop().run(int(sys.argv[1]))
