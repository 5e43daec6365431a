"""What is told of who comes and goes, how one comes in, and what happens when a name is in use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from chatsim.detect.asking import is_refusal
from chatsim.detect.entering import Client, Heard, Sent, enter
from chatsim.detect.findings import Step
from chatsim.detect.inducing import common, induce, pushed_list
from chatsim.detect.scene import ANSWERED, QUIET_AFTER, Scene, merged, quoted
from chatsim.detect.trying import NICKS, SPOKEN, TEXTS
from chatsim.profile.templates import Template

__all__ = ["arrivals", "departures", "name_in_use"]

TOLD = 0.6  # seconds for a notice to come: many servers look for closed connections every so often


def arrivals(scene: Scene) -> None:
    found = scene.findings
    third = scene.newcomer()
    if third is None:
        _no_third(scene)
    else:
        scene.arrived.append((third, scene.first.hear()))
        scene.second.hear()
        scene.third = third
        found.replays = any(text in piece for text in TEXTS for piece in third.greeting)
    notices: list[str] = []
    present = scene.present()
    for client, heard in scene.arrived:
        for piece in heard:
            piece = scene.plain(piece)
            if (pushed := pushed_list(piece, present)) is not None:
                found.pushed = pushed
            elif template := scene.told_of(client, piece):
                notices.append(template)
    scene.of_arrival = set(notices)
    found.joined = merged(notices)[:2]
    named = [template for template in found.joined if "{nick}" in template]
    found.joined = named or found.joined[:1]
    if found.joined:
        sample = next((piece for _, heard in scene.arrived for piece in heard), "")
        found.note("joined", f"{scene.first.nick} got {quoted(sample)} when somebody came")
    _entry(scene)


def _no_third(scene: Scene) -> None:
    found = scene.findings
    found.clients = 2
    found.note("limits", "a third client was not let in, while two were there")
    scene.third = None


def _entry(scene: Scene) -> None:
    """The dialogue of `join`, from how the first and the second came in."""
    found = scene.findings
    entries = [scene.first, scene.second, *([scene.third] if scene.third is not None else [])]
    shapes = [[type(step) for step in client.steps] for client in entries]
    steps = [client.steps for client, shape in zip(entries, shapes, strict=True) if shape == shapes[-1]]
    clients = [client for client, shape in zip(entries, shapes, strict=True) if shape == shapes[-1]]
    dialogue: list[Step] = []
    for index, step in enumerate(steps[-1]):
        if isinstance(step, Sent):
            dialogue.append(Step("send", step.template))
            continue
        samples = [
            [piece for raw in heard.pieces for piece in _without_notice(scene, client, raw)]
            for client, taken in zip(clients, steps, strict=True)
            if isinstance(heard := taken[index], Heard)
        ]
        last = index + 1 == len(steps[-1])
        await_, others = _awaited(scene, clients, samples, last=last)
        if await_:
            dialogue.append(Step("await", await_))
        found.ignore += [other for other in others if other not in found.ignore]
    found.join = dialogue
    found.note("join", _about_entry(scene, dialogue))


def _about_entry(scene: Scene, dialogue: Sequence[Step]) -> str:
    client = scene.first
    heard = next((step.pieces[-1] for step in client.steps if isinstance(step, Heard)), "")
    if not dialogue:
        return "whoever is connected is in"
    if dialogue[0].kind == "await":
        return f"the server begins with {quoted(heard)}" if heard else ""
    return f"{client.nick} was answered {quoted(heard)}" if heard else "nothing is answered"


def _without_notice(scene: Scene, client: Client, piece: str) -> list[str]:
    """Its own notice may come to the newcomer in one read with its welcome."""
    piece = scene.plain(piece)
    if any(text in piece for text in TEXTS) or scene.is_a_message(piece):
        return []  # said before it came, and told again
    for template in scene.findings.joined:
        told = Template(template).matcher().fullmatch(piece) if "{nick}" in template else None
        if told is not None and told.bindings.get("nick") != scene.names.get(client.nick, client.nick):
            return []  # of somebody else: a server that tells its history
        own = template.replace("{nick}", scene.names.get(client.nick, client.nick))
        if "{" not in own and own in piece and own != piece:
            return [rest for rest in piece.split(own) if rest.strip()] or [piece]
    return [piece]


def _awaited(
    scene: Scene, clients: Sequence[Client], samples: Sequence[Sequence[str]], *, last: bool
) -> tuple[str, list[str]]:
    """Which of these pieces to wait for: the last that all of them got. And the others that they got, too."""
    present = scene.present()
    made = [
        [induce(piece, scene.greeted(client)) for piece in pieces if pushed_list(piece, present) is None]
        for client, pieces in zip(clients, samples, strict=True)
    ]
    if not made or not made[-1]:
        return "", []
    in_all: list[str] = []
    for template in made[-1]:
        merged: str | None = template
        for others in made[:-1]:
            options = [common(merged, other) for other in others] if merged is not None else []
            same = [option for option in options if option is not None]
            merged = merged if merged in others else (min(same, key=lambda o: o.count("{*}")) if same else None)
        if merged is not None and re.sub(r"\{\*\}", "", merged).strip():
            in_all.append(merged)
    if not in_all:
        return "", []
    wanted = [template for template in in_all if template not in scene.findings.joined] or in_all
    if scene.findings.nick == "assigned":
        wanted = [template for template in in_all if "{nick}" in template] or wanted  # it tells the name
    chosen = wanted[-1]
    if scene.way.framing == "none" and not scene.way.line.wire.messages:
        chosen = re.sub(r"^(\{\*\})+|(\{\*\})+$", "", chosen)  # it is looked for anywhere
    return chosen, [template for template in in_all if template != chosen and template not in scene.findings.joined]


def departures(scene: Scene) -> None:
    found = scene.findings
    if not scene.way.line.wire.connects:
        return  # nobody there learns of an end but by words
    third = scene.third
    if third is None:
        third = scene.second
    scene.clear()
    scene.bench.go(third.bot)
    witness = scene.first
    scene.bench.wait(lambda: bool(witness.bot.chunks), first=max(TOLD, scene.slow))
    when = "when a client closed"
    pieces = scene.plain_of(witness)
    if not pieces and third is not scene.second:
        pieces = _told_late(scene)
        when = "when somebody spoke after a client had closed its connection"
    notices = _partings(scene, third, pieces)
    may_tear = not notices and third is not scene.second and scene.bench.may_reset
    if may_tear and (torn := scene.newcomer()) is not None:
        scene.clear()
        scene.bench.reset(torn.bot)
        scene.bench.wait(lambda: bool(witness.bot.chunks), first=max(ANSWERED, scene.slow))
        pieces = scene.plain_of(witness) or _told_late(scene)
        notices = _partings(scene, torn, pieces)
        when = "when a connection was torn, and nothing when a client closed"
    found.left = notices[:1]
    if found.left:
        found.note("left", f"{witness.nick} got {quoted(pieces[0])} {when}")
    elif found.joined:
        found.open.append("what is told of who goes: nothing was heard of a client that had closed its connection")
    if third is scene.second:
        scene.second = enter(scene.bench, scene.way, NICKS[1])


def _told_late(scene: Scene) -> list[str]:
    """What the first hears, apart from messages, when somebody speaks twice: the first attempt to reach one who has
    gone often goes well."""
    name = scene.names.get(scene.second.nick, "")
    pieces: list[str] = []
    for text in TEXTS[-2:]:
        seen = len(scene.first.bot.everything)
        scene.second.say(scene.bench, scene.findings.says, text)
        scene.bench.wait(partial(_has, scene.first, text.encode(), seen), first=SPOKEN)
        pieces += [piece for piece in scene.plain_of(scene.first) if text not in piece and piece.strip() != name]
    return pieces


def _partings(scene: Scene, gone: Client, pieces: Sequence[str]) -> list[str]:
    """The templates of those of these pieces that tell that this client has gone, those with its name first."""
    present = scene.present()
    told = [
        template
        for piece in pieces
        if pushed_list(piece, present) is None
        and not scene.is_said(piece, "")
        and (template := scene.told_of(gone, piece)) not in ("", *scene.of_arrival)
    ]
    return [template for template in told if "{nick}" in template] or told


def name_in_use(scene: Scene) -> None:
    found = scene.findings
    if found.nick != "chosen" or not any("{nick}" in s.template for s in scene.first.steps if isinstance(s, Sent)):
        return
    if found.clients:
        found.open.append("a name in use: no further client was let in")
        return
    scene.clear()
    again = enter(scene.bench, scene.way, scene.first.nick)
    usual = {piece for client in (scene.first, scene.second) for piece in client.greeting}
    new = [piece for piece in again.greeting if piece not in usual]
    refusals = [piece for piece in new if is_refusal(piece)]
    if again.refused or refusals:
        texts = refusals or new[-1:]
        found.refuses = [induce(scene.plain(piece), scene.greeted(again)) for piece in texts]
        found.refuses = list(dict.fromkeys(found.refuses))[:2]
        found.note("refuses", "somebody came with a name that was in use")
    else:
        found.note("in use", "a second client with a name in use was let in")
    scene.bench.go(again.bot)
    scene.bench.wait(first=max(QUIET_AFTER, scene.slow))
    scene.clear()


def _has(client: Client, data: bytes, begin: int) -> bool:
    return data in client.bot.everything[begin:]
