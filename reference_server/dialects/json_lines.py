"""One JSON object a line, both ways; the speaker gets an acknowledgement of what it said."""

import json
from typing import Any

from reference_server import wire
from reference_server.dialects.dialect import Dialect, Effects, HangUp, Tell
from reference_server.room import Guest, Room, is_proper_name


def to_one(guest: Guest, **members: object) -> Tell:
    return to_all((guest,), **members)


def to_all(guests: tuple[Guest, ...], **members: object) -> Tell:
    return Tell(guests, wire.line(json.dumps(members, ensure_ascii=False, separators=(",", ":"))))


def refusal(guest: Guest, reason: str) -> Tell:
    return to_one(guest, type="error", reason=reason)


def object_in(message: bytes) -> dict[str, Any] | None:
    """The JSON object that a line holds, or None."""
    try:
        value = json.loads(message.decode())
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or brackets without end
        return None
    return value if isinstance(value, dict) else None


def text_in(value: object) -> str | None:
    """`value` if it is a text that can be sent on. JSON can spell half a character: "\\ud800"."""
    if not isinstance(value, str):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


class JsonLines(Dialect):
    name = "json-lines"
    summary = "one JSON object a line: join, say, tell, who, bye; acknowledgements"

    def __init__(self) -> None:
        self.room = Room()

    def framing(self) -> wire.Framing:
        return wire.Lines()

    def heard(self, guest: Guest, message: bytes) -> Effects:
        request = object_in(message)
        nick = self.room.nick_of(guest)
        if request is None:
            yield refusal(guest, "not a JSON object")
            return
        match request.get("type"):
            case "bye":
                yield HangUp(guest)
            case "join" if nick is None:
                yield from self._join(guest, text_in(request.get("nick")))
            case "join":
                yield refusal(guest, "already joined")
            case "say" | "who" | "tell" if nick is None:
                yield refusal(guest, "join first")
            case "say":
                yield from self._say(guest, nick, text_in(request.get("text")))
            case "who":
                yield to_one(guest, type="members", nicks=self.room.nicks())
            case "tell":
                yield from self._tell(guest, nick, text_in(request.get("to")), text_in(request.get("text")))
            case _:
                yield refusal(guest, "unknown type")

    def malformed(self, guest: Guest, why: str) -> Effects:
        yield refusal(guest, why)
        yield HangUp(guest)

    def left(self, guest: Guest) -> Effects:
        nick = self.room.leave(guest)
        if nick is not None:
            yield to_all(self.room.everyone(), type="left", nick=nick)

    def _join(self, guest: Guest, nick: str | None) -> Effects:
        if nick is None or not is_proper_name(nick):
            yield refusal(guest, "name not allowed")
        elif not self.room.join(guest, nick):
            yield refusal(guest, "name taken")
        else:
            yield to_one(guest, type="welcome", nick=nick)
            yield to_all(self.room.others(guest), type="joined", nick=nick)

    def _say(self, guest: Guest, nick: str | None, text: str | None) -> Effects:
        if text is None:
            yield refusal(guest, "text must be a string")
        else:
            yield to_all(self.room.others(guest), **{"type": "message", "from": nick, "text": text})
            yield to_one(guest, type="ok", text=text)

    def _tell(self, guest: Guest, nick: str | None, to: str | None, text: str | None) -> Effects:
        addressee = None if to is None else self.room.called(to)
        if text is None:
            yield refusal(guest, "text must be a string")
        elif addressee is None:
            yield refusal(guest, "nobody here has that name")
        else:
            yield to_one(addressee, **{"type": "private", "from": nick, "text": text})
