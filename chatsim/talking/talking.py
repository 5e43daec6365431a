"""A person's conversation with a server, in the dialect of any profile: the deciding part of `chatsim talk`.

Pure: what happened goes in (opened, received, typed …), and out comes what is to be done, in order (`deeds`). Whoever
holds the socket, the keyboard and the clock does it.

A life has four phases: joining (the profile's `join` is played), open, leaving (its `leave`), over; one who has dropped
or disconnected is gone, and can come back. What takes a dialogue (joining, entering a room, some ways of speaking) is a
*script*; they are played one after the other.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from chatsim.profile.garbage import garbage
from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, Profile, SendThis, Voice
from chatsim.profile.python import Client
from chatsim.profile.templates import Template
from chatsim.profile.translating import Translator
from chatsim.talking.commands import (
    Badly,
    CommandError,
    Sending,
    command_of,
    drops,
    help_lines,
    nearest,
    read_sending,
)
from chatsim.talking.deeds import (
    Abort,
    Close,
    Connect,
    Deed,
    HalfClose,
    HangUp,
    HoldReading,
    ResumeReading,
    Show,
    Wait,
    Write,
)
from chatsim.talking.telling import Teller

__all__ = ["Phase", "Talking"]

UNCLAIMED = 1 << 16  # characters of what arrived that a dialogue may still look at
COMES_BACK = "/rejoin comes back, /quit ends"


@dataclass(slots=True)
class _Script:
    """What is said and awaited in turn, and what is done then."""

    lines: Dialogue
    done: Callable[[], Iterator[Deed]]
    values: dict[str, str] = field(default_factory=dict)
    refusable: bool = False  # the server may answer that it will not
    at: int = 0


class Phase(StrEnum):
    JOINING = "joining"
    OPEN = "open"
    LEAVING = "leaving"
    GONE = "gone"
    OVER = "over"


class Talking:
    """One conversation. Each method returns what is to be done now."""

    def __init__(self, profile: Profile, nick: str) -> None:
        self.profile = profile
        self.nick = nick
        self.refused = False  # the server did not let us in
        self._lives = 0
        self._begin_a_life()

    def _begin_a_life(self) -> None:
        profile = self.profile
        self.phase = Phase.JOINING
        self._lives += 1
        self._scripts = deque([_Script(profile.join, self._joined, refusable=True)])
        self._translator: Translator | None = None
        self._decoder = profile.received.decoder()
        self._text = codecs.getincrementaldecoder(profile.encoding)(errors="backslashreplace")
        self._teller = Teller(profile)
        self._unclaimed: list[str] = []
        self._shown = b""  # of an unfinished frame
        self._early: list[str] = []  # typed before we were in
        self._rooms: list[str] = []  # the last one is where we speak
        self._connected = True
        self._reads = True
        self._address = ("", 0)
        self._time = ""

    # --- what happened ----------------------------------------------------------------------------------------------

    def opened(self, address: tuple[str, int], time: str = "") -> list[Deed]:
        """The connection stands; `address` is ours as the server sees it, `time` stands for {time} where it is sent."""
        self._address, self._time = address, time
        if self.profile.python is not None:
            ip, port = address
            nick = self.nick if self.profile.nick == "chosen" else ""
            client = Client(nick, self._lives, self._values()["password"], ip, port)
            self._translator = Translator(self.profile.python, lambda: client)
        if self.profile.nick_template is not None:
            self.nick = self.profile.nick_template.render(self._values())[0]
        return list(self._play())

    def failed(self, why: str) -> list[Deed]:
        """The connection that `Connect` asked for does not come about."""
        self.phase, self._connected = Phase.GONE, False
        return [Show(f"No connection: {why}; {COMES_BACK}", ours=True)]

    def received(self, data: bytes) -> list[Deed]:
        """Bytes came."""
        answers: list[Deed] = []
        if self._translator is not None:
            data, answer = self._translator.heard(data)
            answers = [Write(answer)] if answer else []
        return answers + self._heard(data)

    def _heard(self, data: bytes) -> list[Deed]:
        frames = list(map(self._decoded, self._decoder.feed(data)))
        deeds: list[Deed] = []
        refused = False
        for frame in frames:
            new = self._not_yet_shown(frame)
            if not refused and self._is_refused(frame):
                refused = True
                deeds += [*map(Show, self._teller.quiet()), Show(self._teller.refusal(frame))]
            else:
                deeds += map(Show, self._teller.told([new], self.nick))
        if self._decoder.broken is not None:
            deeds += [Show(f"this can not be taken apart any more: {self._decoder.broken}", ours=True)]
        self._unclaimed += frames
        self._forget()
        deeds += self._answers(frames)
        if refused and self.phase is Phase.JOINING:
            return [*deeds, *self._not_let_in("The server refused us")]
        if refused:
            self._scripts.popleft()
        return [*deeds, *self._play()]

    def quiet(self) -> list[Deed]:
        """Nothing has come for a moment: an unfinished frame is perhaps a prompt, and worth showing."""
        held: list[Deed] = [Show(text) for text in self._teller.quiet()]
        rest = self._decoder.rest()
        if not rest or rest == self._shown:
            return held
        new, self._shown = rest[len(self._shown) :] if rest.startswith(self._shown) else rest, rest
        return [*held, Show(new.decode(self.profile.encoding, "backslashreplace"))]

    def waited(self) -> list[Deed]:
        """The wait that was asked for is over."""
        if self._scripts:
            self._scripts[0].at += 1
        return list(self._play())

    def typed(self, line: str) -> list[Deed]:
        """A line from the keyboard; without its line end."""
        if self.phase is Phase.JOINING:
            self._early.append(line)
            return []
        if self.phase in (Phase.LEAVING, Phase.OVER) or not line:
            return []
        if line in self._goodbyes() and self.phase is Phase.OPEN:
            return self.leave()
        try:
            return list(self._typed(line))
        except CommandError as problem:
            return [Show(str(problem), ours=True)]

    def leave(self) -> list[Deed]:
        """We go: with the profile's goodbye, if we are in. If we never were, the server has not let us."""
        if self.phase is Phase.OPEN:
            return list(self._say_goodbye(partial(self._over, None)))
        if self.phase is Phase.GONE:
            return list(self._over(None))
        if self.phase is not Phase.JOINING:
            return []
        self.refused = True
        return list(self._over(None))

    def closed(self) -> list[Deed]:
        """The server's side ended."""
        self._connected = False
        if self.phase is Phase.OVER:
            return []
        if self.phase is Phase.GONE:
            return [*self.quiet(), Show("The server closed the connection", ours=True)]
        if self.phase is Phase.JOINING:
            return [*self.quiet(), *self._not_let_in("The server closed the connection")]
        if self.phase is Phase.LEAVING:
            return [*self.quiet(), *self._scripts.popleft().done()]
        return [*self.quiet(), *self._over("The server closed the connection")]

    # --- what is typed ------------------------------------------------------------------------------------------------

    def _typed(self, line: str) -> Iterator[Deed]:
        if line.startswith("//"):
            yield from self._say(line[1:])
        elif not line.startswith("/"):
            yield from self._say(line)
        else:
            word, _, rest = line[1:].partition(" ")
            command = command_of(word)
            if command is None:
                if (meant := nearest(word)) is not None:
                    yield Show(
                        f"/{word} is no command of ours, and is said as it stands. Did you mean /{meant}?", ours=True
                    )
                yield from self._say(line)
                return
            if (lack := command.lacks(self.profile)) is not None:
                raise CommandError(f"There is no /{word} here: {lack}")
            if command.name not in ("help", "quit", "rejoin") and self.phase is not Phase.OPEN:
                raise CommandError(f"You are gone: {COMES_BACK}")
            yield from getattr(self, f"_{command.name}")(rest.strip() if command.name != "line" else rest)

    def _help(self, rest: str) -> Iterator[Deed]:
        yield from (Show(line) for line in help_lines(self.profile))

    def _quit(self, rest: str) -> Iterator[Deed]:
        yield from self.leave()

    def _disconnect(self, rest: str) -> Iterator[Deed]:
        yield from self._say_goodbye(self._hung_up)

    def _hung_up(self) -> Iterator[Deed]:
        yield from self._gone(HangUp(), "You have left")

    def _drop(self, rest: str) -> Iterator[Deed]:
        how, ways = rest or drops(self.profile)[0], drops(self.profile)
        if how not in ways:
            raise CommandError(
                f"There is no drop {how!r} over {self.profile.line.wire.called}: it is one of {', '.join(ways)}"
            )
        if how == "half-close":
            yield from self._gone(HalfClose(), "Your writing side is shut down")
            return
        if how == "vanish":
            yield from self._gone(HoldReading(), "You have fallen silent")
            return
        if how == "mid-message" and (voice := self._voice()).says is not None:
            whole = self._bytes(voice.says, text="half a message, and then nothing more")
            yield Write(whole[: max(1, len(whole) // 2)], more=True)
        self._connected = False
        yield from self._gone(Abort(gently=how == "close"), "The connection is dropped")

    def _stall(self, rest: str) -> Iterator[Deed]:
        if not self._reads:
            raise CommandError("You have stopped reading already: /resume goes on")
        self._reads = False
        yield HoldReading()
        yield Show("You have stopped reading: /resume goes on", ours=True)

    def _resume(self, rest: str) -> Iterator[Deed]:
        if self._reads:
            raise CommandError("You are reading")
        self._reads = True
        yield ResumeReading()

    def _rejoin(self, rest: str) -> Iterator[Deed]:
        if self.phase is Phase.OPEN:
            raise CommandError("You are still here: /disconnect or /drop first")
        self.nick = rest or self.nick
        self._begin_a_life()
        yield Connect()

    def _whisper(self, rest: str) -> Iterator[Deed]:
        to, _, text = rest.partition(" ")
        if not text:
            raise CommandError("To whom, and what? /whisper NICK TEXT")
        yield from self._begin(
            self._speech(self.profile.whisper, partial(self._speak, self.profile.whisper, text, to), to)
        )

    def _ask(self, rest: str) -> Iterator[Deed]:
        roster = self.profile.roster
        assert roster is not None and roster.ask is not None
        self._teller.asked = True
        yield Write(self._bytes(roster.ask))

    def _enter(self, rest: str) -> Iterator[Deed]:
        rooms = self.profile.rooms
        assert rooms is not None
        if not rest or (rooms.names and rest not in rooms.names):
            names = f": {', '.join(rooms.names)}" if rooms.names else ""
            raise CommandError(f"Which room{names}? /enter ROOM")
        yield from self._begin(_Script(rooms.enter, partial(self._entered, rest), {"room": rest}, refusable=True))

    def _exit(self, rest: str) -> Iterator[Deed]:
        rooms = self.profile.rooms
        assert rooms is not None
        room = rest or (self._rooms[-1] if self._rooms else "")
        if room not in self._rooms:
            raise CommandError(f"You are not in {room}" if room else "You are in no room")
        yield from self._begin(_Script(rooms.exit, partial(self._exited, room), {"room": room}, refusable=True))

    def _rename(self, rest: str) -> Iterator[Deed]:
        if not rest:
            raise CommandError("Which name? /rename NICK")
        yield from self._begin(
            _Script(self.profile.rename, partial(self._renamed, rest), {"new": rest}, refusable=True)
        )

    def _renamed(self, nick: str) -> Iterator[Deed]:
        self.nick = nick
        yield from ()

    def _send(self, rest: str) -> Iterator[Deed]:
        voice, what = self._voice(), read_sending(rest)
        if isinstance(what, Sending):
            yield from self._begin(self._speech(voice, partial(self._in_an_unusual_way, voice, what)))
        elif what.garbage is None:
            yield Write(what.data if what.raw is None else what.raw.encode(self.profile.encoding, "replace"), more=True)
        else:
            yield Write(self._garbage(voice, what), more=what.garbage in ("endless", "half"))

    def _garbage(self, voice: Voice, what: Badly) -> bytes:
        def whole() -> bytes:
            if voice.says is None:
                return self.profile.sent.frame(b"half a message")
            return self._bytes(voice.says, text="half a message")

        try:
            return garbage(what.garbage or "half", self.profile.sent, self.profile.sent.frame, whole)
        except ValueError as problem:
            raise CommandError(f"That can not be sent: {problem}") from None

    def _in_an_unusual_way(self, voice: Voice, what: Sending) -> Iterator[Deed]:
        assert voice.says is not None
        whole = self._bytes(voice.says, text=what.text, room=self._room)
        if what.glued > 1:
            if self.profile.line.wire.messages:
                yield from [Write(whole)] * what.glued  # in one write they would be one message
            else:
                yield Write(whole * what.glued)
            return
        size = 1 if what.pieces == 0 else max(1, -(-len(whole) // what.pieces))
        cuts = [whole[start : start + size] for start in range(0, len(whole), size)]
        for number, cut in enumerate(cuts):
            yield Write(cut, what.every if number else 0.0, more=number < len(cuts) - 1)

    def _line(self, rest: str) -> Iterator[Deed]:
        try:
            yield Write(self.profile.sent.frame(rest.encode(self.profile.encoding)))
        except ValueError as problem:
            raise CommandError(f"That can not be sent: {problem}") from None

    # --- saying -------------------------------------------------------------------------------------------------------

    def _voice(self) -> Voice:
        """How we speak now: in the room that we entered last, or in public."""
        rooms, public = self.profile.rooms, self.profile.public
        if rooms is not None and rooms.voice.says is not None and (self._rooms or public.says is None):
            return rooms.voice
        return public

    def _say(self, text: str) -> Iterator[Deed]:
        if self.phase is not Phase.OPEN:
            raise CommandError(f"You are gone: {COMES_BACK}")
        if self._voice().says is None:
            raise CommandError("This profile has no way of speaking in public")
        yield from self._begin(_Script((), partial(self._say_now, text)))

    def _say_now(self, text: str) -> Iterator[Deed]:
        """Only now is it known in which room we are."""
        voice = self._voice()
        self._scripts.appendleft(self._speech(voice, partial(self._speak, voice, text)))
        yield from ()

    def _speech(self, voice: Voice, done: Callable[[], Iterator[Deed]], to: str = "") -> _Script:
        if voice.says is None:
            raise CommandError("This profile has no way of speaking in public")
        return _Script(voice.before, done, {"room": self._room, **({"to": to} if to else {})})

    def _speak(self, voice: Voice, text: str, to: str = "") -> Iterator[Deed]:
        assert voice.says is not None
        yield from self._written(voice.says, {"text": text, "room": self._room, **({"to": to} if to else {})})

    @property
    def _room(self) -> str:
        rooms = self.profile.rooms
        return self._rooms[-1] if self._rooms else (rooms.default if rooms is not None else None) or "lobby"

    # --- coming and going ---------------------------------------------------------------------------------------------

    def _joined(self) -> Iterator[Deed]:
        rooms = self.profile.rooms
        if rooms is not None and rooms.default is not None and not self._rooms:
            self._scripts.append(_Script(rooms.enter, partial(self._entered, rooms.default), {"room": rooms.default}))
        else:
            yield from self._opened_up()

    def _opened_up(self) -> Iterator[Deed]:
        self.phase = Phase.OPEN
        early, self._early = self._early, []
        for line in early:
            yield from self.typed(line)

    def _entered(self, room: str) -> Iterator[Deed]:
        rooms = self.profile.rooms
        if rooms is not None and not rooms.many:
            self._rooms.clear()
        self._rooms = [*(each for each in self._rooms if each != room), room]
        if self.phase is Phase.JOINING:
            yield from self._opened_up()

    def _exited(self, room: str) -> Iterator[Deed]:
        self._rooms = [each for each in self._rooms if each != room]
        yield from ()

    def _say_goodbye(self, then: Callable[[], Iterator[Deed]]) -> Iterator[Deed]:
        self.phase = Phase.LEAVING
        self._scripts = deque([_Script(self.profile.leave, then)])
        if not self._reads:
            self._reads = True
            yield ResumeReading()  # what answers our goodbye lies behind all the rest
        yield from self._play()

    def _gone(self, deed: Deed, why: str) -> Iterator[Deed]:
        self.phase = Phase.GONE
        self._scripts.clear()
        yield deed
        yield Show(f"{why}: {COMES_BACK}", ours=True)

    def _not_let_in(self, why: str) -> Iterator[Deed]:
        """The first time that ends it; who was here before may try again."""
        if self._lives == 1:
            self.refused = True
            return self._over(why)
        return self._gone(HangUp(), why)

    def _over(self, why: str | None) -> Iterator[Deed]:
        self.phase = Phase.OVER
        if why:
            yield Show(why, ours=True)
        yield Close()

    # --- dialogues ----------------------------------------------------------------------------------------------------

    def _begin(self, script: _Script) -> Iterator[Deed]:
        """Play it, when those before it have been played."""
        self._scripts.append(script)
        if len(self._scripts) == 1:
            yield from self._play()
        elif self._awaited:
            yield Show(f"That is said later: the server is still to say {self._awaited}", ours=True)

    @property
    def _awaited(self) -> str:
        script = self._scripts[0]
        line = script.lines[script.at] if script.at < len(script.lines) else None
        return " or ".join(repr(each.source) for each in line.templates) if isinstance(line, Await) else ""

    def _play(self) -> Iterator[Deed]:
        """Go on with what is being said as far as it goes now."""
        while self._scripts:
            script = self._scripts[0]
            while script.at < len(script.lines):
                match script.lines[script.at]:
                    case SendThis(template):
                        yield from self._written(template, script.values)
                    case PauseFor(low, high):
                        yield Wait((low + high) / 2)
                        return  # `waited` goes on
                    case Await() as awaited:
                        if not self._has_come(awaited, script):
                            return
                script.at += 1
            self._scripts.popleft()
            yield from script.done()

    def _has_come(self, awaited: Await, script: _Script) -> bool:
        if awaited.closes:
            return False
        came = next(filter(self._claim, awaited.templates), None)
        if came is not None and isinstance(awaited, Either):
            at = script.at
            script.lines = (*script.lines[: at + 1], *awaited.after(came), *script.lines[at + 1 :])
        return came is not None

    def _claim(self, template: Template) -> bool:
        """Is it in what nothing has claimed yet? Then it is taken out, and an assigned name is noted."""
        if not self.profile.received.promises:
            return self._claim_anywhere(template)
        unfinished = self._decoder.rest().decode(self.profile.encoding, "backslashreplace")
        frames = [*self._unclaimed, unfinished] if unfinished else self._unclaimed
        wanted = template.frames
        for start in range(len(frames) - len(wanted) + 1):
            found = [
                part.matcher(self._slots()).fullmatch(frame)
                for part, frame in zip(wanted, frames[start : start + len(wanted)], strict=True)
            ]
            if all(found):
                for match in found:
                    self._note(match.bindings if match else {})
                del self._unclaimed[start : start + len(wanted)]
                return True
        return False

    def _claim_anywhere(self, template: Template) -> bool:
        stream = "".join(self._unclaimed)
        match = template.matcher(self._slots()).search(stream)
        if match is None:
            return False
        self._note(match.bindings)
        self._unclaimed = [stream[: match.start], stream[match.end :]]
        return True

    def _note(self, bindings: dict[str, str]) -> None:
        if self.profile.nick == "assigned" and bindings.get("nick"):
            self.nick = bindings["nick"]

    def _is_refused(self, frame: str) -> bool:
        """Is it the answer that we are not let in, or not into the room?"""
        refusable = bool(self._scripts) and self._scripts[0].refusable
        return refusable and any(self._fits(template, frame) is not None for template in self.profile.refuses)

    def _answers(self, frames: list[str]) -> Iterator[Deed]:
        """What the profile answers at any time (`whenever`)."""
        for frame in frames:
            for rule in self.profile.whenever:
                found = (self._fits(template, frame) for template in rule.awaited)
                bindings = next((bindings for bindings in found if bindings is not None), None)
                if bindings is not None:
                    yield from self._written(rule.send, {k: v for k, v in bindings.items() if k != "nick"})
                    break

    def _fits(self, template: Template, frame: str) -> dict[str, str] | None:
        matcher = template.matcher()
        match = matcher.fullmatch(frame) if self.profile.received.promises else matcher.search(frame)
        return match.bindings if match is not None else None

    def _goodbyes(self) -> set[str]:
        """What a person types who knows the dialect: the first thing that the goodbye sends, as it stands."""
        first = next((step.template for step in self.profile.leave if isinstance(step, SendThis)), None)
        return set() if first is None else {"".join(first.render(self._values())).strip("\r\n")}

    # --- bytes and text -------------------------------------------------------------------------------------------------

    def _written(self, template: Template, values: Mapping[str, str]) -> list[Deed]:
        try:
            return [Write(self._bytes(template, **values))]
        except CommandError as problem:
            return [Show(str(problem), ours=True)]

    def _bytes(self, template: Template, **more: str) -> bytes:
        """CommandError: it can not be sent."""
        try:
            texts = template.render({**self._values(), **more})
            if self._translator is not None:
                return b"".join(map(self._translator.said, texts))
            payloads = [text.encode(self.profile.encoding) for text in texts]
            return b"".join(map(self.profile.sent.frame, payloads))
        except UnicodeEncodeError:
            raise CommandError(f"That can not be said in {self.profile.encoding}") from None
        except ValueError as problem:  # too long for the header
            raise CommandError(f"That can not be sent: {problem}") from None

    def _values(self) -> dict[str, str]:
        ip, port = self._address
        return {
            "nick": self.nick,
            "id": "1",
            "password": "secret",
            "time": self._time,
            "ip": ip,
            "client-port": str(port),
            "to": self.nick,
            "room": self._room,
            "text": "",
        }

    def _slots(self) -> dict[str, str]:
        return {} if self.profile.nick == "assigned" else {"nick": re.escape(self.nick)}

    def _decoded(self, frame: bytes) -> str:
        if self.profile.received.promises:
            return frame.decode(self.profile.encoding, "backslashreplace")
        return self._text.decode(frame)  # a character may be cut in two by where one read ended

    def _not_yet_shown(self, frame: str) -> str:
        shown, self._shown = self._shown.decode(self.profile.encoding, "backslashreplace"), b""
        return frame.removeprefix(shown)

    def _forget(self) -> None:
        """A dialogue that is over looks at nothing, and one that goes on not at everything ever said."""
        profile = self.profile
        to_come = profile.leave or profile.rooms or profile.rename or profile.public.before or profile.whisper.before
        if self.phase is Phase.GONE or (self.phase is Phase.OPEN and not to_come):
            self._unclaimed.clear()
        while sum(map(len, self._unclaimed)) > UNCLAIMED and len(self._unclaimed) > 1:
            del self._unclaimed[0]
