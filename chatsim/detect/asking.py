"""What a server seems to want when it speaks first: a name, a password, nothing; or another protocol altogether.

A table of what such texts look like in the languages in which people write chats. Guesses: whoever uses them looks
whether the answer helped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Foreign", "answer_to", "foreign", "is_refusal", "last_line", "on_console"]

# What is asked for → what is answered, as a template of the profile language. The first that matches counts.
QUESTIONS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), answer)
    for pattern, answer in (
        (r"pass\s?w(or)?d|\bpass\b|\bpwd\b|senha|contrase|mot de passe|passwort|kennwort|парол|"
         r"密码|密碼|パスワード|şifre|has[łl]o",
         "{password}"),
        (r"nick|user\s?_?name|\bname\b|\bnames?\b|\bnom\b|pseudo|\bnombre\b|usuario|\bnome\b|apelido|usuário|benutzer|spitzname|"
         r"\bимя\b|\bник|логин|昵称|暱稱|用户名|名字|姓名|名前|이름|닉네임|\bisim\b|\badınız|kullan[ıi]c[ıi]|\bnama\b|imi[ęe]|naam|\bnamn\b|"
         r"\blogin\b|\bwho are you\b|\balias\b|\bhandle\b|\busuari|identif|\bjméno|autoris|\bid\b",
         "{nick}"),
        (r"\broom\b|channel|\bsala\b|salon|\braum\b|комнат|房间|部屋|\ba or b\b", "lobby"),
        (r"\bchoice\b|\boption\b|opci[óo]n|\bop[çc][ãa]o\b|\bescolha\b|\belecci[óo]n|\bauswahl\b|\bscelta\b|\bchoix\b|"
         r"выбор|选择|\b1\W.*\b2\b",
         "1"),
        (r"\by\s?/\s?n\b|yes/no|\(y\)", "y"),
    )
)  # fmt: skip

REFUSALS: Final = re.compile(
    r"taken|already|in use|exists|invalid|not allowed|denied|refus|banned|\berror\b|try again|choose another|another name|"
    r"duplicate|d[ée]j[àa]|ya (existe|est)|em uso|j[áa] existe|gi[àa] in uso|vergeben|belegt|занят|已存在|已被|\bagain\b|"
    r"go out|fail",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """Another protocol, known by its first words."""

    name: str
    chat: bool  # can it be spoken to as a chat all the same?


_FOREIGN: Final[tuple[tuple[re.Pattern[bytes], Foreign], ...]] = (
    (re.compile(rb"SSH-\d"), Foreign("an SSH server", False)),
    (re.compile(rb"220[ -].*(ftp|FTP)"), Foreign("an FTP server", False)),
    (re.compile(rb"220[ -].*(smtp|SMTP|mail|Mail)"), Foreign("a mail server (SMTP)", False)),
    (re.compile(rb"\* OK .*IMAP"), Foreign("a mail server (IMAP)", False)),
    (re.compile(rb"\+OK .*POP3"), Foreign("a mail server (POP3)", False)),
    (re.compile(rb"RFB \d{3}\."), Foreign("a remote desktop (VNC)", False)),
    (re.compile(rb"(?s).{4}\x0a[5-9]\.\d+\.\d+"), Foreign("a MySQL database", False)),
    (re.compile(rb"-ERR unknown command|-NOAUTH|-DENIED Redis"), Foreign("a Redis server", False)),
    (re.compile(rb"HTTP/1\.[01] \d{3}"), Foreign("an HTTP server", True)),  # perhaps with a WebSocket
    (re.compile(rb"<html|<!DOCTYPE", re.IGNORECASE), Foreign("an HTTP server", True)),
    (re.compile(rb"[\x15]\x03[\x00-\x04]\x00\x02"), Foreign("a server that speaks TLS", True)),
    (re.compile(rb":\S+ (NOTICE|\d{3}) "), Foreign("an IRC server", True)),
)


def foreign(data: bytes) -> Foreign | None:
    """Another protocol that begins like this; None: no known one."""
    return next((found for pattern, found in _FOREIGN if pattern.match(data)), None)


def last_line(text: str) -> str:
    """What a person would answer to: the last line that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def answer_to(text: str) -> str:
    """What the end of this text asks for, as a template; empty if it does not seem to ask.

    A text without a line end, a line that ends as questions do, and a lone word in capitals are taken for questions;
    if nothing says about what, then about the name.
    """
    line = last_line(text)
    if not line or _is_json(line):
        return ""
    asks = bool(re.search(r"[:?>：？]\s*$", line)) or bool(re.fullmatch(r"[A-Z#*@_ ]{2,30}[?:!]?", line))
    known = next((answer for pattern, answer in QUESTIONS if pattern.search(line)), "")
    wants = bool(re.search(r"\b(enter|type|choose|pick|give|send|input|introdu|ingres|escrib|digite|insira|inserisci|gib)\w*\b",
                           line, re.IGNORECASE)) or bool(re.search(r"输入|введите|入力", line))  # fmt: skip
    if known == "lobby" and (choice := re.search(r"\b([\w-]+)(?:, [\w-]+)* (?:or|ou|oder|o|или) ([\w-]+)\b", line)):
        return choice[1]
    if asks or (wants and known):
        return known or "{nick}"
    if known == "{nick}" and not text.endswith("\n") and len(line) <= 24 and len(line.split()) <= 2:
        return known
    return ""


def on_console(line: str) -> str:
    """What a server's console is told that asks where to listen, as a `start` of a profile says it; empty if it seems to
    ask for something else, or for nothing."""
    if not re.search(r"[:?>=)\]：？]\s*$|\b(enter|type|give|insert|digite|ingres|introdu)\w*", line, re.IGNORECASE):
        return ""
    if re.search(r"\bport|porta\b|puerto|порт|端口|ポート", line, re.IGNORECASE):
        return "{port}"
    if re.search(r"\bip\b|\bhost|address|\baddr|adresse|direcci[óo]n|endere[çc]o", line, re.IGNORECASE):
        return "{host}"
    return ""


def is_refusal(text: str) -> bool:
    """Does this read as a refusal?"""
    return bool(REFUSALS.search(text))


def _is_json(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")
