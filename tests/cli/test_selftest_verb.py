"""`chatsim selftest`, for real on one fault, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.report.report import Run
from chatsim.selftest.shipped import shipped_scenarios

FAULT = "echoes-to-the-sender"


def test_one_fault_is_caught_by_what_it_breaks(call: Any, tmp_path: Path) -> None:
    report = tmp_path / "selftest.json"
    called = call("selftest", "--only", FAULT, "--only", "right-echo", "--first", "--json", str(report))

    plain = json.loads(report.read_text())
    rows = {row["name"]: row for row in plain["rows"]}
    assert rows[FAULT]["outcome"] == "caught"
    assert [run["failed"].get("echo") for run in rows[FAULT]["runs"]][-1] == "proof"
    assert rows["right-echo"]["outcome"] == "quiet"
    assert rows["right-echo"]["runs"]
    assert plain["proved"] is True
    assert f"caught       {FAULT}" in called.out
    assert "1 of 1 fault caught by what they break · 0 of 1 right server blamed" in called.out
    assert called.code == 0


def test_a_fault_that_does_not_show_in_what_is_played_is_missed(
    call: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dull = tmp_path / "dull.yaml"
    dull.write_text('scenario: "nobody speaks"\nbots: [ann, bob]\nsteps:\n  - join: everyone\ncheck: [join-notice]\n')
    monkeypatch.setattr("chatsim.cli.proving.shipped_scenarios", lambda: [dull])
    called = call("selftest", "--only", FAULT, "-q")

    assert "MISSED" in called.out
    assert "not seen: echo" in called.out
    assert called.code == 1


class AllAtOnce:
    """Stands in for a crew that has somebody for each job, and of which only the first ever comes back."""

    def __init__(self, size: int) -> None:
        pass

    def __enter__(self) -> AllAtOnce:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def as_ready(self, wanted: Iterable[Any]) -> Iterator[tuple[int, Run]]:
        given = list(wanted)
        if given:
            failed = Verdict("echo", Outcome.FAILED, evidence=Evidence.PROOF, exercised=1)
            job = given[0]
            yield 0, Run(job.scenario.name, "", 1, "relay", "a server", Outcome.FAILED, verdicts=(failed,))
            raise AssertionError("the others were waited for")


@pytest.mark.parametrize("quick", [True, False])
def test_quick_means_that_nobody_waits_for_what_can_show_nothing_more(
    call: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick: bool
) -> None:
    files = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for file in files:
        file.write_text('scenario: "two talk"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {ann: hi}\n')
    monkeypatch.setattr("chatsim.cli.proving.shipped_scenarios", lambda: files)
    monkeypatch.setattr("chatsim.jobs.Crew", AllAtOnce)
    called = call("selftest", "--only", FAULT, "-q", *(["--first"] if quick else []))

    assert called.code == (0 if quick else 5)
    assert ("the others were waited for" in called.err) is not quick


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--only", "echos-to-the-sender"], f'Did you mean "{FAULT}"?'),
        (["-k", "no such server"], "matches no server"),
        (["-k", "("], "something is missing"),
        (["--patience", "0"], "--patience 0"),
        (["--json", "nowhere/s.json"], "there is no folder nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_played(call: Any, words: list[str], why: str) -> None:
    called = call("selftest", *words)

    assert why in called.err
    assert called.code == 2


def test_the_scenarios_of_the_checkout_are_those_that_are_shipped() -> None:
    folder = Path(__file__).parents[2] / "scenarios"

    assert shipped_scenarios() == sorted(folder.glob("*.yaml")) != []


def test_an_installed_chatsim_has_them_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "chatsim" / "shipped").mkdir(parents=True)
    inside = tmp_path / "chatsim" / "shipped" / "lobby.yaml"
    inside.touch()
    monkeypatch.setattr("chatsim.selftest.shipped.HERE", tmp_path / "chatsim")

    assert shipped_scenarios() == [inside]
