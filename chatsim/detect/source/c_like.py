"""Sources in the manner of C: their tokens, and the texts that are sent, put together from literals and names.

One lexer for C, C++, Java, JavaScript, TypeScript, Go and Rust. It need not be right about any of them, only about what
looks alike in all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from chatsim.detect.source.evidence import Hole, Text, Told, is_notice
from chatsim.detect.source.naming import hole_called

__all__ = ["Token", "sent_in", "tokens_of", "word_of"]

_MOST_TOKENS: Final = 60_000
_DEPTH: Final = 6

_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z))"
    r'|(?P<text>b?"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)'
    r"|(?P<quoted>'(?:[^'\\\n]|\\.)*')"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign>===|!==|==|!=|->|::|.)",
    re.DOTALL,
)
_SENDS: Final = re.compile(
    r"(?:send|broad|write|emit|tell|notify|reply|respond|relay|publish)\w*|println|printf?|[sf]n?printf|Fprint(?:f|ln)?|Sprintf"
    r"|format|strcat|strcpy|dprintf|end|append",
    re.IGNORECASE,
)
_MANY: Final = re.compile(r"bro?a?d?cast|_all$|^all|All|everyone|others|[Rr]oom|publish|[Cc]lients|[Uu]sers")
_CONSOLE: Final = frozenset(
    {"console", "System", "log", "logger", "stdout", "stderr", "err", "process", "cout", "cerr"}
)
_PRINTS: Final = frozenset({"printf", "print", "println", "Println", "Printf", "Print", "eprintln"})
_SMALL: Final = frozenset(
    {"get", "toString", "trim", "self", "this", "getBytes", "as_bytes", "UTF_8", "strip", "length", "len"}
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "f": "\f", "e": "\x1b"}
_FORMAT: Final = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.\d+)?(?:l|ll|z|h)?[sdifuxcvqp]|\{(?:\w*)(?::[^{}]*)?\}")


@dataclass(frozen=True, slots=True)
class Token:
    kind: Literal["text", "quoted", "number", "word", "sign"]
    text: str
    line: int


def tokens_of(source: str) -> Iterator[Token]:
    line = 1
    for count, found in enumerate(_TOKEN.finditer(source)):
        if count >= _MOST_TOKENS:
            return
        if found.lastgroup != "blank":
            yield Token(found.lastgroup, found[0], line)  # type: ignore[arg-type]
        line += found[0].count("\n")


def word_of(literal: str) -> str:
    inner = literal.removeprefix("b")[1:-1]
    return re.sub(r"\\(x[0-9a-fA-F]{2}|033|u[0-9a-fA-F]{4}|.)", lambda found: _escape(found[1]), inner, flags=re.DOTALL)


def _escape(what: str) -> str:
    if what[0] in "xu" and len(what) > 1:
        return chr(int(what[1:], 16))
    return "\x1b" if what == "033" else _ESCAPES.get(what, what)


def sent_in(tokens: Sequence[Token], file: str) -> Iterator[Told]:
    """The texts that are given to something that sends, or that seems to put together what is sent."""
    for at, token in enumerate(tokens[:-1]):
        after = tokens[at + 1].text
        owner = [one.text for one in tokens[max(0, at - 4) : at]]
        if token.kind != "word":
            continue
        if after == "<" and at + 2 < len(tokens) and tokens[at + 2].text == "-":  # Go: `message <- who + ": " + text`
            line = [one for one in tokens[at + 3 : at + 40] if one.line == token.line]
            yield from _told(_text([line]), token, file, [token.text])
        elif after in ("(", "!") and _SENDS.fullmatch(token.text):
            if _CONSOLE & set(owner) or (token.text in _PRINTS and (owner[-1:] != ["."] or "fmt" in owner)):
                continue
            start = at + (2 if after == "!" else 1)
            yield from _told(_text(_arguments(tokens, start)), token, file, [*owner[-2:], token.text])


def _told(text: Text | None, token: Token, file: str, names: Sequence[str]) -> Iterator[Told]:
    if text is None or not any(piece.strip() for piece in text.pieces):
        return
    # Where nothing is followed, it is the words that tell: who has come and gone, or who said what, is told to all.
    speaks = "text" in text.roles and not text.roles.isdisjoint({"nick", "ip", "id"})
    many = any(_MANY.search(name) for name in names) or speaks or (bool(text.holes) and is_notice(text))
    yield Told(text, file, token.line, "many" if many else "one")


def _arguments(tokens: Sequence[Token], at: int) -> list[list[Token]]:
    """What stands between the brackets, cut at commas."""
    out: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[at : at + 150]:
        opens = token.kind == "sign" and token.text in "([{"
        closes = token.kind == "sign" and token.text in ")]}"
        depth += opens - closes
        if depth == 0:
            return out
        if opens and depth == 1:
            continue
        if depth == 1 and token.text == ",":
            out.append([])
        else:
            out[-1].append(token)
    return out


def _text(arguments: list[list[Token]], depth: int = _DEPTH) -> Text | None:
    """The argument that has a literal in it, the next ones put into its `%s`."""
    for number, argument in enumerate(arguments):
        if not any(token.kind in ("text", "quoted") for token in argument):
            continue
        values = [_name(one) for one in arguments[number + 1 :]]
        pieces: list[str] = [""]
        holes: list[Hole] = []
        for part in _summands(argument):
            inner = _inside(part, values, depth)
            if inner is None:
                pieces.append("")
                holes.append(hole_called(_name(part)))
            else:
                pieces[-1] += inner.pieces[0]
                pieces.extend(inner.pieces[1:])
                holes.extend(inner.holes)
        return Text(tuple(pieces), tuple(holes))
    return None


def _inside(part: list[Token], values: list[str], depth: int) -> Text | None:
    """A literal, or a call around one: `Buffer.from("…")`, `[]byte("…")`, `String.format("…", x)`."""
    if not part or depth <= 0 or not any(token.kind in ("text", "quoted") for token in part):
        return None
    if part[0].kind in ("text", "quoted"):
        return _filled(word_of(part[0].text), part[0].text.startswith("`"), values)
    for at, token in enumerate(part):
        if token.text == "(" and any(one.kind in ("text", "quoted") for one in part[at:]):
            return _text(_arguments(part, at), depth - 1)
    return None


def _summands(tokens: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.kind == "sign" and token.text in "(["
        depth -= token.kind == "sign" and token.text in ")]"
        if token.text == "+" and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _filled(word: str, template: bool, values: list[str]) -> Text:
    pattern = re.compile(r"\$\{([^{}]*)\}") if template else _FORMAT
    pieces: list[str] = [""]
    holes: list[Hole] = []
    waiting, end = list(values), 0
    for found in pattern.finditer(word):
        if not template and not values:
            break
        pieces[-1] += word[end : found.start()]
        end = found.end()
        name = re.sub(r"\(.*|\W+$", "", found[1]).split(".")[-1] if template else (waiting.pop(0) if waiting else "")
        pieces.append("")
        holes.append(hole_called(name))
    pieces[-1] += word[end:]
    return Text(tuple(pieces), tuple(holes))


def _name(tokens: Sequence[Token]) -> str:
    words = [token.text for token in tokens if token.kind == "word" and token.text not in _SMALL]
    return re.sub(r"^get(?=[A-Z])", "", words[-1]) if words else ""
