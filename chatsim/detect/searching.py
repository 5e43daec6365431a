"""Which way is tried next: the catalogue, moved about by what each try has shown. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chatsim.detect.asking import Foreign, answer_to, foreign, is_refusal
from chatsim.detect.entering import Heard
from chatsim.detect.hints import Hints
from chatsim.detect.inducing import parsed_json
from chatsim.detect.trying import Trial
from chatsim.detect.ways import FRAMINGS, Way, catalogue, first_ways, over_websocket, verb_ways
from chatsim.wires import Line, Tls

__all__ = ["Search"]

UNVERIFIED = Tls(verify=False)
MOST_LATER = 6  # ways that its source suggests are tried after an echo: one of them may still be better


class Search:
    """The ways that are left, and what the tries have shown so far.

    `doubted`: somebody heard somebody, and yet the way may be wrong. `weak`: nobody did, but the server echoes, prints, or
    has somebody answer at its console. `why`: it is no use to go on.
    """

    def __init__(self, hints: Hints, line: Line, tell: Callable[[str], None]) -> None:
        self._hints = hints
        self._tell = tell
        self._ways = _ways(hints, line)
        self._tries = 0
        self.greeting = ""
        self.greets: bool | None = None
        self.floods = False
        self.speaks = ""  # another protocol, that may be no chat
        self.weak: Trial | None = None
        self.doubted: Trial | None = None
        self.why = ""
        self.hint = ""

    def next(self) -> Way | None:
        """The way to try now; None: there is no more, or no use."""
        return self._ways.pop(0) if self._ways and not self.why else None

    def learn(self, trial: Trial) -> None:
        """From a try that has not worked."""
        self._tries += 1
        self.greets = trial.greeted
        self.floods = self.floods or trial.clients[0].bot.closed == "flood"
        if trial.clients[0].bot.closed == "refused":  # no TLS, say, whatever its source speaks of
            self._ways = [way for way in self._ways if way.line != trial.way.line]
        if (other := foreign(trial.foreign)) is not None:
            self._elsewhere(other, trial)
        if self._tries == 1:
            self._by_its_length(trial.foreign)
            self._after_the_greeting(trial.foreign)
        if _wants_a_room(trial):
            self._ways = [*_into_a_room(trial.way), *self._ways]
        if trial.heard and self.doubted is None:
            self.doubted = trial
            without = replace(trial.way, called=f"{trial.way.called}, but nothing to come in", join=())
            plain = [way for way in self._ways if way.framing == trial.way.framing and not way.join]
            self._ways = [*plain, without]
        elif trial.replied:
            self.weak = trial
            self._ways = []
        elif trial.echoes and (self.weak is None or not self.weak.echoes):
            self.weak = trial
            self._ways = [way for way in self._ways if way.why][:MOST_LATER]
        elif self.weak is None and trial.printed:
            self.weak = trial

    def _after_the_greeting(self, first: bytes) -> None:
        """What a server says first tells how it speaks, and what it wants."""
        greeting = first.decode("utf-8", "backslashreplace")
        self.greeting = greeting
        if parsed_json(greeting.splitlines()[0] if greeting.splitlines() else "") is not None:
            self._ways.sort(key=lambda way: not way.framing.startswith("json"))
        elif answer_to(greeting):
            ending = ("newline", "crlf") if greeting.endswith("\n") else ("none",)
            plain = [
                way
                for way in self._ways
                if way.why or (way.join == ("{nick}",) and way.framing in ("none", "newline", "crlf"))
            ]
            plain.sort(key=lambda way: (not way.why, way.framing not in ending))
            self._ways = [*plain, *(way for way in self._ways if way not in plain)]

    def _by_its_length(self, greeting: bytes) -> None:
        """Is the first thing that it says as long as its own beginning says?"""
        for spelling, framing in FRAMINGS.items():
            if spelling.startswith("{"):
                decoder = framing.decoder(longest=1 << 20)
                if decoder.feed(greeting) and decoder.broken is None and not decoder.rest():
                    self._tell(f"what it says comes after its length: {spelling}")
                    likely = [*first_ways([spelling]), *verb_ways([spelling])]
                    self._ways = list(dict.fromkeys([*likely, *self._ways]))
                    return

    def _elsewhere(self, other: Foreign, trial: Trial) -> None:
        """It speaks another protocol: the ways there, if that may be a chat."""
        plain = trial.way.line.transport == "tcp"
        if not other.chat:
            self.why = f"this is no chat server, it seems to be {other.name}: it began with {trial.foreign[:60]!r}"
        elif "HTTP" in other.name and plain:
            self._tell("it speaks HTTP: trying WebSocket")
            self.speaks = "it speaks HTTP, and nobody heard anybody over WebSocket"
            self._ways = over_websocket(self._hints.path)
        elif "TLS" in other.name and plain:
            self._tell("it speaks TLS")
            there = Line("tls", UNVERIFIED)
            self._ways = [replace(way, line=there) for way in [trial.way, *self._ways] if way.line == Line()]
        elif "IRC" in other.name:
            self.why = "this is an IRC server"
            self.hint = "chatsim comes with a profile for it: --profile irc"


def _ways(hints: Hints, line: Line) -> list[Way]:
    if line.transport == "unix":
        return [replace(way, line=line) for way in [*hints.ways, *catalogue(hints.framings)]]
    if line.transport == "udp":
        return [
            Way(f"datagrams, {way.called.partition(', ')[2]}", "none", way.join, way.says, line, way.why)
            for way in [*hints.ways, *catalogue(["none"])]
            if way.framing == "none"
        ]
    ways = [*hints.ways, *catalogue(hints.framings, speaks_json=hints.speaks_json)]
    if hints.websocket:
        ways = [*over_websocket(hints.path), *ways]
    if hints.tls:
        ways = [*map(_over_tls, ways), *ways]
    return list(dict.fromkeys(ways))


def _over_tls(way: Way) -> Way:
    transport = "tls" if way.line.transport == "tcp" else way.line.transport
    return replace(way, line=replace(way.line, transport=transport, tls=UNVERIFIED))


def _wants_a_room(trial: Trial) -> bool:
    """The name was taken, and what was said was not: perhaps one has to enter a room first."""
    first = trial.clients[0]
    if trial.heard or not trial.own or len(trial.way.join) != 1 or first.refused:
        return False
    answers = [step.pieces[-1] for step in first.steps if isinstance(step, Heard)]
    said = " ".join(trial.own)
    return bool(answers) and not is_refusal(answers[-1]) and (is_refusal(said) or "room" in said or "channel" in said)


def _into_a_room(way: Way) -> list[Way]:
    slash = "/" if way.join[0].startswith("/") else ""
    return [
        replace(way, called=f"{way.called}, then {slash}{word} lobby", join=(*way.join, f"{slash}{word} lobby"))
        for word in (("join",) if slash else ("JOIN", "join"))
    ]
