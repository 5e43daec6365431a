"""The DETAIL of a step: its values by the verb table, then the value that they make. One function a verb."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from chatsim.document import Mapping, Node, Reading, Scalar, excerpt, is_null
from chatsim.scenario.cast import Cast, read_who
from chatsim.scenario.locales import read_locale
from chatsim.scenario.steps import Crossing, Departure, Detail, Expectation, Join, Naming, Raw, Span, Talk, Tell
from chatsim.scenario.verbs import MAX_PAUSE, MAX_PIECES, Key, Verb

__all__ = ["Given", "give", "read_detail", "read_span"]


@dataclass
class Given:
    """What stands in one detail: the values by their keys, read by kind, and where each stands."""

    verb: Verb
    node: Node
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Node] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        return self.values.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self.places

    def among(self, *keys: str) -> tuple[str, ...]:
        return tuple(key for key in keys if key in self.places)


def read_detail(reading: Reading, cast: Cast, verb: Verb, node: Node, it: str | None) -> Detail:
    """The detail of one WHO. After a problem it may be anything."""
    given = give(reading, cast, verb, node, it)
    return _MAKERS[verb.name](reading, given) if verb.name in _MAKERS else None


def give(reading: Reading, cast: Cast, verb: Verb, node: Node, it: str | None = None) -> Given:
    """Read the values of a detail, short or map, by the kinds of the verb table."""
    given = Given(verb, node)
    if isinstance(node, Mapping) and verb.keys and not _text_without_quotes(verb, node):
        known = {key.name: key for key in verb.keys}
        for name, value in reading.fields(node, tuple(known), of=verb.name).items():
            key = known[name]
            given.places[name] = node.key(name) or value
            value_read = _READERS[key.kind.name](reading, cast, key, value, it)
            if value_read is not None:
                given.values[name] = value_read
        if not node.pairs and not verb.bare:
            reading.wrong(f"{verb.name} needs a detail", node, hint=_how(verb))
    elif verb.short is not None and not (is_null(node) or (isinstance(node, Mapping) and not node.pairs)):
        given.places[verb.short.name] = node
        value_read = _READERS[verb.short.kind.name](reading, cast, verb.short, node, it)
        if value_read is not None:
            given.values[verb.short.name] = value_read
    elif not is_null(node) and not (isinstance(node, Mapping) and not node.pairs):
        if verb.keys:
            reading.wrong(f"{verb.name} needs a map here", node, hint=_how(verb))
        else:
            reading.wrong(f"{verb.name} takes no detail", node, hint=f'Write "{verb.name}: WHO".')
    elif not verb.bare:
        reading.wrong(f"{verb.name} needs a detail", node, hint=_how(verb))
    return given


def _text_without_quotes(verb: Verb, node: Mapping) -> bool:
    """Is `{nick}` meant as a text? Then it is read as one, and the problem says: put it in quotes."""
    known = {key.name for key in verb.keys}
    short = verb.short is not None and verb.short.kind.name in ("text", "texts")
    return short and bool(node.pairs) and all(key.text not in known and is_null(value) for key, value in node.pairs)


def _how(verb: Verb) -> str:
    example = verb.short.kind.tells if verb.short else f"a map of {', '.join(key.name for key in verb.keys)}"
    return f"Write {verb.name}: {{WHO: DETAIL}}; the detail is {example}."


# --- one reader a kind of the verb table ---------------------------------------------------------------------------

_Reader = Callable[[Reading, Cast, Key, Node, "str | None"], Any]


def read_span(reading: Reading, node: Node, *, high: float = MAX_PAUSE) -> Span | None:
    found = reading.span(node, None, high=high)
    return None if found is None else Span(*found)


def _text(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> str | None:
    scalar = reading.scalar(node)
    if scalar is None:
        return None
    if not scalar.text:
        reading.wrong(
            "an empty text is nothing that could be heard", scalar, hint="There is send: {ann: {garbage: empty}}."
        )
        return None
    return scalar.text


def _texts(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> tuple[str, ...]:
    found = (_text(reading, cast, key, item, it) for item in reading.one_or_many(node))
    return tuple(text for text in found if text is not None)


def _room(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> str | None:
    found = reading.text(node, None, what="a room")
    if found is not None and not found.strip():
        reading.wrong("a room has a name", node)
    return found


def _bot(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> str | None:
    scalar = reading.scalar(node, what="a bot")
    if scalar is None:
        return None
    if scalar.text == "everyone":
        reading.wrong("one bot is expected here, not everyone", scalar)
        return None
    bots = read_who(reading, cast, node, it=it).bots
    if len(bots) > 1:
        reading.wrong(f"one bot is expected here, and these are {len(bots)}", scalar)
    return bots[0] if len(bots) == 1 else None


def _bots(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> tuple[str, ...] | None:
    who = read_who(reading, cast, node, it=it)
    if who.everyone:
        reading.wrong("name the bots here: who is everyone is known only while it runs", node)
        return None
    return who.bots


def _yes(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> bool | None:
    answer = reading.yes_no(node, None)
    if answer is False:
        reading.wrong(f'"{key.name}" can only be yes', node, hint="For the contrary there is expect-nothing.")
    return answer


def _pieces(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> int | None:
    if isinstance(node, Scalar) and node.text == "bytes":
        return 0
    return reading.number(node, None, low=2, high=MAX_PIECES, what="a number of pieces, or bytes")


def _hex(reading: Reading, cast: Cast, key: Key, node: Node, it: str | None) -> bytes | None:
    scalar = reading.scalar(node, what="bytes as hexadecimal digits")
    if scalar is None:
        return None
    digits = "".join(scalar.text.split())
    wrong = re.search(r"[^0-9a-fA-F]", digits)
    if wrong is not None:
        reading.wrong(f"{excerpt(wrong[0])} is no hexadecimal digit", scalar)
    elif not digits:
        reading.wrong("no byte stands here", scalar)
    elif len(digits) % 2:
        reading.wrong(f"these are {len(digits):,} hexadecimal digits: a byte has two", scalar)
    else:
        return bytes.fromhex(digits)
    return None


_READERS: Final[dict[str, _Reader]] = {
    "text": _text,
    "texts": _texts,
    "room": _room,
    "bot": _bot,
    "bots": _bots,
    "yes": _yes,
    "pieces": _pieces,
    "hex": _hex,
    "word": lambda reading, cast, key, node, it: reading.word(node, key.kind.words, None),
    "number": lambda reading, cast, key, node, it: reading.number(node, None, low=key.kind.low, high=key.kind.high),
    "size": lambda reading, cast, key, node, it: reading.size(node, None, low=key.kind.low, high=key.kind.high),
    "time": lambda reading, cast, key, node, it: reading.time(node, None, high=MAX_PAUSE),
    "span": lambda reading, cast, key, node, it: read_span(reading, node),
    "yes_no": lambda reading, cast, key, node, it: reading.yes_no(node, None),
    "locale": lambda reading, cast, key, node, it: read_locale(reading, node),
}


# --- one function a verb: values → the detail ----------------------------------------------------------------------


def _apart(reading: Reading, given: Given, key: str, *others: str, why: str = "") -> None:
    """Complain of keys that exclude each other."""
    for other in given.among(*others):
        if key in given:
            reading.wrong(f'"{other}" can\'t stand beside "{key}"{why}', given.places[other])


def _join(reading: Reading, given: Given) -> Join:
    return Join(given["wanted"] or "accepted")


def _chat(reading: Reading, given: Given) -> Talk:
    _apart(reading, given, "text", "size", "locale", why=": those are for texts that are drawn")
    texts = given["text"] or ()
    wait = given["wait"]
    return Talk(
        texts,
        given["count"] or max(1, len(texts)),
        given["size"],
        given["every"],
        given["locale"],
        given["in"],
        True if wait is None else wait,
    )


def _converse(reading: Reading, given: Given) -> Talk:
    if isinstance(given.node, Mapping) and "count" not in given and given.node.pairs:
        reading.missing('the key "count"', given.node)
    return Talk((), given["count"] or 1, locale=given["locale"], room=given["in"])


def _whisper(reading: Reading, given: Given) -> Tell:
    if isinstance(given.node, Mapping) and given.node.pairs and "to" not in given:
        reading.missing('the key "to"', given.node)
    texts = given["text"] or ()
    return Tell(given["to"] or "", texts, given["count"] or max(1, len(texts)))


def _cross(reading: Reading, given: Given) -> Crossing:
    return Crossing(given["room"] or "")


def _rename(reading: Reading, given: Given) -> Naming:
    return Naming(given["nick"] or "")


def _drop(reading: Reading, given: Given) -> Departure:
    return Departure(given["how"] or "reset")


def _send(reading: Reading, given: Given) -> Raw:
    kinds = ("text", "size", "garbage", "raw", "hex")
    here = given.among(*kinds)
    if isinstance(given.node, Mapping) and given.node.pairs and not here:
        reading.wrong(f"send needs one of the keys {', '.join(kinds)}", given.node)
    for first, second in pairwise(here):
        reading.wrong(f'"{second}" can\'t stand beside "{first}": one thing is sent', given.places[second])
    for shape in given.among("in-pieces", "every", "glued"):
        for bad in given.among("garbage", "raw", "hex"):
            reading.wrong(f'"{shape}" is for a message, not for "{bad}"', given.places[shape])
    _apart(reading, given, "in-pieces", "glued")
    if "every" in given and "in-pieces" not in given and "glued" not in given:
        reading.wrong('"every" is the time between pieces: "in-pieces" is missing', given.places["every"])
    return Raw(
        given["text"],
        given["size"],
        given["in-pieces"],
        given["glued"] or 1,
        given["every"],
        given["garbage"],
        given["raw"],
        given["hex"],
    )


_EXPECTABLE: Final = ("hears", "joined", "left", "line", "closed", "roster", "refused")


def _expect(reading: Reading, given: Given) -> Expectation:
    here = given.among(*_EXPECTABLE)
    verb = given.verb.name
    if isinstance(given.node, Mapping) and given.node.pairs and not here and given.places:
        reading.wrong(f"{verb} needs one of the keys {', '.join(_EXPECTABLE)}", given.node)
    for first, second in pairwise(here):
        what = f'"{second}" can\'t stand beside "{first}": one {verb} is about one thing'
        reading.wrong(what, given.places[second])
    if here and "hears" not in given:
        for key in given.among("from", "in", "private", "in-order"):
            reading.wrong(f'"{key}" belongs to "hears"', given.places[key])
    texts: tuple[str, ...] = given["hears"] or ()
    if "in-order" in given and "hears" in given and len(texts) < 2:
        reading.wrong('"in-order" needs a list of texts', given.places["in-order"])
    return Expectation(
        hears=texts[0] if len(texts) == 1 else None,
        sender=given["from"],
        room=given["in"],
        private=bool(given["private"]),
        joined=given["joined"],
        left=given["left"],
        line=given["line"],
        closed=bool(given["closed"]),
        roster=given["roster"],
        refused=bool(given["refused"]),
        within=given["within"],
        in_order=bool(given["in-order"]),
        texts=texts if len(texts) > 1 else (),
    )


_MAKERS: Final[dict[str, Callable[[Reading, Given], Detail]]] = {
    "join": _join,
    "rejoin": _join,
    "chat": _chat,
    "converse": _converse,
    "whisper": _whisper,
    "enter": _cross,
    "exit": _cross,
    "rename": _rename,
    "drop": _drop,
    "send": _send,
    "expect": _expect,
    "expect-nothing": _expect,
}
