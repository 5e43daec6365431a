"""What was nearly recognised: the template that comes nearest to a text, and in one sentence where the two differ.

For the author of a profile, who sees only that something was not understood. Nothing is decided by it.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chatsim.profile.templates import Template

__all__ = ["Named", "Near", "nearest", "skeleton", "templates_in", "where_it_differs"]

ALIKE: Final = 0.5  # below that, two texts have nothing to do with each other
LONGEST: Final = 500  # characters that are compared
SHOWN: Final = 40

# One sign for each placeholder, so that how long a name is does not count. They occur in no text.
_SIGNS: Final = {
    name: chr(0xD810 + n) for n, name in enumerate(("nick", "text", "to", "room", "nicks", "time", "id", "*"))
}
_WORDS: Final = {sign: f"{{{name}}}" for name, sign in _SIGNS.items()}
_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{(nick|text|to|room|nicks|time|id|\*)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Named:
    """A template and the key under which it stands, as an author would say it: "`leave` awaits"."""

    where: str
    source: str


@dataclass(frozen=True, slots=True)
class Near:
    """`difference`: a relative clause, such as `which has no blank at its end`."""

    named: Named
    difference: str

    def __str__(self) -> str:
        return f"{self.named.where} {_quoted(self.named.source)}, {self.difference}"


def skeleton(text: str, values: Mapping[str, Iterable[str]]) -> str:
    """The text with a sign in place of each known value: `values` has those of `nick`, `text`, `room`."""
    text = text[:LONGEST]
    for name in ("text", "room", "nick"):
        for value in sorted(values.get(name, ()), key=len, reverse=True):
            if value and value in text:
                edge = (r"(?<!\w)", r"(?!\w)") if name != "text" else ("", "")
                text = re.sub(f"{edge[0]}{re.escape(value)}{edge[1]}", _SIGNS[name], text)
    return text


def nearest(text: str, among: Sequence[Named], values: Mapping[str, Iterable[str]]) -> Near | None:
    """The template most like this text; None if none is."""
    bones = skeleton(text, values)
    best: tuple[float, Named] | None = None
    for named in among:
        if named.source.startswith("re:"):
            continue
        alike = _alikeness(_bones_of(named.source), bones)
        if alike >= ALIKE and (best is None or alike > best[0]):
            best = alike, named
    return None if best is None else Near(best[1], where_it_differs(best[1].source, bones))


def _bones_of(source: str) -> str:
    return _PLACEHOLDER.sub(lambda found: _SIGNS[found[1]], source)[:LONGEST]


def _alikeness(template: str, text: str) -> float:
    """From 0 to 1; only what is no placeholder counts."""
    if not re.sub(f"[{''.join(_WORDS)}\\s]", "", template):
        return 0.0  # nothing but placeholders is like everything
    return difflib.SequenceMatcher(None, template, text, autojunk=False).ratio()


def where_it_differs(source: str, text: str) -> str:
    """As a clause about the template: `which has no blank at its end`. `text` may be a skeleton."""
    objects = _objects(source, text)
    if objects is not None:
        return _differing_keys(*objects)
    template = _bones_of(source)
    if template.strip() == text.strip():
        return _edges(template, text)
    if template.casefold() == text.casefold():
        return "which has other capitals"
    if " ".join(template.split()) == " ".join(text.split()):
        return "which has other blanks between its words"
    if template and template in text:
        before, _, after = text.partition(template)
        return f"and that is only a part of it: {_beside(before, after)}"
    if text and text in template:
        before, _, after = template.partition(text)
        return f"which has more: {_beside(before, after)}"
    return _first_difference(template, text)


def _edges(template: str, text: str) -> str:
    for end, told in ((len(template.rstrip()), "at its end"), (0, "at its beginning")):
        one = template[end:] if end else template[: len(template) - len(template.lstrip())]
        other = text[len(text.rstrip()) :] if end else text[: len(text) - len(text.lstrip())]
        one, other = one.strip("\r\n"), other.strip("\r\n")
        if one != other:
            what = {" ": "blank", "\t": "tab"}.get(other or one, "blanks")
            return f"which has {'no' if not one else 'a' if not other else 'another'} {what} {told}"
    return "which is the same but for its line end"


def _beside(before: str, after: str) -> str:
    told = [
        f"{_quoted(piece)} stands {where}" for piece, where in ((before, "before it"), (after, "behind it")) if piece
    ]
    return " and ".join(told)


def _first_difference(template: str, text: str) -> str:
    matcher = difflib.SequenceMatcher(None, _in_words(template), _in_words(text), autojunk=False)
    words, others = _in_words(template), _in_words(text)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        ours, theirs = "".join(words[a:b]), "".join(others[c:d])
        if not theirs.strip():
            return f"which has {_quoted(ours.strip() or ours)} besides"
        if not ours.strip():
            return f"which has no {_quoted(theirs.strip() or theirs)}"
        return f"which has {_quoted(ours)} where {_quoted(theirs)} came"
    return "which differs"


def _in_words(text: str) -> list[str]:
    return re.findall(rf"[{''.join(_WORDS)}]|\w+|\s+|[^\w\s]", text)


def _quoted(text: str) -> str:
    for sign, word in _WORDS.items():
        text = text.replace(sign, word)
    shown = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return f'"{shown}"' if len(shown) <= 2 * SHOWN else f'"{shown[: SHOWN - 1]}…{shown[-SHOWN + 1 :]}"'


# --- JSON ---------------------------------------------------------------------------------------------------------


def _objects(source: str, text: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    try:
        wanted, came = json.loads(source), json.loads(text)
    except (ValueError, RecursionError):
        return None
    return (wanted, came) if isinstance(wanted, dict) and isinstance(came, dict) else None


def _differing_keys(wanted: dict[str, Any], came: dict[str, Any]) -> str:
    for key, value in wanted.items():
        if key not in came:
            near = difflib.get_close_matches(key, came, n=1)
            return f'which has the key "{key}"' + (f', and "{near[0]}" came' if near else ", and none such came")
        holds_placeholder = isinstance(value, str) and _PLACEHOLDER.search(value)
        if value != came[key] and not holds_placeholder:
            return f'which has {json.dumps(value, ensure_ascii=False)} as "{key}" where {_json(came[key])} came'
    return "which has other values"


def _json(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    for sign, word in _WORDS.items():
        shown = shown.replace(sign, word)
    return shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 1]}…"


# --- the templates of a profile, as they are written --------------------------------------------------------------

_READS: Final = ("hears", "echo", "ack", "refuses", "ignore")
_MAPS: Final = {
    "notices": ("joined", "left", "dropped"),
    "whisper": ("hears", "echo", "ack"),
    "rooms": ("hears", "echo", "ack", "joined", "left"),
    "roster": ("answer", "end"),
    "operator": ("hears",),
}


def templates_in(source: Mapping[str, Any]) -> list[Named]:
    """What a profile's own words (`Profile.source`) say is received, and where."""
    found: list[Named] = []

    def add(where: str, value: Any) -> None:
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and text not in ("yes", "no", "true", "false", "{end}"):
                frames = [text] if text.startswith("re:") else [frame.source for frame in Template(text).frames]
                found.extend(Named(where, frame) for frame in frames)

    def dialogue(key: str, value: Any) -> None:
        for step in value if isinstance(value, list) else ():
            if isinstance(step, Mapping):
                add(f"`{key}` awaits", step.get("await"))
                for way in step.get("either") or ():
                    dialogue(key, way)

    dialogue("join", source.get("join"))
    dialogue("leave", source.get("leave"))
    for key in _READS:
        add(f"`{key}` reads", source.get(key, source.get("says", "{text}") if key == "hears" else None))
    for name, keys in _MAPS.items():
        inner = source.get(name)
        if isinstance(inner, Mapping):
            for key in keys:
                add(f"`{name}: {{{key}}}` reads", inner.get(key))
            for key in ("enter", "exit"):
                dialogue(f"{name}: {{{key}}}", inner.get(key))
    for step in source.get("whenever") or ():
        if isinstance(step, Mapping):
            add("`whenever` awaits", step.get("await"))
    return found
