"""What ran and what came of it, as values; every renderer is a pure function of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.errors import ChatsimError
from chatsim.history import History
from chatsim.report.comparison import Comparison, Kind

__all__ = ["VALID_ENOUGH", "Report", "Reporter", "Run"]

VALID_ENOUGH = 0.8  # of the repeats of one scenario; with fewer, the whole is inconclusive (properties.md)


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario played once.

    `outcome` follows properties.md ("The outcome of a run"); NOT_APPLICABLE: it was not played, `why` tells the reason.
    `error`: the server could not be started, reached or spoken to (or chatsim itself failed): there are no verdicts then,
    but there may be a history. `interrupted`: what was finished is judged, nothing else is. `seen_again`: of each failure for
    which the run was replayed alone, whether the replay failed, too (where not, its verdict is inconclusive by now); null
    for one of which the replay was interrupted (inconclusive, too).
    """

    scenario: str
    file: str
    seed: int
    profile: str
    server: str
    outcome: Outcome
    duration_s: float = 0.0
    verdicts: tuple[Verdict, ...] = ()
    history: History | None = None
    why: str = ""
    error: ChatsimError | None = None
    interrupted: bool = False
    bot_words: Mapping[str, str] = field(default_factory=dict)  # bot -> the last it received, for failures
    server_words: Sequence[str] = ()  # the last lines that the server printed
    notes: Sequence[str] = ()  # e.g. nicknames that had to be changed
    seen_again: Mapping[str, bool | None] = field(default_factory=dict)
    replay: str = ""  # the command that plays this run again
    cut_off: bool = False  # the server looked for something that could not be reached from its network namespace


@dataclass(frozen=True, slots=True)
class Report:
    runs: tuple[Run, ...]
    repeat: int = 1  # how often each scenario was asked for
    stopped_early: bool = False  # -x
    interrupted: bool = False  # by Ctrl-C or SIGTERM; also between two runs
    began: float = 0.0  # seconds since 1970; 0: nobody looked at a clock
    ended: float = 0.0
    comparison: Comparison | None = None  # with a baseline, where one was given

    @property
    def ok(self) -> bool:
        """Would `chatsim run` end with exit code 0? All scenarios that could be played passed, and one could.

        Beside a baseline it is enough that nothing got worse.
        """
        if self.interrupted or any(run.interrupted for run in self.runs):
            return False
        played = [
            applicable
            for runs in self.scenarios()
            if (applicable := [run for run in runs if run.error or run.outcome is not Outcome.NOT_APPLICABLE])
        ]
        if self.comparison is not None:
            worse = self.comparison.of(Kind.WORSE, Kind.NEW, Kind.DOUBTFUL)
            return bool(played) and not worse and all(run.error is None for run in self.runs)
        bad = any(run.error is not None or run.outcome is Outcome.FAILED for run in self.runs)
        passed = (sum(run.outcome is Outcome.PASSED for run in runs) >= VALID_ENOUGH * len(runs) for runs in played)
        return bool(played) and not bad and all(passed)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """Of all runs, one after the other."""
        return tuple(verdict for run in self.runs for verdict in run.verdicts)

    @property
    def failures(self) -> tuple[Verdict, ...]:
        """The verdicts that say `failed`."""
        return tuple(verdict for verdict in self.verdicts if verdict.outcome is Outcome.FAILED)

    @property
    def histories(self) -> tuple[History, ...]:
        """What was recorded, a history a run; of a server that never started there is none."""
        return tuple(run.history for run in self.runs if run.history is not None)

    def __str__(self) -> str:
        """As the console tells it, in a hundred columns and without colours."""
        from chatsim.report.text import render  # here alone: whatever tells a report is made of this file

        return render(self).rstrip("\n")

    def scenarios(self) -> list[tuple[Run, ...]]:
        """The runs, grouped: all repeats of one scenario together, in the order in which they were first played."""
        groups: dict[tuple[str, str, str], list[Run]] = {}
        for run in self.runs:
            groups.setdefault((run.file, run.scenario, run.profile), []).append(run)
        return [tuple(runs) for runs in groups.values()]


Reporter = Callable[[Report], str]
