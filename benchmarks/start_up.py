"""How long until it shows: `chatsim run` with a cold server, and `chatsim --help`, beside the least Typer programs.

    python -m benchmarks.start_up [--runs 9]

Whole processes, with compiled modules at hand as after an installation.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping

from benchmarks.measuring import CLOSING_LISTEN, HERE, MINIMAL, ROOT, Row, alternate, environment, median_ratio, spread

CHATSIM = (sys.executable, "-m", "chatsim")
TYPER = (sys.executable, str(MINIMAL / "typer_program.py"))
# As chatsim starts it itself.
SERVER = (sys.executable, "-S", "-P", "-m", "reference_server", "--port", "0")
SHORT = str(HERE / "short.yaml")


def process(*command: str, env: Mapping[str, str]) -> float:
    """Seconds of a whole process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=env)
    return time.perf_counter() - began


def until_listening(env: Mapping[str, str]) -> float:
    began = time.perf_counter()
    with subprocess.Popen(SERVER, stdout=subprocess.PIPE, cwd=ROOT, env=env) as server:
        assert server.stdout is not None
        server.stdout.readline()
        took = time.perf_counter() - began
        server.kill()
    return took


def rows(runs: int = 9) -> list[Row]:
    with tempfile.TemporaryDirectory() as cache:
        env = environment(cache)
        found = alternate(
            {
                "run": lambda: process(*CHATSIM, "run", SHORT, "--seed", "1", env=env),
                "typer": lambda: process(*TYPER, SHORT, env=env),
                "listening": lambda: until_listening(env),
                "help": lambda: process(*CHATSIM, "--help", env=env),
                "typer help": lambda: process(*TYPER, "--help", env=env),
            },
            runs,
        )
    least = [typer + listening for typer, listening in zip(found["typer"], found["listening"], strict=True)]
    ratio = median_ratio([seconds - CLOSING_LISTEN for seconds in found["run"]], least)
    helps = median_ratio(found["help"], found["typer help"])
    parts = f"{spread(found['run'])} of {spread(found['typer'])} + {spread(found['listening'])}"
    return [
        Row(
            "chatsim run, cold server, less the closing listen",
            "≤ 1.5 × Typer + server",
            f"{ratio:.2f} times",
            ratio <= 1.5,
        ),
        Row("", "", parts, None),
        Row("chatsim --help", "≤ 1.3 × Typer --help", f"{helps:.2f} times; {spread(found['help'])}", helps <= 1.3),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    for row in rows(parser.parse_args().runs):
        print(row)


if __name__ == "__main__":
    main()
