"""The dialect `lines` once more, right as well, with asyncio: one thread, so no lock."""

from __future__ import annotations

import asyncio
import contextlib
import sys


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.nick = ""
        self.rooms: set[str] = set()

    async def line(self) -> str | None:
        """The next line that it says; None when it has gone."""
        data = await self.reader.readline()
        return data.decode("utf-8", "replace").rstrip("\r\n") if data.endswith(b"\n") else None

    def tell(self, line: str) -> None:
        self.writer.write(f"{line}\n".encode())


clients: dict[str, Client] = {}


def tell_others(but: Client, line: str, room: str | None = None) -> None:
    for client in clients.values():
        if client is not but and (room is None or room in client.rooms):
            client.tell(line)


def understand(client: Client, line: str) -> None:
    command, _, rest = line.partition(" ")
    first, _, text = rest.partition(" ")
    match command:
        case "/who":
            client.tell("Here: " + ", ".join(clients))
        case "/msg":
            if first in clients:
                clients[first].tell(f"(private) {client.nick}: {text}")
        case "/enter":
            client.rooms.add(rest)
            client.tell(f"You are in {rest}.")
            tell_others(client, f"* {client.nick} entered {rest}", rest)
        case "/exit":
            client.rooms.discard(rest)
            client.tell(f"You left {rest}.")
            tell_others(client, f"* {client.nick} left {rest}", rest)
        case "/in":
            tell_others(client, f"[{first}] {client.nick}: {text}", first)
        case _:
            tell_others(client, f"{client.nick}: {line}")


async def live(client: Client) -> None:
    nick = await client.line()
    if not nick or nick in clients:
        client.tell(f"Sorry, the name {nick} is taken.")
        return
    client.nick = nick
    clients[nick] = client
    client.tell(f"Welcome, {nick}!")
    tell_others(client, f"* {nick} joined")
    while (line := await client.line()) is not None:
        if line == "/quit":
            client.tell(f"Goodbye, {nick}.")
            return
        understand(client, line)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    client = Client(reader, writer)
    try:
        await live(client)
    except OSError:
        pass  # reset: gone is gone
    finally:
        if clients.get(client.nick) is client:
            del clients[client.nick]
            tell_others(client, f"* {client.nick} left")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]), limit=2**21)
    await server.serve_forever()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
