"""What a Python expression is worth, where the source alone tells: `HEADER`, `settings.port`, `8 * 1024`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import Final

from chatsim.detect.source.syntax import Program, Scope, last_name

__all__ = ["Value", "as_text", "number", "text", "values"]

Value = str | int | bytes
_DEPTH: Final = 12
_MOST: Final = 8
_MOST_LOOKED_AT: Final = 300
_BIGGEST: Final = 1 << 64

# Called around a value, these leave it what it is.
_SAME: Final = frozenset(
    {"int", "str", "bytes", "encode", "decode", "strip", "rstrip", "lower", "upper", "bytearray", "frozenset", "set"}
)


def values(program: Program, node: ast.AST | None, scope: Scope) -> list[Value]:
    """All that it may be, in the order of the source, at most a few; empty if the source does not tell."""
    return list(dict.fromkeys(islice(_values(program, node, scope, set(), _DEPTH), _MOST)))


def number(program: Program, node: ast.AST | None, scope: Scope) -> int | None:
    return next((value for value in values(program, node, scope) if isinstance(value, int)), None)


def text(program: Program, node: ast.AST | None, scope: Scope) -> str | None:
    return next((as_text(value) for value in values(program, node, scope) if not isinstance(value, int)), None)


def as_text(value: Value) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _values(program: Program, node: ast.AST | None, scope: Scope, seen: set[int], depth: int) -> Iterator[Value]:
    # Names may be assigned in a circle, and each of them in many ways: no node is looked at twice, and not many are.
    if node is None or depth <= 0 or id(node) in seen or len(seen) > _MOST_LOOKED_AT:
        return
    seen.add(id(node))
    match node:
        case ast.Constant(value=bool() | None):
            return
        case ast.Constant(value=str() | int() | bytes() as value):
            yield value
        case ast.Name() | ast.Attribute():
            for where, assigned in program.given(node, scope)[:_MOST]:
                yield from _values(program, assigned, where, seen, depth - 1)
        case ast.Tuple() | ast.List() | ast.Set() | ast.Dict() | ast.BoolOp() | ast.IfExp():
            for part in _parts(node)[:40]:
                yield from _values(program, part, scope, seen, depth - 1)
        case ast.BinOp(left=left, right=right, op=op):
            one = next(_values(program, left, scope, seen, depth - 1), None)
            other = next(_values(program, right, scope, seen, depth - 1), None)
            yield from _combined(op, one, other)
        case ast.Call(func=ast.Attribute(value=inner, attr=called)) if called in _SAME:
            yield from _values(program, inner, scope, seen, depth - 1)
        case ast.Call(func=ast.Name(id=called), args=[first, *_]) if called in _SAME:
            yield from _values(program, first, scope, seen, depth - 1)
        case ast.Call(args=[_, default]) if last_name(node) in ("get", "getenv"):
            yield from _values(program, default, scope, seen, depth - 1)


def _parts(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Dict(keys=keys):
            return [key for key in keys if key is not None]
        case ast.BoolOp(values=ways):
            return ways
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return elements
    return []


def _combined(op: ast.operator, left: Value | None, right: Value | None) -> Iterator[Value]:
    match op, left, right:
        case ast.Add(), str(), str():
            yield left + right
        case ast.Add(), bytes(), bytes():
            yield left + right
        case ast.Add(), int(), int():
            yield left + right
        case ast.Mult(), int(), int() if abs(left) < _BIGGEST and abs(right) < _BIGGEST:
            yield left * right
        case ((ast.Pow() | ast.LShift()), int(), int()) if 0 <= left < 1024 and 0 <= right < 64:
            yield left**right if isinstance(op, ast.Pow) else left << right
