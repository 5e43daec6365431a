"""When each session was there and when it was gone: the judgement on the facts of `lives` (properties.md, Words).

Membership is not atomic. An index here bounds what is certain; what lies between is "joining" or "leaving", and nobody
fails for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chatsim.checks.lives import NEVER, Life

__all__ = ["NEVER", "SessionView", "Stay"]


@dataclass(slots=True)
class Stay:
    """One stay in one room, in history indexes: our command, dialogue done, there from, our exit, its dialogue done."""

    room: str
    asked: int
    entered: int = NEVER
    owed_from: int = NEVER
    until: int = NEVER
    exited: int = NEVER


@dataclass(slots=True)
class SessionView:
    """One connection of one bot. Times are history indexes; NEVER where it did not happen.

    `owed_from`: there from this index on: what is sent later is owed. `gone`: the first of our acts that end it, or a
    close by the server that the profile declares or that came while we did not read; `departure` says which: leave
    reset close half-close mid-message vanish act server declared stall unreachable, or "". A stall that was resumed, or
    a freeze that thawed, is in `away` instead: [from, back), and what fell into it is owed at the settle after it.
    """

    life: Life
    label: str
    begun: int = NEVER  # from here on its join may be under way: later than its birth only where the step was `connect`
    told: int = NEVER
    seen: int = NEVER
    owed_from: int = NEVER
    gone: int = NEVER
    departure: str = ""
    away: list[tuple[int, int]] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    answered: bool = False  # it has only shut down its writing side, and the profile says that such are still answered

    @property
    def number(self) -> int:
        return self.life.number

    @property
    def bot(self) -> str:
        return self.life.bot

    @property
    def nick(self) -> str:
        """As the server assigned or shortened it, once told; otherwise the one it asked for."""
        return self.life.name

    @property
    def born(self) -> int:
        return self.life.connect

    @property
    def unclean(self) -> int:
        """From here on its last words may have been lost by our own doing."""
        life = self.life
        hasty = life.leave if life.left != NEVER and not life.left_clean else NEVER
        return hasty if self.answered else min(hasty, life.drop)
