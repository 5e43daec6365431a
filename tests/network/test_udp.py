"""UDP keeps what of the contract a wire without connections can keep, and says what it lacks."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest

from chatsim.network import loop as loop_module
from chatsim.network.loop import Loop
from chatsim.network.namespace import OpenSocket
from chatsim.network.network import (
    Connect,
    Handed,
    HoldReading,
    PeerClosed,
    Received,
    ResumeReading,
    Send,
    ShutdownWrite,
)
from chatsim.network.udp import UdpNetwork
from chatsim.network.wires import network_on
from chatsim.wires import WIRES, Line
from tests.contracts.network import CONTRACT, NEEDS, Room, connected, heard, promises_of, quiet, some, until


class UdpEnd:
    """What the server knows of one client: where it is, and what it said."""

    def __init__(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.socket, self.address = sock, address

    def write(self, data: bytes) -> None:
        self.socket.sendto(data, self.address)

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            data, address = self.socket.recvfrom(65_535)
            assert address == self.address
            got += data
        return got

    take = finish = close = reset = lambda self: pytest.fail("there is no such thing on this wire")


class UdpServer:
    """`accept` gives the client of the newest session: a server of datagrams knows nobody before."""

    def __init__(self, open_socket: OpenSocket = socket.socket) -> None:
        self.socket = open_socket(socket.AF_INET, socket.SOCK_DGRAM, 0)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.network = network_on(Line("udp"), Loop(), open_socket)
        self.network.aim(self.socket.getsockname())

    def accept(self) -> UdpEnd:
        return UdpEnd(self.socket, self.network.our_end[max(self.network.our_end)])

    def stop_listening(self) -> None:
        self.socket.close()

    close = stop_listening


class UdpRoom:
    def __init__(self, open_socket: OpenSocket = socket.socket) -> None:
        self.server = UdpServer(open_socket)
        assert isinstance(self.server.network, UdpNetwork)
        self.network = self.server.network


@pytest.fixture(params=["the platform's own", "the portable one"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[UdpRoom]:
    if request.param == "the portable one":
        monkeypatch.setattr(loop_module, "_Epoll", loop_module._Selector)
    made = UdpRoom()
    with contextlib.closing(made.server), contextlib.closing(made.network.loop), contextlib.closing(made.network):
        yield made


@pytest.mark.parametrize("promise", promises_of(WIRES["udp"]), ids=lambda one: one.__name__.replace("_", " "))
def test_udp_keeps_what_it_can_of_the_contract(promise: Callable[[Room], None], room: UdpRoom) -> None:
    promise(room)  # type: ignore[arg-type]


def test_what_is_left_out_is_about_connections_and_what_waits() -> None:
    left_out = set(CONTRACT) - set(promises_of(WIRES["udp"]))

    assert {NEEDS[promise] for promise in left_out} == {"connects", "waits", "resets", "half_closes"}


def test_each_datagram_is_told_alone(room: UdpRoom) -> None:
    end = connected(room)  # type: ignore[arg-type]
    for text in (b"one", b"two", b"", b"three"):
        end.write(text)
    events = until(room.network, some(Received, 3))

    assert [event.data for event in events if isinstance(event, Received)] == [b"one", b"two", b"three"]


def test_each_send_is_a_datagram(room: UdpRoom) -> None:
    connected(room)  # type: ignore[arg-type]
    room.network.do(Send(0, b"one"))
    room.network.do(Send(0, b"two"))

    assert room.server.socket.recv(100) == b"one"
    assert room.server.socket.recv(100) == b"two"


def test_our_polite_end_is_the_end_since_nobody_will_tell_another(room: UdpRoom) -> None:
    connected(room)  # type: ignore[arg-type]
    room.network.do(ShutdownWrite(0))
    room.network.do(ShutdownWrite(0))
    room.network.do(Send(0, b"too late", 1))

    assert [(type(event), event.session) for event in quiet(room.network)] == [(PeerClosed, 0)]  # type: ignore[union-attr]


def test_a_server_that_is_gone_is_told_after_something_was_sent_there(room: UdpRoom) -> None:
    connected(room)  # type: ignore[arg-type]
    room.server.stop_listening()
    assert quiet(room.network) == []
    room.network.do(Send(0, b"anyone?", 1))
    events = until(room.network, some(PeerClosed))

    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


def test_a_server_that_is_gone_is_told_when_reading_goes_on(room: UdpRoom) -> None:
    connected(room)  # type: ignore[arg-type]
    room.server.stop_listening()
    room.network.do(HoldReading(0))
    for _ in range(3):
        room.network.do(Send(0, b"anyone?"))
    held = quiet(room.network)
    room.network.do(ResumeReading(0))
    events = until(room.network, some(PeerClosed))

    assert held == []
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


def test_what_is_too_long_for_a_datagram_is_lost_and_raises_nothing(room: UdpRoom) -> None:
    connected(room)  # type: ignore[arg-type]
    room.network.do(Send(0, b"x" * 100_000, 1))
    room.network.do(Send(0, b"short", 2))
    events = until(room.network, some(Handed, 2))

    assert len(events) == 2
    assert room.server.socket.recv(65_535) == b"short"


def test_datagrams_of_others_are_not_taken_for_the_servers(room: UdpRoom) -> None:
    end = connected(room)  # type: ignore[arg-type]
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"psst", end.address)
        end.write(b"hello")
    events = until(room.network, some(Received))

    assert heard(events, 0) == b"hello"
    network = room.network
    network.do(Connect(1))
    assert len(set(network.our_end.values())) == 2
