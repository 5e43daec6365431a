"""How long does a short scenario take on a server that listens already? Beside a blocking script that does the same.

python -m benchmarks.short [--runs 15]
"""

from __future__ import annotations

import argparse
import statistics
import sys

from benchmarks.measuring import (
    CLOSING_LISTEN,
    HERE,
    MINIMAL,
    Address,
    Row,
    Stopwatch,
    alternate,
    median_ratio,
    server,
    spread,
)
from benchmarks.minimal import short_scenario

SERVERS = {
    "the reference server": (sys.executable, "-m", "reference_server"),
    "a server without TCP_NODELAY": (sys.executable, str(MINIMAL / "without_nodelay.py")),
}


def play(address: Address) -> float:
    """Seconds from the first step to the last verdict, less the stated wait."""
    from chatsim import runs
    from chatsim.profile.reader import load_profile
    from chatsim.scenario.reader import load_scenario

    watch = Stopwatch()
    scenario, profile = load_scenario(str(HERE / "short.yaml")), load_profile("lines")
    with watch.watching():
        run = runs.run(scenario, profile, runs.Target(address=address), seed=1)
    assert run.outcome.value == "passed", (run.error, run.verdicts)
    return watch.seconds - CLOSING_LISTEN


def rows(runs: int = 15) -> list[Row]:
    told = []
    for name, command in SERVERS.items():
        with server(*command) as address:
            found = alternate(
                {
                    "script": lambda address=address: short_scenario.play(address),  # type: ignore[misc]
                    "chatsim": lambda address=address: play(address),  # type: ignore[misc]
                },
                runs,
            )
        ratio = median_ratio(found["chatsim"], found["script"])
        reached = ratio <= 3 and statistics.median(found["chatsim"]) < 0.015
        shown = f"{ratio:.2f} times; {spread(found['chatsim'])}"
        told.append(Row(f"short scenario, {name}", "≤ 3 × script, < 15 ms", shown, reached))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    for row in rows(parser.parse_args().runs):
        print(row)


if __name__ == "__main__":
    main()
