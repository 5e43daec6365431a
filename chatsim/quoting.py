"""Texts as YAML holds them on one line, whatever is in them: what was heard from a server may hold anything."""

from __future__ import annotations

import json

__all__ = ["escaped", "quoted"]


def quoted(text: str) -> str:
    """The text in double quotes; YAML reads it back as it was."""
    return escaped(json.dumps(text, ensure_ascii=False))


def escaped(text: str) -> str:
    """What can not be printed is spelled out, as within double quotes: `\\x1b`, `\\u2028`."""
    return "".join(sign if sign.isprintable() else _spelled(ord(sign)) for sign in text)


def _spelled(number: int) -> str:
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
