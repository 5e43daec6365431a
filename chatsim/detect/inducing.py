"""From what was received to templates: known values become placeholders, what differs between two samples `{*}`.

Pure text work: values go in, a template's source comes out, such that the template recognises the samples that it was
made of (tests hold it to that).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from chatsim.profile.templates import DEFAULT_SLOTS, Template, TemplateError

__all__ = ["ANSI", "common", "escaped", "induce", "names_in", "once", "parsed_json", "pushed_list"]

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TIME = re.compile(rf"(?<![\w.]){DEFAULT_SLOTS['time']}(?![\w.])")
_TOKENS = re.compile(r"\{\{?[a-z*-]+\}?\}|\w+|\s+|.", re.DOTALL)
_SUSPECT = re.compile(r"\{(\*|[A-Za-z][A-Za-z_-]*)\}")
_HALVES = re.compile("[\ud800-\udfff]+")
_AGAIN = re.compile(r"(.{2,200}?)\1+", re.DOTALL)
ALIKE = 0.5  # so much of two samples must be the same for them to be of one kind


def escaped(text: str) -> str:
    """The template that is this text and nothing else."""
    return _plain(_within(text))


def _within(text: str) -> str:
    """The same, for a part of a text. What is no character (half of a pair of surrogates, which JSON can spell) cannot
    stand in a profile: it becomes `{*}`."""
    return _HALVES.sub("{*}", _SUSPECT.sub(_doubled, text))


def _doubled(found: re.Match[str]) -> str:
    doubled = "{" + found[0] + "}"
    try:
        Template.parse(doubled, use="received")
    except TemplateError:
        return "{*}"
    return doubled if Template(doubled).matcher().fullmatch(found[0]) is not None else found[0]


def induce(sample: str, values: Mapping[str, str], *, times: bool = True) -> str:
    """The template of one sample: wherever a value stands there is its placeholder; a moment becomes `{time}`.

    `values`: placeholder → value; of two values that overlap, the longer one counts. Line ends around are left out.
    """
    sample = sample.strip("\r\n")
    tree = parsed_json(sample)
    if tree is not None:
        return json.dumps(_induced_tree(tree, values), ensure_ascii=False)
    return _plain(_induced(sample, values, times=times))


def _plain(template: str) -> str:
    """A text that happens to begin as regular expressions do in templates."""
    return "{*}" + template[len("re") :] if template.startswith("re:") else template


def _induced(text: str, values: Mapping[str, str], *, times: bool) -> str:
    known = sorted(((value, name) for name, value in values.items() if value), key=lambda pair: -len(pair[0]))
    if not known:
        return _timed(text) if times else _within(text)
    pattern = re.compile("|".join(re.escape(value) for value, _ in known))
    names = dict(reversed([(value, name) for value, name in known]))
    made, at = "", 0
    for found in pattern.finditer(text):
        between = text[at : found.start()]
        made += (_timed(between) if times else _within(between)) + "{" + names[found[0]] + "}"
        at = found.end()
    rest = text[at:]
    return made + (_timed(rest) if times else _within(rest))


def _timed(text: str) -> str:
    made, at = "", 0
    for found in _TIME.finditer(text):
        made += _within(text[at : found.start()]) + "{time}"
        at = found.end()
    return made + _within(text[at:])


def _induced_tree(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _induced(value, values, times=True)
    if isinstance(value, dict):
        return {key: _induced_tree(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [_induced_tree(inner, values) for inner in value]
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) > 100_000):
        return "{*}"  # a moment, or a number of the server's own
    return value


def parsed_json(text: str) -> dict[str, Any] | None:
    """The object, if the text is one."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def common(one: str, other: str) -> str | None:
    """A template that is both of these templates: where they differ, there is `{*}`. None if they are of two kinds."""
    if one == other:
        return one
    trees = parsed_json(one), parsed_json(other)
    if trees[0] is not None and trees[1] is not None:
        return _common_trees(trees[0], trees[1])
    if (trees[0] is None) != (trees[1] is None):
        return None
    left, right = _TOKENS.findall(one), _TOKENS.findall(other)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    same = sum(len(token) for tag, a, b, _, _ in matcher.get_opcodes() if tag == "equal" for token in left[a:b])
    if 2 * same < ALIKE * (len(one) + len(other)):
        return None
    made = ""
    for tag, a, b, _, _ in matcher.get_opcodes():
        piece = "".join(left[a:b]) if tag == "equal" else "{*}"
        if not (piece == "{*}" and made.endswith("{*}")):
            made += piece
    return made


def _common_trees(one: dict[str, Any], other: dict[str, Any]) -> str | None:
    if set(one) != set(other) and len(set(one) & set(other)) < len(set(one) | set(other)) / 2:
        return None
    kept: dict[str, Any] = {}
    for key in one:
        if key in other:
            if isinstance(one[key], dict) and isinstance(other[key], dict):
                inner = _common_trees(one[key], other[key])
                kept[key] = json.loads(inner) if inner is not None else "{*}"
            elif one[key] == other[key]:
                kept[key] = one[key]
    said = [value for value in kept.values() if isinstance(value, str)]
    return json.dumps(kept, ensure_ascii=False) if said else None


def once(text: str) -> str:
    """A text that is nothing but the same one again and again, once."""
    found = _AGAIN.fullmatch(text)
    return found[1] if found is not None and len(found[1].strip()) > 1 else text


def names_in(text: str, nicks: Sequence[str]) -> list[str]:
    """Those of the nicknames that stand in the text, in the order in which they do."""
    found = [(text.find(nick), nick) for nick in nicks]
    return [nick for at, nick in sorted(found) if at >= 0]


def pushed_list(sample: str, nicks: Sequence[str]) -> str | None:
    """The template of a list of who is there, if two or more of these names stand in it: `{nicks}` for all of them."""
    there = names_in(sample, nicks)
    if len(there) < 2:
        return None
    tree = parsed_json(sample)
    if tree is not None:
        made = {key: "{nicks}" if isinstance(value, list) and set(there) <= set(map(str, value)) else value
                for key, value in tree.items()}  # fmt: skip
        return json.dumps(made, ensure_ascii=False) if "{nicks}" in made.values() else None
    begin = sample.find(there[0])
    end = max(sample.rfind(nick) + len(nick) for nick in there)
    inside = sample[begin:end]
    between = re.split("|".join(map(re.escape, nicks)), inside)
    if not all(re.fullmatch(r"['\"]?\s*[,;|]?\s*['\"]?|\s*(and|y|et|und|e|и)\s*", piece) for piece in between if piece):
        return None
    head, tail = sample[:begin], sample[end:]
    if head.endswith(("'", '"')) and tail.startswith(("'", '"')):
        head, tail = head[:-1], tail[1:]
    return escaped(head.lstrip("\r\n")) + "{nicks}" + escaped(tail.rstrip("\r\n"))
