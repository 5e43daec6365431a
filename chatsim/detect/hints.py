"""What is known before the first try: from the server's source, where it can be read."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.detect.ways import Way

__all__ = ["Hints"]


@dataclass(frozen=True, slots=True)
class Hints:
    """All of it may be empty or wrong: it moves likely ways to the front, and no more."""

    ways: tuple[Way, ...] = ()
    framings: tuple[str, ...] = ("none", "newline")
    quit_words: tuple[str, ...] = ()
    roster_words: tuple[str, ...] = ()
    speaks_json: bool = False
    websocket: bool = False
    path: str = "/"
    tls: bool = False
    datagrams: bool = False
    ports: tuple[int, ...] = ()
    text_limit: int = 0  # bytes
    limit_why: str = ""
    needs: tuple[str, ...] = ()  # why it can hardly be spoken to: pickles, ciphers
