"""Right, and never still: fifty threads wake up a hundred times a second to see whether there is something to do.

That is no spinning: nearly all of the time they sleep.
"""

from __future__ import annotations

import sys
import threading
import time

from right_queues import ChatServer

THREADS = 50
PAUSE = 0.01  # seconds


class Polling(ChatServer):
    def look_for_work(self) -> None:
        while True:
            with self.lock:
                for client in self.clients.values():
                    assert client.nick
            time.sleep(PAUSE)


if __name__ == "__main__":
    chat = Polling()
    for _ in range(THREADS):
        threading.Thread(target=chat.look_for_work, daemon=True).start()
    chat.run(int(sys.argv[1]))
