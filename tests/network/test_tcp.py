"""The real network keeps the contract, and does what only the real one can be asked."""

from __future__ import annotations

import contextlib
import resource
import socket
import statistics
import time
from collections.abc import Callable, Iterator

import pytest

from chatsim.network import loop as loop_module
from chatsim.network import tcp
from chatsim.network.loop import Loop
from chatsim.network.network import Connect, Opened, OpenFailed, Received, Send
from chatsim.network.tcp import TcpNetwork
from tests.contracts.network import CONTRACT, Room, connected, heard, some, until
from tests.network.peers import SocketServer


class TcpRoom:
    def __init__(self) -> None:
        self.server = SocketServer()
        self.network = TcpNetwork(self.server.address)


@pytest.fixture(params=["the platform's own", "the portable one"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpRoom]:
    if request.param == "the portable one":
        monkeypatch.setattr(loop_module, "_Epoll", loop_module._Selector)
    made = TcpRoom()
    with contextlib.closing(made.server), contextlib.closing(made.network.loop), contextlib.closing(made.network):
        yield made


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__.replace("_", " "))
def test_tcp_keeps_the_contract(promise: Callable[[Room], None], room: TcpRoom) -> None:
    promise(room)


def test_one_read_brings_at_most_64_kib(room: TcpRoom) -> None:
    connected(room).write(b"x" * 200_000)
    events = until(room.network, lambda events: len(heard(events, 0)) >= 200_000)

    assert max(len(event.data) for event in events if isinstance(event, Received)) <= 64 * 1024


def test_waiting_costs_no_processor_time(room: TcpRoom) -> None:
    """Neither an idle connection nor one that is over in both directions, nor one that is held, keeps the loop busy."""
    connected(room, 0)
    connected(room, 1).close()
    until(room.network, lambda events: len(events) > 0)
    before = time.process_time()
    room.network.poll(room.network.now() + 0.3)

    assert time.process_time() - before < 0.1


def test_a_server_without_nodelay_is_not_slowed_by_our_acknowledgements(room: TcpRoom) -> None:
    """Nagle's algorithm on its side and delayed acknowledgements on ours would take 40 ms a round."""
    end = connected(room)
    rounds = []
    for _ in range(40):
        room.network.do(Send(0, b"go\n"))
        end.read(3)
        began = room.network.now()
        for piece in (b"one ", b"two ", b"three"):
            end.write(piece)
        until(room.network, lambda events: heard(events, 0).endswith(b"three"))
        rounds.append(room.network.now() - began)

    assert statistics.median(rounds[20:]) < 0.03  # at first, every kernel acknowledges at once


def test_our_own_second_line_does_not_wait_for_the_first_to_be_acknowledged(room: TcpRoom) -> None:
    end = connected(room)
    rounds = []
    for _ in range(40):
        end.write(b"go")
        until(room.network, lambda events: heard(events, 0) == b"go")
        began = room.network.now()
        room.network.do(Send(0, b"one"))
        room.network.do(Send(0, b"two"))
        end.read(6)
        rounds.append(room.network.now() - began)

    assert statistics.median(rounds[20:]) < 0.03


def test_meeting_ourselves_is_no_connection(room: TcpRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the kernel may draw the very port that we connect to, and connect us to ourselves."""
    room.server.stop_listening()
    make = room.network.new_socket

    def unlucky(family: socket.AddressFamily) -> socket.socket:
        made = make(family)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(room.server.address)
        return made

    monkeypatch.setattr(room.network, "new_socket", unlucky)
    room.network.do(Connect(0))
    [failed] = until(room.network, lambda events: len(events) > 0)

    assert isinstance(failed, OpenFailed)
    assert failed.why == "connection refused"


def test_a_name_with_two_addresses_is_tried_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` may be ::1 first, while the server listens on 127.0.0.1 only."""
    server = SocketServer()
    network = TcpNetwork()
    network._targets = [
        (socket.AF_INET6, ("::1", server.address[1], 0, 0)),
        (socket.AF_INET, server.address),
    ]
    with contextlib.closing(server), contextlib.closing(network.loop), contextlib.closing(network):
        network.do(Connect(0))
        network.do(Send(0, b"kept", 1))
        until(network, some(Opened))

        assert server.accept().read(4) == b"kept"


def test_when_the_ports_of_one_source_are_used_up_another_loopback_address_serves(
    monkeypatch: pytest.MonkeyPatch, room: TcpRoom
) -> None:
    real, refusals = socket.socket.connect_ex, iter([True])

    class Scarce(socket.socket):
        def connect_ex(self, address: object) -> int:
            return tcp.errno.EADDRNOTAVAIL if next(refusals, False) else real(self, address)

    monkeypatch.setattr(room.network, "_open_socket", Scarce)
    room.network.do(Connect(0))
    [opened] = until(room.network, some(Opened))

    assert isinstance(opened, Opened)
    assert opened.local[0] == "127.0.0.2"


def test_more_connections_than_the_soft_limit_of_descriptors(room: TcpRoom) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, hard))
    try:
        for session in range(70):
            room.network.do(Connect(session))
        events = until(room.network, some(Opened, 70))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(events) == 70 and all(isinstance(event, Opened) for event in events)


def test_a_deadline_below_a_millisecond_is_not_overslept() -> None:
    loop = Loop()
    with contextlib.closing(loop):
        oversleeps = []
        for _ in range(50):
            deadline = loop.now() + 0.0002
            loop.poll(deadline)
            oversleeps.append(loop.now() - deadline)

    assert min(oversleeps) < 0.0005


def test_a_long_absence_from_the_loop_is_lag_and_a_wait_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_module, "_run_delay", lambda: 0.0)
    loop = Loop()
    with contextlib.closing(loop):
        loop.poll(loop.now() + 0.1)
        rested = loop.lag()
        monkeypatch.setattr(loop, "_start", loop._start - 3.0)  # three seconds pass outside
        loop.poll(0.0)

        assert rested < 0.05
        assert loop.lag() >= 3.0


def test_a_timer_calls_back_once_and_not_before_its_time_unless_it_is_cancelled() -> None:
    loop = Loop()
    called: list[float] = []
    with contextlib.closing(loop):
        began = loop.now()
        loop.after(0.02, lambda: called.append(loop.now() - began))
        loop.after(0.01, lambda: called.append(-1.0)).cancel()
        loop.poll(began + 0.05)

    assert len(called) == 1
    assert called[0] >= 0.02


def test_received_bytes_are_what_the_kernel_gave_not_a_view_that_changes(room: TcpRoom) -> None:
    end = connected(room)
    end.write(b"first")
    [first] = until(room.network, some(Received))
    end.write(b"other")
    until(room.network, some(Received))

    assert isinstance(first, Received)
    assert first.data == b"first"
