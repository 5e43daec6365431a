"""A run's space-time diagram, as it stands in a record, made fit to stand in a page beside others.

A record may come from a file, so its picture is not taken on trust: it is read as XML and built anew from the few elements and
attributes that chatsim's pictures have. Whatever else is in it is left out; what is no picture at all gives none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from markupsafe import Markup

from chatsim.report.own_page import asset
from chatsim.report.printable import printable

__all__ = ["Drawing", "alone", "drawing"]

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = frozenset(("svg", "g", "a", "path", "line", "rect", "circle", "text", "tspan", "title", "desc"))
ATTRIBUTES = frozenset(
    ("class", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "viewBox", "d", "r", "rx", "transform", "role")
)
HEAD = 28  # the height of the line of names
FOLLOWS = " A table with the same events follows."  # which is true of another page

# Numbers, names of classes, paths: nothing that could be an address, or a rule of a style.
_PLAIN = re.compile(r"[A-Za-z0-9 .,()\-]*")
_NAME = re.compile(r"[A-Za-z0-9._\-]+")


@dataclass(frozen=True, slots=True)
class Drawing:
    """`heads`: the names alone, in the same columns, so that a page may keep them in sight. `events`: the same in words, one
    a line, in their order."""

    svg: Markup
    heads: Markup
    events: tuple[str, ...]


def drawing(picture: str, prefix: str, verdicts: Mapping[str, str]) -> Drawing | None:
    """`prefix` begins all its ids. `verdicts`: property → the id in the page to which what proves it leads."""
    root = _root(picture, prefix, verdicts)
    if root is None:
        return None
    return Drawing(Markup(ET.tostring(root, encoding="unicode")), _heads(root), tuple(_events(root)))


def alone(picture: str) -> str:
    """The picture as a file of its own, which brings its colours; empty where there is none. It stands in an `<img>`, where
    no script runs and nothing is asked for."""
    root = _root(picture, "", {})
    if root is None:
        return ""
    css = asset("chatsim.report", "page.css")
    colours, _, rules = css.partition("* {")
    drawn = [line for line in rules.split("\n") if line.startswith((".spacetime", ".h"))]
    style = ET.Element("style")
    style.text = "\n".join((colours, ".spacetime { font-family: sans-serif; background: var(--ground); }", *drawn))
    root.insert(0, style)
    return ET.tostring(root, encoding="unicode")


def _root(picture: str, prefix: str, verdicts: Mapping[str, str]) -> ET.Element | None:
    # A document type could define entities that grow without end; no picture of ours has one.
    if not picture.strip() or "<!" in picture:
        return None
    try:
        found = ET.fromstring(picture)
    except ET.ParseError:
        return None
    root = _clean(found, prefix, verdicts)
    if root is None or root.tag != "svg":
        return None
    root.set("xmlns", SVG.strip("{}"))
    root.set("class", "spacetime")
    _named(root, prefix)
    return root


def _clean(old: ET.Element, prefix: str, verdicts: Mapping[str, str]) -> ET.Element | None:
    tag = str(old.tag).removeprefix(SVG)
    if tag not in ELEMENTS:
        return None
    link = _link(old, verdicts) if tag == "a" else None
    if tag == "a" and link is None:  # it leads to a table that is not in this page
        tag = "g" if old.get("transform") else "tspan"
    new = ET.Element(tag)
    for name, value in old.attrib.items():
        if (name in ATTRIBUTES or name.startswith("data-")) and _NAME.fullmatch(name) and _PLAIN.fullmatch(value):
            new.set(name, value)
    if old.get("aria-hidden") == "true":
        new.set("aria-hidden", "true")
    if link is not None:
        new.set("href", f"#{link}")
    if (identity := old.get("id")) and _NAME.fullmatch(identity):
        new.set("id", prefix + identity)
    new.text = printable(old.text) if old.text else None
    for child in old:
        if (kept := _clean(child, prefix, verdicts)) is not None:
            kept.tail = printable(child.tail) if child.tail else None
            new.append(kept)
    return new


def _link(old: ET.Element, verdicts: Mapping[str, str]) -> str | None:
    found = re.search(r"v-([a-z-]+)$", old.get("href", ""))
    return verdicts.get(found[1]) if found else None


def _named(root: ET.Element, prefix: str) -> None:
    """Title and description, by which a screen reader tells what it is."""
    for tag in ("title", "desc"):
        if (found := root.find(tag)) is not None:
            found.set("id", f"{prefix}{tag}")
            found.text = (found.text or "").removesuffix(FOLLOWS)
    root.set("aria-labelledby", f"{prefix}title {prefix}desc")


def _heads(root: ET.Element) -> Markup:
    width = root.get("width", "0")
    heads = ET.Element("svg", {"xmlns": SVG.strip("{}"), "class": "spacetime", "aria-hidden": "true"})
    for name, value in (("width", width), ("height", str(HEAD)), ("viewBox", f"0 0 {width} {HEAD}")):
        heads.set(name, value)
    for text in root.iter("text"):
        if "name" in text.get("class", "").split():
            copy = deepcopy(text)
            copy.tail = None
            copy.set("y", str(HEAD - 9))
            heads.append(copy)
    return Markup(ET.tostring(heads, encoding="unicode"))


def _events(root: ET.Element) -> Iterator[str]:
    marks = [mark for mark in root.iter() if "mark" in mark.get("class", "").split()]
    told: dict[str, int] = {}  # one event may have marks on several lines
    for mark in marks:
        row = mark.get("data-row", "")
        if words := mark.findtext("title"):
            told.setdefault(words, int(row) if row.isdecimal() and len(row) < 9 else 0)
    yield from sorted(told, key=lambda words: told[words])
