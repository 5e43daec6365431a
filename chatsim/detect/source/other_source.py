"""Clues from sources in other languages: what their literals and a few well-known calls say.

C, C++, Java, JavaScript, TypeScript, Go, Rust and their like, by a lexer that knows comments, literals and brackets.
Nothing is followed: neither names nor control.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from chatsim.detect.source.c_like import Token, sent_in, tokens_of, word_of
from chatsim.detect.source.comparing import looks_like_quitting
from chatsim.detect.source.evidence import Clue, Clues, Text, Told, once

__all__ = ["read_other"]

_MOST_CHARACTERS: Final = 400_000
_LONGEST: Final = 200

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
        tokens = list(tokens_of(source))
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
            if token.kind in ("text", "quoted") and 0 < len(word := word_of(token.text)) <= _LONGEST and word.strip()
        ]
        sent += sent_in(tokens, file)
    commands = [clue for clue in compared if re.match(r"[/!:@#\\]\w|[A-Z][A-Z_]{2,}\b", str(clue.value))]
    quits = [clue for clue in compared if looks_like_quitting(str(clue.value))]
    known = {clue.value for clue in quits}
    if not framings and sources:
        framings.append(Clue("none", next(iter(sources)), 0, "nothing speaks for lines, lengths or objects"))
    return Clues(
        wires=tuple(once(wires)),
        ports=tuple(once(ports)),
        sizes=tuple(once(sizes)),
        framings=tuple(once(framings)),
        sent=tuple(_each_once(sent)),
        compared=tuple(once(compared)),
        quit_words=tuple(once(quits)),
        commands=tuple(once([clue for clue in commands if clue.value not in known])),
        strings=tuple(once(strings)[:500]),
    )


def _each_once(sent: list[Told]) -> Iterator[Told]:
    known: set[tuple[Text, str]] = set()
    for told in sent:
        if (told.text, told.to) not in known:
            known.add((told.text, told.to))
            yield told


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _found(patterns: Sequence[re.Pattern[str]], source: str, file: str, *, low: int, high: int) -> Iterator[Clue]:
    for pattern in patterns:
        for found in pattern.finditer(source):
            if low <= (value := int(found[1])) <= high:
                yield Clue(value, file, _line(source, found.start()), " ".join(found[0].split())[:60])


def _compared(tokens: Sequence[Token], file: str) -> Iterator[Clue]:
    for at, token in enumerate(tokens):
        if token.kind not in ("text", "quoted") or not (word := word_of(token.text)).strip() or len(word) > 60:
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
