"""A network whose sockets come from a namespace is one like any other."""

from __future__ import annotations

import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatsim.network.network import Connect, Opened, OpenFailed
from chatsim.network.tcp import TcpNetwork
from chatsim.server.own_network import OwnNetwork, refusal
from chatsim.wires import WIRES
from tests.contracts.network import CONTRACT, Room, promises_of, quiet, some, until
from tests.network.peers import SocketServer
from tests.network.test_udp import UdpRoom

REFUSED = refusal()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=f"there are no network namespaces to be had here: {REFUSED}")


@pytest.fixture
def own_network() -> Iterator[OwnNetwork]:
    made = OwnNetwork()
    made.open()
    with contextlib.closing(made):
        yield made


def listener_in(own_network: OwnNetwork, backlog: int = 100) -> socket.socket:
    made = own_network.open_socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind(("127.0.0.1", 0))
    made.listen(backlog)
    return made


class TcpRoom:
    def __init__(self, own_network: OwnNetwork) -> None:
        self.server = SocketServer(listener_in(own_network))
        self.network = TcpNetwork(self.server.address, open_socket=own_network.open_socket)


@pytest.fixture
def room(own_network: OwnNetwork) -> Iterator[TcpRoom]:
    made = TcpRoom(own_network)
    with contextlib.closing(made.server), contextlib.closing(made.network.loop), contextlib.closing(made.network):
        yield made


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__.replace("_", " "))
def test_tcp_into_a_namespace_keeps_the_contract(promise: Callable[[Room], None], room: TcpRoom) -> None:
    promise(room)


@pytest.mark.parametrize("promise", promises_of(WIRES["udp"]), ids=lambda one: one.__name__.replace("_", " "))
def test_udp_into_a_namespace_keeps_what_it_can_of_the_contract(
    promise: Callable[[Room], None], own_network: OwnNetwork
) -> None:
    made = UdpRoom(own_network.open_socket)
    with contextlib.closing(made.server), contextlib.closing(made.network.loop), contextlib.closing(made.network):
        promise(made)  # type: ignore[arg-type]


def test_who_listens_there_is_not_reached_from_here(room: TcpRoom) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(room.server.address).close()


def test_a_full_backlog_keeps_a_connection_waiting_and_nobody_else(own_network: OwnNetwork) -> None:
    with contextlib.closing(SocketServer(listener_in(own_network, backlog=0))) as server:
        network = TcpNetwork(server.address, open_socket=own_network.open_socket)
        with contextlib.closing(network.loop), contextlib.closing(network):
            for session in (0, 1):
                network.do(Connect(session))
            opened = until(network, some(Opened)) + quiet(network)
            assert [type(event) for event in opened] == [Opened]  # the kernel takes one more than the backlog says
            server.accept()
            more = until(network, some(Opened))  # the kernel asks again after a second

    assert {event.session for event in (*opened, *more) if isinstance(event, Opened)} == {0, 1}


def test_more_connections_than_the_soft_limit_of_descriptors(room: TcpRoom) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, hard))
    try:
        for session in range(70):
            room.network.do(Connect(session))
        events = until(room.network, some(Opened, 70))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert len(events) == 70 and all(isinstance(event, Opened) for event in events)


def test_an_interrupt_between_question_and_answer_mixes_nothing_up(
    own_network: OwnNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(own_network, "_hear", interrupted)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                own_network.open_socket(socket.AF_INET, socket.SOCK_STREAM)
    open_before = set(Path("/proc/self/fd").iterdir())
    with own_network.open_socket(socket.AF_INET6, socket.SOCK_DGRAM) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_DGRAM
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN) == socket.AF_INET6

    assert set(Path("/proc/self/fd").iterdir()) == open_before


def test_when_the_broker_is_gone_nobody_is_let_in_and_it_is_said(own_network: OwnNetwork, room: TcpRoom) -> None:
    assert own_network._broker is not None
    own_network._broker.kill()
    own_network._broker.wait()
    for session in (0, 1):
        room.network.do(Connect(session))
    events = until(room.network, some(OpenFailed, 2))

    assert {event.why for event in events if isinstance(event, OpenFailed)} == {
        "the broker of its network namespace has ended"
    }
