"""How fast do many bots hear? chatsim's network against a bare epoll fleet that only counts, on one and the same server.

    python benchmarks/fleet.py [--bots 100 1000] [--runs 5] [--window 8]

A *delivery* is one line received by one bot; with N bots each line goes to N-1. Closed loop: the fleet keeps `window`
lines on their way. Both fleets take turns, and medians are compared: read the ratio, not the rates.
"""

from __future__ import annotations

import argparse
import contextlib
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from chatsim.network.network import Abort, Connect, Opened, Received, Send
from chatsim.network.tcp import TcpNetwork

MINIMAL = Path(__file__).with_name("minimal")
DELIVERIES = 400_000  # of one run
Address = tuple[str, int]


def line(number: int) -> bytes:
    return b"%063d\n" % number


def bare_fleet(address: Address, bots: int, messages: int, window: int) -> float:
    """Deliveries a second of the least that a fleet can do: epoll, recv, count the line ends."""
    poller = select.epoll()
    fleet = {}
    for _ in range(bots):
        bot = socket.create_connection(address)
        bot.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bot.setblocking(False)
        poller.register(bot.fileno(), select.EPOLLIN)
        fleet[bot.fileno()] = bot
    speakers = list(fleet.values())
    receive = {fd: bot.recv for fd, bot in fleet.items()}
    heard = sent = 0
    began = time.perf_counter()
    while heard < messages * (bots - 1):
        while sent < messages and sent * (bots - 1) - heard < window * (bots - 1):
            speakers[sent % bots].send(line(sent))
            sent += 1
        for fd, _ in poller.poll(10, 256):
            heard += receive[fd](16384).count(b"\n")
    took = time.perf_counter() - began
    poller.close()
    for bot in speakers:
        bot.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        bot.close()
    return heard / took


def chatsim_fleet(address: Address, bots: int, messages: int, window: int) -> float:
    """The same load through the door: every read is an event, as a director would be given it."""
    network = TcpNetwork(address)
    opened = 0
    for session in range(bots):
        network.do(Connect(session))
        while opened < session - 64:
            opened += sum(isinstance(event, Opened) for event in network.poll(network.now() + 10))
    while opened < bots:
        opened += sum(isinstance(event, Opened) for event in network.poll(network.now() + 10))
    heard = sent = 0
    began = time.perf_counter()
    while heard < messages * (bots - 1):
        while sent < messages and sent * (bots - 1) - heard < window * (bots - 1):
            network.do(Send(sent % bots, line(sent)))
            sent += 1
        for event in network.poll(network.now() + 10):
            if type(event) is Received:
                heard += event.data.count(b"\n")
    took = time.perf_counter() - began
    for session in range(bots):
        network.do(Abort(session))
    network.loop.close()
    return heard / took


FLEETS: dict[str, Callable[[Address, int, int, int], float]] = {"bare epoll": bare_fleet, "chatsim": chatsim_fleet}


@contextlib.contextmanager
def fan_out_server(folder: Path) -> Iterator[tuple[str, Address]]:
    """A broadcast server that is hardly ever the bottleneck: in C where there is a compiler, else in Python."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler:
        program = folder / "fan_out"
        subprocess.run([compiler, "-O2", "-o", str(program), str(MINIMAL / "fan_out.c")], check=True)
        command, kind = [str(program)], "C"
    else:
        command, kind = [sys.executable, str(MINIMAL / "fan_out.py")], "Python"
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield kind, ("127.0.0.1", int(process.stdout.readline()))
        finally:
            process.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bots", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--window", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, fan_out_server(Path(folder)) as (kind, address):
        print(f"fan-out server in {kind}, window {options.window}, medians of {options.runs}")
        for bots in options.bots:
            messages = max(50, DELIVERIES // (bots - 1))
            rates: dict[str, list[float]] = {name: [] for name in FLEETS}
            for _ in range(options.runs):
                for name, fleet in FLEETS.items():
                    rates[name].append(fleet(address, bots, messages, options.window))
            median = {name: statistics.median(found) for name, found in rates.items()}
            share = median["chatsim"] / median["bare epoll"]
            told = "   ".join(f"{name} {rate:>9,.0f}/s" for name, rate in median.items())
            print(f"{bots:>6} bots   {told}   chatsim/bare {share:.2f}")


if __name__ == "__main__":
    main()
