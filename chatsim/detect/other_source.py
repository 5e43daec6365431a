"""Clues from sources in other languages: what their literals and a few well-known calls say.

C, C++, Java, JavaScript, TypeScript, Go, Rust and their like, by a lexer that knows comments, literals and brackets.
Nothing is followed: neither names nor control.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from chatsim.detect.comparing import looks_like_quitting
from chatsim.detect.evidence import Clue, Clues, Hole, Text, Told
from chatsim.detect.naming import hole_called

__all__ = ["read_other"]

_MOST_CHARACTERS: Final = 400_000
_MOST_TOKENS: Final = 60_000
_LONGEST: Final = 200

_TOKEN: Final = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z))"
    r'|(?P<text>b?"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)'
    r"|(?P<quoted>'(?:[^'\\\n]|\\.)*')"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign>===|!==|==|!=|->|::|.)",
    re.DOTALL,
)
_SENDS: Final = frozenset(
    {"write", "send", "println", "print", "Fprintf", "Fprint", "Fprintln", "fprintf", "sendto", "emit", "end", "writeUTF",
     "WriteString", "sendMessage", "broadcast", "writeln", "printf", "write_all", "snprintf", "sprintf", "Write", "sendToAll",
     "broadcastMessage", "send_message", "writeBytes", "append", "Sprintf", "format", "strcat", "strcpy", "sendAll", "dprintf"}
)  # fmt: skip
_CONSOLE: Final = frozenset({"console", "System", "out_", "log", "logger", "stdout", "stderr", "fmt_", "err"})
_COMPARES: Final = frozenset(
    """equals equalsIgnoreCase startsWith strcmp strncmp strcasecmp HasPrefix includes contains Contains starts_with indexOf
    EqualFold strstr memcmp match""".split()
)
_PORTS: Final = (
    re.compile(r"\.listen\(\s*(\d{2,5})\b"),
    re.compile(r"\bhtons\(\s*(\d{2,5})\s*\)"),
    re.compile(r"\b(?:ServerSocket|DatagramSocket|InetSocketAddress)\(\s*(?:\"[^\"]*\"\s*,\s*)?(\d{2,5})\b"),
    re.compile(r"\b(?:Listen|ListenPacket|bind|ListenAndServe)\w*\(\s*(?:\"\w+\"\s*,\s*)?\"[^\"]*:(\d{2,5})\""),
    re.compile(r"\bport\s*:\s*(\d{2,5})\b", re.IGNORECASE),
    re.compile(r"\b\w*port\w*\b[^\n;=]{0,30}?(?:=|\|\||\?\?)[^\n;]{0,40}?\b(\d{2,5})\b", re.IGNORECASE),
    re.compile(r"#define\s+\w*PORT\w*\s+\"?(\d{2,5})", re.IGNORECASE),
    re.compile(r"\"(?:localhost|[\d.]*)?:(\d{2,5})\""),
)
_SIZES: Final = (
    re.compile(r"\b(?:char|byte|uint8_t|u8)\s+\w+\[\s*(\d{2,6})\s*\]"),
    re.compile(r"\bnew byte\[\s*(\d{2,6})\s*\]"),
    re.compile(r"\bmake\(\[\]byte,\s*(\d{2,6})"),
    re.compile(r"\[0(?:_?u8)?;\s*(\d{2,6})\s*\]"),
    re.compile(r"#define\s+\w*(?:BUF|SIZE|LEN|MAX)\w*\s+(\d{2,6})"),
)
_LINES: Final = (
    r"\breadLine\(|\bBufferedReader\b|\bnewBufferedReader|\bNewScanner\(|\bReadString\(\s*'\\n'|\breadline\b|\.lines\(\)"
    r"|read_line\(|\bScanner\(|\bgetline\(|\bfgets\("
)
_FRAMINGS: Final = (
    ("newline", re.compile(_LINES), "it reads lines"),
    ("newline", re.compile(r"\.split\(\s*[\"'/]\\r?\\?\??\\?n"), "it splits what it received into lines"),
    ('{struct: "!H"}', re.compile(r"\breadUTF\("), "readUTF: a length of two bytes"),
    ('{struct: "!I"}', re.compile(r"\breadInt\(|\breadUInt32BE\(|\bntohl\("), "a length of four bytes is read"),
    ("json", re.compile(r"\bJSON\.parse\(|json\.Unmarshal|NewDecoder\("), "JSON is decoded"),
    ("python", re.compile(r"\bObjectInputStream\b"), "objects of Java's own: only code can read them"),
)
_WEBSOCKET: Final = (
    r"['\"](?:ws|websocket|socket\.io|faye-websocket)['\"]"
    r"|gorilla/websocket|tungstenite|@ServerEndpoint|WebSocketServer"
)
_WIRES: Final = (
    ("websocket", re.compile(_WEBSOCKET)),
    ("udp", re.compile(r"\bSOCK_DGRAM\b|\bDatagramSocket\b|['\"]dgram['\"]|ListenPacket|ListenUDP|UdpSocket")),
    ("tls", re.compile(r"['\"]tls['\"]|SSLServerSocket|crypto/tls|SSL_CTX")),
    ("http", re.compile(r"['\"]express['\"]|['\"]https?['\"]|net/http")),
    ("tcp", re.compile(r"\bSOCK_STREAM\b|\bServerSocket\b|['\"](?:node:)?net['\"]|TcpListener|Listen\(\"tcp\"")),
)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "f": "\f", "e": "\x1b"}
_FORMAT: Final = re.compile(r"%[-+ #0]*(?:\*|\d+)?(?:\.\d+)?(?:l|ll|z|h)?[sdifuxcvqp]|\{(?:\w*)(?::[^{}]*)?\}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["text", "quoted", "number", "word", "sign"]
    text: str
    line: int


def read_other(sources: Mapping[str, str]) -> Clues:
    """What these files say. Any texts will do; a language that this does not know gives fewer clues."""
    ports: list[Clue] = []
    sizes: list[Clue] = []
    framings: list[Clue] = []
    wires: list[Clue] = []
    compared: list[Clue] = []
    strings: list[Clue] = []
    sent: list[Told] = []
    for file, source in sources.items():
        source = source[:_MOST_CHARACTERS]
        tokens = list(_tokens(source))
        ports += _found(_PORTS, source, file, low=1, high=65535)
        sizes += _found(_SIZES, source, file, low=1, high=1 << 20)
        for framing, pattern, why in _FRAMINGS:
            if found := pattern.search(source):
                framings.append(Clue(framing, file, _line(source, found.start()), why))
        for wire, pattern in _WIRES:
            if found := pattern.search(source):
                wires.append(Clue(wire, file, _line(source, found.start()), found[0].strip("'\"")))
        compared += _compared(tokens, file)
        strings += [
            Clue(word, file, token.line)
            for token in tokens
            if token.kind in ("text", "quoted") and 0 < len(word := _word(token.text)) <= _LONGEST and word.strip()
        ]
        sent += _sent(tokens, file)
    commands = [clue for clue in compared if re.match(r"[/!:@#\\]\w|[A-Z][A-Z_]{2,}\b", str(clue.value))]
    quits = [clue for clue in compared if looks_like_quitting(str(clue.value))]
    known = {clue.value for clue in quits}
    if not framings and sources:
        framings.append(Clue("none", next(iter(sources)), 0, "nothing speaks for lines, lengths or objects"))
    return Clues(
        wires=_once(wires),
        ports=_once(ports),
        sizes=_once(sizes),
        framings=_once(framings),
        sent=tuple(dict.fromkeys(sent)),
        compared=_once(compared),
        quit_words=_once(quits),
        commands=_once([clue for clue in commands if clue.value not in known]),
        strings=_once(strings)[:500],
    )


def _once(clues: list[Clue]) -> tuple[Clue, ...]:
    return tuple(list({clue.value: clue for clue in reversed(clues)}.values())[::-1])


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _found(patterns: Sequence[re.Pattern[str]], source: str, file: str, *, low: int, high: int) -> Iterator[Clue]:
    for pattern in patterns:
        for found in pattern.finditer(source):
            if low <= (value := int(found[1])) <= high:
                yield Clue(value, file, _line(source, found.start()), " ".join(found[0].split())[:60])


def _tokens(source: str) -> Iterator[_Token]:
    line = 1
    for count, found in enumerate(_TOKEN.finditer(source)):
        if count >= _MOST_TOKENS:
            return
        if found.lastgroup != "blank":
            yield _Token(found.lastgroup, found[0], line)  # type: ignore[arg-type]
        line += found[0].count("\n")


def _word(literal: str) -> str:
    inner = literal.removeprefix("b")[1:-1]
    return re.sub(r"\\(x[0-9a-fA-F]{2}|033|u[0-9a-fA-F]{4}|.)", lambda found: _escape(found[1]), inner, flags=re.DOTALL)


def _escape(what: str) -> str:
    if what[0] in "xu" and len(what) > 1:
        return chr(int(what[1:], 16))
    return "\x1b" if what == "033" else _ESCAPES.get(what, what)


def _compared(tokens: Sequence[_Token], file: str) -> Iterator[Clue]:
    for at, token in enumerate(tokens):
        if token.kind not in ("text", "quoted") or not (word := _word(token.text)).strip() or len(word) > 60:
            continue
        before = [one.text for one in tokens[max(0, at - 14) : at]]
        after = [one.text for one in tokens[at + 1 : at + 3]]
        signs = {"==", "===", "!=", "!==", "case"}
        called = next((one for one in reversed(before) if one in _COMPARES or one in (";", "{", "}")), "")
        is_compared = (
            signs & {*before[-1:], *after[:1]} or called in _COMPARES or after[:2] in ([".", "equals"], ["=", ">"])
        )
        if is_compared and (len(word.strip()) > 1 or not word.isalnum()):
            yield Clue(word.strip(), file, token.line, "something is compared with it")


def _sent(tokens: Sequence[_Token], file: str) -> Iterator[Told]:
    for at, token in enumerate(tokens[:-1]):
        if token.kind != "word" or token.text not in _SENDS or tokens[at + 1].text not in ("(", "!"):
            continue
        owner = [one.text for one in tokens[max(0, at - 4) : at]]
        if _CONSOLE & set(owner) or (token.text in ("printf", "print", "println") and owner[-1:] != ["."]):
            continue
        arguments = _arguments(tokens, at + (2 if tokens[at + 1].text == "!" else 1))
        text = _text(arguments)
        if text is not None and any(piece.strip() for piece in text.pieces):
            many = bool(re.search(r"broad|all\b|All|everyone|others", " ".join([*owner[-1:], token.text, *owner])))
            yield Told(text, file, token.line, "many" if many else "one")


def _arguments(tokens: Sequence[_Token], at: int) -> list[list[_Token]]:
    """What stands between the brackets, cut at commas."""
    depth, out = 0, [[]]  # type: tuple[int, list[list[_Token]]]
    for token in tokens[at : at + 120]:
        if token.text in "([{" and token.kind == "sign":
            depth += 1
            if depth == 1:
                continue
        elif token.text in ")]}" and token.kind == "sign":
            depth -= 1
            if depth == 0:
                return out
        if depth == 1 and token.text == ",":
            out.append([])
        elif depth >= 1:
            out[-1].append(token)
    return out


def _text(arguments: list[list[_Token]]) -> Text | None:
    """The argument that has a literal in it, the next ones put into its `%s`."""
    for number, argument in enumerate(arguments):
        if any(token.kind in ("text", "quoted") for token in argument):
            pieces, holes = [""], []  # type: tuple[list[str], list[Hole]]
            for part in _split(argument, "+"):
                literals = [token for token in part if token.kind in ("text", "quoted")]
                if len(part) == 1 and literals:
                    _add(
                        _word(part[0].text),
                        part[0].text.startswith("`"),
                        [_name(one) for one in arguments[number + 1 :]],
                        pieces,
                        holes,
                    )
                elif part:
                    pieces.append("")
                    holes.append(hole_called(_name(part)))
            return Text(tuple(pieces), tuple(holes))
    return None


def _split(tokens: list[_Token], sign: str) -> Iterator[list[_Token]]:
    part: list[_Token] = []
    depth = 0
    for token in tokens:
        depth += (token.text in "([" and token.kind == "sign") - (token.text in ")]" and token.kind == "sign")
        if token.text == sign and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _add(word: str, template: bool, values: list[str], pieces: list[str], holes: list[Hole]) -> None:
    pattern = re.compile(r"\$\{([^{}]*)\}") if template else _FORMAT
    waiting, end = list(values), 0
    for found in pattern.finditer(word):
        if not template and not values:
            continue
        pieces[-1] += word[end : found.start()]
        end = found.end()
        name = re.sub(r"\W+$", "", found[1]).split(".")[-1] if template else (waiting.pop(0) if waiting else "")
        pieces.append("")
        holes.append(hole_called(name))
    pieces[-1] += word[end:]


def _name(tokens: Sequence[_Token]) -> str:
    words = [
        token.text
        for token in tokens
        if token.kind == "word" and token.text not in ("get", "toString", "trim", "self", "this")
    ]
    return words[-1] if words else ""
