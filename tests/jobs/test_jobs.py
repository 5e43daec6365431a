"""Runs side by side: in the order asked for, and nobody is left behind, however it ends."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from chatsim import jobs, runs
from chatsim.checks.verdict import Outcome
from chatsim.errors import ChatsimError
from chatsim.jobs import Crew, Job, cores
from chatsim.profile.reader import builtin_names, load_profile, read_profile
from chatsim.report.report import Run
from chatsim.scenario.reader import load_scenario, read_scenario

ROOT = Path(__file__).parents[2]
TALK = 'scenario: "two talk"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {ann: {count: 3}}\n'
PAUSE = 'scenario: "a pause"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - pause: 60s\n'


def job(text: str = TALK, seed: int = 1, **how: object) -> Job:
    return replace(Job(read_scenario(text, "talk.yaml"), load_profile("lines"), seed=seed), **how)  # type: ignore[arg-type]


def servers(above: psutil.Process) -> list[psutil.Process]:
    """The reference servers that somebody below this process has started."""
    found = []
    for process in above.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # what helps at the start of a run is gone in a moment
            found += [process] if "reference_server" in process.cmdline() else []
    return found


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not alive


def said(run: Run) -> list[str]:
    """What the bots said of the scenario's: how often chatsim itself knocks depends on the machine."""
    assert run.history is not None
    return [message.text for message in run.history.messages if message.kind == "chat"]


# --- what is given back ---------------------------------------------------------------------------------------------


def test_the_runs_come_in_the_order_asked_for_though_the_first_takes_longest() -> None:
    slow = job('scenario: "slow"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - pause: 1s\n', seed=9)
    with Crew(2) as crew:
        given = list(crew.in_order([slow, job(seed=3), job(seed=4)]))

    assert [(number, run.seed) for number, run in given] == [(0, 9), (1, 3), (2, 4)]
    assert {run.outcome for _, run in given} == {Outcome.PASSED}


def test_as_they_are_ready_the_quick_ones_come_first() -> None:
    with Crew(2) as crew:
        ready = crew.as_ready([job(PAUSE), job(seed=3), job(seed=4)])

        assert [next(ready)[0], next(ready)[0]] == [1, 2]


def test_a_run_is_what_it_would_have_been_here() -> None:
    with Crew(1) as crew:
        ((_, there),) = crew.as_ready([job(seed=5)])
    here = job(seed=5).play()

    assert there.history is not None and here.history is not None
    assert there.history.header == here.history.header
    assert said(there) == said(here) != []
    assert [verdict.property for verdict in there.verdicts] == [verdict.property for verdict in here.verdicts]


def test_a_job_is_taken_only_when_somebody_is_free() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[Job]:
        for seed in range(5):
            taken.append(seed)
            yield job(seed=seed)

    with Crew(2) as crew:
        next(crew.as_ready(jobs()))

    assert taken == [0, 1]


@pytest.mark.parametrize("name", builtin_names())
def test_profiles_and_scenarios_survive_the_way(name: str) -> None:
    profile = load_profile(name)
    scenarios = [load_scenario(str(path)) for path in sorted((ROOT / "scenarios").glob("*.yaml"))]

    assert pickle.loads(pickle.dumps(profile)) == profile
    assert pickle.loads(pickle.dumps(scenarios)) == scenarios


def test_an_error_survives_the_way_with_its_problems() -> None:
    target = runs.Target(command="no-such-program")
    with Crew(1) as crew:
        ((_, run),) = crew.as_ready([job(target=target)])

    assert run.error is not None
    assert run.error.exit_code == 4
    assert run.error.problems == job(target=target).play().error.problems  # type: ignore[union-attr]


def test_there_is_a_processor() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_a_worker_that_is_ended_while_it_looks_for_temporary_files_tidies_up_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    def probing() -> str:
        signal.raise_signal(signal.SIGTERM)  # to this thread: a test has others, and a worker does not yet
        happened.append("looked and tidied up")
        return "/tmp"

    before = signal.signal(signal.SIGTERM, lambda *_: happened.append("ended"))
    try:
        monkeypatch.setattr(jobs, "gettempdir", probing)
        jobs._find_temporary_folder()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert happened == ["looked and tidied up", "ended"]


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_worker_that_dies_makes_its_run_an_error_and_the_others_go_on() -> None:
    dying = 'profile: dying\nstart: {command: "sh -c \'kill -9 $PPID\'"}\nsays: "{text}"\n'
    profile = read_profile(dying, "dying.yaml")
    with Crew(1) as crew:
        given = list(crew.in_order([job(seed=1), job(profile=profile), job(seed=3)]))

    outcomes = [run.error is None for _, run in given]
    assert outcomes == [True, False, True]
    lost: Run = given[1][1]
    assert lost.error is not None
    assert lost.error.exit_code == 5
    assert "killed by signal 9" in str(lost.error)


@pytest.mark.parametrize("call", ["Pipe", "subprocess.Popen"])
def test_where_no_process_can_be_started_it_is_told(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(f"chatsim.jobs.{call}", refused)

    with (
        Crew(1) as crew,
        pytest.raises(ChatsimError, match="no process can be started to play in: resource temporarily"),
    ):
        list(crew.as_ready([job()]))


def test_a_fault_of_ours_is_told_as_one() -> None:
    broken = job()
    broken = replace(broken, scenario=replace(broken.scenario, steps=None))  # type: ignore[arg-type]  # no reader gives that
    with Crew(1) as crew:
        given = list(crew.in_order([broken, job(seed=3)]))

    assert "chatsim itself failed: TypeError" in str(given[0][1].error)
    assert given[1][1].outcome is Outcome.PASSED


def test_when_the_crew_is_left_early_servers_and_workers_are_gone() -> None:
    with Crew(2) as crew:
        for _ in crew.as_ready([job(), job(PAUSE), job(PAUSE)]):
            below = psutil.Process().children(recursive=True)
            break

    assert len(below) >= 2
    assert gone(below)


MAIN = """
from chatsim import jobs
from chatsim.jobs import Crew, Job
from chatsim.profile.reader import load_profile
from chatsim.scenario.reader import read_scenario
jobs.GRACE = 60.0  # a busy machine needs more than its usual grace to end two runs in good order
pause = Job(read_scenario({text!r}, "pause.yaml"), load_profile("lines"), seed=1)
try:
    with Crew(2) as crew:
        for number, run in crew.as_ready([pause, pause]):
            print(number, run.interrupted, run.history is not None, flush=True)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_whoever_plays_is_ended_and_nobody_is_left_behind(number: int) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", MAIN.format(text=PAUSE)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with program:
        try:
            parent = psutil.Process(program.pid)
            while len(servers(parent)) < 2:
                assert program.poll() is None
            below = parent.children(recursive=True)
            program.send_signal(number)
            told, _ = program.communicate(timeout=60)
        finally:
            program.kill()

    assert gone(below)
    if number == signal.SIGINT:
        assert sorted(told.splitlines()) == ["0 True True", "1 True True", "interrupted"]
