"""A server that knows its clients by a number of their own choice, and sends each message to one of them."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator

from chatsim.profile.python import Connection, Event, Said, Unknown, Welcome

WHISPERED = re.compile(r"\d+ / (\S+):   ")
WELCOME = ", type your info.. \n"


def number(nick: str) -> int:
    """One that follows from the name, so that whoever whispers knows it."""
    return zlib.crc32(nick.encode())


class Numbered(Connection):
    refuses = False
    apart = False

    def opened(self) -> bytes:
        return json.dumps({"id": number(self.me.nick), "name": self.me.nick}).encode()

    def whisper(self, to: str, text: str) -> bytes:
        return f"pickle{number(to)}: {text}".encode()

    def received(self, data: bytes) -> Iterator[Event]:
        words = data.decode("utf-8", "replace")
        if words.startswith("welcome ") and WELCOME in words:
            yield Welcome()
            words = words.partition(WELCOME)[2]
        _, *said = WHISPERED.split(words)
        if words and not said:
            yield Unknown(words)
        for nick, text in zip(said[::2], said[1::2], strict=True):
            yield Said(text, nick, private=True)
