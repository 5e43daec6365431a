"""A UDP socket that is bound to a port is seen, whichever way the platform is asked, and nothing is sent to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from chatsim.server import listening
from chatsim.server.listening import listeners_of, occupant_of
from chatsim.server.ports import bindable


@pytest.fixture
def bound() -> Iterator[socket.socket]:
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def no_diagnosis(namespace: object) -> None:
    raise OSError


@pytest.mark.parametrize("way", ["netlink", "the kernel's table", "psutil"])
def test_a_bound_socket_is_seen_and_one_with_a_peer_is_not(
    way: str, bound: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "the kernel's table":
        monkeypatch.setattr(listening, "SocketDiagnosis", no_diagnosis)
    if way == "psutil":
        monkeypatch.setattr(listening, "HAS_PROC", False)
    here = bound.getsockname()
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.connect(here)
        found = [(each.host, each.port) for each in listeners_of([os.getpid()], sockets="udp")]

        assert here in found
        assert client.getsockname() not in found
    with pytest.raises(BlockingIOError):
        bound.recv(1)


def test_who_has_the_port_is_told_and_nobody_who_has_that_of_tcp(bound: socket.socket) -> None:
    port = bound.getsockname()[1]
    occupant = occupant_of(port, sockets="udp")

    assert occupant is not None
    assert occupant.pid == os.getpid()
    assert not bindable(port, datagrams=True)
    assert bindable(port)
    assert occupant_of(port) is None
