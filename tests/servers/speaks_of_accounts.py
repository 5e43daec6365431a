"""A chat server that is right and knows accounts: who has none must register, who has one must not.

python speaks_of_accounts.py PORT
"""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

from right_threads import ChatServer, Client


class AccountServer(ChatServer):
    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[str, str] = {}

    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        with contextlib.suppress(OSError, ValueError):
            lines = client.lines()
            nick = self.log_in(client, lines)
            if nick and self.let_in(client, nick):
                self.listen_to(client, lines)
        self.see_off(client)
        connection.close()

    def log_in(self, client: Client, lines: Iterator[str]) -> str:
        for line in lines:
            command, nick, password = line.split(" ")
            if command == "register" and nick not in self.passwords:
                self.passwords[nick] = password
                client.tell(f"[Ok] {nick} is registered")
                return nick
            if command == "login" and nick not in self.passwords:
                client.tell("[Error] no such account")
            elif command == "login" and self.passwords[nick] == password:
                client.tell(f"[Login:{nick}] Welcome back")
                return nick
            else:
                client.tell(f"[Error] {command} failed")
                break
        return ""


if __name__ == "__main__":
    AccountServer().run(int(sys.argv[1]))
