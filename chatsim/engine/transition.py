"""Somebody comes or goes, and who is yet to be told of it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Transition"]


@dataclass(slots=True)
class Transition:
    """A join or departure whose notice is awaited. `nick` None: the notice names nobody."""

    what: str  # joined | left
    nick: str | None
    room: str | None
    session: int
    awaiting: set[int] = field(default_factory=set)
    kind: str = ""  # joined | left | dropped: a rude departure is told like a polite one, and is another promise

    @property
    def word(self) -> str:
        """What a notice of this kind is called among what was waited for in vain."""
        return f"notice {self.kind}"
