"""The server's ends of connections, played by a test: what `tests/contracts/network.py` asks of a room, on real sockets."""

from __future__ import annotations

import contextlib
import queue
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from pathlib import Path

import pytest
import wsproto
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Request, TextMessage

__all__ = [
    "SocketEnd",
    "SocketServer",
    "TlsEnd",
    "TlsServer",
    "UnixServer",
    "WebSocketEnd",
    "WebSocketServer",
    "certificate",
]

PATIENCE = 5.0


class SocketEnd:
    def __init__(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self.socket, self.address = sock, address
        sock.settimeout(PATIENCE)

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size and (piece := self.socket.recv(size - len(got))):
            got += piece
        return got

    def take(self) -> bytes:
        return self.socket.recv(1024 * 1024)

    def finish(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class SocketServer:
    def __init__(self, listener: socket.socket | None = None) -> None:
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.address = self.listener.getsockname()
        self.ends: list[SocketEnd] = []

    def accept(self) -> SocketEnd:
        end = self.end(*self.listener.accept())
        self.ends.append(end)
        return end

    def end(self, sock: socket.socket, address: tuple[str, int]) -> SocketEnd:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
        return SocketEnd(sock, address)

    def stop_listening(self) -> None:
        self.listener.close()

    def close(self) -> None:
        self.listener.close()
        for end in self.ends:
            end.socket.close()


class UnixServer(SocketServer):
    def __init__(self, path: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(f"\0{path[1:]}" if path.startswith("@") else path)
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.address = (path, 0)
        self.ends = []


class AgreeingServer(SocketServer):
    """One whose connections begin with an agreement of both ends: it agrees in a thread, while the test waits."""

    def __init__(self) -> None:
        super().__init__()
        self._agreed: queue.Queue[SocketEnd] = queue.Queue()
        self._thread = threading.Thread(target=self._agree_with_all, name="agreeing")
        self._thread.start()

    def accept(self) -> SocketEnd:
        return self._agreed.get(timeout=PATIENCE)

    def stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join()
        self.listener.close()

    def close(self) -> None:
        self.stop_listening()
        super().close()

    def _agree_with_all(self) -> None:
        self.listener.settimeout(None)
        while True:
            try:
                sock, address = self.listener.accept()
            except OSError:
                return
            try:
                end = self.end(sock, address)
            except OSError:  # it was gone before, or did not believe us
                sock.close()
                continue
            self.ends.append(end)
            self._agreed.put(end)


# --- TLS


def certificate(folder: Path) -> Path:
    """A file with a key and its own certificate of localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed here")
    made = folder / "own.pem"
    request = "openssl req -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    kind = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    subprocess.run(
        [*request.split(), *kind.split(), "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
    made.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return made


class TlsEnd(SocketEnd):
    """In memory, not as an `SSLSocket`: that cannot say goodbye and go on."""

    def __init__(self, sock: socket.socket, address: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(sock, address)
        self.was_told_goodbye = False
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                self._tls.do_handshake()
                self._write_out()
                return
            except ssl.SSLWantReadError:
                self._write_out()
                self._read_in()

    def write(self, data: bytes) -> None:
        self._tls.write(data)
        self._write_out()

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size and (piece := self._take(size - len(got))):
            got += piece
        return got

    def take(self) -> bytes:
        return self._take(1024 * 1024)

    def finish(self) -> None:
        self.say_goodbye()
        super().finish()

    def say_goodbye(self) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        self._write_out()

    def _take(self, size: int) -> bytes:
        while True:
            try:
                data = self._tls.read(size)
                self.was_told_goodbye = not data
                return data
            except ssl.SSLWantReadError:
                if not self._read_in():
                    return b""
            except ssl.SSLZeroReturnError:
                self.was_told_goodbye = True
                return b""

    def _read_in(self) -> bool:
        data = self.socket.recv(1024 * 1024)
        self._incoming.write(data)
        return bool(data)

    def _write_out(self) -> None:
        self.socket.sendall(self._outgoing.read())


class TlsServer(AgreeingServer):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def end(self, sock: socket.socket, address: tuple[str, int]) -> SocketEnd:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # its session tickets hold up nothing
        return TlsEnd(sock, address, self._context)


# --- WebSocket


class WebSocketEnd(SocketEnd):
    def __init__(self, sock: socket.socket, address: tuple[str, int]) -> None:
        super().__init__(sock, address)
        self.protocol = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self.events: list[Event] = []
        request = self.next()
        assert isinstance(request, Request)
        self.target = request.target
        self.send(AcceptConnection())

    def send(self, event: Event) -> None:
        self.socket.sendall(self.protocol.send(event))

    def write(self, data: bytes) -> None:
        self.send(TextMessage(data.decode()))

    def read(self, size: int) -> bytes:
        got = b""
        while len(got) < size and (piece := self.take()):
            got += piece
        return got

    def take(self) -> bytes:
        """As it comes: perhaps a part of a message."""
        while event := self.next():
            if isinstance(event, TextMessage | BytesMessage) and event.data:
                return event.data.encode() if isinstance(event, TextMessage) else bytes(event.data)
            if isinstance(event, CloseConnection):
                self.send(event.response())
                break
        return b""

    def next(self) -> Event | None:
        """The next thing that comes; None at the end of the connection."""
        while not self.events:
            data = self.socket.recv(1024 * 1024)
            if not data:
                return None
            self.protocol.receive_data(data)
            self.events += self.protocol.events()
        return self.events.pop(0)


class WebSocketServer(AgreeingServer):
    def end(self, sock: socket.socket, address: tuple[str, int]) -> SocketEnd:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * 1024 * 1024)
        return WebSocketEnd(sock, address)
