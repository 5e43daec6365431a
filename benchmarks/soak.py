"""Right servers under load: every shipped scenario in every dialect it applies to, again and again, on a busy machine.

    python -m benchmarks.soak --repeats 500 --jobs 4 --busy 2

Nothing but `passed` is right: whatever else comes is printed with its seed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Profile
from chatsim.profile.reader import builtin_names, load_profile
from chatsim.report.report import Run
from chatsim.runs import run, why_not
from chatsim.scenario.reader import load_scenario
from chatsim.scenario.scenario import Scenario

SCENARIOS = Path(__file__).parent.parent / "scenarios"


@lru_cache
def scenario_of(path: Path) -> Scenario:
    return load_scenario(str(path))


@lru_cache
def profile_of(name: str) -> Profile:
    return load_profile(name)


def jobs(repeats: int, first_seed: int, profiles: Sequence[str]) -> Iterator[tuple[Path, str, int]]:
    """One job a run; those that a profile cannot play are left out."""
    pairs = [
        (path, name)
        for path in sorted(SCENARIOS.glob("*.yaml"))
        for name in profiles
        if why_not(scenario_of(path), profile_of(name)) is None
    ]
    for repeat in range(repeats):
        yield from ((path, name, first_seed + repeat) for path, name in pairs)


def play(job: tuple[Path, str, int]) -> tuple[str, str, int, str, float]:
    path, name, seed = job
    played = run(scenario_of(path), profile_of(name), seed=seed)
    return path.stem, name, seed, "" if is_right(played) else told(played), played.duration_s


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
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--busy", type=int, default=2, help="processes that do nothing but keep a processor busy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="append", help="only this dialect (may be said again); default: all")
    options = parser.parse_args()
    hogs = [multiprocessing.Process(target=burn, daemon=True) for _ in range(options.busy)]
    for hog in hogs:
        hog.start()
    began, count, wrong, longest = time.monotonic(), 0, 0, 0.0
    with multiprocessing.Pool(options.jobs) as pool:
        for scenario, profile, seed, problem, seconds in pool.imap_unordered(
            play, jobs(options.repeats, options.seed, options.profile or builtin_names())
        ):
            count += 1
            longest = max(longest, seconds)
            if problem:
                wrong += 1
                print(f"{scenario} · {profile} · seed {seed}\n    {problem}", flush=True)
            if count % 500 == 0:
                print(
                    f"{count} runs, {wrong} not passed, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
                )
    for hog in hogs:
        hog.kill()
    print(f"{count} runs in {time.monotonic() - began:.0f} s: {wrong} not passed; the longest took {longest:.2f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
