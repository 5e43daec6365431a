"""Frames on the wire. (contract; being written)"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Framing:
    kind: str = "none"

    @classmethod
    def none(cls) -> Framing:
        return cls()
