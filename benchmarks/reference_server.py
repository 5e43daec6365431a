"""Does being right cost the reference server its speed? Delivered messages a second, beside lock-and-sendall.

    python benchmarks/reference_server.py [--clients 10 100 1000] [--runs 5] [--seconds 2]

Each server runs in a process of its own; the clients are one epoll loop here, which only counts line ends. The
loop is closed: so many messages are under way at a time (`--window`), spoken by all clients in turn. The two
servers take turns, since machines have moods; what is compared are medians. Read the ratios, not the numbers.
"""

import argparse
import resource
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent

SERVERS = {
    "minimal": [sys.executable, str(HERE / "minimal" / "lock_and_sendall.py")],
    "reference": [sys.executable, "-m", "reference_server"],
}

TEXT = "x" * 56  # with the name before it, a line of 64 bytes or so


class Fleet:
    """Clients that all read whatever comes, and count it."""

    def __init__(self, address: tuple[str, int], size: int) -> None:
        self.heard = 0
        self.size = size
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        for number in range(size):
            client = socket.create_connection(address)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.setblocking(False)
            self._sockets[client.fileno()] = client
            self._epoll.register(client, select.EPOLLIN)
            client.send(f"b{number}\n".encode())
            # Each hears its welcome, and a notice for everyone who comes later.
            self.listen_until((number + 1) + number * (number + 1) // 2)
        self._speakers = list(self._sockets.values())

    def listen_until(self, heard: int) -> None:
        while self.heard < heard:
            self.listen()

    def listen(self) -> None:
        for descriptor, _ in self._epoll.poll():
            data = self._sockets[descriptor].recv(16384)
            if not data:
                raise ConnectionError("the server has closed a connection")
            self.heard += data.count(b"\n")

    def talk(self, seconds: float, window: int) -> float:
        """Deliveries a second."""
        line = TEXT.encode() + b"\n"
        before, sent = self.heard, 0
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds:
            while sent - (self.heard - before) // (self.size - 1) < window:
                self._speakers[sent % self.size].send(line)
                sent += 1
            self.listen()
        rate = (self.heard - before) / (now - start)
        self.listen_until(before + sent * (self.size - 1))  # all of it arrives, or this never ends
        return rate

    def close(self) -> None:
        for client in self._speakers:
            client.close()
        self._epoll.close()


def measure(command: list[str], clients: int, seconds: float, window: int) -> float:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().split()[2].rpartition(":")[2])
            fleet = Fleet(("127.0.0.1", port), clients)
            fleet.talk(seconds / 4, window)  # until everything is warm
            rate = fleet.talk(seconds, window)
            fleet.close()
            return rate
        finally:
            server.terminate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--window", type=int, default=8)
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for clients in options.clients:
        rates: dict[str, list[float]] = {name: [] for name in SERVERS}
        for _ in range(options.runs):
            for name, command in SERVERS.items():
                rates[name].append(measure(command, clients, options.seconds, options.window))
        median = {name: statistics.median(measured) for name, measured in rates.items()}
        told = ", ".join(f"{name} {rate:,.0f}/s" for name, rate in median.items())
        print(f"{clients} clients: {told}, ratio {median['reference'] / median['minimal']:.2f}", flush=True)


if __name__ == "__main__":
    main()
