"""Where servers are started whose authors may attack: a `Sandbox` for one submission, in it a `Cell` for each run.

Owns: the user's number, the spring from which servers are forked, a temporary folder; and with a cell the copy of a
server's folder, its network, its processes, and what it may use. Leaves to others: which level of confinement this
machine offers (`chatsim.sandbox.survey`), and how a server's life goes (`chatsim.server`).
"""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal

from chatsim.errors import ConfinementError, ServerError
from chatsim.sandbox import bubblewrap, landlock, seccomp
from chatsim.sandbox.asking import Spring
from chatsim.sandbox.bounds import Bounds, Used, broken_bound, ended_by_a_bound
from chatsim.sandbox.confined import TRY, Confined
from chatsim.sandbox.retelling import retelling
from chatsim.sandbox.slots import Slot, take_slot
from chatsim.sandbox.using import Held, files_in, held_by, memory_of, room_taken
from chatsim.sandbox.view import COPIED, FOLDER, HOME, View, is_for_everybody, view_of
from chatsim.server.own_network import OwnNetwork
from chatsim.server.processes import ProcessTree

__all__ = ["Cell", "Confinement", "Done", "Sandbox", "remove"]

Confinement = Literal["bubblewrap", "user", "landlock", "none"]

MIB = 1024 * 1024
THREAD_STACK = MIB  # with 8 MiB, as is usual, 512 MiB of private memory would be 60 threads
READABLE = (  # beside the system: what runtimes ask for, and what names are looked up in
    *(f"/etc/{name}" for name in (*COPIED, "passwd", "group", "hosts", "hostname", "nsswitch.conf", "localtime")),
    *(f"/proc/{name}" for name in ("self", "cpuinfo", "meminfo", "stat", "loadavg", "version", "filesystems", "sys")),
    "/sys/devices/system/cpu",
)
DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty"))
LOOK = 0.05  # seconds between two looks at what is used,
CLOSE_LOOK = 4  # and after how many of them one is closer
READ_SIZE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a command. `code`: as `subprocess` says it. `why`: what it was ended for, in words that follow "it";
    empty: it ended by itself. `output`: the first and the last of what it printed, both streams together."""

    code: int
    output: bytes
    why: str = ""


class Sandbox:
    """Use as a context manager: leaving it ends and removes everything. One thread at a time.

    `level` none: nothing is confined; a server has a copy of its folder and a clean environment, no more. `reads`: what
    servers may read in addition, at the same path. Raises ConfinementError where the level is not to be had.
    """

    def __init__(self, level: Confinement, bounds: Bounds | None = None, *, reads: Sequence[Path] = ()) -> None:
        self.level = level
        self.bounds = self._usual = bounds or Bounds()
        self._reads = tuple(Path(each).resolve() for each in reads)
        self._slot: Slot | None = None
        self._spring: Spring | None = None
        self._temporary = ""
        self._number = 0
        self.has_network = False  # do its servers have one of their own?
        self._network: OwnNetwork | None = None  # the next server's
        self.cells: list[Cell] = []  # those that are not closed yet
        self.view = View(())

    def __enter__(self) -> Sandbox:
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        if self.level != "none":
            self._slot = self._taken_slot()
        # A name that tells nothing, since mounts show it; and it is known before the folder is there: an interrupt in
        # between leaves nothing behind.
        self._temporary = str(Path(self._place(), f"room-{secrets.token_hex(8)}"))
        _make(Path(self._temporary))
        if sys.platform == "linux":  # it removes that folder, too, should we be killed: so it comes first
            self._spring = Spring(self._temporary)
            self._spring.open([self._slot.fileno()] if self._slot else [])
        self.view = view_of(self._reads, everybody=self.level == "user")
        if self.level == "none":
            return
        if self.level == "bubblewrap":
            if bubblewrap.program() is None:
                raise ConfinementError("bubblewrap is not installed", hint=TRY)
            bubblewrap.write_settings(self.view, Path(self._temporary, "settings"), self.user, self.group)
            self.has_network = True
        else:
            if self.level == "landlock" and not landlock.version():
                raise ConfinementError("this kernel has no Landlock", hint=TRY)
            Path(self._temporary).chmod(0o711)
            self.has_network = self._finds_network()
        self.make_network()

    def _taken_slot(self) -> Slot | None:
        if sys.platform != "linux":
            raise ConfinementError("only on Linux can a server be confined", hint=TRY)
        root = os.geteuid() == 0
        if self.level == "user" and not root:
            raise ConfinementError("only root can start a server as another user", hint=TRY)
        if self.level == "landlock" and root:
            raise ConfinementError("as root, a server is started as another user: that is the level user", hint=TRY)
        return take_slot() if root else None

    def _place(self) -> str:
        """Where temporary folders are; for another user's server, one that it can get to."""
        places = [tempfile.gettempdir(), "/tmp", "/var/tmp"]
        if self.level != "user":
            return places[0]
        return next((each for each in places if is_for_everybody(f"{each}/.")), places[0])

    def _finds_network(self) -> bool:
        """Can its servers have a network of their own? One that needs a user namespace is of no use to who becomes
        another user: there is none in it."""
        assert self._spring is not None
        with contextlib.closing(OwnNetwork(self._spring.fork_broker)) as network:
            try:
                network.open()
            except ServerError:
                return False
            return self._slot is None or len(network.entrances) == 1

    def close(self) -> None:
        """May be called at any time, and again."""
        while self.cells:
            self.cells[-1].close()
        if self._network is not None:
            self._network.close()
            self._network = None
        if self._spring is not None:
            self._spring.close()
            self._spring = None
        if self._slot is not None:
            self._slot.close()
            self._slot = None
        if self._temporary:
            remove(self._temporary)
            self._temporary = ""

    @property
    def user(self) -> int:
        """Who the server is."""
        return self._slot.user if self._slot is not None else os.getuid()

    @property
    def group(self) -> int:
        return self._slot.user if self._slot is not None else os.getgid()

    def make_network(self) -> None:
        """Have the next server's network made, beside whatever else goes on: it is not waited for."""
        if self.has_network and self._spring is not None and self._network is None:
            network = OwnNetwork(self._spring.fork_broker)
            try:
                network.begin()
                self._network = network
            except OSError:
                network.close()  # the next server will need one, and say so

    def next_network(self) -> OwnNetwork | None:
        """For one server, to be opened by who uses it; None: it is to live with everybody else."""
        made, self._network = self._network, None
        if made is None and self.has_network and self._spring is not None:
            return OwnNetwork(self._spring.fork_broker)
        return made

    @contextlib.contextmanager
    def as_slow_as(self, times: float) -> Iterator[None]:
        """Meanwhile a processor's time may last so many times as long: it is bounded for a usual machine, and whoever is given
        more patience may need more of it. Never less."""
        before = self.bounds
        self.bounds = replace(before, cpu=self._usual.cpu * max(1.0, times))  # within another one, this one counts
        try:
            yield
        finally:
            self.bounds = before

    def place(self) -> Path:
        """A new folder of ours, which no server sees. It goes with the sandbox, also where we are killed."""
        self._number += 1
        made = Path(self._temporary, str(self._number))
        _make(made)
        return made

    def cell(self) -> Cell:
        """For the servers of one run."""
        self._number += 1
        spring = self._spring if self.level != "none" else None
        made = Cell(self, Path(self._temporary, str(self._number)), spring)
        self.cells.append(made)
        return made

    def run(self, command: str | Sequence[str], folder: Path, seconds: float) -> Done:
        """Play a command in a folder, which it may write to: a build. A text is read by a shell.

        The folder is the server's own while this goes on, and ours again when it returns; what the command has started
        has ended then. Raises ServerError where there is no such program, ConfinementError.
        """
        words = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
        with contextlib.closing(self.cell()) as cell, self._its_own(cell, folder):
            return cell.run(words, cell.environment({}), seconds)

    @contextlib.contextmanager
    def _its_own(self, cell: Cell, folder: Path) -> Iterator[None]:
        """The folder is the cell's. Where it cannot be shown there as another one, another user may not get to it: so it is
        carried there and back."""
        carried = self.level == "user"
        if carried:
            shutil.copytree(folder, cell.folder, symlinks=True)
        else:
            cell.folder = folder
        cell.hand_over()
        try:
            yield
        finally:
            cell.take_back()
            if carried:
                remove(str(folder))
                shutil.move(cell.folder, folder)


class Cell:
    """For the servers of one run, one after the other, and what is to be started with them. `close` ends all of it.

    `folder` is the server's, as it is seen from here; it is for the caller to make and to fill. `home` is the same folder, as
    the server sees it. `network`: where it lives, to be opened by who uses it; None: with everybody else. `marked`: its
    processes are to be found by a marker in their environment, since nothing holds them together. `exceeded`: what it used
    too much of, in words that follow "the server"; empty: nothing.
    """

    def __init__(self, sandbox: Sandbox, base: Path, spring: Spring | None) -> None:
        self._sandbox = sandbox
        self._spring = spring
        self._base = base
        base.mkdir(mode=0o711)
        self.folder = base / "server"
        self.scratch = base / "scratch"  # for its temporary files, where it has no /tmp of its own
        self.scratch.mkdir()
        self.marked = spring is None
        self._unconfined: subprocess.Popen[bytes] | None = (
            None  # a command of the level none, with a session of its own
        )
        self.network: OwnNetwork | None = sandbox.next_network()
        self.exceeded = ""
        self._processes: list[Confined] = []
        self._tree: ProcessTree | None = None
        self._lent: dict[str, str] = {}
        self._at_first = (0, 0)  # bytes and files of the folder before the server began
        self._looks = 0
        self.pause = LOOK  # seconds between two looks

    # --- what the launcher asks

    @property
    def home(self) -> str:
        return FOLDER if self._has_view else str(self.folder)

    def inside(self, path: str) -> str:
        """A path in its folder, as the server sees it."""
        return _moved(path, str(self.folder), self.home)

    def outside(self, path: str) -> str:
        """The same from here; an abstract name stays what it is. Empty: it leads out of its folder."""
        if path.startswith("@"):
            return path
        moved = _moved(path, self.home, str(self.folder))
        folder = os.path.realpath(self.folder)
        parent = os.path.realpath(Path(moved).parent)
        if parent != folder and not parent.startswith(f"{folder}/"):
            return ""
        return moved

    @functools.cached_property  # asked for each line that is printed
    def retold(self) -> Callable[[str], str]:
        """Tells what was printed in here without where things lie."""
        folders = (self.home, str(self.folder), os.path.realpath(self.folder))
        return retelling(folders, HOME if self._has_view else "", str(self.scratch))

    def environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """All that stands in its environment. `own`: what its profile gives it."""
        home = HOME if self._has_view else str(self.folder)
        return {
            "PATH": os.pathsep.join(self._sandbox.view.path),
            "HOME": home,
            "USER": "student",
            "LOGNAME": "student",
            "SHELL": "/bin/sh",
            "LANG": "C.UTF-8",
            **({} if self._has_view else {"TMPDIR": str(self.scratch)}),
            **self._sandbox.view.environment,
            **own,
        }

    def program(self, name: str) -> str:
        """What stands first in a command, as it can be started. Raises ServerError where there is no such program."""
        path, needed = self._sandbox.view.program(name, self.folder)
        if self._sandbox.level == "user" and os.sep in name and path.startswith("/") and not is_for_everybody(path):
            raise ServerError(
                f"the server's program cannot be read by the user that servers are here: {path}",
                hint="Install it under /usr or /opt, or install bubblewrap, by which it can be shown to them.",
            )
        if needed:
            view = self._sandbox.view
            self._sandbox.view = replace(
                view, shown=(*view.shown, *(each for each in needed if each not in view.shown))
            )
        return path

    def lend(self, name: str, origin: Path) -> None:
        """`name` in its folder is to be `origin`, read only."""
        target = self.folder / name
        if self._has_view:
            target.mkdir()
            self._lent[str(origin.resolve())] = f"{FOLDER}/{name}"
        elif self._sandbox.level == "none":
            target.symlink_to(origin.resolve(), target_is_directory=True)
        else:
            shutil.copytree(origin, target, symlinks=True)

    def hand_over(self) -> None:
        """The folder and all that is in it becomes the server's own."""
        # bubblewrap goes there before it becomes that user, and as root without a right it is anybody.
        self.folder.chmod(self.folder.stat().st_mode & 0o777 | 0o711)
        if self._sandbox.user != os.getuid():
            _give(self.folder, self._sandbox.user, self._sandbox.group)
            os.chown(self.scratch, self._sandbox.user, self._sandbox.group)
        self._at_first = files_in(str(self.folder))

    def take_back(self) -> None:
        """It is ours again, for what follows when the server has ended."""
        if self._sandbox.user != os.getuid():
            _give(self.folder, os.getuid(), os.getgid())

    def popen(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
        *,
        terminal: bool = False,
    ) -> Confined:
        """Start a command in here. With `terminal` its input is one, and is to be its controlling terminal.

        Raises OSError where there is no such program, as far as that is told; ConfinementError.
        """
        if self.network is not None and not self.network.entrances:
            try:
                self.network.open()
            except ServerError as error:
                raise ConfinementError(error.problems) from None
        streams = [stdin, stdout, stderr]
        try:
            confined = self._start(list(words), dict(environment), streams, terminal)
        except ConfinementError as error:
            if why := self._complaint(environment):
                raise ConfinementError(error.problems[0].what, hint=f"{why}\n{TRY}") from None
            raise
        self._processes.append(confined)
        self._tree = ProcessTree(confined.pid, "", within=confined.init)
        return confined

    def _complaint(self, environment: Mapping[str, str]) -> str:
        """What stands in the way of starting anything at all: said to nobody but us, so it is tried once more."""
        complaints, theirs = os.pipe2(os.O_CLOEXEC)
        with open(complaints, "rb") as told:  # noqa: PTH123 - a descriptor
            try:
                nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
                try:
                    self._start(["/bin/sh", "-c", ":"], dict(environment), [nothing, nothing, theirs], False).close()
                except ConfinementError:
                    pass
                finally:
                    os.close(nothing)
            finally:
                os.close(theirs)
            return told.read(4096).decode("utf-8", "replace").strip()

    def _start(self, words: list[str], environment: dict[str, str], streams: list[int], terminal: bool) -> Confined:
        told, telling = os.pipe2(os.O_CLOEXEC)
        try:
            self._fork(words, environment, streams, telling, terminal)
        except BaseException:
            os.close(told)
            raise
        finally:
            os.close(telling)
        return Confined(told, None if self._has_view else self._end_kept)

    def _end_kept(self, keeper: int) -> None:
        with contextlib.suppress(OSError):
            if self._spring is not None:
                self._spring.end_kept(keeper, self._sandbox.user if os.geteuid() == 0 else 0)

    def _fork(
        self, words: list[str], environment: dict[str, str], streams: list[int], telling: int, terminal: bool
    ) -> None:
        assert self._spring is not None
        namespaces = self.network.entrances if self.network is not None else ()
        details: dict[str, Any] = {"environment": environment, "namespaces": len(namespaces), "limits": self._limits()}
        if not self._has_view:
            details |= {
                "words": words,
                "folder": str(self.folder),
                "terminal": terminal,
                "user": self._sandbox.user if os.geteuid() == 0 else 0,
                "landlock": self._rules() if landlock.version() else None,
            }
            self._spring.start("keep", details, [*namespaces, *streams, telling])
            return
        bounds = self._sandbox.bounds
        lent = tuple(self._lent.items())
        slot_user = self._sandbox.user if os.geteuid() == 0 else 0
        room = bubblewrap.Room(str(self.folder), str(self._base.parent / "settings"), slot_user, lent)
        arguments = bubblewrap.arguments(self._sandbox.view, room, bounds)
        program = bubblewrap.program() or "bwrap"
        # Read by bubblewrap from a file that only memory has: what stands in its command line is seen from inside.
        told = _only_in_memory(b"\0".join(map(os.fsencode, arguments)))
        filtering = _only_in_memory(seccomp.program())
        with told, filtering:
            details["words"] = [
                program,
                *["--args", "3", "--json-status-fd", "4"],
                *(["--seccomp", "5"] if seccomp.program() else []),
                "--",
                *bubblewrap.inner(room, bounds, terminal=terminal),
                *words,
            ]
            numbers = [*streams, told.fileno(), telling, *([filtering.fileno()] if seccomp.program() else [])]
            self._spring.start("start", details, [*namespaces, *numbers])

    def build(self, command: str, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes, str]:
        """Have a shell play a command: its exit code, what it printed, and what it was ended for."""
        done = self.run(["/bin/sh", "-c", command], environment, seconds)
        return done.code, done.output, done.why

    def run(self, words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Done:
        """Play a command to its end, or for so long. Raises OSError, ServerError, ConfinementError."""
        words = [self.program(words[0]), *words[1:]]
        output, its_output = os.pipe2(os.O_CLOEXEC)
        try:
            nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
            try:
                process = self._begin(words, environment, nothing, its_output)
            finally:
                os.close(nothing)
                os.close(its_output)
            kept = Kept(self._sandbox.bounds.output)
            why = self._attend(process, output, kept, time.monotonic() + seconds, seconds)
        finally:
            self.end()
            os.close(output)
        code = process.poll()
        code = code if code is not None else process.wait()
        told = self.retold(kept.bytes().decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        return Done(code, told, why or ended_by_a_bound(self._sandbox.bounds, code))

    def _begin(self, words: Sequence[str], environment: Mapping[str, str], stdin: int, stdout: int) -> Any:
        if self._spring is not None:
            return self.popen(words, environment, stdin, stdout, stdout)
        self._unconfined = subprocess.Popen(
            list(words),
            cwd=self.folder,
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=stdout,
            start_new_session=True,
        )
        return self._unconfined

    def _attend(self, process: Any, output: int, kept: Kept, deadline: float, seconds: float) -> str:
        """Read what it prints until it has ended, or has to be; the reason, if so."""
        import select

        os.set_blocking(output, False)
        poll = select.poll()
        poll.register(output, select.POLLIN)
        ended = False
        looked = 0.0
        while True:
            if poll.poll(LOOK * 1000) and not kept.read(output):
                ended = True
            if process.poll() is not None:
                self.end()  # first the tree, then the rest of what it printed: a stranger who holds the pipe keeps nobody
                kept.read_on(output)
                return self.exceeded
            now = time.monotonic()
            if now - looked > LOOK:
                looked = now
                self.look()
            if self.exceeded or now > deadline:
                self.end()
                kept.read_on(output)
                return self.exceeded or f"was not done within {seconds:g} s and was ended"
            if ended:
                time.sleep(0.002)  # it has closed its output, and goes on

    # --- while it lives

    def look(self) -> None:
        """See what is used; end all of it where that is too much, and say so in `exceeded`."""
        if self._tree is None or self.exceeded:
            return
        self._looks += 1
        members = self._tree.members()
        memory = memory_of(members, self._sandbox.bounds.memory)
        disk, files = files_in(str(self.folder))
        if self._has_view:
            for place in ("tmp", "dev/shm"):
                taken, number = room_taken(f"/proc/{self._processes[-1].init}/root/{place}")
                memory += taken
                files += number
        else:
            taken, number = files_in(str(self.scratch))
            disk += taken
            files += number
        held = held_by(members) if not self._looks % CLOSE_LOOK else Held()
        used = Used(
            memory + held.memory,
            disk + held.disk - self._at_first[0],
            files - self._at_first[1],
            sum(process.threads for process in members),
            held.unseen,
        )
        self.exceeded = broken_bound(self._sandbox.bounds, used)
        if self.exceeded:
            self.end()

    def ended_with(self, code: int | None) -> None:
        """The server has ended so: perhaps by a bound that the kernel holds."""
        self.exceeded = self.exceeded or ended_by_a_bound(self._sandbox.bounds, code)

    def end(self) -> None:
        """End whatever goes on in here, at once."""
        for process in self._processes:
            process.end()
        if self._unconfined is not None and self._unconfined.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._unconfined.pid, signal.SIGKILL)

    def close(self) -> None:
        """End everything, and let it go. May be called at any time, and again."""
        if self in self._sandbox.cells:
            self._sandbox.cells.remove(self)
        self.end()
        for process in self._processes:
            self.ended_with(process.poll())
            process.close()
        self._processes.clear()
        self._tree = None
        if self.network is not None:
            self.network.close()
        self._sandbox.make_network()
        remove(str(self._base))

    def _rules(self) -> tuple[list[str], list[str], list[str]]:
        """What it may read, write, and use as devices."""
        view = self._sandbox.view
        reads = [
            *view.shown,
            *(path for path, _ in view.links),
            *(f"/etc/{name}" for name in view.settings),
            *READABLE,
            *self._lent,
        ]
        return reads, [str(self.folder), str(self.scratch)], list(DEVICES)

    @property
    def _has_view(self) -> bool:
        return self._sandbox.level == "bubblewrap"

    def _limits(self) -> list[tuple[int, int, int]]:
        bounds = self._sandbox.bounds
        cpu = max(1, round(bounds.cpu))
        limits = [
            (resource.RLIMIT_DATA, bounds.data, bounds.data),
            (resource.RLIMIT_NOFILE, bounds.descriptors, bounds.descriptors),
            (resource.RLIMIT_CPU, cpu, cpu + 2),
            (resource.RLIMIT_FSIZE, bounds.file, bounds.file),
            (resource.RLIMIT_STACK, THREAD_STACK, 8 * MIB),
            (resource.RLIMIT_CORE, 1, 1),  # not 0: see `_no_cores` of chatsim.server.launch
            (resource.RLIMIT_MSGQUEUE, 0, 0),
        ]
        if os.geteuid() == 0 or not self._has_view:
            limits.append((resource.RLIMIT_NPROC, bounds.processes, bounds.processes))
        return limits


class Kept:
    """The beginning and the end of what was printed."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._first = bytearray()
        self._last = bytearray()
        self._left_out = 0

    def read(self, number: int) -> bool:
        """Read what there is; False: there will be nothing more."""
        try:
            data = os.read(number, READ_SIZE)
        except BlockingIOError:
            return True
        room = self._half - len(self._first)
        self._first += data[:room]
        self._last += data[room:] if room > 0 else data
        if len(self._last) > 2 * self._half:
            self._left_out += len(self._last) - self._half
            del self._last[: -self._half]
        return bool(data)

    def read_on(self, number: int) -> None:
        """The rest, after all who write are gone: what a pipe holds, and no more."""
        for _ in range(64):
            before = len(self._first) + len(self._last) + self._left_out
            if not self.read(number) or before == len(self._first) + len(self._last) + self._left_out:
                return

    def bytes(self) -> bytes:
        if not self._left_out:
            return bytes(self._first + self._last)
        return bytes(self._first) + b"\n... %d bytes left out ...\n" % self._left_out + bytes(self._last)


def _only_in_memory(content: bytes) -> BinaryIO:
    file = open(os.memfd_create("words", os.MFD_CLOEXEC), "w+b")  # noqa: PTH123, SIM115 - a descriptor, for the caller
    file.write(content)
    file.flush()
    file.seek(0)
    return file


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfinementError(f"no temporary folder can be made: {(error.strerror or str(error)).lower()}") from None


def remove(folder: str) -> None:
    """A folder with all that is in it, also where somebody has made that hard: too deep, or closed."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if Path(folder).exists():
        words = 'chmod -R u+rwX -- "$1" 2>/dev/null; rm -rf -- "$1"'
        subprocess.run(["/bin/sh", "-c", words, "sh", folder], check=False, capture_output=True)


def _give(folder: Path, user: int, group: int) -> None:
    """Nothing is followed: a link is given itself."""
    try:
        os.chown(folder, user, group, follow_symlinks=False)
        for path, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(os.path.join(path, name), user, group, follow_symlinks=False)  # noqa: PTH118
    except (RecursionError, OSError):  # somebody has made it too deep for that
        subprocess.run(["chown", "-hR", f"{user}:{group}", "--", str(folder)], check=False, capture_output=True)


def _moved(path: str, here: str, there: str) -> str:
    return there + path[len(here) :] if path == here or path.startswith(f"{here}/") else path
