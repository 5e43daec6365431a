"""Servers to try things on: each started for one try, at a port of its own where it takes one. With `playing` the only
module here that touches the world."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from chatsim.detect.asking import last_line, on_console
from chatsim.detect.bench import Bench
from chatsim.detect.hints import Hints
from chatsim.errors import ServerError, StartError
from chatsim.network.network import ServerEvent
from chatsim.profile.profile import Start
from chatsim.runs import Target, world_on
from chatsim.sandbox.sandbox import Sandbox
from chatsim.server.life import START_PATIENCE
from chatsim.wires import Line
from chatsim.world import World

__all__ = ["Servers"]

CONSOLES = 3  # of the first servers has somebody answer at its console, if nobody else answers
START = 0.5  # times the usual patience for a start: five seconds
LEAST_START = 0.5  # seconds
SETTLED = 0.1  # seconds that a server has to go on once it listens
MOST_ANSWERS = 3  # that are typed on a server's console before it listens


class Servers:
    """`open` first: it finds out how the server is started. Then `fresh` for each try.

    `command`: another one than what was given, if that was needed; `typed`: what it was told on its console; `port`: where
    it listened last; `line`: on what it is spoken to. `end`: on the monotonic clock, when all must be over.
    """

    def __init__(
        self,
        target: Target,
        hints: Hints,
        patience: float,
        end: float,
        tell: Callable[[str], None],
        sandbox: Sandbox | None = None,
    ) -> None:
        self._target = target
        self._sandbox = sandbox
        self._hints = hints
        self._patience = patience
        self._end = end
        self._tell = tell
        self._fixed = 0  # the port to speak to, where it listens on several
        self._started_so_far = 0
        self.line = _line_of(target, hints)
        self.command = ""
        self.typed = ""
        self.port = 0

    @property
    def words(self) -> str:
        """The command that starts it; empty where it was running already."""
        return self.command or self._target.command or ""

    def open(self, until: float) -> None:
        """Does it start, and how? Some want a port, or an address and a port, in their command or on their console, or
        are spoken to in datagrams. Raises ServerError; on the monotonic clock no further try begins after `until`."""
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
        lines = [self.line] if self.line.transport == "unix" else [self.line, *_others(self.line)]
        first: ServerError | None = None
        for command in commands:
            self.command = command if command != given else ""
            for line in lines:
                error = self._opened(line)
                if error is None:
                    return
                first = first or error
                if time.monotonic() > until:
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
            with self._started(line) as world:
                _goes_on(world)
        except ServerError as error:
            return error
        self.line = line
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
            self.typed = "\n".join(answers)
            self._tell(f"it asks {asked!r} on its console: it is told {answer}")
            told = self._opened(line)
        if told is None:
            return True
        self.typed = ""
        return False

    @contextmanager
    def fresh(self, line: Line, greets: bool | None = None) -> Iterator[Bench]:
        """A server that nobody has spoken to, and a bench for bots; both end with the context. Raises ServerError."""
        self._started_so_far += 1
        with self._started(line) as world:
            self.port = world.address[1] if world.address is not None else 0
            left = self._end - time.monotonic()
            bench = Bench(world, world.now() + max(left, 0.0), patience=self._patience)
            bench.greets = greets
            bench.may_reset = self._target.address is None
            bench.may_type = self._target.address is None and self._started_so_far <= CONSOLES
            try:
                yield bench
            finally:
                bench.leave()

    def _started(self, line: Line) -> World:
        """Of several ports on which it listens, the one that its source names first, or the lowest."""
        world = self._world(line)
        try:
            world.start()
        except BaseException as error:
            world.close()
            if not isinstance(error, StartError) or self._fixed or not error.ports:
                raise
            named = [port for port in self._hints.ports if port in error.ports]
            self._fixed = (named or sorted(error.ports))[0]
            self._tell(f"it listens on several ports: {self._fixed} is tried")
            return self._started(line)
        return world

    def _world(self, line: Line) -> World:
        if self._target.address is not None:
            return World(self._target.address, line)
        start = Start(port=self._fixed or None, stdin=self.typed or None)
        left = max(self._end - time.monotonic(), LEAST_START)
        patience = min(START * self._patience, left / START_PATIENCE)
        return world_on(start, self.words, line, self._target, patience, self._sandbox)


def _line_of(target: Target, hints: Hints) -> Line:
    unix = target.address is not None and not target.address[1]
    if unix or "{socket}" in (target.command or ""):
        return Line("unix")
    return Line("udp") if hints.datagrams else Line()


def _goes_on(world: World) -> None:
    """Some listen, and only then look for what they were not given. Raises ServerError."""
    deadline = world.now() + SETTLED
    while world.now() < deadline:
        for event in world.poll(deadline):
            if isinstance(event, ServerEvent) and event.what == "exited":
                words = "".join(f"\n  {line}" for line in world.last_output())
                raise ServerError(
                    f"the server ended as soon as it listened: {world.describe()}\nIts last words:{words}"
                )


def _never_listened(error: ServerError) -> bool:
    return isinstance(error, StartError) and error.silent


def _others(line: Line) -> list[Line]:
    return [other for other in (Line(), Line("udp")) if other != line]
