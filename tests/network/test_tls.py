"""TLS keeps the contract, and what is its own: agreements that fail, goodbyes, certificates."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatsim.errors import ServerError
from chatsim.network import loop as loop_module
from chatsim.network.loop import Loop
from chatsim.network.network import (
    Close,
    Connect,
    GiveUp,
    Handed,
    Opened,
    OpenFailed,
    PeerClosed,
    Received,
    Send,
    ShutdownWrite,
)
from chatsim.network.tcp import Address, TcpNetwork
from chatsim.network.wires import network_on
from chatsim.wires import WIRES, Line, Tls
from tests.contracts.network import Room, connected, heard, promises_of, quiet, some, until
from tests.network.peers import SocketEnd, SocketServer, TlsEnd, TlsServer, WebSocketEnd, certificate


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def context_with(own: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own)
    return context


@contextlib.contextmanager
def network_to(address: Address, tls: Tls) -> Iterator[TcpNetwork]:
    network = network_on(Line("tls", tls), Loop())
    network.aim(address)
    with contextlib.closing(network.loop), contextlib.closing(network):
        yield network


class TlsRoom:
    def __init__(self, server: TlsServer, network: TcpNetwork) -> None:
        self.server, self.network = server, network


@pytest.fixture(params=["TLS 1.3", "TLS 1.2", "on the portable loop"])
def room(request: pytest.FixtureRequest, own: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TlsRoom]:
    context = context_with(own)
    if request.param == "TLS 1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if request.param == "on the portable loop":
        monkeypatch.setattr(loop_module, "_Epoll", loop_module._Selector)
    server = TlsServer(context)
    with contextlib.closing(server), network_to(server.address, Tls(ca=str(own))) as network:
        yield TlsRoom(server, network)


@pytest.mark.parametrize("promise", promises_of(WIRES["tls"]), ids=lambda promise: promise.__name__.replace("_", " "))
def test_tls_keeps_the_contract(promise: Callable[[Room], None], room: TlsRoom) -> None:
    promise(room)


def test_what_is_said_is_not_seen_on_the_wire(own: Path) -> None:
    server = SocketServer()
    with contextlib.closing(server), network_to(server.address, Tls(ca=str(own))) as network:
        network.do(Connect(0))
        network.do(Send(0, b"a secret"))
        quiet(network)

        assert b"secret" not in server.accept().take()


def test_a_goodbye_without_an_end_of_the_connection_is_an_end(room: TlsRoom) -> None:
    end = connected(room)
    assert isinstance(end, TlsEnd)
    end.write(b"bye")
    end.say_goodbye()
    events = until(room.network, some(PeerClosed)) + quiet(room.network)

    assert heard(events, 0) == b"bye"
    assert [event.how for event in events if isinstance(event, PeerClosed)] == ["eof"]


def test_an_end_of_the_connection_without_a_goodbye_is_an_end_as_well(room: TlsRoom) -> None:
    end = connected(room)
    assert isinstance(end, TlsEnd)
    end.socket.shutdown(socket.SHUT_WR)

    assert [event.how for event in until(room.network, some(PeerClosed)) if isinstance(event, PeerClosed)] == ["eof"]


def test_our_half_close_is_a_goodbye_and_an_end_of_what_we_write(room: TlsRoom) -> None:
    end = connected(room)
    assert isinstance(end, TlsEnd)
    room.network.do(ShutdownWrite(0))

    assert end.read(1) == b""
    assert end.was_told_goodbye
    assert end.socket.recv(1) == b""


def test_our_close_says_goodbye(room: TlsRoom) -> None:
    end = connected(room)
    assert isinstance(end, TlsEnd)
    room.network.do(Close(0))

    assert end.read(1) == b""
    assert end.was_told_goodbye


def opening(network: TcpNetwork) -> OpenFailed | Opened:
    network.do(Connect(0))
    [event] = until(network, lambda events: bool(events))
    assert isinstance(event, OpenFailed | Opened)
    return event


@pytest.mark.parametrize(
    ("tls", "why"),
    [
        (Tls(), "its certificate is not believed: self-signed certificate"),
        (Tls(verify=False), None),
        (Tls(ca="own"), None),
        (
            Tls(ca="own", name="chat.example"),
            "its certificate is not believed: Hostname mismatch, certificate is not valid for 'chat.example'.",
        ),
    ],
    ids=lambda value: repr(value),
)
def test_whose_certificate_is_believed(own: Path, tls: Tls, why: str | None) -> None:
    server = TlsServer(context_with(own))
    told = Tls(tls.verify, str(own) if tls.ca else "", tls.name)
    with contextlib.closing(server), network_to(server.address, told) as network:
        event = opening(network)

    assert (event.why if isinstance(event, OpenFailed) else None) == why


def test_one_that_does_not_speak_tls_is_told(own: Path) -> None:
    server = SocketServer()
    with contextlib.closing(server), network_to(server.address, Tls(ca=str(own))) as network:
        greeter = threading.Thread(target=lambda: server.accept().write(b"Welcome! Your name?\n"))
        greeter.start()
        event = opening(network)
        greeter.join()

    assert isinstance(event, OpenFailed)
    assert (event.why, event.got) == ("it does not speak TLS", b"Welcome! Your name?\n")


def test_one_that_says_nothing_is_given_up_with_what_it_was_told(own: Path) -> None:
    server = SocketServer()
    with contextlib.closing(server), network_to(server.address, Tls(ca=str(own))) as network:
        network.do(Connect(0))
        told = server.accept().take() if not quiet(network) else b""
        network.do(GiveUp(0))
        [event] = quiet(network)

    assert isinstance(event, OpenFailed)
    assert (event.why, event.sent, event.got) == ("it never agreed on TLS", told, b"")
    assert told.startswith(b"\x16\x03")


def test_one_that_ends_the_connection_before_both_agreed_is_told(own: Path) -> None:
    server = SocketServer()
    with contextlib.closing(server), network_to(server.address, Tls(ca=str(own))) as network:
        closer = threading.Thread(target=lambda: server.accept().close())
        closer.start()
        event = opening(network)
        closer.join()

    assert isinstance(event, OpenFailed)
    assert event.why == "the server ended the connection before both had agreed on TLS"


def test_a_file_that_holds_no_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with contextlib.closing(Loop()) as loop, pytest.raises(ServerError, match="cannot be read"):
            network_on(Line("tls", Tls(ca=str(tmp_path / name))), loop)


# --- a WebSocket on it


class SecretWebSocketServer(TlsServer):
    """What is said on its TLS connections is WebSocket."""

    def end(self, sock: socket.socket, address: tuple[str, int]) -> SocketEnd:
        return WebSocketEnd(Through(super().end(sock, address)), address)  # type: ignore[arg-type]


class Through:
    """A TLS end that looks like a socket."""

    def __init__(self, end: SocketEnd) -> None:
        self._end = end
        self.close = end.close
        self.settimeout = end.socket.settimeout

    def recv(self, size: int) -> bytes:
        return self._end.take()

    def sendall(self, data: bytes) -> None:
        self._end.write(data)


def test_a_websocket_on_tls(own: Path) -> None:
    server = SecretWebSocketServer(context_with(own))
    network = network_on(Line("websocket", Tls(ca=str(own)), "/secret"), Loop())
    network.aim(server.address)
    with contextlib.closing(server), contextlib.closing(network.loop), contextlib.closing(network):
        network.do(Connect(0))
        network.do(Send(0, b"knock knock", 1))
        opened = until(network, some(Handed))
        end = server.accept()
        asked = end.read(11)
        end.write(b"come in")
        answered = heard(until(network, some(Received)), 0)
        network.do(ShutdownWrite(0))
        gone = end.read(1)

    assert [type(event).__name__ for event in opened] == ["Opened", "Handed"]
    assert (asked, answered, gone) == (b"knock knock", b"come in", b"")
    assert isinstance(end, WebSocketEnd)
    assert end.target == "/secret"
