"""Clues from Python sources, by their syntax trees. No name is guessed that is not there; nothing is run."""

from __future__ import annotations

import ast
import codecs
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from chatsim.detect.source.comparing import find_comparing
from chatsim.detect.source.constants import as_text, text
from chatsim.detect.source.evidence import Clue, Clues, Text, Told
from chatsim.detect.source.framings import find_framing
from chatsim.detect.source.other_source import read_other
from chatsim.detect.source.received import find_received
from chatsim.detect.source.sending import find_sending
from chatsim.detect.source.starting import find_needs, find_port_argument, find_ports, find_wires
from chatsim.detect.source.syntax import Module, Program, last_name, read_program

__all__ = ["read_python"]

_LONGEST: Final = 200
_MOST_STRINGS: Final = 500


def read_python(sources: Mapping[str, str]) -> Clues:
    """What these Python files say together; `sources` are their texts by name, the one that is started first.

    Any texts will do: what is no Python (or Python 2, or too long, or too deep) gives fewer clues, and its place in
    `unread`, never an exception. Files are bound to each other by names alone, not by who imports whom.
    """
    program, refused = read_program(sources)
    if not program.modules:
        rest = read_other({file: sources[file] for file in refused})
        return Clues(
            strings=rest.strings,
            ports=rest.ports,
            unread=tuple(_unread(program, refused)),
        )
    received = find_received(program)
    sending = find_sending(program, received)
    comparing = find_comparing(program, received, sending.sent)
    framed = find_framing(program, received, sending.sent)
    return Clues(
        wires=tuple(find_wires(program)),
        ports=tuple(find_ports(program)),
        port_argument=find_port_argument(program),
        sizes=tuple(framed.sizes),
        formats=tuple(framed.formats),
        header=framed.header,
        framings=tuple(framed.framings),
        encodings=tuple(_encodings(program)),
        sent=tuple(_without_lengths(sending.sent) if framed.header and framed.header.written else sending.sent),
        compared=tuple(comparing.compared),
        quit_words=tuple(comparing.quit_words),
        commands=tuple(comparing.commands),
        roster_words=tuple(comparing.roster_words),
        json_read=tuple(comparing.keys),
        json_written=tuple(sending.written),
        needs=tuple(find_needs(program)),
        strings=tuple(_strings(program)),
        unread=tuple(_unread(program, refused)),
    )


def _without_lengths(sent: list[Told]) -> list[Told]:
    """What is sent behind a length is the text; the length is the framing's."""
    return [
        replace(told, text=Text(told.text.pieces[1:], told.text.holes[1:]))
        if told.text.holes and told.text.holes[0].role == "length" and not told.text.pieces[0]
        else told
        for told in sent
    ]


def _unread(program: Program, refused: Mapping[str, str]) -> Iterator[Clue]:
    for file, why in refused.items():
        yield Clue(file, file, 0, why)
    for module in program.modules:
        for line in module.left_out:
            yield Clue(module.file, module.file, line, "this line was left out: no Python of today")


def _encodings(program: Program) -> list[Clue]:
    """The codecs that texts are encoded and decoded with, the one used most first; `utf-8` where none is named."""
    places: dict[str, Clue] = {}
    count: Counter[str] = Counter()
    for module in program.modules:
        for node in module.nodes:
            if isinstance(node, ast.Call) and (name := _codec(program, module, node)):
                places.setdefault(name, Clue(name, module.file, node.lineno))
                count[name] += 1
    return [places[name] for name, _ in count.most_common()]


def _codec(program: Program, module: Module, node: ast.Call) -> str:
    scope = module.scope[node]
    match node:
        case ast.Call(func=ast.Attribute(attr="encode" | "decode"), args=arguments, keywords=keywords):
            given = next((one.value for one in keywords if one.arg == "encoding"), arguments[0] if arguments else None)
        case ast.Call(func=ast.Name(id="bytes" | "str"), args=[_, given, *_]):
            pass
        case _:
            return ""
    name = "utf-8" if given is None else text(program, given, scope)
    try:
        return codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):
        return ""


def _strings(program: Program) -> list[Clue]:
    """All literals but docstrings, what is printed, and what only Python's own modules are told."""
    found: dict[str, Clue] = {}
    for module in program.modules:
        for node in module.nodes:
            match node:
                case ast.Constant(value=str() | bytes() as value) if 0 < len(value) <= _LONGEST and not _is_for_us(
                    module, node
                ):
                    word = as_text(value)
                    if word.strip():
                        found.setdefault(word, Clue(word, module.file, node.lineno))
            if len(found) >= _MOST_STRINGS:
                return list(found.values())
    return list(found.values())


def _is_for_us(module: Module, node: ast.AST) -> bool:
    """A docstring, or printed, or the name of a codec."""
    upper = module.parent.get(node)
    for _ in range(6):
        match upper:
            case ast.Expr(value=ast.Constant()):
                return True
            case ast.Call() if last_name(upper.func) in (
                "print",
                "input",
                "encode",
                "decode",
                "open",
                "info",
                "debug",
                "warning",
                "error",
            ):
                return not (last_name(upper.func) in ("encode", "decode") and node not in upper.args)
            case None | ast.stmt():
                return False
        upper = module.parent.get(upper)
    return False
