"""Expressions that make a text, read as texts with holes: literals, f-strings, `%`, `.format`, `+`, and JSON."""

from __future__ import annotations

import ast
import json
import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chatsim.detect.source.constants import as_text
from chatsim.detect.source.evidence import Hole, Text
from chatsim.detect.source.syntax import Program, Scope, last_name

__all__ = ["Namer", "TextReader", "joined"]

Namer = Callable[[ast.expr, Scope], Hole]

_DEPTH: Final = 14
_MOST_WAYS: Final = 4
_MOST_HOLES: Final = 24
_LONGEST: Final = 4000
_MARK: Final = "\ue000"  # stands for a hole while a template is filled; nobody's literal has it

# Called on a text or around it, these leave its words what they are.
_SAME: Final = frozenset(
    {
        "encode",
        "decode",
        "strip",
        "rstrip",
        "lstrip",
        "str",
        "bytes",
        "bytearray",
        "repr",
        "dedent",
        "unicode",
        "replace",
    }
)
_PERCENT: Final = re.compile(r"%(?:\((?P<key>[^)]*)\))?[-+ #0]*(?:\*|\d+)?(?:\.\d+)?(?P<kind>[sdifrxXeEgGaub%])")


def joined(*texts: Text) -> Text:
    pieces: list[str] = [""]
    holes: list[Hole] = []
    for text in texts:
        pieces[-1] += text.pieces[0]
        pieces.extend(text.pieces[1:])
        holes.extend(text.holes)
    if len(holes) > _MOST_HOLES:
        pieces, holes = [*pieces[:_MOST_HOLES], "".join(pieces[_MOST_HOLES:])], holes[:_MOST_HOLES]
    return Text(tuple(piece[:_LONGEST] for piece in pieces), tuple(holes))


def hole(what: Hole) -> Text:
    return Text(("", ""), (what,))


@dataclass(frozen=True, slots=True)
class TextReader:
    """Reads expressions of one program. `name` says what an expression is called that is no text by itself."""

    program: Program
    name: Namer
    received: Callable[[ast.expr, Scope], bool]

    def ways(self, node: ast.expr, scope: Scope, depth: int = _DEPTH) -> list[Text]:
        """The texts that it may be, at most a few, the last assigned first. Never empty: at worst it is one hole."""
        if depth <= 0:
            return [hole(self.name(node, scope))]
        match node:
            case ast.Constant(value=str() | bytes() as value):
                return [Text((as_text(value),))]
            case ast.Constant(value=int() | float() as value):
                return [Text((str(value),))]
            case ast.JoinedStr(values=parts):
                return self._side_by_side([(part, scope) for part in parts], depth)
            case ast.FormattedValue(value=inner):
                return self._formatted(inner, scope, depth)
            case ast.BinOp(op=ast.Add()):
                return self._side_by_side([(part, scope) for part in _summands(node)], depth)
            case ast.BinOp(op=ast.Mod(), left=left, right=right):
                return [self._percent(way, right, scope, depth) for way in self.ways(left, scope, depth - 1)]
            case ast.IfExp(body=one, orelse=other):
                return [*self.ways(one, scope, depth - 1), *self.ways(other, scope, depth - 1)][:_MOST_WAYS]
            case ast.Call():
                return self._call(node, scope, depth)
            case ast.Name() | ast.Attribute():
                return self._named(node, scope, depth)
            case ast.Dict():
                return [self._json(node, scope, depth)]
            case ast.Await(value=inner) | ast.Starred(value=inner):
                return self.ways(inner, scope, depth - 1)
        return [hole(self.name(node, scope))]

    def _side_by_side(self, parts: Sequence[tuple[ast.expr, Scope]], depth: int) -> list[Text]:
        ways = [Text(("",))]
        for part, scope in parts[:200]:
            its = self.ways(part, scope, depth - 1)
            ways = [joined(way, its_way) for way in ways for its_way in its][:_MOST_WAYS]
        return ways

    def _formatted(self, inner: ast.expr, scope: Scope, depth: int) -> list[Text]:
        ways = self.ways(inner, scope, depth - 1)
        return [self._as_shown(inner, scope) or way for way in ways] if ways[0].bare else ways

    def _as_shown(self, node: ast.expr, scope: Scope) -> Text | None:
        """What shows of it, where that is not it alone: of an address both halves, of bytes their `b''`."""
        if self._is_bytes(node, scope):
            return Text(("b'", "'"), (self.name(node, scope),))
        return self.address(node, scope)

    def _is_bytes(self, node: ast.expr, scope: Scope) -> bool:
        """Was it received, and never decoded?"""
        if not isinstance(node, ast.Name):
            return False
        given = [value for _, value in self.program.given(node, scope, node)]
        return bool(given) and all(
            isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "recv"
            for value in given
        )

    def address(self, node: ast.expr, scope: Scope) -> Text | None:
        """An address put into a text as it is reads `('127.0.0.1', 50000)`."""
        match node:
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[inner]):
                node = inner
        if not isinstance(node, (ast.Name, ast.Attribute)) or self.name(node, scope).role != "ip":
            return None
        if "addr" not in (name := last_name(node).lower()) and "endere" not in name:
            return None
        return Text(("('", "', ", ")"), (Hole(f"{name}[0]", "ip"), Hole(f"{name}[1]", "client-port")))

    def _named(self, node: ast.Name | ast.Attribute, scope: Scope, depth: int) -> list[Text]:
        what = self.name(node, scope)
        if what.role not in ("text", "nicks", "*") and self.received(node, scope):
            return [hole(what)]
        if isinstance(node, ast.Name) and (table := self.table(node.id, scope)) is not None:
            return [self._json(table, scope, depth)]
        found: list[Text] = []
        given = self.program.given(node, scope, node)
        grows = isinstance(node, ast.Name) and self.program.grows(node.id, scope)
        for where, value in reversed(given[-_MOST_WAYS:]):
            if isinstance(value, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call, ast.IfExp, ast.Name, ast.Dict)):
                found += [way for way in self.ways(value, where, depth - 2) if any(way.pieces) or len(way.holes) > 1]
        if grows:
            return [joined(way, hole(Hole(what.name, "nicks"))) for way in found[:1] or [Text(("",))]]
        if not found and (length := self._as_length(given, depth)) is not None:
            return [hole(length)]
        return list(dict.fromkeys(found))[:_MOST_WAYS] or [hole(what)]

    def table(self, name: str, scope: Scope) -> ast.Dict | None:
        """A table that is filled key by key, as if it had been written in one go."""
        items = self.program.items.get((scope, name))
        if not items:
            return None
        begun = [value for _, value in self.program.values_of(name, scope)[:20] if _is_table(value)]
        if not begun:
            return None
        pairs = {**(_pairs(begun[0]) if isinstance(begun[0], ast.Dict) else {}), **items}
        return ast.Dict([ast.Constant(key) for key in pairs], list(pairs.values()))

    def _as_length(self, given: list[tuple[Scope, ast.expr]], depth: int) -> Hole | None:
        for where, value in given[-1:]:
            for way in self.ways(value, where, depth - 4):
                if way.bare and way.holes[0].role == "length":
                    return way.holes[0]
        return None

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> list[Text]:
        match node:
            case ast.Call(func=ast.Attribute(value=template, attr="format")):
                return [self._format(way, node, scope, depth) for way in self.ways(template, scope, depth - 1)]
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="json" | "ujson" | "orjson"), attr="dumps"), args=[first, *_]
            ):
                return self.ways(first, scope, depth - 1)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="str" | "bytes"), attr="encode" | "decode"), args=[first]
            ):
                return self.ways(first, scope, depth - 1)
            case ast.Call(func=ast.Attribute(value=inner, attr=called)) if called in _SAME:
                return self.ways(inner, scope, depth - 1)
            case ast.Call(func=ast.Name(id=called), args=[first, *_]) if called in _SAME:
                if (address := self.address(first, scope)) is not None:
                    return [address]
                return self.ways(first, scope, depth - 1)
        return self._made_by(node, scope, depth) or [hole(self.name(node, scope))]

    def _made_by(self, node: ast.Call, scope: Scope, depth: int) -> list[Text]:
        """What a function of these files makes of its arguments, if all that it does is to put a text together."""
        found = self.program.functions.get(last_name(node), [])
        if len(found) != 1:
            return []
        module, function = found[0]
        returned = [
            one.value for one in module.inside(function) if isinstance(one, ast.Return) and one.value is not None
        ]
        if len(returned) != 1 or len(function.body) > 4:
            return []
        return [way for way in self.ways(returned[0], function, depth - 4) if any(way.pieces)]

    def _percent(self, template: Text, right: ast.expr, scope: Scope, depth: int) -> Text:
        values = list(right.elts) if isinstance(right, ast.Tuple) else [right]
        named = _pairs(right) if isinstance(right, ast.Dict) else {}
        out: list[Text] = []
        source, end = _MARK.join(template.pieces), 0
        for found in _PERCENT.finditer(source):
            out.append(Text((source[end : found.start()],)))
            end = found.end()
            if found["kind"] == "%":
                out.append(Text(("%",)))
                continue
            value = named.get(found["key"]) if found["key"] is not None else (values.pop(0) if values else None)
            out.append(self._inserted(value, scope, depth) if value is not None else hole(Hole("", "*")))
        out.append(Text((source[end:],)))
        return _with_holes(joined(*out), template.holes)

    def _format(self, template: Text, call: ast.Call, scope: Scope, depth: int) -> Text:
        named = {one.arg: one.value for one in call.keywords if one.arg is not None}
        source = _MARK.join(template.pieces)
        try:
            parts = list(string.Formatter().parse(source))
        except ValueError:
            return template
        out: list[Text] = []
        count = 0
        for literal, field, _, _ in parts:
            out.append(Text((literal,)))
            if field is None:
                continue
            root = re.split(r"[.\[]", field, maxsplit=1)[0]
            value: ast.expr | None
            if root.isdigit() or not root:
                at = int(root[:4]) if root else count
                count += 1
                value = call.args[at] if at < len(call.args) else None
                if call.args and isinstance(call.args[min(at, len(call.args) - 1)], ast.Starred):
                    value = None
            else:
                value = named.get(root)
            rest = field[len(root) :]
            out.append(hole(Hole(field, "*")) if value is None or rest else self._inserted(value, scope, depth))
        return _with_holes(joined(*out), template.holes)

    def _inserted(self, value: ast.expr, scope: Scope, depth: int) -> Text:
        return self.address(value, scope) or self.ways(value, scope, depth - 1)[0]

    def _json(self, node: ast.Dict, scope: Scope, depth: int) -> Text:
        """As it looks in JSON: templates that are objects are compared as JSON, so blanks do not matter."""
        out = [Text(("{",))]
        for number, (key, value) in enumerate(_pairs(node).items()):
            out.append(Text(((", " if number else "") + json.dumps(key, ensure_ascii=False) + ": ",)))
            out.append(self.json_value(value, scope, depth - 1))
        return joined(*out, Text(("}",)))

    def json_value(self, value: ast.expr, scope: Scope, depth: int = 6) -> Text:
        match value:
            case ast.Constant(value=bool() | None | int() | float() as plain):
                return Text((json.dumps(plain),))
            case ast.Dict() if depth > 0:
                return self._json(value, scope, depth)
        way = self.ways(value, scope, depth)[0]
        quoted = Text(tuple(json.dumps(piece, ensure_ascii=False)[1:-1] for piece in way.pieces), way.holes)
        return joined(Text(('"',)), quoted, Text(('"',)))


def _summands(node: ast.expr) -> list[ast.expr]:
    """`a + b + c`, which is as deep as it is long, from left to right."""
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and len(parts) < 200:
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _pairs(node: ast.Dict) -> dict[str, ast.expr]:
    return {
        as_text(key.value): value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, (str, bytes))
    }


def _is_table(value: ast.expr) -> bool:
    return isinstance(value, ast.Dict) or (
        isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict" and not value.args
    )


def _with_holes(text: Text, holes: Sequence[Hole]) -> Text:
    """The holes that the template had before (marked) are holes again."""
    if not holes:
        return text
    waiting = list(holes)
    out: list[Text] = []
    for number, piece in enumerate(text.pieces):
        for part, literal in enumerate(piece.split(_MARK)):
            if part and waiting:
                out.append(hole(waiting.pop(0)))
            out.append(Text((literal,)))
        if number < len(text.holes):
            out.append(hole(text.holes[number]))
    return joined(*out)
