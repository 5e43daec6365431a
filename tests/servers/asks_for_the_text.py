"""A chat server that is right and takes a message in two steps: it asks for the text.

python asks_for_the_text.py PORT
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class AskingServer(ChatServer):
    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            command, _, to = line.partition(" ")
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                return
            if command == "SAY":
                client.tell("TEXT?")
                self.broadcast(client, next(lines, ""))
            elif command == "TELL":
                client.tell(f"TEXT FOR {to}?")
                self.whisper(client, to, next(lines, ""))
            elif command == "/who":
                self.understand(client, line)
            else:
                client.tell(f"? {line}")


if __name__ == "__main__":
    AskingServer().run(int(sys.argv[1]))
