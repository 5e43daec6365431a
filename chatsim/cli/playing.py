"""What `chatsim run` plays: one run after the other, or several side by side; and which of them are replayed alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chatsim.checks.verdict import Outcome
from chatsim.errors import UsageError
from chatsim.report.confirm import doubtful, unconfirmed, undecided, weighed
from chatsim.report.progress import Doing

if TYPE_CHECKING:
    from chatsim.jobs import Job
    from chatsim.profile.profile import Profile
    from chatsim.report.report import Run
    from chatsim.runs import Target
    from chatsim.scenario.scenario import Scenario

__all__ = ["Playing"]

DRAWN_BELOW = 1_000_000_000  # nine digits: seeds get typed again

Group = Callable[[], Iterable["Run"]]  # plays one scenario, or has played it: its runs, as they end


@dataclass
class Playing:
    """What is to be played; tells afterwards whether all of it was.

    `jobs` above 1: so many runs side by side. Their neighbours may have kept them waiting, so what came of waiting alone
    (an absence, a busy machine, a server that did not start) is played again when all others are over.
    `confirm`: each run that failed by an absence is replayed, whatever else was being played. `beside`: the server when it
    is not alone, if that is not `target` (its network is its own then, say).
    """

    scenarios: list[Scenario]
    profile: Profile
    target: Target
    seed: int | None
    repeat: int = 1
    patience: float = 1.0
    exit_first: bool = False
    jobs: int = 1
    confirm: bool = False
    beside: Target | None = None
    progress: Callable[[Doing], None] = lambda _: None
    interrupted: bool = False
    stopped: bool = False
    drawn: int = field(init=False)

    def __post_init__(self) -> None:
        from random import SystemRandom

        self.drawn = SystemRandom().randrange(DRAWN_BELOW)

    def groups(self) -> Iterator[Group]:
        """For each scenario a function that gives its runs."""
        if self.jobs > 1 and len(self.scenarios) * self.repeat > 1:
            for runs in _SideBySide(self).groups():
                yield lambda runs=runs: runs  # type: ignore[misc]
            return
        for scenario in self.scenarios:
            if self.interrupted or self.stopped:
                return
            yield lambda scenario=scenario: self._one_after_the_other(scenario)  # type: ignore[misc]

    def _one_after_the_other(self, scenario: Scenario) -> Iterator[Run]:
        for number in range(self.repeat):
            played = self.settled(scenario, self.play(scenario, number))
            yield played
            if played.interrupted:
                self.interrupted = True
                return
            if self.exit_first and is_bad(played):
                self.stopped = True
                return
            if is_hopeless(played):
                return

    def seed_of(self, scenario: Scenario, number: int) -> int:
        return next(seed for seed in (self.seed, scenario.seed, self.drawn) if seed is not None) + number

    def play(self, scenario: Scenario, number: int) -> Run:
        """Here and now, with nothing beside it."""
        from chatsim.runs import run

        seed = self.seed_of(scenario, number)
        return run(scenario, self.profile, self.target, seed=seed, patience=self.patience)

    def settled(self, scenario: Scenario, run: Run, *, beside: bool = False) -> Run:
        """The run, after the replays that it needs. `beside`: others were being played meanwhile."""
        number = run.seed - self.seed_of(scenario, 0)
        if beside and (undecided(run) or may_be_strain(run)):
            again = self.play(scenario, number)
            if again.interrupted:
                return replace(unconfirmed(run), interrupted=True)
            run, beside = again, False
        if doubtful(run) and not run.interrupted and (beside or self.confirm):
            self.progress(Doing(0, 0, words=f"{run.file}: seed {run.seed} failed; replaying it alone …"))
            run = weighed(run, self.play(scenario, number))
        return run


def is_bad(run: Run) -> bool:
    return run.error is not None or run.outcome is Outcome.FAILED


def is_hopeless(run: Run) -> bool:
    """It would be so again with each seed, each time after a wait."""
    return run.error is not None or run.outcome is Outcome.NOT_APPLICABLE


class _SideBySide:
    """Gives the runs of one scenario after the other, in their order, each as soon as nothing of it is in doubt."""

    def __init__(self, playing: Playing) -> None:
        self._playing = playing
        self._left = deque((s, n) for s in range(len(playing.scenarios)) for n in range(playing.repeat))
        self._runs: list[list[Run]] = [[] for _ in playing.scenarios]
        self._hopeless: set[int] = set()  # scenarios
        self._settled: set[tuple[int, int]] = set()  # runs that were in doubt: which of which scenario
        self._given = 0  # scenarios

    def groups(self) -> Iterator[list[Run]]:
        try:
            while self._left and not self._playing.stopped:
                yield from self._play()
            for s in range(self._given, len(self._runs)):
                if not self._playing.interrupted:
                    self._settle_all(s)
        except KeyboardInterrupt:
            self._playing.interrupted = True
        for s in range(self._given, len(self._runs)):
            if self._runs[s]:
                yield [self._told(s, index) for index in range(len(self._runs[s]))]

    def _told(self, s: int, index: int) -> Run:
        """After an interrupt there is no replay of what is in doubt: then nobody fails for it."""
        run = self._runs[s][index]
        return run if (s, index) in self._settled or not self._playing.interrupted else unconfirmed(run)

    def _play(self) -> Iterator[list[Run]]:
        """Until all is played; or, if the first failure is to be the last, until there is one."""
        from chatsim.jobs import Crew

        asked: list[tuple[int, int]] = []
        crew: Crew[Run] = Crew(self._playing.jobs)
        with crew:
            for number, run in crew.in_order(self._jobs(asked)):
                s, _ = asked[number]
                if s in self._hopeless:
                    continue
                self._take(s, run)
                if self._playing.exit_first and is_bad(run):
                    break
                yield from self._finished()
            else:
                return
        self._left.extendleft(reversed(asked[number + 1 :]))  # they were called back
        self._settle(s, len(self._runs[s]) - 1)
        self._playing.stopped = is_bad(self._runs[s][-1])

    def _jobs(self, asked: list[tuple[int, int]]) -> Iterator[Job]:
        from chatsim.jobs import Job

        playing = self._playing
        while self._left:
            s, n = self._left.popleft()
            if s not in self._hopeless:
                asked.append((s, n))
                scenario = playing.scenarios[s]
                seed = playing.seed_of(scenario, n)
                yield Job(scenario, playing.profile, playing.beside or playing.target, seed, playing.patience)

    def _take(self, s: int, run: Run) -> None:
        self._runs[s].append(run)
        self._playing.interrupted |= run.interrupted
        if is_hopeless(run):
            self._hopeless.add(s)
        done = [run for runs in self._runs for run in runs]
        total = len(self._runs) * self._playing.repeat
        self._playing.progress(Doing(len(done), total, sum(map(is_bad, done)), run.file))

    def _finished(self) -> Iterator[list[Run]]:
        """The scenarios next in turn of which all runs are there, and none is in doubt."""
        while self._given < len(self._runs) and self._is_finished(self._given):
            yield self._runs[self._given]
            self._given += 1

    def _is_finished(self, s: int) -> bool:
        runs = self._runs[s]
        if len(runs) < self._playing.repeat and s not in self._hopeless:
            return False
        return not any(is_in_doubt(run) and (s, index) not in self._settled for index, run in enumerate(runs))

    def _settle(self, s: int, index: int) -> None:
        """With nothing beside it, replay the run if it is in doubt."""
        runs = self._runs[s]
        if is_in_doubt(runs[index]) and (s, index) not in self._settled:
            runs[index] = self._playing.settled(self._playing.scenarios[s], runs[index], beside=True)
            self._settled.add((s, index))
            self._playing.interrupted |= runs[index].interrupted
            if not is_hopeless(runs[index]):
                self._hopeless.discard(s)

    def _settle_all(self, s: int) -> None:
        """And go on where the scenario was given up for what its neighbours did."""
        playing, runs = self._playing, self._runs[s]
        for index in range(len(runs)):
            if not playing.interrupted:
                self._settle(s, index)
        while runs and len(runs) < playing.repeat and not (self._is_over or is_hopeless(runs[-1])):
            runs.append(playing.settled(playing.scenarios[s], playing.play(playing.scenarios[s], len(runs))))
            playing.interrupted |= runs[-1].interrupted

    @property
    def _is_over(self) -> bool:
        return self._playing.stopped or self._playing.interrupted


def is_in_doubt(run: Run) -> bool:
    """May what was played beside it be the reason for what came of it?"""
    return bool(doubtful(run)) or undecided(run) or may_be_strain(run)


def may_be_strain(run: Run) -> bool:
    """An error that neighbours may have brought about. One in what somebody wrote is there without them."""
    return run.error is not None and not isinstance(run.error, UsageError)
