"""How patient is a grading to be on this machine, now? A trusted server is played with, as many at once as there will be.

Every student gets the same patience. A slow or a busy machine makes all of them wait longer; it makes nobody fail.
"""

from __future__ import annotations

from statistics import median

from chatsim.jobs import Crew, Job
from chatsim.profile.reader import load_profile
from chatsim.report.report import Run
from chatsim.runs import Target
from chatsim.scenario.reader import read_scenario

__all__ = ["USUAL", "patience_here"]

SCENARIO = b"""scenario: a trusted server is played with
bots: [ann, bob, cat]
steps:
  - join: everyone
  - repeat:
      times: 10
      do:
        - chat: {ann: "is this machine quick?", bob: "or is it slow?", cat: "we shall see"}
  - disconnect: everyone
"""
USUAL = 0.25  # seconds that it takes on a machine for which the usual patience is meant
ROUNDS = 3
MOST = 8.0  # times the usual patience: on a slower machine something else is wrong


def patience_here(jobs: int) -> float:
    """In times of the usual, from 1 on, in halves: it is told, and a hair's breadth tells nothing.

    Raises ChatsimError if the trusted server itself fails here.
    """
    job = Job(read_scenario(SCENARIO, "calibration"), load_profile("lines"), Target(), seed=1)
    crew: Crew[Run] = Crew(jobs)
    with crew:
        runs = [run for _, run in crew.as_ready([job] * (ROUNDS * jobs))]
    for run in runs:
        if run.error is not None:
            raise run.error
    slow = median(run.duration_s for run in runs) / USUAL
    return min(MOST, max(1.0, round(2 * slow) / 2))
