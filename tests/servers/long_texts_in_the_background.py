"""Sends long texts from a thread of their own, with a rest after each receiver: a short reply overtakes what it answers."""

from __future__ import annotations

import sys
import threading
import time

from right_threads import ChatServer, Client

LONG = 40  # characters
REST = 0.3  # seconds, for the network to breathe


class LongTextsInTheBackground(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        if len(text) < LONG:
            super().broadcast(sender, text)
        else:
            threading.Thread(target=self.send_slowly, args=(sender, text), daemon=True).start()

    def send_slowly(self, sender: Client, text: str) -> None:
        for client in list(self.clients.values()):
            if client is not sender:
                client.tell(f"{sender.nick}: {text}")
                time.sleep(REST)


if __name__ == "__main__":
    LongTextsInTheBackground().run(int(sys.argv[1]))
