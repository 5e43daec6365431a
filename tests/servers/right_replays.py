"""Right, with a memory: a newcomer is sent the last twenty public messages. Its profile says so (`replays`)."""

from __future__ import annotations

import sys
from collections import deque

from right_queues import ChatServer
from right_threads import Client


class Remembering(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.said: deque[str] = deque(maxlen=20)

    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            if not super().let_in(client, nick):
                return False
            for line in self.said:
                client.tell(line)
            return True

    def broadcast(self, sender: Client, text: str) -> None:
        with self.lock:
            self.said.append(f"{sender.nick}: {text}")
            super().broadcast(sender, text)


if __name__ == "__main__":
    Remembering().run(int(sys.argv[1]))
