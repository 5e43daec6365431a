"""A small IRC server that is right, for machines on which no large one is installed.

python speaks_irc.py PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys

NAME = "irc.small.test"
COOKIE = "c00k1e"
LONGEST_LINE = 512
LONGEST_WAIT = 8192  # bytes without the end of a line: whoever sends more is put out
LONGEST_QUEUE = 1 << 20  # bytes that one may leave unread
PROPER = re.compile(r"[A-Za-z\[-`{-}][A-Za-z0-9\[-`{-}-]{0,30}")


class Client:
    def __init__(self, server: Server, writer: asyncio.StreamWriter) -> None:
        self.server, self.writer = server, writer
        self.nick, self.user = "", ""
        self.asked = self.registered = False

    @property
    def prefix(self) -> str:
        return f"{self.nick}!{self.user}@127.0.0.1"

    def send(self, line: str) -> None:
        if self.writer.transport.get_write_buffer_size() > LONGEST_QUEUE:
            self.writer.transport.abort()
        else:
            data = line.encode("utf-8", "surrogateescape")[: LONGEST_LINE - 2]
            self.writer.write(data + b"\r\n")

    def answer(self, number: int, rest: str) -> None:
        self.send(f":{NAME} {number:03} {self.nick or '*'} {rest}")

    def hear(self, line: str) -> bool:
        """False: it wants to go."""
        head, _, text = line.partition(" :")
        word, *words = head.split() or [""]
        words += [text] if " :" in line else []
        match word.upper(), words:
            case "QUIT", _:
                self.send("ERROR :Closing link")
                return False
            case "NICK", [nick, *_]:
                self._call(nick)
            case "USER", [user, *_]:
                self.user = self.user or user[:10]
            case "PING", [token, *_]:
                self.send(f":{NAME} PONG {NAME} :{token}")
            case "PONG", [cookie, *_] if self.asked and not self.registered and cookie == COOKIE:
                self.registered = True
                self.answer(1, f":Welcome {self.prefix}")
            case "PONG", _:
                pass
            case _ if not self.registered:
                self.answer(451, ":You have not registered")
            case "JOIN", [channel, *_] if channel.startswith("#"):
                self.server.join(self, channel)
            case "PART", [channel, *_]:
                self.server.part(self, channel)
            case "NAMES", [channel, *_]:
                self.server.names(self, channel)
            case "PRIVMSG", [to, text, *_] if text:
                self.server.say(self, to, text)
            case _:
                self.answer(421, f"{word[:30]} :Unknown command")
        if self.nick and self.user and not self.asked:
            self.asked = True
            self.send(f"PING :{COOKIE}")  # many servers let nobody in who does not answer
        return True

    def _call(self, nick: str) -> None:
        if not PROPER.fullmatch(nick):
            self.answer(432, f"{nick[:30]} :Erroneous nickname")
        elif self.server.clients.get(nick.lower(), self) is not self:
            self.answer(433, f"{nick} :Nickname is already in use")
        else:
            if self.registered:
                self.server.tell_of(self, f":{self.prefix} NICK :{nick}")
            self.server.clients.pop(self.nick.lower(), None)
            self.nick = nick
            self.server.clients[nick.lower()] = self


class Server:
    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self.channels: dict[str, list[Client]] = {}

    def join(self, client: Client, channel: str) -> None:
        members = self.channels.setdefault(channel.lower(), [])
        if client not in members:
            members.append(client)
            for each in members:
                each.send(f":{client.prefix} JOIN :{channel}")
        self.names(client, channel)

    def names(self, client: Client, channel: str) -> None:
        members = self.channels.get(channel.lower(), [])
        for start in range(0, len(members), 5):  # in several lines, as large servers do where there are many
            client.answer(353, f"= {channel} :" + " ".join(each.nick for each in members[start : start + 5]))
        client.answer(366, f"{channel} :End of NAMES list")

    def part(self, client: Client, channel: str) -> None:
        members = self.channels.get(channel.lower(), [])
        if client in members:
            for each in members:
                each.send(f":{client.prefix} PART {channel}")
            members.remove(client)

    def say(self, client: Client, to: str, text: str) -> None:
        one = self.clients.get(to.lower())
        members = self.channels.get(to.lower(), [one] if one else [])
        if not members or (one is None and client not in members):
            client.answer(401, f"{to} :No such nick or channel")
        for each in members:
            if each is not client:
                each.send(f":{client.prefix} PRIVMSG {to} :{text}")

    def tell_of(self, client: Client, line: str) -> None:
        """Itself and all who share a channel with it, each once."""
        shared = [client]
        for members in self.channels.values():
            if client in members:
                shared += [each for each in members if each not in shared]
        for each in shared:
            each.send(line)

    def gone(self, client: Client) -> None:
        shared: list[Client] = []
        for members in self.channels.values():
            if client in members:
                members.remove(client)
                shared += [each for each in members if each not in shared]
        if self.clients.get(client.nick.lower()) is client:
            del self.clients[client.nick.lower()]
        for each in shared:
            each.send(f":{client.prefix} QUIT :gone")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(self, writer)
        with contextlib.suppress(OSError, ValueError):  # ValueError: a line without an end
            while line := await reader.readline():
                if not line.endswith(b"\n"):
                    break  # the end of the connection is not the end of a line
                if not client.hear(line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")):
                    break
                await asyncio.sleep(0)
        self.gone(client)
        with contextlib.suppress(OSError):
            writer.close()
            await writer.wait_closed()


async def main(port: int) -> None:
    server = await asyncio.start_server(Server().serve, "127.0.0.1", port, limit=LONGEST_WAIT, backlog=1000)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1])))
