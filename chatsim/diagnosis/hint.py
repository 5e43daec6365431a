"""What a diagnosis is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Hint", "Sure"]


class Sure(StrEnum):
    """How sure a hint is. There are three words, so that a reader learns what each is worth."""

    SURELY = "surely"  # the run shows the cause itself: a traceback, a text cut in two halves
    PROBABLY = "probably"  # what was seen fits this cause, and what else would explain it was seen not to be so
    PERHAPS = "perhaps"  # it fits, and so may something else


@dataclass(frozen=True, slots=True)
class Hint:
    """One cause, and what to do about it.

    `cause`, `seen` (the evidence for it) and `advice` are sentences. `of`: the properties whose failure it explains;
    the first of them that failed, in the catalogue's order, is where it is told, the others refer to it. `also`: what
    may follow from the same cause. `since`: what was over before this index of the history cannot come from it.
    `where`: the line of the server that is meant, as `server.py:31, in handle`; `source` is that line, where known.
    `keeps`: what the check itself hints at (a key of the profile) is told, too.
    """

    cause: str
    advice: str
    sure: Sure
    of: tuple[str, ...]
    seen: str = ""
    where: str = ""
    source: str = ""
    also: tuple[str, ...] = ()
    since: int = -1
    keeps: bool = False

    @property
    def text(self) -> str:
        """As it is told: the cause, what speaks for it, what to try, where to look; a line each."""
        lines = [f"{self.sure.capitalize()}: {self.cause}"]
        if self.seen:
            lines.append(f"Seen: {self.seen}")
        lines.append(f"Try: {self.advice}")
        if self.where:
            lines.append(f"Look at: {self.where}" + (f": {self.source}" if self.source else ""))
        return "\n".join(lines)
