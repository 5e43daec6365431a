"""All benchmarks, one table: what is to be reached, what this machine reaches. Takes about four minutes.

    python -m benchmarks.run

Ratios of neighbours in time, medians. The parts can be run alone: `python -m benchmarks.short` and so on.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

from benchmarks import (
    checks,
    fan_out,
    isolation,
    many_bots,
    namespaces,
    pytest_plugin,
    reference_server,
    short,
    start_up,
)
from benchmarks.measuring import Row, alternate, median_ratio

DELIVERIES, RECEIVERS = 1_000_000, 100


def check_rows() -> list[Row]:
    """Checks on a long history; numpy is imported before, as its import is no part of judging."""
    checks.hearing.numpy_if_long(DELIVERIES)
    told = []
    for title, disturb, least in (("orders agree", checks.agreeing, 20), ("all differ", checks.lossy, 2)):
        history = checks.played(DELIVERIES, RECEIVERS, disturb)
        count = history.kinds.count(checks.hearing.HEARD)

        def work(history: checks.History = history) -> object:
            checks.forget(history)
            return checks.judge(history, checks.MINE)

        rate = count / checks.best_of(2, work) / 1e6
        checks.forget(history)
        tracemalloc.start()
        work()
        grown = tracemalloc.get_traced_memory()[1] / count
        tracemalloc.stop()
        shown = f"{rate:.1f} M/s, {grown:.1f} bytes a delivery"
        reach = f"≥ {least} M/s, ≤ 16 bytes"
        told.append(Row(f"checks, 1 M deliveries, {title}", reach, shown, rate >= least and grown <= 16))
    return told


def reference_server_rows(runs: int = 3, seconds: float = 1.0) -> list[Row]:
    told = []
    for clients in (10, 100, 1000):
        sides = {
            name: partial(reference_server.measure, command, clients, seconds, 8)
            for name, command in reference_server.SERVERS.items()
        }
        found = alternate(sides, runs)
        ratio = median_ratio(found["reference"], found["minimal"])
        shown = f"{ratio:.2f}; {statistics.median(found['reference']) / 1e3:.0f} thousand/s"
        told.append(Row(f"reference server, {clients} clients", "≥ 0.9 × lock-and-sendall", shown, ratio >= 0.9))
    return told


PARTS: tuple[Callable[[], list[Row]], ...] = (
    partial(short.rows, runs=15),
    partial(start_up.rows, runs=7),
    partial(pytest_plugin.rows, runs=7),
    namespaces.rows,
    isolation.rows,
    partial(fan_out.rows, runs=3),
    many_bots.rows,
    check_rows,
    reference_server_rows,
)


def main() -> None:
    began = time.perf_counter()
    load = os.getloadavg()[0]
    print(f"{platform.system()} {platform.release()}, Python {platform.python_version()}, ", end="")
    print(f"{os.cpu_count()} processors, of which {load:.1f} were wanted by others when this began\n")
    for part in PARTS:
        for row in part():
            print(row, flush=True)
    print(
        f"\n{time.perf_counter() - began:.0f} s; others want {os.getloadavg()[0]:.1f} processors by now, this included"
    )


if __name__ == "__main__":
    main()
