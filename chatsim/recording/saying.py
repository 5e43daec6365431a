"""Which of the profile's words is it that a client says: a line of its dialogue, a message, a command, or none? Pure.

Clients are taken at their word: what one sends is what a bot would send, as long as the profile has a template for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatsim.profile.profile import SendThis
from chatsim.recording.acting import acts_raw, does
from chatsim.recording.clients import Client
from chatsim.recording.coming import begin_a_life, refused
from chatsim.recording.dialogues import advance
from chatsim.recording.scene import Scene
from chatsim.recording.wording import fit, may_begin

__all__ = ["client_said", "never_understood", "understand_client"]

STUCK = 1.0  # seconds: who speaks so long after what the server was to say has not come, waits for it no more


def client_said(scene: Scene, client: Client, pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        for frame in client.up.feed(piece):
            client.frames += 1
            client.said.append((frame, frame.decode(scene.profile.encoding, "surrogateescape"), client.frames))
    understand_client(scene, client)


def understand_client(scene: Scene, client: Client) -> None:
    """What it has said, as far as it can be understood before something else has come, from it or from the server."""
    while client.said:
        if any("\udc80" <= sign <= "\udcff" for sign in client.said[0][1]):
            acts_raw(scene, client)  # no text at all
        elif client.life.refused and not _begins_anew(scene, client):
            acts_raw(scene, client)
        elif client.script is not None:
            if not _goes_on(scene, client):
                return
        elif not _means_something(scene, client):
            return


def never_understood(scene: Scene, client: Client) -> None:
    """What it said while something else had still to come, which never came."""
    while client.said and not client.gone and not client.closed and not client.leaving:
        acts_raw(scene, client)


def _begins_anew(scene: Scene, client: Client) -> bool:
    """One who was refused, and is still connected, tries again."""
    first = next((line for line in scene.profile.join if isinstance(line, SendThis)), None)
    if first is None or fit(first.template, _texts(client), {}) is None:
        return False
    begin_a_life(scene, client)
    assert client.script is not None
    while not isinstance(client.script.line, SendThis):
        client.script.at += 1  # it was asked for its name before
    return True


def _goes_on(scene: Scene, client: Client) -> bool:
    """With what it says in the dialogue under way. False: something has to come first."""
    script = client.script
    assert script is not None
    line = script.line
    if isinstance(line, SendThis):
        slots = scene.own_slots(client)
        found = fit(line.template, _texts(client), slots)
        if found is not None:
            if script.kind == "join":
                scene.is_called(client, found.get("nick", ""))
            del client.said[: len(line.template.frames)]
            script.at += 1
            script.since = scene.now
            advance(scene, client)
            return True
        if may_begin([line.template], _texts(client), slots):
            return False
        if script.kind == "join":
            acts_raw(scene, client)
        else:
            client.script = None
        return True
    if scene.now - script.since < STUCK:
        return False
    if script.kind != "join":
        client.script = None
        return True
    words = (" ".join(client.deferred) or client.rest).strip()
    if client.life.nick and words:
        client.deferred, client.rest = [], ""
        refused(scene, client, words)
    else:
        acts_raw(scene, client)
    return True


def _means_something(scene: Scene, client: Client) -> bool:
    """False: more of it has to come."""
    texts, number = _texts(client), client.said[0][2]
    if (client.number, number) in scene.commands:
        acts_raw(scene, client)
        return True
    slots = {"to": scene.names}
    if client.nick:
        slots["nick"] = re.escape(client.nick)
    for rule in scene.said_rules:
        found = fit(rule.template, texts, slots)
        if found is not None and does(scene, client, rule, found, number):
            del client.said[: len(rule.template.frames)]
            advance(scene, client)
            return True
    if may_begin([rule.template for rule in scene.said_rules], texts, slots):
        return False
    acts_raw(scene, client)
    return True


def _texts(client: Client) -> list[str]:
    return [text for _, text, _ in client.said]
