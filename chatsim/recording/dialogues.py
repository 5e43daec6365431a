"""How far is a dialogue under way: what of it has come, and what is so when it is through? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from chatsim.profile.profile import Await, Either, PauseFor, SendThis
from chatsim.profile.templates import Template
from chatsim.recording.clients import Client, Script
from chatsim.recording.coming import joined, refused
from chatsim.recording.scene import Scene
from chatsim.recording.wording import fit

__all__ = ["advance", "has_come", "turned_down"]


def advance(scene: Scene, client: Client) -> None:
    """As far as what has come from the server allows."""
    script = client.script
    while script is not None and client.script is script:
        line = script.line
        if line is None:
            client.script = None
            _done(scene, client, script)
            scene.tell_deferred(client)
        elif isinstance(line, PauseFor):
            script.at += 1
        elif isinstance(line, SendThis) or line.closes or not _had_come(scene, client, script, line):
            return


def _had_come(scene: Scene, client: Client, script: Script, line: Await) -> bool:
    """Before it was waited for, among what nothing else explained?"""
    slots = scene.own_slots(client)
    for template in line.templates:
        if not scene.framed:
            found = template.matcher(slots).search(client.rest)
            if found is not None:
                client.rest = client.rest[: found.start] + client.rest[found.end :]
                has_come(scene, client, script, line, template, found.bindings)
                return True
            continue
        for start in range(len(client.deferred)):
            bindings = fit(template, client.deferred[start:], slots)
            if bindings is not None:
                del client.deferred[start : start + len(template.frames)]
                has_come(scene, client, script, line, template, bindings)
                return True
    return False


def has_come(
    scene: Scene, client: Client, script: Script, line: Await, template: Template, bindings: Mapping[str, str]
) -> None:
    """What this line waits for, in the words of this template. The dialogue stands at the next line then."""
    if scene.profile.nick == "assigned" and script.kind == "join":
        scene.is_called(client, bindings.get("nick", ""))
    if isinstance(line, Either):
        script.lines = (*script.lines[: script.at + 1], *line.after(template), *script.lines[script.at + 1 :])
    script.at += 1
    script.since = scene.now


def turned_down(scene: Scene, client: Client, script: Script, words: str) -> None:
    """The server answers a dialogue by a refusal, which ends it."""
    if script.kind == "join":
        refused(scene, client, words)
        return
    client.script = None
    if script.kind == "enter":
        scene.note("refused", client.life.session, by=words, expected=True, room=script.words["room"])


def _done(scene: Scene, client: Client, script: Script) -> None:
    session = client.life.session
    match script.kind:
        case "join":
            joined(scene, client)
        case "enter":
            room, rooms = script.words["room"], scene.profile.rooms
            others = client.rooms if rooms is None or rooms.many else []
            client.rooms = [*(each for each in others if each != room), room]
            scene.note("entered", session, room=room)
        case "exit":
            room = script.words["room"]
            client.rooms = [each for each in client.rooms if each != room]
            scene.note("exited", session, room=room)
        case "rename":
            client.nick = script.words["new"]
            confirmed = any(isinstance(line, Await) for line in script.lines)
            scene.note("renamed", session, nick=client.nick, confirmed=confirmed)
