"""How fast do many bots hear, with all that a run does: texts, recognition, history and every check?

    python -m benchmarks.fan_out [--bots 100 1000] [--runs 5]

The bare fleet of `fleet.py` only counts line ends; both talk to the same server, and take turns. A *delivery* is one
line heard by one bot. chatsim's time is from the first line of the chat to the last verdict, less the closing listen.
The bare fleet keeps eight lines on their way. A run of chatsim keeps more, up to half a mebibyte, and the server joins
what is ready: first it is told how chatsim runs; then both with eight, and both with all lines on their way, where
counting their ends costs next to nothing and only remembering who heard what takes time.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from functools import partial
from pathlib import Path
from unittest import mock

from benchmarks.fleet import bare_fleet, fan_out_server
from benchmarks.measuring import HERE, Address, Row, Stopwatch, alternate, median_ratio

DELIVERIES = 400_000  # of one run
TALKERS = 100
Rates = dict[str, list[float]]
Words = dict[str, str]

LINE = 60  # bytes of a line of chatsim's, about
NARROW, WIDE = 8, 4096  # messages on their way

SCENARIO = """
scenario: "many hear many"
bots: {{talkers: {talkers}{listeners}}}
steps:
  - join: everyone
  - chat: {{talkers: {{count: {count}}}}}
"""


def written(folder: Path, bots: int, deliveries: int) -> tuple[Path, int]:
    """A scenario file, and how many messages are said in it."""
    count = max(1, deliveries // (bots - 1) // TALKERS)
    listeners = f", listeners: {bots - TALKERS}" if bots > TALKERS else ""
    path = folder / f"fan_out_{bots}_{count}.yaml"
    path.write_text(SCENARIO.format(talkers=TALKERS, listeners=listeners, count=count))
    return path, count * TALKERS


def judged_fleet(address: Address, path: Path, bots: int, messages: int, window: int) -> float:
    """Deliveries a second, heard, remembered and judged."""
    from chatsim import runs
    from chatsim.engine import stage
    from chatsim.profile.reader import load_profile
    from chatsim.scenario.reader import load_scenario

    scenario, profile = load_scenario(str(path)), load_profile(str(HERE / "relayed_lines.yaml"))
    watch = Stopwatch()
    with watch.watching(), mock.patch.object(stage, "MOST_UNDER_WAY", (window - 1) * LINE):
        run = runs.run(scenario, profile, runs.Target(address=address), seed=1)
    assert run.outcome.value == "passed" and run.history is not None, (run.error, run.outcome)
    steps = [entry.t for entry in run.history.of("step") if entry.detail["phase"] == "begin"]
    settled = [entry.t for entry in run.history.of("settled")]
    listening = settled[-1] - next(run.history.of("ended")).t  # with many bots, five round trips are longer than 50 ms
    return messages * (bots - 1) / (watch.seconds - (steps[1] - steps[0]) + listening)


def rows(sizes: tuple[int, ...] = (100, 1000), runs: int = 5) -> list[Row]:
    told = []
    with tempfile.TemporaryDirectory() as name, fan_out_server(Path(name)) as (kind, address):
        for bots in sizes:
            path, messages = written(Path(name), bots, DELIVERIES)
            found = alternate(
                {
                    "chatsim": partial(judged_fleet, address, path, bots, messages, NARROW),
                    "bare": partial(bare_fleet, address, bots, messages, NARROW),
                    "chatsim, wide": partial(judged_fleet, address, path, bots, messages, WIDE),
                    "bare, wide": partial(bare_fleet, address, bots, messages, WIDE),
                },
                runs,
            )
            rate = {name: f"{statistics.median(rates) / 1e6:.2f} M/s" for name, rates in found.items()}

            def row(
                what: str, ours: str, theirs: str, least: float | None, found: Rates = found, rate: Words = rate
            ) -> Row:
                share = median_ratio(found[ours], found[theirs])
                reach = f"≥ {least} × bare epoll fleet" if least else ""
                return Row(
                    what, reach, f"{share:.2f}; {rate[ours]} of {rate[theirs]}", share >= least if least else None
                )

            told.append(row(f"fan-out, {bots} bots, judged ({kind} server)", "chatsim, wide", "bare", 0.6))
            told.append(row("  the same, eight lines on their way for both", "chatsim", "bare", 0.6))
            told.append(row("  the same, all lines on their way for both", "chatsim, wide", "bare, wide", None))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bots", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    for row in rows(tuple(options.bots), options.runs):
        print(row, flush=True)


if __name__ == "__main__":
    main()
