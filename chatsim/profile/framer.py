"""A framing in Python, held so that its author's exceptions are told as the author's."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from chatsim.profile.authored import Authored, checked_bytes, framer_class, shown, told_as_authors

__all__ = ["GuardedFramer"]


class GuardedFramer:
    """One object of the author's class, as a decoder and for sending."""

    def __init__(self, authored: Authored) -> None:
        self.broken: str | None = None
        made = framer_class(authored)
        self._name = authored.name
        self._file = getattr(sys.modules.get(getattr(made, "__module__", "")), "__file__", None) or ""
        with told_as_authors(f"{self._name}()", self._file):
            self._own = made()

    def frame(self, payload: bytes) -> bytes:
        with told_as_authors(f"{self._name}.frame", self._file, payload):
            return checked_bytes(self._own.frame(payload))

    def feed(self, data: bytes) -> list[bytes]:
        """A ValueError says that this is no message: the server's fault, not the author's."""
        if self.broken is not None:
            return []
        with told_as_authors(f"{self._name}.feed", self._file, data):
            try:
                frames = self._own.feed(data)
            except ValueError as error:
                self.broken = str(error) or "the framing of the profile does not understand it"
                return []
            if isinstance(frames, bytes | str) or not isinstance(frames, Iterable):
                raise TypeError(f"it returned {shown(frames)}, and a list of bytes is expected")
            return [checked_bytes(frame) for frame in frames]

    def rest(self) -> bytes:
        """What is unfinished the class keeps to itself."""
        return b""
