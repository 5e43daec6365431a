"""YAML text → located nodes → values. Every mistake of a file is gathered with its place; nothing here raises for one.

Of YAML a small part: no anchors, aliases, tags or merge keys, no key twice, one document a file, and bounds on size,
depth and number. Nothing is typed implicitly: a value is read as what its key expects, from the characters as
written, so a nickname `no` stays a nickname and a text `12:30` a text.

    reading = read(text, "a.yaml")
    fields = reading.fields(reading.root, ("name", "count"), required=("name",))
    name = reading.text(fields.get("name"), "")
    count = reading.number(fields.get("count"), 1, low=1, high=100)
    reading.refuse(ScenarioError)        # raises it with all problems, sorted by place; returns if there is none

A conversion takes a node, or None where the key is missing. What it returns is the value, or the default if the key
is missing or a problem has been noted; so the default after a problem means nothing, and `refuse` must be called.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from chatsim.errors import ChatsimError, Place, Problem

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_NODES",
    "QUOTES",
    "Broken",
    "Mapping",
    "Node",
    "Reading",
    "Scalar",
    "Sequence",
    "described",
    "excerpt",
    "is_null",
    "load",
    "nearest",
    "plain",
    "read",
]

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 50
MAX_NODES: Final = 100_000
MAX_PROBLEMS: Final = 100  # more letters than that nobody reads; the rest is counted
MAX_EXCERPT: Final = 160  # characters of a line that are shown
QUOTES: Final = "Put it in quotes."

_SPECIAL: Final = "{}[]*&!?#:%@>|`"
_LINE_END: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what the YAML parser counts as the end of a line
_GLUED_COMMENT: Final = re.compile(r"[ \t]+(#[^\s#]\S*)")
_COLON: Final = re.compile(r"[ \t]*:")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_UNITS_OF_TIME: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}
_UNITS_OF_SIZE: Final = {"B": 1, "kB": 1_000, "MB": 1_000_000}
_TIME: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m)")
_SIZE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(B|kB|MB)")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")

T = TypeVar("T")
N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text as written (escapes of double quotes resolved). `width`: how many characters of its first line."""

    text: str
    quoted: bool
    place: Place
    width: int = 1


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    place: Place
    width: int = 1
    flow: bool = False


@dataclass(frozen=True, slots=True)
class Mapping:
    """No key stands in it twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    place: Place
    width: int = 1
    flow: bool = False

    def key(self, name: str) -> Scalar | None:
        """The key itself, for a problem that is about it."""
        return next((key for key, _ in self.pairs if key.text == name), None)

    def get(self, name: str) -> Node | None:
        return next((node for key, node in self.pairs if key.text == name), None)


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that has been complained of already (an alias, a tag): conversions pass over it in silence."""

    place: Place
    width: int = 1


Node = Scalar | Sequence | Mapping | Broken


def is_null(node: Node) -> bool:
    """Is it a bare `null`, `~`, or nothing at all? Asked only where the language has a null."""
    return isinstance(node, Scalar) and not node.quoted and node.text in ("", "~", "null", "Null", "NULL")


def plain(node: Node | None) -> Any:
    """JSON data: dicts, lists and the texts as written. None for what could not be read."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.pairs}
    return None


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that was probably meant, or None. Never slow: long words and big casts are not searched whole."""
    if not word or len(word) > 60:
        return None
    pool = list(choices)
    if len(pool) > 200:  # comparing costs: choose those that begin alike
        alike: list[str] = []
        for length in range(len(word), 0, -1):
            alike = [choice for choice in pool if choice.startswith(word[:length])]
            if alike:
                break
        pool = sorted(alike, key=lambda choice: abs(len(choice) - len(word)))[:100]
    folded = {choice.casefold(): choice for choice in reversed(pool)}
    if word.casefold() in folded:
        return folded[word.casefold()]
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def excerpt(text: str, longest: int = 40) -> str:
    """A text of the author in quotes, short enough for one line."""
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return '"' + "".join(c if c.isprintable() else "\ufffd" for c in shown) + '"'


def described(choices: Items[str]) -> str:
    """`a, b or c`."""
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


class Reading:
    """One reading of one file: its text, its nodes, and the problems found so far."""

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.text_read = text
        self.root: Node | None = None  # None: nothing could be read, and a problem says why
        self._lines: list[str] | None = None
        self._problems: dict[tuple[Place | None, str], Problem] = {}
        self._more = 0

    # --- problems ----------------------------------------------------------------------------------------------

    def wrong(self, what: str, at: Node | Place | None = None, *, hint: str = "", width: int | None = None) -> None:
        """Note a problem at a node or place. The same words at the same place are noted once."""
        place = at if at is None or isinstance(at, Place) else at.place
        if (place, what) in self._problems:
            return
        if len(self._problems) >= MAX_PROBLEMS:
            self._more += 1
            return
        if width is None:
            width = 1 if at is None or isinstance(at, Place) else at.width
        line = "" if place is None else self.line(place.line)
        if place is not None:
            width = max(1, min(width, len(line) - place.column + 1))
        cut = 0
        if place is not None and len(line) > MAX_EXCERPT:
            cut = max(0, min(place.column - 1 - MAX_EXCERPT // 2, len(line) - MAX_EXCERPT))
            line = line[cut : cut + MAX_EXCERPT]
            width = min(width, MAX_EXCERPT // 2)
        self._problems[place, what] = Problem(what, place, line, width, hint, cut)

    def unknown(self, what: str, node: Scalar, choices: Items[str], *, hint: str = "") -> None:
        """Note a word that is none of the choices, with the nearest one or, if they are few, all of them."""
        guess = nearest(node.text, choices) if self.count < MAX_PROBLEMS else None
        if guess is not None:
            what += f'. Did you mean "{guess}"?'
        elif 0 < len(choices) <= 12 and not hint:
            hint = f"Possible here: {', '.join(choices)}"
        self.wrong(what, node, hint=hint)

    def missing(self, what: str, node: Node) -> None:
        self.wrong(f"{what} is missing here", node)

    def line(self, number: int) -> str:
        if self._lines is None:
            self._lines = _LINE_END.split(self.text_read)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems so far, in the order of their places."""

        def by_place(problem: Problem) -> tuple[int, int]:
            return (0, 0) if problem.place is None else (problem.place.line, problem.place.column)

        found = sorted(self._problems.values(), key=by_place)
        if self._more:
            found.append(Problem(f"and {self._more:,} more problems in {self.file}"))
        return tuple(found)

    @property
    def count(self) -> int:
        """How many problems so far."""
        return len(self._problems) + self._more

    def refuse(self, error: type[ChatsimError]) -> None:
        """Raise the error with all problems, if there are any."""
        if self._problems:
            raise error(self.problems)

    # --- conversions -------------------------------------------------------------------------------------------

    def text(self, node: Node | None, default: T, *, what: str = "a text") -> str | T:
        """Any text. A map or list in its place is nearly always a text that lacks its quotes."""
        scalar = self.scalar(node, what=what)
        return default if scalar is None else scalar.text

    def scalar(self, node: Node | None, *, what: str = "a text") -> Scalar | None:
        """The text with its place, for whoever goes on to look inside it."""
        if isinstance(node, Scalar):
            if node.text or node.quoted:
                return node
            self.wrong(f"{what} is missing here", node, hint='An empty text is written "".')
        elif isinstance(node, (Mapping, Sequence)):
            kind = "map" if isinstance(node, Mapping) else "list"
            hint = f"{QUOTES} {_why_quotes(node)}" if what.startswith("a text") or node.flow else ""
            self.wrong(f"{what} is expected here, and this is a {kind}", node, hint=hint)
        return None

    def word(self, node: Node | None, choices: Items[str], default: T, *, what: str = "") -> str | T:
        """One of these words, or a problem with the nearest one."""
        scalar = self.scalar(node, what=what or f"one of the words {described(choices)}")
        if scalar is None:
            return default
        if scalar.text in choices:
            return scalar.text
        self.wrong_word(scalar, choices)
        return default

    def wrong_word(self, scalar: Scalar, choices: Items[str]) -> None:
        guess = nearest(scalar.text, choices)
        tail = f'. Did you mean "{guess}"?' if guess else ""
        self.wrong(f"{described(choices)} is expected here, not {excerpt(scalar.text)}{tail}", scalar)

    def yes_no(self, node: Node | None, default: T) -> bool | T:
        word = self.word(node, ("yes", "no", "true", "false"), None, what="yes or no")
        return default if word is None else word in ("yes", "true")

    def number(self, node: Node | None, default: T, *, low: int, high: int, what: str = "a number") -> int | T:
        scalar = self.scalar(node, what=what)
        if scalar is None:
            return default
        if not _NUMBER.fullmatch(scalar.text):
            self.wrong(f"{what} is expected here, not {excerpt(scalar.text)}", scalar)
            return default
        # Python refuses to make a number of more than 4,300 digits; one of 18 is out of any bounds of ours already.
        value = int(scalar.text) if len(scalar.text) <= 18 else (low - 1 if scalar.text[0] == "-" else high + 1)
        return self._within(scalar, value, low, high, f"{low:,}", f"{high:,}", what, default)

    def decimal(self, node: Node | None, default: T, *, low: float, high: float, what: str = "a number") -> float | T:
        scalar = self.scalar(node, what=what)
        if scalar is None:
            return default
        if not _DECIMAL.fullmatch(scalar.text):
            self.wrong(f"{what} is expected here, not {excerpt(scalar.text)}", scalar)
            return default
        return self._within(scalar, float(scalar.text), low, high, f"{low:g}", f"{high:g}", what, default)

    def time(self, node: Node | None, default: T, *, low: float = 0.0, high: float = 3600.0) -> float | T:
        """Seconds, from `5ms`, `2s`, `1m`."""
        scalar = self.scalar(node, what="a time such as 5ms, 2s or 1m")
        if scalar is None:
            return default
        value = self._seconds(scalar, scalar.text)
        if value is None:
            return default
        return self._within(scalar, value, low, high, _as_time(low), _as_time(high), "a time", default)

    def span(self, node: Node | None, default: T, *, low: float = 0.0, high: float = 3600.0) -> tuple[float, float] | T:
        """Seconds from and to: `50ms..200ms`; a single time is both."""
        scalar = self.scalar(node, what="a time such as 5ms, 2s or 50ms..200ms")
        if scalar is None:
            return default
        first, dots, last = scalar.text.partition("..")
        shortest = self._seconds(scalar, first)
        longest = self._seconds(scalar, last) if dots and shortest is not None else shortest
        if shortest is None or longest is None:
            return default
        if shortest > longest:
            self.wrong("the first time of the two must be the shorter one", scalar, hint=f"Write {last}..{first}")
            return default
        for value in (shortest, longest):
            if self._within(scalar, value, low, high, _as_time(low), _as_time(high), "a time", None) is None:
                return default
        return shortest, longest

    def size(self, node: Node | None, default: T, *, low: int = 0, high: int = 1_000_000_000) -> int | T:
        """Bytes, from `500B`, `5kB`, `1MB` (powers of 1000)."""
        scalar = self.scalar(node, what="a size such as 500B, 5kB or 1MB")
        if scalar is None:
            return default
        found = _SIZE.fullmatch(scalar.text)
        if found is None:
            self._wrong_unit(scalar, scalar.text, "size", _UNITS_OF_SIZE, "500B, 5kB or 1MB")
            return default
        value = float(found[1]) * _UNITS_OF_SIZE[found[2]]
        if value != int(value):
            self.wrong("a size must be a whole number of bytes", scalar)
            return default
        return self._within(scalar, int(value), low, high, _as_size(low), _as_size(high), "a size", default)

    def one_or_many(self, node: Node | None, *, what: str = "a text") -> tuple[Node, ...]:
        """The items of a list, or the single thing that needs no list. An empty list is a problem."""
        if node is None or isinstance(node, Broken):
            return ()
        if isinstance(node, Sequence):
            if not node.items:
                self.wrong(f"this list is empty: {what} is expected in it", node)
            return node.items
        return (node,)

    def texts(self, node: Node | None, *, what: str = "a text") -> tuple[str, ...]:
        """A text or a list of texts."""
        scalars = (self.scalar(item, what=what) for item in self.one_or_many(node, what=what))
        return tuple(scalar.text for scalar in scalars if scalar is not None)

    def mapping(self, node: Node | None, *, what: str = "a map") -> Mapping | None:
        """A map with keys of the author's choice."""
        if isinstance(node, Mapping):
            return node
        if node is not None and not isinstance(node, Broken):
            self.wrong(f"{what} is expected here{_but_this(node)}", node)
        return None

    def sequence(self, node: Node | None, *, what: str = "a list") -> Sequence | None:
        if isinstance(node, Sequence):
            return node
        if node is not None and not isinstance(node, Broken):
            self.wrong(f"{what} is expected here{_but_this(node)}", node)
        return None

    def fields(
        self, node: Node | None, known: Items[str], *, required: Items[str] = (), what: str = "a map", of: str = ""
    ) -> dict[str, Node]:
        """The values of a map with known keys; an unknown key is a problem with the nearest word. `of`: whose keys."""
        mapping = self.mapping(node, what=what)
        if mapping is None:
            return {}
        found: dict[str, Node] = {}
        for key, value in mapping.pairs:
            if key.text in known:
                found[key.text] = value
            else:
                of_whom = f" of {of}" if of else ""
                self.unknown(f"{excerpt(key.text)} is no key{of_whom}", key, known)
        for name in required:
            if name not in found:
                self.missing(f'the key "{name}"', mapping)
        return found

    # --- inside the conversions --------------------------------------------------------------------------------

    def _seconds(self, scalar: Scalar, written: str) -> float | None:
        found = _TIME.fullmatch(written)
        if found is None:
            self._wrong_unit(scalar, written, "time", _UNITS_OF_TIME, "5ms, 2s or 1m")
            return None
        return float(found[1]) * _UNITS_OF_TIME[found[2]]

    def _wrong_unit(self, scalar: Scalar, written: str, kind: str, units: Iterable[str], examples: str) -> None:
        if _DECIMAL.fullmatch(written):
            offered = described([written + unit for unit in units])
            self.wrong(f"a {kind} needs a unit: {offered}", scalar)
            return
        squeezed = re.sub(r"\s+", "", written)
        number = squeezed.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        unit = nearest(squeezed[len(number) :], tuple(units)) if _DECIMAL.fullmatch(number) else None
        tail = f'. Did you mean "{number}{unit}"?' if unit else ""
        self.wrong(f"a {kind} such as {examples} is expected here, not {excerpt(written)}{tail}", scalar)

    def _within(
        self, scalar: Scalar, value: N, low: float, high: float, low_text: str, high_text: str, what: str, default: T
    ) -> N | T:
        if value < low:
            self.wrong(f"{what} of at least {low_text} is expected here", scalar)
            return default
        if value > high:
            self.wrong(f"{what} of at most {high_text} is expected here", scalar)
            return default
        return value


def _why_quotes(node: Mapping | Sequence) -> str:
    if node.flow:
        return f"Without them YAML takes {'{ }' if isinstance(node, Mapping) else '[ ]'} for a {_kind(node)}."
    return 'Without them YAML takes ": " for a map.' if isinstance(node, Mapping) else ""


def _kind(node: Node) -> str:
    return "map" if isinstance(node, Mapping) else "list" if isinstance(node, Sequence) else "text"


def _but_this(node: Node) -> str:
    if isinstance(node, Scalar):
        return f", not {excerpt(node.text)}" if node.text or node.quoted else ""
    return f", and this is a {_kind(node)}"


def _as_time(seconds: float) -> str:
    for unit, length in (("m", 60.0), ("s", 1.0)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds * 1000:g}ms" if seconds else "0s"


def _as_size(count: int) -> str:
    for unit, length in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= length and count % length == 0:
            return f"{count // length:,}{unit}"
    return f"{count:,}B"


# --- from text to nodes --------------------------------------------------------------------------------------------


def load(path: str | Path) -> Reading:
    """Read a file. That it is not there, or cannot be read, is a problem like any other."""
    name = str(path)
    try:
        with Path(path).open("rb") as file:
            return read(file.read(MAX_BYTES + 1), name)
    except (OSError, ValueError) as problem:
        reading = Reading(name)
        why = getattr(problem, "strerror", None) or str(problem)
        siblings: list[str] = []
        if isinstance(problem, FileNotFoundError):
            why = "there is no such file"
            try:
                siblings = [entry.name for entry in Path(path).parent.iterdir()]
            except OSError:
                pass  # the folder is not there either: nothing to offer
        elif isinstance(problem, IsADirectoryError):
            why = "this is a folder"
        guess = nearest(Path(name).name, siblings)
        reading.wrong(f"{name}: {why}", hint=f'Did you mean "{Path(name).with_name(guess)}"?' if guess else "")
        return reading


def read(source: str | bytes, file: str) -> Reading:
    """Read one document. Never raises: what is wrong stands in `problems`, and `root` is None if nothing is left."""
    text, problem = _decoded(source, file)
    reading = Reading(file, text)
    if problem is not None:
        what, index = problem
        reading.wrong(what, None if index is None else _place_of(reading, index))
        return reading
    try:
        reading.root = _Builder(reading).build()
    except _GiveUpError:
        pass  # the builder has said why
    return reading


def _decoded(source: str | bytes, file: str) -> tuple[str, tuple[str, int | None] | None]:
    """The text, and what is wrong with it at which character (None: with the whole)."""
    if len(source) > MAX_BYTES:
        return "", (f"{file} is larger than 1 MiB: nobody wrote that by hand", None)
    if isinstance(source, bytes):
        try:
            text = source.decode("utf-8")
        except UnicodeDecodeError as error:
            before = source[: error.start].decode("utf-8")
            readable = source.decode("utf-8", "replace").removeprefix("\ufeff")
            return readable, ("this byte is not UTF-8: save the file as UTF-8", len(before.removeprefix("\ufeff")))
    else:
        text = source
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        return text, ("there is a NUL character here: this is no text file", text.index("\0"))
    alone = _SURROGATE.search(text)
    if alone is not None:
        return text, ("half a character (a surrogate) stands here", alone.start())
    if not text.strip():
        return text, (f"{file} is empty", None)
    return text, None


def _place_of(reading: Reading, index: int) -> Place:
    before = _LINE_END.split(reading.text_read[:index])
    return Place(reading.file, len(before), len(before[-1]) + 1)


class _GiveUpError(Exception):
    """Reading can't go on; the problem has been noted."""


class _Open(NamedTuple):
    """A collection that has begun and not ended."""

    is_map: bool
    start: Any
    nodes: list[Node]
    broken: bool


class _Builder:
    """Events → nodes, with a stack of its own: the depth of a file is never the depth of our calls."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.documents = 0
        self.nodes = 0

    def build(self) -> Node | None:
        for event in self._events():
            take = self._TAKES.get(type(event).__name__)
            if take is not None:
                take(self, event)
        if self.root is None:
            self._give_up(f"{self.reading.file} is empty: there are only comments in it")
        return self.root

    def _events(self) -> Iterator[Any]:
        import yaml  # late: it costs 15 ms, and what only replays a history needs none

        try:
            yield from _parser(yaml, self.reading.text_read)
        except yaml.MarkedYAMLError as error:
            _explain_syntax(self.reading, error)
            raise _GiveUpError from None
        except yaml.reader.ReaderError as error:
            code = error.character if isinstance(error.character, int) else ord(error.character)
            at = next((i for i, c in enumerate(self.reading.text_read) if ord(c) == code), 0)
            self.reading.wrong(f"YAML allows no control character such as U+{code:04X}", _place_of(self.reading, at))
            raise _GiveUpError from None

    # --- one method an event ------------------------------------------------------------------------------------

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._give_up('a second document begins here: one file, one document, so no "---" inside', event.start_mark)

    def _alias(self, event: Any) -> None:
        place, width = self._where(event)
        self.reading.wrong(f'"*{event.anchor}" is an alias: this language has none', place, width=width, hint=_IF_TEXT)
        self._put(Broken(place, width))

    def _scalar(self, event: Any) -> None:
        place, width = self._where(event)
        if self._decorated(event, place, width):
            self._put(Broken(place, width))
            return
        quoted = event.style in ("'", '"', "|", ">")  # the C parser gives "" for plain, the pure one None
        if quoted:
            if _SURROGATE.search(event.value):
                self.reading.wrong("half a character (a surrogate) is written here", place, width=width)
        else:
            if self._beware_of_plain(event, place, width) and not event.value:
                self._put(Broken(place, width))
                return
        self._put(Scalar(event.value, quoted, place, width))

    def _beware_of_plain(self, event: Any, place: Place, width: int) -> bool:
        """Complain of what YAML would silently make of a text without quotes."""
        end = event.end_mark
        if end.line > event.start_mark.line and event.value:
            self.reading.wrong(
                "this goes on in the next line without quotes",
                place,
                width=width,
                hint=f"{QUOTES} Or is the next line indented too far?",
            )
            return True
        number, column = end.line + 1, end.column
        if not event.value and self.stack and self.stack[-1].is_map and len(self.stack[-1].nodes) % 2:
            # Nothing after a key: in { } the parser puts the empty value where the next thing begins.
            key = self.stack[-1].nodes[-1]
            colon = _COLON.match(self.reading.line(key.place.line), key.place.column - 1 + key.width)
            if colon is not None:
                number, column = key.place.line, colon.end()
        comment = _GLUED_COMMENT.match(self.reading.line(number), column)
        if comment is not None:
            self.reading.wrong(
                f"YAML takes {excerpt(comment[1])} and what follows for a comment",
                Place(place.file, number, comment.start(1) + 1),
                width=len(comment[1]),
                hint=f"{QUOTES} (For a comment, leave a blank after the #.)",
            )
        return comment is not None

    def _start(self, event: Any) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._give_up(f"this is nested more than {MAX_DEPTH} deep", event.start_mark)
        place, _ = self._where(event)
        decorated = self._decorated(event, place, 1)
        self.stack.append(_Open(type(event).__name__.startswith("Mapping"), event, [], decorated))

    def _end(self, event: Any) -> None:
        opened = self.stack.pop()
        flow = bool(opened.start.flow_style)
        start, end = opened.start.start_mark, event.end_mark
        place = Place(self.reading.file, start.line + 1, start.column + 1)
        width = 1
        if flow:
            width = (
                end.column - start.column
                if end.line == start.line
                else len(self.reading.line(place.line)) - start.column
            )
        elif opened.nodes:
            width = opened.nodes[0].width if opened.is_map else 1
        if opened.broken:
            self._put(Broken(place, width))
        elif opened.is_map:
            self._put(Mapping(self._pairs(opened.nodes), place, width, flow))
        else:
            self._put(Sequence(tuple(opened.nodes), place, width, flow))

    _TAKES: Final[dict[str, Callable[[_Builder, Any], None]]] = {
        "DocumentStartEvent": _document,
        "AliasEvent": _alias,
        "ScalarEvent": _scalar,
        "SequenceStartEvent": _start,
        "MappingStartEvent": _start,
        "SequenceEndEvent": _end,
        "MappingEndEvent": _end,
    }

    # --- inside --------------------------------------------------------------------------------------------------

    def _pairs(self, nodes: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        first: dict[str, Scalar] = {}
        pairs = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if isinstance(key, Broken):
                continue
            if not isinstance(key, Scalar):
                self.reading.wrong(f"a key must be a word, not a {_kind(key)}", key, hint=_IF_TEXT)
            elif key.text == "<<" and not key.quoted:
                self.reading.wrong('"<<" merges maps in YAML: this language has no merge keys', key)
            elif key.text in first:
                line = first[key.text].place.line
                self.reading.wrong(f"the key {excerpt(key.text)} stands here a second time (first in line {line})", key)
            else:
                first[key.text] = key
                pairs.append((key, value))
        return tuple(pairs)

    def _decorated(self, event: Any, place: Place, width: int) -> bool:
        """Complain of an anchor or a tag."""
        if event.anchor is not None:
            self.reading.wrong(
                f'"&{event.anchor}" is an anchor: this language has none', place, width=width, hint=_IF_TEXT
            )
            return True
        if event.tag is not None:
            self.reading.wrong("! begins a tag: this language has none", place, width=width, hint=_IF_TEXT)
            return True
        return False

    def _put(self, node: Node) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self._give_up(f"more than {MAX_NODES:,} values in one file", node.place)
        if self.stack:
            self.stack[-1].nodes.append(node)
        else:
            self.root = node

    def _where(self, event: Any) -> tuple[Place, int]:
        start, end = event.start_mark, event.end_mark
        place = Place(self.reading.file, start.line + 1, start.column + 1)
        if end.line == start.line:
            return place, max(1, end.column - start.column)
        return place, max(1, len(self.reading.line(place.line)) - start.column)

    def _give_up(self, what: str, at: Any = None) -> NoReturn:
        if at is not None and not isinstance(at, Place):
            at = Place(self.reading.file, at.line + 1, at.column + 1)
        self.reading.wrong(what, at)
        raise _GiveUpError


_IF_TEXT: Final = f"If it is meant as text: {QUOTES[0].lower()}{QUOTES[1:]}"


def _parser(yaml: Any, text: str) -> Iterator[Any]:
    """The events of the C parser; of the pure one where PyYAML was built without it (20 times slower, the same events)."""
    loader: Any
    try:
        from yaml.cyaml import CParser  # type: ignore[attr-defined]

        loader = CParser(text)
    except ImportError:
        loader = yaml.Loader(text)
    while loader.check_event():
        yield loader.get_event()


# What YAML's own words mean to somebody who only wanted to write a scenario: (piece of its words, ours). First match.
_PLAIN_WORDS: Final[tuple[tuple[str, str], ...]] = (
    ("mapping values are not allowed", "a map can't begin here"),
    ("cannot start any token", "a text can't begin with this character"),
    ("sequence entries are not allowed", 'a list can\'t begin here: each "- " needs a line of its own'),
    ("mapping keys are not allowed", '"? " has a meaning of its own in YAML'),
    ("alphabetic or numeric character", "* and & have a meaning of their own in YAML"),
    ("undefined tag handle", "! has a meaning of its own in YAML"),
    ("while scanning a tag", "! has a meaning of its own in YAML"),
    ("comment or", "> and | have a meaning of their own in YAML"),
    ("found unexpected end of stream", "these quotes are never closed"),
    ("found unexpected document indicator", "these quotes are never closed"),
    ("unknown escape character", "in double quotes \\ begins an escape: write \\\\, or use single quotes"),
    ("escape code", "this is no character: the escape names none"),
    ("escape sequence", "this escape is incomplete"),
    ("could not find expected ':'", 'this line is neither "key: value" nor "- item"'),
    ("while parsing a flow mapping", 'this map in { } goes on with "," or ends with "}"'),
    ("while parsing a flow sequence", 'this list in [ ] goes on with "," or ends with "]"'),
    ("while parsing a block mapping", "this fits nowhere: a key with the same indentation as those before is expected"),
    (
        "while parsing a block collection",
        'this fits nowhere: a "- " with the same indentation as those before is expected',
    ),
    ("found unexpected ':'", 'a ":" ends a key only if a blank follows it'),
    ("node content", "a value is expected here"),
    ("document start", "this comes after the end"),
    ("directive", "% has a meaning of its own in YAML"),
)
_MAY_LACK_QUOTES: Final = re.compile(rf"(?:^|[:,\[{{-])\s*[{re.escape(_SPECIAL)}]|: .*: |[\"'] *[^\s,\]}}:#]")


def _explain_syntax(reading: Reading, error: Any) -> None:
    said = f"{error.context or ''}; {error.problem or ''}"
    what = next((ours for theirs, ours in _PLAIN_WORDS if theirs in said), f"YAML can't read this ({error.problem})")
    mark = error.problem_mark or error.context_mark
    if error.context_mark is not None and ("never closed" in what or "in YAML" in what or "neither" in what):
        mark = error.context_mark
    number, column = mark.line + 1, mark.column + 1
    line = reading.line(number)[: MAX_BYTES // 64]  # what would help can be seen in the first 16,000 characters
    if not line.strip() and error.context_mark is not None:  # the end of the file: show what has not ended
        number, column = error.context_mark.line + 1, error.context_mark.column + 1
        line = reading.line(number)
    width = 1
    hint = ""
    if "a map can't begin here" in what:
        value = re.match(r"\s*(?:- +)*[^\s\"'][^:\"']*: +(?=\S)", line)
        if value is not None and value.end() < column:
            what = 'this text contains ": ", which begins a map'
            column, width, hint = value.end() + 1, len(line.rstrip()) - value.end(), QUOTES
        else:
            hint = "Is it indented too far, or does the line before lack its quotes?"
    elif "can't begin with" in what and line[column - 1 : column] == "\t":
        what, hint = "YAML allows no tab here", "Indent with blanks."
    elif "can't begin with" in what or "in YAML" in what:
        width, hint = max(1, len(line.rstrip()) - column + 1), QUOTES
    elif _MAY_LACK_QUOTES.search(line) and "never closed" not in what and "escape" not in what:
        hint = 'A text that begins with one of { } [ ] * & ! ? # : % @ > | ` or contains ": " needs quotes.'
    reading.wrong(what, Place(reading.file, number, max(1, min(column, len(line) + 1))), width=width, hint=hint)
