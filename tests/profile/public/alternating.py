"""A server that pickles (ack, number, text) into each datagram, with numbers that alternate and an ACK for each."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Iterator
from typing import Any

from chatsim.profile.python import Connection, Event, Goodbye, Joined, Reply, Said, Unknown, Welcome

SAID = re.compile(r"[\d.]+:\d+/~(?P<nick>\S+): (?P<text>.*) \d\d/\d\d/\d{4}, \d\d:\d\d:\d\d", re.DOTALL)
JOINED = " entrou na sala!"


class Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


class Alternating(Connection):
    echo = True
    notices = ("joined",)
    refuses = False
    answers_leave = True
    number = 0
    waiting = False

    def opened(self) -> bytes:
        return self.sent("hi, meu nome eh " + self.me.nick)

    def say(self, text: str) -> bytes:
        return self.sent(text)

    def leave(self) -> bytes:
        return self.sent("bye")

    def sent(self, text: str) -> bytes:
        self.waiting = True
        return pickle.dumps((1 - self.number, self.number, text))

    def received(self, data: bytes) -> Iterator[Event]:
        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            yield from self.meaning(*Plain(stream).load())

    def meaning(self, ack: int, number: int, text: Any) -> Iterator[Event]:
        if text == "ACK":
            self.waiting = self.waiting and ack != self.number
            self.number = 1 - self.number
            return
        if number == self.number:
            self.number = 1 - self.number
        yield Reply(pickle.dumps((number, 1 - number, "ACK")))
        yield self.heard(text)

    def heard(self, text: Any) -> Event:
        if text == "bye":
            return Goodbye()
        if isinstance(text, str) and text.endswith(JOINED):
            nick = text.removesuffix(JOINED)
            return Welcome() if nick == self.me.nick else Joined(nick)
        if isinstance(text, str) and (said := SAID.fullmatch(text)):
            return Said(said["text"], said["nick"])
        return Unknown(repr(text))
