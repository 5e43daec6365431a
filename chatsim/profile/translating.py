"""A profile in Python as the rest of chatsim knows profiles: a translator stands between its class and the ear.

On our side of the translator, such a server speaks JSON lines: each event of the class is one, each action too. So the
ear, the dialogues and the checks need not know that there is any code. The words of these lines are signs only: no
nickname can be taken for a part of them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from chatsim.profile import python
from chatsim.profile.authored import Authored, AuthoredError, checked_bytes, connection_class, shown, told_as_authors
from chatsim.profile.framing import Framing
from chatsim.profile.profile import Await, Dialogue, Profile, Rooms, Roster, SendThis, Voice
from chatsim.profile.python import Client, Connection
from chatsim.profile.templates import Template

__all__ = ["Translator", "described", "in_words", "shown_event"]

# Actions: what goes to the class.
OPEN: Final = Template('{"!": "^"}')
SAY: Final = Template('{"!": "=", "=": "{text}"}')
WHISPER: Final = Template('{"!": ">", ">": "{to}", "=": "{text}"}')
SAY_IN: Final = Template('{"!": "#", "#": "{room}", "=": "{text}"}')
ENTER: Final = Template('{"!": "[", "#": "{room}"}')
EXIT: Final = Template('{"!": "]", "#": "{room}"}')
WHO: Final = Template('{"!": "?"}')
LEAVE: Final = Template('{"!": "$"}')

# Events: what comes from it.
WELCOME: Final = Template('{"~": "^"}')
NAMED: Final = Template('{"~": "@", "@": "{nick}"}')
REFUSED: Final = Template('{"~": "-", "*": "{*}"}')
SAID: Final = Template('{"~": "=", "@": "{nick}", "=": "{text}"}')
SAID_BY_NOBODY: Final = Template('{"~": "_", "=": "{text}"}')
WHISPERED: Final = Template('{"~": ">", "@": "{nick}", "=": "{text}"}')
WHISPERED_BY_NOBODY: Final = Template('{"~": "_>", "=": "{text}"}')
SAID_IN: Final = Template('{"~": "#", "#": "{room}", "@": "{nick}", "=": "{text}"}')
SAID_IN_BY_NOBODY: Final = Template('{"~": "_#", "#": "{room}", "=": "{text}"}')
JOINED: Final = Template('{"~": "+", "@": "{nick}"}')
LEFT: Final = Template('{"~": "+-", "@": "{nick}"}')
JOINED_ROOM: Final = Template('{"~": "#+", "#": "{room}", "@": "{nick}"}')
LEFT_ROOM: Final = Template('{"~": "#-", "#": "{room}", "@": "{nick}"}')
RECEIPT: Final = Template('{"~": "."}')
RECEIPT_OF: Final = Template('{"~": ".=", "=": "{text}"}')
ROSTER: Final = Template('{"~": "%", "@": ["{nicks}"]}')
ENTERED: Final = Template('{"~": "["}')
EXITED: Final = Template('{"~": "]"}')
GOODBYE: Final = Template('{"~": "$"}')

KEPT: Final = 2048  # bytes

_IN_WORDS: Final = {
    OPEN: "opened()",
    SAY: "say(text)",
    WHISPER: "whisper(to, text)",
    SAY_IN: "say_in(room, text)",
    ENTER: "enter(room)",
    EXIT: "exit(room)",
    WHO: "who()",
    LEAVE: "leave()",
    WELCOME: "Welcome()",
    NAMED: "Welcome(nick)",
    REFUSED: "Refused(why)",
    ENTERED: "Entered()",
    EXITED: "Exited()",
    GOODBYE: "Goodbye()",
    SAID: "Said(text, nick)",
    SAID_BY_NOBODY: "Said(text)",
    WHISPERED: "Said(text, nick, private=True)",
    WHISPERED_BY_NOBODY: "Said(text, private=True)",
    SAID_IN: "Said(text, nick, room=room)",
    SAID_IN_BY_NOBODY: "Said(text, room=room)",
    JOINED: "Joined(nick)",
    LEFT: "Left(nick)",
    JOINED_ROOM: "Joined(nick, room)",
    LEFT_ROOM: "Left(nick, room)",
    RECEIPT: "Receipt()",
    RECEIPT_OF: "Receipt(text)",
    ROSTER: "Roster(names)",
}


def in_words(template: Template, written: Callable[[str], str]) -> str:
    """A template as its profile's author would name it: the class's own method or event, else as it is `written`."""
    return _IN_WORDS.get(template) or written(template.source)


def shown_event(line: str) -> str:
    """A line of the translator as a person reads it: `ann: hello`, `ann joined`."""
    try:
        event: dict[str, Any] = json.loads(line)
        kind = event["~"]
    except (ValueError, KeyError, TypeError):
        return line  # an `Unknown`
    nick, text, room = event.get("@"), event.get("="), event.get("#")
    place = f"[{room}] " if room is not None else ""
    if text is not None:
        private = "(to you) " if kind.endswith(">") else ""
        said = f"{nick}: {text}" if nick is not None else text
        return f"receipt: {text}" if kind == ".=" else place + private + said
    words = {
        "^": "welcome",
        "@": f"welcome, {nick}",
        "-": f"refused: {event.get('*', '')}",
        "+": f"{nick} joined",
        "+-": f"{nick} left",
        "#+": f"{nick} joined",
        "#-": f"{nick} left",
        ".": "receipt",
        "%": f"here: {', '.join(map(str, nick or ()))}" if isinstance(nick, list) else line,
        "[": "entered",
        "]": "out again",
        "$": "goodbye",
    }
    return place + words.get(kind, line)


# --- the profile --------------------------------------------------------------------------------------------------


def described(profile: Profile, authored: Authored) -> Profile:
    """The profile with what the class says of its server. AuthoredError: the class is none, or contradicts itself."""
    of = connection_class(authored)
    _refuse_contradictions(of, authored)
    can = {name: getattr(of, name) is not getattr(Connection, name) for name in _ACTIONS}
    apart = of.apart
    public = _voice(of, can["say"], SAY, (SAID, SAID_BY_NOBODY))
    whisper = _voice(of, can["whisper"], WHISPER, (WHISPERED, WHISPERED_BY_NOBODY), echo=False)
    return replace(
        profile,
        python=authored,
        apart=apart,
        sent=Framing.none(),
        received=Framing("json-lines"),
        encoding="utf-8",
        nick=of.nick,
        join=_join(of),
        refuses=(REFUSED,) if of.refuses else (),
        leave=_answered(LEAVE, GOODBYE if of.answers_leave else None) if can["leave"] else (),
        public=public,
        whisper=whisper,
        joined=(JOINED,) if "joined" in of.notices else (),
        left=(LEFT,) if "left" in of.notices else (),
        dropped=(LEFT,) if "left" in of.notices else (),
        rooms=_rooms(of) if can["enter"] else None,
        roster=Roster(WHO if can["who"] else None, (ROSTER,)) if can["who"] or of.tells_roster else None,
        replays=of.replays,
    )


_ACTIONS: Final = ("say", "whisper", "enter", "exit", "say_in", "who", "leave")


def _join(of: type[Connection]) -> Dialogue:
    welcome = NAMED if of.nick == "assigned" else None
    awaited = Await((welcome,) if welcome else (WELCOME, NAMED))
    return (SendThis(OPEN), awaited) if of.welcomes else (SendThis(OPEN),)


def _answered(say: Template, answer: Template | None) -> Dialogue:
    return (SendThis(say),) if answer is None else (SendThis(say), Await((answer,)))


def _voice(of: type[Connection], can: bool, says: Template, heard: tuple[Template, ...], *, echo: bool = True) -> Voice:
    if not can:
        return Voice()
    ack = (RECEIPT_OF, RECEIPT) if of.ack else ()
    return Voice(says, heard if of.hears else (), heard if of.echo and echo else (), ack)


def _rooms(of: type[Connection]) -> Rooms:
    confirmed = of.confirms_rooms
    return Rooms(
        voice=_voice(of, True, SAY_IN, (SAID_IN, SAID_IN_BY_NOBODY)),
        enter=_answered(ENTER, ENTERED if confirmed else None),
        exit=_answered(EXIT, EXITED if confirmed else None),
        joined=(JOINED_ROOM,) if "joined" in of.notices else (),
        left=(LEFT_ROOM,) if "left" in of.notices else (),
        many=of.many_rooms,
    )


def _refuse_contradictions(of: type[Connection], authored: Authored) -> None:
    name = of.__name__

    def wrong(what: str, hint: str = "") -> None:
        raise AuthoredError(f"{name}: {what}", hint=hint)

    if of.nick not in ("chosen", "assigned", "none"):
        wrong(f"`nick` is chosen, assigned or none, not {shown(of.nick)}")
    if of.nick == "assigned" and not of.welcomes:
        wrong("`nick` is assigned and `welcomes` is False: nothing would tell the name")
    notices: object = of.notices
    if not isinstance(notices, tuple | list | set | frozenset) or not set(of.notices) <= {"joined", "left"}:
        wrong(f"`notices` is a tuple of joined and left, not {shown(of.notices)}", 'For example: notices = ("joined",)')
    if of.received is Connection.received:
        wrong("there is no `received`: nothing that the server says would be understood")
    rooms = {each: getattr(of, each) is not getattr(Connection, each) for each in ("enter", "exit", "say_in")}
    if any(rooms.values()) and not all(rooms.values()):
        lacking = ", ".join(each for each, there in rooms.items() if not there)
        wrong(f"rooms need `enter`, `exit` and `say_in`; there is no {lacking}")


# --- the translator -----------------------------------------------------------------------------------------------


class Translator:
    """One connection: the author's object, its exceptions told as the author's, its events as lines for the ear.

    `client` is asked when the connection stands, for only then is the address known.
    """

    def __init__(self, authored: Authored, client: Callable[[], Client]) -> None:
        self._of = connection_class(authored)
        self._client = client
        self._file = _file_of(self._of)
        self._made: Connection | None = None
        self.wrote = bytearray()  # the first of what went out,
        self.got = bytearray()  # and the last of what came in: for whoever asks where a dialogue stopped

    def said(self, line: str) -> bytes:
        """The bytes for one action, as the templates of this profile render it."""
        action: dict[str, str] = json.loads(line)
        text, to, room = action.get("=", ""), action.get(">", ""), action.get("#", "")
        match action["!"]:
            case "^":
                return self._act("opened")
            case "=":
                return self._act("say", text)
            case ">":
                return self._act("whisper", to, text)
            case "#":
                return self._act("say_in", room, text)
            case "[":
                return self._act("enter", room)
            case "]":
                return self._act("exit", room)
            case "?":
                return self._act("who")
            case _:
                return self._act("leave")

    def heard(self, data: bytes) -> tuple[bytes, bytes]:
        """What these bytes mean, as lines for the ear; and what is to be answered at once."""
        own = self._object()
        self.got = (self.got + data)[-KEPT:]
        lines: list[bytes] = []
        answers: list[bytes] = []
        with self._authors("received", data):
            events: object = own.received(data)  # whatever its author thinks it is
            if isinstance(events, bytes | str) or not isinstance(events, Iterable):
                raise TypeError(f"it returned {shown(events)}, and events are expected")
            for event in events:  # a generator runs in here, too
                if isinstance(event, python.Reply):
                    answers.append(checked_bytes(event.data))
                else:
                    lines.append(_line(event).encode("utf-8", "backslashreplace") + b"\n")
        answer = b"".join(answers)
        self._note_written(answer)
        return b"".join(lines), answer

    def _act(self, name: str, *values: str) -> bytes:
        own = self._object()
        with self._authors(name, values[-1] if values else None):
            data = checked_bytes(getattr(own, name)(*values))
        self._note_written(data)
        return data

    def _note_written(self, data: bytes) -> None:
        self.wrote += data[: max(0, KEPT - len(self.wrote))]

    def _object(self) -> Connection:
        if self._made is None:
            with self._authors("__init__", None):
                self._made = self._of(self._client())
        return self._made

    def _authors(self, method: str, given: object) -> Any:
        return told_as_authors(f"{self._of.__name__}.{method}", self._file, given)


def _file_of(of: type) -> str:
    return getattr(sys.modules.get(of.__module__), "__file__", None) or ""


def _line(event: object) -> str:
    match event:
        case python.Welcome(nick):
            return _one(WELCOME) if not nick else _one(NAMED, nick=nick)
        case python.Refused(why):
            return _one(REFUSED, **{"*": why})
        case python.Said(text, nick, private, room):
            return _said(text, nick, private, room)
        case python.Joined(nick, room):
            return _one(JOINED, nick=nick) if room is None else _one(JOINED_ROOM, nick=nick, room=room)
        case python.Left(nick, room):
            return _one(LEFT, nick=nick) if room is None else _one(LEFT_ROOM, nick=nick, room=room)
        case python.Receipt(text):
            return _one(RECEIPT) if text is None else _one(RECEIPT_OF, text=text)
        case python.Roster(names):
            return _one(ROSTER).replace('["{nicks}"]', json.dumps([_text(name) for name in names]))
        case python.Entered():
            return _one(ENTERED)
        case python.Exited():
            return _one(EXITED)
        case python.Goodbye():
            return _one(GOODBYE)
        case python.Unknown(text):
            return " ".join(_text(text).splitlines()) or '""'
    raise TypeError(f"it gave {shown(event)}, which is no event")


def _said(text: str, nick: str | None, private: bool, room: str | None) -> str:
    if room is not None:
        return (
            _one(SAID_IN_BY_NOBODY, text=text, room=room)
            if nick is None
            else _one(SAID_IN, text=text, room=room, nick=nick)
        )
    nobody, somebody = (WHISPERED_BY_NOBODY, WHISPERED) if private else (SAID_BY_NOBODY, SAID)
    return _one(nobody, text=text) if nick is None else _one(somebody, text=text, nick=nick)


def _one(template: Template, **values: object) -> str:
    return template.render({"nicks": "{nicks}", **{name: _text(value) for name, value in values.items()}})[0]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"it gave an event with {shown(value)}, where a text is expected")
    return value
