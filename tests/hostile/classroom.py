"""A class with attackers in it, graded by `chatsim grade` as its users call it, and watched from outside.

Who attacks is told everything: where the assignment, the neighbours and the results lie, who listens where. What it managed is
looked at here, and not taken from what it says: secret words that turn up where its author can read them, files with its
mark, calls to listeners of ours, processes, memory and disk while it goes on and afterwards, points that are too many or, of
those who mean no harm, other than they would be without it.
"""

# ruff: noqa: PTH108, PTH115, PTH116, PTH118, PTH123, PTH208 - /proc is read often, and a look has to be short
from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attacks import Attack
from handing_in import ARCHIVES, BESIDE, put_together

__all__ = ["INNOCENTS", "LIMITS", "Evidence", "Peak", "Self", "grade", "selves"]

REPOSITORY = Path(__file__).parents[2]
MIB = 1024 * 1024
MADE_UP = 62_000 + os.getpid() % 2_900  # a user that no machine has, and no other process of these tests
PATIENCE = 150.0  # seconds after which the outer guard ends a grading that hangs: none comes near
LOOK = 0.05  # seconds

LIMITS = {"memory": 160 * MIB, "disk": 32 * MIB, "processes": 96}
ASSIGNMENT = """\
assignment: hostile
server:
  find: ["main/*.py"]
  build: "[ ! -f builds ] || exec python3 -S -B {{file}} build {mark}"
  command: "python3 -S -B {{file}} {{port}} {mark}"
  profile: profile.yaml
limits: {{memory: 160 MiB, data: 120 MiB, processes: 96, descriptors: 512, cpu: 1 s, file: 8 MiB, disk: 32 MiB,
  output: 256 KiB, run: 2 s, build: 1 s}}
parts:
  - {{part: once, points: 6, scenario: talk.yaml, properties: [no-duplication]}}
  - {{part: to all, points: 4, scenario: talk.yaml, properties: [delivery]}}
"""
SCENARIO = """\
scenario: "two talk"
bots: [ann, bob]
steps:
  - join: everyone
  - chat: {ann: {count: 2}, bob: {count: 2}}
"""
INNOCENTS = {"- anna": 10.0, "mia": 10.0, "nobody else": 4.0, "zoë": 10.0}
"""Who means no harm, and what each deserves; one of them made a mistake. Attackers come before and after them."""


@dataclass(frozen=True, slots=True)
class Self:
    """Who grades. `user`: who it becomes for that; None: who runs the tests."""

    name: str
    user: int | None = None
    python: tuple[str, ...] = (sys.executable,)
    paths: tuple[str, ...] = ()
    why_not: str = ""


@dataclass
class Peak:
    """The most that was seen at one time."""

    processes: int = 0
    memory: int = 0
    shared: int = 0  # memory that belongs to no process: of the whole machine, more than before
    disk: int = 0


@dataclass
class Evidence:
    """What was seen of a grading. By `origin`: what a record or a grade says of it, as plain JSON."""

    mark: str = ""
    level: str = ""
    why_not: str = ""
    code: int | None = None
    said: str = ""
    seconds: float = 0.0
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    grades: dict[str, dict[str, Any]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)  # of all results, by their path
    stolen: dict[str, list[str]] = field(default_factory=dict)  # secret words, and where they turned up
    heard: list[str] = field(default_factory=list)
    owned: list[str] = field(default_factory=list)  # files with the mark, and files that were changed
    left: list[str] = field(default_factory=list)  # processes
    remains: list[str] = field(default_factory=list)  # in the folder for what is temporary
    harmed: list[str] = field(default_factory=list)  # what was seen of the grader's processes
    peaks: dict[str, Peak] = field(default_factory=dict)
    terminal: str = ""


def _ordinary() -> Self:
    """An ordinary user: who runs the tests or, where that is root, somebody made up, with a Python that it can read."""
    paths = _paths()
    if os.geteuid() != 0:
        return Self("user", paths=paths)
    version = f"python3.{sys.version_info.minor}"
    pythons = dict.fromkeys([sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"])
    said = ""
    for python in pythons:
        tried = subprocess.run(
            # By a shell: who has just been root may still start what it may not read.
            [*_as(MADE_UP), "sh", "-c", f"'{python}' -P -c 'import chatsim.cli.main, typer, yaml, jinja2, psutil'"],
            env={"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(paths)},
            capture_output=True,
            text=True,
            cwd="/",
        )
        if tried.returncode == 0:
            return Self("user", MADE_UP, (python, "-P"), paths)
        said = (tried.stderr.strip().splitlines() or [""])[-1]
    return Self("user", why_not=f"no Python that an ordinary user can read: {said}")


def _paths() -> tuple[str, ...]:
    """Where chatsim is, and what it needs."""
    return (str(REPOSITORY), next((path for path in sys.path if Path(path, "typer").is_dir()), ""))


def selves() -> dict[str, Self]:
    if sys.platform != "linux":
        return {}
    root = Self("root", paths=_paths(), why_not="" if os.geteuid() == 0 else "the tests do not run as root")
    return {"root": root, "user": _ordinary()}


def _as(user: int) -> list[str]:
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--inh-caps=-all", "--"]
    return [shutil.which("setpriv") or "/usr/bin/setpriv", *words[1:]]


def grade(who: Self, level: str, attacks: Sequence[Attack]) -> Evidence:
    """Grade a class of these attackers and the innocents."""
    with contextlib.ExitStack() as stack:
        base = Path(tempfile.mkdtemp(prefix="handed-", dir="/tmp" if who.user is not None else None))
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        return _Classroom(who, level, attacks, base, stack).grade()


class _Classroom:
    def __init__(
        self, who: Self, level: str, attacks: Sequence[Attack], base: Path, stack: contextlib.ExitStack
    ) -> None:
        self.who, self.level, self.attacks, self.base = who, level, attacks, base
        self.mark = base.name
        self.words: dict[str, str] = {}
        # Where nothing is confined it is about the attackers only.
        self.neighbours = tuple(INNOCENTS) if level != "none" else ("- anna",)
        self.seen = Evidence(self.mark, level, peaks={attack.server: Peak() for attack in attacks})
        self.handed_in, self.work, self.results = base / "handed-in", base / "work", base / "results"
        self.temporary, self.home, self.open = base / "tmp", base / "home", base / "open"
        for each in (self.handed_in, self.work, self.results, self.temporary, self.home, self.open):
            each.mkdir()
        self.ears = stack.enter_context(_Ears(base, self.mark))
        self.terminal, self.theirs = pty.openpty()
        stack.callback(os.close, self.terminal)
        self._put_up()

    # --- before -----------------------------------------------------------------------------------------------------

    def _secret(self, place: str) -> str:
        return self.words.setdefault(place, f"canary-{self.mark}-{place}-{secrets.token_hex(4)}")

    def _put_up(self) -> None:
        (self.work / "assignment.yaml").write_text(ASSIGNMENT.format(mark=self.mark), encoding="utf-8")
        (self.work / "talk.yaml").write_text(SCENARIO, encoding="utf-8")
        (self.work / "solution.txt").write_text(self._secret("assignment"), encoding="utf-8")
        (self.work / "open.txt").write_text(self._secret("descriptor"), encoding="utf-8")
        (self.temporary / "notes.txt").write_text(self._secret("temporary"), encoding="utf-8")
        profile = REPOSITORY / "docs" / "example" / "profile.yaml"
        shutil.copy(profile, self.work / "profile.yaml")
        (self.results / "last-year.csv").write_text(self._secret("results"), encoding="utf-8")
        for name in self.neighbours:
            at = self.handed_in / name
            put_together("serves_twice" if INNOCENTS[name] < 10 else "serves_right", at, self._aim(name, name))
            (at / "main" / "notes.txt").write_text(self._secret("neighbour"), encoding="utf-8")
        scratch = self.base / "scratch"
        for attack in self.attacks:
            at, aim = self.handed_in / attack.key, self._aim(attack.name, attack.key, attack.shows)
            if attack.archive:
                ARCHIVES[attack.archive](attack.server, at, aim, scratch)
                continue
            put_together(attack.server, at, aim)
            if attack.beside:
                BESIDE[attack.beside](at, aim)
        shutil.rmtree(scratch, ignore_errors=True)
        self._open_up()

    def _open_up(self) -> None:
        """Everybody may read all of it, and write into some: only the sandbox stands between."""
        for path, folders, files in os.walk(self.base):
            for name in [*folders, *files]:
                whole = Path(path, name)
                if not whole.is_symlink():
                    whole.chmod(0o777 if whole.is_dir() else 0o666)
                if self.who.user is not None:
                    os.chown(whole, self.who.user, self.who.user, follow_symlinks=False)
        self.base.chmod(0o777)
        if self.who.user is not None:
            os.chown(self.base, self.who.user, self.who.user)
            os.chown(os.ttyname(self.theirs), self.who.user, self.who.user)

    def _aim(self, name: str, key: str, shows: Sequence[str] = ()) -> dict[str, Any]:
        bounded = self.level != "none"
        places = [self.base, self.handed_in, self.work, self.results, self.temporary, self.home, self.open]
        everywhere = ["/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local", "/run", "/var/lib", "/root", "/home"]
        return {
            "name": name,
            "key": key,
            "mark": self.mark,
            "bounded": bounded,
            # A user whom nobody else is: made up, or one of those that sandboxes give away.
            "lonely": bounded and (self.who.user is not None or self.who.name == "root"),
            "namespace": os.readlink("/proc/self/ns/pid"),
            "linger": 0.0 if bounded or not {"memory", "disk", "processes"} & {*shows} else 0.7,
            "secret": f"canary-{self.mark}-",
            "assignment": [str(self.work / each) for each in ("solution.txt", "assignment.yaml", "talk.yaml")],
            "secrets": [str(self.work / "open.txt"), str(self.temporary / "notes.txt")],
            "neighbours": [str(self.handed_in / each) for each in self.neighbours],
            "results": str(self.results),
            "temporary": str(self.base),
            "places": [str(each) for each in places] + (everywhere if bounded else []),
            "tcp": ["127.0.0.1", self.ears.tcp],
            "udp": ["127.0.0.1", self.ears.udp],
            "unix": self.ears.path,
            "abstract": self.ears.name,
            "addresses": _addresses(),
            "wanted": [8080, 5000, 12345] if bounded else [],
            "terminal": os.ttyname(self.theirs),
        }

    # --- while it goes on -------------------------------------------------------------------------------------------

    def grade(self) -> Evidence:
        seen, before = self.seen, self._state()
        began = time.monotonic()
        process = self._start()
        ended = threading.Event()
        onlooker = threading.Thread(target=self._look_on, args=(process.pid, ended))
        onlooker.start()
        try:
            seen.code = self._await(process, began + PATIENCE)
        finally:
            ended.set()
            onlooker.join()
            self._end(process)
        seen.seconds = time.monotonic() - began
        seen.said = (self.base / "said").read_text("utf-8", "replace")
        if seen.code == 2 and "not to be had here" in seen.said:
            return Evidence(why_not=seen.said.strip().splitlines()[0])
        self._look_after(before)
        return seen

    def _await(self, process: subprocess.Popen[bytes], deadline: float) -> int | None:
        """None: it had to be ended by us, since it was stopped, or hangs."""
        while time.monotonic() < deadline and "stopped" not in self.seen.harmed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return process.wait(0.2)
        return None

    def _start(self) -> subprocess.Popen[bytes]:
        words = [*self.who.python, "-X", f"note={self._secret('arguments')}", "-m", "chatsim", "grade"]
        words += [str(self.handed_in), "--assignment", str(self.work / "assignment.yaml")]
        words += ["--results", str(self.results / "now"), "--patience", "1", "--jobs", "2"]
        words += ["--unsafe-no-sandbox"] if self.level == "none" else ["--sandbox", self.level]
        if self.who.user is not None:
            words = [*_as(self.who.user), "sh", "-c", 'exec "$@"', "sh", *words]
        environment = {
            "PATH": f"{Path(self.who.python[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": os.pathsep.join(each for each in self.who.paths if each),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            "TOKEN": self._secret("environment"),
        }
        lent = os.open(self.work / "open.txt", os.O_RDONLY)
        with (self.base / "said").open("wb") as said:
            try:
                return subprocess.Popen(
                    [shutil.which("setsid") or "/usr/bin/setsid", "--ctty", *words],
                    stdin=self.theirs,
                    stdout=said,
                    stderr=said,
                    cwd=self.work,
                    env=environment,
                    pass_fds=[lent],
                )
            finally:
                os.close(lent)
                os.close(self.theirs)

    def _look_on(self, grader: int, ended: threading.Event) -> None:
        onlooker = _Onlooker(self.mark, self.seen)
        while not ended.is_set():
            onlooker.look(grader)
            ended.wait(LOOK)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Whatever is left is noted, and ended."""
        if process.poll() is None:
            process.kill()
            process.wait()
        deadline = time.monotonic() + 3.0  # what was told to end is given a moment
        while (left := self._who_is_left()) and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.level != "none":  # where an attacker stops or ends whatever it likes, the grader's own are left, too
            left |= self._own()
        self.seen.left += left.values()
        for number in {**left, **self._own()}:
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)

    def _own(self) -> dict[int, str]:
        """The grader's workers and guardians: the secret of its environment stands in theirs."""
        secret = self._secret("environment")
        numbers = [each for each in _processes() if each != os.getpid() and _state(each) not in "ZX"]
        return {each: f"{each}: {_words(each)}" for each in numbers if secret in _read(f"/proc/{each}/environ")}

    def _who_is_left(self) -> dict[int, str]:
        left = {}
        for number in _processes():
            words = _words(number)
            user = _user(number)
            strange = user == MADE_UP and self.who.user is not None
            if (self.mark in words or strange) and number != os.getpid() and _state(number) not in "ZX":
                left[number] = f"{number} of user {user}: {words}"
        return left

    # --- afterwards -------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, tuple[int, int]]:
        """Of all that was there before: no grading changes it."""
        found = {}
        for folder in (self.handed_in, self.work, self.home, self.open):
            for path, _, files in os.walk(folder):
                for name in files:
                    about = Path(path, name).lstat()
                    found[os.path.join(path, name)] = (about.st_mtime_ns, about.st_size)
        return found

    def _look_after(self, before: dict[str, tuple[int, int]]) -> None:
        seen = self.seen
        seen.heard = self.ears.heard()
        after = self._state()
        seen.owned = [path for path in before if after.get(path) != before[path]]
        seen.owned += [path for path in after if path not in before]
        seen.owned += self._owned()
        seen.remains = sorted(str(each) for each in self.temporary.iterdir() if each.name != "notes.txt")
        seen.remains = [each for each in seen.remains if "owned-" not in each]
        seen.terminal = self._typed()
        for path, _, files in os.walk(self.results / "now"):
            for name in files:
                whole = Path(path, name)
                text = whole.read_text("utf-8", "replace")
                seen.pages[str(whole.relative_to(self.results / "now"))] = text
        for path, text in {**seen.pages, "the terminal": seen.terminal, **dict.fromkeys(seen.heard, "")}.items():
            for word in set(re.findall(rf"canary-{self.mark}-[a-z]+-[0-9a-f]{{8}}", path + text)):
                seen.stolen.setdefault(word, []).append(path)
        with contextlib.suppress(KeyError, ValueError):
            for student in json.loads(seen.pages["grades.json"])["students"]:
                record = json.loads(seen.pages[f"students/{student['key']}/record.json"])
                seen.records[record["origin"]], seen.grades[record["origin"]] = record, student

    def _owned(self) -> list[str]:
        """Files with the mark, wherever one may hope to leave some. What is of ours is removed with our folder."""
        found = []
        places = ["/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr/local", "/run", "/var/lib", "/root", "/home"]
        places += [str(Path.home()), str(REPOSITORY), str(REPOSITORY / "chatsim"), *(str(Path(REPOSITORY).parent),)]
        for place in dict.fromkeys(places):
            with contextlib.suppress(OSError):
                for name in os.listdir(place):
                    if f"owned-{self.mark}" in name:
                        found.append(os.path.join(place, name))
                        with contextlib.suppress(OSError):
                            os.unlink(os.path.join(place, name))
        for path, _, files in os.walk(self.base):
            found += [os.path.join(path, name) for name in files if f"owned-{self.mark}" in name]
        return found

    def _typed(self) -> str:
        """What has come to the terminal."""
        os.set_blocking(self.terminal, False)
        data = b""
        with contextlib.suppress(OSError):
            while piece := os.read(self.terminal, 65536):
                data += piece
        return data.decode("utf-8", "replace")


class _Onlooker:
    """Looks at the grader's processes and at those with the mark."""

    def __init__(self, mark: str, seen: Evidence) -> None:
        self.mark, self.seen = mark, seen
        self.shared = _shared_memory()
        self.looks = 0
        self.strangers: dict[
            int, int
        ] = {}  # how often a process was seen that is none of them: it may still become one

    def look(self, grader: int) -> None:
        self.looks += 1
        found: dict[str, list[int]] = {}
        harmed: set[str] = set()
        above: dict[int, int] = {}
        for number in _processes():
            name = self._name(number)
            if name:
                found.setdefault(name, []).append(number)
            elif self.looks % 3 == 0:
                above[number] = _parent(number)
        shared = _shared_memory() - self.shared
        for name, numbers in found.items():
            peak = self.seen.peaks.setdefault(name, Peak())
            peak.processes = max(peak.processes, sum(map(_threads, numbers)))
            peak.memory = max(peak.memory, sum(map(_memory, numbers)))
            peak.shared = max(peak.shared, shared)
            if self.looks % 2 == 0:
                peak.disk = max(peak.disk, _disk(numbers[-1]))
        harmed |= _harm(grader, above)
        self.seen.harmed += sorted(harmed - set(self.seen.harmed))

    def _name(self, number: int) -> str:
        """Which of the submissions' programs this process is; empty: none."""
        if self.strangers.get(number, 0) > 3 and self.looks % 10:
            return ""
        words = _words(number)
        told = re.search(r"-S -B \S*?(\w+)\.py ", words)
        if told is not None and self.mark in words:
            self.strangers.pop(number, None)
            return told[1]
        self.strangers[number] = self.strangers.get(number, 0) + 1
        return ""


def _harm(grader: int, above: dict[int, int]) -> set[str]:
    """What is seen of the grader's own processes."""
    ours = {grader}
    while more := {number for number, parent in above.items() if parent in ours} - ours:
        ours |= more
    harm = set()
    for number in ours & {*above, grader}:
        told = _status(number)
        words = _words(number)
        if "chatsim" not in words:
            continue
        if told.get("TracerPid", "0") != "0":
            harm.add("traced")
        if told.get("State", "").startswith(("T", "t")):
            harm.add("stopped")
        with contextlib.suppress(OSError):
            if os.getpriority(os.PRIO_PROCESS, number) == 19 or os.sched_getscheduler(number) == os.SCHED_IDLE:
                harm.add("slowed down")
        with contextlib.suppress(OSError):
            if resource.prlimit(number, resource.RLIMIT_CORE) == (4096, 4096):
                harm.add("limited")
    return harm


class _Ears:
    """Listeners that nobody has any business with: TCP, UDP, and two of Unix."""

    def __init__(self, base: Path, mark: str) -> None:
        self._tcp, self._udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        self._unix, self._abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.path, self.name = str(base / "ear"), f"ear-{mark}"
        self._tcp.bind(("0.0.0.0", 0))
        self._udp.bind(("0.0.0.0", 0))
        self._unix.bind(self.path)
        self._abstract.bind(f"\0{self.name}")
        self.tcp, self.udp = self._tcp.getsockname()[1], self._udp.getsockname()[1]
        for each in (self._tcp, self._unix, self._abstract):
            each.listen(100)

    def heard(self) -> list[str]:
        """The names of those who called. Nothing is accepted before: the kernel keeps them."""
        names = []
        for ear in (self._tcp, self._unix, self._abstract):
            ear.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                while True:
                    caller, _ = ear.accept()
                    with caller:
                        caller.settimeout(0.2)
                        try:
                            names.append(caller.recv(100).decode("utf-8", "replace") or "somebody")
                        except OSError:
                            names.append("somebody")
        self._udp.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                names.append(self._udp.recv(100).decode("utf-8", "replace"))
        return names

    def __enter__(self) -> _Ears:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._tcp, self._udp, self._unix, self._abstract):
            each.close()


def _addresses() -> list[str]:
    """This machine's own, other than of its loopback."""
    import psutil

    return [
        address.address
        for each in psutil.net_if_addrs().values()
        for address in each
        if address.family == socket.AF_INET and not address.address.startswith("127.")
    ]


# --- what /proc tells -------------------------------------------------------------------------------------------------


def _processes() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _words(number: int) -> str:
    return _read(f"/proc/{number}/cmdline").replace("\0", " ")


def _status(number: int) -> dict[str, str]:
    lines = (line.partition(":") for line in _read(f"/proc/{number}/status").splitlines())
    return {name: value.strip() for name, _, value in lines}


def _stat(number: int) -> list[str]:
    return _read(f"/proc/{number}/stat").rpartition(")")[2].split()


def _state(number: int) -> str:
    return (_stat(number) or ["X"])[0]


def _parent(number: int) -> int:
    stat = _stat(number)
    return int(stat[1]) if len(stat) > 1 else 0


def _threads(number: int) -> int:
    stat = _stat(number)
    return int(stat[17]) if len(stat) > 17 else 0


def _memory(number: int) -> int:
    words = _read(f"/proc/{number}/statm").split()
    return int(words[1]) * resource.getpagesize() if len(words) > 1 else 0


def _user(number: int) -> int:
    try:
        return os.stat(f"/proc/{number}").st_uid
    except OSError:
        return -1


def _shared_memory() -> int:
    found = re.search(r"Shmem:\s+(\d+) kB", _read("/proc/meminfo"))
    return int(found[1]) * 1024 if found else 0


def _disk(number: int) -> int:
    """Bytes in the folder where a server runs."""
    total = 0
    try:
        if os.readlink(f"/proc/{number}/cwd") == "/":
            return 0  # it is on its way there
    except OSError:
        return 0
    for path, _, files in os.walk(f"/proc/{number}/cwd"):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
        if total > 10 * LIMITS["disk"]:
            break
    return total
