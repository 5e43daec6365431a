"""The process tree of a server: who belongs to it, what it uses, and its end.

A process belongs to the tree if a member started it, if it is in the session or group of the first one, or if it
carries the tree's marker in its environment. The marker finds daemons, whose parent is gone and whose session is their
own. Only a process that clears its environment *and* leaves its session *and* loses its parent between two looks
escapes. Nobody else's process is ever counted, and none but counted ones are ever signalled.

On Linux /proc is read directly (a look at a hundred processes takes a millisecond), elsewhere psutil is asked.
"""

# ruff: noqa: PTH115, PTH123, PTH208 - pathlib doubles the time of a look, and looks are taken every 2 ms
from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HAS_PROC", "MARKER", "PAGE", "Process", "ProcessTree", "command_of", "delay_of", "folder_of"]

HAS_PROC = Path("/proc/self/stat").exists()
MARKER = "CHATSIM_TREE"  # the environment variable that every process of one tree carries
TICK = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True, slots=True)
class Process:
    """One process as it was a moment ago. `cpu` counts its reaped children, too."""

    pid: int
    parent: int
    group: int
    session: int
    began: float  # in the platform's own counting: comparable between processes, and with the pid a lasting name
    threads: int  # none: it has ended, and its parent has not waited for it
    rss: int  # bytes
    cpu: float  # seconds
    folder: str = ""  # where /proc tells of it: of a living thread, where the first one has ended before the others


class ProcessTree:
    """All that descends from one process, by whatever way. The first one need not be alive any more.

    `within`: a process that takes in all orphans of the tree and is none of it, such as the first one of a process
    namespace: then the tree is whatever descends from that, and no marker is asked for.
    """

    def __init__(self, root: int, marker: str, *, within: int = 0) -> None:
        self.root = root
        self._within = within
        self._marker = f"{MARKER}={marker}".encode()
        self._ours: dict[int, float] = {}
        self.uncollected = 0  # children that have ended and were not waited for, when `members` last looked
        self._strangers: set[int] = set()  # looked at once; a pid is not used again while its process lives
        self._since = 0.0
        first = _read(root)
        if first is not None and first.threads:
            self._ours[root] = self._since = first.began

    def members(self) -> list[Process]:
        """The living ones (zombies are not), the first one first, parents before their children."""
        looked = self._look()
        table = [process for process in looked if process.threads]
        alive = {process.pid: process for process in table}
        ours = {pid: process for pid, process in alive.items() if self._ours.get(pid) == process.began}
        unknown = [process for process in table if process.pid not in ours]
        found = True
        while found:  # a child may stand before its parent in the listing
            found = False
            for process in unknown:
                if process.pid not in ours and (process.parent in ours or self._belongs(process)):
                    ours[process.pid] = process
                    found = True
        self._ours = {process.pid: process.began for process in ours.values()}
        self.uncollected = sum(not process.threads and process.parent in ours for process in looked)
        self._strangers |= {
            process.pid
            for process in unknown
            if process.pid not in ours and (self._within or not _is_starting(process.pid))
        }
        return sorted(ours.values(), key=lambda process: (process.pid != self.root, process.began, process.pid))

    def signal(self, number: int) -> None:
        """To every member, one by one."""
        for process in self.members():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, number)

    def freeze(self, patience: float = 0.2) -> None:
        """SIGSTOP, and wait until it has reached every thread: until then a server in full flow says more.

        Blocks for a fraction of a millisecond as a rule, and never longer than the patience.
        """
        if not HAS_PROC:
            self.signal(signal.SIGSTOP)
            time.sleep(0.02)  # nothing tells when it has reached them
            return
        deadline = time.monotonic() + patience
        told: set[int] = set()
        while moving := [process.pid for process in self.members() if not _is_frozen(process.pid)]:
            if time.monotonic() > deadline:
                return
            for pid in moving:
                if pid not in told:  # also one that was forked while its parent was being stopped
                    told.add(pid)
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGSTOP)
            time.sleep(0.0002)  # each thread stops at its next moment, and nothing but its state tells

    def kill(self, patience: float = 5.0) -> list[int]:
        """SIGKILL until nobody is left; those who still live when the patience is spent are returned."""
        deadline = time.monotonic() + patience
        while left := self.members():
            if time.monotonic() > deadline:
                return [process.pid for process in left]
            for process in left:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(process.pid, signal.SIGKILL)
            time.sleep(0.001)  # the kernel needs a moment to end them, and nothing tells when it has
        return []

    def _look(self) -> list[Process]:
        if not HAS_PROC:
            return _ask_psutil(self.root, list(self._ours))
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self._strangers &= pids
        looked = (_read(pid) for pid in pids - self._strangers)
        return [process for process in looked if process is not None]

    def _belongs(self, process: Process) -> bool:
        if self._within:
            return process.parent == self._within
        if self.root in (process.session, process.group):
            return True
        if process.began < self._since:
            return False
        return self._marker in _environment(process)


def command_of(pid: int) -> str:
    """The command line of a process, or an empty text if it cannot be told."""
    if HAS_PROC:
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    import psutil

    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ""


def _read(pid: int) -> Process | None:
    if not HAS_PROC:
        return next(iter(_ask_psutil(pid, [])), None)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()  # the name before it may hold anything, blanks and brackets too
    threads, folder = int(fields[17]), f"/proc/{pid}"
    if fields[0] in b"ZX":  # dead, or only its first thread is: a C program may end `main` before its other threads
        folder = folder_of(pid) if threads > 1 else ""
        threads = threads - 1 if folder else 0
    return Process(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        began=float(fields[19]),
        threads=threads,
        rss=int(fields[21]) * PAGE,
        cpu=sum(map(int, fields[11:15])) * TICK,
        folder=folder,
    )


def folder_of(pid: int) -> str:
    """Where /proc tells of a process whose first thread has ended: of another thread of it; empty: there is none."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return ""
    return next((f"/proc/{pid}/task/{thread}" for thread in threads if _state(pid, thread) not in b"ZX"), "")


def _state(pid: int, thread: str) -> bytes:
    """The kernel's letter for what a thread is doing; X (dead) for one that is gone."""
    try:
        with open(f"/proc/{pid}/task/{thread}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return b"X"
    at = text.rindex(b")") + 2
    return text[at : at + 1]


def _is_frozen(pid: int) -> bool:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True  # it has ended
    return all(_state(pid, thread) in b"TtZX" for thread in threads)


def _environment(process: Process) -> bytes:
    try:
        return Path(f"{process.folder}/environ").read_bytes()
    except OSError:
        return b""


def _is_starting(pid: int) -> bool:
    """Between exec and the new program's first step a process shows an empty environment: look again later.

    Kernel threads show one for ever; they are few, and reading them is cheap.
    """
    try:
        return Path(f"/proc/{pid}/environ").read_bytes() == b"" and os.readlink(f"/proc/{pid}/exe") != ""
    except OSError:
        return False


def _ask_psutil(root: int, known: list[int]) -> list[Process]:
    import psutil

    seen: dict[int, Process] = {}
    for pid in [root, *known]:
        try:
            first = psutil.Process(pid)
            family = [first, *first.children(recursive=True)]
        except psutil.Error:
            continue
        for process in family:
            try:
                if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
                    began = process.create_time()
                    seen[process.pid] = Process(process.pid, process.ppid(), 0, 0, began, threads=0, rss=0, cpu=0.0)
                    continue
                times = process.cpu_times()
                seen[process.pid] = Process(
                    pid=process.pid,
                    parent=process.ppid(),
                    group=os.getpgid(process.pid),
                    session=os.getsid(process.pid),
                    began=process.create_time(),
                    threads=process.num_threads(),
                    rss=process.memory_info().rss,
                    cpu=times.user + times.system,
                )
            except (psutil.Error, OSError):
                continue
    return list(seen.values())


def delay_of(pid: int) -> float | None:
    """Seconds that the threads of a process have waited for a processor so far; None where the platform does not tell.

    Threads that have ended take theirs along.
    """
    total = 0
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:
                total += int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return total / 1e9
