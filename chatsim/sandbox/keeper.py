"""Keeps one server where there is no bubblewrap: forks it, and waits for whatever descends from it.

The server gives up its rights between fork and exec: another user where we are root, Landlock where the kernel has it,
bounds, no new privileges. The keeper itself keeps its own, and so cannot be reached by it (as root; else as far as Landlock
scopes signals). Orphans of the server become its children.

It is forked by `chatsim.sandbox.spring`, imports nothing of chatsim but what stands alone, too.
"""

from __future__ import annotations

import ctypes  # noqa: F401 - what is imported here need not be in each fork
import fcntl
import os
import resource
import signal
import termios
from contextlib import suppress
from typing import Any

import inside  # type: ignore[import-not-found]  # beside chatsim.server; see the path
import landlock  # type: ignore[import-not-found]  # beside us
import seccomp  # type: ignore[import-not-found]  # beside us
import spring  # type: ignore[import-not-found]  # who has forked us

__all__ = ["keep"]

NO_NEW_PRIVILEGES = 38  # of prctl


def keep(details: dict[str, Any], numbers: list[int]) -> None:
    """`numbers`: the namespaces to enter, then standard input, output and error, then a pipe in which is told what
    happens (`chatsim.sandbox.confined`)."""
    telling = numbers[-1]
    spring._prctl(spring.SUBREAPER, 1)
    os.setsid()
    failure, its_failure = os.pipe2(os.O_CLOEXEC)
    server = os.fork()
    if not server:
        try:
            _become_the_server(details, numbers, its_failure)
        finally:
            os._exit(127)
    for number in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
    spring._close_all_but([telling, failure])
    failed = os.read(failure, 64)  # it ends when the server has become its program
    os.close(failure)
    _tell(telling, {"child-pid": os.getpid(), "error": int(failed)} if failed else _born(server))
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, 0)
            if pid == server and not failed:
                _tell(telling, {"status": status})


def _born(server: int) -> dict[str, int]:
    return {"child-pid": os.getpid(), "server-pid": server}


def _tell(telling: int, value: dict[str, int]) -> None:
    with suppress(BrokenPipeError):
        pairs = ", ".join(f'"{name}": {number}' for name, number in value.items())
        os.write(telling, f"{{{pairs}}}\n".encode())


def _become_the_server(details: dict[str, Any], numbers: list[int], failure: int) -> None:
    try:
        entered = details["namespaces"]
        os.setsid()
        for number in numbers[:entered]:
            inside._join(number)
        for target, number in enumerate(fcntl.fcntl(each, fcntl.F_DUPFD, 100) for each in numbers[entered:-1]):
            os.dup2(number, target)
        if details["terminal"]:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        spring._close_all_but([failure])
        os.umask(0o022)
        os.chdir(details["folder"])
        spring.bound(details["limits"] if details["user"] or entered > 1 else _among_others(details["limits"]))
        spring._prctl(NO_NEW_PRIVILEGES, 1)
        if details["landlock"]:
            reads, writes, devices = details["landlock"]
            landlock.restrict(reads, writes, devices, connects=entered > 0)
        if details["user"]:
            os.setgroups([])
            os.setresgid(details["user"], details["user"], details["user"])
            os.setresuid(details["user"], details["user"], details["user"])
        if filtering := seccomp.program(among_others=True):
            seccomp.install(filtering)
        for number in range(1, signal.NSIG):
            with suppress(OSError, ValueError):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.execve(details["words"][0], details["words"], details["environment"])
    except OSError as error:
        os.write(failure, b"%d" % (error.errno or 0))


def _among_others(limits: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """An ordinary user's processes are all counted together: so many may come to those that are there."""
    there = 0
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib is slow to import
        if name.isdigit():
            with suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == os.getuid():  # noqa: PTH116
                    there += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
    return [
        (kind, soft + there, hard + there) if kind == resource.RLIMIT_NPROC else (kind, soft, hard)
        for kind, soft, hard in limits
    ]
