"""Which of the profile's words is it that the server says: what a dialogue waits for, a phrase, or none? Pure.

What is none is kept, and counted. While a dialogue is under way it waits: a later line of it may ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatsim.profile.profile import Await
from chatsim.profile.templates import Match, Template
from chatsim.profile.vocabulary import ANSI
from chatsim.recording.clients import Client, Script
from chatsim.recording.dialogues import advance, has_come, turned_down
from chatsim.recording.meaning import means
from chatsim.recording.saying import understand_client
from chatsim.recording.scene import Scene
from chatsim.recording.wording import Rule, alternatives, fit, may_begin

__all__ = ["give_up", "server_said"]

KEPT = 200  # frames that a dialogue may still look at
LONGEST_REST = 64 * 1024  # characters, where nothing keeps messages apart


def server_said(scene: Scene, client: Client, pieces: Iterable[bytes]) -> None:
    """To this client; and what it had said while it waited for that is understood."""
    for piece in pieces:
        for frame in client.down.feed(piece):
            text = frame.decode(scene.profile.encoding, "backslashreplace")
            text = ANSI.sub("", text) if scene.profile.strip_ansi else text
            if scene.framed:
                client.heard.append(scene.forms.stripped(text))
            else:
                client.rest += text
                client.rest_at = scene.now
    if scene.framed:
        _understand_frames(scene, client)
    else:
        _understand_stream(scene, client)
    understand_client(scene, client)


def give_up(scene: Scene, client: Client) -> None:
    """Nothing more comes from the server: what is not understood by now is told."""
    _understand_frames(scene, client, over=True)
    scene.tell_deferred(client)
    text, client.rest = client.rest, ""
    scene.unrecognised(client, text)


# --- frames


def _understand_frames(scene: Scene, client: Client, *, over: bool = False) -> None:
    """`over`: the first half of something in two frames is no more than that."""
    templates = [rule.template for rule in scene.heard_rules]
    while client.heard:
        if _answers(scene, client) or _takes_form(scene, client):
            continue
        if not over and may_begin(templates, client.heard, _slots(scene)):
            return
        frame = client.heard.pop(0)
        if client.script is not None:
            client.deferred.append(frame)
            del client.deferred[:-KEPT]
        else:
            scene.unrecognised_frame(client, frame)


def _answers(scene: Scene, client: Client) -> bool:
    """Is the front of what came what the dialogue waits for, or a refusal?"""
    script = client.script
    if script is None or not isinstance(script.line, Await) or script.line.closes:
        return False
    line = script.line
    for template in line.templates:
        bindings = fit(template, client.heard, scene.own_slots(client))
        if bindings is not None:
            del client.heard[: len(template.frames)]
            has_come(scene, client, script, line, template, bindings)
            advance(scene, client)
            understand_client(scene, client)
            return True
    for template in scene.profile.refuses if script.refusable else ():
        if fit(template, client.heard, {}) is not None:
            words = "\n".join(client.heard[: len(template.frames)])
            del client.heard[: len(template.frames)]
            turned_down(scene, client, script, words)
            understand_client(scene, client)
            return True
    return False


def _takes_form(scene: Scene, client: Client) -> bool:
    """Is the front a phrase of the profile? Of those of more frames first."""
    slots = _slots(scene)
    for rule in scene.widest_first:
        width = len(rule.template.frames)
        found = fit(rule.template, client.heard, slots)
        if found is not None and means(scene, client, rule, found, "\n".join(client.heard[:width])):
            del client.heard[:width]
            return True
    return False


def _slots(scene: Scene) -> dict[str, str]:
    names = scene.names
    return {"nick": names, "to": names, "new": names}


# --- a stream


def _understand_stream(scene: Scene, client: Client) -> None:
    """Where nothing keeps messages apart: whatever is known and stands first, the longest of those."""
    while client.rest:
        script = client.script
        known = [each for each in _known(scene, client, script) if each[1].end > each[1].start]
        if not known:
            over = max(0, len(client.rest) - LONGEST_REST)
            text, client.rest = client.rest[:over], client.rest[over:]
            scene.unrecognised(client, text)
            return
        what, match = min(known, key=lambda each: (each[1].start, -each[1].end))
        before, said = client.rest[: match.start], client.rest[match.start : match.end]
        client.rest = client.rest[match.end :]
        scene.unrecognised(client, before)
        if isinstance(what, Rule):
            if not means(scene, client, what, match.bindings, said):
                scene.unrecognised(client, said)
            continue
        assert script is not None
        if what is None:
            turned_down(scene, client, script, said)
        else:
            assert isinstance(script.line, Await)
            has_come(scene, client, script, script.line, what, match.bindings)
            advance(scene, client)
        understand_client(scene, client)


def _known(scene: Scene, client: Client, script: Script | None) -> Iterator[tuple[Rule | Template | None, Match]]:
    """All that is found: a template that the dialogue waits for, a refusal of it (None), a rule."""

    def found(what: Rule | Template | None, match: Match | None) -> Iterator[tuple[Rule | Template | None, Match]]:
        if match is not None:
            yield what, match

    if script is not None and isinstance(script.line, Await):
        for template in script.line.templates:
            yield from found(template, template.matcher(scene.own_slots(client)).search(client.rest))
        for template in scene.profile.refuses if script.refusable else ():
            yield from found(None, template.matcher().search(client.rest))
    for rule in scene.heard_rules:
        slots = _slots(scene)
        if rule.of_message:
            if not client.owed:
                continue
            slots["text"] = alternatives(scene.said[each].message.text.strip("\r\n") for each in client.owed)
        yield from found(rule, rule.template.matcher(slots).search(client.rest))
