"""What something is, judged by what people call it: `nickname`, `addr[0]`, `currentUsers[client]`, `Fore.RED`."""

from __future__ import annotations

import ast
import re
from typing import Final

from chatsim.detect.source.evidence import Hole, Role
from chatsim.detect.source.syntax import last_name

__all__ = ["call_it", "hole_for", "is_plural"]

_NICK: Final = frozenset(
    """nick nickname nicknames name names uname username usernames user users pseudo login handle alias aliases sender usr
    author apelido apelidos nome nombre nombres nom usuario utilisateur who player peer person member owner clientname cname
    from participant client clients leaver joiner имя ник prenom nickn persona""".split()
)
_TEXT: Final = frozenset(
    """msg message data text txt line content body buffer buf mensaje mensagem texto payload chat words string sentence
    raw packet recv received request input
    val value mess сообщение msgs messages contents reply info nachricht resp""".split()
)
_SURELY_TEXT: Final = frozenset("msg message messages mensaje mensagem texto сообщение".split())
_TO: Final = frozenset("target recipient dest destination receiver to addressee destinatario".split())
_ROOM: Final = frozenset("room channel group canal sala lobby roomname chatroom".split())
_TIME: Final = frozenset(
    "time timestamp now date ctime strftime datetime asctime isoformat hour clock ts timenow".split()
)
_ID: Final = frozenset("id uid count num number index port counter idx size len total fileno".split())
_COLOUR: Final = frozenset("color colour fore back style reset ansi cor couleur bold reset_all".split())
_ADDRESS: Final = frozenset("ip addr address host peername getpeername endereco adresse clientaddress".split())
_PLURAL: Final = re.compile(
    r"(?:names|users|nicks|nicknames|clients|members|people|usernames|aliases|apelidos|usuarios|online|roster|participants)$"
    r"|(?:user|client|name|nick|member|people)s?_?list|list_?of",
    re.IGNORECASE,
)


def words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+", name)]


def is_plural(name: str) -> bool:
    return bool(_PLURAL.search(name))


def call_it(node: ast.AST) -> str:
    """What the source calls it, short."""
    match node:
        case ast.Subscript(value=of, slice=ast.Constant(value=str() as key)):
            return key[:40] if last_name(of) else key
        case ast.Subscript(value=of, slice=ast.Constant(value=int() as at)):
            return f"{last_name(of)}[{at}]"
        case ast.Subscript(value=of):
            return f"{last_name(of)}[]"
        case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str() as key), *_]):
            return key[:40]
        case ast.Call(func=ast.Attribute(value=of, attr=called)) if called in (
            "decode", "encode", "strip", "rstrip", "lstrip", "lower", "upper", "get", "pop", "replace", "title", "capitalize",
        ):  # fmt: skip
            return call_it(of) if _has_name(of) else called
        case ast.Call(func=ast.Attribute(attr="join"), args=[inner, *_]):
            return call_it(inner)
        case ast.Call(func=ast.Name(id="str" | "repr" | "bytes" | "list" | "sorted" | "tuple"), args=[inner, *_]):
            return call_it(inner)
        case ast.Call(func=ast.Name(id="len")):
            return "len"
        case ast.ListComp(elt=inner) | ast.GeneratorExp(elt=inner) | ast.SetComp(elt=inner):
            return f"{call_it(inner)}s"
        case ast.Await(value=inner):
            return call_it(inner)
    return last_name(node)


def _has_name(node: ast.AST) -> bool:
    return bool(last_name(node))


def hole_for(node: ast.expr, *, received: bool, first: bool) -> Hole:
    """`received`: it came from a client; `first`: with the first that it said."""
    name = call_it(node)
    return Hole(name, _role(name, node, received=received, first=first))


def _role(name: str, node: ast.expr, *, received: bool, first: bool) -> Role:
    base = re.sub(r"\[\d*\]$", "", name)
    words = words_of(base)
    if name in ("len", "to_bytes") or (name == "pack" and isinstance(node, ast.Call)):
        return "length"
    if _joins(node) and received and not is_plural(base):
        return "text"  # the words of a message, put together again
    if _joins(node) or (is_plural(base) and not isinstance(node, (ast.Subscript, ast.Call))):
        return "nicks"
    if _any(words, _COLOUR):
        return "colour"
    if received and _any(words, _SURELY_TEXT) and not _any(words[-1:], frozenset({"name", "sender", "author"})):
        return "text"
    if _any(words[-1:], _ADDRESS) or any(word.startswith("addr") for word in words):
        return "client-port" if name.endswith("[1]") else "ip"
    if _any(words[-1:], _TEXT):
        return "text" if received else "*"
    if _any(words[-1:], _TIME) or _any(words[:1], _TIME):
        return "time"
    if _any(words[-1:], _TO):
        return "to"
    if _any(words, _ROOM) and not _any(words[-1:], _NICK - {"name"}):
        return "room"
    if _any(words[-1:], _NICK) or base.lower().endswith(("name", "nick", "user")):
        return "nick"
    if any(word in base.lower() for word in ("msg", "message", "mensa")):
        return "text" if received else "*"
    if received:
        return "nick" if first else "text"
    if _any(words[-1:], _ID):
        return "id"
    # `who[connection]`: what is kept for each client, and is told to the others, is who it is.
    return "nick" if name.endswith("[]") else "*"


def _any(words: list[str], known: frozenset[str]) -> bool:
    return not known.isdisjoint(words)


def _joins(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"


def hole_called(name: str) -> Hole:
    """Where only the name is known: of a language that is not followed further. What sounds received is taken for it."""
    heard = _any(words_of(name), _TEXT - {"val", "value", "string", "txt", "data"}) and not name.isupper()
    return Hole(name, _role(name, ast.Name(name), received=heard, first=False))
