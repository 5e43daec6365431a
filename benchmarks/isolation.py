"""What a sandbox costs a server: from the decision to start it until it listens, and its end, beside the same without.

    python -m benchmarks.isolation [--runs 25]

One sandbox for all starts of a level, as `chatsim grade` has one for all runs of a submission: making it is told by itself.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measuring import Row, alternate
from chatsim.profile.profile import Start
from chatsim.sandbox.sandbox import Confinement, Sandbox
from chatsim.sandbox.survey import levels, why_not
from chatsim.server.launch import Launcher
from chatsim.world import World

REACH = 0.015  # seconds that isolation may add to a start
SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.accept()
"""


def a_life(folder: Path, sandbox: Sandbox | None) -> tuple[float, float]:
    """Seconds until it listens, and until nothing is left of it."""
    start = Start(command=("/usr/bin/python3", "-S", "server.py", "{port}"), folder=str(folder))
    began = time.perf_counter()
    cell = sandbox.cell() if sandbox is not None else None
    world = World(Launcher(start, quarters=cell), cell=cell)
    try:
        world.start()
        listens = time.perf_counter()
    finally:
        world.close()
    return listens - began, time.perf_counter() - listens


def rows(runs: int = 25) -> list[Row]:
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as opened:
        folder = Path(temporary)
        folder.joinpath("server.py").write_text(SERVER)
        sides: dict[str, Callable[[], float]] = {}
        ends: dict[str, list[float]] = {}

        def measured(name: str, sandbox: Sandbox | None) -> Callable[[], float]:
            ends[name] = []

            def life() -> float:
                start, end = a_life(folder, sandbox)
                ends[name].append(end)
                return start

            return life

        sides["plain"] = measured("plain", None)
        offered: list[Confinement] = []
        making: dict[str, float] = {}
        for level in levels():
            if why := why_not(level).why:
                found.append(Row(f"a start in a sandbox, {level}", "", f"not to be had here: {why[:40]}", None))
                continue
            began = time.perf_counter()
            sandbox = opened.enter_context(Sandbox(level))
            making[level] = time.perf_counter() - began
            sides[level] = measured(level, sandbox)
            offered.append(level)
        starts = alternate(sides, runs)
        for level in offered:
            more = statistics.median(map(float.__sub__, starts[level], starts["plain"]))
            last = statistics.median(map(float.__sub__, ends[level], ends["plain"]))
            shown = f"{1e3 * more:+.1f} ms to {1e3 * statistics.median(starts['plain']):.1f}"
            found.append(Row(f"a start in a sandbox, {level}", f"≤ {1e3 * REACH:.0f} ms more", shown, more <= REACH))
            told = f"{1e3 * last:+.1f} ms; once a submission {1e3 * making[level]:.0f} ms"
            found.append(Row(f"its end, {level}", "", told, None))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=25)
    for row in rows(parser.parse_args().runs):
        print(row)


if __name__ == "__main__":
    main()
