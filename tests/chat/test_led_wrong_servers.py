"""Servers that are wrong on purpose, led step by step: judged in the middle, they fail what a whole run fails."""

from __future__ import annotations

from pathlib import Path

import pytest

import chatsim
from chatsim.checks.verdict import Outcome
from chatsim.report.report import Run
from chatsim.scenario.reader import read_scenario
from tests.servers.catalogue import WRONG, Wrong
from tests.servers.starting import FOLDER, command_of

# A fifth of them, for the time that it takes; all were tried by hand. What only a server's end shows can not be among them.
SOME = [wrong for wrong in WRONG if "clean-exit" not in wrong.expected][::5]


@pytest.mark.parametrize("wrong", SOME, ids=lambda wrong: wrong.name)
def test_what_a_whole_run_fails_is_seen_in_the_middle_too(wrong: Wrong, tmp_path: Path) -> None:
    text = (FOLDER / "scenarios" / f"{wrong.scenario}.yaml").read_text(encoding="utf-8")
    scenario = read_scenario(text)
    command = command_of(f"{wrong.server}.py", tmp_path)
    judged: list[Run] = []

    with chatsim.Chat(command, profile=wrong.profile, seed=1, patience=wrong.patience) as chat:
        for bot in scenario.bots:
            chat.bot(bot.name, nick=bot.nick)
        try:
            chat.play(text[text.index("\nsteps:") + len("\nsteps:") :])
        except chatsim.ChatFailedError as failed:  # what was expected, and what was made impossible, fails at once
            judged += failed.report.runs
        try:
            chat.holds()
        except chatsim.ChatFailedError as failed:
            judged += failed.report.runs

    failing = {verdict.property for run in judged for verdict in run.verdicts if verdict.outcome is Outcome.FAILED}
    assert failing == set(wrong.expected)
