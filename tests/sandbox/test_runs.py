"""Whole runs in a sandbox: right servers pass, wrong ones fail in the same way as outside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Start
from chatsim.profile.reader import load_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import run
from chatsim.sandbox.sandbox import Sandbox
from chatsim.scenario.reader import load_scenario
from tests.servers.catalogue import WRONG, Wrong

ROOT = Path(__file__).parent.parent.parent
SERVERS = ROOT / "tests" / "servers"
# What is seen of processes, threads, sockets and memory: that is what a sandbox could stand before.
CHOSEN = ("clean-exit", "no-thread-leak", "no-socket-leak", "no-memory-leak", "stays-up", "nickname-released")


def play(server: str, scenario: Path, profile: str, sandbox: Sandbox, patience: float = 1.0) -> Run:
    start = Start(command=("python3", f"{server}.py", "{port}"), folder=str(SERVERS))
    spoken = replace(load_profile(profile), start=start)
    return run(load_scenario(scenario), spoken, seed=1, patience=patience, sandbox=sandbox)


@pytest.mark.parametrize("name", ["drops", "rejoin", "order", "restart", "churn"])
def test_a_right_server_fails_nothing(name: str, sandbox: Sandbox) -> None:
    played = play("right_threads", ROOT / "scenarios" / f"{name}.yaml", "lines", sandbox)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


@pytest.mark.parametrize(
    "wrong", [each for each in WRONG if set(each.expected) & set(CHOSEN)], ids=lambda each: each.name
)
def test_a_wrong_server_fails_the_same_as_outside(wrong: Wrong, sandbox: Sandbox) -> None:
    scenario = SERVERS / "scenarios" / f"{wrong.scenario}.yaml"
    played = play(wrong.server, scenario, wrong.profile, sandbox, wrong.patience)

    failed = {
        verdict.property: str(verdict.evidence) for verdict in played.verdicts if verdict.outcome is Outcome.FAILED
    }
    assert (played.error, failed) == (None, wrong.expected), render(Report((played,)), Style())
