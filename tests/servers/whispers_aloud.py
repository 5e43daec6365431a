"""Sends a private message to everybody, marked as private: the clients are trusted to show it to the right one."""

from __future__ import annotations

import sys

from right_threads import ChatServer, Client


class WhispersAloud(ChatServer):
    def whisper(self, sender: Client, to: str, text: str) -> None:
        self.tell_others(sender, f"(private) {sender.nick}: {text}")


if __name__ == "__main__":
    WhispersAloud().run(int(sys.argv[1]))
