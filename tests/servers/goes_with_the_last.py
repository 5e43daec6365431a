"""Ends when the last client has left: nobody can come back."""

from __future__ import annotations

import os
import sys

from right_threads import ChatServer, Client


class GoesWithTheLast(ChatServer):
    def see_off(self, client: Client) -> None:
        super().see_off(client)
        if not self.clients:
            client.connection.close()
            print("Nobody is left. Goodbye.", flush=True)
            os._exit(0)


if __name__ == "__main__":
    GoesWithTheLast().run(int(sys.argv[1]))
