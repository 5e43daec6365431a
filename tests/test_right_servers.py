"""Servers that are right, in several languages and manners, and nothing may be said against them.

Each plays a few of the shipped scenarios here; `python -m benchmarks.soak` plays all of them, many times.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.report.report import Report
from chatsim.report.text import Style, render
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario
from tests.servers.catalogue import RIGHT, Right
from tests.servers.starting import FOLDER, command_of, missing_for

SHIPPED = Path(__file__).parent.parent / "scenarios"
EACH = ("drops", "storm", "twins", "malformed")  # where servers are most often wrong


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.mark.parametrize(
    ("right", "name"),
    [(right, name) for right in RIGHT for name in (*EACH, right.hardest)],
    ids=lambda value: value.name if isinstance(value, Right) else value,
)
def test_a_right_server_fails_nothing(right: Right, name: str, compiled: Path) -> None:
    lacking = missing_for(right.file)
    if lacking is not None:
        pytest.skip(f"{right.file} needs {lacking}, which is not installed here")
    scenario = load_scenario(SHIPPED / f"{name}.yaml")

    played = run(scenario, right.profile, Target(command_of(right.file, compiled)), seed=1)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


def test_every_right_server_can_play_what_it_is_asked_to() -> None:
    for right in RIGHT:
        for name in (*EACH, right.hardest):
            assert why_not(load_scenario(SHIPPED / f"{name}.yaml"), right.profile) is None
            assert name not in right.but


def test_every_right_server_is_in_the_catalogue() -> None:
    assert {right.file for right in RIGHT} == {path.name for path in FOLDER.glob("[Rr]ight*.*")}
