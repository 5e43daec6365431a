"""Right, but slow of speech: it welcomes a newcomer before it is listed, and tells of comings and goings a moment late.

Nothing of that is forbidden: a welcome is not yet being there, and no notice is owed at once.
"""

from __future__ import annotations

import sys
import time

from right_queues import ChatServer
from right_threads import Client

MOMENT = 0.02  # seconds


class Late(ChatServer):
    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            if not nick or self.is_taken(nick):
                client.tell(f"Sorry, the name {nick} is taken.")
                return False
            client.tell(f"Welcome, {nick}!")
            time.sleep(MOMENT)
            client.nick = nick
            self.clients[nick] = client
            time.sleep(MOMENT)
            self.tell_others(client, f"* {nick} joined")
            return True

    def see_off(self, client: Client) -> None:
        time.sleep(MOMENT)
        super().see_off(client)


if __name__ == "__main__":
    Late().run(int(sys.argv[1]))
