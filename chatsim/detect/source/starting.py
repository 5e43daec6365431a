"""How a Python server is started, as its source says: its port, what it is spoken to on, and what it needs."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from chatsim.detect.source.constants import text, values
from chatsim.detect.source.evidence import Clue, Need, NeedKind, once
from chatsim.detect.source.syntax import Function, Module, Program, Scope, last_name

__all__ = ["find_needs", "find_port_argument", "find_ports", "find_wires"]

_BINDS: Final = frozenset(
    """bind start_server create_server serve listenTCP listenUDP listenSSL listen run run_app TCPSite
    create_datagram_endpoint TCPServer ThreadingTCPServer UDPServer ThreadingUDPServer HTTPServer ThreadingHTTPServer
    WebsocketServer WSGIServer StreamServer DatagramServer""".split()
)
_PORT: Final = re.compile(r"(?:^|_)(?:port|porta|puerto|portnum|portno|server_?port)(?:$|_)|Port$|^port", re.IGNORECASE)

_PACKAGES: Final[dict[NeedKind, str]] = {
    "display": """tkinter Tkinter customtkinter pygame PyQt4 PyQt5 PyQt6 PySide2 PySide6 wx kivy turtle gi pyautogui easygui
        PySimpleGUI curses tkMessageBox ttkbootstrap pynput""",
    "database": """mysql pymysql MySQLdb pymongo psycopg2 psycopg redis motor mongoengine pyodbc cx_Oracle asyncpg peewee
        sqlalchemy flask_sqlalchemy firebase_admin pyrebase cassandra mariadb aiomysql""",
    "cipher": "cryptography Crypto Cryptodome rsa nacl simplecrypt pyaes ecdsa aes pyDes gnupg M2Crypto OpenSSL",
    "pickle": "pickle cPickle dill marshal cloudpickle",
    "network": "requests openai boto3 pika paho kafka ngrok pyngrok smtplib urllib3 httpx",
}
_NEEDED: Final = {package: kind for kind, packages in _PACKAGES.items() for package in packages.split()}
_WIRES: Final = {
    "websockets": "websocket", "websocket_server": "websocket", "simple_websocket": "websocket", "flask_socketio": "websocket",
    "socketio": "websocket", "flask_sock": "websocket", "SimpleWebSocketServer": "websocket", "wsproto": "websocket",
    "autobahn": "websocket", "channels": "websocket",
}  # fmt: skip


# --- ports -----------------------------------------------------------------------------------------------------------


def find_ports(program: Program) -> list[Clue]:
    bound: list[Clue] = []
    defaults: list[Clue] = []
    named: list[Clue] = []
    for module in program.modules:
        for node in module.nodes:
            scope = module.scope[node]
            match node:
                case ast.Call(func=func) if last_name(func) in _BINDS:
                    for argument in (
                        *node.args,
                        *(one.value for one in node.keywords if one.arg in ("port", "address", None)),
                    ):
                        bound += _port_clues(
                            program,
                            argument,
                            scope,
                            module,
                            node,
                            f"{last_name(func)}(…)",
                            bare=last_name(func) != "listen",
                        )
                case ast.Call(func=func) if last_name(func) == "add_argument" and _is_port_option(node):
                    default = next((one.value for one in node.keywords if one.arg == "default"), None)
                    defaults += _port_clues(program, default, scope, module, node, "the default of an option")
                case ast.Assign(targets=targets) if any(_PORT.search(last_name(target)) for target in targets):
                    named += _port_clues(
                        program, node.value, scope, module, node, f"assigned to {last_name(targets[0])}"
                    )
                case ast.arguments() | ast.Dict():
                    named += _named_elsewhere(program, node, scope, module)
    return once([*bound, *defaults, *named])


def _port_clues(
    program: Program,
    value: ast.expr | None,
    scope: Scope,
    module: Module,
    node: ast.AST,
    why: str,
    *,
    bare: bool = True,
) -> Iterator[Clue]:
    if value is None or (not bare and isinstance(value, (ast.Constant, ast.Name, ast.Attribute))):
        return  # listen(5) is a backlog
    for one in values(program, value, scope):
        port = int(one) if isinstance(one, str) and re.fullmatch(r"[0-9]{2,5}", one) else one
        if isinstance(port, int) and 0 < port < 65536 and not (port < 20 and why.endswith("(…)")):
            yield Clue(port, module.file, getattr(node, "lineno", 0), why)


def _is_port_option(node: ast.Call) -> bool:
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and "port" in one.value.lower()
        for one in node.args
    )


def _named_elsewhere(program: Program, node: ast.arguments | ast.Dict, scope: Scope, module: Module) -> Iterator[Clue]:
    pairs: Sequence[tuple[str, ast.expr | None]]
    if isinstance(node, ast.Dict):
        pairs = [
            (key.value, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        ]
    else:
        every = [*node.posonlyargs, *node.args]
        pairs = [
            *zip((one.arg for one in every[len(every) - len(node.defaults) :]), node.defaults, strict=False),
            *zip((one.arg for one in node.kwonlyargs), node.kw_defaults, strict=False),
        ]
    for name, value in pairs:
        if _PORT.search(name) and value is not None:
            at = getattr(value, "lineno", 0)
            yield from (
                Clue(one.value, one.file, at, one.why)
                for one in _port_clues(program, value, scope, module, node, f"given as {name}")
            )


def find_port_argument(program: Program) -> Clue | None:
    """Where on the command line the port is read from: a position, or an option."""
    for module in program.modules:
        for node in module.nodes:
            if isinstance(node, ast.Call) and last_name(node.func) == "add_argument" and _is_port_option(node):
                names = [str(one.value) for one in node.args if isinstance(one, ast.Constant)]
                long = next((name for name in names if name.startswith("--")), names[0])
                return Clue(long if long.startswith("-") else "1", module.file, node.lineno, "an option of its own")
    for module in program.modules:
        for node in module.nodes:
            if not _is_about_a_port(node):
                continue
            for index in _argv_indexes(module, node):
                return Clue(
                    str(index), module.file, getattr(node, "lineno", 0), f"sys.argv[{index}] is taken for the port"
                )
    return None


def _is_about_a_port(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(_PORT.search(last_name(target)) for target in _flat(node.targets))
    return isinstance(node, ast.Call) and last_name(node.func) in _BINDS


def _flat(targets: Sequence[ast.expr]) -> Iterator[ast.expr]:
    for target in targets:
        yield from target.elts if isinstance(target, ast.Tuple) else (target,)


def _argv_indexes(module: Module, node: ast.AST) -> Iterator[int]:
    for one in module.inside(node):
        match one:
            case ast.Subscript(value=of, slice=ast.Constant(value=int() as index)) if (
                last_name(of) == "argv" and index > 0
            ):
                upper = module.parent.get(one)
                if not isinstance(upper, (ast.Tuple, ast.List)) or upper.elts[-1] is one:
                    yield index


# --- wires and needs -------------------------------------------------------------------------------------------------


def _imports(module: Module) -> Iterator[tuple[str, str, int]]:
    """The package, the whole name, the line."""
    for node in module.nodes:
        match node:
            case ast.Import(names=names):
                for name in names:
                    yield name.name.split(".")[0], name.name, node.lineno
            case ast.ImportFrom(module=str() as source, level=0):
                yield source.split(".")[0], source, node.lineno


def find_wires(program: Program) -> list[Clue]:
    found: list[Clue] = []
    for module in program.modules:
        for package, _, line in _imports(module):
            if package in _WIRES:
                found.append(Clue(_WIRES[package], module.file, line, f"imports {package}"))
            elif package == "http":
                found.append(Clue("http", module.file, line, "imports http"))
        for node in module.nodes:
            if isinstance(node, ast.Call) and last_name(node.func) == "socket" and not node.args and not node.keywords:
                found.append(Clue("tcp", module.file, node.lineno, "socket(), which is TCP unless told otherwise"))
            name = last_name(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
            match name:
                case (
                    "SOCK_DGRAM"
                    | "UDPServer"
                    | "ThreadingUDPServer"
                    | "listenUDP"
                    | "create_datagram_endpoint"
                    | "DatagramProtocol"
                ):
                    found.append(Clue("udp", module.file, node.lineno, name))  # type: ignore[attr-defined]
                case "AF_UNIX" | "start_unix_server" | "UnixStreamServer":
                    found.append(Clue("unix", module.file, node.lineno, name))  # type: ignore[attr-defined]
                case "wrap_socket" | "SSLContext" | "create_default_context" | "listenSSL":
                    found.append(Clue("tls", module.file, node.lineno, name))  # type: ignore[attr-defined]
                case (
                    "SOCK_STREAM"
                    | "start_server"
                    | "TCPServer"
                    | "ThreadingTCPServer"
                    | "listenTCP"
                    | "create_server"
                    | "StreamRequestHandler"
                ):
                    found.append(Clue("tcp", module.file, node.lineno, name))  # type: ignore[attr-defined]
                case "websocket" | "WebSocket" | "WebSocketHandler" | "WebSocketResponse" if _is_class_or_decorator(
                    module, node
                ):
                    found.append(Clue("websocket", module.file, node.lineno, name))  # type: ignore[attr-defined]
    order = {"websocket": 0, "tls": 1, "udp": 2, "unix": 3, "http": 4, "tcp": 5}
    wires = once(found)
    if {"tcp", "udp"} <= {clue.value for clue in wires}:
        order["tcp"] = 1
    return sorted(wires, key=lambda clue: order[str(clue.value)])


def _is_class_or_decorator(module: Module, node: ast.AST) -> bool:
    upper = module.parent.get(node)
    return isinstance(upper, (ast.ClassDef, ast.arg)) or (
        isinstance(upper, ast.Call) and isinstance(module.parent.get(upper), (Function, ast.Assign, ast.Await))
    )


def find_needs(program: Program) -> list[Need]:
    local = {PurePosixPath(module.file).stem for module in program.modules} | {
        part for module in program.modules for part in PurePosixPath(module.file).parts[:-1]
    }
    found: list[Need] = []
    for module in program.modules:
        for package, _, line in _imports(module):
            if package in _NEEDED:
                found.append(Need(_NEEDED[package], package, module.file, line))
            elif package not in sys.stdlib_module_names and package not in local and package != "__future__":
                found.append(Need("package", package, module.file, line))
        found += _needs_of(program, module)
    unique: dict[tuple[str, str], Need] = {}
    for need in found:
        unique.setdefault((need.kind, need.what), need)
    return list(unique.values())


def _needs_of(program: Program, module: Module) -> Iterator[Need]:
    highest = (0, 0)
    for node in module.nodes:
        scope = module.scope[node]
        match node:
            case ast.Call(func=ast.Name(id="input" | "raw_input")):
                asked = text(program, node.args[0], scope) if node.args else None
                where = "" if isinstance(scope, ast.Module) else f" (in {scope.name})"
                yield Need("input", f"{(asked or '').strip()}{where}".strip(), module.file, node.lineno)
            case ast.Call(func=func, args=[first, *rest]) if last_name(func) in (
                "open",
                "load_cert_chain",
                "load_verify_locations",
                "read_text",
            ):
                mode = text(program, rest[0], scope) if rest else next(
                    (text(program, one.value, scope) for one in node.keywords if one.arg == "mode"), None
                )  # fmt: skip
                name = text(program, first, scope)
                if name and not (mode and last_name(func) == "open" and re.search("[wax]", mode)):
                    yield Need("file", name, module.file, node.lineno)
            case ast.Call(func=ast.Attribute(value=of, attr="read"), args=[ast.Constant(value=str() as name)]) if (
                "config" in last_name(of).lower()
            ):
                yield Need("file", name, module.file, node.lineno)
            case ast.Call(func=func, args=[first, *rest]) if last_name(func) == "getenv" and not rest:
                yield Need("environment", text(program, first, scope) or "", module.file, node.lineno)
            case ast.Subscript(
                value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str() as name), ctx=ast.Load()
            ):
                yield Need("environment", name, module.file, node.lineno)
            case ast.Call(func=func) if last_name(func) == "gethostbyname":
                yield Need("address", "gethostbyname", module.file, node.lineno)
            case ast.Call(func=func, args=[ast.Tuple(elts=[host, _])]) if last_name(func) == "bind":
                address = text(program, host, scope)
                if (
                    address is not None
                    and re.fullmatch(r"\d+(?:\.\d+){3}", address)
                    and not address.startswith(("127.", "0.0.0.0"))
                ):
                    yield Need("address", address, module.file, node.lineno)
            case ast.Call(func=func, args=[ast.Constant(value=str() as name), *_]) if last_name(func) == "add_argument":
                if not name.startswith("-") and not any(one.arg in ("default", "nargs") for one in node.keywords):
                    yield Need("arguments", name, module.file, node.lineno)
            case ast.Subscript(value=of, slice=ast.Constant(value=int() as index)) if (
                last_name(of) == "argv" and index > highest[0]
            ):
                highest = index, node.lineno
    if highest[0]:
        yield Need("arguments", str(highest[0]), module.file, highest[1])
