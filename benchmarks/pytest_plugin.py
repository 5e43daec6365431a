"""What the plugin costs a pytest that does not use it: `pytest --collect-only` with it and without, taking turns.

    python -m benchmarks.pytest_plugin [--runs 15]

Processor time of whole processes over a folder with one test, with compiled modules at hand as after an installation.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import ROOT, Row, alternate, environment, spread

MOST = 0.020  # seconds


def collecting(*options: str, folder: str, env: Mapping[str, str]) -> float:
    """Processor seconds of a whole process: it waits for nothing, and the clock would tell what others do meanwhile."""
    words = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd=folder, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(runs: int = 15) -> list[Row]:
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        (folder / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        info = folder / "installed/chatsim_measured-0.dist-info"  # found as an installed plugin is
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chatsim-measured\nVersion: 0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text("[pytest11]\nchatsim = chatsim.pytest_plugin\n", encoding="utf-8")
        env = environment(str(folder / "cache"))
        env["PYTHONPATH"] = os.pathsep.join((str(info.parent), str(ROOT)))
        found = alternate(
            {
                "with": lambda: collecting(folder=base, env=env),
                "without": lambda: collecting("-p", "no:chatsim", folder=base, env=env),
            },
            runs,
        )
    more = statistics.median(these - those for these, those in zip(found["with"], found["without"], strict=True))
    return [
        Row("pytest --collect-only with the plugin, unused", "≤ 20 ms more", f"{1e3 * more:.1f} ms more", more <= MOST),
        Row("", "", f"{spread(found['with'])} and {spread(found['without'])}", None),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    for row in rows(parser.parse_args().runs):
        print(row)


if __name__ == "__main__":
    main()
