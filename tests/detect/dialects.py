"""Right chats in many dialects, each as small as it can be. Servers of `simulated_rooms`."""

from __future__ import annotations

import json
from typing import ClassVar

from simulated_rooms import Room


class ByLines(Room):
    """What came is cut into lines."""

    end_of_line = b"\n"

    def __init__(self, world: object) -> None:
        super().__init__(world)  # type: ignore[arg-type]
        self._begun: dict[int, bytes] = {}

    def heard(self, who: int, data: bytes) -> None:
        *lines, self._begun[who] = (self._begun.get(who, b"") + data).split(self.end_of_line)
        for line in lines:
            self.line(who, line.decode().rstrip("\r"))

    def line(self, who: int, text: str) -> None:
        raise NotImplementedError


class Prompt(Room):
    """Asks for a name, and takes one read for one message."""

    def came(self, who: int) -> None:
        self.tell(who, "Enter your name: ")

    def heard(self, who: int, data: bytes) -> None:
        text = data.decode().strip()
        if who in self.here:
            self.tell_others(who, f"[{self.here[who]}] {text}\n")
        else:
            self.tell_others(who, f"*** {text} joined the chat ***\n")
            self.here[who] = text
            self.tell(who, f"Welcome to the chat, {text}!\n")

    def went(self, who: int) -> None:
        if name := self.here.pop(who, ""):
            self.tell_others(who, f"*** {name} left the chat ***\n")


class NameFirst(ByLines):
    """The first line is a name, nobody asks for it; names are unique; /quit is a goodbye; everybody hears everything."""

    def line(self, who: int, text: str) -> None:
        if who not in self.here and text in self.here.values():
            self.tell(who, f"The name {text} is already taken\n")
            self.hang_up(who)
        elif who not in self.here:
            self.here[who] = text
            self.tell_others(-1, f"{text} has joined\n")
        elif text == "/quit":
            self.tell(who, "Goodbye!\n")
            self.hang_up(who)
        else:
            self.tell_others(-1, f"<{self.here[who]}> {text}\n")

    def went(self, who: int) -> None:
        if name := self.here.pop(who, ""):
            self.tell_others(who, f"{name} has left\n")


class Assigned(ByLines):
    """Gives everybody a name."""

    def came(self, who: int) -> None:
        self.here[who] = f"Guest{who}"
        self.tell(who, f"You are Guest{who}\n")
        self.tell_others(who, f"Guest{who} has come\n")

    def line(self, who: int, text: str) -> None:
        self.tell_others(who, f"{self.here[who]}: {text}\n")

    def went(self, who: int) -> None:
        self.tell_others(who, f"{self.here.pop(who, '')} has gone\n")


class Addresses(Room):
    """Calls everybody by the address."""

    def came(self, who: int) -> None:
        self.here[who] = f"127.0.0.1:{self.port_of(who)}"

    def heard(self, who: int, data: bytes) -> None:
        self.tell_others(who, f"{self.here[who]} says {data.decode()}")


class Objects(ByLines):
    """Objects in lines; the kind stands under `type`, what it does not know is an error."""

    def line(self, who: int, text: str) -> None:
        try:
            told = json.loads(text)
            kind = told["type"]
        except (ValueError, TypeError, KeyError):
            return self._say(who, {"type": "error", "reason": "bad request"})
        if kind == "login" and "username" in told:
            self.here[who] = told["username"]
            self._say(who, {"type": "welcome", "user": told["username"]})
            self._say_others(who, {"type": "joined", "user": told["username"]})
        elif kind == "message" and who in self.here:
            self._say_others(who, {"type": "message", "from": self.here[who], "text": told.get("text", "")})
        else:
            self._say(who, {"type": "error", "reason": "unknown type"})
        return None

    def went(self, who: int) -> None:
        if name := self.here.pop(who, ""):
            self._say_others(who, {"type": "left", "user": name})

    def _say(self, who: int, what: dict[str, str]) -> None:
        self.tell(who, json.dumps(what) + "\n")

    def _say_others(self, who: int, what: dict[str, str]) -> None:
        self.tell_others(who, json.dumps(what) + "\n")


class Headers(Room):
    """A length in ten digits before each message, both ways."""

    def __init__(self, world: object) -> None:
        super().__init__(world)  # type: ignore[arg-type]
        self._begun: dict[int, bytes] = {}

    def heard(self, who: int, data: bytes) -> None:
        data = self._begun.get(who, b"") + data
        while len(data) >= 10:
            if not data[:10].strip().isdigit():
                return self.hang_up(who)
            length = int(data[:10])
            if len(data) < 10 + length:
                break
            self._message(who, data[10 : 10 + length].decode())
            data = data[10 + length :]
        self._begun[who] = data
        return None

    def _message(self, who: int, text: str) -> None:
        if who in self.here:
            for other in self.here:
                if other != who:
                    self._put(other, f"{self.here[who]}: {text}")
        else:
            self.here[who] = text
            self._put(who, f"Hello {text}")

    def _put(self, who: int, text: str) -> None:
        self.tell(who, f"{len(text.encode()):<10}{text}")


class Nul(ByLines):
    """Texts that end with a NUL byte."""

    end_of_line = b"\0"

    def line(self, who: int, text: str) -> None:
        if who in self.here:
            self.tell_others(who, f"{self.here[who]}: {text}\0")
        else:
            self.here[who] = text
            self.tell(who, f"Hi {text}\0")


class Verbs(ByLines):
    """Commands: JOIN, MSG, and errors for all else."""

    def line(self, who: int, text: str) -> None:
        verb, _, rest = text.partition(" ")
        if verb == "JOIN" and rest and who not in self.here:
            self.here[who] = rest
            self.tell(who, "OK\n")
            self.tell_others(who, f"JOINED {rest}\n")
        elif verb == "MSG" and who in self.here:
            self.tell_others(who, f"MSG {self.here[who]} {rest}\n")
        else:
            self.tell(who, "ERR unknown command\n")

    def went(self, who: int) -> None:
        if name := self.here.pop(who, ""):
            self.tell_others(who, f"LEFT {name}\n")


class OverWebSocket(Objects):
    """Objects, one a message; speaks HTTP to everybody else."""

    transport = "websocket"

    def heard(self, who: int, data: bytes) -> None:
        self.line(who, data.decode())

    def _say(self, who: int, what: dict[str, str]) -> None:
        self.tell(who, json.dumps(what))

    def _say_others(self, who: int, what: dict[str, str]) -> None:
        self.tell_others(who, json.dumps(what))


class Datagrams(Prompt):
    """Whoever has sent something is there; the first thing is a name."""

    transport = "udp"

    def came(self, who: int) -> None:
        pass


class AtAPath(NameFirst):
    transport = "unix"


class PassesOn(Room):
    """Passes on whatever it gets, to the others: whether names stand there is the clients' business."""

    def came(self, who: int) -> None:
        self.here[who] = "?"

    def heard(self, who: int, data: bytes) -> None:
        self.tell_others(who, data)


class EchoesOnly(Room):
    """No chat: what somebody says comes back."""

    def heard(self, who: int, data: bytes) -> None:
        self.tell(who, b"You said: " + data)


class ServesTwo(NameFirst):
    """Nobody else is let in while two are there."""

    def line(self, who: int, text: str) -> None:
        if who not in self.here and len(self.here) == 2:
            self.tell(who, "Server full\n")
            self.hang_up(who)
        else:
            super().line(who, text)


class CutsNames(NameFirst):
    """Five letters of a name are enough."""

    def line(self, who: int, text: str) -> None:
        super().line(who, text if who in self.here else text[:5])


class ShoutsNames(NameFirst):
    """Names are in capitals, whatever is sent."""

    def line(self, who: int, text: str) -> None:
        super().line(who, text if who in self.here else text.upper())


class EchoesOneTakesTheFirstForAName(ByLines):
    """The first thing that somebody says is its name, and comes back; every third message is lost."""

    said = 0

    def line(self, who: int, text: str) -> None:
        self.said += 1
        if who not in self.here:
            self.here[who] = text
            self.tell_others(-1, f"{text} has joined\n")
        elif self.said % 3:
            self.tell_others(-1, f"{self.here[who]}: {text}\n")


class Coloured(Prompt):
    """All texts but the question are green."""

    def tell(self, who: int, text: str | bytes) -> None:
        assert isinstance(text, str)
        super().tell(who, f"\x1b[32m{text[:-1]}\x1b[0m\n" if text.endswith("\n") else text)


class Ticks(NameFirst):
    """Tells everybody the time, twice in a second."""

    def __init__(self, world: object) -> None:
        super().__init__(world)
        self.count = 0
        self._tick()

    def _tick(self) -> None:
        self.count += 1
        self.tell_others(-1, f"Tick {self.count}\n")
        self.later(0.5, self._tick)


class Hostile(Prompt):
    """What it sends would end a comment, a line or a text of YAML, or play tricks with a terminal."""

    def tell_others(self, who: int, text: str | bytes) -> None:
        assert isinstance(text, str)
        super().tell_others(who, f"\x07\0\x1b]0;owned\x07\u202e{text[:-1]}\"}}' #: [ - \u2028 \x85 {{nick}} \ufeff\n")


class Floods(Room):
    """Talks without end to whoever comes."""

    def came(self, who: int) -> None:
        self.here[who] = ""
        self._go_on(who)

    def _go_on(self, who: int) -> None:
        if who in self.here:
            self.tell(who, b"news! " * 10_000)
            self.later(0.001, lambda: self._go_on(who))

    def heard(self, who: int, data: bytes) -> None:
        pass


class DiesOfPlainText(Objects):
    """Ends when it is told anything that is no object."""

    def line(self, who: int, text: str) -> None:
        if not text.startswith("{"):
            self.end(3)
        else:
            super().line(who, text)


class Hurries(NameFirst):
    """Never silent for longer than a blink: everybody hears a number, twenty times in a second."""

    def __init__(self, world: object) -> None:
        super().__init__(world)
        self.count = 0
        self._tick()

    def _tick(self) -> None:
        self.count += 1
        self.tell_others(-1, f"Tick {self.count}\n")
        self.later(0.05, self._tick)


class LooksLate(Prompt):
    """Looks for newcomers so seldom that the first of them might think it has nothing to say."""

    def came(self, who: int) -> None:
        self.later(0.9, lambda: self.tell(who, "Name?\n"))


class Remembers(Datagrams):
    """Lists who is there on request, and never learns that somebody has gone."""

    def heard(self, who: int, data: bytes) -> None:
        if who in self.here and data == b"/who":
            self.tell(who, f"Here: {', '.join(self.here.values())}\n")
        else:
            super().heard(who, data)


class EndsWhenItListens(Room):
    """Listens, looks for a file that is not there, and ends."""

    def __init__(self, world: object) -> None:
        super().__init__(world)  # type: ignore[arg-type]
        self.later(0.02, lambda: self.end(1))


class EndsWithTheSecond(Prompt):
    """Two are too many for it."""

    def came(self, who: int) -> None:
        if who == 2:
            self.end(1)
        else:
            super().came(who)


class CountsInNotices(NameFirst):
    """Says how many are left, whenever somebody comes or goes."""

    def tell_others(self, who: int, text: str | bytes) -> None:
        assert isinstance(text, str)
        if text.endswith((" joined\n", " left\n")):
            text = f"{text[:-1]}, {len(self.here)} online\n"
        super().tell_others(who, text)


class Numbered(Objects):
    """Each object has a number of its own."""

    count = 0

    def _say_others(self, who: int, what: dict[str, str]) -> None:
        self.count += 1
        super()._say_others(who, {**what, "id": f"m-{self.count}", "seq": self.count})  # type: ignore[dict-item]


class Menu(ByLines):
    """One has to choose what to do, first."""

    def __init__(self, world: object) -> None:
        super().__init__(world)
        self.chosen: set[int] = set()

    def came(self, who: int) -> None:
        self.tell(who, "1) Register\n2) Login\nYour choice: ")

    def line(self, who: int, text: str) -> None:
        if who in self.here:
            self.tell_others(who, f"{self.here[who]}> {text}\n")
        elif who in self.chosen:
            self.here[who] = text
            self.tell(who, f"Welcome {text}\n")
        elif text in ("1", "2"):
            self.chosen.add(who)
            self.tell(who, "Name: ")
        else:
            self.tell(who, "Invalid choice\nYour choice: ")


class HarmedByResets(Prompt):
    """Is somebody else's, and remembers how its clients went."""

    ends: ClassVar[list[str]] = []

    def went(self, who: int) -> None:
        self.here.pop(who, None)

    def ended(self, who: int, how: str) -> None:
        self.ends.append(how)


class PassesObjectsOn(ByLines):
    """Passes on whatever object it gets, to everybody: the name stands in each, if anywhere."""

    def came(self, who: int) -> None:
        self.here[who] = "?"

    def line(self, who: int, text: str) -> None:
        if text.startswith("{"):
            self.tell_others(-1, f"{text}\n")
        else:
            self.hang_up(who)
