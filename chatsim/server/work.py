"""What each thread of a server has used so far: the seconds that it ran, and those that it waited for a processor.

Together they tell how much a thread *wanted* to run, however loaded the machine is: one that spins wants all of the
time, one that waits for a message wants none. Two looks and the clock between them make a load of it.

How exact: the kernel adds the running time up at its clock ticks (1 to 10 ms), and a wait when it is over. So a look
may be behind by a tick and by the wait that is just going on; over a longer window both lose their weight.
"""

# ruff: noqa: PTH208 - pathlib doubles the time of a look
from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from chatsim.server.processes import HAS_PROC, Process

__all__ = ["Work", "Workbook"]


def _tells_waiting() -> bool:
    """Does this kernel count for each thread what it has waited? Some have the file, with nothing but zeros in it."""
    try:
        return int(_read("/proc/thread-self/schedstat").split()[2]) > 0
    except (OSError, IndexError, ValueError):
        return False


def _read(path: str) -> bytes:
    """A short file, at once. An `open` takes twice as long, and this is done for every thread."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 256)
    finally:
        os.close(fd)


TELLS_WAITING = _tells_waiting()


@dataclass(frozen=True, slots=True)
class Work:
    """`threads`: "pid/thread" -> [its name, seconds so far]. `cpu_only`: the waiting is not among the seconds."""

    threads: dict[str, list[str | float]]
    cpu_only: bool


class Workbook:
    """Of one tree, looked at again and again. Names are kept for those who have done nothing since: only who runs can
    take another name, or be another thread with the number of one that is gone."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[int, str]] = {}

    def of(self, processes: Sequence[Process]) -> Work | None:
        """None: it cannot be told here. Threads that end meanwhile are left out."""
        if not HAS_PROC or not TELLS_WAITING:
            return _ask_psutil(processes)
        names: dict[str, tuple[int, str]] = {}
        threads: dict[str, list[str | float]] = {}
        for process in processes:
            folder = f"/proc/{process.pid}/task"
            try:
                present = os.listdir(folder)
            except OSError:
                continue  # it has ended
            for thread in present:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    ran, waited, _ = _read(f"{folder}/{thread}/schedstat").split()
                    used = int(ran) + int(waited)
                    key = f"{process.pid}/{thread}"
                    known = self._names.get(key)
                    if known is None or known[0] != used:
                        known = (used, _read(f"{folder}/{thread}/comm").decode(errors="replace").rstrip("\n"))
                    names[key] = known
                    threads[key] = [known[1], used / 1e9]
        self._names = names
        return Work(threads, cpu_only=False)


def _ask_psutil(processes: Sequence[Process]) -> Work | None:
    import psutil

    threads: dict[str, list[str | float]] = {}
    told = not processes
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError, AttributeError, NotImplementedError):
            asked = psutil.Process(process.pid)
            name = asked.name()
            for thread in asked.threads():
                threads[f"{process.pid}/{thread.id}"] = [name, thread.user_time + thread.system_time]
            told = True
    return Work(threads, cpu_only=True) if told else None
