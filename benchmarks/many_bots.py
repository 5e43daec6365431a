"""Five thousand bots in one process: do they all connect, hear and get judged, and in how much memory?

    python -m benchmarks.many_bots [--bots 5000]

Three runs in processes of their own: the second has five times the bots, the third three times the deliveries of the
second. From the differences follows what a bot and what a delivery costs; what stays is constant (the bytes of one look at the
network, among others). Counted is Python's own memory (tracemalloc), at the peak of the whole run, and of the playing
alone, which ends before the checks begin.
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
from typing import Any
from unittest import mock

from benchmarks.fan_out import written
from benchmarks.fleet import fan_out_server
from benchmarks.measuring import HERE, ROOT, Address, Row

SAID = 100  # messages, and three times as many


def play(host: str, port: int, path: str) -> dict[str, float | str]:
    """One run, here and now."""
    from chatsim import runs, world
    from chatsim.checks import hearing, judge
    from chatsim.engine.director import Director
    from chatsim.profile.reader import load_profile
    from chatsim.scenario.reader import load_scenario

    hearing.numpy_if_long(10**9)  # modules are no memory of bots: all are loaded before counting begins
    assert world is not None and judge is not None
    played = Director.play
    at_play: list[int] = []

    def traced_play(director: Director) -> object:
        history = played(director)
        at_play.append(tracemalloc.get_traced_memory()[1])
        return history

    scenario, profile = load_scenario(path), load_profile(str(HERE / "relayed_lines.yaml"))
    gc.collect()
    tracemalloc.start()
    began = time.perf_counter()
    with mock.patch.object(Director, "play", traced_play):
        run = runs.run(scenario, profile, runs.Target(address=(host, port)), seed=1)
    assert run.history is not None
    heard = sum(1 for _ in run.history.of("heard"))
    return {
        "outcome": run.outcome.value if run.error is None else str(run.error),
        "present": sum(1 for _ in run.history.of("present")),
        "heard": heard,
        "playing": at_play[0],
        "whole": tracemalloc.get_traced_memory()[1],
        "seconds": time.perf_counter() - began,
    }


def rows(bots: int = 5000) -> list[Row]:
    sizes = ((bots // 5, SAID), (bots, SAID), (bots, 3 * SAID))
    with tempfile.TemporaryDirectory() as folder, fan_out_server(Path(folder)) as (_, address):
        few, more, longer = (measured(Path(folder), address, size, messages) for size, messages in sizes)
    costs = {}
    for what in ("playing", "whole"):
        delivery = (longer[what] - more[what]) / (longer["heard"] - more["heard"])
        rest = more[what] - few[what] - delivery * (more["heard"] - few["heard"])
        costs[what] = delivery, rest / (bots - bots // 5) / 1024
    all_there = longer["outcome"] == "passed" and longer["present"] == bots
    shown = f"{longer['outcome']}, {longer['heard'] / 1e6:.1f} M deliveries in {longer['seconds']:.0f} s (traced)"
    (of_delivery, of_bot), (whole_of_delivery, whole_of_bot) = costs["playing"], costs["whole"]
    return [
        Row(f"{bots:,} bots connected, heard and checked", "all", shown, all_there),
        Row(
            "  Python memory a bot (with the checks)",
            "≤ 8 KiB",
            f"{of_bot:.1f} ({whole_of_bot:.1f}) KiB",
            whole_of_bot <= 8,
        ),
        Row(
            "  memory a delivery (with the checks)",
            "≤ 16 bytes",
            f"{of_delivery:.1f} ({whole_of_delivery:.1f}) bytes",
            whole_of_delivery <= 16,
        ),
    ]


def measured(folder: Path, address: Address, bots: int, messages: int) -> dict[str, Any]:
    path, _ = written(folder, bots, messages * (bots - 1))
    command = (sys.executable, "-m", "benchmarks.many_bots", "--play", address[0], str(address[1]), str(path))
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


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
