"""What is otherwise than in a baseline, as values: a report carries it, `baseline` finds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

__all__ = ["DELIVERY_TIME", "NOISE", "PLAYED", "Change", "Comparison", "Kind"]

PLAYED = "played"  # the scenario as a whole
DELIVERY_TIME = "delivery-time"

NOISE = 3.0  # so many times as long may messages take


class Kind(StrEnum):
    """What a change means for the exit code: worse and new are failures, doubtful is inconclusive, the rest is well."""

    WORSE = "worse"  # it passed, and fails now; or fails more often, or takes longer, than chance and noise explain
    NEW = "new"  # it fails, and the baseline did not put it to the test
    DOUBTFUL = "doubtful"  # it passed, and nobody knows now
    KNOWN = "known"  # it did not pass then, and does not now
    BETTER = "better"  # it did not pass then, and does now; or fails more seldom, or takes less time


@dataclass(frozen=True, slots=True)
class Change:
    """`subject`: a property, PLAYED or DELIVERY_TIME. `words` complete a sentence that begins with it."""

    kind: Kind
    file: str
    scenario: str
    profile: str
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name`: the baseline's file. `unplayed`: how many of its scenarios were not played this time."""

    name: str
    changes: tuple[Change, ...]
    unplayed: int = 0

    def of(self, *kinds: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind in kinds]

    def accepted(self) -> Comparison:
        """The same, with nothing worse than what is known from now on."""
        bad = (Kind.WORSE, Kind.NEW, Kind.DOUBTFUL)
        changes = (replace(change, kind=Kind.KNOWN) if change.kind in bad else change for change in self.changes)
        return replace(self, changes=tuple(changes))

    def about(self, file: str, scenario: str, profile: str) -> Iterator[Change]:
        for change in self.changes:
            if (change.file, change.scenario, change.profile) == (file, scenario, profile):
                yield change
