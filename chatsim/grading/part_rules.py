"""The key `parts` of an assignment: what gives points, and which part needs which."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from chatsim.document import Mapping as Map
from chatsim.document import Node, Reading, Scalar, excerpt
from chatsim.grading import keys
from chatsim.grading.assignment import Part
from chatsim.grading.beside import Beside
from chatsim.grading.units import read_points
from chatsim.profile.keys import names
from chatsim.properties import PROPERTIES, named
from chatsim.scenario.asked import asked_for
from chatsim.scenario.scenario import Scenario

__all__ = ["MOST_PARTS", "MOST_REPEATS", "Playable", "Silent", "is_name", "read_parts"]

MOST_PARTS: Final = 200
MOST_REPEATS: Final = 1_000
OTHER_WORDS: Final[Mapping[str, str]] = {
    "public": "always",
    "visible": "always",
    "hidden": "never",
    "after": "after-due",
}

_NAME: Final = re.compile(r"[^\W_](?:[\w .-]{0,58}[\w-])?")

Playable = Callable[[Scenario], str | None]
"""Why this scenario can be played with none of the profiles, in a sentence; None if it can."""

Silent = Callable[[str, Scenario], str]
"""Why this scenario can say nothing about this property with any of the profiles, in a sentence; empty if it can."""


def is_name(text: str) -> bool:
    """May a part or an assignment be called so? Letters and digits of any script, blanks, dots, hyphens, underscores."""
    return _NAME.fullmatch(text) is not None


def read_parts(
    reading: Reading, beside: Beside, node: Node | None, *, playable: Playable, silent: Silent, due: bool
) -> tuple[Part, ...]:
    """The parts; worth something only if no problem has been noted.

    `due`: is there a due date?
    """
    sequence = reading.sequence(node, what="a list of parts (each begins with a dash)")
    if sequence is None:
        return ()
    if not sequence.items:
        reading.wrong("there is no part in this list", sequence)
    if len(sequence.items) > MOST_PARTS:
        reading.wrong(f"at most {MOST_PARTS} parts can be given", sequence)
    parts: list[Part] = []
    needs: dict[str, tuple[Scalar, ...]] = {}
    known: dict[str, Scalar] = {}
    for item in sequence.items[:MOST_PARTS]:
        part, name, words = _Part(reading, beside, item, playable, silent, due).read()
        if name is None:
            continue
        folded = name.text.casefold()
        if folded in known:
            line = known[folded].place.line
            reading.wrong(f"a second part is called {excerpt(name.text)} (the first in line {line})", name)
            continue
        known[folded] = name
        parts.append(part)
        needs[part.name] = words
    _check_needs(reading, {part.name: part for part in parts}, needs)
    return tuple(parts)


class _Part:
    """One part, key by key."""

    def __init__(
        self,
        reading: Reading,
        beside: Beside,
        node: Node,
        playable: Playable,
        silent: Silent,
        due: bool,
    ) -> None:
        self.reading = reading
        self.beside = beside
        self.node = node
        self.playable = playable
        self.silent = silent
        self.due = due
        self.fields = reading.fields(
            node, names(keys.PART), required=("part", "points"), what="a part (a map of keys)", of="a part"
        )

    def read(self) -> tuple[Part, Scalar | None, tuple[Scalar, ...]]:
        """The part without what it needs; its name as it stands there; the words of its `needs`."""
        reading, fields = self.reading, self.fields
        name = reading.scalar(fields.get("part"), what="the name of a part")
        if name is not None and not is_name(name.text):
            hint = (
                "At most 60 letters and digits of any script; blanks, dots, hyphens and underscores may stand between."
            )
            reading.wrong(f"{excerpt(name.text)} is no name for a part", name, hint=hint)
            name = None
        credit: Any = reading.word(fields.get("credit"), keys.CREDITS, None) or "all"
        scenarios = self._scenarios(credit)
        properties, asked = self._properties(credit, scenarios)
        title = reading.text(fields.get("title"), "", what="a title").strip()
        needs = tuple(
            word
            for item in reading.one_or_many(fields.get("needs"), what="the name of a part")
            if (word := reading.scalar(item, what="the name of a part")) is not None
        )
        part = Part(
            name=name.text if name is not None else "",
            title=title or (name.text if name is not None else ""),
            points=read_points(reading, fields.get("points")) or Decimal(),
            scenarios=scenarios,
            properties=properties,
            named=asked,
            credit=credit,
            needs=tuple(dict.fromkeys(word.text for word in needs)),
            visible=self._visible(),
            repeat=reading.number(fields.get("repeat"), 1, low=1, high=MOST_REPEATS),
            place=self.node.place,
        )
        return part, name, needs

    def _visible(self) -> Any:
        node = self.fields.get("visible")
        if isinstance(node, Scalar) and node.text in OTHER_WORDS:
            self.reading.wrong(
                f"always, after-due or never is expected here, not {excerpt(node.text)}. "
                f'Did you mean "{OTHER_WORDS[node.text]}"?',
                node,
            )
            return "always"
        word = self.reading.word(node, keys.VISIBILITIES, None) or "always"
        if word == "after-due" and not self.due:
            self.reading.wrong("after what? There is no `due`", node, hint="Such as  due: 2026-11-30 23:59 +01:00")
        return word

    def _scenarios(self, credit: str) -> tuple[Scenario, ...]:
        reading, fields = self.reading, self.fields
        if "scenario" in fields and "scenarios" in fields:
            key = self.node.key("scenario") if isinstance(self.node, Map) else None
            reading.wrong("`scenario` and `scenarios`: only one of them can be meant", key)
        node = fields.get("scenarios", fields.get("scenario"))
        if node is None:
            if credit != "look" and isinstance(self.node, Map):
                hint = "A part without one is for a person who looks: credit: look"
                reading.wrong('what is played is missing here: the key "scenarios"', self.node, hint=hint)
            return ()
        found: dict[str, Scenario] = {}
        said: set[str] = set()
        for item in reading.one_or_many(node, what="a scenario's file"):
            scalar = reading.scalar(item, what="a scenario's file")
            if scalar is None:
                continue
            if scalar.text in said:
                reading.wrong(f"{excerpt(scalar.text)} stands here twice", scalar)
            said.add(scalar.text)
            for scenario in self.beside.scenarios(scalar):
                if (why := self.playable(scenario)) is not None:
                    reading.wrong(f"{scenario.file} can not be played: {why}", scalar)
                found[scenario.file] = scenario
        return tuple(found.values())

    def _properties(self, credit: str, scenarios: tuple[Scenario, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All of them, in the catalogue's order; and those asked for by their names, not by their group."""
        reading, node = self.reading, self.fields.get("properties")
        if node is None:
            if credit == "each" and isinstance(self.node, Map):
                hint = "Such as  properties: [messages, join-notice]"
                reading.wrong("each of what? The properties that give points are missing here", self.node, hint=hint)
            return (), ()
        if credit == "look":
            key = self.node.key("properties") if isinstance(self.node, Map) else None
            reading.wrong("in a part that a person looks at, no property counts", key)
        catalogue = tuple(known.name for known in PROPERTIES)
        words = asked_for(reading, node)
        for name, scalar in words.items():
            if name in catalogue:
                self._check_judged(name, scalar, scenarios)
        return named(tuple(words)), tuple(name for name in catalogue if name in words)

    def _check_judged(self, name: str, scalar: Scalar, scenarios: tuple[Scenario, ...]) -> None:
        whys = [self.silent(name, scenario) for scenario in scenarios]
        if whys and all(whys):
            self.reading.wrong(f"no scenario of this part can say anything about {excerpt(name)}", scalar, hint=whys[0])


# --- needs ----------------------------------------------------------------------------------------------------------


def _check_needs(reading: Reading, parts: Mapping[str, Part], needs: Mapping[str, tuple[Scalar, ...]]) -> None:
    order = keys.VISIBILITIES
    for name, words in needs.items():
        said: set[str] = set()
        for word in words:
            if word.text not in parts:
                reading.unknown(f"there is no part {excerpt(word.text)}", word, tuple(parts))
            elif word.text == name:
                reading.wrong("a part can not need itself", word)
            elif word.text in said:
                reading.wrong(f"{excerpt(word.text)} stands here twice", word)
            elif parts[word.text].credit == "look":
                why = "a person looks at that part, and nobody has when the servers are played"
                reading.wrong(f"{excerpt(word.text)} can not be needed: {why}", word)
            elif order.index(parts[word.text].visible) > order.index(parts[name].visible):
                hint = "Make both of them hidden, or none."
                why = "whoever reads that this part was not run would learn how the hidden one went"
                reading.wrong(f"{excerpt(word.text)} can not be needed: {why}", word, hint=hint)
            said.add(word.text)
    _check_circles(reading, {name: [w for w in words if w.text in parts] for name, words in needs.items()})


def _check_circles(reading: Reading, needs: Mapping[str, list[Scalar]]) -> None:
    """Each circle is told once, where the part of it that stands first names the next one."""
    done: set[str] = set()
    for first in needs:
        route = _circle(first, needs)
        if route is None or not done.isdisjoint(route):
            continue
        done.update(route)
        word = next(word for word in needs[first] if word.text == route[1 % len(route)])
        if len(route) > 1:
            reading.wrong(f"these parts need each other in a circle: {' → '.join((*route, first))}", word)


def _circle(first: str, needs: Mapping[str, list[Scalar]]) -> list[str] | None:
    """The shortest way from a part back to itself; None if there is none."""
    came: dict[str, str] = {}
    row = [first]
    while row:
        following: list[str] = []
        for name in row:
            for word in needs[name]:
                if word.text == first:
                    route = [name]
                    while route[-1] != first:
                        route.append(came[route[-1]])
                    return route[::-1]
                if word.text not in came:
                    came[word.text] = name
                    following.append(word.text)
        row = following
    return None
