"""Streams by their usual names: `async def guest(r, w)` is read as `async def guest(reader, writer)`.

Everything else knows a stream by its name. Whoever calls `asyncio.start_server` may name the two as they like, and very
often it is one letter each.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

__all__ = ["name_streams"]

_STARTS: Final = frozenset({"start_server", "start_unix_server", "StreamReaderProtocol"})
_USUAL: Final = ("reader", "writer")
_SHORT: Final = 2  # letters: such a name means the same throughout a file, as a rule


def name_streams(nodes: Sequence[ast.AST]) -> None:
    """Rename, in place, the two parameters of each function that is given to `start_server`; where their names are short,
    in the whole file, since others that loop over the writers call one the same."""
    handlers = {name for node in nodes for name in _handler(node)}
    renamed: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name in handlers:
            names = [one for one in node.args.args if one.arg != "self"]
            if len(names) == len(_USUAL):
                short = {one.arg: usual for one, usual in zip(names, _USUAL, strict=True) if len(one.arg) <= _SHORT}
                renamed |= short
                _rename(list(ast.walk(node)), {one.arg: usual for one, usual in zip(names, _USUAL, strict=True)})
    if renamed:
        _rename(nodes, renamed)


def _handler(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called), args=args, keywords=keywords):
            given = [*args[:2], *(one.value for one in keywords if one.arg == "client_connected_cb")]
            if called in _STARTS:
                return [one.attr if isinstance(one, ast.Attribute) else one.id for one in given
                        if isinstance(one, (ast.Attribute, ast.Name))]  # fmt: skip
    return []


def _rename(nodes: Sequence[ast.AST], names: dict[str, str]) -> None:
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
        elif isinstance(node, ast.arg) and node.arg in names:
            node.arg = names[node.arg]
