"""A scenario as a test item: collected from its file, played, and told as on the console."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.errors import ChatsimError
from chatsim.pytest_plugin.subjects import replay_of, seed_of, server_of, shown
from chatsim.pytest_plugin.telling import Told, steps_of
from chatsim.report.confirm import doubtful, undecided, weighed
from chatsim.report.report import Run
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

__all__ = ["ScenarioFile", "ScenarioItem"]

LONGEST_NAME = 100  # characters


class ScenarioFile(pytest.File):
    """One file, one scenario."""

    def collect(self) -> Iterable[ScenarioItem]:
        file = shown(self.path, self.config)
        try:
            scenario = read_scenario(self.path.read_bytes(), file)
        except OSError as problem:
            raise self.CollectError(f"{file} could not be read: {problem.strerror or problem}") from None
        except ChatsimError as problem:
            raise self.CollectError(str(problem)) from None
        item: ScenarioItem = ScenarioItem.from_parent(self, name=_name(scenario), scenario=scenario)
        yield item


def _name(scenario: Scenario) -> str:
    """Its claim. What has a meaning in the id of a test is left out."""
    name = " ".join(scenario.name.replace("::", ":").replace("[", "(").replace("]", ")").split())
    printable = "".join(character for character in name if character.isprintable())
    return printable if len(printable) <= LONGEST_NAME else printable[: LONGEST_NAME - 1] + "…"


class NotPassedError(Exception):
    """The run did not pass; what it says is told by `repr_failure`."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.scenario)
        self.run = run


class ScenarioItem(pytest.Item):
    """One scenario. Passed, failed, or skipped where this profile can not play it."""

    def __init__(self, *, scenario: Scenario, **others: Any) -> None:
        super().__init__(**others)
        self.scenario = scenario
        self.add_marker("chatsim")

    def runtest(self) -> None:
        run = self._settled(self._play())
        if run.interrupted:
            raise KeyboardInterrupt
        if run.history is not None and (steps := steps_of(run.history)):
            self.add_report_section("call", "steps", steps)
        if run.error is None and run.outcome is Outcome.NOT_APPLICABLE:
            raise pytest.skip.Exception(run.why, _use_item_location=True)
        if run.error is None and run.outcome is Outcome.INCONCLUSIVE:
            if self.config.getini("chatsim_inconclusive") == "skip":
                raise pytest.skip.Exception(f"inconclusive: {_why_inconclusive(run)}", _use_item_location=True)
            raise NotPassedError(run)
        if run.error is not None or run.outcome is not Outcome.PASSED:
            raise NotPassedError(run)

    def _play(self) -> Run:
        from chatsim import runs

        server = server_of(self.config)
        seed = seed_of(self.config, self.scenario.seed)
        return runs.run(
            self.scenario,
            server.spoken,
            server.target,
            seed=seed,
            patience=server.patience,
            replay=replay_of(self, seed),
        )

    def _settled(self, run: Run) -> Run:
        """Where others are played beside it, what came of waiting alone is played again; so is what a busy machine has
        spoilt. It is no longer than one more run, and nobody is blamed for it."""
        beside = hasattr(self.config, "workerinput")
        if run.interrupted or not (undecided(run) or (beside and (doubtful(run) or run.error is not None))):
            return run
        again = self._play()
        if again.interrupted:
            raise KeyboardInterrupt
        return weighed(run, again, alone=not beside) if doubtful(run) else again

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, NotPassedError):
            line = self.scenario.place.line if self.scenario.place is not None else 1
            verbosity = self.config.get_verbosity()
            return Told(excinfo.value.run, shown(self.path, self.config), line, verbosity)
        if isinstance(excinfo.value, ChatsimError | pytest.fail.Exception):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        place = self.scenario.place
        return self.path, place.line - 1 if place is not None else None, self.name


def _why_inconclusive(run: Run) -> str:
    unclear = [verdict for verdict in run.verdicts if verdict.outcome is Outcome.INCONCLUSIVE]
    return "; ".join(f"{verdict.property}: {verdict.summary}" for verdict in unclear) or "nothing was put to the test"
