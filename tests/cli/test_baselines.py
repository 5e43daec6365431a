"""`--baseline F` and `--update-baseline`: a file that is compared with, and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def kept() -> dict[str, str]:
    """What the baseline has of each scenario."""
    return {run["file"]: run["outcome"] for run in json.loads(Path("b.json").read_text(encoding="utf-8"))["runs"]}


def test_what_is_kept_as_wrong_is_forgiven_and_what_gets_worse_is_not(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes = {"alpha is dropped": ["failed"], "beta is reset": ["passed", "failed"]}

    first = call("run", "scenarios", "--baseline", "b.json", "--update-baseline")
    second = call("run", "scenarios", "-k", "alpha", "--baseline", "b.json")
    third = call("run", "scenarios", "--baseline", "b.json")

    assert (first.code, second.code, third.code) == (0, 0, 1)
    assert "The baseline b.json is written." in first.out
    assert "Against the baseline b.json: nothing got worse, 1 was known." in second.out
    assert "2 scenarios of it were not played this time." in second.out
    assert "WORSE     delivery  scenarios/beta.yaml: passed before, failed now" in third.out
    assert kept()["scenarios/beta.yaml"] == "passed"


def test_a_renewal_takes_over_what_was_played_and_keeps_the_rest(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes = {"beta is reset": ["passed", "failed"]}
    call("run", "scenarios", "--baseline", "b.json", "--update-baseline")

    renewed = call("run", "scenarios", "-k", "beta", "--baseline", "b.json", "--update-baseline")

    assert renewed.code == 0
    assert "WORSE     delivery  scenarios/beta.yaml" in renewed.out
    assert "The baseline b.json is renewed." in renewed.out
    assert kept() == {
        "scenarios/alpha.yaml": "passed",
        "scenarios/more/gamma.yaml": "passed",
        "scenarios/beta.yaml": "failed",
    }


@pytest.mark.parametrize(
    ("outcome", "words", "code", "why"),
    [
        ("interrupted", (), 130, "the runs were interrupted"),
        ("server-error", (), 4, "not every scenario could be played"),
        ("failed", ("-x",), 1, "the runs stopped at the first failure"),
    ],
)
def test_what_is_not_whole_is_not_kept(
    call: Any, scenarios: Path, player: Any, outcome: str, words: tuple[str, ...], code: int, why: str
) -> None:
    player.outcomes = {"beta is reset": ["passed", outcome]}
    call("run", "scenarios", "--baseline", "b.json", "--update-baseline")
    before = Path("b.json").read_bytes()

    called = call("run", "scenarios", "--baseline", "b.json", "--update-baseline", *words)

    assert called.code == code
    assert f"The baseline b.json is left as it was: {why}." in called.out
    assert Path("b.json").read_bytes() == before


def test_a_first_one_that_is_not_whole_is_not_written(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes = {"beta is reset": ["server-error"]}

    called = call("run", "scenarios", "--baseline", "b.json", "--update-baseline")

    assert called.code == 4
    assert "The baseline b.json is not written: not every scenario could be played." in called.out
    assert not Path("b.json").exists()


def test_a_report_for_programs_is_a_baseline_too(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes = {"beta is reset": ["failed"]}
    call("run", "scenarios", "--json", "b.json")

    assert call("run", "scenarios", "--baseline", "b.json", "--json", "b.json").code == 0  # read before, written after


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--baseline", "none.json"), "there is no baseline none.json\n--update-baseline writes one."),
        (("--baseline", "scenarios/alpha.yaml"), "scenarios/alpha.yaml can not be compared with: it is no JSON"),
        (("--baseline", "scenarios"), "scenarios could not be read: Is a directory"),
        (("--baseline", "binary"), "binary can not be compared with: it is no text"),
        (("--update-baseline",), "--update-baseline needs to know which: --baseline F"),
        (("--baseline", "-", "--update-baseline"), "--baseline: standard output can not be kept"),
        (("--baseline", "no/b.json", "--update-baseline"), "--baseline: there is no folder no"),
        (("--baseline", "b.json", "--update-baseline", "--noise", "1"), "--noise 1 makes no sense"),
        (
            ("--baseline", "b.json", "--update-baseline", "--json", "b.json"),
            "--baseline and --json can not both be written into b.json",
        ),
    ],
)
def test_what_can_not_be_is_told_before_anything_is_played(
    call: Any, scenarios: Path, player: Any, words: tuple[str, ...], says: str
) -> None:
    Path("binary").write_bytes(b"\xff\xfe\x00")

    called = call("run", "scenarios", *words)

    assert called.code == 2
    assert says in called.err
    assert player.played == []


RECORDED = Path(__file__).parents[2] / "docs" / "example" / "cut-off.jsonl"


def test_recordings_are_compared_too(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    alone = call("check", str(RECORDED), "--json", "b.json")
    beside = call("check", str(RECORDED), "--baseline", "b.json")

    assert (alone.code, beside.code) == (1, 0)
    assert "nothing got worse, 1 was known." in beside.out
