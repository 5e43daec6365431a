"""How a Python program keeps messages apart: what of its source speaks for which framing."""

from __future__ import annotations

import ast
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from chatsim.detect.source.constants import as_text, number, text, values
from chatsim.detect.source.evidence import Clue, Header, Told, once
from chatsim.detect.source.received import Received, is_handler, is_read
from chatsim.detect.source.syntax import Function, Module, Program, Scope, last_name

__all__ = ["Framed", "find_framing", "normal_format"]

_READS: Final = frozenset(
    {
        "recv",
        "recvfrom",
        "read",
        "readexactly",
        "recv_into",
        "recv_exact",
        "recvall",
        "recv_all",
        "receive",
        "sock_recv",
        "recv_bytes",
        "_recv_exact",
    }
)
_INTEGERS: Final = {1: "!B", 2: "!H", 4: "!I", 8: "!Q"}
_USUAL_WIDTHS: Final = (10, 64, 4, 8)
_ENOUGH: Final = 0.7  # of the texts that are sent end so: then it is meant


@dataclass(slots=True)
class Framed:
    header: Header | None = None
    framings: list[Clue] = field(default_factory=list)
    formats: list[Clue] = field(default_factory=list)
    sizes: list[Clue] = field(default_factory=list)


def normal_format(form: str) -> str:
    """Without blanks and needless ones, network order as `!`: so that what means the same reads the same."""
    form = re.sub(r"\s+", "", form)
    form = re.sub(r"(?<!\d)1(?=[a-zA-Z?])", "", form)
    return re.sub(r"^>", "!", form)


def find_framing(program: Program, received: Received, sent: list[Told]) -> Framed:
    found = Framed()
    for module in program.modules:
        for node in module.nodes:
            if isinstance(node, ast.Call):
                found.sizes += _size(program, module, node)
                found.formats += _format(program, module, node)
    found.sizes, found.formats = once(found.sizes), once(found.formats)
    headers = [*_digits_read(program), *_digits_written(program), *_binary(program)]
    found.header = _one_header(headers)
    found.framings = once(list(_candidates(program, received, sent, found)))
    return found


def _size(program: Program, module: Module, node: ast.Call) -> Iterator[Clue]:
    called = last_name(node.func)
    if called in _READS and node.args and isinstance(node.func, ast.Attribute):
        size = number(program, node.args[-1] if called != "recvfrom" else node.args[0], module.scope[node])
        if size is not None and 0 < size < 1 << 31:
            yield Clue(size, module.file, node.lineno, f"{called}({size})")


def _format(program: Program, module: Module, node: ast.Call) -> Iterator[Clue]:
    called = last_name(node.func)
    if called in ("pack", "unpack", "calcsize", "Struct", "unpack_from", "pack_into", "iter_unpack") and node.args:
        form = text(program, node.args[0], module.scope[node])
        if form is None or len(form) > 100:
            return
        try:
            struct.calcsize(form)
        except (struct.error, UnicodeError, OverflowError, MemoryError):
            return
        yield Clue(normal_format(form), module.file, node.lineno, f"struct.{called}")


# --- lengths in digits -----------------------------------------------------------------------------------------------


def _digits_read(program: Program) -> Iterator[Header]:
    """`int(conn.recv(HEADER).decode())`, in one go or in steps."""
    for module in program.modules:
        for node in module.nodes:
            match node:
                case ast.Call(func=ast.Name(id="int"), args=[inner, *_]):
                    width = _width_read(program, inner, module.scope[node], 5)
                    if width is not None and 0 <= width <= 256:
                        yield Header("digits", width, True, False, module.file, node.lineno)


def _width_read(program: Program, node: ast.expr, scope: Scope, depth: int) -> int | None:
    """How many bytes were read to get this; None if it is no such thing."""
    if depth <= 0:
        return None
    for one in _calls_and_names(node):
        if isinstance(one, ast.Call) and last_name(one.func) in _READS and one.args:
            return number(program, one.args[-1], scope) or 0
        if isinstance(one, (ast.Name, ast.Attribute)) and not _is_called(node, one):
            for where, value in program.given(one, scope)[:6]:
                if value is not node and (width := _width_read(program, value, where, depth - 1)) is not None:
                    return width
    return None


def _calls_and_names(node: ast.expr) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [node]
    for _ in range(60):
        if not waiting:
            return
        here = waiting.pop()
        if isinstance(here, ast.Call) and last_name(here.func) in ("split", "partition", "rsplit", "len", "input"):
            continue  # a word among others is no length that stands in front of a message
        yield here
        if isinstance(here, (ast.Call, ast.Attribute, ast.Subscript, ast.Await)):
            if isinstance(here, ast.Call):
                waiting.extend(here.args)
                waiting.append(here.func)
            else:
                waiting.append(here.value)


def _is_called(root: ast.expr, one: ast.AST) -> bool:
    return any(isinstance(call, ast.Call) and call.func is one for call in _calls_and_names(root))


Align = Literal["left", "right", "zeros"]


def _digits_written(program: Program) -> Iterator[Header]:
    """`f"{len(x):<{HEADER}}"`, `str(len(x)).ljust(64)`, `"%-10d" % len(x)`, `b" " * (HEADER - len(length))`."""
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            found: tuple[int, Align] | None = None
            match node:
                case ast.FormattedValue(value=inner, format_spec=ast.JoinedStr() as spec) if _is_length(
                    program, inner, scope
                ):
                    found = _spec(_spec_text(program, spec, scope))
                case ast.Call(
                    func=ast.Attribute(value=ast.Constant(value=str() as template), attr="format"), args=[inner, *_]
                ) if _is_length(program, inner, scope):
                    if field := re.search(r"\{\w*:([^{}]*)\}", template):
                        found = _spec(field[1])
                case ast.Call(func=ast.Name(id="format"), args=[inner, spec_text]) if _is_length(program, inner, scope):
                    found = _spec(text(program, spec_text, scope) or "")
                case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str() | bytes() as template), right=right):
                    if field := re.search(r"%(-|0)?(\d+)[dis]", as_text(template)):
                        inner = right.elts[0] if isinstance(right, ast.Tuple) and right.elts else right
                        if _is_length(program, inner, scope):
                            found = int(field[2]), {"-": "left", "0": "zeros"}.get(field[1] or "", "right")  # type: ignore[assignment]
                case ast.Call(
                    func=ast.Attribute(value=inner, attr="ljust" | "rjust" | "zfill" as called), args=[width, *fill]
                ) if _is_length(program, inner, scope):
                    size = number(program, width, scope)
                    zero = bool(fill) and text(program, fill[0], scope) == "0"
                    align: Align = "zeros" if called == "zfill" or zero else "left" if called == "ljust" else "right"
                    found = (size, align) if size is not None else None
                case ast.BinOp(
                    op=ast.Mult(), left=ast.Constant(value=b" " | " "), right=ast.BinOp(op=ast.Sub(), left=width)
                ):
                    size = number(program, width, scope)
                    found = (size, "left") if size is not None else None
            if found is not None and 0 <= found[0] <= 256:
                yield Header("digits", found[0], False, True, module.file, getattr(node, "lineno", 0), found[1])


def _spec(spec: str) -> tuple[int, Align] | None:
    found = re.fullmatch(r"(?:.?([<>^=]))?(0)?(\d{1,3}|\?)[ds]?", spec)
    if found is None:
        return None
    if found[3] == "?":
        return 0, "left" if found[1] == "<" else "right"
    if found[2] and found[1] != "<":
        return int(found[3]), "zeros"
    return int(found[3]), "left" if found[1] == "<" else "right"


def _spec_text(program: Program, spec: ast.JoinedStr, scope: Scope) -> str:
    out = ""
    for part in spec.values[:10]:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        value = next(iter(values(program, inner, scope)), None)
        out += as_text(value) if value is not None else "?"
    return out


def _is_length(program: Program, node: ast.expr, scope: Scope, depth: int = 5) -> bool:
    if depth <= 0:
        return False
    match node:
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Call(func=ast.Name(id="str" | "bytes"), args=[inner, *_]):
            return _is_length(program, inner, scope, depth - 1)
        case ast.Call(func=ast.Attribute(value=inner, attr="encode" | "strip" | "__len__")):
            return _is_length(program, inner, scope, depth - 1)
        case ast.JoinedStr(values=[ast.FormattedValue(value=inner)]):
            return _is_length(program, inner, scope, depth - 1)
        case ast.Name() | ast.Attribute():
            return any(
                _is_length(program, value, where, depth - 1) for where, value in program.given(node, scope, node)[:4]
            )
    return False


# --- lengths in bytes ------------------------------------------------------------------------------------------------


def _binary(program: Program) -> Iterator[Header]:
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            match node:
                case ast.Call(func=ast.Attribute(attr="unpack" | "unpack_from"), args=[form, *_]):
                    yield from _packed(program, form, scope, module, node, read=True)
                case ast.Call(func=ast.Attribute(attr="pack"), args=[form, value, *_]) if _is_length(
                    program, value, scope
                ):
                    yield from _packed(program, form, scope, module, node, read=False)
                case ast.Call(func=ast.Attribute(value=inner, attr="to_bytes"), args=arguments, keywords=keywords):
                    if not _is_length(program, inner, scope):
                        continue
                    named = {one.arg: one.value for one in keywords}
                    width = number(program, named.get("length", arguments[0] if arguments else None), scope)
                    order = text(program, named.get("byteorder", arguments[1] if len(arguments) > 1 else None), scope)
                    width = width or 0
                    if width <= 8:
                        yield Header(
                            "binary", width, False, True, module.file, node.lineno, format=_integer(width, order)
                        )
                case ast.Call(func=ast.Attribute(attr="from_bytes"), args=[inner, *rest], keywords=keywords):
                    width = _width_read(program, inner, scope, 4)
                    named = {one.arg: one.value for one in keywords}
                    order = text(program, named.get("byteorder", rest[0] if rest else None), scope)
                    if width is not None and 1 <= width <= 8:
                        yield Header(
                            "binary", width, True, False, module.file, node.lineno, format=_integer(width, order)
                        )


def _integer(width: int, order: str | None) -> str:
    form = _INTEGERS.get(width, "")
    return form.replace("!", "<") if order == "little" else form


def _packed(
    program: Program, form: ast.expr, scope: Scope, module: Module, node: ast.Call, *, read: bool
) -> Iterator[Header]:
    source = text(program, form, scope)
    if source is None or len(source) > 20:
        return
    try:
        size = struct.calcsize(source)
        numbers = struct.unpack(source, bytes(size)) if 0 < size <= 16 else ()
    except (struct.error, UnicodeError, OverflowError):
        return
    if len(numbers) == 1 and type(numbers[0]) is int and not re.search("[bB?c]", source):
        yield Header("binary", size, read, not read, module.file, node.lineno, format=normal_format(source))


def _one_header(headers: list[Header]) -> Header | None:
    """Put together what the reading and the writing half say; reading counts more, since both ends must agree to it."""
    if not headers:
        return None
    headers = [one for one in headers if one.width] or headers
    best = next((one for one in headers if one.read), headers[0])
    if not best.width and not any(one.written for one in headers):
        return None  # a number was read, whose size nobody knows: that need not be a length
    alike = [one for one in headers if (one.kind, one.width) == (best.kind, best.width)]
    align = next((one.align for one in alike if one.align), None)
    form = next((one.format for one in alike if one.format), "")
    return replace(
        best, read=any(one.read for one in alike), written=any(one.written for one in alike), align=align, format=form
    )


# --- what it comes to ------------------------------------------------------------------------------------------------


def _candidates(program: Program, received: Received, sent: list[Told], found: Framed) -> Iterator[Clue]:
    pickled = _first_call(
        program,
        lambda node: (
            last_name(node.func) in ("loads", "load") and _of(node) in ("pickle", "dill", "cPickle", "marshal")
        ),
    )
    if pickled:
        yield Clue("pickle", *pickled, "objects are unpickled: only a profile in Python can speak so")
    yield from _by_header(found.header)
    yield from _by_records(found)
    reads = list(_line_reading(program, received))
    endings = _endings(sent)
    json_read = _first_call(
        program, lambda node: last_name(node.func) in ("loads", "raw_decode", "receive_json") and _of(node) != "pickle"
    )
    for kind, file, line, why in reads:
        if kind == "newline" and json_read:
            yield Clue("json-lines", file, line, f"{why}, and what is read is decoded as JSON")
        written = (
            "crlf"
            if endings.get("crlf", 0) >= _ENOUGH
            else "newline"
            if endings.get("newline", 0) >= _ENOUGH
            else "none"
        )
        if kind in ("newline", "crlf") and written == "none" and endings:
            yield Clue(f"{{sent: {kind}, received: none}}", file, line, f"{why}; what it sends has no line ends")
        yield Clue(kind, file, line, why)
    if json_read:
        yield Clue("json", *json_read, "JSON is decoded from what one read brought")
    raw = next(iter(found.sizes), None) or _handed_over(program)
    if not reads and raw is not None:
        for kind in ("crlf", "newline"):
            if endings.get(kind, 0) >= _ENOUGH:
                yield Clue(
                    f"{{sent: none, received: {kind}}}",
                    raw.file,
                    raw.line,
                    "one read is one message, and what it sends ends so",
                )
                break
        yield Clue("none", raw.file, raw.line, "one read is taken for one message")
        if endings.get("newline", 0) >= _ENOUGH or endings.get("crlf", 0) >= _ENOUGH:
            yield Clue("newline", raw.file, raw.line, "what it sends ends with a line end")
    elif raw is not None:
        yield Clue("none", raw.file, raw.line, "bytes are read as they come")


def _handed_over(program: Program) -> Clue | None:
    """A function that is called with whatever one read brought."""
    for module in program.modules:
        for node in module.nodes:
            if isinstance(node, Function) and is_handler(node) and node.name in ("data_received", "dataReceived"):
                return Clue(node.name, module.file, node.lineno)
    return None


def _by_header(header: Header | None) -> Iterator[Clue]:
    if header is None:
        return
    if header.kind == "digits" and not header.width:
        for width in _USUAL_WIDTHS:
            guess = replace(header, width=width).framing
            yield Clue(
                guess,
                header.file,
                header.line,
                "a length in digits, of a width that the source does not tell: a usual one",
            )
        return
    form = header.framing
    what = f"a length of {header.width or 'some'} {'characters' if header.kind == 'digits' else 'bytes'}"
    if not form:
        yield Clue("python", header.file, header.line, f"{what} before each message: only code can read it")
    elif header.read and header.written:
        yield Clue(form, header.file, header.line, f"{what} is read and written")
    elif header.read:
        yield Clue(f"{{sent: {form}, received: none}}", header.file, header.line, f"{what} is read, and none written")
        yield Clue(form, header.file, header.line, f"{what} is read")
    else:
        yield Clue(form, header.file, header.line, f"{what} is written")
        yield Clue(f"{{sent: none, received: {form}}}", header.file, header.line, f"{what} is written, and none read")


def _by_records(found: Framed) -> Iterator[Clue]:
    for form in found.formats:
        fields = re.findall(r"\d*[a-zA-Z?]", str(form.value))
        if len(fields) > 1 and any(one.endswith("s") and one[:-1].isdigit() and int(one[:-1]) > 3 for one in fields):
            yield Clue(f'{{record: "{form.value}"}}', form.file, form.line, "messages of one size, with texts in them")


def _endings(sent: list[Told]) -> dict[str, float]:
    """Which share of the texts that are sent ends how; empty if nothing is known to be sent."""
    ends = [told.text.pieces[-1] for told in sent if any(told.text.pieces)]
    if not ends:
        return {}
    return {
        "crlf": sum(end.endswith("\r\n") for end in ends) / len(ends),
        "newline": sum(end.endswith("\n") for end in ends) / len(ends),
        "nul": sum(end.endswith("\0") for end in ends) / len(ends),
    }


def _line_reading(program: Program, received: Received) -> Iterator[tuple[str, str, int, str]]:
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            match node:
                case ast.ClassDef(bases=bases) if any(
                    last_name(base) in ("LineReceiver", "LineOnlyReceiver") for base in bases
                ):
                    yield (
                        "crlf",
                        module.file,
                        node.lineno,
                        "a LineReceiver, whose lines end in CRLF unless told otherwise",
                    )
                case ast.ClassDef(bases=bases) if any(
                    last_name(base) in ("Int32StringReceiver", "Int16StringReceiver") for base in bases
                ):
                    form = "!I" if "Int32" in last_name(bases[0]) else "!H"
                    yield f'{{struct: "{form}"}}', module.file, node.lineno, "an IntNStringReceiver"
                case ast.Call(func=ast.Attribute(attr="readline" | "readlines")) if is_read(program, node, scope):
                    yield "newline", module.file, node.lineno, "it reads lines"
                case ast.Call(func=ast.Attribute(attr="makefile")):
                    yield "newline", module.file, node.lineno, "it reads from a file on the socket"
                case ast.Call(func=ast.Attribute(attr="readuntil")):
                    yield (
                        _ended_by(program, node.args[0] if node.args else None, scope),
                        module.file,
                        node.lineno,
                        "it reads until there",
                    )
                case ast.Call(func=ast.Attribute(attr="set_terminator"), args=[end, *_]):
                    yield _ended_by(program, end, scope), module.file, node.lineno, "its terminator"
                case ast.Call(func=ast.Attribute(value=of, attr="splitlines")) if _is_buffer(received, of, scope):
                    yield "newline", module.file, node.lineno, "it splits what it received into lines"
                case ast.Call(func=ast.Attribute(value=of, attr="split" | "partition"), args=[end, *_]) if _is_buffer(
                    received, of, scope
                ):
                    kind = _ended_by(program, end, scope)
                    if kind in ("newline", "crlf", "nul") or (kind.startswith("{") and _grows(program, of, scope)):
                        yield kind, module.file, node.lineno, "it splits what it received there"
                case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[of]) if _is_buffer(
                    received, of, scope
                ):
                    kind = _ended_by(program, left, scope)
                    if kind in ("newline", "crlf", "nul"):
                        yield kind, module.file, node.lineno, "it reads on until that is there"
                case ast.AsyncFor(iter=of) if "reader" in last_name(of).lower():
                    yield "newline", module.file, node.lineno, "it reads line by line"
                case ast.For(iter=of) if received.is_received(node, scope) and last_name(of) in (
                    "rfile",
                    "makefile",
                    "reader",
                ):
                    yield "newline", module.file, node.lineno, "it reads line by line"


def _is_buffer(received: Received, node: ast.expr, scope: Scope) -> bool:
    return received.is_received(node, scope)


def _grows(program: Program, node: ast.expr, scope: Scope) -> bool:
    name = last_name(node)
    module = program.module_of[scope]
    return any(
        isinstance(one, ast.AugAssign) and last_name(one.target) == name and isinstance(one.op, ast.Add)
        for one in module.nodes
    )


def _ended_by(program: Program, end: ast.expr | None, scope: Scope) -> str:
    mark = "\n" if end is None else text(program, end, scope)
    known = {"\n": "newline", "\r\n": "crlf", "\0": "nul"}
    if mark in known:
        return known[mark]
    if not mark or len(mark) > 40 or mark.isspace() or not mark.isprintable():
        return ""
    quoted = mark.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{separator: "{quoted}"}}'


def _first_call(program: Program, wanted: object) -> tuple[str, int] | None:
    assert callable(wanted)
    for module in program.modules:
        for node in module.nodes:
            if isinstance(node, ast.Call) and wanted(node):
                return module.file, node.lineno
    return None


def _of(node: ast.Call) -> str:
    return last_name(node.func.value) if isinstance(node.func, ast.Attribute) else ""
