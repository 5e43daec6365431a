"""A chat server that is right and speaks in records of one size, as programs in C do: a number, a name, a text.

python speaks_in_records.py PORT
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

from right_threads import ChatServer, Client

RECORD = struct.Struct("<I16s512s")
JOIN, SAY, JOINED, LEFT, WELCOME, TAKEN = range(1, 7)


class RecordServer(ChatServer):
    def serve(self, connection: socket.socket) -> None:
        client = self.Client(connection)
        with contextlib.suppress(OSError), connection.makefile("rb") as stream:
            while len(record := stream.read(RECORD.size)) == RECORD.size:
                kind, *texts = RECORD.unpack(record)
                name, text = (each.partition(b"\0")[0].decode("utf-8", "replace") for each in texts)
                if not self.take(client, kind, name, text):
                    break
        with self.lock:
            if client.nick and self.clients.pop(client.nick, None) is not None:
                self.tell_all(client, LEFT, client.nick)
        connection.close()

    def take(self, client: Client, kind: int, name: str, text: str) -> bool:
        with self.lock:
            if kind == JOIN and not client.nick:
                if not name or name in self.clients:
                    self.send(client, TAKEN, name)
                    return False
                client.nick = name
                self.send(client, WELCOME, name)
                self.clients[name] = client
                self.tell_all(client, JOINED, name)
                return True
            if kind == SAY and client.nick:
                self.tell_all(client, SAY, client.nick, text)
                return True
        return False

    def send(self, client: Client, kind: int, name: str, text: str = "") -> None:
        with contextlib.suppress(OSError):
            client.connection.sendall(RECORD.pack(kind, name.encode(), text.encode()))

    def tell_all(self, but: Client, kind: int, name: str, text: str = "") -> None:
        for client in list(self.clients.values()):
            if client is not but:
                self.send(client, kind, name, text)


if __name__ == "__main__":
    RecordServer().run(int(sys.argv[1]))
