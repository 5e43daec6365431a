"""Five thousand bots in one process: do they all connect, hear and get judged, and in how much memory?

    python -m benchmarks.many_bots [--bots 5000]

Two runs in processes of their own, with few and with many deliveries: what the second needs more is what a delivery
costs, and what is left of the first is what a bot costs. Counted is Python's own memory (tracemalloc), at its peak.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

from benchmarks.fan_out import TALKERS, written
from benchmarks.fleet import fan_out_server
from benchmarks.measuring import HERE, ROOT, Row

SAID = (100, 300)  # messages in the smaller and in the larger run


def play(host: str, port: int, path: str) -> dict[str, float | str]:
    """One run, here and now."""
    from chatsim import runs
    from chatsim.checks import hearing
    from chatsim.profile.reader import load_profile
    from chatsim.scenario.reader import load_scenario

    hearing.numpy_if_long(10**9)  # a library's own modules are no memory of bots
    scenario, profile = load_scenario(path), load_profile(str(HERE / "relayed_lines.yaml"))
    gc.collect()
    tracemalloc.start()
    began = time.perf_counter()
    run = runs.run(scenario, profile, runs.Target(address=(host, port)), seed=1)
    assert run.history is not None
    heard = sum(1 for _ in run.history.of("heard"))
    return {
        "outcome": run.outcome.value if run.error is None else str(run.error),
        "present": sum(1 for _ in run.history.of("present")),
        "heard": heard,
        "peak": tracemalloc.get_traced_memory()[1],
        "seconds": time.perf_counter() - began,
    }


def rows(bots: int = 5000) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, fan_out_server(Path(folder)) as (_, (host, port)):
        told = []
        for messages in SAID:
            path, said = written(Path(folder), bots, messages * (bots - 1))
            assert said == messages
            command = (sys.executable, "-m", "benchmarks.many_bots", "--play", host, str(port), str(path))
            done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
            told.append(json.loads(done.stdout))
    few, many = told
    delivery = (many["peak"] - few["peak"]) / (many["heard"] - few["heard"])
    bot = (few["peak"] - max(0.0, delivery) * few["heard"]) / bots
    all_there = all(each["outcome"] == "passed" and each["present"] == bots for each in told)
    shown = f"{many['outcome']}, {many['present']:,} present, {many['heard']:,} deliveries in {many['seconds']:.0f} s"
    return [
        Row(f"{bots:,} bots connected, heard and checked", "all", shown + " (traced)", all_there),
        Row("  Python memory a bot", "≤ 8 KiB", f"{bot / 1024:.1f} KiB", bot <= 8192),
        Row("  memory a delivery", "≤ 16 bytes", f"{delivery:.1f} bytes", delivery <= 16),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bots", type=int, default=5000)
    parser.add_argument("--play", nargs=3, metavar=("HOST", "PORT", "SCENARIO"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.play:
        host, port, path = options.play
        print(json.dumps(play(host, int(port), path)))
        return
    for row in rows(options.bots):
        print(row)


if __name__ == "__main__":
    main()
