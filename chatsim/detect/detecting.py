"""The whole of it: start the server, try ways until one works, study it, write the profile, play with it.

The only module here that touches the world. It keeps the time, starts a fresh server for each try, and tells what it is
doing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from chatsim.detect.asking import Foreign, answer_to, foreign, is_refusal, last_line, on_console
from chatsim.detect.bench import Bench, OutOfTimeError
from chatsim.detect.entering import Heard
from chatsim.detect.findings import Findings
from chatsim.detect.hints import Hints
from chatsim.detect.inducing import parsed_json
from chatsim.detect.narrowing import narrowed
from chatsim.detect.playing import outcome_of_playing
from chatsim.detect.studying import Study
from chatsim.detect.trying import Trial, attempt
from chatsim.detect.ways import FRAMINGS, Way, catalogue, first_ways, over_websocket, verb_ways
from chatsim.detect.writing import Begun, one_line, profile_name, written
from chatsim.errors import ServerError
from chatsim.profile.profile import Start
from chatsim.runs import Target
from chatsim.server.launch import Launcher
from chatsim.server.life import START_PATIENCE
from chatsim.wires import Line, Tls
from chatsim.world import World

__all__ = ["Detection", "detect"]

SEARCHING = 0.6  # of the time may be spent on finding a way in
CONSOLES = 3  # of the first tries somebody answers at the console, if nobody else does
ENDING = 3.0  # seconds are kept for a server that takes its time to end
START = 0.5  # times the usual patience for a start: five seconds
LEAST_START = 0.5  # seconds
MOST_ANSWERS = 3  # that are typed on a server's console before it listens
UNVERIFIED = Tls(verify=False)


@dataclass(slots=True)
class Detection:
    """What came of it. `profile`: the text of a profile; empty where no way was found. `why` says then what it is."""

    profile: str = ""
    why: str = ""
    hint: str = ""
    chat: bool = False  # somebody heard somebody
    works: bool = False  # it was played with, and join, chat and leave went as it says
    tried: list[str] = field(default_factory=list)  # the ways that were tried
    killed: list[str] = field(default_factory=list)
    greeting: str = ""
    command: str = ""  # where another one was needed than what was given
    typed: str = ""  # on its console, for it to listen


def detect(
    target: Target, hints: Hints, *, seconds: float = 30.0, patience: float = 1.0, tell: Callable[[str], None] = print
) -> Detection:
    """Find out how a server is spoken to.

    Takes `seconds` at most, and a moment to end the server. Raises ServerError if it does not start, or nobody is there.
    When this returns, no process of the server is left, unless it was running before.
    """
    return _Detecting(target, hints, seconds, patience, tell).run()


class _Detecting:
    def __init__(
        self, target: Target, hints: Hints, seconds: float, patience: float, tell: Callable[[str], None]
    ) -> None:
        self._target = target
        self._hints = hints
        self._end = time.monotonic() + seconds - min(ENDING, seconds / 4)
        self._search_end = time.monotonic() + seconds * SEARCHING
        self._seconds = seconds
        self._patience = patience
        self._tell = tell
        self._line = _line_of(target, hints)
        self._made = Detection()
        self._port = 0
        self._fixed = 0  # the port to speak to, where it listens on several
        self._speaks = ""  # another protocol, that may be no chat
        self._weak: Trial | None = None
        self._doubted: Trial | None = None
        self._greets: bool | None = None
        self._floods = False

    def run(self) -> Detection:
        try:
            trial, study = self._found()
        except OutOfTimeError:
            trial, study = None, None
        if study is not None:
            self._finish(study)
        elif trial is None:
            self._nothing()
        return self._made

    # --- finding a way in ---------------------------------------------------------------------------------------------

    def _found(self) -> tuple[Trial | None, Study | None]:
        self._open_once()
        ways = self._ways()
        while ways:
            way = ways.pop(0)
            if time.monotonic() > self._search_end:
                break
            found, trial = self._try(way)
            if found is not None:
                return trial, found
            assert trial is not None
            if trial.clients[0].bot.closed == "refused" and self._target.address is not None:
                raise self._nobody_there()
            self._greets = trial.greeted
            self._floods = self._floods or trial.clients[0].bot.closed == "flood"
            if (other := foreign(trial.foreign)) is not None:
                ways = self._elsewhere(other, trial, ways)
                if self._made.why:
                    return trial, None
            if len(self._made.tried) == 1:
                ways = self._by_its_length(trial.foreign, ways)
                ways = self._after_the_greeting(trial, ways)
            if _wants_a_room(trial):
                ways = [*_into_a_room(way), *ways]
            if trial.heard and self._doubted is None:
                self._doubted = trial
                without = [other for other in ways if other.framing == way.framing and not other.join]
                ways = without
            elif trial.replied:
                self._weak = trial
                break
            elif trial.echoes and (self._weak is None or not self._weak.echoes):
                self._weak = trial
                ways = [other for other in ways if other.why][:6]  # what its source says may still be better
            elif self._weak is None and trial.printed:
                self._weak = trial
        if self._doubted is not None:
            return self._settle_for(self._doubted)
        if self._weak is not None and not (self._made.killed and not (self._weak.echoes or self._weak.replied)):
            self._settle_for_less(self._weak)
            return self._weak, None
        return None, None

    def _nobody_there(self) -> ServerError:
        before = self._made.tried[:-1]
        if before:
            return ServerError(f"nobody answers there any more, after {len(before)} ways of joining were tried",
                               hint=f"The last was: {before[-1]}. Has the server ended?")  # fmt: skip
        return ServerError("nobody answers there", hint="Is it running? Does it listen at this address and port?")

    def _settle_for(self, trial: Trial) -> tuple[Trial | None, Study | None]:
        found, trial_again = self._try(trial.way, whatever=True)
        return trial_again, found

    def _try(self, way: Way, *, whatever: bool = False) -> tuple[Study | None, Trial | None]:
        """Try it; if it works, study the server at once, with the bots that are there."""
        self._tell(f"trying: {way.called}")
        self._made.tried.append(way.called)
        with self._server(way.line) as bench:
            trial = attempt(bench, way)
            if bench.died and not trial.heard:
                self._note_death(bench, way)
            if not (trial.works or (whatever and trial.heard)):
                return None, trial
            self._tell(f"found a way in: {way.called}")
            trial = narrowed(bench, trial)
            study = Study(bench, trial, self._hints.quit_words, self._hints.roster_words)
            self._study(study)
            return study, trial

    def _study(self, study: Study) -> None:
        left = list(study.stages)
        bench = study.bench
        try:
            while left:
                called, stage = left.pop(0)
                self._tell(f"looking: {called}")
                stage()
                if bench.died:
                    study.findings.killed.append(f"{bench.last_words}: {bench.died}")
                    self._tell(f"the server ended: {bench.last_words}")
                    self._study_further(study, left)
                    return
        except OutOfTimeError:
            study.findings.open += [f"{called}: there was no time left" for called, _ in left]

    def _study_further(self, study: Study, left: list[tuple[str, Callable[[], None]]]) -> None:
        if not left or self._target.address is not None:
            study.findings.open += [f"{called}: the server had ended" for called, _ in left]
            return
        names = [called for called, _ in left]
        with self._server(study.way.line) as bench:
            if not study.moved(bench):
                study.findings.open += [f"{called}: nobody was let in any more" for called in names]
                return
            rest = [(called, stage) for called, stage in study.stages if called in names]
            for called, stage in rest:
                self._tell(f"looking: {called}")
                stage()
                if bench.died:
                    study.findings.killed.append(f"{bench.last_words}: {bench.died}")
                    break

    def _ways(self) -> list[Way]:
        hints = self._hints
        if self._line.transport == "unix":
            return [replace(way, line=self._line) for way in [*hints.ways, *catalogue(hints.framings)]]
        if self._line.transport == "udp":
            return [
                Way(f"datagrams, {way.called.partition(', ')[2]}", "none", way.join, way.says, self._line, way.why)
                for way in [*hints.ways, *catalogue(["none"])]
                if way.framing == "none"
            ]
        ways = [*hints.ways, *catalogue(hints.framings, speaks_json=hints.speaks_json)]
        if hints.websocket:
            ways = [*over_websocket(hints.path), *ways]
        if hints.tls:
            ways = [replace(way, line=Line("tls", UNVERIFIED)) for way in ways if way.line.transport == "tcp"]
        return list(dict.fromkeys(ways))

    def _after_the_greeting(self, trial: Trial, ways: list[Way]) -> list[Way]:
        """What a server says first tells how it speaks, and what it wants."""
        greeting = trial.foreign.decode("utf-8", "backslashreplace")
        if not greeting:
            return ways
        self._made.greeting = greeting
        if parsed_json(greeting.splitlines()[0] if greeting.splitlines() else "") is not None:
            return sorted(ways, key=lambda way: not way.framing.startswith("json"))
        if answer_to(greeting):
            ending = ("newline", "crlf") if greeting.endswith("\n") else ("none",)
            plain = [
                way
                for way in ways
                if way.why or (way.join == ("{nick}",) and way.framing in ("none", "newline", "crlf"))
            ]
            plain.sort(key=lambda way: (not way.why, way.framing not in ending))
            return [*plain, *(way for way in ways if way not in plain)]
        return ways

    def _by_its_length(self, greeting: bytes, ways: list[Way]) -> list[Way]:
        """Is the first thing that it says as long as its own beginning says?"""
        for spelling, framing in FRAMINGS.items():
            if spelling.startswith("{"):
                decoder = framing.decoder(longest=1 << 20)
                if decoder.feed(greeting) and decoder.broken is None and not decoder.rest():
                    self._tell(f"what it says comes after its length: {spelling}")
                    return list(dict.fromkeys([*first_ways([spelling]), *verb_ways([spelling]), *ways]))
        return ways

    def _elsewhere(self, other: Foreign, trial: Trial, ways: list[Way]) -> list[Way]:
        """It speaks another protocol: the ways there; none if that is no chat."""
        made = self._made
        if not other.chat:
            made.why = f"this is no chat server, it seems to be {other.name}: it began with {trial.foreign[:60]!r}"
            return []
        if "HTTP" in other.name and trial.way.line.transport == "tcp":
            self._tell("it speaks HTTP: trying WebSocket")
            self._speaks = "it speaks HTTP, and nobody heard anybody over WebSocket"
            return over_websocket(self._hints.path)
        if "TLS" in other.name and trial.way.line.transport == "tcp":
            self._tell("it speaks TLS")
            return [replace(way, line=Line("tls", UNVERIFIED)) for way in [trial.way, *ways] if way.line == Line()]
        if "IRC" in other.name:
            made.why = "this is an IRC server"
            made.hint = "chatsim comes with a profile for it: --profile irc"
            return []
        return ways

    # --- the server ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _server(self, line: Line) -> Iterator[Bench]:
        with self._started(line) as world:
            self._port = world.address[1] if world.address is not None else 0
            left = self._end - time.monotonic()
            bench = Bench(world, world.now() + max(left, 0.0), patience=self._patience)
            bench.greets = self._greets
            bench.may_type = self._target.address is None and len(self._made.tried) <= CONSOLES
            try:
                yield bench
            finally:
                bench.reset_all()

    def _started(self, line: Line) -> World:
        """Of several ports on which it listens, the one that its source names first, or the lowest."""
        world = self._world(line)
        try:
            world.start()
        except ServerError as error:
            world.close()
            ports = [int(port) for port in re.findall(r":(\d+)\b", str(error).splitlines()[0])]
            if "several ports" not in str(error) or self._fixed or not ports:
                raise
            named = [port for port in self._hints.ports if port in ports]
            self._fixed = (named or sorted(ports))[0]
            self._tell(f"it listens on several ports: {self._fixed} is tried")
            return self._started(line)
        except BaseException:
            world.close()
            raise
        return world

    def _world(self, line: Line) -> World:
        if self._target.address is not None:
            return World(self._target.address, line)
        start = Start(port=self._fixed or None, stdin=self._made.typed or None)
        left = max(self._end - time.monotonic(), LEAST_START)
        patience = min(START * self._patience, left / START_PATIENCE)
        return World(Launcher(start, self._command, patience=patience), line, isolated=self._target.isolated)

    @property
    def _command(self) -> str:
        return self._made.command or self._target.command or ""

    def _open_once(self) -> None:
        """Does it start, and how? Some want a port, or an address and a port, in their command or on their console, or
        are spoken to in datagrams."""
        if self._target.address is not None:
            self._tell("connecting")
            return
        given = self._target.command or ""
        self._tell(f"starting: {given}")
        commands = (
            [given]
            if "{port}" in given or "{socket}" in given
            else [given, f"{given} {{port}}", f"{given} 127.0.0.1 {{port}}"]
        )
        lines = [self._line] if self._line.transport == "unix" else [self._line, *_others(self._line)]
        first: ServerError | None = None
        for command in commands:
            self._made.command = command if command != given else ""
            for line in lines:
                error = self._opened(line)
                if error is None:
                    return
                first = first or error
                if time.monotonic() > self._search_end:
                    raise first
                if _never_listened(error) and self._typed(error, line):
                    return
                if not _never_listened(error):
                    break  # it ended: datagrams will not help
            else:
                break  # it goes on, and listens nowhere: further words on its command line will not help
        assert first is not None
        raise first

    def _opened(self, line: Line) -> ServerError | None:
        """Start it, and end it again; None if it listens, on this line."""
        try:
            self._started(line).close()
        except ServerError as error:
            return error
        self._line = line
        return None

    def _typed(self, error: ServerError, line: Line) -> bool:
        """Does it ask on its console where to listen, and does it listen once it is told?"""
        answers: list[str] = []
        told: ServerError | None = error
        while told is not None and _never_listened(told) and len(answers) < MOST_ANSWERS:
            asked = last_line(told.problems[0].what)
            answer = on_console(asked)
            if not answer:
                break
            answers.append(answer)
            self._made.typed = "\n".join(answers)
            self._tell(f"it asks {asked!r} on its console: it is told {answer}")
            told = self._opened(line)
        if told is None:
            return True
        self._made.typed = ""
        return False

    def _note_death(self, bench: Bench, way: Way) -> None:
        text = f"{bench.last_words}: {bench.died}"
        self._tell(f"the server ended ({text}); it is started again")
        if text not in self._made.killed:
            self._made.killed.append(text)

    # --- the profile --------------------------------------------------------------------------------------------------

    def _finish(self, study: Study) -> None:
        found, made = study.findings, self._made
        found.killed = [*made.killed, *found.killed]
        made.killed = list(found.killed)
        made.chat = True
        self._complete(found)
        self._write(found)

    def _complete(self, found: Findings) -> None:
        limit = self._hints.text_limit
        if limit and found.way.framing in ("none", "json"):
            found.text_limit = limit
            found.note("limits", self._hints.limit_why)
            found.guesses.append("limits: from the source; longer texts were not tried")
        found.note("framing", found.seen.get("framing") or _about_framing(found.way, self._made.tried))

    def _write(self, found: Findings) -> None:
        made = self._made
        name = profile_name(self._target.command or "server")
        chosen = not self._port or "{port}" in self._command + made.typed or self._target.address is not None
        port = 0 if chosen else self._port
        begun = Begun(self._command, port, made.typed) if self._target.address is None else Begun()
        text = written(found, name, begun)
        left = self._end - time.monotonic()
        self._tell("playing with the profile that was found")
        played = outcome_of_playing(text, self._target, self._made.command, found.clients, self._patience, left)
        if played.ignore:
            found.ignore += [template for template in played.ignore if template not in found.ignore]
        made.works = played.works
        made.profile = written(found, name, begun, played.lines)

    def _settle_for_less(self, trial: Trial) -> None:
        """Nobody hears anybody, but the server answers whoever speaks, or prints what it is told."""
        from chatsim.detect.lesser import lesser_findings

        self._made.chat = trial.echoes or bool(trial.replied)
        found = lesser_findings(trial, trial.text)
        found.killed = list(self._made.killed)
        self._complete(found)
        self._write(found)

    def _nothing(self) -> None:
        made = self._made
        if made.why:
            return
        if len(made.tried) == 0:
            made.why = "there was no time to try anything"
            return
        if made.killed:
            made.why = f"the server ended while it was tried, after {made.killed[0]}"
            made.hint = "That is its own fault, whatever was sent: `chatsim talk` shows it, too."
            return
        needs = "".join(f"\n{need}" for need in self._hints.needs)
        ways = f"in {len(made.tried)} ways of joining and speaking, nobody heard anybody"
        made.why = (self._speaks or ways) + needs
        if self._floods:
            made.why += "\nThe server talks without end to whoever connects"
        elif made.greeting:
            made.why += f"\nThe server began with '{one_line(made.greeting[:120])}'"
        made.hint = (
            "Describe it by hand: `chatsim profiles` lists families to begin with, docs/profiles.md has all keys,\n"
            "and `chatsim talk` shows what it says."
        )


def _line_of(target: Target, hints: Hints) -> Line:
    unix = target.address is not None and not target.address[1]
    if unix or "{socket}" in (target.command or ""):
        return Line("unix")
    return Line("udp") if hints.datagrams else Line()


def _never_listened(error: ServerError) -> bool:
    return "not listen" in str(error).splitlines()[0]


def _others(line: Line) -> list[Line]:
    return [other for other in (Line(), Line("udp")) if other != line]


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


def _about_framing(way: Way, tried: Sequence[str]) -> str:
    if way.framing == "none":
        return "a message that ended nowhere was passed on as it was"
    if way.framing in ("newline", "crlf"):
        raw = f"raw bytes, {way.called.partition(', ')[2]}"
        return "without a line end nothing was passed on" if raw in tried else "lines are understood"
    return "so it was understood"
