"""What ran and what came of it, as values; every renderer is a pure function of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.errors import ChatsimError
from chatsim.history import History

__all__ = ["Report", "Reporter", "Run"]


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario played once.

    `outcome` follows properties.md ("The outcome of a run"); NOT_APPLICABLE: it was not played, `why` tells the reason.
    `error`: the server could not be started, reached or spoken to (or chatsim itself failed): there are no verdicts then,
    but there may be a history. `interrupted`: what was finished is judged, nothing else is. `seen_again`: of each absence for
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


@dataclass(frozen=True, slots=True)
class Report:
    runs: tuple[Run, ...]
    repeat: int = 1  # how often each scenario was asked for
    stopped_early: bool = False  # -x
    interrupted: bool = False  # by Ctrl-C or SIGTERM; also between two runs

    def scenarios(self) -> list[tuple[Run, ...]]:
        """The runs, grouped: all repeats of one scenario together, in the order in which they were first played."""
        groups: dict[tuple[str, str, str], list[Run]] = {}
        for run in self.runs:
            groups.setdefault((run.file, run.scenario, run.profile), []).append(run)
        return [tuple(runs) for runs in groups.values()]


Reporter = Callable[[Report], str]
