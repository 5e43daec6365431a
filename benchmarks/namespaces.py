"""What a network namespace of its own costs a server: a connection into it, and the start in it.

    python -m benchmarks.namespaces [--runs 15]

Beside the same on the machine's own network. Nothing is told where there are no namespaces to be had.
"""

from __future__ import annotations

import argparse
import contextlib
import socket
import subprocess
import time

from benchmarks.measuring import Row, alternate, spread
from chatsim.network.namespace import OWN, OpenSocket
from chatsim.server.own_network import OwnNetwork, refusal

CONNECTIONS = 200
REACH = 63e-6  # seconds a connection, as found when the way was tried


def a_connection(open_socket: OpenSocket) -> float:
    """Seconds for one, of many, that is made and refused nothing."""
    with contextlib.ExitStack() as ends:
        listener = ends.enter_context(open_socket(socket.AF_INET, socket.SOCK_STREAM, 0))
        listener.bind(("127.0.0.1", 0))
        listener.listen(CONNECTIONS)
        address = listener.getsockname()
        began = time.perf_counter()
        for _ in range(CONNECTIONS):
            ends.enter_context(open_socket(socket.AF_INET, socket.SOCK_STREAM, 0)).connect(address)
        return (time.perf_counter() - began) / CONNECTIONS


def a_start(*, isolated: bool) -> float:
    """Seconds until a process has become its program, with the namespace made for it."""
    began = time.perf_counter()
    with contextlib.closing(OwnNetwork()) as own_network:
        if isolated:
            own_network.open()
        process = (own_network.popen if isolated else subprocess.Popen)(["/bin/sh", "-c", ":"])
        took = time.perf_counter() - began
        process.wait()
    return took


def rows(runs: int = 15) -> list[Row]:
    if why := refusal():
        return [Row("a network namespace for each server", "", f"not to be had here: {why}", None)]
    with contextlib.closing(OwnNetwork()) as own_network:
        own_network.open()
        found = alternate(
            {
                "there": lambda: a_connection(own_network.open_socket),
                "here": lambda: a_connection(OWN.open_socket),
                "start there": lambda: a_start(isolated=True),
                "start here": lambda: a_start(isolated=False),
            },
            runs,
        )
    there, here = (sorted(found[side])[runs // 2] for side in ("there", "here"))
    shown = f"{1e6 * there:.0f} µs; {1e6 * here:.0f} µs on the machine's own network"
    starts = f"{spread(found['start there'])} beside {spread(found['start here'])}"
    return [
        Row("a connection into a network namespace", f"≤ {1e6 * REACH:.0f} µs", shown, there <= REACH),
        Row("a namespace, and a process started in it", "", starts, None),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    for row in rows(parser.parse_args().runs):
        print(row)


if __name__ == "__main__":
    main()
