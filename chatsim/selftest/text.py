"""The table for a person at a console. Pure: the same table and width give the same text."""

from __future__ import annotations

from collections.abc import Iterator

from chatsim.report.printable import columns, printable, wrap
from chatsim.selftest.table import CAUGHT, FALSE_ALARM, MISSED, Row, Table

__all__ = ["render"]

NARROWEST = 60
TOLD = 3  # runs of one row that are told with their words; the JSON has them all


def render(table: Table, *, width: int = 100, verbosity: int = 0) -> str:
    """Quiet: what is wrong, and the sum. Verbose: also what each fault is about, and a run that shows it."""
    teller = _Teller(table, max(NARROWEST, width), verbosity)
    return "\n".join([*teller.all(), teller.sum()]) + "\n"


class _Teller:
    def __init__(self, table: Table, width: int, verbosity: int) -> None:
        self.table, self.width, self.verbosity = table, width, verbosity
        self.longest = max((columns(row.subject.name) for row in table.rows), default=0)

    def all(self) -> Iterator[str]:
        for row in self.table.rows:
            wrong = row.outcome not in (CAUGHT, "quiet")
            if wrong or self.verbosity >= 0:
                yield from self._row(row)
        if self.table.rows and self.verbosity >= 0:
            yield ""

    def _row(self, row: Row) -> Iterator[str]:
        label = row.outcome if row.outcome in (CAUGHT, "quiet") else row.outcome.upper()
        head = f"{label:<11}  {row.subject.name:<{self.longest}}  "
        told = self._right(row) if row.subject.is_right else self._fault(row)
        yield from wrap(told, max(self.width, len(head) + 20), indent=head, later=" " * len(head))
        later = " " * 13
        if self.verbosity > 0:
            yield from wrap(printable(row.subject.about), self.width, indent=later)
        grave = row.blamed if row.subject.is_right else row.seen if row.outcome == MISSED else ()
        for one in [one for one in grave if one.said][:TOLD]:
            yield from wrap(printable(f"{one.trial.scenario}: {_first_line(one.said)}"), self.width, indent=later)
            replay = row.subject.replay(f"scenarios/{one.trial.scenario}.yaml", one.trial.seed)
            yield from wrap(f"Replay: {replay}", self.width, indent=later, later=later + "  ")
        if self.verbosity > 0 and row.outcome == CAUGHT and row.first is not None:
            trial = row.first.trial
            replay = row.subject.replay(f"scenarios/{trial.scenario}.yaml", trial.seed)
            yield from wrap(f"Replay: {replay}", self.width, indent=later, later=later + "  ")

    def _fault(self, row: Row) -> str:
        names = " and ".join(row.subject.breaks)
        if row.outcome == CAUGHT:
            parts = [f"{names} in {_often(row, names)}"]
            if row.subject.racy:
                parts.append(_rate(row))
        else:
            parts = [f"breaks {names}"]
            missing = {name for number in row.rounds for name in row.missing_in(number)}
            if missing:
                parts.append(f"not seen: {', '.join(sorted(missing))}")
            if row.caught_in:
                parts.append(f"caught in {len(row.caught_in)} of {len(row.rounds)} rounds")
        if row.others:
            parts.append(f"also {', '.join(row.others)}")
        return "; ".join(parts)

    def _right(self, row: Row) -> str:
        played = [one for one in row.seen if one.outcome != "not-applicable"]
        blamed = f"blamed in {len(row.blamed)} of " if row.blamed else ""
        return f"{blamed}{_counted(len(played), 'run')}"

    def sum(self) -> str:
        faults, right = self.table.faults, self.table.right
        caught = sum(row.outcome == CAUGHT for row in faults)
        blamed = sum(row.outcome == FALSE_ALARM for row in right)
        parts = []
        if faults:
            parts.append(f"{caught} of {_counted(len(faults), 'fault')} caught by what they break")
        if right:
            parts.append(f"{blamed} of {_counted(len(right), 'right server')} blamed")
        runs = sum(len(row.seen) for row in self.table.rows)
        return " · ".join([*parts, _counted(runs, "run")]) if parts else "Nothing was played."


def _often(row: Row, names: str) -> str:
    """`2 scenarios (drops, storm)`: where what it breaks was seen broken."""
    where = sorted({one.trial.scenario for one in row.seen if set(row.subject.breaks) & set(one.failed)})
    return ", ".join(where)


def _rate(row: Row) -> str:
    told = f"{len(row.caught_in)} of {_counted(len(row.rounds), 'round')}"
    if row.interval is None:
        return f"first in round {row.caught_in[0]}"
    if len(row.rounds) == 1:  # an interval from 3 % to 100 % tells nobody anything
        return told
    low, high = row.interval
    return f"{told} (with 95 % confidence {100 * low:.0f} % to {100 * high:.0f} %)"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
