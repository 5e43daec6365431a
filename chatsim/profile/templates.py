"""Templates: one text with placeholders, compiled both ways. It composes what is sent and recognises what is received.

A template is its source; what it means follows from that alone, so two with one source are equal. There are three
shapes: plain text, a regular expression (`re:…`), and a JSON object, which is compared as JSON.

What the placeholders match is the caller's knowledge (the nicknames of a run), given as *slots*: the source of a
regular expression for each. Without one, a placeholder matches what its name suggests.
"""

from __future__ import annotations

import difflib
import json
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

__all__ = ["DEFAULT_SLOTS", "PLACEHOLDERS", "Match", "Matcher", "Template", "TemplateError", "Use", "split_names"]

PLACEHOLDERS: Final = (
    "nick", "new", "text", "to", "room", "nicks", "*", "next", "end", "time", "id", "password", "ip", "client-port",
    "port", "host", "socket",
)  # fmt: skip

Use = Literal["sent", "answer", "received", "awaited", "output", "ready", "address", "start"]

_RECEIVED = frozenset({"nick", "new", "text", "to", "room", "nicks", "*", "next", "time", "id", "ip", "client-port"})
_SENT = frozenset({"nick", "new", "text", "to", "room", "next", "time", "id", "password"})

ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "sent": _SENT,
    "answer": _SENT | {"*"},  # the `send` of a `whenever`
    "received": _RECEIVED,
    "awaited": _RECEIVED | {"end"},  # in a dialogue
    "output": _RECEIVED - {"next"},  # a line on the server's console
    "ready": frozenset({"*", "time", "port", "host", "socket"}),
    "address": frozenset({"ip", "client-port"}),
    "start": frozenset({"port", "host", "socket"}),
}

_PLACES: Final = {
    "sent": "in what is sent",
    "answer": "in what is sent",
    "received": "in what is received",
    "awaited": "in what is awaited",
    "output": "in a line of output",
    "ready": "in `ready`",
    "address": "in a name by address",
    "start": "in `start`",
}

# What people write where they mean one of ours.
_SYNONYMS: Final = {
    "name": "nick", "user": "nick", "username": "nick", "nickname": "nick", "sender": "nick", "from": "nick",
    "msg": "text", "message": "text", "recipient": "to", "target": "to", "channel": "room",
    "names": "nicks", "users": "nicks", "address": "ip", "clientport": "client-port",
}  # fmt: skip

_CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DAY = r"(?:[A-Z][a-z]{2,8},? )?"
_WRITTEN = rf"(?:{_MONTH} +\d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? \d{{4}})?"
_DATE = rf"(?:\d{{1,4}}[-/.]\d{{1,2}}[-/.]\d{{1,4}}|{_DAY}{_WRITTEN})"

DEFAULT_SLOTS: Final[Mapping[str, str]] = {
    "nick": r"[^\r\n]+?",
    "new": r"[^\r\n]+?",
    "text": r"[\s\S]*?",
    "to": r"[^\r\n]+?",
    "room": r"[^\r\n]+?",
    "nicks": r"[\s\S]*",
    "*": r"[\s\S]*?",
    "next": r"(?:\r?\n)?",
    "time": rf"(?:{_DATE}(?:[T ,]+{_CLOCK}(?: \d{{4}})?)?|{_CLOCK}|\d{{9,16}}(?:\.\d+)?)",
    "id": r"\d+",
    "password": r"\S+",
    "ip": r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\]?)",
    "client-port": r"\d{1,5}",
    "port": r"\d{1,5}",
    "host": r"[^\s:/]+",
    "socket": r"\S+",
}


class TemplateError(ValueError):
    """A template that is wrong: what, a hint, and which of its characters are meant."""

    def __init__(self, what: str, *, hint: str = "", offset: int = 0, width: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.offset = offset
        self.width = width


@dataclass(frozen=True, slots=True)
class Match:
    """Where a template was found, line ends around it not counted, and what stood for its placeholders. The values of
    `{*}` are called `*`, `*2`, `*3` …; those of a JSON object are decoded."""

    start: int
    end: int
    bindings: dict[str, str]


class Matcher:
    """A template made ready to recognise. Immutable; may be shared."""

    def fullmatch(self, text: str) -> Match | None:
        """Is the whole of `text` this template? Line ends around it do not count."""
        raise NotImplementedError

    def search(self, text: str, pos: int = 0) -> Match | None:
        """The leftmost place at or after `pos` where the template is found."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Template:
    """`Template(source)` takes any text; `Template.parse` also says what is wrong with one that a person wrote."""

    source: str

    @classmethod
    def parse(cls, source: str, *, use: Use) -> Template:
        """The template, or TemplateError: a slip such as `{nik}`, a placeholder that has no meaning here, a regular
        expression that is none."""
        if source.startswith("re:"):
            _check_regex(source, use)
        else:
            _check_placeholders(source, use)
        return cls(source)

    @property
    def shape(self) -> Literal["text", "regex", "json"]:
        return _parsed(self.source).shape

    @property
    def fields(self) -> frozenset[str]:
        """The names of its placeholders."""
        return _parsed(self.source).fields

    @property
    def literals(self) -> tuple[str, ...]:
        """Its literal pieces, as they are sent. Of a regular expression: what is literal in it, roughly."""
        return _parsed(self.source).literals

    @property
    def frames(self) -> tuple[Template, ...]:
        """What lies between its `{next}`s, each a template of its own."""
        return tuple(map(Template, _parsed(self.source).frames))

    @property
    def closes(self) -> bool:
        """Is it `{end}`: the server closes the connection?"""
        return self.source.strip() == "{end}"

    def render(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The texts of its frames. A JSON object is sent as its author wrote it, the values escaped in place.
        KeyError for a placeholder without a value; a regular expression can't be rendered (ValueError)."""
        return tuple([_render(frame, values) for frame in _sent(self.source)])

    def matcher(self, slots: Mapping[str, str] | None = None) -> Matcher:
        """`slots`: the source of a regular expression for a placeholder, instead of its default. It must hold no
        capturing group. A placeholder that is repeated must have the same value each time."""
        fields = self.fields
        return _matcher(self.source, tuple(sorted((k, v) for k, v in (slots or {}).items() if k in fields)))


# --- what a source means ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str


_Piece = str | _Placeholder

_NAMES = "|".join(re.escape(name) for name in PLACEHOLDERS)
_TOKEN = re.compile(rf"\{{\{{(?P<literal>\*|[A-Za-z][A-Za-z_-]*)\}}\}}|\{{(?P<name>{_NAMES})\}}")
_SUSPECT = re.compile(r"(?<!\{)\{(?P<word>[A-Za-z][A-Za-z_-]*)\}")
_GROUP = re.compile(r"\(\?P<(?P<name>\w+)>")


@dataclass(frozen=True, slots=True)
class _Parsed:
    shape: Literal["text", "regex", "json"]
    fields: frozenset[str]
    literals: tuple[str, ...]
    frames: tuple[str, ...]


@lru_cache(maxsize=4096)
def _parsed(source: str) -> _Parsed:
    if source.startswith("re:"):
        names = frozenset(_name_of_group(found["name"]) for found in _GROUP.finditer(source))
        return _Parsed("regex", names, tuple(_regex_literals(source[3:])), (source,))
    frames = tuple(_split_frames(source))
    pieces = _pieces(source)
    fields = frozenset(piece.name for piece in pieces if isinstance(piece, _Placeholder))
    tree = _json_object(source)
    if tree is not None:
        return _Parsed("json", fields, tuple(_json_literals(tree)), frames)
    literals = [piece for piece in pieces if isinstance(piece, str)]
    if len(frames) > 1:
        literals = [literal for frame in frames for literal in _parsed(frame).literals]
    return _Parsed("text", fields, tuple(literals), frames)


def _pieces(source: str) -> list[_Piece]:
    """Literals and placeholders in turn; neighbouring literals made one."""
    pieces: list[_Piece] = []
    literal, at = "", 0
    for found in _TOKEN.finditer(source):
        literal += source[at : found.start()]
        at = found.end()
        if found["literal"] is not None:
            literal += _unescaped(found["literal"])
            continue
        if literal:
            pieces.append(literal)
            literal = ""
        pieces.append(_Placeholder(found["name"]))
    literal += source[at:]
    if literal:
        pieces.append(literal)
    return pieces


def _unescaped(word: str) -> str:
    """What {{word}} stands for: the braces are doubled where {word} would be a placeholder, or refused as a slip."""
    return f"{{{word}}}" if word in PLACEHOLDERS or _meant(word, ()) else f"{{{{{word}}}}}"


def _split_frames(source: str) -> Iterator[str]:
    at = 0
    for found in _TOKEN.finditer(source):
        if found["name"] == "next":
            yield source[at : found.start()]
            at = found.end()
    yield source[at:]


def _json_object(source: str) -> dict[str, Any] | None:
    """The object, if the source is one. Its placeholders stand in strings, so they are valid JSON as they are."""
    if not source.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _json_literals(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (piece for piece in _pieces(value) if isinstance(piece, str))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_literals(key)
            yield from _json_literals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _json_literals(inner)


def _regex_literals(pattern: str) -> list[str]:
    """Runs of characters that stand for themselves. May name too much, never too little to collide with a nickname
    that is written out."""
    pattern = re.sub(
        r"\(\?(?:P<\w+>|P=\w+\)|<?[=!]|[a-zA-Z-]*[:)])|\\[A-Za-z0-9]|\[\^?\]?[^\]]*\]|\{\d*,?\d*\}", "\0", pattern
    )
    pattern = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)[().|?*+^$]", "\0", pattern))
    return [run for run in pattern.split("\0") if run]


def _name_of_group(group: str) -> str:
    return "client-port" if group == "client_port" else group


# --- what can be wrong --------------------------------------------------------------------------------------------


def _check_placeholders(source: str, use: Use) -> None:
    allowed = ALLOWED[use]
    for found in _TOKEN.finditer(source):
        name = found["name"]
        if name is not None and name not in allowed and use != "start":  # a command is full of braces of its own
            raise TemplateError(
                f"`{{{name}}}` has no meaning {_PLACES[use]}",
                hint=f"Placeholders here: {_listed(allowed)}. A literal {{{name}}} is written {{{{{name}}}}}.",
                offset=found.start(),
                width=found.end() - found.start(),
            )
    if "{end}" in source and use == "awaited" and not Template(source).closes and "end" in Template(source).fields:
        raise TemplateError(
            "`{end}` stands alone: it awaits that the server closes", offset=source.index("{end}"), width=5
        )
    for found in _SUSPECT.finditer(source):
        word = found["word"]
        if use == "start":
            meant = next(iter(difflib.get_close_matches(word.lower(), allowed - {word}, n=1, cutoff=0.75)), None)
        else:
            meant = None if word in PLACEHOLDERS else _meant(word, allowed)
        if meant is not None:
            raise TemplateError(
                f"there is no placeholder `{{{word}}}`. Did you mean `{{{meant}}}`?",
                hint=f"Placeholders here: {_listed(allowed)}. A literal {{{word}}} is written {{{{{word}}}}}.",
                offset=found.start(),
                width=found.end() - found.start(),
            )


def _meant(word: str, allowed: Iterable[str]) -> str | None:
    """The placeholder that a word in braces is a slip for, or None: then the braces are literal."""
    plain = word.lower().replace("_", "-")
    synonym = _SYNONYMS.get(plain.replace("-", ""))
    if synonym is not None:
        return synonym
    near = difflib.get_close_matches(plain, [name for name in PLACEHOLDERS if name != "*"], n=3, cutoff=0.65)
    return next((name for name in near if name in allowed), near[0] if near else None)


def _listed(names: Iterable[str]) -> str:
    return " ".join(f"{{{name}}}" for name in PLACEHOLDERS if name in set(names))


def _check_regex(source: str, use: Use) -> None:
    if use in ("sent", "answer", "address", "start"):
        raise TemplateError(f"a regular expression has no meaning {_PLACES[use]}", width=3)
    try:
        pattern = _compile(source[3:])
    except re.error as error:
        at = error.pos or 0
        raise TemplateError(f"this is no regular expression: {error.msg}", offset=3 + at) from None
    except (RecursionError, OverflowError):
        raise TemplateError("this is no regular expression: it is too large") from None
    for group in pattern.groupindex:
        name = _name_of_group(group)
        if name not in ALLOWED[use] - {"next", "end", "*"}:
            near = _meant(group, ALLOWED[use])
            raise TemplateError(
                f"a group `{group}` has no meaning {_PLACES[use]}" + (f". Did you mean `{near}`?" if near else ""),
                hint="A group without a name, (?:…), only holds together.",
                offset=source.index(f"(?P<{group}>"),
                width=len(group) + 5,
            )


def _compile(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an author's [[a]: what may change one day is not the author's worry now
        return re.compile(pattern)


# --- sending ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame as it is sent. `escaped`: it is a JSON object, in which values are escaped."""

    pieces: tuple[_Piece, ...]
    escaped: bool


@lru_cache(maxsize=4096)
def _sent(source: str) -> tuple[_Frame, ...]:
    parsed = _parsed(source)
    if parsed.shape == "regex":
        raise ValueError("a regular expression cannot be sent")
    return tuple(_Frame(tuple(_numbered(_pieces(frame))), _json_object(frame) is not None) for frame in parsed.frames)


def _numbered(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """With the placeholders `*` told apart: `*`, `*2`, …"""
    anything = 0
    for piece in pieces:
        if isinstance(piece, _Placeholder) and piece.name == "*":
            anything += 1
            yield _Placeholder("*" if anything == 1 else f"*{anything}")
        else:
            yield piece


def _render(frame: _Frame, values: Mapping[str, str]) -> str:
    rendered: list[str] = []
    for piece in frame.pieces:
        if isinstance(piece, str):
            rendered.append(piece)
            continue
        key = piece.name
        value = values["*" if key not in values and key.startswith("*") else key]
        rendered.append(json.dumps(value, ensure_ascii=False)[1:-1] if frame.escaped else value)
    return "".join(rendered)


# --- recognising --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def _matcher(source: str, slots: tuple[tuple[str, str], ...]) -> Matcher:
    given = dict(slots)
    parsed = _parsed(source)
    if parsed.shape == "regex":
        wanted = {name: re.compile(slot) for name, slot in given.items()}
        return _RegexMatcher(_compile(source[3:]), wanted)
    if parsed.shape == "json":
        return _JsonMatcher(_json_object(source), given)
    return _TextMatcher(_pieces(source), given)


class _Expression:
    """Pieces of a text as one regular expression, with the names of its groups."""

    def __init__(self, pieces: list[_Piece], slots: Mapping[str, str]) -> None:
        self.names: dict[str, str] = {}  # group → placeholder
        self.pattern = re.compile("".join(self._source(pieces, slots)))

    def _source(self, pieces: list[_Piece], slots: Mapping[str, str]) -> Iterator[str]:
        seen: dict[str, str] = {}
        anything = 0
        for piece in pieces:
            if isinstance(piece, str):
                yield re.escape(piece)
                continue
            name = piece.name
            slot = slots.get(name, DEFAULT_SLOTS.get(name, r"[\s\S]*?"))
            if name == "next":
                yield f"(?:{slot})"
                continue
            if name in seen:
                yield f"(?P={seen[name]})"
                continue
            group = f"g{len(self.names)}"
            if name == "*":
                anything += 1
                self.names[group] = "*" if anything == 1 else f"*{anything}"
            else:
                self.names[group] = seen.setdefault(name, group) and name
            yield f"(?P<{group}>{slot})"

    def bindings(self, found: re.Match[str]) -> dict[str, str]:
        return {name: found[group] for group, name in self.names.items()}


_LINE_ENDS = "\r\n"


def _core(text: str) -> tuple[int, int]:
    """Where a text begins and ends if the line ends around it do not count."""
    start = len(text) - len(text.lstrip(_LINE_ENDS))
    return start, max(start, len(text.rstrip(_LINE_ENDS)))


class _TextMatcher(Matcher):
    def __init__(self, pieces: list[_Piece], slots: Mapping[str, str]) -> None:
        self._expression = _Expression(_without_outer_line_ends(pieces), slots)

    def fullmatch(self, text: str) -> Match | None:
        found = self._expression.pattern.fullmatch(text, *_core(text))
        return None if found is None else self._match(found)

    def search(self, text: str, pos: int = 0) -> Match | None:
        found = self._expression.pattern.search(text, pos)
        return None if found is None else self._match(found)

    def _match(self, found: re.Match[str]) -> Match:
        return Match(found.start(), found.end(), self._expression.bindings(found))


def _without_outer_line_ends(pieces: list[_Piece]) -> list[_Piece]:
    pieces = list(pieces)
    if pieces and isinstance(pieces[0], str):
        pieces[0] = pieces[0].lstrip(_LINE_ENDS)
    if pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip(_LINE_ENDS)
    return pieces


class _RegexMatcher(Matcher):
    """What a named group caught must be what its placeholder may be."""

    def __init__(self, pattern: re.Pattern[str], wanted: Mapping[str, re.Pattern[str]]) -> None:
        self._pattern = pattern
        self._wanted = wanted

    def fullmatch(self, text: str) -> Match | None:
        start, end = _core(text)
        found = self._pattern.fullmatch(text[start:end])  # a slice, so that its own ^ means the beginning
        return None if found is None else self._match(found, start)

    def search(self, text: str, pos: int = 0) -> Match | None:
        for found in self._pattern.finditer(text, pos):
            if (match := self._match(found)) is not None:
                return match
        return None

    def _match(self, found: re.Match[str], offset: int = 0) -> Match | None:
        bindings = {_name_of_group(group): value for group, value in found.groupdict().items() if value is not None}
        for name, value in bindings.items():
            wanted = self._wanted.get(name)
            if wanted is not None and wanted.fullmatch(value) is None:
                return None
        return Match(offset + found.start(), offset + found.end(), bindings)


_DECODER = json.JSONDecoder()


class _JsonMatcher(Matcher):
    """Named keys must be equal, others are ignored; placeholders are looked for in the decoded strings."""

    def __init__(self, pattern: dict[str, Any] | None, slots: Mapping[str, str]) -> None:
        self._pattern = pattern
        self._slots = slots
        self._expressions: dict[str, _Expression | None] = {}

    def fullmatch(self, text: str) -> Match | None:
        stripped = text.strip()
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            return None
        start = text.index(stripped)
        return self._match(value, start, start + len(stripped))

    def search(self, text: str, pos: int = 0) -> Match | None:
        start = text.find("{", pos)
        while start >= 0:
            try:
                value, end = _DECODER.raw_decode(text, start)
            except json.JSONDecodeError as error:
                # A long piece that was good JSON up to here is one unfinished object: not to be tried again at each
                # of its braces, which would take a time quadratic in its length.
                end = max(start + 1, error.pos) if error.pos - start > 10_000 else start + 1
            except RecursionError:
                end = start + 1_000
            else:
                if (match := self._match(value, start, end)) is not None:
                    return match
            start = text.find("{", end)
        return None

    def _match(self, value: Any, start: int, end: int) -> Match | None:
        bindings: dict[str, str] = {}
        return Match(start, end, bindings) if self._same(self._pattern, value, bindings) else None

    def _same(self, pattern: Any, value: Any, bindings: dict[str, str]) -> bool:
        if isinstance(pattern, str):
            return self._same_text(pattern, value, bindings)
        if isinstance(pattern, dict):
            return isinstance(value, dict) and all(
                key in value and self._same(inner, value[key], bindings) for key, inner in pattern.items()
            )
        if isinstance(pattern, list):
            if pattern == ["{nicks}"]:
                return self._same_text("{nicks}", value, bindings)
            return (
                isinstance(value, list)
                and len(value) == len(pattern)
                and all(self._same(inner, it, bindings) for inner, it in zip(pattern, value, strict=True))
            )
        if isinstance(pattern, bool) or isinstance(value, bool):
            return pattern is value
        return bool(pattern == value)

    def _same_text(self, pattern: str, value: Any, bindings: dict[str, str]) -> bool:
        if pattern == "{*}":
            return _bind(bindings, "*", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        if pattern == "{nicks}" and isinstance(value, list):
            if not all(isinstance(name, str) for name in value):
                return False
            return _bind(bindings, "nicks", ", ".join(json.dumps(name, ensure_ascii=False) for name in value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = json.dumps(value)  # "{id}" may have come as a number
            if pattern == value:
                return False  # but "7" written out is a text
        if not isinstance(value, str):
            return False
        expression = self._expression(pattern)
        if expression is None:
            return pattern == value
        found = expression.pattern.fullmatch(value)
        return found is not None and all(_bind(bindings, *item) for item in expression.bindings(found).items())

    def _expression(self, pattern: str) -> _Expression | None:
        if pattern not in self._expressions:
            found = _TOKEN.search(pattern)
            self._expressions[pattern] = None if found is None else _Expression(_pieces(pattern), self._slots)
        return self._expressions[pattern]


def _bind(bindings: dict[str, str], name: str, value: str) -> bool:
    """Note a value; False if the placeholder has another one already. Each `{*}` has its own."""
    if name.startswith("*"):
        number = sum(key.startswith("*") for key in bindings) + 1
        bindings["*" if number == 1 else f"*{number}"] = value
        return True
    return bindings.setdefault(name, value) == value


# --- names in a list ----------------------------------------------------------------------------------------------

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BETWEEN = re.compile(r"[\s,;\[\]\"']+")
_SIGNS = "@+%&~*!#.$^=>•·-–—"


def split_names(text: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """The names in what `{nicks}` matched: between commas, blanks, line ends or JSON quotes, with or without a sign
    before them. A name in `known` is found whole even if it holds a blank or begins with a sign."""
    names: list[tuple[int, str]] = []

    def note_quoted(found: re.Match[str]) -> str:
        try:
            name = json.loads(found[0])
        except ValueError:
            return found[0]
        names.append((found.start(), name))
        return "," * (found.end() - found.start())

    def note_known(found: re.Match[str]) -> str:
        names.append((found.start(), found[1]))
        return "," * (found.end() - found.start())

    text = _QUOTED.sub(note_quoted, text)
    by_length = sorted({name for name in known if name}, key=lambda name: (-len(name), name))
    if by_length:
        alternation = "|".join(map(re.escape, by_length))
        edge = rf"(?<![^\s,;\[\]\"'{re.escape(_SIGNS)}])"
        text = re.sub(rf"{edge}({alternation})(?=[\s,;\[\]\"']|$)", note_known, text)
    at = 0
    for part in [*_BETWEEN.finditer(text), None]:
        end = part.start() if part else len(text)
        name = text[at:end]
        stripped = name[1:] if len(name) > 1 and name[0] in _SIGNS else name
        if stripped and stripped not in _SIGNS:
            names.append((at, stripped))
        at = part.end() if part else end
    return tuple(name for _, name in sorted(names, key=lambda item: item[0]))
