"""The whole text that the author of a faulty server reads: does it tell what to change?

The servers are those of the zoo, one mistake each. UPDATE_GOLDEN=1 writes the texts anew; then read them as a
tired student would, with the mistake beside them (`chatsim faults`), before you commit them.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chatsim.profile.reader import load_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run
from chatsim.scenario.reader import read_scenario
from tests.test_wrong_servers import without_chance

HERE = Path(__file__).parent
SCENARIOS = (HERE / "scenarios", HERE.parent / "servers" / "scenarios")


@dataclass(frozen=True)
class Told:
    """Which fault, in which scenario; at which property its cause is told, and how surely."""

    fault: str
    scenario: str
    at: str
    sure: str
    dialect: str = "lines"
    patience: float = 0.5


TOLD = (
    Told("a-reset-is-not-leaving", "three_ways", "drop-notice", "probably"),
    Told("end-of-file-is-not-leaving", "three_ways", "drop-notice", "surely"),
    Told("only-the-quit-word-is-leaving", "three_ways", "drop-notice", "probably"),
    Told("names-are-never-released", "back_again", "nickname-released", "surely"),
    Told("half-a-character-ends-the-server", "in_pieces", "stays-up", "surely"),
    Told("one-recv-is-one-message", "two_in_one_write", "framing", "surely"),
    Told("only-the-first-line", "two_in_one_write", "delivery", "probably"),
    Told("takes-out-the-dead-while-looping", "behind", "delivery", "probably"),
    Told("dead-client-stops-the-broadcast", "behind", "delivery", "probably"),
    Told("speaks-for-the-last-one", "pair", "attribution", "probably"),
    Told("greets-in-the-accept-loop", "shy", "lets-in", "surely"),
    Told("catches-nothing", "reset", "no-crash-output", "surely"),
    Told("a-reset-ends-the-server", "reset", "stays-up", "surely"),
    Told("bad-bytes-end-the-server", "bad_bytes", "no-crash-output", "surely"),
    Told("the-slowest-reader-decides", "does_not_read", "no-head-of-line-blocking", "probably"),
)


def play(told: Told) -> Run:
    """The command is that of somebody who stands beside their server."""
    path = next(path for folder in SCENARIOS if (path := folder / f"{told.scenario}.yaml").exists())
    words = [sys.executable, "-m", "reference_server", "--fault", told.fault, "--dialect", told.dialect, "--port"]
    command = f"{shlex.join(words)} {{port}}"
    scenario = read_scenario(path.read_bytes(), path.name)
    played = run(scenario, load_profile(told.dialect), Target(command), seed=1, patience=told.patience)
    shown = "python server.py {port}"
    return replace(played, server=shown, replay=played.replay.replace(shlex.quote(command), shlex.quote(shown)))


CHANCE = (
    (r"\n    ann: is everybody well\?", ""),  # the server may have taken up her words in the turn in which it ended
    (r"(\w+\.py):\d+", r"\1:##"),  # the zoo's own lines move
    (r"\b\d+ ?%", "## %"),
    (r"\b\d+ ms of rest", "## ms of rest"),
    (r"(127\.0\.0\.1:)\d+", r"\1#####"),
    (r"\(python[^)]*%\)", "(python ## %)"),
    # How busy it was at its start hangs on the machine.
    (r" (Before\s+anything\s+went\s+wrong\s+it|It\s+had\s+been\s+as\s+busy)[^.]*\.", ""),
    (r"byte 0x\w\w in position \d+", "byte 0x## in position ##"),
)


def read_by_a_student(run: Run) -> str:
    text = without_chance(render(Report((run,)), Style()))
    for pattern, shown in CHANCE:
        text = re.sub(pattern, shown, text)
    return text


@pytest.mark.parametrize("told", TOLD, ids=lambda told: told.fault)
def test_the_text_tells_what_to_change(told: Told) -> None:
    played = play(told)
    text = read_by_a_student(played)

    golden = HERE / "golden" / f"{told.fault}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    sure = {verdict.property: verdict.hint_sure for verdict in played.verdicts}
    assert sure[told.at] == told.sure, text
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_text_belongs_to_a_fault() -> None:
    assert {path.stem for path in (HERE / "golden").iterdir()} == {told.fault for told in TOLD}
