"""From a profile's `start` to a running process: its folder, its build, its environment, its pipes.

The server is given its own session, signals as a login shell would leave them, an open standard input, and output
that nobody buffers more than needed. A folder that `files` or `build` would change is copied first.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chatsim.endings import exit_code
from chatsim.errors import ChatsimError, ServerError
from chatsim.profile.profile import Start
from chatsim.server.processes import MARKER

__all__ = ["Launcher", "Quarters", "Running", "Spawned"]

Popen = Callable[..., "subprocess.Popen[bytes]"]

SOCKET = ".socket"  # in quarters, the name of a Unix socket whose path is ours to choose
LARGEST_COPY = 500_000_000  # bytes, and
LONGEST_PATH = 100  # bytes: a Unix socket's has room for 104 to 108
LENT = (".venv", "venv", "node_modules")  # what a project has installed for itself: large, and only read
MOST_FILES = 50_000  # files of a server's folder that we copy: more is somebody's home
# No room, no files, no memory: it would have struck any other server, too.
OURS = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM))
BUILD_PATIENCE = 300.0  # seconds, for a build tool that fetches half of the internet first
PIPE_SIZE = 1024 * 1024  # bytes that a server may print while we look elsewhere, where the platform allows it


class Running(Protocol):
    """The server's process, whoever has started it: as `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | Any: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Quarters(Protocol):
    """Where a server is put whose author may attack (`chatsim.sandbox` has such): its folder is a copy in there, and all that
    it starts stays in there.

    `folder`, `home`: that folder, from here and as the server sees it. `marked`: nothing holds its processes together, and
    they are started as others are, with a marker in their environment. `retold`: tells what it printed as its author knows it.
    """

    folder: Path
    marked: bool
    exceeded: str  # what it used too much of, in words that follow "the server"

    @property
    def home(self) -> str: ...
    def inside(self, path: str) -> str: ...
    def outside(self, path: str) -> str: ...
    def environment(self, own: Mapping[str, str]) -> dict[str, str]: ...
    def program(self, name: str) -> str: ...
    def lend(self, name: str, origin: Path) -> None: ...
    def hand_over(self) -> None: ...
    def build(self, command: str, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes, str]: ...
    def popen(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        stdin: int,
        stdout: int,
        stderr: int,
        *,
        terminal: bool = False,
    ) -> Inmate: ...
    @property
    def retold(self) -> Callable[[str], str]: ...
    def end(self) -> None: ...


class Inmate(Running, Protocol):
    """`init`: the process from which everything in there descends, and that is none of it."""

    @property
    def init(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Spawned:
    """A process and our ends of its pipes, all non-blocking. `errors` is -1 in a terminal: there is one output. `within`: as
    `ProcessTree` wants it."""

    process: Running
    typing: int
    output: int
    errors: int
    within: int = 0
    quarters: Quarters | None = None


class Launcher:
    """Knows how to start one server, again and again. `command` stands in for the one of `start`.

    A command of the profile starts in the profile's folder, a `command` given here in ours, and either in `folder`, if one is
    given; `cwd` is relative to that.
    In `quarters` it always starts in a copy of that folder.
    """

    def __init__(
        self,
        start: Start,
        command: str | Sequence[str] | None = None,
        *,
        patience: float = 1.0,
        quarters: Quarters | None = None,
        folder: str = "",
    ) -> None:
        self.start = start
        self.quarters = quarters
        self.patience = patience
        chosen = command if command is not None else start.command
        if not chosen:
            raise ServerError("there is no command that starts the server", hint='Say --server "COMMAND".')
        self.command = self._split(chosen)
        base = Path(folder or (start.folder if command is None else "") or Path.cwd())
        self._origin = base / (start.cwd or "")
        self.folder = self._origin
        self._temporary = ""
        self._built = False

    @property
    def chooses_port(self) -> bool:
        """Does `{port}` stand anywhere, so that the port is ours to choose?"""
        return self.start.chooses_port or any("{port}" in word for word in self.command)

    @property
    def chooses_socket(self) -> bool:
        """Does `{socket}` stand anywhere, so that the path of its Unix socket is ours to choose?"""
        return self.start.chooses_socket or any("{socket}" in word for word in self.command)

    @property
    def socket(self) -> str:
        """The path of the Unix socket at which it is to listen; empty: it is not known. Ours is the same at each start.
        Raises ServerError for one that leads out of the server's quarters."""
        if self.chooses_socket:
            return str(Path(self.temporary) / "socket") if self.quarters is None else str(self.quarters.folder / SOCKET)
        fixed = self.start.socket or ""
        if not fixed or fixed.startswith("@"):
            return fixed
        if self.quarters is None:
            return str(self.folder / fixed)
        found = self.quarters.outside(str(self.quarters.folder / fixed))
        if not found:
            raise ServerError(f"the path of the server's socket leads out of its folder: {fixed}")
        return found

    @property
    def host(self) -> str:
        return self.start.host or "127.0.0.1"

    @property
    def needs_copy(self) -> bool:
        return bool(self.start.files or self.start.build) and self.quarters is None

    @property
    def temporary(self) -> str:
        """The temporary folder that must not outlive us, made on the first call; empty if none is needed."""
        if self.quarters is None and (self.needs_copy or self.chooses_socket) and not self._temporary:
            import tempfile

            self._temporary = tempfile.mkdtemp(prefix="chatsim-")
            if self.chooses_socket and len(os.fsencode(self._temporary)) > LONGEST_PATH - len("/socket"):
                Path(self._temporary).rmdir()
                self._temporary = tempfile.mkdtemp(prefix="chatsim-", dir="/tmp")
        return self._temporary

    def describe(self, port: int | None = None) -> str:
        """The command as one would type it, with the port if there is one already."""
        if port is None:
            ours = ("{port}", "{socket}")
            return " ".join(word if any(each in word for each in ours) else shlex.quote(word) for word in self.command)
        return shlex.join(self._filled(word, port) for word in self.command)

    def prepare(self, port: int, marker: str) -> None:
        """Copy the folder, write the files for this port, and build (once). Raises ServerError."""
        if not self._origin.is_dir():
            raise ServerError(f"the server's folder is not there: {self._origin}")
        quarters = self.quarters
        if not self.needs_copy and quarters is None:
            return
        target = Path(self.temporary) / "server" if quarters is None else quarters.folder
        if not target.exists():
            _copy_folder(self._origin, target, quarters.lend if quarters is not None else None)
        self.folder = target
        for name, text in self.start.files.items():
            path = target / name
            if not path.resolve().is_relative_to(target.resolve()):
                raise ServerError(f"a file of the server would lie outside of its folder: {name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._filled(text, port), encoding="utf-8")
        if self.start.build and not self._built:
            (self._build if quarters is None or quarters.marked else self._build_inside)(port, marker)
            self._built = True
        if quarters is not None:
            quarters.hand_over()

    def spawn(self, port: int, marker: str, popen: Popen = subprocess.Popen) -> Spawned:
        """Start it, by what starts processes as `subprocess.Popen` does. Raises ServerError if there is no such program."""
        words = [self._filled(word, port) for word in self.command]
        environment = self._environment(port, marker)
        if self.quarters is None:
            words[0] = _program(words[0], environment)
        else:
            here, there = f"{self._origin}/", f"{self.quarters.home}/"
            words = [there + word.removeprefix(here) if word.startswith(here) else word for word in words]
            words[0] = self.quarters.program(words[0])
        return (self._in_terminal if self.start.terminal else self._with_pipes)(words, environment, popen)

    def first_typed(self, port: int) -> bytes:
        """What is typed as soon as it runs."""
        text = self._filled(self.start.stdin or "", port)
        return (text if not text or text.endswith("\n") else text + "\n").encode()

    def close(self) -> None:
        """Remove the temporary folder."""
        if self._temporary:
            import shutil

            shutil.rmtree(self._temporary, ignore_errors=True)
            self._temporary, self._built, self.folder = "", False, self._origin

    def _split(self, command: str | Sequence[str]) -> tuple[str, ...]:
        if not isinstance(command, str):
            return tuple(command)
        try:
            words = shlex.split(command)
        except ValueError as error:
            raise ServerError(f"the server's command cannot be read: {command}", hint=f"{error}") from None
        if not words:
            raise ServerError("the server's command is empty")
        return tuple(words)

    def _filled(self, text: str, port: int) -> str:
        if "{socket}" in text:
            text = text.replace("{socket}", self.socket if self.quarters is None else f"{self.quarters.home}/{SOCKET}")
        return text.replace("{port}", str(port)).replace("{host}", self.host)

    def _environment(self, port: int, marker: str) -> dict[str, str]:
        own = {name: self._filled(value, port) for name, value in self.start.env.items()}
        python = {
            "PYTHONUNBUFFERED": "1",
            "PYTHONIOENCODING": "utf-8",  # what it prints is to be seen when it prints it, whatever it is
            "PYTHONFAULTHANDLER": "1",  # when it crashes or has to be ended, its threads say where they are
        }
        if self.quarters is None:
            return {**os.environ, **python, **own, MARKER: marker}
        environment = self.quarters.environment({**python, **own})
        return {**environment, MARKER: marker} if self.quarters.marked else environment

    def _build(self, port: int, marker: str) -> None:
        command = self._filled(self.start.build or "", port)
        environment = self._environment(port, marker)
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=BUILD_PATIENCE * self.patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ServerError(
                f"the build was not done within {BUILD_PATIENCE * self.patience:g} s: {command}"
            ) from None
        if done.returncode:
            raise _not_built(f"failed with {exit_code(done.returncode)}", command, done.stdout)

    def _build_inside(self, port: int, marker: str) -> None:
        quarters = self.quarters
        assert quarters is not None
        command = self._filled(self.start.build or "", port)
        quarters.hand_over()
        code, output, why = quarters.build(command, self._environment(port, marker), BUILD_PATIENCE * self.patience)
        if why or code:
            raise _not_built(why or f"failed with {exit_code(code)}", command, output)

    def _with_pipes(self, words: list[str], environment: Mapping[str, str], popen: Popen) -> Spawned:
        its_input, typing = os.pipe()
        output, its_output = os.pipe()
        errors, its_errors = os.pipe()
        try:
            process, within = self._started(popen, words, environment, its_input, its_output, its_errors)
        except BaseException:
            for fd in (typing, output, errors):
                os.close(fd)
            raise
        finally:
            for fd in (its_input, its_output, its_errors):
                os.close(fd)
        for fd in (output, errors):
            _widen(fd)
        return _unblocked(Spawned(process, typing, output, errors, within, self.quarters))

    def _in_terminal(self, words: list[str], environment: Mapping[str, str], popen: Popen) -> Spawned:
        """As in a terminal of its own. The shell opens it, as the leader of a session without one: so it becomes the
        controlling terminal, without any code of ours between fork and exec."""
        import termios

        ours, its = os.openpty()
        try:
            modes = termios.tcgetattr(its)
            modes[1] &= ~termios.OPOST  # line ends as the program writes them
            modes[3] &= ~termios.ECHO  # what we type is no output
            termios.tcsetattr(its, termios.TCSANOW, modes)
            if not self._is_inside:  # in there is no such terminal to be opened
                words = ["/bin/sh", "-c", 'exec "$@" <"$0" >"$0" 2>&1', os.ttyname(its), *words]
            process, within = self._started(popen, words, environment, its, its, its)
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(its)
        return _unblocked(Spawned(process, os.dup(ours), ours, -1, within, self.quarters))

    @property
    def _is_inside(self) -> bool:
        return self.quarters is not None and not self.quarters.marked

    def _started(
        self, popen: Popen, words: list[str], environment: Mapping[str, str], stdin: int, stdout: int, stderr: int
    ) -> tuple[Running, int]:
        try:
            if self.quarters is not None and self._is_inside:
                terminal = bool(self.start.terminal)
                inmate = self.quarters.popen(words, environment, stdin, stdout, stderr, terminal=terminal)
                return inmate, inmate.init
            with _default_signals(), _no_cores():
                process = popen(
                    words,
                    cwd=self.folder,
                    env=environment,
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    start_new_session=True,
                )
                return process, 0
        except OSError as error:
            what = (error.strerror or str(error)).lower()
            raise ServerError(f"the server's command cannot be started: {shlex.join(words)}: {what}") from None


def _program(name: str, environment: Mapping[str, str]) -> str:
    """The program's name as it can be started; `python` also where only `python3` is installed."""
    import shutil

    if os.sep in name or shutil.which(name, path=environment.get("PATH")):
        return name
    if name == "python":
        return shutil.which("python3", path=environment.get("PATH")) or sys.executable
    raise ServerError(
        f'the server\'s command was not found: there is no program "{name}"',
        hint="Is it installed, and on the PATH? A program in the server's folder is written ./" + name,
    )


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """Signals that are ignored stay so in a child, also SIGINT, which a shell ignores for what it starts with `&`; and
    a Python server would then never see a Ctrl-C. So none is ignored or blocked while we start it. Handlers need no
    care: exec takes them off. (A `preexec_fn` would do it in the child, but is unsafe with threads, and slow.)"""
    ignored = []
    blocked = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            if signal.getsignal(number) == signal.SIG_IGN:
                try:
                    signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else _nothing)
                except ValueError:
                    break  # not the main thread: nothing can be done
                ignored.append(number)
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


@contextlib.contextmanager
def _no_cores() -> Iterator[None]:
    """What we start leaves no core file, neither in its folder nor with the system's crash reporter; writing one may
    take seconds. It inherits the limit from us, who have it for this moment only: so there is no moment in which it has
    another one. Who wants a core can raise it in the command: `sh -c "ulimit -c unlimited; exec ./server"`.

    Linux hands cores to a reporter whatever the limit is, but not if it is 1; and no file is that small.
    """
    try:
        import resource
    except ImportError:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    limit = 1 if sys.platform == "linux" and hard != 0 else 0
    resource.setrlimit(resource.RLIMIT_CORE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def _nothing(number: int, frame: object) -> None:
    """A handler in place of ignoring: what was ignored in us stays without effect on us."""


def _unblocked(spawned: Spawned) -> Spawned:
    for fd in (spawned.typing, spawned.output, spawned.errors):
        if fd >= 0:
            os.set_blocking(fd, False)
    return spawned


def _widen(pipe: int) -> None:
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except (ImportError, AttributeError, OSError):
        pass  # an ordinary pipe does as well, the server only waits for us a little more often


def _not_built(why: str, command: str, output: bytes) -> ServerError:
    words = output.decode("utf-8", "replace").splitlines()[-30:]
    said = "".join(f"\n  {line}" for line in words)
    return ServerError(f"the build {why}: {command}{said}")


def _copy_folder(origin: Path, target: Path, lend: Callable[[str, Path], None] | None = None) -> None:
    """All of it, but for what nobody's start or build writes into: that is lent, by a link."""
    import shutil

    lent = {name for name in LENT if (origin / name).is_dir()}
    size = files = 0
    for folder, folders, names in os.walk(origin):
        left_out = {".git"} | (lent if Path(folder) == origin else set())
        folders[:] = [name for name in folders if name not in left_out]
        for name in names:
            files += 1
            with contextlib.suppress(OSError):
                size += (Path(folder) / name).lstat().st_size
        if size > LARGEST_COPY or files > MOST_FILES:
            raise ServerError(
                f"the server's folder is too large to be copied: {origin}",
                hint="`files` and `build` work in a copy; put the server into a folder of its own and name it in `cwd`",
            )

    def left_out_of(folder: str, names: list[str]) -> set[str]:
        return {".git"} | (lent if Path(folder) == origin else set())

    try:
        shutil.copytree(origin, target, symlinks=True, ignore=left_out_of)
        for name in lent:
            if lend is not None:
                lend(name, origin / name)
            else:
                (target / name).symlink_to((origin / name).resolve(), target_is_directory=True)
    except (OSError, shutil.Error) as error:
        told = f"the server's folder cannot be copied: {origin}"
        if _numbers(error) & OURS:
            raise ChatsimError(told, hint=str(error)[:300]) from None
        raise ServerError(told, hint=str(error)[:300]) from None


def _numbers(error: OSError) -> set[int]:
    """What went wrong, as the system counts it. `copytree` tells of several files at once, in words."""
    import shutil

    if not isinstance(error, shutil.Error):
        return {error.errno or 0}
    found = (re.match(r"\[Errno (\d+)\]", str(why)) for *_, why in error.args[0])
    return {int(each[1]) for each in found if each is not None}
