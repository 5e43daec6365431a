"""A chat server that is right: one thread a client, one message a line (the dialect `lines`).

    python right_threads.py PORT

The servers of this folder that are wrong on purpose are this one with a single method spoilt. It is as small as a right
server can be whose clients all read; one that does not read would hold up whoever speaks.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator


class Client:
    """One connection, and the name and the rooms of whoever is at its other end."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.nick = ""
        self.rooms: set[str] = set()

    def lines(self) -> Iterator[str]:
        """What it says, line by line, until it has gone."""
        unfinished = b""
        while data := self.connection.recv(4096):
            *whole, unfinished = (unfinished + data).split(b"\n")
            for line in whole:
                yield line.rstrip(b"\r").decode("utf-8", "replace")

    def tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # it has gone: its own thread finds out
            self.connection.sendall(f"{line}\n".encode())


class ChatServer:
    """Everybody who is here, by name. Whoever changes that, or tells several people something, holds the lock."""

    Client = Client

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clients: dict[str, Client] = {}

    # --- one client's life ---------------------------------------------------------------------------------------------

    def run(self, port: int) -> None:
        with socket.create_server(("127.0.0.1", port), backlog=128) as listener, contextlib.suppress(KeyboardInterrupt):
            while True:
                self.accept(listener)

    def accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        try:
            lines = client.lines()
            if self.let_in(client, next(lines, "")):
                self.listen_to(client, lines)
        except OSError:
            pass  # reset: gone is gone
        finally:
            self.see_off(client)
            connection.close()

    def let_in(self, client: Client, nick: str) -> bool:
        with self.lock:
            if not nick or self.is_taken(nick):
                client.tell(f"Sorry, the name {nick} is taken.")
                return False
            client.nick = nick
            self.clients[nick] = client
            client.tell(f"Welcome, {nick}!")
            self.tell_others(client, f"* {nick} joined")
            return True

    def is_taken(self, nick: str) -> bool:
        return nick in self.clients

    def listen_to(self, client: Client, lines: Iterator[str]) -> None:
        for line in lines:
            if line == "/quit":
                client.tell(f"Goodbye, {client.nick}.")
                return
            self.understand(client, line)

    def see_off(self, client: Client) -> None:
        with self.lock:
            if client.nick and self.clients.get(client.nick) is client:
                del self.clients[client.nick]
                self.tell_others(client, f"* {client.nick} left")

    # --- what it says --------------------------------------------------------------------------------------------------

    def understand(self, client: Client, line: str) -> None:
        command, _, rest = line.partition(" ")
        if command == "/who":
            client.tell("Here: " + ", ".join(self.names()))
        elif command == "/msg":
            to, _, text = rest.partition(" ")
            self.whisper(client, to, text)
        elif command == "/enter":
            client.rooms.add(rest)
            client.tell(f"You are in {rest}.")
            self.tell_room(client, rest, f"* {client.nick} entered {rest}")
        elif command == "/exit":
            client.rooms.discard(rest)
            client.tell(f"You left {rest}.")
            self.tell_room(client, rest, f"* {client.nick} left {rest}")
        elif command == "/in":
            room, _, text = rest.partition(" ")
            self.tell_room(client, room, f"[{room}] {client.nick}: {text}")
        else:
            self.broadcast(client, line)

    def broadcast(self, sender: Client, text: str) -> None:
        self.tell_others(sender, f"{sender.nick}: {text}")

    def whisper(self, sender: Client, to: str, text: str) -> None:
        with self.lock:
            if to in self.clients:
                self.clients[to].tell(f"(private) {sender.nick}: {text}")

    def names(self) -> list[str]:
        with self.lock:
            return list(self.clients)

    # --- who is told ---------------------------------------------------------------------------------------------------

    def tell_others(self, but: Client, line: str) -> None:
        with self.lock:
            for client in list(self.clients.values()):
                if client is not but:
                    client.tell(line)

    def tell_room(self, but: Client, room: str, line: str) -> None:
        with self.lock:
            for client in list(self.clients.values()):
                if client is not but and room in client.rooms:
                    client.tell(line)


if __name__ == "__main__":
    ChatServer().run(int(sys.argv[1]))
