"""Unix sockets keep the contract but for resets and addresses; and what is their own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatsim.network import loop as loop_module
from chatsim.network.loop import Loop
from chatsim.network.network import Abort, Close, Connect, Opened, OpenFailed, PeerClosed, Received, Send
from chatsim.network.tcp import Address, TcpNetwork
from chatsim.network.wires import network_on
from chatsim.wires import WIRES, Line
from tests.contracts.network import CONTRACT, NEEDS, Room, connected, heard, promises_of, quiet, some, until
from tests.network.peers import UnixServer

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="what Linux's sockets do, and others do otherwise")


@contextlib.contextmanager
def network_to(address: Address) -> Iterator[TcpNetwork]:
    network = network_on(Line("unix"), Loop())
    assert isinstance(network, TcpNetwork)
    network.aim(address)
    with contextlib.closing(network.loop), contextlib.closing(network):
        yield network


class UnixRoom:
    def __init__(self, server: UnixServer, network: TcpNetwork) -> None:
        self.server, self.network = server, network


@pytest.fixture(params=["the platform's own", "the portable one"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[UnixRoom]:
    if request.param == "the portable one":
        monkeypatch.setattr(loop_module, "_Epoll", loop_module._Selector)
    monkeypatch.chdir(tmp_path)  # its path may be longer than a socket's may be
    server = UnixServer("chat.sock")
    with contextlib.closing(server), network_to(server.address) as network:
        yield UnixRoom(server, network)


@pytest.mark.parametrize("promise", promises_of(WIRES["unix"]), ids=lambda one: one.__name__.replace("_", " "))
def test_unix_sockets_keep_the_contract(promise: Callable[[Room], None], room: UnixRoom) -> None:
    promise(room)


def test_of_the_contract_only_resets_and_addresses_are_left_out() -> None:
    left_out = set(CONTRACT) - set(promises_of(WIRES["unix"]))

    assert {NEEDS[promise] for promise in left_out} == {"resets", "addresses"}


def test_our_end_has_no_address_and_a_number_of_its_own(room: UnixRoom) -> None:
    for session in (0, 1):
        room.network.do(Connect(session))
    opened = [event for event in until(room.network, some(Opened, 2)) if isinstance(event, Opened)]
    (first_ip, first), (second_ip, second) = (event.local for event in opened)

    assert first_ip == second_ip == ""
    assert first != second
    assert room.network.our_end == {event.session: event.local for event in opened}
    assert room.network.ends == {}


@LINUX
def test_an_abort_over_unread_bytes_is_a_reset_to_the_peer_and_else_an_end_of_file(room: UnixRoom) -> None:
    deaf, empty = connected(room, 0), connected(room, 1)
    deaf.write(b"never read")
    room.network.do(Abort(0))
    room.network.do(Abort(1))

    with pytest.raises(ConnectionResetError):
        deaf.read(1)
    assert empty.read(1) == b""


@LINUX
def test_a_close_reads_first_so_that_it_is_an_end_of_file(room: UnixRoom) -> None:
    end = connected(room)
    end.write(b"read and thrown away")
    room.network.do(Close(0))

    assert end.read(1) == b""


@LINUX
def test_a_server_that_goes_over_our_unread_words_is_told_as_a_reset(room: UnixRoom) -> None:
    end = connected(room)
    room.network.do(Send(0, b"never read", 1))
    end.close()
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]


def test_writing_to_one_who_has_gone_is_an_end_and_raises_nothing(room: UnixRoom) -> None:
    connected(room).close()
    for number in range(3):
        room.network.do(Send(0, b"hello?", number))
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert [type(event) for event in events] == [PeerClosed]


@LINUX
def test_who_finds_no_room_in_the_queue_comes_again_until_there_is_some(room: UnixRoom) -> None:
    room.server.listener.listen(0)
    for session in range(4):
        room.network.do(Connect(session))
        room.network.do(Send(session, b"me, too"))
    before = quiet(room.network)
    ends, after = [room.server.accept()], list(before)
    while len(ends) < 4:
        after += until(room.network, some(Opened))
        ends.append(room.server.accept())

    assert [type(event) for event in before] == [Opened]
    assert len(after) == 4
    assert [end.read(7) for end in ends] == [b"me, too"] * 4


@LINUX
def test_who_waits_for_room_can_give_up(room: UnixRoom) -> None:
    room.server.listener.listen(0)
    for session in range(3):
        room.network.do(Connect(session))
    room.network.do(Abort(1))
    room.network.do(Close(2))
    quiet(room.network)
    room.server.accept()
    opened = quiet(room.network)

    assert opened == []


@LINUX
def test_who_waits_for_room_is_told_when_nobody_listens_any_more(room: UnixRoom) -> None:
    room.server.listener.listen(0)
    room.network.do(Connect(0))
    room.network.do(Connect(1))
    until(room.network, some(Opened))
    room.server.stop_listening()
    events = until(room.network, some(OpenFailed))

    assert [(event.session, event.why) for event in events if isinstance(event, OpenFailed)] == [
        (1, "connection refused")
    ]


@pytest.mark.parametrize(
    ("path", "why"),
    [("nothing.sock", "no such file or directory"), ("x" * 200, "af_unix path too long")],
)
def test_a_path_that_leads_nowhere_is_told_with_its_reason(room: UnixRoom, path: str, why: str) -> None:
    room.network.aim((path, 0))
    room.network.do(Connect(0))
    [failed] = until(room.network, some(OpenFailed))

    assert isinstance(failed, OpenFailed)
    assert failed.why == why


@LINUX
def test_an_abstract_name_is_a_place_like_any_other() -> None:
    server = UnixServer(f"@chatsim-test-{os.getpid()}")
    with contextlib.closing(server), network_to(server.address) as network:
        room = UnixRoom(server, network)
        end = connected(room)
        end.write(b"hello")

        assert heard(until(network, some(Received)), 0) == b"hello"
