"""A server whose messages are pickled objects of classes of its own: Packet(key, value), Message, UserInfo.

They are never made here: whatever class a pickle names becomes a bag of attributes, and what is sent is put together from
pickle's own opcodes, since its classes live in a module that is not ours.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterator
from typing import Any

from chatsim.profile.python import Connection, Event, Joined, Left, Roster, Said, Unknown, Welcome


class Bag:
    """An object of theirs, or the call of a function; only attributes matter."""

    def __init__(self, *_: object) -> None:
        self.key = ""


class Bags(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        return Bag


def text(value: str) -> bytes:
    encoded = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def packet(key: str, value: str) -> bytes:
    """Packet(key, value), as pickle writes it: the class, no arguments, and its attributes."""
    attributes = b"}(" + text("key") + text(key) + text("value") + text(value) + b"u"
    return b"\x80\x02c__main__\nPacket\n)\x81" + attributes + b"b."


class Packets(Connection):
    echo = True
    notices = ("joined", "left")
    tells_roster = True
    refuses = False
    apart = False
    unfinished = b""
    known: frozenset[str] = frozenset()

    def opened(self) -> bytes:
        return packet("set_name", self.me.nick)

    def say(self, text: str) -> bytes:
        return packet("send_message", text)

    def received(self, data: bytes) -> Iterator[Event]:
        self.unfinished += data
        while self.unfinished:
            stream = io.BytesIO(self.unfinished)
            try:
                message = Bags(stream).load()
            except (EOFError, pickle.UnpicklingError, IndexError):
                return  # the rest of it is on its way
            self.unfinished = self.unfinished[stream.tell() :]
            yield from self.meaning(message)

    def meaning(self, message: Any) -> Iterator[Event]:
        match getattr(message, "key", None):
            case "distribute_message":
                yield Said(message.value.text, message.value.user_info.name)
            case "distribute_user_list":
                yield from self.listed(frozenset(user.name for user in message.value) - {"noname"})
            case _:
                yield Unknown(repr(getattr(message, "__dict__", message)))

    def listed(self, names: frozenset[str]) -> Iterator[Event]:
        """Nobody is announced; who has come or gone follows from the list before."""
        before, self.known = self.known, names
        if self.me.nick in names - before:
            yield Welcome()
        else:
            yield from (Joined(name) for name in sorted(names - before))
        yield from (Left(name) for name in sorted(before - names))
        yield Roster(tuple(sorted(names)))
