"""Sending without waiting: whatever the other side takes and when, it gets the same bytes."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_server.connection import RECEIVE_SIZE, Connection

Pair = tuple[Connection, socket.socket]


def connected() -> tuple[socket.socket, socket.socket]:
    """Two ends of a connection that holds little, so that much has to be kept."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.socket()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(listener.getsockname())
        ours, _ = listener.accept()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.settimeout(10)
    return ours, theirs


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = connected()
    with ours, theirs:
        yield Connection(ours, guest=1), theirs


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(sizes=st.lists(st.integers(min_value=0, max_value=9_000), max_size=40))
def test_what_was_kept_arrives_in_order_and_once(pair: Pair, sizes: list[int]) -> None:
    connection, theirs = pair
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]

    for piece in pieces:
        connection.send(piece)
    expected, received = b"".join(pieces), b""
    while len(received) < len(expected):
        received += theirs.recv(1000)
        connection.flush()

    assert received == expected
    connection.flush()
    assert connection.waiting == 0


def test_it_tells_how_much_is_kept(pair: Pair) -> None:
    connection, _ = pair
    assert connection.send(b"hello") == 0

    kept = connection.send(b"x" * 10_000_000)

    assert 9_000_000 < kept <= 10_000_100
    assert connection.send(b"y" * 1000) >= kept + 1000
    assert len(connection.take_unsent()) > 9_000_000
    assert connection.waiting == 0


def test_what_is_sent_to_a_client_that_has_gone_is_kept_by_nobody(pair: Pair) -> None:
    connection, theirs = pair
    connection.send(b"x" * 10_000_000)
    theirs.close()  # with words unread: a reset

    connection.flush()
    while connection.waiting:
        connection.flush()

    assert connection.send(b"hello?") == 0
    assert connection.receive() == b""


def test_an_aborted_connection_is_reset(pair: Pair) -> None:
    connection, theirs = pair

    connection.abort()

    assert connection.receive() == b""
    connection.close(b"")
    with pytest.raises(ConnectionResetError):
        theirs.recv(RECEIVE_SIZE)
