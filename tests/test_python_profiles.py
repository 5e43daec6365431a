"""Right servers that no template could speak to are played with the profiles in Python that the documents show."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import load_profile
from chatsim.report.report import Report
from chatsim.report.text import Style, render
from chatsim.runs import Target, run
from chatsim.scenario.reader import load_scenario, read_scenario
from tests.servers.starting import command_of

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "example" / "python"
PLAYED = {"pickles": "speaks_pickles.py", "cipher": "speaks_in_cipher.py", "base64": "speaks_in_base64.py"}


@pytest.mark.parametrize("name", ["lobby", "drops", "cuts", "malformed"])
@pytest.mark.parametrize("profile", PLAYED)
def test_a_right_server_fails_nothing(profile: str, name: str, tmp_path: Path) -> None:
    scenario = load_scenario(ROOT / "scenarios" / f"{name}.yaml")

    spoken = load_profile(str(EXAMPLES / f"{profile}.yaml"))
    played = run(scenario, spoken, Target(command_of(PLAYED[profile], tmp_path)), seed=1)

    assert (played.outcome, played.error) == (Outcome.PASSED, None), render(Report((played,)), Style())


def test_an_exception_in_the_profile_ends_the_run_as_a_wrong_profile(tmp_path: Path) -> None:
    code = (
        (EXAMPLES / "pickles.py")
        .read_text(encoding="utf-8")
        .replace("return Said(text, nick)", "return Said(txt, nick)")
    )
    (tmp_path / "pickles.py").write_text(code, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text('profile: mine\npython: "pickles:Pickles"\n', encoding="utf-8")
    scenario = read_scenario('scenario: "hello"\nbots: 2\nsteps: [{join: everyone}, {chat: everyone}]\n', "hello.yaml")

    server = Target(command_of("speaks_pickles.py", tmp_path))
    played = run(scenario, load_profile(str(tmp_path / "mine.yaml")), server, seed=1)

    assert played.error is not None
    assert played.error.exit_code == 2
    assert "Pickles.received raised NameError: name 'txt' is not defined" in str(played.error)
    assert "return Said(txt, nick)" in str(played.error)
    assert played.verdicts == ()
