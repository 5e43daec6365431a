"""What is told by what the server said: which message is heard, who came or went, who is there? Pure.

It is held against what was said before: a message that nobody sent is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chatsim.history import Message
from chatsim.profile.templates import split_names
from chatsim.recording.clients import Client
from chatsim.recording.coming import present
from chatsim.recording.notes import room_of
from chatsim.recording.scene import Due, Said, Scene
from chatsim.recording.wording import Rule

__all__ = ["means"]

OWN_FORM = {"hears": "echo", "room": "room-echo", "whisper": "whisper-echo"}
OTHERS_FORM = {form: kind for kind, form in OWN_FORM.items()}


def means(scene: Scene, client: Client, rule: Rule, found: Mapping[str, str], text: str) -> bool:
    """`text`, which fits this rule, told this client so. False, and nothing is noted: it can not have meant that."""
    session, nick = client.life.session, found.get("nick")
    match rule.kind:
        case "ack":
            return _acknowledged(scene, client, found)
        case "joined" | "left":
            scene.note("notice", session, what=rule.kind, nick=nick, room=found.get("room") or None, text=text[:300])
            _noticed(scene, client, rule.kind, nick)
        case "room-joined" | "room-left":
            room = found.get("room") or (client.rooms[-1] if client.rooms else None)
            what = rule.kind.removeprefix("room-")
            scene.note("notice", session, what=what, nick=nick, room=room, text=text[:300])
        case "renamed":
            scene.note("told-renamed", session, nick=nick, new=found.get("new"), text=text[:300])
        case "roster":
            if not client.asking and rule.own_words < 2:
                return False
            _listed(scene, client, found)
        case "roster-end":
            if not client.asking:
                return False
            _list_ends(scene, client)
        case "ignore":
            pass
        case _:
            return _heard(scene, client, rule.kind, found)
    return True


def _heard(scene: Scene, client: Client, kind: str, found: Mapping[str, str]) -> bool:
    said = _which(scene, client.owed, kind, found)
    again = said is None
    if said is None:
        said = _which(scene, client.had, kind, found)
    if said is None:
        return False
    message, session = said.message, client.life.session
    own = message.sender == session
    form = OWN_FORM.get(kind, kind) if own else OTHERS_FORM.get(kind, kind)
    scene.note("heard", session, ref=message.id, form=form)
    if again:
        return True
    del client.owed[message.id]
    client.had.append(message.id)
    scene.due.discard(Due("heard", session, message.id))
    said.reached = True
    if not own and message.kind != "whisper":
        present(scene, client, "heard")
        present(scene, said.by, "knock")
    return True


def _which(scene: Scene, among: Iterable[int], kind: str, found: Mapping[str, str]) -> Said | None:
    """The first of these messages that it may be."""
    for number in among:
        said = scene.said[number]
        if not _fits_kind(said.message, kind):
            continue
        if "nick" in found and found["nick"] != said.name:
            continue
        if "room" in found and found["room"] != room_of(said.message):
            continue
        if "text" not in found or _plain(scene, found["text"]) == _plain(scene, said.message.text):
            return said
    return None


def _fits_kind(message: Message, kind: str) -> bool:
    if kind.startswith("whisper"):
        return message.channel.startswith("whisper:")
    if kind.startswith("room"):
        return message.channel.startswith("room:")
    return message.channel == "lobby"


def _plain(scene: Scene, text: str) -> str:
    """What of a text is left by a server of this profile."""
    text = text.strip() if scene.profile.text_strip else text.strip("\r\n")
    return text.lower() if scene.profile.text_lower else text


def _acknowledged(scene: Scene, client: Client, found: Mapping[str, str]) -> bool:
    """The first of its messages that has none yet, and may be meant."""
    session = client.life.session
    for due in sorted(due for due in scene.due if due.kind == "ack" and due.session == session):
        said = scene.said[due.message]
        if "text" not in found or _plain(scene, found["text"]) == _plain(scene, said.message.text):
            scene.due.discard(due)
            said.reached = True
            scene.note("ack", session, ref=due.message)
            return True
    return False


def _listed(scene: Scene, client: Client, found: Mapping[str, str]) -> None:
    roster = scene.profile.roster
    if "nicks" in found:
        client.roster += split_names(found["nicks"], scene.nicks)
    elif found.get("nick"):
        client.roster.append(found["nick"])
    if roster is None or not roster.end or not client.asking:
        _list_ends(scene, client)


def _list_ends(scene: Scene, client: Client) -> None:
    scene.note("roster", client.life.session, names=list(client.roster), asked=client.asking)
    client.roster, client.asking = [], False
    scene.due.discard(Due("roster", client.life.session))


def _noticed(scene: Scene, client: Client, what: str, nick: str | None) -> None:
    """What was waited for has come; or it comes before its reason was seen, and will not be waited for."""
    for due in scene.due:
        if (due.kind, due.session, due.what) == ("notice", client.life.session, what) and nick in (None, due.nick):
            scene.due.discard(due)
            return
    if nick is not None:
        client.early.add((what, nick))
