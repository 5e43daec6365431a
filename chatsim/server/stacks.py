"""What the threads of a Python server are doing, told by py-spy from outside, while the server goes on.

py-spy is somebody else's program and need not be there. It reads the memory of the processes, which a system may
forbid. It runs beside our loop, for a few seconds at most, and does not outlive the one who asked.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from chatsim.network.loop import READ, Loop, Timer

__all__ = ["StackDump", "py_spy"]

PATIENCE = 5.0  # seconds for all processes together; one takes a tenth of a second
LARGEST = 64 * 1024  # bytes of text that are kept
READ_SIZE = 64 * 1024
CAUSE = re.compile(r"^(Error|[0-9]+): ")  # what it writes before a cause


def py_spy() -> str | None:
    """Where it is: beside the Python that runs us, or on the PATH."""
    return shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")


class StackDump:
    """One process after the other. `done` is called once, from within the loop, with the text and why there is none
    (one of the two is empty), unless it is closed before."""

    def __init__(
        self, program: str, pids: Sequence[int], loop: Loop, done: Callable[[str, str], None], *, frozen: bool = False
    ) -> None:
        self._program = program
        self._left = list(pids)
        self._loop = loop
        self._done = done
        self._frozen = frozen
        self._pid = 0  # who is being looked at
        self._process: subprocess.Popen[bytes] | None = None
        self._texts: list[bytes] = []
        self._why = ""
        self._read: dict[int, bytearray] = {}  # what came out of a pipe that is still open
        self._said = b""
        self._complained = b""
        self._polling: Timer | None = None
        self._deadline: Timer | None = loop.after(PATIENCE, self._give_up)
        self._next()

    @property
    def over(self) -> bool:
        """Is there nothing more to come?"""
        return self._deadline is None

    def close(self) -> None:
        """Nothing more comes, and nobody is left. May be called at any time, and again."""
        for timer in (self._deadline, self._polling):
            if timer is not None:
                timer.cancel()
        self._deadline = self._polling = None
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None and not pipe.closed:
                self._loop.unwatch(pipe.fileno())
                pipe.close()
        if not self._frozen:  # it stops a process while it reads; one that was just being stopped would stay so
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, signal.SIGCONT)

    def _next(self) -> None:
        """On to the next process; or, after the last one, the answer."""
        while self._left and self._process is None:
            self._pid = self._left.pop(0)
            try:
                self._begin()
            except OSError as error:
                self._why = f"py-spy cannot be started: {(error.strerror or str(error)).lower()}"
        if self._process is None:
            self._tell()

    def _begin(self) -> None:
        words = [self._program, "dump", "--pid", str(self._pid)]
        if self._frozen:
            words.append("--nonblocking")  # it stands still already
        self._process = process = subprocess.Popen(
            words,
            env={**os.environ, "NO_COLOR": "1", "CLICOLOR": "0", "CLICOLOR_FORCE": "0"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            start_new_session=True,  # a Ctrl-C at the terminal is not meant for it
        )
        assert process.stdout is not None
        assert process.stderr is not None
        for pipe in (process.stdout, process.stderr):
            fd = pipe.fileno()
            os.set_blocking(fd, False)
            self._read[fd] = bytearray()
            self._loop.watch(fd, READ, lambda readiness, fd=fd: self._ready(fd))  # type: ignore[misc]

    def _ready(self, fd: int) -> None:
        try:
            data = os.read(fd, READ_SIZE)
        except BlockingIOError:
            return
        if data:
            kept = self._read[fd]
            kept += data[: LARGEST - len(kept)]
            return
        process = self._process
        assert process is not None
        for pipe in (process.stdout, process.stderr):
            if pipe is not None and not pipe.closed and pipe.fileno() == fd:
                self._loop.unwatch(fd)
                pipe.close()
                if pipe is process.stdout:
                    self._said = bytes(self._read.pop(fd))
                else:
                    self._complained = bytes(self._read.pop(fd))
        if not self._read:
            self._reap()

    def _reap(self) -> None:
        """It has closed its output, and ends in the next moment."""
        process = self._process
        assert process is not None
        if process.poll() is None:
            self._polling = self._loop.after(0.002, self._reap)
            return
        self._polling, self._process = None, None
        if process.returncode == 0 and self._said.strip():
            self._texts.append(self._said.rstrip() + b"\n")
        else:
            self._why = _reason(self._complained) or f"py-spy ended with exit code {process.returncode}"
        self._next()

    def _give_up(self) -> None:
        self._left.clear()
        self._why = f"py-spy was not done within {PATIENCE:g} s"
        self._tell()

    def _tell(self) -> None:
        self.close()
        text = _shortened(b"\n".join(self._texts)).decode("utf-8", "replace")
        self._done(text, "" if text else self._why or "no process of the server is Python's")


def _reason(complaint: bytes) -> str:
    """What is wrong, and its cause; not the advice for who has called it himself, nor where in its code it was."""
    text = complaint.decode("utf-8", "replace")
    if "permission denied" in text.lower():
        return "py-spy may not look into the server: on this system only root may look into another process"
    lines = [line.strip() for line in text.partition("Stack backtrace:")[0].splitlines()]
    said = [CAUSE.sub("", line) for line in lines if line and line != "Caused by:"]
    return f"py-spy says: {': '.join(said)[:300]}" if said else ""


def _shortened(text: bytes) -> bytes:
    if len(text) <= LARGEST:
        return text
    return text[: text.rindex(b"\n", 0, LARGEST) + 1] if b"\n" in text[:LARGEST] else text[:LARGEST]
