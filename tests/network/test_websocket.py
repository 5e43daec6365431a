"""WebSocket keeps the contract, and what is its own: messages, pings, handshakes that fail, goodbyes of both sides."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
import wsproto
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request, TextMessage

from chatsim.network import loop as loop_module
from chatsim.network.loop import Loop
from chatsim.network.network import (
    Abort,
    Close,
    Connect,
    OpenFailed,
    PeerClosed,
    Send,
    ShutdownWrite,
)
from chatsim.network.tcp import Address, TcpNetwork
from chatsim.network.websocket import WebSocketLayer
from chatsim.network.wires import network_on
from chatsim.wires import WIRES, Line
from tests.contracts.network import Room, connected, promises_of, quiet, some, until
from tests.network.peers import SocketServer, WebSocketEnd, WebSocketServer


@contextlib.contextmanager
def network_to(address: Address, path: str = "/") -> Iterator[TcpNetwork]:
    network = network_on(Line("websocket", path=path), Loop())
    network.aim(address)
    with contextlib.closing(network.loop), contextlib.closing(network):
        yield network


class WebSocketRoom:
    def __init__(self, server: WebSocketServer, network: TcpNetwork) -> None:
        self.server, self.network = server, network


@pytest.fixture(params=["the platform's own", "the portable one"])
def room(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebSocketRoom]:
    if request.param == "the portable one":
        monkeypatch.setattr(loop_module, "_Epoll", loop_module._Selector)
    server = WebSocketServer()
    with contextlib.closing(server), network_to(server.address) as network:
        yield WebSocketRoom(server, network)


@pytest.mark.parametrize("promise", promises_of(WIRES["websocket"]), ids=lambda one: one.__name__.replace("_", " "))
def test_websocket_keeps_the_contract(promise: Callable[[Room], None], room: WebSocketRoom) -> None:
    promise(room)


def meet(room: WebSocketRoom) -> WebSocketEnd:
    end = connected(room)
    assert isinstance(end, WebSocketEnd)
    return end


@given(places=st.lists(st.integers(0, 400), max_size=12))
def test_however_the_bytes_are_cut_the_messages_are_the_same(places: list[int]) -> None:
    layer, server = WebSocketLayer("localhost", "/"), wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    layer.begin()
    server.receive_data(layer.outgoing())
    assert all(isinstance(event, Request) for event in server.events())
    said = (
        AcceptConnection(),
        TextMessage("one"),
        TextMessage("t", message_finished=False),
        TextMessage("wo — дв", message_finished=False),
        Ping(b"?"),
        TextMessage("а"),
        BytesMessage(b"\xff\x00"),
        TextMessage(""),
        TextMessage("x" * 300),
        CloseConnection(code=1000),
    )
    wire = b"".join(server.send(event) for event in said)
    edges = sorted({0, len(wire), *(place % len(wire) for place in places)})

    heard = [message for begin, end in pairwise(edges) for message in layer.take(wire[begin:end])]

    assert heard == [b"one", "two — два".encode(), b"\xff\x00", b"x" * 300]
    assert layer.over


def test_each_send_is_a_message_as_text_where_it_is_text(room: WebSocketRoom) -> None:
    end = meet(room)
    for data in (b"one", "два".encode(), b"bad \xff\xfe", b""):
        room.network.do(Send(0, data))
    got = [end.next() for _ in range(4)]

    assert got == [TextMessage("one"), TextMessage("два"), BytesMessage(b"bad \xff\xfe"), TextMessage("")]


def test_what_goes_on_with_the_next_send_is_one_message_in_several_frames(room: WebSocketRoom) -> None:
    end = meet(room)
    raw = "aд🙂".encode()
    for at in range(len(raw)):
        room.network.do(Send(0, raw[at : at + 1], more=at < len(raw) - 1))
    parts = [end.next() for _ in raw]

    assert "".join(part.data for part in parts if isinstance(part, TextMessage)) == "aд🙂"
    assert [isinstance(part, TextMessage) and part.message_finished for part in parts] == [False] * 6 + [True]


def test_a_ping_is_answered_and_not_told(room: WebSocketRoom) -> None:
    end = meet(room)
    end.send(Ping(b"there?"))

    assert quiet(room.network) == []
    assert end.next() == Pong(b"there?")


def test_our_polite_end_is_the_closing_handshake_and_the_server_may_end_the_connection(room: WebSocketRoom) -> None:
    end = meet(room)
    room.network.do(ShutdownWrite(0))
    goodbye = end.next()
    assert isinstance(goodbye, CloseConnection)
    end.send(goodbye.response())
    events = until(room.network, some(PeerClosed))

    assert goodbye.code == 1000
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["eof"]


def test_a_goodbye_of_the_server_is_answered_and_is_an_end(room: WebSocketRoom) -> None:
    end = meet(room)
    end.send(TextMessage("bye"))
    end.send(CloseConnection(code=1001))
    events = until(room.network, some(PeerClosed)) + quiet(room.network)
    answer = end.next()
    room.network.do(Send(0, b"too late", 1))

    assert [type(event).__name__ for event in events] == ["Received", "PeerClosed"]
    assert isinstance(answer, CloseConnection)
    assert quiet(room.network) == []


def test_a_close_says_goodbye_and_an_abort_says_nothing(room: WebSocketRoom) -> None:
    first = meet(room)
    room.network.do(Close(0))
    assert isinstance(first.next(), CloseConnection)
    second = connected(room, 1)
    room.network.do(Abort(1))

    with pytest.raises(ConnectionResetError):
        second.read(1)


def test_the_path_is_asked_for() -> None:
    server = WebSocketServer()
    with contextlib.closing(server), network_to(server.address, "/chat?room=1") as network:
        network.do(Connect(0))
        until(network, lambda events: bool(events))
        end = server.accept()

    assert isinstance(end, WebSocketEnd)
    assert end.target == "/chat?room=1"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"Welcome! Your name?\n\n", "it does not speak WebSocket"),
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nno such\n",
            "it answered / with HTTP status 404: no such",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "it answered / with HTTP status 200"),
        (b"", "the server ended the connection before both had agreed on WebSocket"),
    ],
)
def test_a_handshake_that_fails_is_told_with_its_reason(answer: bytes, why: str) -> None:
    server = SocketServer()

    def answer_and_go() -> None:
        end = server.accept()
        end.take()
        end.write(answer)
        end.close()

    with contextlib.closing(server), network_to(server.address) as network:
        network.do(Connect(0))
        server_thread = threading.Thread(target=answer_and_go)
        server_thread.start()
        [failed] = until(network, lambda events: bool(events))
        server_thread.join()

    assert isinstance(failed, OpenFailed)
    assert failed.why == why


def test_a_frame_that_breaks_the_rules_ends_the_connection(room: WebSocketRoom) -> None:
    end = meet(room)
    end.socket.sendall(b"\xf3\xff\xff")
    events = until(room.network, some(PeerClosed))

    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["reset"]
