"""Broadcasts without a lock: the loops of two senders run side by side, and reach the receivers in different orders.

Each loop begins with the one who came before the sender, and the rest after each receiver stands for the time that a send takes
when there are many. Without both, the same mistake shows once in some hundred messages.
"""

from __future__ import annotations

import sys
import time

from right_threads import ChatServer, Client

REST = 0.05  # seconds


class EverybodyLoopsAlone(ChatServer):
    def broadcast(self, sender: Client, text: str) -> None:
        here = list(self.clients.values())
        place = here.index(sender)
        for step in range(1, len(here)):
            here[place - step].tell(f"{sender.nick}: {text}")
            time.sleep(REST)


if __name__ == "__main__":
    EverybodyLoopsAlone().run(int(sys.argv[1]))
