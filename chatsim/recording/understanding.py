"""What was meant by the bytes of a session, both ways: a profile, read from both of its ends. Pure.

Here is the order in which things are asked; `saying` and `hearing` find the words, `acting` and `meaning` say what they
mean, `coming`, `dialogues` and `going` what becomes of a client. What nothing explains is kept as it is, and counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatsim.profile.profile import Profile
from chatsim.recording.casting import cast
from chatsim.recording.clients import Client
from chatsim.recording.coming import begin_a_life, welcome
from chatsim.recording.dialogues import advance
from chatsim.recording.eavesdropping import Eavesdropper
from chatsim.recording.going import client_ended, reads_again, server_ended, server_was, still_reads, stops_reading
from chatsim.recording.hearing import give_up, server_said
from chatsim.recording.notes import Life, Understood
from chatsim.recording.observed import (
    Came,
    ClientEnded,
    ClientSaid,
    Observed,
    Printed,
    ReadsAgain,
    ServerEnded,
    ServerSaid,
    ServerWas,
    StillReads,
    StopsReading,
)
from chatsim.recording.saying import client_said, never_understood
from chatsim.recording.scene import Scene

__all__ = ["understand"]


def understand(profile: Profile, observed: Iterable[Observed]) -> Understood:
    """The whole session. Any bytes are understood somehow; raises only what a framing in Python raises.

    What the profile takes for a message, but was answered to its sender alone and in words that the profile does not
    know, was a command that it does not know either: looked at again, it is kept as bytes.
    """
    events = tuple(observed)
    scene = _seen(profile, events, frozenset())
    commands = frozenset(
        (said.by.number, said.frame) for said in scene.said if said.answered and said.owed and not said.reached
    )
    if commands:
        scene = _seen(profile, events, commands)
    cast(scene.lives, scene.notes)
    messages = tuple(said.message for said in scene.said)
    return Understood(tuple(scene.notes), messages, tuple(scene.lives), scene.unknown)


def _seen(profile: Profile, events: Iterable[Observed], commands: frozenset[tuple[int, int]]) -> Scene:
    scene = Scene(profile, commands)
    for event in events:
        scene.now = event.at
        welcome(scene)
        _take(scene, event)
        scene.calm()
    for client in scene.clients.values():
        never_understood(scene, client)
        give_up(scene, client)
    return scene


def _take(scene: Scene, event: Observed) -> None:
    match event:
        case Came():
            _came(scene, event)
        case ClientSaid(_, number, data):
            _client_said(scene, scene.clients[number], data)
        case ServerSaid(_, number, data):
            _server_said(scene, scene.clients[number], data)
        case ClientEnded(_, number, how):
            client_ended(scene, scene.clients[number], how)
        case StillReads(_, number):
            still_reads(scene, scene.clients[number])
        case StopsReading(_, number):
            stops_reading(scene, scene.clients[number])
        case ReadsAgain(_, number):
            reads_again(scene, scene.clients[number])
        case ServerEnded(_, number, how):
            server_ended(scene, scene.clients[number], how)
        case Printed(_, stream, line):
            scene.note("out", stream=stream, line=line[:2000])
        case ServerWas(_, what, detail):
            server_was(scene, what, detail)


def _came(scene: Scene, event: Came) -> None:
    profile = scene.profile
    ear = Eavesdropper() if profile.line.transport == "websocket" else None
    up, down = profile.sent.decoder(), profile.received.decoder()
    client = Client(event.client, Life(-1), up, down, ear, event.ip, event.port)
    scene.clients[event.client] = client
    begin_a_life(scene, client)
    if ear is None:
        advance(scene, client)


def _client_said(scene: Scene, client: Client, data: bytes) -> None:
    scene.tell_stale(client)
    if client.ear is None:
        client_said(scene, client, [data])
        return
    client_said(scene, client, client.ear.client_said(data))
    if client.ear.goodbye == "client":
        client_ended(scene, client, "close")


def _server_said(scene: Scene, client: Client, data: bytes) -> None:
    """Over WebSocket a dialogue begins when the two ends have agreed on it."""
    scene.tell_stale(client)
    if client.ear is None:
        server_said(scene, client, [data])
        return
    pieces, early = client.ear.server_said(data), client.ear.early()
    if client.ear.opened and not client.agreed:
        client.agreed = True
        advance(scene, client)
    server_said(scene, client, pieces)
    client_said(scene, client, early)
    if client.ear.goodbye == "server":
        server_ended(scene, client, "eof")
