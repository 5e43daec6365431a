"""What a profile says about each direction, as rules to try in turn: those with the most words of their own first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chatsim.profile.profile import Dialogue, Profile, SendThis, Voice
from chatsim.profile.templates import Match, Template

__all__ = ["Rule", "alternatives", "fit", "heard_rules", "may_begin", "said_rules"]

HEARD_KINDS = ("hears", "echo", "whisper", "whisper-echo", "room", "room-echo", "ack")


@dataclass(frozen=True, slots=True)
class Rule:
    """`kind` of what the server says: hears echo whisper whisper-echo room room-echo ack · joined left room-joined
    room-left renamed · roster roster-end · ignore. Of what a client says: public whisper room ask · enter exit rename
    leave (the first words of that dialogue, `lines`) · answer (of a `whenever`)."""

    kind: str
    template: Template
    lines: Dialogue = ()

    @property
    def own_words(self) -> int:
        return sum(len(literal.strip()) for literal in self.template.literals)

    @property
    def of_message(self) -> bool:
        return self.kind in HEARD_KINDS and "text" in self.template.fields


def heard_rules(profile: Profile) -> tuple[Rule, ...]:
    rules: list[Rule] = []

    def add(kind: str, templates: Iterable[Template]) -> None:
        rules.extend(Rule(kind, template) for template in templates)

    def voice(of: Voice, heard: str, echoed: str) -> None:
        add(heard, of.hears)
        add(echoed, [template for template in of.echo if template not in of.hears])
        add("ack", of.ack)

    rooms, roster = profile.rooms, profile.roster
    if rooms is not None:
        add("room-joined", rooms.joined)
        add("room-left", rooms.left)
        voice(rooms.voice, "room", "room-echo")
    add("joined", profile.joined)
    add("left", dict.fromkeys((*profile.left, *profile.dropped)))
    add("renamed", profile.renamed)
    voice(profile.whisper, "whisper", "whisper-echo")
    voice(profile.public, "hears", "echo")
    if roster is not None:
        add("roster", roster.answer)
        add("roster-end", roster.end)
    add("ignore", profile.ignore)
    return _most_words_first(rules)


def said_rules(profile: Profile) -> tuple[Rule, ...]:
    rules: list[Rule] = []

    def dialogue(kind: str, lines: Dialogue) -> None:
        first = next((at for at, line in enumerate(lines) if isinstance(line, SendThis)), None)
        if first is not None:
            line = lines[first]
            assert isinstance(line, SendThis)
            rules.append(Rule(kind, line.template, lines[first + 1 :]))

    if profile.whisper.says is not None:
        rules.append(Rule("whisper", profile.whisper.says))
    rooms = profile.rooms
    if rooms is not None:
        dialogue("enter", rooms.enter)
        dialogue("exit", rooms.exit)
        if rooms.voice.says is not None:
            rules.append(Rule("room", rooms.voice.says))
    dialogue("rename", profile.rename)
    dialogue("leave", profile.leave)
    if profile.roster is not None and profile.roster.ask is not None:
        rules.append(Rule("ask", profile.roster.ask))
    rules.extend(Rule("answer", rule.send) for rule in profile.whenever)
    if profile.public.says is not None:
        rules.append(Rule("public", profile.public.says))
    return _most_words_first(rules)


def _most_words_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: -rule.own_words))


def alternatives(words: Iterable[str]) -> str:
    """One of these words, the longest first: the source of a regular expression. Without any: nothing fits."""
    known = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    return "|".join(f"(?:{re.escape(word)})" for word in known) or r"(?!)"


def fit(template: Template, frames: Sequence[str], slots: Mapping[str, str]) -> dict[str, str] | None:
    """What stands for its placeholders, if the first of these frames are the template."""
    parts = template.frames
    if len(parts) > len(frames):
        return None
    found: list[Match] = []
    for part, frame in zip(parts, frames, strict=False):
        match = part.matcher(slots).fullmatch(frame)
        if match is None:
            return None
        found.append(match)
    bindings = {name: text for match in found for name, text in match.bindings.items()}
    for match in found:  # a name that stands in two frames is one name
        if any(bindings[name] != text for name, text in match.bindings.items() if not name.startswith("*")):
            return None
    return bindings


def may_begin(templates: Iterable[Template], frames: Sequence[str], slots: Mapping[str, str]) -> bool:
    """May these frames be the beginning of a template that has more?"""
    return any(
        len(parts := template.frames) > len(frames)
        and all(part.matcher(slots).fullmatch(frame) is not None for part, frame in zip(parts, frames, strict=False))
        for template in templates
    )
