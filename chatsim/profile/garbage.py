"""Bad input by kind: bytes that no client should send, in the framing of a profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatsim.profile.framing import Framing

__all__ = ["GARBAGE", "garbage"]

GARBAGE: Final = ("utf-8", "nul", "length", "endless", "half", "empty")
ENDLESS: Final = 262_144  # bytes without an end


def garbage(kind: str, sent: Framing, framed: Callable[[bytes], bytes], whole: Callable[[], bytes]) -> bytes:
    """Bytes of one of the kinds in GARBAGE. `framed` frames a payload, `whole` gives a good message, framed."""
    match kind:
        case "utf-8":
            return framed(b"bad \xff\xfe\xc3\x28 \xf0\x9f bytes")
        case "nul":
            return framed(b"nul \x00\x00 bytes")
        case "length":
            return b"\xff" * 16 if sent.kind == "struct" else b"not a number!" * 6
        case "endless":
            return b"e" * ENDLESS
        case "empty":
            return framed(b"")
        case _:
            good = whole()
            return good[: max(1, len(good) // 2)]
