"""Right in the dialect `prompted`, the plainest way: whatever one read brings is one message. Its profile has no framing,
and so chatsim sends the next message when the last has been heard."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator

import right_queues
import right_threads


class Client(right_queues.Client):
    def lines(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two reads
        while data := self.connection.recv(1024):
            if text := decoder.decode(data):
                yield text

    def write(self) -> None:
        try:
            while (text := self.unwritten.get()) is not None:
                self.connection.sendall(text.encode())
        except OSError:
            pass  # it has gone: its reader finds out


class Chunks(right_queues.ChatServer):
    Client = Client

    def serve(self, connection: right_threads.socket.socket) -> None:
        connection.sendall(b"NICK")
        super().serve(connection)

    def let_in(self, client: right_threads.Client, nick: str) -> bool:
        with self.lock:
            if not nick or self.is_taken(nick):
                client.tell("Nickname already in use!")
                return False
            client.nick = nick
            self.clients[nick] = client
            client.tell("Connected to the server!")
            self.tell_others(client, f"{nick} joined the chat!")
            return True

    def understand(self, client: right_threads.Client, line: str) -> None:
        self.broadcast(client, line)

    def see_off(self, client: right_threads.Client) -> None:
        with self.lock:
            if client.nick and self.clients.get(client.nick) is client:
                del self.clients[client.nick]
                self.tell_others(client, f"{client.nick} left the chat!")
        assert isinstance(client, Client)
        client.finish()


if __name__ == "__main__":
    Chunks().run(int(sys.argv[1]))
