"""A run may be given so many seconds: then it is interrupted, in good order."""

from __future__ import annotations

import sys

from chatsim.checks.verdict import Outcome
from chatsim.profile.reader import load_profile
from chatsim.runs import Target, run
from chatsim.scenario.reader import read_scenario

SILENT = """
import socket, sys
server = socket.socket()
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
kept = []
while True:
    kept.append(server.accept())
"""

SCENARIO = 'scenario: "two talk"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {ann: {count: 3}}\n'


def test_a_run_that_takes_too_long_is_interrupted_and_says_so() -> None:
    target = Target(command=f"{sys.executable} -c '{SILENT}' {{port}}")

    # Without a limit it would wait for somebody to hear something, which takes half a minute with this patience.
    played = run(read_scenario(SCENARIO, "two.yaml"), load_profile("relay"), target, seed=1, patience=20.0, seconds=0.3)

    assert played.interrupted
    assert played.outcome is Outcome.INCONCLUSIVE
    assert played.duration_s < 10
    assert played.history is not None
    assert [entry.detail["why"] for entry in played.history.of("ended")] == ["interrupted"]


def test_a_run_that_is_over_sooner_is_not() -> None:
    played = run(read_scenario(SCENARIO, "two.yaml"), load_profile("lines"), seed=1, seconds=60.0)

    assert not played.interrupted
    assert played.outcome is Outcome.PASSED
