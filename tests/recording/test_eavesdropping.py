"""Listening in on WebSocket: what two ends say to each other, from their bytes alone."""

from __future__ import annotations

import pytest
import wsproto
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.extensions import Extension, PerMessageDeflate

from chatsim.recording.eavesdropping import Eavesdropper


class Ends:
    """A client and a server that speak with each other, and one who listens in."""

    def __init__(self, *, compressed: bool = False) -> None:
        def offered() -> list[Extension]:
            return [PerMessageDeflate()] if compressed else []

        self.client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self.server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        self.ear = Eavesdropper()
        self.to_server(Request(host="chat", target="/", extensions=offered()))
        self.to_client(AcceptConnection(extensions=offered()))

    def to_server(self, event: Event, size: int = 1 << 20) -> list[bytes]:
        data = self.client.send(event)
        self.server.receive_data(data)
        list(self.server.events())
        return [said for at in range(0, len(data), size) for said in self.ear.client_said(data[at : at + size])]

    def to_client(self, event: Event, size: int = 1 << 20) -> list[bytes]:
        data = self.server.send(event)
        self.client.receive_data(data)
        list(self.client.events())
        return [said for at in range(0, len(data), size) for said in self.ear.server_said(data[at : at + size])]


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
@given(texts=st.lists(st.text(min_size=1), max_size=5), size=st.integers(1, 50))
def test_both_directions_are_heard_however_they_are_cut(compressed: bool, texts: list[str], size: int) -> None:
    ends = Ends(compressed=compressed)
    for text in texts:
        assert ends.to_server(TextMessage(text), size) == [text.encode()]
        assert ends.to_client(BytesMessage(text.encode()), size) == [text.encode()]


def test_a_message_in_parts_is_one_and_a_ping_is_none() -> None:
    ends = Ends()

    assert ends.to_server(TextMessage("in ", message_finished=False)) == []
    assert ends.to_server(Ping(b"?")) == []
    assert ends.to_server(TextMessage("parts")) == [b"in parts"]


def test_who_says_goodbye_first_is_known() -> None:
    ends = Ends()
    assert ends.ear.goodbye == ""
    ends.to_client(CloseConnection(code=1000))
    ends.to_server(CloseConnection(code=1000))

    assert ends.ear.goodbye == "server"


def test_what_a_client_says_before_it_was_answered_is_heard_after() -> None:
    ends = Ends()
    ear = Eavesdropper()
    asked = wsproto.WSConnection(wsproto.ConnectionType.CLIENT).send(Request(host="chat", target="/"))
    hasty = ends.client.send(TextMessage("hasty"))

    assert ear.client_said(asked + hasty) == []
    assert ear.server_said(b"HTTP/1.1 101 Switching Protocols\r\n\r\n") == []
    assert ear.early() == [b"hasty"]
    assert ear.early() == []


def test_a_refused_handshake_opens_nothing() -> None:
    server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    asked = wsproto.WSConnection(wsproto.ConnectionType.CLIENT).send(Request(host="chat", target="/"))
    server.receive_data(asked)
    list(server.events())
    ear = Eavesdropper()
    ear.client_said(asked)
    ear.server_said(server.send(RejectConnection(status_code=403)))

    assert (ear.opened, ear.broken) == (False, True)


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=60)), max_size=20))
def test_no_bytes_make_it_fail(said: list[tuple[bool, bytes]]) -> None:
    for ear in (Eavesdropper(), Ends().ear):
        for by_client, data in said:
            heard = ear.client_said(data) if by_client else ear.server_said(data)
            assert all(heard)
