"""Takes three clients, and forgets to count those who leave: after a while nobody is let in any more."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client

MOST = 3


class CountsOnlyUp(ChatServer):
    number = 0

    def let_in(self, client: Client, nick: str) -> bool:
        if self.number >= MOST:
            client.tell(f"Sorry, the name {nick} does not fit in any more.")
            return False
        self.number += 1
        return super().let_in(client, nick)


if __name__ == "__main__":
    CountsOnlyUp().run(int(sys.argv[1]))
