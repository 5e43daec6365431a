"""What is played against whom, in which order, and when it is enough.

A *round* of a subject is one run of each scenario that its dialect allows for, all with one seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.report.report import Run
from chatsim.selftest.subjects import Subject

__all__ = ["Schedule", "Seen", "Trial", "seen"]

# A mistake that shows now and then may stay hidden in the rounds asked for. It is looked for so many rounds, no longer:
# one that shows in one round of ten is missed by 30 in one selftest of 24, and does not belong into this zoo.
RACY_ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Trial:
    """One run to be made. Rounds count from 1."""

    subject: Subject
    scenario: str  # its file's stem
    round: int
    seed: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a trial, no more of it than the table needs.

    `failed` and `unclear`: by property, the evidence and the cause. `alone`: it was replayed with nothing beside it.
    """

    trial: Trial
    outcome: str  # that of the run, or "error"
    failed: Mapping[str, str]
    unclear: Mapping[str, str]
    passed: tuple[str, ...] = ()
    said: str = ""  # of what failed first, or of the error
    seconds: float = 0.0
    alone: bool = False


def seen(trial: Trial, run: Run, *, alone: bool = False) -> Seen:
    failed = [v for v in run.verdicts if v.outcome is Outcome.FAILED]
    unclear = [v for v in run.verdicts if v.outcome is Outcome.INCONCLUSIVE]
    return Seen(
        trial,
        "error" if run.error is not None else run.outcome.value,
        {v.property: (v.evidence or Evidence.PROOF).value for v in failed},
        {v.property: v.cause.value if v.cause else "" for v in unclear},
        tuple(v.property for v in run.verdicts if v.outcome is Outcome.PASSED),
        str(run.error) if run.error is not None else _first_words([*failed, *unclear]),
        run.duration_s,
        alone,
    )


def _first_words(verdicts: Sequence[Verdict]) -> str:
    return next((f"{v.property}: {v.summary}" for v in verdicts), "")


class Schedule:
    """Gives the trials one by one, and is told what came of them; what it gives next depends on that.

    `scenarios`: by dialect, the stems of those that can be played in it. `first`: a round of a fault is over as soon as
    all that the fault breaks was seen broken in it.
    """

    def __init__(
        self,
        subjects: Sequence[Subject],
        scenarios: Mapping[str, Sequence[str]],
        *,
        repeat: int = 1,
        seed: int = 1,
        first: bool = False,
    ) -> None:
        self._subjects, self._scenarios = subjects, scenarios
        self._repeat, self._seed, self._first = repeat, seed, first
        self._broken: dict[tuple[str, int], set[str]] = {}  # of a subject in a round
        self._over: set[str] = set()
        self._made: dict[str, int] = {}

    def trials(self) -> Iterator[Trial]:
        """From each subject one in turn, so that a fault has time to be caught before more is played against it."""
        queues = {subject.name: self._of(subject) for subject in self._subjects}
        while queues:
            for name in list(queues):
                trial = next(queues[name], None)
                if trial is None:
                    del queues[name]
                    self._over.add(name)
                else:
                    yield trial

    def took(self, result: Seen) -> None:
        key = result.trial.subject.name, result.trial.round
        self._broken.setdefault(key, set()).update(result.failed)
        self._made[key[0]] = self._made.get(key[0], 0) + 1

    @property
    def done(self) -> float:
        """How much of it is done, from 0 to 1; a guess, where a fault may be caught sooner or later."""
        if not self._subjects:
            return 1.0
        return sum(map(self._share, self._subjects)) / len(self._subjects)

    def _share(self, subject: Subject) -> float:
        if subject.name in self._over:
            return 1.0
        planned = self._repeat * len(self.scenarios_of(subject))
        return min(1.0, self._made.get(subject.name, 0) / max(1, planned))

    def scenarios_of(self, subject: Subject) -> list[str]:
        """Those that are to show it first."""
        known = self._scenarios[subject.dialect]
        return sorted(known, key=lambda stem: subject.shown_by.index(stem) if stem in subject.shown_by else len(known))

    def _of(self, subject: Subject) -> Iterator[Trial]:
        names = self.scenarios_of(subject)
        for number in range(1, self._repeat + 1):
            for name in names:
                if self._first and self.is_caught(subject, number):
                    break
                yield Trial(subject, name, number, self._seed + number - 1)
        if not subject.racy:
            return
        likely = [name for name in names if name in subject.shown_by] or names
        for number in range(self._repeat + 1, RACY_ROUNDS + 1):
            for name in likely:
                if any(self.is_caught(subject, earlier) for earlier in range(1, number + 1)):
                    return
                yield Trial(subject, name, number, self._seed + number - 1)

    def is_caught(self, subject: Subject, number: int) -> bool:
        """Has all that it breaks been seen broken in this round?"""
        return bool(subject.breaks) and self._broken.get((subject.name, number), set()).issuperset(subject.breaks)
