"""WebSocket as a layer: wsproto's, which does no input or output of its own. One `Send`, one message; and as it comes.

A message that is UTF-8 goes out as text, any other as binary. A goodbye is the closing handshake: after it nobody says
anything more. Pings are answered.
"""

from __future__ import annotations

import codecs

import wsproto
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from chatsim.network.layers import LayerError, NotSpokenError

__all__ = ["WebSocketLayer"]

LONGEST = 64 * 1024 * 1024  # bytes of one message that we keep
SHOWN = 200  # characters of a refusal that are told


class WebSocketLayer:
    half_closes = False

    def __init__(self, host: str, path: str) -> None:
        self._host, self._path = host, path
        self._protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._out = bytearray()
        self._message: list[bytes] = []  # what has come of an unfinished one
        self._size = 0
        self._parts: codecs.IncrementalDecoder | None = None  # of a message of ours that goes on
        self._refusal: RejectConnection | None = None
        self._reason = b""
        self.opened = False
        self.over = False

    def begin(self) -> None:
        self._out += self._protocol.send(Request(host=self._host, target=self._path))

    def take(self, data: bytes) -> list[bytes]:
        if not data or self.over:
            return []
        said: list[bytes] = []
        try:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._note(event, said)
        except RemoteProtocolError as error:
            if not self.opened:
                raise NotSpokenError("it does not speak WebSocket") from None
            raise LayerError(f"it broke the rules of WebSocket: {error}") from None
        return said

    def say(self, data: bytes, more: bool = False) -> None:
        """`more`: the message goes on with what is said next. A character is not cut: it waits for its rest."""
        if self._parts is None and not more:
            try:
                message: Message = TextMessage(data.decode())  # type: ignore[type-arg]
            except UnicodeDecodeError:
                message = BytesMessage(data)
        else:
            self._parts = self._parts or codecs.getincrementaldecoder("utf-8")("replace")
            message = TextMessage(self._parts.decode(data, final=not more), message_finished=not more)
            self._parts = self._parts if more else None
        self._out += self._protocol.send(message)

    def finish(self) -> None:
        try:
            self._out += self._protocol.send(CloseConnection(code=1000))
        except LocalProtocolError:
            pass  # both have said goodbye already

    def outgoing(self) -> bytes:
        out, self._out = bytes(self._out), bytearray()
        return out

    def _note(self, event: object, said: list[bytes]) -> None:
        match event:
            case AcceptConnection():
                self.opened = True
            case RejectConnection():
                self._refusal = event
                if not event.has_body:
                    self._refuse()
            case RejectData():
                self._reason += bytes(event.data)
                if event.body_finished:
                    self._refuse()
            case TextMessage() | BytesMessage():
                self._hear(event, said)
            case Ping():
                self._out += self._protocol.send(event.response())
            case CloseConnection() if self._protocol.state is ConnectionState.OPEN:
                self._out += self._protocol.send(event)  # wsproto's word for what it could not take apart
                raise LayerError(f"it broke the rules of WebSocket: {event.reason}")
            case CloseConnection():
                self.over = True
                if self._protocol.state is ConnectionState.REMOTE_CLOSING:
                    self._out += self._protocol.send(event.response())
            case _:
                pass

    def _hear(self, event: TextMessage | BytesMessage, said: list[bytes]) -> None:
        data = event.data.encode() if isinstance(event, TextMessage) else bytes(event.data)
        self._message.append(data)
        self._size += len(data)
        if self._size > LONGEST:
            raise LayerError(f"it sent a message of more than {LONGEST:,} bytes")
        if event.message_finished:
            whole = b"".join(self._message)
            self._message, self._size = [], 0
            if whole:
                said.append(whole)

    def _refuse(self) -> None:
        assert self._refusal is not None
        reason = " ".join(self._reason.decode("utf-8", "replace").split())[:SHOWN]
        told = f": {reason}" if reason else ""
        raise LayerError(f"it answered {self._path} with HTTP status {self._refusal.status_code}{told}")
