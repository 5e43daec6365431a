"""Calling the command line within the test's own process, with scenarios in a folder of the test's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.errors import ServerError
from chatsim.history import Header, History
from chatsim.report.report import Run


@dataclass(frozen=True)
class Called:
    code: int
    out: str
    err: str


Call = Callable[..., Called]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """`call("run", "a.yaml")`: the exit code and what was printed."""
    from chatsim.cli.main import _guarded

    def calling(*words: str) -> Called:
        monkeypatch.setattr(sys, "argv", ["chatsim", *words])
        capsys.readouterr()
        code = _guarded()
        printed = capsys.readouterr()
        return Called(code, printed.out, printed.err)

    return calling


@dataclass
class Player:
    """Stands in for `chatsim.runs`: notes what it was asked to play, and gives the outcomes it was told to give."""

    played: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, list[str]] = field(default_factory=dict)  # of a scenario, in turn; the last one for ever
    interrupt_at: int | None = None

    def run(self, scenario: Any, profile: Any, target: Any, *, seed: int, patience: float) -> Run:
        number = len(self.played) + 1
        if self.interrupt_at == number:
            raise KeyboardInterrupt
        self.played.append(
            {"file": scenario.file, "profile": profile.name, "target": target, "seed": seed, "patience": patience}
        )
        outcomes = self.outcomes.get(scenario.name, ["passed"])
        mine = sum(one["file"] == scenario.file for one in self.played)
        return _run(scenario, profile, seed, outcomes[min(mine, len(outcomes)) - 1])


# Outcomes that say more: failed for what was waited for in vain, or by proof in too narrow a network; inconclusive for
# the machine's sake.
KNOWN = {
    "absence": Outcome.FAILED,
    "cut-off": Outcome.FAILED,
    "machine": Outcome.INCONCLUSIVE,
    "interrupted": Outcome.INCONCLUSIVE,
}


def _run(scenario: Any, profile: Any, seed: int, outcome: str) -> Run:
    history = History(Header(scenario=scenario.name, file=scenario.file, seed=seed, profile=profile.name))
    history.note(0.0, "connect", 0, bot="ann", nick="ann", number=1)
    history.note(0.1, "note", text="a lone half \udc80 of a pair")
    error = ServerError("it ended at once") if outcome == "server-error" else None
    known = KNOWN.get(outcome) or (Outcome.INCONCLUSIVE if error else Outcome(outcome))
    evidence = Evidence.ABSENCE if outcome == "absence" else None
    cause = Cause.MACHINE if outcome == "machine" else None
    verdict = Verdict("delivery", known, "so it was.", evidence=evidence, cause=cause, exercised=1)
    verdicts = () if error or known is Outcome.NOT_APPLICABLE else (verdict,)
    return Run(
        scenario.name,
        scenario.file,
        seed,
        profile.name,
        "a server",
        known,
        0.5,
        verdicts,
        history,
        error=error,
        interrupted=outcome == "interrupted",
        replay=f"chatsim run {scenario.file} --seed {seed}",
        cut_off=outcome == "cut-off",
    )


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    from chatsim import runs

    stage = Player()
    module = ModuleType("chatsim.runs")
    vars(module).update({**vars(runs), "run": stage.run})
    monkeypatch.setitem(sys.modules, "chatsim.runs", module)
    yield stage


class InTurn:
    """Stands in for a crew: takes as many jobs ahead as it has workers, and gives the runs in order."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def in_order(self, wanted: Iterable[Any]) -> Iterator[tuple[int, Run]]:
        ahead: list[Run] = []
        given = 0
        for job in wanted:
            ahead.append(job.play())
            if len(ahead) == self.size:
                yield given, ahead.pop(0)
                given += 1
        yield from enumerate(ahead, start=given)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Player:
    """What was played, in this order, also side by side: the workers are played by ourselves."""
    from chatsim import jobs, runs

    player = Player()
    monkeypatch.setattr(runs, "run", player.run)
    monkeypatch.setattr(jobs, "Crew", InTurn)
    return player


@pytest.fixture
def scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with three scenarios and a profile in `scenarios/`."""
    folder = tmp_path / "scenarios"
    (folder / "more").mkdir(parents=True)
    for name, claim in (("alpha", "alpha is dropped"), ("beta", "beta is reset"), ("more/gamma", "gamma leaves")):
        (folder / f"{name}.yaml").write_text(
            f'scenario: "{claim}"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n', encoding="utf-8"
        )
    (folder / "mine.yaml").write_text('profile: mine\nsays: "{text}"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return folder
