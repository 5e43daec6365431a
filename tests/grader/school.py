"""`chatsim grade` as a program of its own, in a folder of the test's."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import small_class

__all__ = ["Ended", "School"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass
class School:
    """A folder with an assignment and what was handed in; `grade` starts the command there."""

    folder: Path
    started: list[psutil.Process]

    def hand_in(self, student: str, files: dict[str, str]) -> None:
        small_class.hand_in(self.folder / "handed in", student, files)

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "chatsim", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.started.append(psutil.Process(process.pid))
        return process

    def call(self, *words: str) -> Ended:
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)

    def grade(self, *words: str, results: str = "grades") -> Ended:
        """Without a sandbox, since these servers are ours; and with the machine taken for a quick one."""
        return self.call("grade", "handed in", "-o", results, "--unsafe-no-sandbox", "--patience", "0.5", *words)

    def book(self, results: str = "grades") -> str:
        return (self.folder / results / "grades.csv").read_text(encoding="utf-8-sig")
