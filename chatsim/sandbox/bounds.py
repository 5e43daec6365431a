"""What a confined server may use, and how it is told that it used more."""

from __future__ import annotations

import signal
from dataclasses import dataclass

__all__ = ["HIDDEN", "Bounds", "Used", "broken_bound", "ended_by_a_bound"]

MIB = 1024 * 1024
HIDDEN = 10**12  # files, where there is a folder into which nobody can look: more than any bound
MOST_UNSEEN = 32  # files of which nobody can tell the size: an honest server has one or two, for a moment
MOST_FILES = 20_000  # in all that it may write: far more than any server has use for, and quickly counted


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes and seconds. `data`, `cpu`, `descriptors` and `file` hold for each process, the others for all together."""

    memory: int = 1024 * MIB  # resident, of all its processes together
    data: int = 512 * MIB  # private memory of one process
    processes: int = 512  # threads count, too: the kernel does not tell them apart
    descriptors: int = 1024
    cpu: float = 60.0  # seconds of a processor
    file: int = 32 * MIB  # the largest file that it may write
    disk: int = 128 * MIB  # all that it may write
    output: int = 4 * MIB  # of a build, what is kept; more is read and thrown away
    files: int = MOST_FILES


@dataclass(frozen=True, slots=True)
class Used:
    """What a look found: bytes of memory, bytes on disk, files, processes and threads; and files that are open where nobody
    can look (`chatsim.sandbox.using.Held`)."""

    memory: int = 0
    disk: int = 0
    files: int = 0
    threads: int = 0
    unseen: int = 0


def broken_bound(bounds: Bounds, used: Used) -> str:
    """What was used too much of, in words that follow "the server"; empty: nothing.

    Files that are there at the beginning count, too: whoever looks takes them off.
    """
    if used.memory > bounds.memory:
        return f"used more than {_size(bounds.memory)} of memory and was ended"
    if used.disk > bounds.disk:
        return f"wrote more than {_size(bounds.disk)} to the disk and was ended"
    if used.files >= HIDDEN // 2:  # less what was there at the beginning
        return "made a folder too deep, or too closed, to look into, and was ended"
    if used.unseen > MOST_UNSEEN:
        return f"hid more than {MOST_UNSEEN} removed files in memory or between sockets and was ended"
    if used.files > bounds.files:
        return f"made more than {bounds.files:,} files and was ended"
    if used.threads > 2 * bounds.processes:  # the kernel refuses them before that, where it can
        return f"had more than {bounds.processes} processes and threads and was ended"
    return ""


def ended_by_a_bound(bounds: Bounds, code: int | None) -> str:
    """The same of a bound at which the kernel ends a process by a signal. `code`: how it ended, as `subprocess` says it, or
    as a shell says it of what it has started."""
    if code is not None and code in (-getattr(signal, "SIGXCPU", 999), 128 + getattr(signal, "SIGXCPU", 999)):
        unit = "second" if bounds.cpu == 1 else "seconds"
        return f"used more than {bounds.cpu:g} {unit} of a processor and was ended"
    if code is not None and code in (-getattr(signal, "SIGXFSZ", 999), 128 + getattr(signal, "SIGXFSZ", 999)):
        return f"wrote a file of more than {_size(bounds.file)} and was ended"
    return ""


def _size(number: int) -> str:
    return f"{number // MIB} MiB" if number >= MIB else f"{number} bytes"
