"""One thing that was handed in, before it is known whether it is all that its student handed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chatsim.submissions.submission import Kind

__all__ = ["Handed"]


@dataclass(frozen=True, slots=True)
class Handed:
    """`identity` tells its student from others, `name` is what people call them; the rest is as in a `Submission`."""

    identity: str
    name: str
    path: Path
    kind: Kind
    origin: str
    submitted: float | None = None
    pieces: tuple[tuple[str, str], ...] = ()
    address: str = ""
    marked_late: bool = False
