"""Our end of the link to a spring (`chatsim.sandbox.spring`): it is started here, asked, and let go."""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatsim.errors import ConfinementError

__all__ = ["Forked", "Spring"]

HERE = Path(__file__).parent
PROGRAM = str(HERE / "spring.py")
IMPORTED = (str(HERE), str(HERE.parent / "server"))
PATIENCE = 10.0  # seconds for an answer; the first one is that of a Python which has to start
ENDING = 10.0  # seconds for it to have ended all that sprang from it


class Forked:
    """A process that a spring has forked: as much of `subprocess.Popen` as needs no child of ours."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """None: it lives. How it has ended is not known here: 0."""
        if self._descriptor < 0:
            return 0
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return 0 if poll.poll(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended; raises subprocess.TimeoutExpired."""
        if self._descriptor >= 0:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            if not poll.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired("fork", timeout or 0.0)
            os.close(self._descriptor)
            self._descriptor = -1
        return 0

    def kill(self) -> None:
        if self._descriptor >= 0:
            import signal

            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)


class Spring:
    """From `open` to `close`. Whatever sprang from it has ended when `close` returns."""

    def __init__(self, temporary: str) -> None:
        self._temporary = temporary  # a folder that it removes if we cannot
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._asked = 0  # how many questions it was asked

    def open(self, lent: Sequence[int] = ()) -> None:
        """`lent`: descriptors that it holds as long as anything of it is there. Raises ConfinementError."""
        self._link, its_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.settimeout(PATIENCE)
        try:
            with its_end:
                # Isolated from the current folder and the environment, and without site packages: it starts in 10 ms.
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", PROGRAM, str(its_end.fileno()), self._temporary, *IMPORTED],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[its_end.fileno(), *lent],
                    env={"PATH": "/usr/bin:/bin"},  # what stands in our own environment is nobody's business
                    cwd="/",
                    start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
                )
            if self._link.recv(16) != b"=":
                raise ConnectionError("it ended at once")
        except OSError as error:
            self.close()
            raise ConfinementError("the process that is to start servers does not start", hint=str(error)) from None

    def fork_broker(self, its_end: int) -> Forked:
        """A broker of a network namespace, which speaks over this descriptor. Raises OSError."""
        return Forked(self._ask("broker", {}, [its_end]))

    def start(self, what: str, details: Mapping[str, Any], numbers: Sequence[int]) -> int:
        """`start` or `keep` (see the program); the process's number. Raises OSError."""
        return self._ask(what, dict(details), list(numbers))

    def end_kept(self, keeper: int, user: int) -> None:
        """End all that a keeper keeps, and all processes of a user (0: of nobody). Raises OSError."""
        self._ask("end", {"keeper": keeper, "user": user}, [])

    def close(self) -> None:
        """May be called at any time, and again."""
        if self._link is not None:
            self._link.close()
            self._link = None
        if self._process is not None:
            try:
                self._process.wait(ENDING)
            except subprocess.TimeoutExpired:  # somebody has stopped it
                self._process.kill()
                self._process.wait()
            self._process = None

    def _ask(self, what: str, details: Any, numbers: list[int]) -> int:
        if self._link is None:
            raise OSError("the process that starts servers has ended")
        self._asked += 1
        socket.send_fds(self._link, [marshal.dumps((self._asked, what, details))], numbers)
        asked = 0
        while asked != self._asked:  # an interrupt may have struck before an earlier answer was heard
            said = self._link.recv(64)
            if not said:
                raise OSError("the process that starts servers has ended")
            asked, answer = marshal.loads(said)
        if answer < 0:
            raise OSError(-answer, os.strerror(-answer))
        return int(answer)


def wait_for(condition: Any, patience: float, pause: float = 0.0005) -> bool:
    """Look again and again, for what nothing tells."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
