"""What of a Python program comes from a client: which names hold it, which functions return it, where it is read.

It follows names through assignments, calls and returns; without regard to order, so that it says yes too often rather
than too seldom.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from chatsim.detect.source.syntax import Function, Program, Scope, last_name, parameters

__all__ = ["Received", "arguments_of", "find_received", "is_handler", "is_read", "started_by"]

_READS: Final = frozenset(
    {
        "recv",
        "recvfrom",
        "recvmsg",
        "receive",
        "receive_text",
        "receive_json",
        "receive_bytes",
        "recv_json",
        "sock_recv",
    }
)
_READS_OF_STREAMS: Final = frozenset({"read", "readline", "readuntil", "readexactly", "readlines", "read1"})
_STREAMS: Final = (
    "reader",
    "rfile",
    "conn",
    "sock",
    "client",
    "stream",
    "makefile",
    "request",
    "fp_in",
    "infile",
    "self",
)

# Called by a framework with what came, as the last argument.
_HANDLERS: Final = frozenset(
    {"dataReceived", "lineReceived", "stringReceived", "data_received", "datagram_received", "datagramReceived",
     "on_message", "onMessage", "message_received", "handle_message", "collect_incoming_data", "handleMessage", "on_data"}
)  # fmt: skip

# What goes in says nothing about what comes out.
_DEAF: Final = frozenset(
    {
        "len",
        "print",
        "accept",
        "select",
        "open",
        "isinstance",
        "input",
        "raw_input",
        "range",
        "send",
        "sendall",
        "sendto",
    }
)
_ROUNDS: Final = 8

_Key = tuple[str, Scope | None, str]


@dataclass(slots=True)
class _Flow:
    targets: list[_Key]
    uses: frozenset[_Key]
    reads: bool


@dataclass(slots=True)
class Received:
    """`reads`: the calls that read from a client, in each scope, in the order of the source."""

    program: Program
    held: set[_Key] = field(default_factory=set)
    reads: dict[Scope, list[ast.AST]] = field(default_factory=dict)

    def is_received(self, node: ast.AST, scope: Scope) -> bool:
        uses, reads = _uses(self.program, node, scope)
        return reads or not self.held.isdisjoint(uses)


def find_received(program: Program) -> Received:
    found = Received(program)
    flows = list(_flows(program))
    for _ in range(_ROUNDS):
        before = len(found.held)
        for flow in flows:
            if flow.reads or not found.held.isdisjoint(flow.uses):
                found.held.update(flow.targets)
        if len(found.held) == before:
            break
    helpers = {function.name for function in _reading_functions(found)}
    for module in program.modules:
        for node in module.nodes:
            by_helper = isinstance(node, ast.Call) and last_name(node.func) in helpers
            if by_helper or is_read(program, node, module.scope[node]):
                found.reads.setdefault(module.scope[node], []).append(node)
    return found


def _reading_functions(found: Received) -> set[Function]:
    """Those that read from a client, themselves or by another of them, and return what they got."""
    program = found.program
    returning = {
        function: module
        for functions in program.functions.values()
        for module, function in functions
        if ("return", function, "") in found.held
    }
    calls = {
        function: {last_name(node.func) for node in module.inside(function) if isinstance(node, ast.Call)}
        for function, module in returning.items()
    }
    reading = {
        function
        for function, module in returning.items()
        if any(is_read(program, node, function) for node in module.inside(function))
    }
    for _ in range(_ROUNDS):
        names = {function.name for function in reading}
        more = {function for function in returning if not names.isdisjoint(calls[function])}
        if more <= reading:
            break
        reading |= more
    return reading


def is_read(program: Program, node: ast.AST, scope: Scope) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=of, attr=called)):
            if called in _READS:
                return called not in program.functions or called.startswith("recv")
            name = last_name(of).lower()
            return called in _READS_OF_STREAMS and any(word in name for word in _STREAMS) and name != "self"
        case ast.AsyncFor():
            return True
        case ast.For(iter=ast.Name() | ast.Attribute() as of):
            if any(last_name(value) in ("open", "reader", "DictReader") for _, value in program.given(of, scope)):
                return False
            return any(word in last_name(of).lower() for word in ("reader", "rfile", "makefile", "infile"))
    return False


def _owner(program: Program, name: str, scope: Scope) -> _Key:
    """Whose name is it: of this function, of one around it, or of all?"""
    module = program.module_of[scope]
    here: Scope = scope
    while isinstance(here, Function):
        if (here, name) in program.assigned or (here, name) in _bound(program, here):
            return "name", here, name
        here = module.scope[here]
    return "name", None, name


def _bound(program: Program, function: Function) -> set[tuple[Scope, str]]:
    return {(function, name) for name in parameters(function)}


def _uses(program: Program, node: ast.AST, scope: Scope) -> tuple[frozenset[_Key], bool]:
    """The keys that this expression is made of, and whether it reads from a client itself."""
    uses: set[_Key] = set()
    waiting = [node]
    for _ in range(2000):
        if not waiting:
            break
        here = waiting.pop()
        match here:
            case ast.Name(id=name):
                uses.add(_owner(program, name, scope))
            case ast.Attribute(attr=name):
                uses.add(("attribute", None, name))
            case ast.Lambda() | ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                continue
            case ast.Call():
                if is_read(program, here, scope):
                    return frozenset(uses), True
                if isinstance(here.func, ast.Attribute) and here.func.attr in ("get", "get_nowait", "popleft"):
                    uses.add(("queue", None, last_name(here.func.value)))
                name = last_name(here.func)
                own = program.functions.get(name, [])[:4]
                if name in _DEAF and not own:
                    continue
                uses.update(("return", function, "") for _, function in own)
                if own:  # what it returns is known; its arguments are followed into it
                    continue
        waiting.extend(ast.iter_child_nodes(here))
    return frozenset(uses), False


def _flows(program: Program) -> Iterator[_Flow]:
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            match node:
                case ast.Assign(targets=targets, value=value):
                    yield _flow(program, targets, value, scope)
                case (
                    ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value)
                ):
                    yield _flow(program, [target], value, scope)
                case ast.AugAssign(target=target, value=value):
                    yield _flow(program, [target], value, scope)
                case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value):
                    flow = _flow(program, [target], value, scope)
                    flow.reads = flow.reads or is_read(program, node, scope)
                    yield flow
                case ast.comprehension(target=target, iter=value):
                    yield _flow(program, [target], value, scope)
                case ast.Return(value=ast.expr() as value) if not isinstance(scope, ast.Module):
                    uses, reads = _uses(program, value, scope)
                    yield _Flow([("return", scope, "")], uses, reads)
                case ast.Call():
                    yield from _into(program, node, scope)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    names = [name for name in parameters(node) if name not in ("self", "cls")]
                    if names and is_handler(node):
                        last = names[0] if node.name == "datagram_received" else names[-1]
                        yield _Flow([("name", node, last)], frozenset(), True)


def is_handler(function: Function) -> bool:
    """Is it called with what came: `data_received`, `@sio.on("message")`?"""
    return function.name in _HANDLERS or any(
        last_name(one) in ("on", "event", "on_event") for one in function.decorator_list
    )


def _flow(program: Program, targets: Iterable[ast.expr], value: ast.expr, scope: Scope) -> _Flow:
    keys: list[_Key] = []
    waiting = list(targets)
    while waiting:
        match waiting.pop():
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                waiting.extend(parts)
            case ast.Starred(value=inner):
                waiting.append(inner)
            case ast.Name(id=name):
                keys.append(_owner(program, name, scope))
            case ast.Attribute(attr=name):
                keys.append(("attribute", None, name))
    uses, reads = _uses(program, value, scope)
    return _Flow(keys, uses, reads)


def arguments_of(call: ast.Call, function: Function) -> Iterator[tuple[str, ast.expr]]:
    """Which parameter gets which argument."""
    names = parameters(function)
    if names and names[0] in ("self", "cls"):
        names = names[1:]
    for name, argument in zip(names, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            return
        yield name, argument
    for keyword in call.keywords:
        if keyword.arg in names:
            yield keyword.arg, keyword.value


def _into(program: Program, call: ast.Call, scope: Scope) -> Iterator[_Flow]:
    name = last_name(call.func)
    if name in ("put", "put_nowait") and call.args and isinstance(call.func, ast.Attribute):
        uses, reads = _uses(program, call.args[0], scope)
        yield _Flow([("queue", None, last_name(call.func.value))], uses, reads)
    if name in ("append", "extend", "add") and call.args and isinstance(call.func, ast.Attribute):
        yield _flow(program, [call.func.value], call.args[0], scope)
    functions = program.functions.get(name, [])[:4]
    if name in program.classes:
        owner = program.classes[name][1]
        functions = [one for one in program.functions.get("__init__", []) if one[1] in owner.body]
    for _, function in functions:
        for parameter, argument in arguments_of(call, function):
            uses, reads = _uses(program, argument, scope)
            yield _Flow([("name", function, parameter)], uses, reads)
    if (started := started_by(call)) is not None:
        target, begun = started
        for _, function in program.functions.get(target, [])[:2]:
            for parameter, argument in arguments_of(begun, function):
                uses, reads = _uses(program, argument, scope)
                yield _Flow([("name", function, parameter)], uses, reads)


def started_by(call: ast.Call) -> tuple[str, ast.Call] | None:
    """What `Thread(target=handle, args=(conn, name))` calls in the end, `start_new_thread` and `submit` likewise."""
    named = {one.arg: one.value for one in call.keywords if one.arg}
    target, given = named.get("target"), named.get("args")
    if target is None and call.args and last_name(call.func) == "start_new_thread":
        target, given = call.args[0], call.args[1] if len(call.args) > 1 else None
    elif target is None and call.args and last_name(call.func) == "submit":
        target, given = call.args[0], ast.Tuple(list(call.args[1:]))
    if target is None or not isinstance(given, (ast.Tuple, ast.List)):
        return None
    return last_name(target), ast.Call(target, list(given.elts), [])
