"""A server that speaks in cipher: the two sides agree on a key (Diffie-Hellman), then each line is encrypted.

The server begins with "KEY <number>", in clear; the client answers the same way. From then on, every line is hexadecimal:
the text, added bit by bit to a stream that the key and the number of the line give.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from itertools import count

from chatsim.profile.python import (
    Connection,
    Event,
    Goodbye,
    Joined,
    Left,
    Refused,
    Reply,
    Roster,
    Said,
    Unknown,
    Welcome,
)

PRIME, BASE = 2**127 - 1, 3


class Stream:
    """One direction: the n-th line is encrypted with the n-th stream."""

    def __init__(self, key: int, direction: str) -> None:
        self.numbers = count()
        self.secret = f"{key} {direction}"

    def applied(self, data: bytes) -> bytes:
        seed = f"{self.secret} {next(self.numbers)}".encode()
        return bytes(a ^ b for a, b in zip(data, hashlib.shake_128(seed).digest(len(data)), strict=True))


class Cipher(Connection):
    notices = ("joined", "left")
    echo = True
    answers_leave = True
    unfinished = b""
    to_server: Stream | None = None
    from_server: Stream | None = None

    def encrypted(self, line: str) -> bytes:
        assert self.to_server is not None
        return self.to_server.applied(line.encode()).hex().encode() + b"\n"

    def say(self, text: str) -> bytes:
        return self.encrypted(f"SAY {text}")

    def whisper(self, to: str, text: str) -> bytes:
        return self.encrypted(f"TELL {to} {text}")

    def who(self) -> bytes:
        return self.encrypted("WHO")

    def leave(self) -> bytes:
        return self.encrypted("BYE")

    def received(self, data: bytes) -> Iterator[Event]:
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        for line in lines:
            if self.from_server is None:
                yield Reply(self.agree(line) + self.encrypted(f"JOIN {self.me.nick}"))
            else:
                yield self.meaning(self.from_server.applied(bytes.fromhex(line.decode())).decode())

    def agree(self, line: bytes) -> bytes:
        """The key is known when this is over; returns our half of it, in clear."""
        own = secrets.randbelow(PRIME - 2) + 1
        key = pow(int(line.removeprefix(b"KEY ")), own, PRIME)
        self.to_server, self.from_server = Stream(key, "up"), Stream(key, "down")
        return b"KEY %d\n" % pow(BASE, own, PRIME)

    def meaning(self, line: str) -> Event:
        word, _, rest = line.partition(" ")
        nick, _, text = rest.partition(" ")
        match word:
            case "WELCOME":
                return Welcome()
            case "TAKEN":
                return Refused("this name is taken")
            case "SAID":
                return Said(text, nick)
            case "TOLD":
                return Said(text, nick, private=True)
            case "JOINED":
                return Joined(nick)
            case "LEFT":
                return Left(nick)
            case "HERE":
                return Roster(rest.split())
            case "BYE":
                return Goodbye()
        return Unknown(line)
