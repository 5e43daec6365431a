"""What a Python server sends: which texts, to one or to many, and how far the talk with a client has come by then."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from chatsim.detect.source.constants import as_text
from chatsim.detect.source.evidence import Hole, Text, Told, Written
from chatsim.detect.source.naming import hole_for
from chatsim.detect.source.received import Received, arguments_of, is_handler, is_read, started_by
from chatsim.detect.source.syntax import Function, Module, Program, Scope, last_name, parameters
from chatsim.detect.source.texts import TextReader, joined

__all__ = ["Sending", "find_sending"]

_SENDS: Final = frozenset(
    {"send", "sendall", "sendto", "sendLine", "send_text", "send_str", "send_json", "send_bytes", "sendMessage", "push",
     "send_message", "send_message_to_all", "sock_sendall", "emit", "send_string"}
)  # fmt: skip
_WRITES: Final = frozenset({"write", "writelines"})
_WRITERS: Final = ("writer", "transport", "wfile", "conn", "sock", "client", "stream", "ws", "request", "self")
_MANY: Final = re.compile(
    r"bro?a?d?cast|to_?all|everyone|everybody|_all$|^all_|others|relay|distribut|forward|diffus|publish|enviar_?(?:a_)?todos|рассыл|notify_all"
    r"|All$|send_?to_?clients|transmit",
    re.IGNORECASE,
)
_SENDING_NAME: Final = re.compile(
    r"send|cast|write|tell|notify|relay|reply|respond|say|emit|push|enviar|envoy|post|msg|forward", re.IGNORECASE
)
_MESSAGE: Final = re.compile(r"msg|mess|text|data|payload|content|mensa", re.IGNORECASE)
_PARTING: Final = frozenset(
    {"connectionLost", "connection_lost", "on_close", "onClose", "handle_close", "client_left", "on_disconnect"}
)
_READY: Final = re.compile(r"read|ready|event|notified|select|poll|key|rlist|inputs?$", re.IGNORECASE)
_ROUNDS: Final = 3
_MOST_SENT: Final = 400

Reach = Literal["one", "many"]


@dataclass(frozen=True, slots=True)
class _Relay:
    """A function that sends what it is given, and puts this around it."""

    function: Function
    module: Module
    text: Text
    to: Reach
    but_sender: bool


@dataclass(frozen=True, slots=True)
class _Stand:
    """How far the talk with a client has come where a function begins."""

    receipts: int = 0
    looped: bool = False
    parting: bool = False
    answers: str = ""


@dataclass(slots=True)
class Sending:
    sent: list[Told] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    length_headed: list[tuple[Module, Scope, ast.expr]] = field(default_factory=list)


@dataclass(slots=True)
class _Finder:
    program: Program
    received: Received
    found: Sending = field(default_factory=Sending)
    stands: dict[Scope, _Stand] = field(default_factory=dict)
    references: dict[str, list[tuple[Module, Scope, ast.AST]]] = field(default_factory=lambda: defaultdict(list))

    def texts(self) -> TextReader:
        return TextReader(self.program, self.name, self.received.is_received)

    def name(self, node: ast.expr, scope: Scope) -> Hole:
        received = self.received.is_received(node, scope)
        first = received and not self._stand_at(scope, node).looped
        return hole_for(node, received=received, first=first)

    # --- how far the talk has come -----------------------------------------------------------------------------------

    def note_references(self) -> None:
        known = {*self.program.functions, *self.program.classes}
        for module in self.program.modules:
            for node in module.nodes:
                if isinstance(node, (ast.Name, ast.Attribute)) and (name := last_name(node)) in known:
                    upper = module.parent.get(node)
                    if isinstance(upper, (ast.Call, ast.keyword)):
                        self.references[name].append((module, module.scope[node], node))

    def stand(self, scope: Scope, depth: int = 5) -> _Stand:
        if isinstance(scope, ast.Module) or depth <= 0:
            return _Stand()
        if scope in self.stands:
            return self.stands[scope]
        if is_handler(scope):
            self.stands[scope] = _Stand(1, looped=True)
            return self.stands[scope]
        if scope.name in _PARTING:
            self.stands[scope] = _Stand(1, looped=True, parting=True)
            return self.stands[scope]
        self.stands[scope] = _Stand()  # where functions call each other in a circle
        callers = [
            self._stand_at(where, node, depth - 1) for _, where, node in self._callers(scope)[:6] if where is not scope
        ]
        if callers:
            self.stands[scope] = _Stand(
                min(one.receipts for one in callers),
                any(one.looped for one in callers),
                all(one.parting for one in callers),
                next((one.answers for one in callers if one.answers), "") if len(callers) == 1 else "",
            )
        return self.stands[scope]

    def _callers(self, function: Function) -> list[tuple[Module, Scope, ast.AST]]:
        if found := self.references.get(function.name, []):
            return found
        module = self.program.module_of[function]
        owner = module.parent.get(function)
        if isinstance(owner, ast.ClassDef):  # a thread or a handler: it begins where it is made
            return self.references.get(owner.name, [])
        return []

    def _stand_at(self, scope: Scope, node: ast.AST, depth: int = 5) -> _Stand:
        module = self.program.module_of[scope]
        if node not in module.order:
            return _Stand()
        base = self.stand(scope, depth)
        reads = self.received.reads.get(scope, [])
        before = [
            one for one in reads[:50] if module.order[one] < module.order[node] and not _elsewhere(module, one, node)
        ]
        above = list(module.above(node))
        looped = any(
            isinstance(upper, (ast.While, ast.AsyncFor, ast.For)) and self._talks(module, upper, node, reads)
            for upper in above
        )
        return _Stand(
            base.receipts + len(before),
            base.looped or (looped and base.receipts + len(before) > 0),
            base.parting or _is_parting(module, node, above),
            self._answered(module, scope, node, above) or base.answers,
        )

    def _talks(self, module: Module, loop: ast.AST, node: ast.AST, reads: list[ast.AST]) -> bool:
        """Does this loop read again and again from one client, rather than accept new ones?"""
        below = list(module.inside(loop))
        if loop not in reads and not any(one in reads for one in below):
            return False
        accepts = [
            one for one in below if isinstance(one, ast.Call) and last_name(one.func) in ("accept", "sock_accept")
        ]
        return all(_elsewhere(module, one, node) for one in accepts)

    def _answered(self, module: Module, scope: Scope, node: ast.AST, above: list[ast.AST]) -> str:
        below = node
        for upper in above:
            match upper:
                case ast.If(test=test, body=body) if below in body and self.received.is_received(test, scope):
                    words = [one.value for one in module.inside(test) if isinstance(one, ast.Constant)]
                    if word := next((one for one in words if isinstance(one, (str, bytes)) and one.strip()), None):
                        return as_text(word)
                case ast.match_case(pattern=ast.MatchValue(value=ast.Constant(value=str() | bytes() as word))):
                    return as_text(word)
            below = upper
        return ""

    # --- what is sent --------------------------------------------------------------------------------------------------

    def find(self) -> Sending:
        self.note_references()
        relays: list[_Relay] = []
        for module in self.program.modules:
            for node in module.nodes:
                if isinstance(node, ast.Call) and len(self.found.sent) < _MOST_SENT:
                    for expression, to_all in self._sent_by(module, node):
                        relays += self._take(module, node, expression, to_all)
        for _ in range(_ROUNDS):
            relays = [further for relay in relays[:40] for further in self._follow(relay)]
            if not relays:
                break
        return self.found

    def _sent_by(self, module: Module, call: ast.Call) -> Iterator[tuple[ast.expr, bool]]:
        match call:
            case ast.Call(func=ast.Attribute(value=of, attr=called), args=[_, *_] as arguments):
                if called == "broadcast" and len(arguments) == 2 and last_name(of) in ("websockets", "websocket"):
                    yield arguments[1], True
                    return
                if called in self.program.functions and not self._is_socket(called, of, arguments):
                    return
                name = last_name(of).lower()
                if called in _SENDS:
                    at = {"emit": 1, "send_message": -1, "sock_sendall": -1}.get(called, 0)
                    if at < len(arguments) and not isinstance(arguments[at], ast.Starred):
                        yield arguments[at], called in ("send_message_to_all", "emit")
                elif called in ("put", "put_nowait") and not isinstance(arguments[0], (ast.Name, ast.Tuple)):
                    yield arguments[0], True  # taken out of the queue and sent by a thread of its own
                elif called in _WRITES and any(word in name for word in _WRITERS) and name != "self":
                    yield arguments[0], False

    def _is_socket(self, called: str, of: ast.expr, arguments: list[ast.expr]) -> bool:
        """`send` may be a function of the program as well: `net.send(conn, text)` is that one, `conn.send(x)` is not."""
        if isinstance(of, ast.Name) and of.id in ("self", "cls"):
            return False
        wanted = [
            len([name for name in parameters(one) if name not in ("self", "cls")])
            for _, one in self.program.functions[called]
        ]
        return len(arguments) not in wanted and called in _SENDS

    def _take(self, module: Module, call: ast.Call, expression: ast.expr, to_all: bool) -> list[_Relay]:
        scope = module.scope[call]
        relays: list[_Relay] = []
        many, but_sender = self._reach(module, call, scope, {expression})
        to: Reach = "many" if many or to_all else "one"
        self._note_object(module, scope, expression)
        for text in self.texts().ways(expression, scope):
            relay = self._as_relay(module, scope, text, to, but_sender)
            if relay is not None:
                relays.append(relay)
            else:
                self._say(module, scope, call, text, to, but_sender)
        return relays

    def _as_relay(self, module: Module, scope: Scope, text: Text, to: Reach, but_sender: bool) -> _Relay | None:
        while isinstance(scope, Function):
            names = set(parameters(scope))
            speaks = any(character.isalpha() for piece in text.pieces for character in piece)
            given = [hole for hole in text.holes if hole.name in names and hole.role != "length"]
            if not given and _SENDING_NAME.search(scope.name) and not speaks:
                # It cannot be followed what it makes of its arguments; that one of them is the message is likely.
                opaque = next((name for name in reversed(parameters(scope)) if _MESSAGE.search(name)), None)
                if opaque is not None:
                    text = Text(("", ""), (Hole(opaque, "text"),))
                    given = list(text.holes)
            called = any(where is not scope for _, where, _ in self.references.get(scope.name, []))
            if (
                given
                and called
                and not self.received.reads.get(scope)
                and (not speaks or _SENDING_NAME.search(scope.name))
            ):
                return _Relay(scope, module, text, to, but_sender)
            scope = module.scope[scope]
        return None

    def _follow(self, relay: _Relay) -> Iterator[_Relay]:
        for module, scope, node in self.references.get(relay.function.name, []):
            call = module.parent.get(node)
            if isinstance(call, ast.keyword):
                call = module.parent.get(call)
            if not isinstance(call, ast.Call) or scope is relay.function:
                continue
            begun = call if call.func is node else (started_by(call) or ("", None))[1]
            if begun is None or (begun is not call and begun.func is not node):
                continue
            given = dict(arguments_of(begun, relay.function))
            said = {given[hole.name] for hole in relay.text.holes if hole.name in given}
            many, but_sender = self._reach(module, call, scope, said)
            to: Reach = "many" if many or relay.to == "many" else "one"
            for text in self._filled(relay, given, scope):
                further = self._as_relay(module, scope, text, to, relay.but_sender or but_sender)
                if further is not None:
                    yield further
                else:
                    self._say(module, scope, call, text, to, relay.but_sender or but_sender)
            for expression in given.values():
                self._note_object(module, scope, expression)

    def _filled(self, relay: _Relay, given: dict[str, ast.expr], scope: Scope) -> list[Text]:
        reader = self.texts()
        ways = [Text((relay.text.pieces[0],))]
        for hole, piece in zip(relay.text.holes, relay.text.pieces[1:], strict=True):
            here: list[Text] = [Text(("", ""), (hole,))]
            if hole.name in given:
                here = reader.ways(given[hole.name], scope)
            elif hole.name in parameters(relay.function) and (
                defaults := self.program.assigned.get((relay.function, hole.name))
            ):
                here = reader.ways(defaults[0][1], relay.function)
            ways = [joined(way, its, Text((piece,))) for way in ways for its in here][:4]
        return ways

    def _say(self, module: Module, scope: Scope, node: ast.AST, text: Text, to: Reach, but_sender: bool) -> None:
        if not any(text.pieces) and not text.holes:
            return
        if (
            isinstance(node, ast.Call)
            and last_name(node.func).startswith("put")
            and not any(map(str.strip, text.pieces))
        ):
            return
        stand = self._stand_at(scope, node)
        self.found.sent.append(
            Told(
                text,
                module.file,
                getattr(node, "lineno", 0),
                to=to,
                but_sender=but_sender,
                receipts=stand.receipts,
                looped=stand.looped,
                parting=stand.parting,
                function=scope.name if isinstance(scope, Function) else "",
                answers=stand.answers,
            )
        )

    def _reach(self, module: Module, call: ast.Call, scope: Scope, said: set[ast.expr]) -> tuple[bool, bool]:
        """To many clients? And is somebody left out? `said` is what is sent: it does not tell to whom."""
        words = {one for expression in said for one in module.inside(expression)}
        used = {one.id for one in module.inside(call) if isinstance(one, ast.Name) and one not in words}
        above = list(module.above(call))
        skips = any(isinstance(upper, ast.If) and _leaves_out(upper.test) for upper in above)
        for upper in above:
            loops: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(upper, (ast.For, ast.AsyncFor)):
                loops.append((upper.target, upper.iter))
            elif isinstance(upper, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
                loops += [(one.target, one.iter) for one in upper.generators]
                skips = skips or any(_leaves_out(test) for one in upper.generators for test in one.ifs)
            for target, source in loops:
                bound = {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
                ready = _READY.search(last_name(source)) and not re.search(
                    "client|user|conn", last_name(source), re.IGNORECASE
                )
                if bound & used and not ready and not is_read(self.program, upper, scope):
                    if not skips and isinstance(upper, ast.For):
                        skips = any(isinstance(one, ast.If) and _leaves_out(one.test) for one in upper.body)
                    return True, skips
        named = isinstance(scope, Function) and bool(_MANY.search(scope.name))
        return named, skips

    def _note_object(self, module: Module, scope: Scope, expression: ast.expr) -> None:
        reader = self.texts()
        for one in self._objects(module, scope, expression):
            pairs = tuple(
                (as_text(key.value), reader.json_value(value, scope))
                for key, value in zip(one.keys, one.values, strict=True)
                if isinstance(key, ast.Constant) and isinstance(key.value, (str, bytes))
            )
            written = Written(pairs, module.file, getattr(one, "lineno", getattr(expression, "lineno", 0)))
            if pairs and written not in self.found.written:
                self.found.written.append(written)

    def _objects(self, module: Module, scope: Scope, expression: ast.expr) -> Iterator[ast.Dict]:
        for one in module.inside(expression):
            if isinstance(one, ast.Dict):
                yield one
            elif isinstance(one, ast.Name) and (table := self.texts().table(one.id, scope)) is not None:
                yield table
            elif isinstance(one, ast.Name):
                for _, value in self.program.values_of(one.id, scope, expression)[:4]:
                    yield from (deep for deep in module.inside(value) if isinstance(deep, ast.Dict))


def _elsewhere(module: Module, one: ast.AST, other: ast.AST) -> bool:
    """Are they in two branches of one `if`, so that never both happen in one go?"""
    branches = dict(_branches(module, one))
    for upper, below in _branches(module, other):
        if upper in branches:
            return branches[upper] != below
    return False


def _branches(module: Module, node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    below = node
    for upper in module.above(node):
        if isinstance(upper, ast.If):
            yield upper, "else" if below in upper.orelse else "if"
        elif isinstance(upper, ast.Match):
            yield upper, str(module.order.get(below, 0))
        below = upper


def _is_parting(module: Module, node: ast.AST, above: list[ast.AST]) -> bool:
    below = node
    for upper in above:
        if isinstance(upper, ast.ExceptHandler):
            return True
        if isinstance(upper, ast.Try) and below in upper.finalbody:
            return True
        if isinstance(upper, ast.If) and ends_it(upper.body if below in upper.body else upper.orelse):
            return True
        if isinstance(upper, (Function, ast.Module)) and _behind_the_loop(module, upper, below):
            return True
        below = upper
    return False


def _behind_the_loop(module: Module, scope: Scope, node: ast.AST) -> bool:
    """After the loop that talks has ended, all is about going."""
    for statement in scope.body:
        if statement is node:
            return False
        if isinstance(statement, ast.While) and any(
            isinstance(one, ast.Call) and last_name(one.func).startswith("rec") for one in module.inside(statement)
        ):
            return isinstance(statement.test, ast.Constant) and scope is not module.tree
    return False


_ENDING: Final = frozenset(
    {"close", "remove", "shutdown", "disconnect", "discard", "unregister", "loseConnection", "kick"}
)

_ENDING_NAME: Final = re.compile(
    r"^_?(?:remove|close|disconnect|kick|drop|unregister|cleanup|quit|leave|logout)_", re.IGNORECASE
)


def ends_it(body: list[ast.stmt], *, in_branches: bool = False) -> bool:
    """Does this end a client's session: break, close, remove, del? `in_branches`: also if only in some cases."""
    waiting: list[ast.AST] = list(body)
    for _ in range(500):
        if not waiting:
            return False
        match waiting.pop():
            case ast.Break() | ast.Delete():
                return True
            case ast.Call(func=of) if last_name(of) in _ENDING or _ENDING_NAME.search(last_name(of)):
                return True
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.While() | ast.For():
                continue
            case ast.If() | ast.Match() | ast.ExceptHandler() if not in_branches:
                continue
            case other:
                waiting.extend(ast.iter_child_nodes(other))
    return False


def _leaves_out(test: ast.expr) -> bool:
    """`client != sender`, `client is not self`, `if client == sender: continue`: between two names."""
    return any(
        isinstance(one, ast.Compare)
        and len(one.ops) == 1
        and isinstance(one.ops[0], (ast.NotEq, ast.IsNot, ast.Eq, ast.Is, ast.NotIn))
        and isinstance(one.left, (ast.Name, ast.Attribute, ast.Subscript))
        and isinstance(one.comparators[0], (ast.Name, ast.Attribute, ast.Subscript, ast.List, ast.Tuple))
        for one in ast.walk(test)
    )


def find_sending(program: Program, received: Received) -> Sending:
    found = _Finder(program, received).find()
    found.sent = list(dict.fromkeys(replace(one) for one in found.sent))
    return found
