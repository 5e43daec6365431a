"""The dialect `lines` once more, right as well, with one loop over all sockets: what cannot be written yet waits here."""

from __future__ import annotations

import contextlib
import selectors
import socket
import sys

poll = selectors.DefaultSelector()


class Client:
    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self.connection = connection
        self.nick = ""
        self.rooms: set[str] = set()
        self.unfinished = b""
        self.to_write = bytearray()
        self.leaving = False

    def tell(self, line: str) -> None:
        self.to_write += f"{line}\n".encode()
        self.write()

    def write(self) -> None:
        """As much as the socket takes; the rest when it takes more."""
        try:
            while self.to_write:
                del self.to_write[: self.connection.send(self.to_write)]
        except BlockingIOError:
            pass
        except OSError:
            self.to_write.clear()  # it has gone: reading finds out
        waits = selectors.EVENT_WRITE if self.to_write else 0
        poll.modify(self.connection, selectors.EVENT_READ | waits, self)


clients: dict[str, Client] = {}


def tell_others(but: Client, line: str, room: str | None = None) -> None:
    for client in clients.values():
        if client is not but and (room is None or room in client.rooms):
            client.tell(line)


def understand(client: Client, line: str) -> None:
    command, _, rest = line.partition(" ")
    first, _, text = rest.partition(" ")
    if not client.nick:
        if not line or line in clients:
            client.tell(f"Sorry, the name {line} is taken.")
            client.leaving = True
            return
        client.nick = line
        clients[line] = client
        client.tell(f"Welcome, {line}!")
        tell_others(client, f"* {line} joined")
    elif command == "/quit":
        client.tell(f"Goodbye, {client.nick}.")
        client.leaving = True
    elif command == "/who":
        client.tell("Here: " + ", ".join(clients))
    elif command == "/msg":
        if first in clients:
            clients[first].tell(f"(private) {client.nick}: {text}")
    elif command == "/enter":
        client.rooms.add(rest)
        client.tell(f"You are in {rest}.")
        tell_others(client, f"* {client.nick} entered {rest}", rest)
    elif command == "/exit":
        client.rooms.discard(rest)
        client.tell(f"You left {rest}.")
        tell_others(client, f"* {client.nick} left {rest}", rest)
    elif command == "/in":
        tell_others(client, f"[{first}] {client.nick}: {text}", first)
    else:
        tell_others(client, f"{client.nick}: {line}")


def read(client: Client) -> None:
    try:
        data = client.connection.recv(65536)
    except BlockingIOError:
        return
    except OSError:
        data = b""
    *lines, client.unfinished = (client.unfinished + data).split(b"\n")
    for line in lines:
        if not client.leaving:
            understand(client, line.rstrip(b"\r").decode("utf-8", "replace"))
    if not data or client.leaving:
        see_off(client)


def see_off(client: Client) -> None:
    poll.unregister(client.connection)
    client.connection.close()
    if clients.get(client.nick) is client:
        del clients[client.nick]
        tell_others(client, f"* {client.nick} left")


with (
    socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=128) as listener,
    contextlib.suppress(KeyboardInterrupt),
):
    listener.setblocking(False)
    poll.register(listener, selectors.EVENT_READ)
    while True:
        for key, ready in poll.select():
            if key.data is None:
                connection, _ = listener.accept()
                poll.register(connection, selectors.EVENT_READ, Client(connection))
            elif ready & selectors.EVENT_WRITE:
                key.data.write()
            else:
                read(key.data)
