"""Looks phrases up in a list of bad ones, one after the other, in a thread for that; notices do not wait in its queue."""

from __future__ import annotations

import queue
import sys
import threading
import time

from right_threads import ChatServer, Client

LOOKING_UP = 0.1  # seconds


class NoticesOvertake(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.to_look_up: queue.Queue[tuple[Client, str]] = queue.Queue()
        threading.Thread(target=self.look_up, daemon=True).start()

    def broadcast(self, sender: Client, text: str) -> None:
        if " " in text:
            self.to_look_up.put((sender, text))
        else:
            super().broadcast(sender, text)

    def look_up(self) -> None:
        while True:
            sender, text = self.to_look_up.get()
            time.sleep(LOOKING_UP)
            super().broadcast(sender, text)


if __name__ == "__main__":
    NoticesOvertake().run(int(sys.argv[1]))
