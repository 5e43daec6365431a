"""A chat server that is right and speaks in cipher: a key is agreed upon, then every line is encrypted.

python speaks_in_cipher.py PORT
"""

from __future__ import annotations

import hashlib
import secrets
import sys
from collections.abc import Iterator

from speaks_pickles import Client, Server, Words

PRIME, BASE = 2**127 - 1, 3


class SecretClient(Client):
    def begin(self) -> None:
        self.own = secrets.randbelow(PRIME - 2) + 1
        self.key = 0
        self.counts = {"up": 0, "down": 0}
        self.connection.sendall(b"KEY %d\n" % pow(BASE, self.own, PRIME))

    def messages(self) -> Iterator[Words]:
        unfinished = b""
        while data := self.connection.recv(4096):
            *lines, unfinished = (unfinished + data).split(b"\n")
            yield from (words for line in lines if (words := self.understood(line)) is not None)

    def understood(self, line: bytes) -> Words | None:
        """The first line is the other half of the key, and says nothing else."""
        if self.key:
            return self.words(self.crypt(bytes.fromhex(line.decode()), "up").decode())
        self.key = pow(int(line.removeprefix(b"KEY ")), self.own, PRIME)
        return None

    def words(self, line: str) -> Words:
        word, _, rest = line.partition(" ")
        return (word.lower(), *rest.split(" ", 1)) if word == "TELL" else (word.lower(), *([rest] if rest else []))

    def wire(self, words: Words) -> bytes:
        line = " ".join([words[0].upper(), *words[1:]])
        return self.crypt(line.encode(), "down").hex().encode() + b"\n"

    def crypt(self, data: bytes, direction: str) -> bytes:
        seed = f"{self.key} {direction} {self.counts[direction]}".encode()
        self.counts[direction] += 1
        return bytes(a ^ b for a, b in zip(data, hashlib.shake_128(seed).digest(len(data)), strict=True))


class SecretServer(Server):
    Client = SecretClient
    echo = True


if __name__ == "__main__":
    SecretServer().run(int(sys.argv[1]))
