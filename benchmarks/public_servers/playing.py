"""What chatsim makes of one server: found by itself, and played. Each call is a process of its own with a time limit."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.public_servers.bringing import Trouble, ended

__all__ = ["Detected", "Played", "detect", "judged", "play"]

ROOT = Path(__file__).parent.parent.parent
LEAVING = 15  # seconds that chatsim has to end its server when its own time is over

# What a profile that does not fit breaks. All else that fails is the server's own.
OF_THE_LANGUAGE = frozenset(
    {"delivery", "no-duplication", "no-creation", "intact", "attribution", "echo", "lets-in", "expectations"}
)


@dataclass(frozen=True, slots=True)
class Detected:
    """`profile`: what was written, if anything was. `told`: the last line that it said."""

    profile: str | None
    seconds: float
    told: str


@dataclass(frozen=True, slots=True)
class Played:
    """`works`: people came, were heard, and went. `why`: what was in the way. `played`: to the end, whatever was said of it:
    the language fits, as far as the server goes. `failed`: all that was said against it."""

    works: bool
    why: str = ""
    played: bool = False
    failed: tuple[str, ...] = ()
    inconclusive: tuple[str, ...] = ()


def detect(command: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float) -> Detected:
    """Lets chatsim find the profile of the server that this command starts."""
    wanted = folder / "found.yaml"
    began = time.monotonic()
    words = ["detect", "--output", str(wanted), "--", *command]
    try:
        said = _chatsim(words, folder, env, seconds)
    except Trouble as trouble:
        said = str(trouble)
    took = time.monotonic() - began
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    profile = wanted.read_text(encoding="utf-8") if wanted.exists() else None
    return Detected(profile, took, lines[-1][:200] if lines else "")


def play(
    scenario: str,
    profile: Path,
    folder: Path,
    env: Mapping[str, str],
    seconds: float,
) -> list[dict[str, Any]]:
    """The runs, as `--json` tells them. Raises Trouble where there are none in time."""
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    words = ["run", scenario, "--profile", str(profile), "--seed", "1", "--json", str(report), "-q"]
    said = _chatsim(words, folder, env, seconds)
    if not report.exists():
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise Trouble(lines[0][:200] if lines else "chatsim said nothing")
    runs: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["runs"]
    return runs


def judged(runs: Sequence[Mapping[str, Any]], by_hand: Played | None = None, *, heard: bool = True) -> Played:
    """Whether join, chat and leave work: of the first run all that hangs on the language, of the others that they could be
    played at all. Beside a profile by hand, what fails with that one as well is the server's doing, and does not count.
    `heard`: somebody must be heard."""
    excused = frozenset(by_hand.failed if by_hand is not None else ())
    failed = _named(runs, "failed")
    why = ""
    for number, one in enumerate(runs):
        verdicts = {each["property"]: each["outcome"] for each in one["verdicts"]}
        if one["error"] is not None:
            why = one["error"]["problems"][0]["what"].splitlines()[0]
        elif one["outcome"] == "not-applicable":
            why = one["why"]
        elif number == 0 and verdicts.get("lets-in") != "passed":
            why = "nobody was let in"
        elif heard and number == 0 and "passed" not in (verdicts.get("delivery"), verdicts.get("no-duplication")):
            why = "nobody was heard"
        else:
            against = [name for name, outcome in verdicts.items() if outcome == "failed" and name in OF_THE_LANGUAGE]
            beyond = [name for name in against if name not in excused]
            if beyond and (number == 0 or by_hand is not None):
                why = f"failed: {', '.join(beyond)}"
        if why:
            break
    played = bool(runs) and all(one["error"] is None and one["outcome"] != "not-applicable" for one in runs)
    return Played(not why and bool(runs), why, played, failed, _named(runs, "inconclusive"))


def _named(runs: Sequence[Mapping[str, Any]], outcome: str) -> tuple[str, ...]:
    found = (each["property"] for one in runs for each in one["verdicts"] if each["outcome"] == outcome)
    return tuple(dict.fromkeys(found))


def _chatsim(words: Sequence[str], folder: Path, env: Mapping[str, str], seconds: float) -> str:
    """What it said. Raises Trouble when the time is over; nothing of it is left then."""
    said = folder / "chatsim.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "chatsim", *words],
            cwd=folder,
            env={**env, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return said.read_text(encoding="utf-8", errors="replace")
        raise Trouble(f"took longer than {seconds:g} s")
    finally:
        ended(process, polite=LEAVING)
