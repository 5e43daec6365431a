"""A server whose messages are pickled tuples, one after the other: ("join", nick), ("say", text) …"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator

from chatsim.profile.python import Connection, Event, Joined, Left, Refused, Said, Unknown, Welcome


class Plain(pickle.Unpickler):
    """Tuples and texts only: what a server under test sends must not run any code here."""

    def find_class(self, module: str, name: str) -> type:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain value")


class Pickles(Connection):
    notices = ("joined", "left")
    unfinished = b""

    def opened(self) -> bytes:
        return pickle.dumps(("join", self.me.nick))

    def say(self, text: str) -> bytes:
        return pickle.dumps(("say", text))

    def received(self, data: bytes) -> Iterator[Event]:
        self.unfinished += data
        while self.unfinished:
            stream = io.BytesIO(self.unfinished)
            try:
                message = Plain(stream).load()
            except (EOFError, pickle.UnpicklingError):
                return  # the rest of it is on its way
            self.unfinished = self.unfinished[stream.tell() :]
            yield self.meaning(message)

    def meaning(self, message: tuple[str, ...]) -> Event:
        match message:
            case ("welcome",):
                return Welcome()
            case ("taken",):
                return Refused("this name is taken")
            case ("said", nick, text):
                return Said(text, nick)
            case ("joined", nick):
                return Joined(nick)
            case ("left", nick):
                return Left(nick)
        return Unknown(repr(message))
