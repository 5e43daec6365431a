"""From where confined servers spring: a small process of one thread that forks them (`chatsim.sandbox.asking` starts it).

A fork of it costs a third of a millisecond, where a fresh Python costs ten; and whoever enters a user namespace, or takes
rights off itself for good, needs a process of one thread to do it in. It is asked over a link that keeps messages apart:

    broker    fork a broker of a network namespace (`chatsim.server.inside`)
    start     fork, enter namespaces, bound oneself, and become bubblewrap
    keep      fork a keeper, which forks the server, gives up all rights in it, and waits for whatever descends from it

Everything that it starts, and all that descends from that, stays below it (it is a child subreaper), and ends with the link:
so also when chatsim is killed.

It stands alone, imports nothing of chatsim but that program, and is run without site packages.
"""

from __future__ import annotations

import errno
import marshal
import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

SUBREAPER, NO_NEW_PRIVILEGES, PARENT_DEATH = 36, 38, 1  # of prctl
LARGEST = 256 * 1024  # bytes of a question
FIRST = 3  # the number that the first descriptor beside the standard ones gets


def serve(link: socket.socket) -> None:
    """Answer until the link ends; then end everybody."""
    _prctl(SUBREAPER, 1)
    awake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(link, select.POLLIN)
    poll.register(awake, select.POLLIN)
    owned: set[int] = set()  # users of which nobody is to be left
    known: set[int] = set()  # whom we have forked: other children of ours are orphans
    with suppress(ConnectionError):  # they are gone already: then this is the end, too
        link.send(b"=")
    while True:
        ready = dict(poll.poll())
        if awake in ready:
            with suppress(BlockingIOError):
                os.read(awake, 4096)
            _reap()
        if link.fileno() in ready:
            try:
                question, numbers, _, _ = socket.recv_fds(link, LARGEST, 32)
            except ConnectionError:
                break
            if not question:
                break
            asked, what, details = marshal.loads(question)
            if what == "end":
                _end_kept(details["keeper"], details["user"], known)
                answer = 0
            else:
                if what == "keep" and details["user"]:
                    owned.add(details["user"])
                answer = _fork(what, details, numbers)
                known.add(answer)
            for number in numbers:
                os.close(number)
            with suppress(ConnectionError):
                link.send(marshal.dumps((asked, answer)))
    for user in owned:
        _end_user(user)
    _end_everybody()


def _fork(what: str, details: dict[str, Any], numbers: list[int]) -> int:
    """The child's number; below zero: an error's."""
    try:
        child = os.fork()
    except OSError as error:
        return -(error.errno or errno.EAGAIN)
    if child:
        return child
    code = 125
    try:
        signal.set_wakeup_fd(-1)
        # What is ignored stays so: by Python itself, by a worker, who is told its end otherwise, by a shell's `&`.
        for name in ("SIGCHLD", "SIGPIPE", "SIGXFSZ", "SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if what == "broker":
            _close_all_but(numbers)
            _broker(numbers[0])
        elif what == "start":
            _become_bubblewrap(details, numbers)
        elif what == "keep":
            keeper.keep(details, numbers)
        code = 0
    finally:
        os._exit(code)


def _broker(number: int) -> None:
    inside.broker(number)


def _become_bubblewrap(details: dict[str, Any], numbers: list[int]) -> None:
    """`numbers`: the namespaces to enter, then the descriptors that the program has from 0 on."""
    entered = details["namespaces"]
    for number in numbers[:entered]:
        inside._join(number)
    os.setsid()
    hand_over(numbers[entered:])
    bound(details["limits"])
    os.umask(0o022)
    os.chdir("/")
    os.execve(details["words"][0], details["words"], details["environment"])


def bound(limits: list[tuple[int, int, int]]) -> None:
    """What this process may have, it and its children: soft and hard. No more than we ourselves may have."""
    for kind, soft, hard in limits:
        _, most = resource.getrlimit(kind)
        if most != resource.RLIM_INFINITY and os.geteuid() != 0:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(kind, (soft, hard))
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")  # where memory ends in spite of all bounds, it ends for them first


def hand_over(numbers: list[int]) -> None:
    """Descriptors get the numbers from 0 on, and nothing else is open afterwards."""
    import fcntl

    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]  # none of them in the way of another
    for target, number in enumerate(high):
        os.dup2(number, target)
    os.closerange(len(numbers), 4096)


def _close_all_but(numbers: list[int]) -> None:
    """But for the standard ones, which are /dev/null."""
    low = 3
    for number in sorted(numbers):
        os.closerange(low, number)
        low = number + 1
    os.closerange(low, 4096)


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end_kept(keeper: int, user: int, known: set[int]) -> None:
    """End whatever a keeper keeps, and then the keeper; also what is left of one who is gone.

    What is stopped forks no more: so they are stopped first, as long as there are new ones.
    """
    import time

    if user:
        _end_user(user)
    stopped: set[int] = set()
    deadline = time.monotonic() + 5.0
    while time.monotonic() < deadline:
        parents = _parents()
        orphans = {number for number, parent in parents.items() if parent == os.getpid() and number not in known}
        below = orphans.union(_below({keeper, *orphans}, parents))
        if not below:
            break
        new = below - stopped
        for number in new or below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGSTOP if new else signal.SIGKILL)
        stopped |= new
        _reap()
        if not new:
            time.sleep(0.0005)  # the kernel needs a moment to end them
    with suppress(ProcessLookupError, PermissionError):
        os.kill(keeper, signal.SIGKILL)


def _end_user(user: int) -> None:
    """SIGKILL to every process of a user, and until there is none. Needs root.

    One call reaches them all, also those that fork without end: no process comes to be while it goes through the list.
    """
    import time

    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    deadline = time.monotonic() + 5.0
    while _has_processes(user) and time.monotonic() < deadline:
        _reap()
        time.sleep(0.0005)  # the kernel needs a moment to end them


def _has_processes(user: int) -> bool:
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit():
                with suppress(OSError):
                    if entry.stat().st_uid == user and _parent(entry.name):
                        return True
    return False


def _end_everybody() -> None:
    """SIGKILL to whoever descends from us, until there is none."""
    import time

    deadline = time.monotonic() + 10.0
    while time.monotonic() < deadline:
        below = _below({os.getpid()}, _parents())
        for number in below:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        _reap()
        if not below:
            return
        time.sleep(0.001)


def _below(ancestors: set[int], parents: dict[int, int]) -> list[int]:
    """Who descends from any of them."""
    found: list[int] = []
    new = ancestors
    while new:
        new = {number for number, parent in parents.items() if parent in new}
        found += new
    return found


def _parents() -> dict[int, int]:
    """Of each living process."""
    found = ((int(name), _parent(name)) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208
    return {number: parent for number, parent in found if parent}


def _parent(name: str) -> int:
    """0: it has none, or has ended."""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            text = file.read()
    except OSError:
        return 0
    state, parent = text[text.rindex(b")") + 2 :].split()[:2]
    return 0 if state == b"Z" else int(parent)


def _prctl(*arguments: int) -> None:
    """Raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*[ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0)[:5]]):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    # spring.py LINK TEMPORARY FOLDER...: what is removed at the end, and where the programs are that it imports
    sys.path[:0] = sys.argv[3:]
    sys.modules["spring"] = sys.modules["__main__"]
    # Once and for all here, and not in each fork.
    import inside  # type: ignore[import-not-found]
    import keeper  # type: ignore[import-not-found]

    serve(socket.socket(fileno=int(sys.argv[1])))
    if os.path.exists(sys.argv[2]):  # noqa: PTH110 - we were killed before we could do it
        os.execv("/bin/rm", ["rm", "-rf", "--", sys.argv[2]])
