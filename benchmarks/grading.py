"""A class of copies, graded with one job and with two: how much of the second processor is used, and how many a minute.

    python -m benchmarks.grading [--submissions 100] [--scenario FILE]... [--sandbox LEVEL]

By default all scenarios that come with chatsim which can be played in the dialect `lines`. Every other copy is right, the
others have one mistake each of the kinds that students make. What is in doubt is played again, as in any grading: so of the
time of a wrong copy, most is waiting for what never comes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chatsim.profile.reader import load_profile
from chatsim.runs import why_not
from chatsim.scenario.reader import load_scenario
from chatsim.selftest.shipped import shipped_scenarios

ROOT = Path(__file__).parents[1]

PROFILE = "lines"
SERVER = """import sys
from reference_server.__main__ import main

sys.exit(main(["--dialect", "lines", "--port", sys.argv[1], *{words}]))
"""
BROKEN = "def main(:\n"
FAULTS = (
    "echoes-to-the-sender",
    "thread-for-each-message",
    "a-reset-is-not-leaving",
    "a-reset-ends-the-server",
    "the-slowest-reader-decides",
    "says-goodbye-twice",
    "takes-any-name",
    "broadcasts-without-the-lock",
    "catches-nothing",
)
WRONG = (*(SERVER.format(words=["--fault", fault]) for fault in FAULTS), BROKEN)


def a_class(folder: Path, submissions: int, scenarios: list[Path]) -> None:
    """The assignment and what was handed in."""
    for number in range(submissions):
        student = folder / "handed in" / f"student {number:03}"
        package = student / "reference_server"
        shutil.copytree(ROOT / package.name, package, ignore=shutil.ignore_patterns("__pycache__"))
        wrong = WRONG[number // 2 % len(WRONG)]
        (student / "server.py").write_text(wrong if number % 2 else SERVER.format(words=[]), encoding="utf-8")
    parts = []
    for path in scenarios:
        (folder / path.name).write_bytes(path.read_bytes())
        parts.append(f"  - {{part: {path.stem}, points: 1, scenario: {path.name}}}\n")
    (folder / "assignment.yaml").write_text(
        "assignment: copies\n"
        f'server: {{find: server.py, command: "python {{file}} {{port}}", profile: {PROFILE}}}\n'
        f"parts:\n{''.join(parts)}",
        encoding="utf-8",
    )


def graded(folder: Path, jobs: int, sandbox: str) -> tuple[float, str]:
    """Seconds that it took, and the grade book."""
    words = ["grade", "handed in", "-o", f"with {jobs}", "--jobs", str(jobs), "--patience", "1", "--quiet"]
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "chatsim", *words, "--sandbox", sandbox],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert ended.returncode in (0, 3), f"chatsim grade ended with {ended.returncode}"
    return time.monotonic() - began, (folder / f"with {jobs}/grades.csv").read_text(encoding="utf-8-sig")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=100)
    parser.add_argument("--scenario", type=Path, action="append")
    parser.add_argument("--sandbox", default="auto")
    asked = parser.parse_args()
    profile = load_profile(PROFILE)
    scenarios = asked.scenario or [
        path for path in shipped_scenarios() if why_not(load_scenario(str(path)), profile) is None
    ]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        a_class(folder, asked.submissions, scenarios)
        print(f"{asked.submissions} submissions, {len(scenarios)} scenarios")
        two, same = graded(folder, 2, asked.sandbox)
        print(f"  2 jobs: {two:.1f} s, {60 * asked.submissions / two:.1f} a minute", flush=True)
        one, book = graded(folder, 1, asked.sandbox)
        print(f"  1 job: {one:.1f} s, {60 * asked.submissions / one:.1f} a minute")
    print(f"  of two processors {100 * one / (2 * two):.0f} % are used, beside one")
    print(f"  the two grade books are {'the same' if book == same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
