"""One confined process: as much of `subprocess.Popen` as a server's life needs, though it is no child of ours.

Who confines it (bubblewrap, or a keeper of ours) writes JSON values into a pipe: `child-pid`, the process from which all
that is confined descends; and at the end `exit-code`, 128 and the signal's number where it ended by one, or `status`, as
the kernel says it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chatsim.errors import ConfinementError

__all__ = ["Confined"]

APPEARING = 10.0  # seconds for the server to be there, on the busiest machine
TELLING = 5.0  # seconds from its end until that is told
A_MOMENT = 0.02  # seconds from the end of a server's connections until its own
ENDING = 5.0  # seconds for what was killed to be gone
# What Linux calls PIDFD_GET_INFO, PIDFD_INFO_EXIT, and the size of its first `struct pidfd_info`, which ends with the status.
GET_INFO, EXIT, INFO = 0xC040FF0B, 1 << 3, 64


class Confined:
    """`pid`: the server's own process, `init`: the one from which all that is confined descends, and which is none of it.

    Takes the descriptor at which the pipe is read, and what ends all that descends from `init`, where it is not enough to
    end that. Raises ConfinementError if nothing was started.
    """

    def __init__(self, status: int, end: Callable[[int], None] | None = None) -> None:
        self._status = status
        self._end = end
        self._said = b""
        self._told: dict[str, Any] = {}
        self._over = False  # nothing more will be told
        self._ended = False
        self.returncode: int | None = None
        self._watch = self._init_watch = -1
        os.set_blocking(status, False)
        try:
            self.init = self._await_init()
            with contextlib.suppress(ProcessLookupError):
                self._init_watch = os.pidfd_open(self.init)
            self.pid = self._await_server()
            with contextlib.suppress(ProcessLookupError):
                self._watch = os.pidfd_open(self.pid)
        except BaseException:
            self.close()
            raise

    def poll(self) -> int | None:
        """How it ended, as `subprocess` says it: below zero for a signal; None: it lives.

        Its end is seen a moment before it is told how it ended; that moment is waited for.
        """
        if self.returncode is None:
            self._read(TELLING if _is_over(self._watch) else 0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if left == 0.0:
                raise subprocess.TimeoutExpired("server", timeout or 0.0)
            _await(self._watch, left)
        assert self.returncode is not None
        return self.returncode

    def end(self) -> None:
        """SIGKILL to all that is confined; none of it is left when this returns (within reason: see ENDING)."""
        if self._ended:
            return
        if self.returncode is None:  # one whose connections are closed may be about to end: how, is worth that moment
            _await(self._watch, A_MOMENT)
            self.poll()
        if self._end is not None:
            self._end(self.init)  # also where `init` is gone: somebody may have ended it
        self._ended = True
        if self._init_watch < 0 or _is_over(self._init_watch):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._init_watch, signal.SIGKILL)
        _await(self._init_watch, ENDING)

    def close(self) -> None:
        """Let go of it, whatever it does."""
        for number in (self._status, self._watch, self._init_watch):
            if number >= 0:
                os.close(number)
        self._status = self._watch = self._init_watch = -1

    def _await_init(self) -> int:
        deadline = time.monotonic() + APPEARING
        while "child-pid" not in self._told:
            self._listen(max(0.0, deadline - time.monotonic()))
            if (self._over and "child-pid" not in self._told) or time.monotonic() > deadline:
                raise ConfinementError("the server was not confined, and so not started", hint=TRY)
        return int(self._told["child-pid"])

    def _await_server(self) -> int:
        deadline = time.monotonic() + APPEARING
        while True:
            if "server-pid" in self._told:
                return int(self._told["server-pid"])
            child = _first_child(self.init)
            if child:
                return child
            self._listen(0.0)
            if "error" in self._told:
                number = int(self._told["error"])
                raise OSError(number, os.strerror(number))
            if "exit-code" in self._told or "status" in self._told:
                return self.init  # it was quick, and is gone
            if self._over or time.monotonic() > deadline:
                raise ConfinementError("the server could not be confined, and so was not started", hint=TRY)
            time.sleep(0.0003)  # nothing tells when it is there

    def _read(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while self.returncode is None:
            self._listen(max(0.0, deadline - time.monotonic()))
            if "status" in self._told:
                self.returncode = os.waitstatus_to_exitcode(self._told["status"])
            elif "exit-code" in self._told:
                self.returncode = self._how_it_ended(self._told["exit-code"])
            elif self._over:
                self.returncode = -signal.SIGKILL  # who would have told has been killed with it
            elif time.monotonic() >= deadline:
                return

    def _how_it_ended(self, code: int) -> int:
        """bubblewrap tells of a signal as a shell does, and of a program that says such a code by itself in the same way: the
        kernel knows better. Where that does not tell, the code stays as it is, and may be either."""
        status = _status_of(self._watch) if code > 128 else None
        return code if status is None else os.waitstatus_to_exitcode(status)

    def _listen(self, patience: float) -> None:
        """What is told within this time, as far as there is anything."""
        if self._over or self._status < 0:
            self._over = True
            return
        _await(self._status, patience)
        try:
            data = os.read(self._status, 4096)
        except BlockingIOError:
            return
        self._over = not data
        self._said += data
        for value in _values(self._said):
            self._told |= value


TRY = "`chatsim doctor` tells what this machine offers, and why not more."


def _values(said: bytes) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a text, as far as they are whole."""
    for piece in said.split(b"}")[:-1]:
        with contextlib.suppress(ValueError):
            yield json.loads(piece + b"}")


def _status_of(watch: int) -> int | None:
    """How a process has ended that was another's child, as `wait` says it. Linux tells from 6.15 on."""
    if watch < 0:
        return None
    asked = bytearray(struct.pack("=Q", EXIT) + bytes(INFO - 8))
    try:
        fcntl.ioctl(watch, GET_INFO, asked)
    except OSError:
        return None
    known, status = struct.unpack_from("=Q", asked)[0], struct.unpack_from("=i", asked, INFO - 4)[0]
    return int(status) if known & EXIT else None


def _first_child(pid: int) -> int:
    """0: there is none yet."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", "rb") as file:  # noqa: PTH123 - it is asked every 0.3 ms
            first = file.read().split()
    except OSError:
        return 0
    return int(first[0]) if first else 0


def _is_over(watch: int) -> bool:
    return watch < 0 or _await(watch, 0.0)


def _await(number: int, patience: float | None) -> bool:
    """Is there anything to be read, at the latest after this time?"""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(None if patience is None else patience * 1000))
