"""What does a client do by what it says: what is noted of it, and who is owed what from then on? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from chatsim.history import Message
from chatsim.profile.profile import Voice
from chatsim.recording.clients import Client, Script
from chatsim.recording.notes import room_of
from chatsim.recording.scene import Due, Said, Scene
from chatsim.recording.wording import Rule

__all__ = ["acts_raw", "does"]


def does(scene: Scene, client: Client, rule: Rule, found: Mapping[str, str], frame: int) -> bool:
    """By the rule that its words fit. False, and nothing has happened: a bot could not do that now."""
    match rule.kind:
        case "public" | "room":
            return _speaks(scene, client, rule, found, frame)
        case "whisper":
            return _whispers(scene, client, found, frame)
        case "enter":
            return _moves(scene, client, rule, _room(client, found))
        case "exit":
            room = _room(client, found)
            return room in client.rooms and _moves(scene, client, rule, room)
        case "rename":
            return _renames(scene, client, rule, found.get("new", "").strip())
        case "leave":
            _leaves(scene, client, rule)
        case "ask":
            _asks(scene, client)
        case _:
            pass  # the answer of a `whenever`: a bot gives it by itself
    return True


def acts_raw(scene: Scene, client: Client) -> None:
    """The first frame that it said is bytes, and no more than that."""
    frame, text, _ = client.said.pop(0)
    client.badly = True
    client.last_said = None
    scene.unknown += 1
    shown = text[:2000].encode("utf-8", "backslashreplace").decode()
    scene.note("act", client.life.session, what="raw", text=shown).raw = scene.profile.sent.frame(frame)
    scene.restless = True


def _room(client: Client, found: Mapping[str, str]) -> str:
    """The one that it names, or else the last that it went into."""
    return found.get("room") or (client.rooms[-1] if client.rooms else "")


def _speaks(scene: Scene, client: Client, rule: Rule, found: Mapping[str, str], frame: int) -> bool:
    rooms, text, room = scene.profile.rooms, found.get("text", ""), _room(client, found)
    alike = rooms is not None and rooms.voice.says == scene.profile.public.says
    in_room = rule.kind == "room" or (alike and bool(client.rooms))
    if not text.strip() or (in_room and room not in client.rooms):
        return False
    if not client.life.nick:
        scene.is_called(client, found.get("nick", ""))
    _says(scene, client, f"room:{room}" if in_room else "lobby", text, frame)
    return True


def _whispers(scene: Scene, client: Client, found: Mapping[str, str], frame: int) -> bool:
    text = found.get("text", "")
    other = next((each for each in scene.here() if each.nick == found.get("to")), None)
    if other is None or not text.strip():
        return False
    low, high = sorted((client.life.session, other.life.session))
    _says(scene, client, f"whisper:{low}:{high}", text, frame, to=other)
    return True


def _moves(scene: Scene, client: Client, rule: Rule, room: str) -> bool:
    if not room.strip():
        return False
    scene.note(rule.kind, client.life.session, room=room)
    _begins(scene, client, rule, {"room": room})
    return True


def _renames(scene: Scene, client: Client, rule: Rule, new: str) -> bool:
    if not new:
        return False
    scene.nicks.add(new)
    scene.note("rename", client.life.session, nick=new)
    _begins(scene, client, rule, {"new": new})
    return True


def _begins(scene: Scene, client: Client, rule: Rule, words: Mapping[str, str]) -> None:
    client.script = Script(rule.kind, rule.lines, scene.now, words)
    scene.restless = True


def _leaves(scene: Scene, client: Client, rule: Rule) -> None:
    client.leaving = True
    scene.release(client)
    scene.note("leave", client.life.session)
    scene.owe_notice(client, "left", bool(scene.profile.left))
    client.script = Script("leave", rule.lines, scene.now)


def _asks(scene: Scene, client: Client) -> None:
    client.asking = True
    client.roster = []
    scene.due.add(Due("roster", client.life.session))
    scene.note("ask", client.life.session)
    scene.restless = True


def _says(scene: Scene, client: Client, channel: str, text: str, frame: int, to: Client | None = None) -> None:
    session = client.life.session
    kind, addressee = ("chat", None) if to is None else ("whisper", to.life.session)
    message = Message(len(scene.said), session, kind, channel, text, addressee, words=text)
    said = Said(message, client, frame, client.nick)
    scene.said.append(said)
    scene.note("send", session, ref=message.id)
    scene.note("handed", session, ref=message.id)
    client.last_said = message.id if to is None else None
    scene.restless = True
    voice, room = _voice(scene, message), room_of(message)
    for other in scene.here():
        if other is client:
            owed, may = bool(voice.echo), bool(voice.echo or voice.ack)
        elif to is not None:
            owed = may = other is to and bool(voice.hears)
        else:
            may = bool(voice.hears)
            owed = may and other.life.told and (not room or room in other.rooms)
        if may:
            other.owed[message.id] = None
        if owed:
            said.owed = True
            scene.due.add(Due("heard", other.life.session, message.id))
    if voice.ack:
        scene.due.add(Due("ack", session, message.id))


def _voice(scene: Scene, message: Message) -> Voice:
    profile = scene.profile
    if message.kind == "whisper":
        return profile.whisper
    return profile.rooms.voice if room_of(message) and profile.rooms else profile.public
