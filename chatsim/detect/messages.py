"""How messages look to others and to who spoke, what people are called in them, and where they end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from chatsim.detect.entering import Client, Sent
from chatsim.detect.inducing import ANSI, induce
from chatsim.detect.scene import Scene, filled, merged, quoted, spelled_in
from chatsim.detect.trying import SPOKEN, TEXTS

__all__ = ["messages", "received_framing"]


def messages(scene: Scene) -> None:
    found, trial = scene.findings, scene.trial
    first, second = scene.first, scene.second
    back = _speech(scene, second, first)
    again = _speech(scene, first, second)
    samples = [(first, trial.text, trial.heard, trial.own), *back, *again]
    found.ansi = any(ANSI.search(piece) for _, _, heard, own in samples for piece in (*heard, *own))
    samples = [(speaker, text, heard, _unglued(heard, own, text)) for speaker, text, heard, own in samples]
    _name(scene, samples)
    hears = [_as_heard(scene, speaker, text, heard) for speaker, text, heard, _ in samples]
    found.hears = merged(template for template in hears if template)
    echoes = [_as_echo(scene, speaker, text, own) for speaker, text, _, own in samples]
    found.echo = merged(template for template in echoes if template) if all(echoes) else []
    acks = [_acknowledged(scene, speaker, text, own) for speaker, text, _, own in samples]
    if all(acks) and (ack := merged(template for templates in acks for template in templates)):
        found.ack = [template for template in ack if template.strip() != "{*}"][:3]
    got = quoted(next((piece for piece in trial.heard if trial.text in piece), ""))
    found.note("hears", f"{second.nick} got {got} when {first.nick} had said {quoted(trial.text)}")
    if len(samples) < 3:
        found.open.append("whether every message looks like the first: a later one was not heard")
    _says(scene)


def _speech(
    scene: Scene, speaker: Client, listener: Client
) -> list[tuple[Client, str, tuple[str, ...], tuple[str, ...]]]:
    text = TEXTS[scene.spoken % len(TEXTS)]
    scene.spoken += 1
    scene.clear()
    speaker.say(scene.bench, scene.findings.says, text)
    marker = text.encode()
    scene.bench.wait(lambda: marker in listener.bot.everything, first=2 * SPOKEN + scene.slow)
    heard, own = tuple(listener.hear()), tuple(speaker.hear())
    return [(speaker, text, heard, own)] if any(text in piece for piece in heard) else []


def _name(scene: Scene, samples: Sequence[tuple[Client, str, tuple[str, ...], tuple[str, ...]]]) -> None:
    """What the server calls them: by the name that they gave, by their address, or by one of its own."""
    found = scene.findings
    pieces = [(speaker, text, piece) for speaker, text, heard, _ in samples for piece in heard if text in piece]
    sent = [found.says, *(step.template for step in scene.first.steps if isinstance(step, Sent))]
    if any("{nick}" in template for template in sent):
        _look_how_names_are_spelled(scene, [(speaker, piece.replace(text, "")) for speaker, text, piece in pieces])
        for client in (scene.first, scene.second):
            scene.learn_name(client)
        return
    for form in ("{ip}:{client-port}", "('{ip}', {client-port})", "[{ip}]:{client-port}", "{client-port}"):
        named = [filled(form, speaker) in piece.replace(text, "") for speaker, text, piece in pieces]
        told = [filled(form, client) in piece for client, heard in scene.arrived for piece in heard]
        if (named and all(named)) or any(told):
            found.nick = form
            found.note("nick", "the server calls clients by their address")
            for client in (scene.first, scene.second):
                scene.names[client.nick] = filled(form, client)
            return
    found.nick = "none"
    names = _differing(pieces)
    told_so = [any(name in piece for piece in client.greeting) for client, name in names.items()]
    if len(names) == 2 and all(told_so):
        found.nick = "assigned"
        found.note("nick", f"the server names everybody itself: {', '.join(names.values())}")
        scene.names = {client.nick: name for client, name in names.items()}
        own = [[induce(piece, {"nick": name}) for piece in client.greeting] for client, name in names.items()]
        scene.naming = [template for template in own[0] if template in own[1] and "{nick}" in template]


def _look_how_names_are_spelled(scene: Scene, told: Sequence[tuple[Client, str]]) -> None:
    """Some cut long names short, or write them in capitals."""
    found = scene.findings
    forms = {client.nick: spelled_in(piece, client.nick) for client, piece in told}
    longest = {len(form) for form in forms.values()}
    if not forms or "" in forms.values() or any(nick == form for nick, form in forms.items()):
        return
    nick, form = next(iter(forms.items()))
    if len(longest) == 1 and all(nick.startswith(form) for nick, form in forms.items()):
        found.nick_limit = longest.pop()
        found.note("limits", f"the server made {form!r} of {nick!r}")
        return
    scene.respelled = str.upper if form.isupper() else str.lower if form.islower() else str.title
    found.open.append(f"who speaks, and who comes and goes: the server made {form!r} of {nick!r}, "
                      "so names that are heard stand as {*}")  # fmt: skip


def _as_heard(scene: Scene, speaker: Client, text: str, heard: Sequence[str]) -> str:
    at = next((index for index, piece in enumerate(heard) if text in piece), None)
    if at is None:
        return ""
    values = scene.values(speaker, text)
    template = induce(scene.plain(heard[at]), values)
    name = values.get("nick", "")
    if at and name and heard[at - 1].strip() == name and "{nick}" not in template:
        return "{nick}{next}" + template  # the name comes as a message of its own
    return template


def _as_echo(scene: Scene, speaker: Client, text: str, own: Sequence[str]) -> str:
    return _as_heard(scene, speaker, text, own)


def _acknowledged(scene: Scene, speaker: Client, text: str, own: Sequence[str]) -> list[str]:
    name = scene.names.get(speaker.nick, "")
    return [
        induce(scene.plain(piece), scene.values(speaker))
        for piece in own
        if text not in piece and piece.strip() != name
    ]


def received_framing(scene: Scene) -> None:
    """What ends the server's messages, where that is not what ends ours."""
    found, framing = scene.findings, scene.way.framing
    said = [bot.everything for bot in scene.bench.bots if bot.everything]
    if scene.way.line.wire.messages or not said:
        return
    ended = all(data.endswith(b"\n") for data in said)
    if framing == "none" and ended:
        found.received = "newline"
    elif framing in ("newline", "crlf") and not ended:
        found.received = "none"
        found.note("framing", "not every message of the server ends with a line end")
    elif framing == "json-lines" and not ended:
        found.received = "json"
        found.note("framing", "what the server sends has no line ends")
    elif framing.startswith("{"):
        decoders = [scene.way.wire_framing.decoder() for _ in said]
        whole = all(
            decoder.feed(data) and decoder.broken is None and not decoder.rest()
            for decoder, data in zip(decoders, said, strict=True)
        )
        found.received = framing if whole else "none"


def _says(scene: Scene) -> None:
    """A text that is passed on as it is, by a server that knows names: there the clients write the name."""
    found = scene.findings
    knows = any("{nick}" in step.template for step in scene.first.steps if isinstance(step, Sent))
    if found.says == "{text}" and found.hears == ["{text}"] and (knows or found.nick == "none"):
        found.says = "{nick}: {text}"
        found.hears = ["{nick}: {text}"]
        if found.echo:
            found.echo = ["{nick}: {text}"]
        if found.nick == "none":
            found.nick = "chosen"
        found.note("says", "the server passes texts on as they are, so the clients write their names; any form will do")
        found.guesses.append("says: how the server's own clients write their names")
    elif found.hears == [found.says]:
        found.guesses.append(
            "says: the server passes on what it gets, in whatever form; its own clients may use another"
        )
    elif found.nick == "none" and not any("{nick}" in template for template in found.hears):
        found.note("nick", "nothing that is heard says who spoke")


def _unglued(heard: Sequence[str], own: Sequence[str], text: str) -> tuple[str, ...]:
    """What the speaker got, where a receipt and the message came to it in one read."""
    message = next((piece for piece in heard if text in piece), "")
    pieces: list[str] = []
    for piece in own:
        before, found, after = piece.partition(message) if message and piece != message else ("", "", piece)
        pieces += [part for part in (before, found, after) if part.strip()]
    return tuple(pieces)


def _differing(pieces: Sequence[tuple[Client, str, str]]) -> dict[Client, str]:
    """For each speaker what stands in its messages and not in the other's, where the rest is the same."""
    shown: dict[Client, str] = {}
    for speaker, text, piece in pieces:
        shown.setdefault(speaker, piece.replace(text, "\0"))
    if len(shown) != 2:
        return {}
    (one, left), (other, right) = shown.items()
    if left == right:
        return {}
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    while begin and re.match(r"\w", left[begin - 1]):
        begin -= 1
    if re.fullmatch(r"[\w ]*", left[:begin]):
        begin = 0  # a name of several words
    end = 0
    while end < min(len(left), len(right)) - begin and left[-1 - end] == right[-1 - end]:
        end += 1
    while end and re.match(r"\w", left[len(left) - end]):
        end -= 1
    names = left[begin : len(left) - end], right[begin : len(right) - end]
    if not all(name and "\0" not in name and len(name) <= 40 for name in names):
        return {}
    return {one: names[0], other: names[1]}
