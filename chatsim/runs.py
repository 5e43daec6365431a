"""The composition root: server + network + director + checks + diagnosis → one judged run.

Everything that plays scenarios calls it.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from chatsim._version import __version__
from chatsim.checks.verdict import Outcome
from chatsim.engine.plan import Plan, make_plan
from chatsim.engine.plan import why_not as _why_not
from chatsim.errors import ChatsimError, LimitError, Problem, ServerError, UsageError
from chatsim.history import Header, History
from chatsim.network.network import Event, Network
from chatsim.profile.profile import DETECTED, Profile, Start
from chatsim.report.last_words import without_dumps
from chatsim.report.report import Run
from chatsim.scenario.scenario import Scenario
from chatsim.wires import Line, named

if TYPE_CHECKING:
    from chatsim.engine.director import Director
    from chatsim.sandbox.sandbox import Confinement, Sandbox
    from chatsim.world import World

__all__ = [
    "Target",
    "address_of",
    "describe",
    "has_fixed_port",
    "header_of",
    "reference_server",
    "run",
    "why_not",
    "world_of",
    "world_on",
]


CUT_OFF = (
    "the server looked for something that can not be reached from its network namespace (another machine, a name, a port "
    "that nobody has there). --no-isolate plays on the machine's own network."
)


@dataclass(frozen=True, slots=True)
class Target:
    """The server to judge: a command, or an address where one listens (a Unix socket's path, with port 0); neither: the
    profile's own `start`, and for a built-in profile the reference server in that dialect, if there is one.

    `folder`: where a command given here is started; empty: in the current one. `isolated`: a server that we start lives in
    a network namespace of its own (Linux; `chatsim.server.own_network`). Where there are none to be had, that is the run's
    `error`. `confined`: it is put into a sandbox of that level, one for each run, with the usual bounds; null: it is not.
    """

    command: str | None = None
    address: tuple[str, int] | None = None
    isolated: bool = False
    folder: str = ""
    confined: Confinement | None = None


def address_of(text: str) -> tuple[str, int]:
    """HOST:PORT, with an IPv6 host in brackets: `[::1]:5000`; or unix:PATH, whose port is 0. Raises UsageError for
    anything else."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.strip("@"):
            example = "For example unix:/tmp/chat.sock, or unix:@NAME for an abstract one"
            raise UsageError(f"{text} is not unix:PATH", hint=example)
        return path if path.startswith("@") else str(Path(path).absolute()), 0
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise UsageError(f"{text} is not HOST:PORT", hint="An IPv6 address stands in brackets: [::1]:5000")
    if not colon or not host:
        raise UsageError(f"{text} is not HOST:PORT", hint="For example 127.0.0.1:5000, or [::1]:5000")
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise UsageError(f"{text} is not HOST:PORT: a port is a number from 1 to 65535")
    return host, int(port)


def why_not(scenario: Scenario, profile: Profile, target: Target | None = None) -> str | None:
    """Why the scenario cannot be played with this profile, in one sentence; None if it can. Starts nothing."""
    return _why_not(scenario, profile, attached=target is not None and target.address is not None)


def run(
    scenario: Scenario,
    profile: Profile,
    target: Target | None = None,
    *,
    seed: int | None = None,
    patience: float = 1.0,
    replay: str = "",
    seconds: float | None = None,
    sandbox: Sandbox | None = None,
) -> Run:
    """Play a scenario once and judge it. `replay`: how it is played again, if not by `chatsim run`. `seconds`: where it
    goes on for so long, it is interrupted; the server's start and end take their own time. `sandbox`: where a server that we
    start is put, in a copy of its folder; one that uses more than it may there (of a processor's time as many times the bound
    as of the patience) is ended, and the run's `error` is a `LimitError`; where it cannot be confined, that is a
    `ConfinementError`, and no server's fault.

    Never raises for what the server, the scenario or an interrupt does: a server that cannot be started, reached or
    spoken to is the run's `error`; a SIGINT or SIGTERM ends it in good order with `interrupted`. In every case the
    server's whole process tree has ended when this returns, and what was recorded is in the run's history.
    """
    target = target or Target()
    chosen = seed if seed is not None else scenario.seed if scenario.seed is not None else 0
    server = describe(profile, target)
    empty = Run(scenario.name, scenario.file, chosen, profile.name, server, Outcome.NOT_APPLICABLE)
    reason = why_not(scenario, profile, target)
    if reason is not None:
        return replace(empty, why=reason)
    return _Play(scenario, profile, target, chosen, patience, replace(empty, replay=replay), seconds, sandbox).run()


def describe(profile: Profile, target: Target) -> str:
    """The server as a person would name it."""
    if target.address is not None:
        return named(target.address)
    if target.command is not None:
        return target.command
    if profile.start is not None and profile.start.command is not None:
        return " ".join(profile.start.command)
    return f"the reference server ({profile.name})"


def has_fixed_port(profile: Profile, target: Target) -> bool:
    """Is the port, or the path of its Unix socket, the choice of a server that we start, so that the next run needs the
    same one?"""
    if target.address is not None:
        return False
    start, command = profile.start, target.command
    unix = profile.line.wire.sockets == "unix"
    ours = "{socket}" if unix else "{port}"
    if start is None or (command is None and start.command is None):
        return command is not None and ours not in command
    chosen = start.chooses_socket if unix else start.chooses_port
    return not chosen and (command is None or ours not in command)


def replay_command(scenario: Scenario, profile: Profile, target: Target, seed: int, patience: float) -> str:
    """The command line that plays this run again."""
    import shlex

    words = ["chatsim", "run", scenario.file]
    if target.command is not None:
        words += ["--server", target.command]
    if target.address is not None:
        words += ["--connect", describe(profile, target)]
    if profile.file == DETECTED:
        pass  # without --profile it is detected again
    elif profile.file or profile.name != "lines" or target.command is not None or target.address is not None:
        words += ["--profile", profile.file or profile.name]
    if target.confined is not None:
        words += ["--sandbox"]
    words += ["--seed", str(seed)]
    if patience != 1.0:
        words += ["--patience", f"{patience:g}"]
    return shlex.join(words)


class _ForSoLong:
    """A door through which one goes until a time; who waits at it then is interrupted, as by Ctrl-C."""

    def __init__(self, network: Network, end: float) -> None:
        self._network = network
        self._end = end
        self.now = network.now
        self.do = network.do
        self.strain = network.strain

    def poll(self, deadline: float) -> Sequence[Event]:
        if self.now() >= self._end:
            raise KeyboardInterrupt
        return self._network.poll(min(deadline, self._end))


class _Play:
    """One run under way: what of it there is when something goes wrong."""

    def __init__(
        self,
        scenario: Scenario,
        profile: Profile,
        target: Target,
        seed: int,
        patience: float,
        empty: Run,
        seconds: float | None,
        sandbox: Sandbox | None,
    ) -> None:
        self._scenario, self._profile, self._target = scenario, profile, target
        self._seconds = seconds
        self._sandbox = sandbox
        self._exceeded = ""
        self._seed, self._patience = seed, patience
        self._run = replace(empty, replay=empty.replay or replay_command(scenario, profile, target, seed, patience))
        self._history: History | None = None
        self._director: Director | None = None
        self._server_words: tuple[str, ...] = ()
        self._cut_off = False

    def run(self) -> Run:
        interrupted = False
        error: ChatsimError | None = None
        seconds = 0.0
        try:
            with _interruptible(), _bounded(self._profile):
                seconds = self._play()
        except KeyboardInterrupt:
            interrupted = True
        except ChatsimError as problem:
            error = problem
        if self._exceeded:
            error = LimitError(f"the server {self._exceeded}")
        if error is None and not interrupted:
            error = self._never_spoken_to()
        return self._judged(seconds, error, interrupted)

    def _play(self) -> float:
        from chatsim.engine.director import Director

        with self._confined(), self._noted(self._world()) as world:
            plan = self._plan()
            self._history = History(self._header(plan))
            try:
                world.start()
            finally:
                self._cut_off = world.cut_off()
            began = world.now()
            self._director = Director(plan, self._within_time(world), self._history)
            self._note_start(world)
            try:
                self._director.play()
            except KeyboardInterrupt:
                self._history.mend()
                self._history.note(world.now(), "ended", why="interrupted")
                raise
            finally:
                self._server_words = tuple(without_dumps(world.last_output(400)))[-8:]
                self._cut_off = world.cut_off()
            return world.now() - began

    @contextmanager
    def _confined(self) -> Iterator[None]:
        """The sandbox that the target asks for, where none was given; and in either, time as the patience has it."""
        if self._sandbox is not None:
            with self._sandbox.as_slow_as(self._patience):
                yield
            return
        if self._target.confined is None or self._target.address is not None:
            yield
            return
        from chatsim.sandbox.sandbox import Sandbox

        with Sandbox(self._target.confined) as self._sandbox, self._sandbox.as_slow_as(self._patience):
            yield

    @contextmanager
    def _noted(self, world: World) -> Iterator[World]:
        """How a server has ended that was ended by a bound is known when all of it is over."""
        try:
            with world:
                yield world
        finally:
            self._exceeded = world.exceeded()

    def _within_time(self, world: World) -> Network:
        return world if self._seconds is None else _ForSoLong(world, world.now() + self._seconds)

    def _world(self) -> World:
        return world_of(self._profile, self._target, self._patience, self._sandbox)

    def _plan(self) -> Plan:
        return make_plan(
            self._scenario,
            self._profile,
            self._seed,
            patience=self._patience,
            attached=self._target.address is not None,
            fixed_port=has_fixed_port(self._profile, self._target),
        )

    def _header(self, plan: Plan) -> Header:
        return header_of(plan, self._run.server, self._run.replay)

    def _note_start(self, world: World) -> None:
        assert self._history is not None
        if self._target.address is not None:
            self._history.note(world.now(), "server", what="attached", address=list(self._target.address))

    def _never_spoken_to(self) -> ServerError | None:
        """Nobody was ever told that it joined: that is no verdict about the server, we never got through to it."""
        history, director = self._history, self._director
        if history is None or director is None:
            return None
        if any(True for _ in history.of("told")) or not any(True for _ in history.of("connect")):
            return None
        if any(entry.detail.get("expected") for entry in history.of("refused")):
            return None
        return ServerError(Problem(director.where_it_stopped()))

    def _judged(self, seconds: float, error: ChatsimError | None, interrupted: bool) -> Run:
        from chatsim.checks.judge import judge, outcome_of
        from chatsim.diagnosis.explain import explain

        history = self._history
        verdicts = tuple(explain(history, judge(history))) if history is not None and error is None else ()
        outcome = Outcome.INCONCLUSIVE
        if history is not None and error is None:
            outcome = outcome_of(verdicts, history.header)
            if interrupted and outcome is Outcome.PASSED:
                outcome = Outcome.INCONCLUSIVE
        notes = tuple(str(entry.detail["text"]) for entry in history.of("note")) if history is not None else ()
        return replace(
            self._run,
            outcome=outcome,
            duration_s=seconds,
            verdicts=verdicts,
            history=history,
            error=error,
            interrupted=interrupted,
            bot_words=self._director.last_words() if self._director is not None else {},
            server_words=self._server_words,
            notes=(*notes, CUT_OFF) if self._cut_off and outcome is not Outcome.PASSED else notes,
            cut_off=self._cut_off,
        )


def world_of(profile: Profile, target: Target, patience: float = 1.0, sandbox: Sandbox | None = None) -> World:
    """Where runs against this server take place; nothing is started yet. Raises UsageError if nothing says which it is."""
    from chatsim.profile.reader import dialect_names
    from chatsim.world import World

    if target.address is not None:
        return World(target.address, profile.line)
    start = profile.start or Start()
    command: str | tuple[str, ...] | None = target.command
    if command is None and start.command is None:
        if profile.name not in dialect_names():
            raise UsageError(
                f"nothing says which server is meant: the reference server does not speak {profile.name}",
                hint="Give a command that starts one, or an address where one listens.",
            )
        start, command = _reference_server(start, profile.name)
    if sandbox is not None and command is not None and command != target.command:
        return _reference_server_in(sandbox, start, command, profile.line, patience)
    return world_on(start, command, profile.line, target, patience, sandbox)


def world_on(
    start: Start,
    command: str | tuple[str, ...] | None,
    line: Line,
    target: Target,
    patience: float,
    sandbox: Sandbox | None,
) -> World:
    """The same where it is known what starts the server, and on what line it is spoken to; of `target` only where it is to
    live is asked."""
    from chatsim.server.launch import Launcher
    from chatsim.world import World

    if sandbox is None:
        launcher = Launcher(start, command, patience=patience, folder=target.folder)
        return World(launcher, line, isolated=target.isolated)
    cell = sandbox.cell()
    try:
        launcher = Launcher(start, command, patience=patience, quarters=cell, folder=target.folder)
        return World(launcher, line, cell=cell)
    except BaseException:
        cell.close()
        raise


def _reference_server_in(
    sandbox: Sandbox, start: Start, command: str | tuple[str, ...], line: Line, patience: float
) -> World:
    """It has no folder, but a package, which is put there."""
    import shutil

    from chatsim.server.launch import Launcher
    from chatsim.world import World

    cell = sandbox.cell()
    try:
        package = Path(start.env["PYTHONPATH"], "reference_server")
        shutil.copytree(package, cell.folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        confined = replace(start, env={**start.env, "PYTHONPATH": cell.home})
        return World(Launcher(confined, command, patience=patience, quarters=cell), line, cell=cell)
    except BaseException:
        cell.close()
        raise


def header_of(plan: Plan, server: str, replay: str = "") -> Header:
    """What the history of a run of this plan must know of itself; `server` as a person would name it."""
    scenario, profile = plan.scenario, plan.profile
    return Header(
        scenario=scenario.name,
        file=scenario.file,
        digest=scenario.digest,
        seed=plan.seed,
        profile=profile.name,
        profile_source=profile.source,
        terms=plan.terms.to_json(),
        check=scenario.check,
        where={name: str(place) for name, place in scenario.check_places.items()},
        bots=tuple(bot.name for bot in scenario.bots),
        server=server,
        attached=plan.attached,
        replay=replay,
        platform=f"{sys.platform} python {sys.version_info.major}.{sys.version_info.minor}",
        version=__version__,
    )


def _reference_server(start: Start, dialect: str) -> tuple[Start, tuple[str, ...]]:
    command, environment = reference_server("--dialect", dialect, "--port", "{port}")
    return replace(start, env={**start.env, **environment}), command


def reference_server(*arguments: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """How to call the reference server that came with us, whatever lies in the current folder under its name.

    Gives the command, and what its environment needs.
    """
    spec = find_spec("reference_server")
    if spec is None or spec.origin is None:
        raise ChatsimError("the reference server is not installed with chatsim", hint="install chatsim again, whole")
    root = str(Path(spec.origin).parent.parent)
    # -P: not from the current folder; -S: it needs the standard library only, and listens some milliseconds earlier.
    return (sys.executable, "-S", "-P", "-m", "reference_server", *arguments), {"PYTHONPATH": root}


def _bounded(profile: Profile) -> AbstractContextManager[None]:
    """Code of the profile's author that never returns must not keep a run for ever."""
    if profile.python is None and "python" not in (profile.sent.kind, profile.received.kind):
        return nullcontext()
    from chatsim.watchdog import bounded_calls  # late: few profiles have code in them

    return bounded_calls()


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does, so that no server is left behind and the history is kept.

    Whoever calls us and has an answer to it already keeps it.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
