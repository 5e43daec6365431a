"""The ground on which chatsim meets hostile servers: it is run as its users run it, as a process of its own, and watched.

Every process that it starts carries a mark, in its environment or in its arguments: whoever is left over is seen.
"""

from __future__ import annotations

import os
import re
import resource
import select
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import psutil

__all__ = ["MEMORY", "Ended", "Ground", "Running", "free_port", "in_good_order", "plain"]

SERVERS = Path(__file__).parent / "servers"
MARK = "HOSTILE_MARK"
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where `python` is one of ours
MEMORY = 300_000_000  # bytes: what a chatsim may hold, whatever it is sent
PATIENCE = 60.0  # seconds after which the outer guard ends a run that hangs: no case comes near

PROFILE = """\
profile: hostile
start: {start}
framing: newline
join: [{{send: "{{nick}}"}}, {{await: "hi {{nick}}"}}]
says: "{{text}}"
hears: "{{nick}}: {{text}}"
notices: {{joined: "* {{nick}} joined", left: "* {{nick}} left"}}
"""

TALK = """\
scenario: "two talk"
bots: [ann, bob]
steps:
  - join: ann and bob
  - chat: {ann: {count: 5}}
"""


@dataclass(frozen=True)
class Ended:
    """How a chatsim ended. `rss`: the most memory that it, or any process it waited for, held, in bytes."""

    code: int
    out: str
    err: str
    seconds: float
    rss: int

    @property
    def said(self) -> str:
        return self.out + self.err


class Running:
    """A chatsim under way."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out, self._err = out, err
        self._began = time.monotonic()

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)  # Popen.send_signal would reap it first, if it has just ended

    @property
    def over(self) -> bool:
        watch = os.pidfd_open(self.process.pid)
        try:
            return bool(select.select([watch], (), (), 0)[0])
        finally:
            os.close(watch)

    def end(self, patience: float = PATIENCE) -> Ended:
        """Wait until it has ended; one that hangs is killed, and fails the test."""
        watch = os.pidfd_open(self.process.pid)
        try:
            ended, _, _ = select.select([watch], (), (), patience)
            if not ended:
                self.process.kill()
        finally:
            os.close(watch)
        _, status, usage = os.wait4(self.process.pid, 0)
        seconds = time.monotonic() - self._began
        self.process.returncode = code = os.waitstatus_to_exitcode(status)
        out, err = (path.read_text("utf-8", "replace") for path in (self._out, self._err))
        assert ended, f"chatsim hangs after {patience} s:\n{out[-3000:]}\n{err[-3000:]}"
        return Ended(code, out, err, seconds, usage.ru_maxrss * 1024)


class Ground:
    """A folder, a mark, a bell, and chatsim to be called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = "mark-" + uuid4().hex[:12]
        self.running: list[Running] = []
        self._bell = folder / "bell"
        os.mkfifo(self._bell)
        self._ears = os.open(self._bell, os.O_RDWR | os.O_NONBLOCK)
        self._rung = b""
        (folder / "servers").symlink_to(SERVERS)
        self.scenario()

    # --- what is to be played

    def server(self, name: str) -> str:
        """The command that starts this hostile server."""
        return f"python -S -B servers/{name}.py {{port}} bell {self.mark}"

    def profile(self, start: str = "null", more: str = "", name: str = "hostile.yaml") -> str:
        text = PROFILE.format(start=start) + more
        (self.folder / name).write_text(text.replace("start: null\n", ""), encoding="utf-8")
        return name

    def scenario(self, text: str = TALK, name: str = "talk.yaml") -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    # --- chatsim

    def start(
        self,
        *words: str,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] | None = None,
        around: Sequence[str] = (),
    ) -> Running:
        """`around`: words before the command, such as a shell that closes its input."""
        self._forget_what_was_rung()
        number = len(self.running)
        out, err = self.folder / f"out-{number}", self.folder / f"err-{number}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("CHATSIM", "COLUMNS"))}
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen(
                [*around, sys.executable, "-m", "chatsim", *words],
                cwd=self.folder,
                env=environment | {MARK: self.mark, "PYTHONPATH": str(SERVERS.parents[2]), "PATH": PATH},
                stdin=stdin,
                stdout=stdout if stdout is not None else out_file,
                stderr=err_file,
                start_new_session=True,
            )
        self.running.append(Running(process, out, err))
        return self.running[-1]

    def call(self, *words: str, **how: Any) -> Ended:
        return self.start(*words, **how).end()

    def against(self, server: str, *words: str, patience: float = 0.5, **how: Any) -> Ended:
        """`chatsim run talk.yaml` against one of the hostile servers."""
        return self.meet(server, *words, patience=patience, **how).end()

    def meet(self, server: str, *words: str, patience: float = 0.5, **how: Any) -> Running:
        self.profile()
        return self.start(
            *("run", "talk.yaml", "--server", self.server(server), "--profile", "hostile.yaml", "--seed", "1"),
            *("--patience", f"{patience:g}"),
            *words,
            **how,
        )

    # --- what the servers ring, and who is left

    def rung(self, word: str, patience: float = 20.0) -> None:
        """Wait until this has been rung."""
        deadline = time.monotonic() + patience
        while f"{word}\n".encode() not in self._rung:
            left = deadline - time.monotonic()
            assert left > 0, f"nobody rang {word!r}, but: {self._rung!r}"
            if select.select([self._ears], (), (), left)[0]:
                self._rung += os.read(self._ears, 4096)
        before, _, after = self._rung.partition(f"{word}\n".encode())
        self._rung = before + after

    def _forget_what_was_rung(self) -> None:
        self._rung = b""
        while select.select([self._ears], (), (), 0)[0]:
            os.read(self._ears, 4096)

    def survivors(self) -> list[str]:
        """The processes that carry the mark; chatsim itself, too, while it lives."""
        return [f"{process.pid} {' '.join(process.info['cmdline'] or ())}" for process in self._marked()]

    def _marked(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline", "environ", "status"])
            if process.info["status"] != psutil.STATUS_ZOMBIE
            and (
                (process.info["environ"] or {}).get(MARK) == self.mark
                or any(self.mark in word for word in process.info["cmdline"] or ())
            )
        ]

    def vanish(self, patience: float = 10.0) -> bool:
        """Are all of them gone before the patience is spent?"""
        deadline = time.monotonic() + patience
        while self.survivors():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        for running in self.running:
            if running.process.returncode is None:
                running.process.kill()
                running.process.wait()
        for process in self._marked():
            process.kill()
        os.close(self._ears)


def in_good_order(ground: Ground, ended: Ended) -> Ended:
    """Whatever happened: no traceback of ours, no fault of ours, nobody left, not much memory."""
    assert "Traceback" not in ended.err, ended.err
    assert "chatsim itself failed" not in ended.said, ended.said
    assert ended.code != 5, ended.said
    assert ground.survivors() == []
    # A child's peak counts from before its exec, when it was still the image of who forked it: of these tests.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert ended.rss < max(MEMORY, 1.1 * ours), f"{ended.rss / 1e6:.0f} MB"
    return ended


def plain(text: str, ground: Ground) -> str:
    """The text with what differs from run to run taken out."""
    text = text.replace(str(ground.folder), "FOLDER").replace(str(SERVERS), "SERVERS").replace(ground.mark, "MARK")
    text = re.sub(r"process \d+ \([^)]*\)", "process PID (COMMAND)", text)
    text = re.sub(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:PORT", text)
    text = re.sub(r"(?<=\.py )\d{4,5}(?= )", "PORT", text)
    text = re.sub(r"(?<=port )\d{4,5}", "PORT", text)
    text = re.sub(r"(?<=\{port: )\d{4,5}", "PORT", text)
    text = re.sub(r"\b\d{2},\d{3},\d{3} bytes", "N bytes", text)
    text = re.sub(r"\n  The last that \w+ got:\n(?:    .*\n)+", "", text)  # who heard what before a fault is a race
    return re.sub(r"(?<=      ) *\d+\.\d\d s\b|\b\d+\.\d+\s+s\b", "N s", text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
