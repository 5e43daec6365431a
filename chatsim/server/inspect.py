"""The server seen from outside: its processes, and its ends of our connections. Nothing is asked of the server.

Where something cannot be observed (another machine, another platform), its key is missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chatsim.server.listening import listeners_of
from chatsim.server.processes import HAS_PROC, ProcessTree

__all__ = ["connection_facts", "process_facts"]

ESTABLISHED, CLOSE_WAIT = b"01", b"08"


def process_facts(tree: ProcessTree, port: int) -> dict[str, Any]:
    """`alive`, `children`, `threads`, `rss`, `fds` and `listening` over the tree."""
    members = tree.members()
    pids = [process.pid for process in members]
    facts: dict[str, Any] = {
        "alive": bool(members),
        "children": max(0, len(members) - 1),
        "threads": sum(process.threads for process in members),
        "rss": sum(process.rss for process in members),
        "cpu": round(sum(process.cpu for process in members), 3),
        "listening": any(listener.port == port for listener in listeners_of(pids)),
    }
    fds = _descriptors(pids)
    if fds is not None:
        facts["fds"] = fds
    return facts


def connection_facts(port: int) -> dict[str, Any]:
    """`established`, `close_wait` and `send_queue`: the server's ends of our connections, by *our* port (Linux).

    Only for a server on this machine. One pass over the kernel's table; a machine with 20,000 connections takes some
    tens of milliseconds.
    """
    if not HAS_PROC:
        return {}
    ends: dict[bytes, list[int]] = {ESTABLISHED: [], CLOSE_WAIT: []}
    queues: dict[int, int] = {}
    suffix = b":%04X" % port
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            text = Path(table).read_bytes()
        except OSError:
            continue
        for line in text.splitlines()[1:]:
            if suffix not in line:
                continue
            row = line.split(None, 5)
            if not row[1].endswith(suffix) or row[3] == b"0A":
                continue
            client = int(row[2].rpartition(b":")[2], 16)
            if row[3] in ends:
                ends[row[3]].append(client)
                unsent = int(row[4].partition(b":")[0], 16)
                if unsent:
                    queues[client] = unsent
    return {"established": sorted(ends[ESTABLISHED]), "close_wait": sorted(ends[CLOSE_WAIT]), "send_queue": queues}


def _descriptors(pids: list[int]) -> int | None:
    if HAS_PROC:
        count = 0
        for pid in pids:
            try:
                count += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
            except OSError:
                continue
        return count
    import psutil

    try:
        return sum(psutil.Process(pid).num_fds() for pid in pids)
    except (psutil.Error, AttributeError):
        return None
