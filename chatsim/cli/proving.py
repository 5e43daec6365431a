"""Plays a selftest: all its trials side by side; then, alone, those whose outcome the machine may have made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from chatsim.report.confirm import absences, undecided, weighed
from chatsim.report.progress import gauge
from chatsim.selftest.schedule import Schedule, Seen, Trial, seen
from chatsim.selftest.shipped import shipped_scenarios
from chatsim.selftest.subjects import Subject

if TYPE_CHECKING:
    from chatsim.cli.progress import Progress
    from chatsim.jobs import Job
    from chatsim.profile.profile import Profile
    from chatsim.report.report import Run
    from chatsim.scenario.scenario import Scenario

__all__ = ["Proving"]


class Proving:
    """`results` has what came of each trial; after an interrupt, of those that were finished."""

    def __init__(
        self, subjects: Sequence[Subject], *, repeat: int, seed: int, first: bool, patience: float, jobs: int
    ) -> None:
        self._patience, self._jobs, self._first = patience, jobs, first
        self._scenarios = _scenarios()
        self._profiles = {name: _profile(name) for name in {subject.dialect for subject in subjects}}
        fitting = {name: self._fitting(profile) for name, profile in self._profiles.items()}
        self._schedule = Schedule(subjects, fitting, repeat=repeat, seed=seed, first=first)
        self._in_doubt: list[tuple[Trial, Run]] = []
        self._began = monotonic()
        self._all_asked = False
        self.results: dict[Trial, Seen] = {}
        self.interrupted = False

    def all(self, progress: Progress) -> None:
        try:
            self._side_by_side(progress)
            self._alone(progress)
        except KeyboardInterrupt:
            self.interrupted = True
            self._leave_out_what_is_in_doubt()
        finally:
            progress.clear()

    def _side_by_side(self, progress: Progress) -> None:
        from chatsim.jobs import Crew

        asked: list[Trial] = []
        progress.show(self._how_far(), self._how_far())
        crew: Crew[Run] = Crew(self._jobs)
        with crew:
            for number, run in crew.as_ready(self._asked_for(asked)):
                if not run.interrupted:
                    self._take(asked[number], run)
                    progress.show(self._how_far(), self._how_far())
                if self._first and self._all_asked and all(map(self._is_settled, asked)):
                    return  # and those that are still being played are called back

    def _is_settled(self, trial: Trial) -> bool:
        return trial in self.results or self._schedule.is_caught(trial.subject, trial.round)

    def _asked_for(self, asked: list[Trial]) -> Iterator[Job]:
        for trial in self._schedule.trials():
            asked.append(trial)
            yield self._job(trial)
        self._all_asked = True

    def _take(self, trial: Trial, run: Run) -> None:
        result = seen(trial, run)
        self.results[trial] = result
        self._schedule.took(result)
        in_doubt = undecided(run) or run.error is not None or (trial.subject.is_right and absences(run))
        if in_doubt and (trial.subject.is_right or not self._schedule.is_caught(trial.subject, trial.round)):
            self._in_doubt.append((trial, run))

    def _alone(self, progress: Progress) -> None:
        """What neighbours may have done. A right server is blamed only for what is so again, or remains unknown."""
        from chatsim.jobs import Crew

        asked: list[tuple[Trial, Run]] = []
        crew: Crew[Run] = Crew(1)
        with crew:
            for number, again in crew.as_ready(self._to_be_replayed(asked)):
                if again.interrupted:
                    continue
                trial, run = asked[number]
                result = seen(trial, weighed(run, again) if absences(run) else again, alone=True)
                self.results[trial] = result
                self._schedule.took(result)
                progress.show(f"replaying alone: {number + 1} of {len(self._in_doubt)} …")

    def _leave_out_what_is_in_doubt(self) -> None:
        """What was to be replayed, and was not, is not finished: nothing right is blamed for it."""
        for trial, _ in self._in_doubt:
            if not self.results[trial].alone:
                del self.results[trial]

    def _to_be_replayed(self, asked: list[tuple[Trial, Run]]) -> Iterator[Job]:
        for trial, run in self._in_doubt:
            if trial.subject.is_right or not self._schedule.is_caught(trial.subject, trial.round):
                asked.append((trial, run))
                yield self._job(trial)

    def _job(self, trial: Trial) -> Job:
        import shlex

        from chatsim.jobs import Job
        from chatsim.runs import Target, reference_server

        command, _ = reference_server(*trial.subject.arguments)
        scenario, profile = self._scenarios[trial.scenario], self._profiles[trial.subject.dialect]
        return Job(scenario, profile, Target(command=shlex.join(command)), trial.seed, self._patience)

    def _fitting(self, profile: Profile) -> list[str]:
        from chatsim.runs import why_not

        return [stem for stem, scenario in self._scenarios.items() if why_not(scenario, profile) is None]

    def _how_far(self) -> str:
        done = self._schedule.done
        told = f"{gauge(done)} · {len(self.results)} runs"
        spent = monotonic() - self._began
        if spent > 5 and done > 0.02:
            left = spent * (1 - done) / done
            told += f" · about {left:.0f} s left" if left < 90 else f" · about {left / 60:.0f} min left"
        return told


def _scenarios() -> Mapping[str, Scenario]:
    """By the stems of their files."""
    from chatsim.scenario.reader import load_scenario

    return {path.stem: load_scenario(str(path)) for path in shipped_scenarios()}


def _profile(name: str) -> Profile:
    """The built-in profile, for a reference server that is found wherever we are called."""
    from chatsim.profile.profile import Start
    from chatsim.profile.reader import load_profile
    from chatsim.runs import reference_server

    _, environment = reference_server()
    return replace(load_profile(name), start=Start(env=environment))
