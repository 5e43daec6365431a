"""The default dialect: newline framing, a nickname first, slash commands, side rooms and private words."""

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import MAX_NAME, Guest, Room, is_proper_name

# A guest costs the server memory for each room it is in; nobody needs more than a house has.
MAX_ROOMS = 100

HELP = (
    "Commands: /nick NAME, /who, /msg NAME TEXT, /enter ROOM, /exit ROOM, /in ROOM TEXT, /help, /quit. "
    "A line that begins with // says the rest, with one slash."
)


def to_one(guest: Guest, text: str) -> Tell:
    return Tell((guest,), wire.line(text))


def to_all(guests: tuple[Guest, ...], text: str) -> Tell:
    return Tell(guests, wire.line(text))


class Lines(Dialect):
    name = "lines"
    summary = "newline framing; nickname first; /who, /msg, side rooms, /quit"

    def __init__(self) -> None:
        self.room = Room()
        self._commands = {
            "nick": self._rename,
            "who": self._who,
            "msg": self._whisper,
            "enter": self._enter,
            "exit": self._exit,
            "in": self._say_in_room,
            "help": self._help,
            "quit": self._quit,
        }

    def framing(self) -> wire.Framing:
        return wire.Lines()

    def heard(self, guest: Guest, message: bytes) -> Effects:
        text = wire.text_of(message)
        nick = self.room.nick_of(guest)
        if text is None:
            yield to_one(guest, "? that line is not UTF-8 text")
        elif nick is None:
            yield from self._introduce(guest, text)
        elif text.startswith("/") and not text.startswith("//"):
            word, _, rest = text[1:].partition(" ")
            command = self._commands.get(word)
            if command is None:
                yield to_one(guest, f"? there is no command /{word}")
            else:
                yield from command(guest, nick, rest)
        elif text:
            yield to_all(self.room.others(guest), f"{nick}: {text.removeprefix('/')}")

    def malformed(self, guest: Guest, why: str) -> Effects:
        yield to_one(guest, f"? {why}")
        yield HangUp(guest)

    def left(self, guest: Guest) -> Effects:
        nick = self.room.leave(guest)
        if nick is not None:
            yield to_all(self.room.everyone(), f"* {nick} left")

    def _introduce(self, guest: Guest, nick: str) -> Effects:
        if not is_proper_name(nick):
            shown = nick if len(nick) <= MAX_NAME else nick[:MAX_NAME] + "…"
            yield to_one(guest, f"Sorry, the name {shown} is not allowed.")
        elif not self.room.join(guest, nick):
            yield to_one(guest, f"Sorry, the name {nick} is taken.")
        else:
            yield to_one(guest, f"Welcome, {nick}!")
            yield to_all(self.room.others(guest), f"* {nick} joined")

    def _rename(self, guest: Guest, nick: str, new: str) -> Effects:
        if not is_proper_name(new):
            yield to_one(guest, "? say it like this: /nick NAME")
        elif not self.room.rename(guest, new):
            yield to_one(guest, f"Sorry, the name {new} is taken.")
        else:
            yield to_one(guest, f"You are {new} now.")
            yield to_all(self.room.others(guest), f"* {nick} is now {new}")

    def _who(self, guest: Guest, nick: str, rest: str) -> Effects:
        yield to_one(guest, "Here: " + ", ".join(self.room.nicks()))

    def _whisper(self, guest: Guest, nick: str, rest: str) -> Effects:
        name, blank, text = rest.partition(" ")
        addressee = self.room.called(name)
        if not blank:
            yield to_one(guest, "? say it like this: /msg NAME TEXT")
        elif addressee is None:
            yield to_one(guest, f"? nobody here is called {name}")
        else:
            yield to_one(addressee, f"(private) {nick}: {text}")

    def _enter(self, guest: Guest, nick: str, name: str) -> Effects:
        if not is_proper_name(name):
            yield to_one(guest, "? say it like this: /enter ROOM")
        elif self.room.rooms_of(guest) >= MAX_ROOMS:
            yield to_one(guest, f"? nobody can be in more than {MAX_ROOMS} rooms")
        elif not self.room.enter(guest, name):
            yield to_one(guest, f"? you are already in {name}")
        else:
            yield to_one(guest, f"You are in {name}.")
            yield to_all(self.room.others_in(name, guest), f"* {nick} entered {name}")

    def _exit(self, guest: Guest, nick: str, name: str) -> Effects:
        if not self.room.exit(guest, name):
            yield to_one(guest, f"? you are not in {name}")
        else:
            yield to_one(guest, f"You left {name}.")
            yield to_all(self.room.others_in(name, guest), f"* {nick} left {name}")

    def _say_in_room(self, guest: Guest, nick: str, rest: str) -> Effects:
        name, blank, text = rest.partition(" ")
        if not blank:
            yield to_one(guest, "? say it like this: /in ROOM TEXT")
        elif not self.room.is_in(guest, name):
            yield to_one(guest, f"? you are not in {name}")
        else:
            yield to_all(self.room.others_in(name, guest), f"[{name}] {nick}: {text}")

    def _help(self, guest: Guest, nick: str, rest: str) -> Effects:
        yield to_one(guest, HELP)

    def _quit(self, guest: Guest, nick: str, rest: str) -> Effects:
        yield to_one(guest, f"Goodbye, {nick}.")
        yield HangUp(guest)
