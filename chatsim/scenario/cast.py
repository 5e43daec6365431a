"""Who takes part, and who is meant: the key `bots`, and the WHO of the steps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from chatsim.document import Broken, Mapping, Node, Reading, Scalar, Sequence, excerpt, is_null
from chatsim.errors import Place
from chatsim.scenario.locales import read_locale
from chatsim.scenario.scenario import Bot
from chatsim.scenario.steps import Who
from chatsim.scenario.verbs import MAX_BOTS, WORDS

__all__ = ["Cast", "new_bot", "read_cast", "read_who"]

MAX_NAME: Final = 60
_NAME: Final = re.compile(r"[^\W\d_][\w.-]*")
_AND: Final = re.compile(r"(?<=\s)and(?=\s)")


@dataclass
class Cast:
    """The bots in their order, and the groups. Filled while `bots` is read, unchanged afterwards."""

    bots: dict[str, Bot] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    drawn_names: bool = False
    order: dict[str, int] = field(default_factory=dict)
    spelled_out: dict[str, tuple[str, ...]] = field(default_factory=dict)  # WHO → bots; a file repeats the same few

    def names(self) -> tuple[str, ...]:
        return (*self.groups, *self.bots)

    def in_order(self, bots: Iterable[str]) -> tuple[str, ...]:
        chosen = set(bots)
        if len(chosen) * 8 > len(self.bots):  # going through the cast is quicker than sorting
            return tuple(bot for bot in self.bots if bot in chosen)
        return tuple(sorted(chosen, key=self.order.__getitem__))

    def members(self, name: str) -> tuple[str, ...]:
        """The bots that a name stands for: itself, or its group's. Empty: there is no such name."""
        if name in self.bots:
            return (name,)
        return self.groups.get(name, ())


# --- the key `bots` ------------------------------------------------------------------------------------------------


def read_cast(reading: Reading, node: Node | None) -> Cast:
    """`bots`: a number, a list of names, or a map."""
    cast = Cast()
    if isinstance(node, Mapping):
        _read_map(reading, node, cast)
    elif isinstance(node, Sequence):
        for item in node.items:
            name = _name(reading, item, cast)
            if name is not None:
                _add(reading, cast, Bot(name.text, place=name.place), name)
    elif isinstance(node, Scalar):
        if not node.text.isdecimal():
            hint = 'Such as "bots: 3", "bots: [ann, bob]" or "bots: {ann: {}, readers: 50}".'
            reading.wrong("a number, a list or a map of bots is expected here", node, hint=hint)
            return cast
        count = reading.number(node, 0, low=1, high=MAX_BOTS, what="a number of bots")
        cast.drawn_names = True
        for numbered in _numbered("bot", count):
            cast.bots[numbered] = Bot(numbered, place=node.place)
    if node is not None and not isinstance(node, Broken) and not cast.bots and not reading.problems:
        reading.wrong("at least one bot is needed", node)
    if len(cast.bots) > MAX_BOTS and node is not None:
        reading.wrong(f"these are {len(cast.bots):,} bots; at most {MAX_BOTS:,} fit in one run", node)
        cast.bots = dict(list(cast.bots.items())[:MAX_BOTS])
        cast.groups = {name: tuple(bot for bot in members if bot in cast.bots) for name, members in cast.groups.items()}
    cast.order = {name: number for number, name in enumerate(cast.bots)}
    return cast


def new_bot(reading: Reading, cast: Cast, name: str, nick: str | None, place: Place) -> Bot:
    """One more of a cast, as a program asks for it. What is wrong with its name or nickname is noted."""
    _name(reading, Scalar(name, True, place), cast)
    if nick is not None and not nick.strip():
        reading.wrong("a nickname must have at least one character", place)
    return Bot(name, nick, place=place)


def _numbered(stem: str, count: int) -> Iterable[str]:
    """Numbers of one length, so that no name is part of another."""
    digits = len(str(count))
    return (f"{stem}{number:0{digits}}" for number in range(1, count + 1))


def _read_map(reading: Reading, node: Mapping, cast: Cast) -> None:
    declared = {key.text for key, _ in node.pairs}
    lists: dict[str, dict[str, Scalar]] = {}
    for key, value in node.pairs:
        name = _name(reading, key, cast)
        if name is None:
            continue
        if isinstance(value, Mapping):
            fields = reading.fields(value, ("nick", "locale"), of="a bot")
            nick = reading.text(fields.get("nick"), None)
            if nick is not None and not nick.strip():
                reading.wrong("a nickname must have at least one character", fields["nick"])
            locale = read_locale(reading, fields.get("locale"))
            _add(reading, cast, Bot(name.text, nick, locale, place=name.place), name)
        elif isinstance(value, Sequence):
            lists[name.text] = _read_group(reading, name, value, cast, declared)
        elif is_null(value):
            _add(reading, cast, Bot(name.text, place=name.place), name)
        else:
            what = f"what {name.text} is (nothing, a number, a list, or a map of nick and locale)"
            count = reading.number(value, 0, low=1, high=MAX_BOTS, what=what)
            members = tuple(_numbered(name.text, count))
            if len(cast.bots) + count > 2 * MAX_BOTS:
                reading.wrong(f"at most {MAX_BOTS:,} bots fit in one run", value)
                continue
            for member in members:
                _add(reading, cast, Bot(member, group=name.text, place=name.place), name)
            cast.groups[name.text] = members
    for group, listed in lists.items():  # only now is it known which of their names are groups
        for member, place in listed.items():
            if member in cast.groups or member in lists:
                reading.wrong(f"{excerpt(member)} is a group: a group is made of bots", place)
        cast.groups[group] = tuple(member for member in listed if member in cast.bots)


def _read_group(reading: Reading, name: Scalar, node: Sequence, cast: Cast, declared: set[str]) -> dict[str, Scalar]:
    """A group of bots: of such as have a line of their own, and of others, who are introduced here."""
    members: dict[str, Scalar] = {}
    if not node.items:
        reading.wrong(f'the group "{name.text}" is empty', name)
    for item in node.items:
        member = _name(reading, item, cast)
        if member is None:
            continue
        if member.text in members:
            reading.wrong(f"{excerpt(member.text)} stands in this group twice", member)
            continue
        if member.text not in declared and member.text not in cast.bots:
            cast.bots[member.text] = Bot(member.text, group=name.text, place=member.place)
        members[member.text] = member
    return members


def _add(reading: Reading, cast: Cast, bot: Bot, at: Scalar) -> None:
    if bot.name in cast.bots or bot.name in cast.groups:
        reading.wrong(f"there are two bots named {excerpt(bot.name)}", at)
    else:
        cast.bots[bot.name] = bot


def _name(reading: Reading, node: Node, cast: Cast) -> Scalar | None:
    scalar = reading.scalar(node, what="a name")
    if scalar is None:
        return None
    if scalar.text in WORDS:
        reading.wrong(f"{excerpt(scalar.text)} is a word of the language: no bot can be called so", scalar)
    elif not _NAME.fullmatch(scalar.text):
        hint = 'Its nickname can be anything: ann: {nick: "…"}'
        what = f"{excerpt(scalar.text)} is no name: letters, digits, - _ and . (a letter first)"
        reading.wrong(what, scalar, hint=hint)
    elif len(scalar.text) > MAX_NAME:
        reading.wrong(f"a name has at most {MAX_NAME} characters", scalar)
    else:
        return scalar
    return None


# --- WHO -----------------------------------------------------------------------------------------------------------


def read_who(reading: Reading, cast: Cast, node: Node, *, it: str | None = None, others: Iterable[str] = ()) -> Who:
    """A WHO. A wrong one is a problem, and comes back empty. `it`: the word of the for-each around; `others`: who is
    named elsewhere in this step."""
    if isinstance(node, Sequence):
        found: list[str] = []
        texts: dict[str, Scalar] = {}
        for item in node.items:
            scalar = reading.scalar(item, what="a bot or a group")
            if scalar is None:
                continue
            if scalar.text in texts:
                reading.wrong(f"{excerpt(scalar.text)} stands here twice", scalar)
            else:
                texts[scalar.text] = scalar
                found += _named(reading, cast, scalar, scalar.text, 0, it)
        if not node.items:
            reading.wrong("nobody is named in this list", node)
        return Who(cast.in_order(found), text=" and ".join(texts), place=node.place)
    scalar = reading.scalar(node, what="a bot, a group or everyone")
    if scalar is None:
        return Who()
    text = scalar.text.strip()
    first, _, rest = text.partition(" ")
    if first != "everyone":
        bots = cast.spelled_out.get(text)
        if bots is None:
            before = reading.count
            bots = cast.in_order(_several(reading, cast, scalar, text, 0, it))
            if reading.count == before and "it" not in text.split():
                cast.spelled_out[text] = bots
        return Who(bots, text=text, place=scalar.place)
    rest = rest.strip()
    if rest == "":
        return Who((), True, (), text, scalar.place)
    if rest == "else":
        but = cast.in_order(others)
        if not but:
            reading.wrong("everyone else than whom? Nobody else is named in this step", scalar)
        return Who((), True, but, text, scalar.place)
    word, _, names = rest.partition(" ")
    if word != "but" or not names.strip():
        reading.wrong('after "everyone" only "else" or "but NAME" can follow', scalar)
        return Who()
    at = scalar.text.rindex(names.strip())
    but = cast.in_order(_several(reading, cast, scalar, names.strip(), at, it))
    return Who((), True, but, text, scalar.place)


def _several(reading: Reading, cast: Cast, scalar: Scalar, text: str, start: int, it: str | None) -> list[str]:
    """The bots of `ann and bob`."""
    found: list[str] = []
    at = 0
    named: set[str] = set()
    for piece in _AND.split(text):
        part = piece.strip()
        before = at + len(piece) - len(piece.lstrip())
        if part in named:
            reading.wrong(f"{excerpt(part)} stands here twice", _part(reading, scalar, part, start + before))
        else:
            named.add(part)
            found += _named(reading, cast, scalar, part, start + before, it)
        at += len(piece) + len("and")
    return found


def _named(reading: Reading, cast: Cast, scalar: Scalar, name: str, at: int, it: str | None) -> tuple[str, ...]:
    """The bots of one name, which stands `at` characters into its scalar."""
    if name == "it" and it is not None and not scalar.quoted:
        name = it
    members = cast.members(name)
    if members:
        return members
    part = _part(reading, scalar, name, at)
    if name == "it":
        reading.wrong('"it" has a meaning only inside for-each', part)
    elif name == "everyone":
        reading.wrong('"everyone" can\'t be combined with names', part, hint='There is "everyone but ann".')
    elif name in cast.groups:
        pass  # an empty group: complained of where it stands
    elif "," in name:
        reading.wrong("several bots are joined by and, or stand in a list", part, hint='Write "ann and bob".')
    elif cast.bots:
        reading.unknown(f"there is no bot {excerpt(name)}", part, cast.names())
    return ()


def _part(reading: Reading, scalar: Scalar, name: str, at: int) -> Scalar:
    """The name as a scalar of its own; the whole where escapes or line ends have moved it."""
    column = scalar.place.column + at + (1 if scalar.quoted else 0)
    if name and reading.line(scalar.place.line).startswith(name, column - 1):
        return Scalar(name, scalar.quoted, Place(scalar.place.file, scalar.place.line, column), len(name))
    return Scalar(name, scalar.quoted, scalar.place, scalar.width)
