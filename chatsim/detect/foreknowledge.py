"""From what a server's source says to the ways that are tried first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from chatsim.detect.hints import Hints
from chatsim.detect.source.clues import Clues
from chatsim.detect.ways import JOIN_WORDS, SAY_WORDS, Way, first_ways, spelled
from chatsim.errors import ChatsimError

__all__ = ["hints_from"]

_JOINS: Final = re.compile(
    r"nick|name|join|login|log_in|user|regist|connect|enter|hello|^hi\b|auth|apelido|pseudo", re.IGNORECASE
)
_SAYS: Final = re.compile(
    r"msg|mess?age|say|chat|bcst|broad|send|text|post|^all|talk|public|mensaj|mensagem", re.IGNORECASE
)
_NAMES: Final = re.compile(r"nick|name|user|sender|^from$|author|who|login|pseudo|apelido", re.IGNORECASE)
_TEXTS: Final = re.compile(r"text|message|msg|content|body|data|payload|chat", re.IGNORECASE)
_TYPES: Final = re.compile(r"^(type|action|cmd|command|event|kind|op|method|request|tipo|code)$", re.IGNORECASE)
MOST_WORDS: Final = 4  # of each kind
MOST_WAYS: Final = 16


def hints_from(clues: Clues) -> Hints:
    """What the source makes likely. Empty where it says nothing."""
    framings = tuple(dict.fromkeys(_framings(clues)))
    wires = {str(clue.value) for clue in clues.wires}
    limit = next((int(clue.value) for clue in clues.sizes if isinstance(clue.value, int) and clue.value >= 64), 0)
    size = next((clue for clue in clues.sizes if clue.value == limit), None)
    objects = list(dict.fromkeys(_json_ways(clues, framings)))
    words = list(dict.fromkeys([*_verb_ways(clues, framings), *_first_words(clues, framings)]))
    plain = [] if objects else list(first_ways([framing for framing in framings if not framing.startswith("json")]))
    return Hints(
        ways=(*objects[:MOST_WAYS], *plain, *words[:MOST_WAYS]),
        framings=tuple(dict.fromkeys((*framings, *Hints().framings))),
        quit_words=tuple(str(clue.value) for clue in clues.quit_words),
        roster_words=tuple(str(clue.value) for clue in clues.roster_words),
        speaks_json=bool(clues.json_read),
        websocket="websocket" in wires,
        tls="tls" in wires,
        datagrams="udp" in wires and "tcp" not in wires,
        ports=tuple(clue.value for clue in clues.ports if isinstance(clue.value, int)),
        text_limit=_below(limit),
        limit_why=f"{size.file}:{size.line} reads {limit} bytes at once" if size is not None else "",
        needs=tuple(_needs(clues)),
    )


def _framings(clues: Clues) -> Iterator[str]:
    for clue in clues.framings:
        spelling = str(clue.value)
        if (both := re.fullmatch(r"\{sent: (.+), received: (.+)\}", spelling)) is not None:
            spelling = both[1]  # what is received shows itself
        try:
            spelled(spelling)
        except ChatsimError:
            continue  # what only code can read
        yield spelling


def _below(limit: int) -> int:
    """Room for a name before the text, in a round number."""
    if limit < 200:
        return 0
    return limit - limit % 1000 if limit >= 1000 else limit - 100


def _needs(clues: Clues) -> Iterator[str]:
    told = {"pickle": "it reads pickles", "cipher": "it enciphers what it sends"}
    for need in clues.needs:
        if need.kind in told:
            yield (
                f"{need.file}:{need.line} says that {told[need.kind]} ({need.what}): "
                "that needs a profile in Python, see docs/profiles.md"
            )


def _plain(framings: Iterable[str]) -> list[str]:
    kept = [framing for framing in framings if framing not in ("json", "json-lines")]
    return kept or ["none", "newline"]


def _words(clues: Clues) -> list[str]:
    quitting = {str(clue.value) for clue in clues.quit_words}
    texts = [str(clue.value) for clue in (*clues.commands, *clues.compared)]
    return [text for text in dict.fromkeys(texts) if text not in quitting and 0 < len(text.strip()) <= 30]


def _with(word: str, slot: str) -> str:
    return f"{word}{{{slot}}}" if word[-1] in ":|= ,;#/" and len(word) > 1 else f"{word} {{{slot}}}"


def _verb_ways(clues: Clues, framings: tuple[str, ...]) -> Iterator[Way]:
    words = [word for word in _words(clues) if re.search(r"[A-Za-z]", word)]
    joins = [word for word in words if _JOINS.search(word)][:MOST_WORDS]
    says = [word for word in words if _SAYS.search(word) and word not in joins][:MOST_WORDS]
    spoken = (*(_with(word, "text") for word in says), "{text}")
    for framing in _plain(framings)[:2]:
        for word in joins:
            called = f"{_with(word, 'nick')} ({framing})"
            yield Way(called, framing, (_with(word, "nick"),), spoken, why="its source compares with this word")
        if says:
            yield Way(f"a name first, then {says[0]} ({framing})", framing, ("{nick}",), spoken, why="its source")
            yield Way(f"{says[0]} ({framing})", framing, (), spoken, why="its source compares with this word")
    for framing in _plain(framings)[:1]:
        for form in _forms(clues):
            spelt = tuple(
                form.replace("WORD", word).replace("REST", "{nick}:{text}" if "[" in form else "{text}")
                for word in says
            )
            for word in joins:
                join = form.replace("WORD", word).replace("REST", "{nick}")
                yield Way(f"{join} ({framing})", framing, (join,), (*spelt, "{text}"), why="its source splits so")


def _forms(clues: Clues) -> Iterator[str]:
    """How a word and what follows it are kept apart, by the signs at which the source splits."""
    texts = [str(clue.value) for clue in clues.strings]
    for sign in (":", "|", "#", ";", ","):
        if sign in texts:
            yield f"WORD{sign}REST"
    if any("\\[" in text for text in texts) or any("[" in piece for told in clues.sent for piece in told.text.pieces):
        yield "[WORD:REST]"


def _first_words(clues: Clues, framings: tuple[str, ...]) -> Iterator[Way]:
    """A word that opens the door, then the name."""
    for word in [word for word in _words(clues) if not _SAYS.search(word)][:MOST_WORDS]:
        for framing in _plain(framings)[:1]:
            yield Way(
                f"{word!r}, then a name ({framing})", framing, (word, "{nick}"), why="its source compares with it"
            )


def _json_ways(clues: Clues, framings: tuple[str, ...]) -> Iterator[Way]:
    if not clues.json_read:
        return
    keys = {key.name: key.values for key in clues.json_read}
    types = [name for name, values in keys.items() if values and (_TYPES.search(name) or len(values) > 1)]
    names = [name for name in keys if _NAMES.search(name) and name not in types]
    texts = [name for name in keys if _TEXTS.search(name) and name not in types and name not in names]
    values = keys[types[0]] if types else ()
    joins = [word for word in values if _JOINS.search(word)] or list(JOIN_WORDS[:2] if types and not values else values)
    says = [word for word in values if _SAYS.search(word)] or [word for word in values if word not in joins]
    says = says or (list(SAY_WORDS[:3]) if types else [])
    others = {name: _filled(name) for name in keys if name not in {*types, *names, *texts}}
    spoken = tuple(
        _object(types, word, dict.fromkeys(texts or ["text"], "{text}") | dict.fromkeys(names, "{nick}") | others)
        for word in (says[:MOST_WORDS] or [""])
    )
    written = [framing for framing in framings if framing.startswith("json")] or ["json", "json-lines"]
    for framing in dict.fromkeys([*written, *(f for f in framings if f.startswith("{"))]):
        for word in joins[:MOST_WORDS] or [""]:
            join = _object(types, word, dict.fromkeys(names or ["name"], "{nick}") | others)
            yield Way(
                f"JSON, {word or 'a name'} ({framing})", framing, (join,), spoken, why="its source reads these keys"
            )
        yield Way(f"JSON, no login ({framing})", framing, (), spoken, why="its source reads these keys")


def _object(types: list[str], word: str, more: dict[str, str]) -> str:
    return json.dumps(({types[0]: word} if types and word else {}) | more, ensure_ascii=False)


def _filled(key: str) -> str:
    low = key.lower()
    for part, value in (
        ("pass", "{password}"),
        ("time", "{time}"),
        ("date", "{time}"),
        ("room", "lobby"),
        ("id", "{id}"),
    ):
        if part in low:
            return value
    return "1"
