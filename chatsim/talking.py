"""A person's conversation with a server, in the dialect of any profile: the deciding part of `chatsim talk`.

Pure: what happened goes in (opened, received, typed …), and out comes what is to be done, in order: write these bytes,
show this line, wait a moment, close. Whoever holds the socket, the keyboard and the clock does it.

A life has four phases: joining (the profile's `join` is played), open, leaving (its `leave`), over. What arrives is
shown as text, frame by frame; what it means is for checks, not for a person who can read.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, Profile, SendThis
from chatsim.profile.python import Client
from chatsim.profile.templates import Template
from chatsim.profile.translating import Translator, shown_event

__all__ = ["Close", "Deed", "Phase", "Show", "Talking", "Wait", "Write"]

QUIT = "/quit"
UNCLAIMED = 1 << 16  # characters of what arrived that a dialogue may still look at


@dataclass(frozen=True, slots=True)
class Write:
    """Send these bytes. Each is one message: where nothing keeps messages apart, leave a moment between them."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Show:
    """`text` is what the server sent, or (`ours`) what we say about the connection. May hold anything: escape it."""

    text: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Call `waited` after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Close:
    """Shut down our writing side, read to the end, close."""


Deed = Write | Show | Wait | Close


class Phase(StrEnum):
    JOINING = "joining"
    OPEN = "open"
    LEAVING = "leaving"
    OVER = "over"


class Talking:
    """One conversation. Each method returns what is to be done now."""

    def __init__(self, profile: Profile, nick: str) -> None:
        self.profile = profile
        self.nick = nick
        self.phase = Phase.JOINING
        self.refused = False  # the server did not let us in
        self._dialogue: Dialogue = profile.join
        self._at = 0
        self._translator: Translator | None = None
        self._decoder = profile.received.decoder()
        self._text = codecs.getincrementaldecoder(profile.encoding)(errors="backslashreplace")
        self._unclaimed: list[str] = []
        self._shown = b""  # of an unfinished frame
        self._early: list[str] = []  # typed before we were in
        self._address = ("", 0)
        self._time = ""

    # --- what happened ----------------------------------------------------------------------------------------------

    def opened(self, address: tuple[str, int], time: str = "") -> list[Deed]:
        """The connection stands; `address` is ours as the server sees it, `time` stands for {time} where it is sent."""
        self._address, self._time = address, time
        if self.profile.python is not None:
            ip, port = address
            nick = self.nick if self.profile.nick == "chosen" else ""
            client = Client(nick, 1, self._values()["password"], ip, port)
            self._translator = Translator(self.profile.python, lambda: client)
        if self.profile.nick_template is not None:
            self.nick = self.profile.nick_template.render(self._values())[0]
        return list(self._play())

    def received(self, data: bytes) -> list[Deed]:
        """Bytes came."""
        answers: list[Deed] = []
        if self._translator is not None:
            data, answer = self._translator.heard(data)
            answers = [Write(answer)] if answer else []
        return answers + self._heard(data)

    def _heard(self, data: bytes) -> list[Deed]:
        frames = list(map(self._decoded, self._decoder.feed(data)))
        deeds: list[Deed] = [
            Show(text) for frame in frames if (text := self._readable(self._not_yet_shown(frame))).strip("\r\n")
        ]
        if self._decoder.broken is not None:
            deeds += [Show(f"this can not be taken apart any more: {self._decoder.broken}", ours=True)]
        self._unclaimed += frames
        self._forget()
        deeds += self._answers(frames)
        if self.phase is Phase.JOINING and self._is_refused(frames):
            self.refused = True
            return [*deeds, *self._over("The server refused us")]
        return [*deeds, *self._play()]

    def quiet(self) -> list[Deed]:
        """Nothing has come for a moment: an unfinished frame is perhaps a prompt, and worth showing."""
        rest = self._decoder.rest()
        if not rest or rest == self._shown:
            return []
        new, self._shown = rest[len(self._shown) :] if rest.startswith(self._shown) else rest, rest
        return [Show(new.decode(self.profile.encoding, "backslashreplace"))]

    def waited(self) -> list[Deed]:
        """The wait that was asked for is over."""
        self._at += 1
        return list(self._play())

    def typed(self, line: str) -> list[Deed]:
        """A line from the keyboard; without its line end."""
        if self.phase is Phase.JOINING:
            self._early.append(line)
            return []
        if self.phase is not Phase.OPEN:
            return []
        if line == QUIT or line in self._goodbyes():
            return self.leave()
        if not line:
            return []
        voice = self.profile.public
        says = voice.says or (self.profile.rooms.voice.says if self.profile.rooms is not None else None)
        if says is None:
            return [Show("This profile has no way of speaking in public", ours=True)]
        first = [deed for step in voice.before if isinstance(step, SendThis) for deed in self._written(step.template)]
        return [*first, *self._written(says, text=line)]

    def leave(self) -> list[Deed]:
        """We go: with the profile's goodbye, if we are in. If we never were, the server has not let us."""
        if self.phase is Phase.OPEN:
            self.phase, self._dialogue, self._at = Phase.LEAVING, self.profile.leave, 0
            return list(self._play())
        if self.phase is not Phase.JOINING:
            return []
        self.refused = True
        return self._over(None)

    def closed(self) -> list[Deed]:
        """The server's side ended."""
        if self.phase is Phase.OVER:
            return []
        leaving = self.phase is Phase.LEAVING
        self.refused = self.phase is Phase.JOINING
        return [*self.quiet(), *self._over(None if leaving else "The server closed the connection")]

    # --- dialogues ----------------------------------------------------------------------------------------------------

    def _play(self) -> Iterator[Deed]:
        """Go on with the dialogue as far as it goes now."""
        while self.phase in (Phase.JOINING, Phase.LEAVING) and self._at < len(self._dialogue):
            match self._dialogue[self._at]:
                case SendThis(template):
                    yield from self._written(template)
                case PauseFor(low, high):
                    yield Wait((low + high) / 2)
                    return  # `waited` goes on
                case Await() as awaited:
                    if not self._has_come(awaited):
                        return
            self._at += 1
        if self.phase is Phase.JOINING:
            self.phase = Phase.OPEN
            early, self._early = self._early, []
            for line in early:
                yield from self.typed(line)
        elif self.phase is Phase.LEAVING:
            yield from self._over(None)

    def _has_come(self, awaited: Await) -> bool:
        if awaited.closes:
            return False
        came = next(filter(self._claim, awaited.templates), None)
        if came is not None and isinstance(awaited, Either):
            at = self._at
            self._dialogue = (*self._dialogue[: at + 1], *awaited.after(came), *self._dialogue[at + 1 :])
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

    def _is_refused(self, frames: list[str]) -> bool:
        return any(self._fits(template, frame) is not None for template in self.profile.refuses for frame in frames)

    def _answers(self, frames: list[str]) -> Iterator[Deed]:
        """What the profile answers at any time (`whenever`)."""
        for frame in frames:
            for rule in self.profile.whenever:
                found = (self._fits(template, frame) for template in rule.awaited)
                bindings = next((bindings for bindings in found if bindings is not None), None)
                if bindings is not None:
                    yield from self._written(rule.send, **{k: v for k, v in bindings.items() if k != "nick"})
                    break

    def _fits(self, template: Template, frame: str) -> dict[str, str] | None:
        matcher = template.matcher()
        match = matcher.fullmatch(frame) if self.profile.received.promises else matcher.search(frame)
        return match.bindings if match is not None else None

    def _goodbyes(self) -> set[str]:
        """What a person types who knows the dialect: the first thing that the goodbye sends, as it stands."""
        first = next((step.template for step in self.profile.leave if isinstance(step, SendThis)), None)
        return set() if first is None else {"".join(first.render(self._values())).strip("\r\n")}

    def _over(self, why: str | None) -> list[Deed]:
        self.phase = Phase.OVER
        return [*([Show(why, ours=True)] if why else []), Close()]

    # --- bytes and text -------------------------------------------------------------------------------------------------

    def _written(self, template: Template, **more: str) -> list[Deed]:
        try:
            texts = template.render({**self._values(), **more})
            if self._translator is not None:
                return [Write(b"".join(map(self._translator.said, texts)))]
            payloads = [text.encode(self.profile.encoding) for text in texts]
            return [Write(b"".join(map(self.profile.sent.frame, payloads)))]
        except UnicodeEncodeError:
            return [Show(f"That can not be said in {self.profile.encoding}", ours=True)]
        except ValueError as problem:  # too long for the header
            return [Show(f"That can not be sent: {problem}", ours=True)]

    def _values(self) -> dict[str, str]:
        ip, port = self._address
        room = self.profile.rooms.default if self.profile.rooms is not None else None
        return {
            "nick": self.nick,
            "id": "1",
            "password": "secret",
            "time": self._time,
            "ip": ip,
            "client-port": str(port),
            "to": self.nick,
            "room": room or "lobby",
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

    def _readable(self, frame: str) -> str:
        return frame if self._translator is None else shown_event(frame)

    def _forget(self) -> None:
        """A dialogue that is over looks at nothing, and one that goes on not at everything ever said."""
        if self.phase is Phase.OPEN and not self.profile.leave:
            self._unclaimed.clear()
        while sum(map(len, self._unclaimed)) > UNCLAIMED and len(self._unclaimed) > 1:
            del self._unclaimed[0]
