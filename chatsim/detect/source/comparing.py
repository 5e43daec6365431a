"""With what a Python server compares what it was sent, and what it does then: quit words, commands, keys of objects."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from chatsim.detect.source.constants import as_text, values
from chatsim.detect.source.evidence import Clue, Key, Told, once
from chatsim.detect.source.received import Received
from chatsim.detect.source.sending import ends_it
from chatsim.detect.source.syntax import Module, Program, Scope, last_name

__all__ = ["Comparing", "find_comparing", "looks_like_quitting"]

_QUITTING: Final = re.compile(
    r"^\W*(?:force_?)?(?:quit|exit|bye|goodbye|disconnect(?:ed)?|logout|log_?off|leave|end|close|stop|part|q|x|salir|sair|sai|fim|fin|esci"
    r"|fertig|ende|quitter|выход|выйти|пока|退出|再见|종료|keluar|cikis|çıkış|terminate|!disconnect|quit_?chat|exit_?chat|ciao|adios|tchau)\W*$",
    re.IGNORECASE,
)
_LISTING: Final = re.compile(
    r"^\W*(?:list|users|who(?!ami|is)|names|online|members|people|clients|peers|all|show|lista|usuarios|usu[aá]rios)",
    re.IGNORECASE,
)
_COMMAND: Final = re.compile(r"^[/!:@#\\.\-$%&*>]\w|^[A-Z][A-Z_]{2,}\b")
_LONGEST: Final = 60


@dataclass(slots=True)
class Comparing:
    compared: list[Clue] = field(default_factory=list)
    quit_words: list[Clue] = field(default_factory=list)
    commands: list[Clue] = field(default_factory=list)
    roster_words: list[Clue] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Comparison:
    value: str
    module: Module
    scope: Scope
    node: ast.AST
    received: bool


def looks_like_quitting(word: str) -> bool:
    return bool(_QUITTING.match(word.strip()))


def find_comparing(program: Program, received: Received, sent: list[Told]) -> Comparing:
    found = Comparing()
    listing = {told.answers for told in sent if told.answers and "nicks" in told.text.roles}
    for one in _comparisons(program, received):
        word = one.value
        if (
            not word.strip()
            or len(word) > _LONGEST
            or not (one.received or _COMMAND.match(word) or looks_like_quitting(word))
        ):
            continue
        line = getattr(one.node, "lineno", 0)
        why = "compared with what was received" if one.received else "compared with something, and looks like a command"
        clue = Clue(word, one.module.file, line, why)
        found.compared.append(clue)
        if _leads_out(one) and (one.received or looks_like_quitting(word)):
            found.quit_words.append(
                Clue(word, clue.file, line, "what was received is compared with it, and then the client is let go")
            )
        elif looks_like_quitting(word):
            found.quit_words.append(
                Clue(word, clue.file, line, "what was received is compared with it, and it reads like a goodbye")
            )
        elif word in listing or _LISTING.match(word):
            found.roster_words.append(
                Clue(
                    word,
                    clue.file,
                    line,
                    "the answer to it lists names" if word in listing else "reads like a question for names",
                )
            )
        elif _COMMAND.match(word):
            found.commands.append(clue)
    found.compared = once(sorted(found.compared, key=lambda clue: not clue.why.endswith("received")))
    found.quit_words = once(sorted(found.quit_words, key=_least_sure_last))
    found.commands = once(found.commands)
    found.roster_words = once(sorted(found.roster_words, key=lambda clue: clue.why.startswith("reads")))
    found.keys = list(_keys(program, received))
    return found


def _least_sure_last(clue: Clue) -> tuple[bool, bool]:
    return not looks_like_quitting(str(clue.value)), "let go" not in clue.why


def _comparisons(program: Program, received: Received) -> Iterator[_Comparison]:
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            for subject, literals in _pairs(node):
                its = received.is_received(subject, scope)
                if not its and _typed_in(program, subject, scope):
                    continue
                for literal in literals:
                    for value in values(program, literal, scope):
                        if not isinstance(value, int):
                            yield _Comparison(as_text(value), module, scope, node, its)


def _typed_in(program: Program, subject: ast.expr, scope: Scope) -> bool:
    """Was it asked for at the console? Then it is no client's word. Nor is `__name__`."""
    if isinstance(subject, ast.Name) and subject.id.startswith("__"):
        return True
    given = program.given(subject, scope, subject) if isinstance(subject, (ast.Name, ast.Attribute)) else []
    return any(last_name(one) in ("input", "raw_input", "readline") or _within_input(one) for _, one in given)


def _within_input(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and any(
        isinstance(one, ast.Call) and last_name(one.func) in ("input", "raw_input") for one in ast.walk(node)
    )


def _pairs(node: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """What is compared with which literals, in all the ways in which Python does so."""
    match node:
        case ast.Compare(left=left, comparators=[right], ops=[ast.Eq() | ast.NotEq()]):
            yield left, [right]
            yield right, [left]
        case ast.Compare(left=left, comparators=[right], ops=[ast.In() | ast.NotIn()]):
            yield left, [right]
            if isinstance(left, ast.Constant):
                yield right, [left]
        case ast.Call(
            func=ast.Attribute(value=subject, attr="startswith" | "endswith" | "find" | "__contains__"),
            args=[literal, *_],
        ):
            yield subject, [literal]
        case ast.Match(subject=subject, cases=cases):
            for case in cases:
                yield subject, list(_in_pattern(case.pattern))
        case ast.Subscript(value=ast.Dict(keys=keys), slice=subject):
            yield subject, [key for key in keys if key is not None]
        case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[subject, *_]) if isinstance(
            table, (ast.Name, ast.Attribute)
        ):
            yield subject, [table]


def _in_pattern(pattern: ast.pattern) -> Iterator[ast.expr]:
    waiting = [pattern]
    for _ in range(100):
        if not waiting:
            return
        match waiting.pop():
            case ast.MatchValue(value=value):
                yield value
            case ast.MatchOr(patterns=patterns) | ast.MatchSequence(patterns=patterns):
                waiting.extend(patterns)


def _leads_out(one: _Comparison) -> bool:
    """Does a client that says so go?"""
    module = one.module
    below: ast.AST = one.node
    if isinstance(below, ast.Match):
        return any(
            ends_it(case.body, in_branches=True)
            for case in below.cases
            if any(isinstance(word, ast.Constant) and word.value == one.value for word in _in_pattern(case.pattern))
        )
    for upper in module.above(one.node):
        if isinstance(upper, ast.If):
            if below is not upper.test:
                return False
            return ends_it(upper.orelse if _denied(one.node, upper.test) else upper.body, in_branches=True)
        if isinstance(upper, ast.While):
            return below is upper.test and _denied(one.node, upper.test)
        if isinstance(upper, ast.stmt):
            return False
        below = upper
    return False


def _denied(node: ast.AST, test: ast.expr) -> bool:
    turned = isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.NotEq, ast.NotIn))
    return turned != (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not))


def _keys(program: Program, received: Received) -> Iterator[Key]:
    """Keys that are read from objects that came from clients, where anything is decoded as JSON at all."""
    decoded = any(
        isinstance(node, ast.Call)
        and last_name(node.func) in ("loads", "receive_json", "recv_json", "raw_decode", "load")
        for module in program.modules
        for node in module.nodes
    )
    if not decoded:
        return
    places: dict[str, tuple[str, int]] = {}
    values_of: dict[str, dict[str, None]] = defaultdict(dict)
    held: dict[str, str] = {}  # names that hold what stood under a key
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            key = key_of(node)
            if key is not None and received.is_received(_object_of(node), scope):
                places.setdefault(key, (module.file, getattr(node, "lineno", 0)))
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and (inner := key_of(node.value)):
                held[node.targets[0].id] = inner
    for module in program.modules:
        for node in module.nodes:
            for subject, literals in _pairs(node):
                key = key_of(subject) or (held.get(subject.id) if isinstance(subject, ast.Name) else None)
                if key in places:
                    for literal in literals:
                        for value in values(program, literal, module.scope[node]):
                            values_of[key][as_text(value)] = None
    for key, (file, line) in places.items():
        yield Key(key, tuple(values_of[key]), file, line)


def key_of(node: ast.AST) -> str | None:
    match node:
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
        case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[ast.Constant(value=str() as key), *_]):
            return key
    return None


def _object_of(node: ast.AST) -> ast.expr:
    match node:
        case ast.Subscript(value=of):
            return of
        case ast.Call(func=ast.Attribute(value=of)):
            return of
    return ast.Constant(None)
