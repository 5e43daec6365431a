"""The table faults × properties: who was caught by what, who was missed, and who was blamed without reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chatsim.properties import PROPERTIES
from chatsim.report.rate import clopper_pearson
from chatsim.selftest.schedule import Seen
from chatsim.selftest.subjects import Subject

__all__ = ["CAUGHT", "FALSE_ALARM", "MISSED", "NOT_PLAYED", "QUIET", "Row", "Table", "table"]

CAUGHT, MISSED = "caught", "missed"  # of a fault
QUIET, FALSE_ALARM = "quiet", "false alarm"  # of a right server
NOT_PLAYED = "not played"  # of either, after an interrupt


@dataclass(frozen=True)
class Row:
    """One server and all that was played against it. `repeat`: the rounds asked for; a racy fault may have had more."""

    subject: Subject
    seen: tuple[Seen, ...]
    repeat: int

    @cached_property
    def rounds(self) -> tuple[int, ...]:
        return tuple(sorted({one.trial.round for one in self.seen}))

    @cached_property
    def caught_in(self) -> tuple[int, ...]:
        """The rounds in which all that it breaks was seen broken."""
        return tuple(number for number in self.rounds if not self.missing_in(number))

    def missing_in(self, number: int) -> set[str]:
        failed = {name for one in self.seen if one.trial.round == number for name in one.failed}
        return set(self.subject.breaks) - failed

    @property
    def outcome(self) -> str:
        if not self.seen:
            return NOT_PLAYED
        if self.subject.is_right:
            return FALSE_ALARM if self.blamed else QUIET
        enough = 1 if self.subject.racy else max(1, len(self.rounds))
        return CAUGHT if len(self.caught_in) >= enough else MISSED

    @property
    def blamed(self) -> tuple[Seen, ...]:
        """Of a right server: the runs that were not simply right."""
        return tuple(one for one in self.seen if one.outcome not in ("passed", "not-applicable"))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of a racy fault: the rate of rounds that show it, with 95 % confidence. Null if rounds were added until one did."""
        if not self.subject.racy or len(self.rounds) > self.repeat or not self.rounds:
            return None
        return clopper_pearson(len(self.caught_in), len(self.rounds))

    @cached_property
    def by(self) -> Counter[str]:
        """In how many runs each property failed."""
        return Counter(name for one in self.seen for name in one.failed)

    @property
    def others(self) -> tuple[str, ...]:
        """The properties that failed, too, in the order of the catalogue."""
        return tuple(
            known.name for known in PROPERTIES if known.name in self.by and known.name not in self.subject.breaks
        )

    @property
    def first(self) -> Seen | None:
        """The run that showed first what it breaks."""
        order = sorted(self.seen, key=lambda one: one.trial.round)
        return next((one for one in order if set(self.subject.breaks) & set(one.failed)), None)


@dataclass(frozen=True)
class Table:
    """All rows: the faults in the order of the list, then the right servers."""

    rows: tuple[Row, ...]

    @property
    def faults(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.subject.is_right)

    @property
    def right(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.subject.is_right)

    @property
    def proved(self) -> bool:
        """Is every fault caught by what it breaks, and nothing right blamed?"""
        return bool(self.rows) and all(row.outcome in (CAUGHT, QUIET) for row in self.rows)

    def breaking(self, name: str) -> tuple[Row, ...]:
        """The faults that break this property."""
        return tuple(row for row in self.faults if name in row.subject.breaks)

    @property
    def unbroken(self) -> tuple[str, ...]:
        """The properties that no fault of the table breaks: of those nothing is shown."""
        return tuple(known.name for known in PROPERTIES if not self.breaking(known.name))


def table(subjects: Sequence[Subject], results: Iterable[Seen], repeat: int) -> Table:
    by_name: dict[str, list[Seen]] = {subject.name: [] for subject in subjects}
    for one in results:
        by_name[one.trial.subject.name].append(one)
    ordered = sorted(subjects, key=lambda subject: subject.is_right)
    return Table(tuple(Row(subject, tuple(sorted(by_name[subject.name], key=_turn)), repeat) for subject in ordered))


def _turn(one: Seen) -> tuple[int, str]:
    return one.trial.round, one.trial.scenario
