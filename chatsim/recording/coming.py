"""How does one come in: connected, told that it is in, seen to be present, or refused? Pure."""

from __future__ import annotations

from typing import Literal

from chatsim.recording.clients import Client, Script
from chatsim.recording.notes import Life
from chatsim.recording.scene import Scene

__all__ = ["begin_a_life", "joined", "present", "refused", "welcome"]

ENTERED = 1.0  # seconds after which one who was told that it is in must be


def begin_a_life(scene: Scene, client: Client) -> None:
    """It connects, and its `join` begins. A name that was refused is one bot's; a second try on the same connection is
    another's."""
    profile = scene.profile
    client.life = Life(len(scene.lives))
    scene.lives.append(client.life)
    client.nick = ""
    if profile.nick_template is not None:
        client.nick = profile.nick_template.render({"ip": client.ip, "client-port": str(client.port)})[0]
        scene.nicks.add(client.nick)
    scene.note("connect", client.life.session)
    scene.note("connected", client.life.session, ip=client.ip, port=client.port)
    client.script = Script("join", profile.join, scene.now)


def joined(scene: Scene, client: Client) -> None:
    """Its `join` is through."""
    client.life.told = True
    scene.note("told", client.life.session, nick=client.nick)
    scene.restless = True
    client.told_at = scene.now
    if not _others_hear(scene) or not any(each.life.told for each in scene.here() if each is not client):
        present(scene, client, "told")
    rooms = scene.profile.rooms
    if rooms is not None and rooms.default:
        client.rooms = [rooms.default]
    scene.owe_notice(client, "joined", bool(scene.profile.joined))


def _others_hear(scene: Scene) -> bool:
    """Could it be heard, or hear, and so be seen to be present?"""
    profile = scene.profile
    return bool((profile.public.says and profile.public.hears) or (profile.rooms and profile.rooms.voice.hears))


def present(scene: Scene, client: Client, how: Literal["told", "heard", "knock", "patience"]) -> None:
    """Noted once of each who is in."""
    if client.life.told and not client.present:
        client.present = True
        scene.note("present", client.life.session, how=how)


def welcome(scene: Scene) -> None:
    """Who was told long ago that it is in, is in, whether anybody has spoken since or not."""
    for client in scene.here():
        if scene.now - client.told_at > ENTERED:
            present(scene, client, "patience")


def refused(scene: Scene, client: Client, by: str) -> None:
    """`by`: the server's words, or "closed"."""
    client.life.refused = True
    scene.note("refused", client.life.session, by=by, expected=True)
    client.script = None
    scene.release(client)
