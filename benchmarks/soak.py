"""Right servers under load: every shipped scenario, again and again, while both processors are kept busy by others.

    python -m benchmarks.soak --runs 2000

plays them with the reference server in each of its dialects and with the right servers of `tests/servers`, whatever they
are written in, as far as this machine can start them. Nothing but `passed` is right: whatever else comes is printed with
its seed, and the exit code is 1. A run that was only `inconclusive` is played again alone, with four times the patience,
as a grader would; what then remains counts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Profile
from chatsim.profile.reader import dialect_names, load_profile
from chatsim.report.report import Run
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario
from chatsim.scenario.scenario import Scenario
from tests.servers.catalogue import RIGHT
from tests.servers.starting import command_of, missing_for

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@dataclass(frozen=True)
class Server:
    """One right server: the reference server in a dialect, or one of `tests/servers`."""

    name: str
    profile: Profile
    command: str | None = None
    but: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    scenario: Path
    server: Server
    seed: int
    patience: float = 1.0


@dataclass(frozen=True)
class Done:
    job: Job
    outcome: Outcome
    told: str
    seconds: float

    @property
    def right(self) -> bool:
        return self.outcome is Outcome.PASSED and not self.told

    def __str__(self) -> str:
        return f"{self.job.scenario.stem} · {self.job.server.name} · seed {self.job.seed}\n    {self.told}"


@lru_cache
def scenario_of(path: Path) -> Scenario:
    return load_scenario(str(path))


def dialects(names: Sequence[str]) -> Iterator[Server]:
    for name in names:
        yield Server(name, load_profile(name))


def own_servers(folder: Path) -> Iterator[Server]:
    for right in RIGHT:
        if lacking := missing_for(right.file):
            print(f"{right.file} is left out: it needs {lacking}", file=sys.stderr)
            continue
        yield Server(right.name, right.profile, command_of(right.file, folder), right.but)


def jobs(servers: Sequence[Server], first_seed: int) -> Iterator[Job]:
    """Without an end, each scenario with each server that can play it in turn."""
    pairs = [
        (path, server)
        for path in sorted(SCENARIOS.glob("*.yaml"))
        for server in servers
        if path.stem not in server.but and why_not(scenario_of(path), server.profile) is None
    ]
    for seed in count(first_seed):
        yield from (Job(path, server, seed) for path, server in pairs)


def play(job: Job) -> Done:
    played = run(
        scenario_of(job.scenario), job.server.profile, Target(job.server.command), seed=job.seed, patience=job.patience
    )
    return Done(job, played.outcome, "" if is_right(played) else told(played), played.duration_s)


def is_right(played: Run) -> bool:
    return played.outcome is Outcome.PASSED and played.error is None


def told(played: Run) -> str:
    wrong = [verdict for verdict in played.verdicts if verdict.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE)]
    lines = [f"{verdict.property} {verdict.outcome} ({verdict.cause}): {verdict.summary}" for verdict in wrong]
    return "\n    ".join(lines) or str(played.error or played.outcome)


def burn() -> None:
    while True:
        pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=250, help="how many in all; once round is about as many")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--busy", type=int, default=2, help="processes that do nothing but keep a processor busy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="append", help="only this dialect (may be said again)")
    parser.add_argument("--server", action="append", help="only this server of tests/servers (may be said again)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        servers = list(dialects(options.profile or ([] if options.server else dialect_names())))
        if options.server or not options.profile:
            servers += [s for s in own_servers(Path(folder)) if not options.server or s.name in options.server]
        return soak(servers, options.runs, options.jobs, options.busy, options.seed)


def soak(servers: Sequence[Server], runs: int, at_once: int, busy: int, first_seed: int) -> int:
    hogs = [multiprocessing.Process(target=burn, daemon=True) for _ in range(busy)]
    for hog in hogs:
        hog.start()
    began, longest = time.monotonic(), 0.0
    wrong: list[Done] = []
    unclear: list[Done] = []
    with multiprocessing.Pool(at_once) as pool:
        for number, done in enumerate(pool.imap_unordered(play, islice(jobs(servers, first_seed), runs)), 1):
            longest = max(longest, done.seconds)
            if not done.right:
                (unclear if done.outcome is Outcome.INCONCLUSIVE else wrong).append(done)
                print(done, flush=True)
            if number % 100 == 0:
                so_far = f"{number} runs, {len(wrong)} wrong, {len(unclear)} inconclusive"
                print(f"{so_far}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    for hog in hogs:
        hog.kill()
    again = [play(replace(done.job, patience=4.0)) for done in unclear]
    left = [done for done in again if not done.right]
    for done in left:
        print(f"again, alone: {done}", flush=True)
    print(
        f"{runs} runs in {time.monotonic() - began:.0f} s: {len(wrong)} failed, {len(unclear)} inconclusive, "
        f"{len(left)} of them also alone; the longest took {longest:.2f} s"
    )
    return 1 if wrong or left else 0


if __name__ == "__main__":
    sys.exit(main())
