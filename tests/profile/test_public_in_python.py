"""The profiles in Python for public servers: what their servers' bytes mean, however these are cut."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from chatsim.profile.authored import connection_class
from chatsim.profile.profile import Profile
from chatsim.profile.python import (
    Client,
    Connection,
    Event,
    Goodbye,
    Joined,
    Left,
    Reply,
    Roster,
    Said,
    Unknown,
    Welcome,
)
from chatsim.profile.reader import load_profile

PUBLIC = Path(__file__).parent / "public"


def connection(name: str, nick: str = "ann") -> Connection:
    profile: Profile = load_profile(str(PUBLIC / f"{name}.yaml"))
    assert profile.python is not None
    return connection_class(profile.python)(Client(nick, 1, "pw", "127.0.0.1", 5000))


class Packet(SimpleNamespace):
    """As that server's classes are called where it runs."""


def pickled(monkeypatch: pytest.MonkeyPatch, key: str, value: Any) -> bytes:
    monkeypatch.setattr(Packet, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "Packet", Packet, raising=False)
    return pickle.dumps(Packet(key=key, value=value))


def test_packets_mean_the_same_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    def names(*known: str) -> bytes:
        return pickled(monkeypatch, "distribute_user_list", [Packet(name=name) for name in known])

    said = pickled(monkeypatch, "distribute_message", Packet(text="привет", user_info=Packet(name="bob")))
    stream = names("noname") + names("ann") + names("ann", "bob") + said + names("ann")

    expected: list[Event] = [Roster(()), Welcome(), Roster(("ann",)), Joined("bob"), Roster(("ann", "bob"))]
    expected += [Said("привет", "bob"), Left("bob"), Roster(("ann",))]
    for size in (1, 2, 7, len(stream)):
        one = connection("justinscottlee-Python-Chat-Server")
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert [event for piece in pieces for event in one.received(piece)] == expected


def test_a_packet_is_what_pickle_itself_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "Packet", Packet, raising=False)

    read = pickle.loads(connection("justinscottlee-Python-Chat-Server").say("hé"))

    assert vars(read) == {"key": "send_message", "value": "hé"}


def test_no_class_and_no_function_that_a_pickle_names_is_called(tmp_path: Path) -> None:
    made = tmp_path / "made"
    evil = f"cos\nmkdir\n(S'{made}'\ntR.".encode()

    events = list(connection("justinscottlee-Python-Chat-Server").received(evil))

    assert events == [Unknown("{'key': ''}")]
    assert not made.exists()


def test_numbered_clients_are_told_apart_in_glued_words() -> None:
    one = connection("freakazoid41-python-socket-chat")

    events = list(one.received(b"welcome ann, type your info.. \n5001 / bob:   hi5002 / cat:   ho"))

    assert events == [Welcome(), Said("hi", "bob", private=True), Said("ho", "cat", private=True)]
    assert list(one.received(b"fill in the id")) == [Unknown("fill in the id")]


def test_each_datagram_is_acknowledged_and_the_numbers_alternate() -> None:
    one = connection("jessyca-ferreira-python-chat-server")
    assert pickle.loads(one.opened()) == (1, 0, "hi, meu nome eh ann")

    def told(number: int, text: str) -> list[Event]:
        return list(one.received(pickle.dumps((1 - number, number, text))))

    assert list(one.received(pickle.dumps((0, 1, "ACK")))) == []
    assert told(1, "ann entrou na sala!") == [Reply(pickle.dumps((1, 0, "ACK"))), Welcome()]
    assert told(0, "bob entrou na sala!")[1:] == [Joined("bob")]
    assert told(1, "127.0.0.1:5/~bob: a: b 01/02/2026, 10:11:12")[1:] == [Said("a: b", "bob")]
    assert told(0, "bye")[1:] == [Goodbye()]
