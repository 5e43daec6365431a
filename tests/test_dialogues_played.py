"""Right servers whose dialogues are more than one line after the other, played with a profile in YAML."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Profile
from chatsim.profile.reader import read_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run
from chatsim.scenario.reader import load_scenario, read_scenario
from tests.servers.starting import command_of

ROOT = Path(__file__).parent.parent


def spoken(text: str) -> Profile:
    return read_profile(dedent(text), "odd.yaml")


def shipped(name: str, profile: Profile, server: str, folder: Path) -> Run:
    return run(load_scenario(ROOT / "scenarios" / f"{name}.yaml"), profile, Target(command_of(server, folder)), seed=1)


def played(steps: str, profile: Profile, server: str, folder: Path) -> Run:
    scenario = read_scenario('scenario: "x"\nbots: [ann, bob]\nsteps:\n' + dedent(steps), "x.yaml")
    return run(scenario, profile, Target(command_of(server, folder)), seed=1)


def right(run: Run) -> None:
    assert (run.outcome, run.error) == (Outcome.PASSED, None), render(Report((run,)), Style())


ACCOUNTS = """\
    profile: accounts
    extends: lines
    join:
      - send: "login {nick} {password}"
      - either:
          - - await: "[Login:{nick}] Welcome back"
          - - await: "[Error] no such account"
            - send: "register {nick} {password}"
            - await: "[Ok] {nick} is registered"
      - await: "Welcome, {nick}!"
"""


@pytest.mark.parametrize("name", ["lobby", "drops", "rejoin"])
def test_who_has_no_account_registers_and_who_has_one_logs_in(name: str, tmp_path: Path) -> None:
    right(shipped(name, spoken(ACCOUNTS), "speaks_of_accounts.py", tmp_path))


def test_where_one_of_several_ways_stops_is_told_with_the_way_it_went(tmp_path: Path) -> None:
    profile = spoken(ACCOUNTS.replace("[Ok] {nick} is registered", "[Ok] registered"))

    stopped = played("  - join: everyone\n", profile, "speaks_of_accounts.py", tmp_path)

    assert stopped.error is not None
    assert stopped.error.exit_code == 4
    assert (
        "  sent     'login ann pw-ann'\n"
        "  heard    '[Error] no such account'\n"
        "  sent     'register ann pw-ann'\n"
        "  awaited  '[Ok] registered'\n" in str(stopped.error)
    )
