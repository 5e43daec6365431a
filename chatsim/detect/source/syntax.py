"""Python sources as trees that can be asked: what is in which function, what was assigned to this name.

Whatever stands in a source, reading it gives a tree or nothing. Trees are walked without recursion, since a stranger's
expression can be deeper than our stack; and no further than `_MOST_NODES`, since it can be longer than our time.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from chatsim.detect.source.streams import name_streams

__all__ = ["Function", "Module", "Program", "Scope", "last_name", "parse", "read_program"]

_MOST_NODES: Final = 60_000
_MOST_NODES_IN_ALL: Final = 100_000
_MOST_CHARACTERS: Final = 400_000
_MOST_REPAIRS: Final = 12

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.Module


@dataclass(slots=True)
class Module:
    """One file. `nodes` are in the order of the source; `order` is that order, `parent` and `scope` lead upwards."""

    file: str
    tree: ast.Module
    nodes: list[ast.AST] = field(default_factory=list)
    order: dict[ast.AST, int] = field(default_factory=dict)
    parent: dict[ast.AST, ast.AST] = field(default_factory=dict)
    scope: dict[ast.AST, Scope] = field(default_factory=dict)
    left_out: tuple[int, ...] = ()
    """Lines that could not be understood."""

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What it stands in, from the inside outwards, up to the function that it belongs to (itself included)."""
        end = self.scope.get(node)
        while (upper := self.parent.get(node)) is not None:
            yield upper
            if upper is end:
                return
            node = upper

    def inside(self, node: ast.AST) -> Iterator[ast.AST]:
        """It and all below it, in the order of the source."""
        waiting = [node]
        while waiting:
            here = waiting.pop()
            yield here
            waiting.extend(reversed(list(ast.iter_child_nodes(here))))


@dataclass(slots=True)
class Program:
    """All files together. `assigned` by scope and name, `attributes` by the name behind the last dot, wherever."""

    modules: list[Module]
    functions: dict[str, list[tuple[Module, Function]]] = field(default_factory=lambda: defaultdict(list))
    assigned: dict[tuple[Scope, str], list[tuple[int, ast.expr]]] = field(default_factory=lambda: defaultdict(list))
    attributes: dict[str, list[tuple[Module, ast.expr]]] = field(default_factory=lambda: defaultdict(list))
    module_of: dict[Scope, Module] = field(default_factory=dict)
    globals: dict[str, list[tuple[Scope, ast.expr]]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, tuple[Module, ast.ClassDef]] = field(default_factory=dict)
    grown: set[tuple[Scope, str]] = field(default_factory=set)
    items: dict[tuple[Scope, str], dict[str, ast.expr]] = field(default_factory=lambda: defaultdict(dict))
    """What is put into a table by `name["key"] = value`."""
    growing: set[int] = field(default_factory=set)
    """The values (by identity) that make a name longer in a loop."""

    def values_of(self, name: str, scope: Scope, use: ast.AST | None = None) -> list[tuple[Scope, ast.expr]]:
        """What was assigned to this name, as seen in this scope. With `use`, a place where it is used: only the last
        before that, if the name is assigned in this very scope."""
        module = self.module_of[scope]
        here: Scope | None = scope
        while here is not None:
            if found := self.assigned.get((here, name)):
                if use is not None and here is scope:
                    before, around = module.order.get(use, 0), {use, *module.above(use)}
                    earlier = [value for at, value in found if at < before and value not in around]
                    earlier = [value for value in earlier if id(value) not in self.growing] or earlier
                    return [(here, earlier[-1])] if earlier else []
                return [(here, value) for _, value in found]
            if isinstance(here, Function) and name in parameters(here):
                return []
            here = module.scope.get(here) if not isinstance(here, ast.Module) else None
        return self.globals.get(name, [])

    def grows(self, name: str, scope: Scope) -> bool:
        """Is it made longer in a loop: `names += name + ", "`?"""
        return (scope, name) in self.grown

    def given(self, node: ast.expr, scope: Scope, use: ast.AST | None = None) -> list[tuple[Scope, ast.expr]]:
        """What was assigned to this name or attribute; of an attribute, wherever in all files that was."""
        match node:
            case ast.Name(id=name):
                return self.values_of(name, scope, use)
            case ast.Attribute(attr=name):
                return [
                    (module.scope.get(value, module.tree), value) for module, value in self.attributes.get(name, [])
                ]
        return []


def parameters(function: Function) -> list[str]:
    arguments = function.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def last_name(node: ast.AST | None) -> str:
    """What stands behind the last dot of `a.b.c`; of a call, what is called; empty if nothing has a name."""
    for _ in range(50):
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(attr=name):
                return name
            case ast.Call(func=inner):
                node = inner
            case ast.Await(value=inner) | ast.Starred(value=inner) | ast.Subscript(value=inner):
                node = inner
            case _:
                return ""
    return ""


def read_program(sources: Mapping[str, str]) -> tuple[Program, dict[str, str]]:
    """The files that can be read as Python; and those that were not, with the reason."""
    modules: list[Module] = []
    refused: dict[str, str] = {}
    for file, text in sources.items():
        if sum(len(module.nodes) for module in modules) > _MOST_NODES_IN_ALL:
            refused[file] = "there was enough to read without it"
        elif (module := parse(file, text)) is None:
            refused[file] = "no Python of today"
        else:
            modules.append(module)
    program = Program(modules)
    for module in modules:
        _enter(program, module)
    return program, refused


def parse(file: str, text: str) -> Module | None:
    """The tree of this source, without the lines that are no Python of today; None if too little is left."""
    text = text.removeprefix("\ufeff")[:_MOST_CHARACTERS]
    tree, left_out = _mended(text)
    if tree is None:
        return None
    module = Module(file, tree, left_out=left_out)
    waiting: list[tuple[ast.AST, Scope]] = [(tree, tree)]
    while waiting and len(module.nodes) < _MOST_NODES:
        node, scope = waiting.pop()
        module.order[node] = len(module.nodes)
        module.nodes.append(node)
        module.scope[node] = scope
        below = node if isinstance(node, Function) else scope
        for child in reversed(list(ast.iter_child_nodes(node))):
            if isinstance(child, (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)):
                continue  # Python shares these among all trees
            module.parent[child] = node
            waiting.append((child, below))
    name_streams(module.nodes)
    return module


def _tree(text: str) -> ast.Module | SyntaxError | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd escape in a stranger's literal is not ours to tell
        try:
            return ast.parse(text)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError):  # NUL, a lone surrogate; deeper than Python's parser goes
            return None


# How Python 2 wrote what Python 3 writes otherwise, a line each.
_TODAY: Final = (
    (re.compile(r"^(\s*(?:else:|try:|if [^:]*:)?\s*)print\s*>>\s*[\w.]+\s*,\s*(.*)$"), r"\1print(\2)"),
    (re.compile(r"^((?:.*[:;])?\s*)print(?:[ \t]+(?![=(])|(?=[\"']))(.*?),?\s*$"), r"\1print(\2)"),
    (re.compile(r"^(\s*)print\s*(\(.*\)\s*%.*)$"), r"\1print(\2)"),
    (re.compile(r"^(\s*except\b[^:,]*?(?:\([^)]*\))?),\s*(\w+)\s*:"), r"\1 as \2:"),
    (re.compile(r"^(\s*raise\s+[\w.]+)\s*,\s*(.+)$"), r"\1(\2)"),
    (re.compile(r"\bur(?=[\"'])"), "u"),
    (re.compile(r"<>"), "!="),
    (re.compile(r"(?<![\w.\"'])0(\d+)\b"), r"0o\1"),
)


def _mended(text: str) -> tuple[ast.Module | None, tuple[int, ...]]:
    """Parsed as it is, or as Python 2 made new, or without the lines that are in the way."""
    tree = _tree(text)
    if isinstance(tree, ast.Module):
        return tree, ()
    if tree is None and "\0" not in text:
        return None, ()
    lines = text.replace("\0", "").expandtabs(8).splitlines()
    if len(lines) > 5000:
        return None, ()
    lines = [_made_new(line) for line in lines]
    left_out: list[int] = []
    for _ in range(_MOST_REPAIRS):
        tree = _tree("\n".join(lines) + "\n")
        if isinstance(tree, ast.Module):
            return tree, tuple(sorted(left_out))
        at = (tree.lineno or 0) - 1 if tree is not None else -1
        if not 0 <= at < len(lines):
            return None, ()
        if at + 1 in left_out:
            at -= 1  # taking the line out was not enough: it is the one before that asks for more
            if at < 0 or at + 1 in left_out:
                return None, ()
        left_out.append(at + 1)
        line = lines[at]
        blanks = line[: len(line) - len(line.lstrip())]
        lines[at] = f"{blanks}if True:" if line.rstrip().endswith(":") else f"{blanks}pass"
    return None, ()


def _made_new(line: str) -> str:
    if len(line) > 2000:
        return line
    for pattern, today in _TODAY:
        line = pattern.sub(today, line)
    return line


def _enter(program: Program, module: Module) -> None:
    """What is defined and assigned in this module."""
    program.module_of[module.tree] = module
    for node in module.nodes:
        scope = module.scope[node]
        if isinstance(node, Function):
            program.functions[node.name].append((module, node))
            program.module_of[node] = module
            _enter_defaults(program, module, node)
        elif isinstance(node, ast.ClassDef):
            program.classes.setdefault(node.name, (module, node))
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                _assign(program, module, scope, target, node.value)
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.Add())) if _in_loop(module, node):
                    if any(isinstance(one, ast.Name) and one.id == name for one in module.inside(node.value)):
                        program.grown.add((scope, name))
                        program.growing.add(id(node.value))
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add) and _in_loop(module, node):
                program.grown.add((scope, node.target.id))
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            _assign(program, module, scope, node.target, node.value)


def _in_loop(module: Module, node: ast.AST) -> bool:
    return any(isinstance(upper, (ast.For, ast.AsyncFor)) for upper in module.above(node))


def _enter_defaults(program: Program, module: Module, function: Function) -> None:
    arguments = function.args
    for argument, default in zip(
        reversed((*arguments.posonlyargs, *arguments.args)), reversed(arguments.defaults), strict=False
    ):
        _assign(program, module, function, ast.Name(argument.arg), default)
    for argument, given in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=False):
        if given is not None:
            _assign(program, module, function, ast.Name(argument.arg), given)


def _assign(program: Program, module: Module, scope: Scope, target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts):
            for one, its in zip(target.elts, value.elts, strict=True):
                if not isinstance(one, (ast.Tuple, ast.List)):
                    _assign(program, module, scope, one, its)
        return
    match target:
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key)):
            program.items[scope, name].setdefault(key, value)
            return
    if isinstance(target, ast.Name):
        at = module.order.get(value, module.order.get(scope, 0))
        program.assigned[scope, target.id].append((at, value))
        if scope is module.tree:
            program.globals[target.id].append((scope, value))
            program.attributes[target.id].append((module, value))
    elif isinstance(target, ast.Attribute):
        program.attributes[target.attr].append((module, value))
