"""The server under test, from its start to the end of its last process.

Ready is: a listening socket that belongs to the process tree that was started, on the port that was asked for or, if
none was, on the only one there is. It is seen, never tried. So a run cannot judge somebody else's server.

Owns: the life of the process (started, listening, stopping, exited, ended), its console in both directions, its end
in every case. Leaves to others: what its output means, and whether its end was a good one.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from chatsim.errors import ServerError
from chatsim.network.loop import READ, WRITE, Loop, Timer
from chatsim.network.network import Event, Facts, Inspect, Output, ServerCommand, ServerEvent, Type
from chatsim.server.guardian import Guardian
from chatsim.server.inspect import connection_facts, process_facts
from chatsim.server.launch import Launcher, Spawned
from chatsim.server.listening import Listener, listeners, listeners_of, occupant_of, owners, reachable_host
from chatsim.server.output import LastWords, Lines
from chatsim.server.ports import Turn, bindable, free_port
from chatsim.server.processes import HAS_PROC, ProcessTree, command_of

__all__ = ["START_PATIENCE", "STOP_PATIENCE", "Server"]

START_PATIENCE = 10.0  # seconds until it must listen; a JVM on a busy machine takes three
STOP_PATIENCE = 5.0  # seconds from being told to end until it is made to
ELSEWHERE = 2.0  # seconds that a server may listen on another port than the profile's before it must have that one
ORPHANS = 1.0  # seconds that the rest of the tree has after the server itself has ended
PROMPT = 0.05  # seconds after which a beginning of a line is a prompt: Python writes a line and its end separately
TURN = 60.0  # seconds to wait for another run on the same fixed port
OTHERS_END = 1.0  # seconds for a former run's server on our port to be gone
TIME_WAIT = 65.0  # seconds that a port may be kept by connections that are over
RETRIES = 4  # free ports that are tried, should others be quicker
LAST_LINES = 20  # of the server's output that an error quotes
READ_SIZE = 64 * 1024


class Server:
    """One server under test on one loop. `start` first; `do` for the rest of its life; `close` always."""

    def __init__(self, launcher: Launcher, loop: Loop) -> None:
        self._launcher = launcher
        self._loop = loop
        self._marker = secrets.token_hex(12)
        self._guardian: Guardian | None = None
        self._turn: Turn | None = None
        self._life: _Life | None = None
        self._spent = 0.0  # processor seconds of earlier lives
        self._last_words = LastWords()
        self._port: int | None = None  # the one that it is to listen on, as long as that is known
        self._closed = False
        self.address: tuple[str, int] | None = None

    # --- the beginning, in one breath

    def start(self) -> None:
        """Start it and wait until it listens. What it prints meanwhile is told by the next `poll` of the loop.

        Raises ServerError, with its last words, if it does not; then nothing of it is left.
        """
        try:
            self._take_turn()
            self._guardian = Guardian(self._marker, self._launcher.temporary)
            self._start_on_some_port()
        except BaseException:
            self.close()
            raise

    def _start_on_some_port(self) -> None:
        launcher = self._launcher
        failure = _Failure("the server was not started")
        for attempt in range(RETRIES):
            if launcher.chooses_port:
                self._port = free_port(launcher.host)
            else:
                self._port = launcher.start.port
            kept_by_the_past = self._port is not None and not bindable(self._port)
            self._begin()
            failed = self._wait_for_listening()
            if failed is None:
                return
            failure = failed
            self._end_life()
            if launcher.chooses_port and attempt < RETRIES - 1 and occupant_of(self._port or 0) is not None:
                continue  # somebody was quicker
            if kept_by_the_past and failure.ended and self._wait_until_bindable():
                continue  # it does not set SO_REUSEADDR, and old connections kept its port
            break
        raise self._in_its_last_words(failure)

    def _take_turn(self) -> None:
        port = self._launcher.start.port
        if port is None or self._launcher.chooses_port:
            return
        self._turn = Turn(port)
        deadline = time.monotonic() + TURN * self._launcher.patience
        while not self._turn.take():
            if time.monotonic() > deadline:
                raise ServerError(f"another chatsim has been using port {port} for {TURN:g} s", hint="wait for its end")
            time.sleep(0.01)
        deadline = time.monotonic() + OTHERS_END
        while (occupant := occupant_of(port)) is not None:
            if time.monotonic() > deadline:
                raise ServerError(
                    f"port {port} is taken: {occupant}",
                    hint="end that program first: chatsim never judges a server that it has not started",
                )
            time.sleep(0.01)

    def _wait_until_bindable(self) -> bool:
        deadline = time.monotonic() + TIME_WAIT
        while not bindable(self._port or 0):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _wait_for_listening(self) -> _Failure | None:
        life = self._life
        assert life is not None
        told: list[Event] = []
        while not life.listening and life.failure is None:
            told += self._loop.poll(self._loop.now() + 1.0)
        for event in told:
            self._loop.emit(event)
        return life.failure

    def _in_its_last_words(self, failure: _Failure) -> ServerError:
        lines = self._last_words.last(LAST_LINES)
        said = "".join(f"\n  {line}" for line in lines)
        text = f"{failure.why}: {self._launcher.describe()}"
        text += f"\nits last words:{said}" if lines else "\nit printed nothing"
        return ServerError(text, hint=failure.hint or _hint_from(lines))

    # --- the rest of its life

    def do(self, command: ServerCommand | Type | Inspect) -> None:
        """Never blocks; answers come as events of the loop."""
        if isinstance(command, Inspect):
            self._loop.emit(Facts(self._loop.now(), command.tag, self._facts()))
        elif isinstance(command, Type):
            if self._life is not None:
                self._life.type(command.line.encode() + b"\n")
        elif command.what == "start":
            self._start_again()
        elif self._life is None or self._life.ended:
            self._tell("failed", {"command": command.what, "why": "the server is not running"})
        elif command.what == "stop":
            start = self._launcher.start
            self._life.stop(start.stop, self._typed_to_stop())
        elif command.what == "kill":
            self._life.kill()
        elif command.what in ("freeze", "thaw"):
            self._life.tree.signal(signal.SIGSTOP if command.what == "freeze" else signal.SIGCONT)
            self._tell("frozen" if command.what == "freeze" else "thawed", {})
        else:
            self._tell("failed", {"command": command.what, "why": f'there is no server command "{command.what}"'})

    def cpu(self) -> float:
        """Processor seconds that the server's tree has used so far, in all its lives."""
        return self._spent + (self._life.cpu() if self._life is not None else 0.0)

    def describe(self) -> str:
        return self._launcher.describe()

    def last_output(self, number: int) -> list[str]:
        return self._last_words.last(number)

    def close(self) -> None:
        """End everything at once: every process, pipe, temporary file. May be called at any time, and again."""
        if self._closed:
            return
        self._closed = True
        self._end_life()
        if self._guardian is not None:
            self._guardian.close()
        self._launcher.close()
        if self._turn is not None:
            self._turn.close()

    def _typed_to_stop(self) -> bytes:
        return (self._launcher.start.stop_line or "").encode() + b"\n"

    def _facts(self) -> Mapping[str, Any]:
        if self._life is None:
            return {"alive": False, "listening": False}
        port = self.address[1] if self.address else 0
        return {**process_facts(self._life.tree, port), **connection_facts(port)}

    def _start_again(self) -> None:
        if self._life is not None and not self._life.ended:
            self._tell("failed", {"command": "start", "why": "the server is still running"})
            return
        self._end_life()
        if self.address is not None:
            self._port = self.address[1]
        try:
            self._begin()
        except ServerError as error:
            self._tell("failed", {"command": "start", "why": str(error)})

    def _begin(self) -> None:
        launcher, guardian = self._launcher, self._guardian
        assert guardian is not None
        port = self._port or 0
        launcher.prepare(port, self._marker)
        known = {listener.inode for listener in listeners()}
        spawned = launcher.spawn(port, self._marker)
        guardian.watch(spawned.process.pid)
        self._life = _Life(self, spawned, self._loop, known)
        self._tell("started", {"pid": spawned.process.pid, "command": launcher.describe()})
        self._life.type(launcher.first_typed(port))

    def _end_life(self) -> None:
        if self._life is not None:
            self._spent += self._life.close()
            self._life = None
        if self._guardian is not None:
            self._guardian.watch(0)

    # --- what its life asks and tells

    @property
    def patience(self) -> float:
        return self._launcher.patience

    @property
    def port(self) -> int | None:
        return self._port

    @property
    def last_words(self) -> LastWords:
        return self._last_words

    def announces_itself(self, line: str) -> bool:
        """Is this the line of output that the profile calls `ready`?"""
        template = self._launcher.start.ready
        if template is None:
            return False
        slots = {"host": re.escape(self._launcher.host)}
        if self._port is not None:
            slots["port"] = str(self._port)
        return template.matcher(slots).search(line) is not None

    @property
    def must_announce_itself(self) -> bool:
        return self._launcher.start.ready is not None

    def listens(self, listener: Listener) -> None:
        self.address = (reachable_host(listener), listener.port)
        self._tell("listening", {"host": self.address[0], "port": self.address[1]})

    def _tell(self, what: str, detail: Mapping[str, Any]) -> None:
        self._loop.emit(ServerEvent(self._loop.now(), what, detail))


class _Failure:
    """Why a start did not succeed. `ended`: the server has ended by itself."""

    def __init__(self, why: str, hint: str = "", *, ended: bool = False) -> None:
        self.why, self.hint, self.ended = why, hint, ended


class _Life:
    """One process tree from its start to its end, with its console."""

    def __init__(self, server: Server, spawned: Spawned, loop: Loop, known: set[int]) -> None:
        self._server = server
        self._loop = loop
        self._process = spawned.process
        self.tree = ProcessTree(spawned.process.pid, server._marker)
        self._began = loop.now()
        self._known = known  # listening sockets that were there before: nobody we start can hold one of these
        self._main = spawned.process.pid  # whose end is the server's end
        self._main_watch = -1
        self._listener: Listener | None = None
        self._announced = not server.must_announce_itself
        self._elsewhere: float | None = None  # since when it listens, but not on the port that it should
        self._asked = ""  # how we asked it to end
        self._exited = False
        self._deadline = 0.0  # until when the tree may take to end
        self._killed = False
        self._cpu = 0.0
        self._timer: Timer | None = None
        self.listening = False
        self.ended = False
        self.failure: _Failure | None = None
        self._typing = _Typing(loop, spawned.typing)
        streams = {"stdout": spawned.output, "stderr": spawned.errors}
        self._streams = [_Stream(name, fd, self) for name, fd in streams.items() if fd >= 0]
        self._watch_main()
        self._again(0.002, self._look)

    # --- starting

    def _look(self) -> None:
        """Does it listen yet?"""
        if self._is_decided():
            return
        now = self._loop.now() - self._began
        found = self._new_listeners()
        if found:
            self._consider(found)
        if self._is_decided():
            return
        if self._exited and not self.tree.members():
            self._read_to_the_end()
            code = self._process.returncode
            self._fail(_Failure(f"the server ended {_how(code)} before it listened", ended=True))
        elif now > START_PATIENCE * self._server.patience:
            self._fail(self._never_listened(found))
        else:
            self._again(min(0.025, max(0.002, now / 20)), self._look)

    def _is_decided(self) -> bool:
        return self.listening or self.failure is not None

    def _new_listeners(self) -> list[Listener]:
        if HAS_PROC and not self._exited and all(listener.inode in self._known for listener in listeners()):
            return []  # the usual case while it is starting, and a cheap one
        return listeners_of([process.pid for process in self.tree.members()])

    def _consider(self, found: list[Listener]) -> None:
        wanted = self._server.port
        ports = sorted({listener.port for listener in found})
        if wanted is not None:
            fitting = [listener for listener in found if listener.port == wanted]
            if not fitting:
                now = self._loop.now()
                self._elsewhere = self._elsewhere if self._elsewhere is not None else now
                if now - self._elsewhere > ELSEWHERE * self._server.patience:
                    self._fail(self._never_listened(found))
                return
            found = fitting
        elif len(ports) > 1:
            self._fail(
                _Failure(
                    f"the server listens on several ports, {', '.join(map(str, found))}",
                    "name the one that clients connect to in the profile: start: {port: NUMBER}",
                )
            )
            return
        if self._announced:
            self._listener = min(found, key=lambda listener: ":" in listener.host)  # IPv4 first
            self.listening = True
            self._follow()
            self._server.listens(self._listener)

    def _never_listened(self, found: list[Listener]) -> _Failure:
        seconds = f"{START_PATIENCE * self._server.patience:g} s"
        wanted = self._server.port
        if wanted is not None and found and all(listener.port != wanted for listener in found):
            where = ", ".join(map(str, found))
            return _Failure(
                f"the server listens on {where}, not on port {wanted}",
                f"say so in the profile, start: {{port: {found[0].port}}}, or leave the port out to have it found",
            )
        if found:
            return _Failure(f"the server listens, but did not print its `ready` line within {seconds}")
        return _Failure(
            f"the server did not listen on any TCP port within {seconds}",
            "does it need more time (--patience 3), a command-line argument, a file, or an answer on its console?",
        )

    def _fail(self, failure: _Failure) -> None:
        self.failure = failure
        self._server._tell("failed", {"command": "start", "why": failure.why})
        self._kill_tree()

    # --- ending

    def stop(self, how: str, line: bytes) -> None:
        if self._asked:
            return
        self._asked = how
        self._deadline = self._loop.now() + STOP_PATIENCE * self._server.patience
        self._server._tell("stopping", {"how": how})
        if how == "stdin":
            self.type(line)
        elif how == "SIGTERM":
            for pid in self._owners()[:1] or [self._main]:
                _signal(pid, signal.SIGTERM)
        else:
            try:
                os.killpg(self._process.pid, signal.SIGINT)  # to the whole group, as a terminal does
            except (ProcessLookupError, PermissionError):
                pass  # nobody is left in it
        self._again(0.002, self._await_end)

    def kill(self) -> None:
        self._asked = self._asked or "kill"
        self._kill_tree()
        self._again(0.001, self._await_end)

    def _await_end(self) -> None:
        """After it was told to end, or has ended: until the whole tree is gone and the last word is read."""
        if self.ended:
            return
        members = self.tree.members()
        now = self._loop.now()
        if not members and self._exited:
            self._read_to_the_end()
            self.ended = True
            self._server._tell("ended", {"asked": bool(self._asked), "killed": self._killed})
            return
        if members and now > self._deadline and not self._killed:
            left = [{"pid": process.pid, "command": command_of(process.pid)} for process in members]
            self._server._tell("left-behind", {"processes": left, "exited": self._exited})
            self._kill_tree()
        self._again(0.002, self._await_end)

    def close(self) -> float:
        """End it whatever it is doing; the processor seconds that it used."""
        used = self.cpu()
        if self._timer is not None:
            self._timer.cancel()
        self._kill_tree()
        self.tree.kill()
        if self._main_watch >= 0:
            self._loop.unwatch(self._main_watch)
            os.close(self._main_watch)
            self._main_watch = -1
        self._process.wait()
        for stream in self._streams:
            stream.read_to_the_end()
            stream.close()
        self._typing.close()
        self.ended = True
        return used

    def cpu(self) -> float:
        # A sum over those who are there: one that ends without being waited for by its parent takes its share along.
        self._cpu = max(self._cpu, sum(process.cpu for process in self.tree.members()))
        return self._cpu

    def _kill_tree(self) -> None:
        self._killed = True
        self.tree.signal(signal.SIGKILL)

    # --- the process whose end is the server's end

    def _follow(self) -> None:
        """A server that has put itself into the background is the one who holds the listening socket."""
        if self._exited and self._process.returncode is not None:
            self._exited = False
            self._main = next(iter(self._owners()), self._main)
            self._watch_main()

    def _watch_main(self) -> None:
        try:
            self._main_watch = os.pidfd_open(self._main)
        except (AttributeError, OSError):
            self._loop.after(0.02, self._check_main)  # no pidfd here: look every now and then
            return
        self._loop.watch(self._main_watch, READ, self._main_ended)

    def _check_main(self) -> None:
        if self.ended:
            return
        if self._main == self._process.pid:
            gone = self._process.poll() is not None
        else:
            gone = all(process.pid != self._main for process in self.tree.members())
        if gone:
            self._main_ended(READ)
        else:
            self._loop.after(0.02, self._check_main)

    def _main_ended(self, readiness: int) -> None:
        if self._main_watch >= 0:
            self._loop.unwatch(self._main_watch)
            os.close(self._main_watch)
            self._main_watch = -1
        code = self._process.poll() if self._main == self._process.pid else None
        self._exited = True
        if not self.listening:
            return  # the look for its listening socket goes on among those that it has left
        if not self._asked and self._owners():
            self._follow()
            if not self._exited:
                return
        self._read_what_is_there()
        self._server._tell("exited", {"code": code, "asked": bool(self._asked)})
        rest = self._loop.now() + ORPHANS * self._server.patience
        self._deadline = min(self._deadline, rest) if self._asked else rest
        self._again(0.0, self._await_end)

    def _owners(self) -> list[int]:
        """Who holds the listening socket, the oldest first."""
        if self._listener is None:
            return []
        return owners(self._listener, [process.pid for process in self.tree.members()])

    # --- the console

    def type(self, data: bytes) -> None:
        self._typing.write(data)

    def printed(self, stream: str, line: str, whole: bool) -> None:
        self._loop.emit(Output(self._loop.now(), stream, line, whole))
        if not self._announced and self._server.announces_itself(line):
            self._announced = True

    def _read_what_is_there(self) -> None:
        for stream in self._streams:
            stream.read_what_is_there()

    def _read_to_the_end(self) -> None:
        for stream in self._streams:
            stream.read_to_the_end()

    def _again(self, delay: float, callback: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.after(delay, callback)


class _Stream:
    """One of the server's outputs, read whenever something is there: the server never waits for us."""

    def __init__(self, name: str, fd: int, life: _Life) -> None:
        self._fd = fd
        self._loop = life._loop
        self._lines = Lines(lambda line, whole: life.printed(name, line, whole), life._server.last_words)
        self._prompt: Timer | None = None
        self._loop.watch(fd, READ, self._ready)

    def _ready(self, readiness: int) -> None:
        self._read()

    def _read(self) -> bool:
        """One read; was there anything?"""
        if self._fd < 0:
            return False
        try:
            data = os.read(self._fd, READ_SIZE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # a terminal whose program is gone says EIO
        if not data:
            self._lines.finish()
            self.close()
            return False
        self._lines.feed(data, self._loop.now())
        if self._lines.unfinished:
            if self._prompt is not None:
                self._prompt.cancel()
            self._prompt = self._loop.after(PROMPT, self._lines.give_unfinished)
        return True

    def read_what_is_there(self) -> None:
        """What it had printed before it ended, up to a few megabytes: the loop reads on if there is more."""
        for _ in range(64):
            if not self._read():
                return

    def read_to_the_end(self) -> None:
        """All writers are gone; a stranger who was handed the pipe does not keep us waiting."""
        while self._read():
            pass
        self._lines.finish()

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
        if self._prompt is not None:
            self._prompt.cancel()


class _Typing:
    """The server's standard input: it stays open, and what it does not read is kept until it does."""

    def __init__(self, loop: Loop, fd: int) -> None:
        self._loop = loop
        self._fd = fd
        self._pending: deque[bytes] = deque()
        self._watched = False

    def write(self, data: bytes) -> None:
        if data and self._fd >= 0:
            self._pending.append(data)
            self._flush()

    def _flush(self, readiness: int = WRITE) -> None:
        while self._pending:
            data = self._pending[0]
            try:
                taken = os.write(self._fd, data)
            except BlockingIOError:
                if not self._watched:
                    self._loop.watch(self._fd, WRITE, self._flush)
                    self._watched = True
                return
            except OSError:
                self.close()  # it has closed its input
                return
            if taken == len(data):
                self._pending.popleft()
            else:
                self._pending[0] = data[taken:]
        if self._watched:
            self._loop.unwatch(self._fd)
            self._watched = False

    def close(self) -> None:
        if self._fd >= 0:
            self._loop.unwatch(self._fd)
            os.close(self._fd)
            self._fd = -1
        self._pending.clear()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it has just ended


def _how(code: int | None) -> str:
    """How a process ended, in words."""
    if code is None:
        return "in the background"
    if code >= 0:
        return f"at once, with exit code {code},"
    try:
        return f"by the signal {signal.Signals(-code).name}"
    except ValueError:
        return f"by the signal {-code}"


def _hint_from(lines: list[str]) -> str:
    text = "\n".join(lines)
    if re.search(r"address already in use|EADDRINUSE|BindException|only one usage of each socket", text, re.IGNORECASE):
        return "its port is taken: by another program, or for a minute by its own last run, if it sets no SO_REUSEADDR"
    return ""
