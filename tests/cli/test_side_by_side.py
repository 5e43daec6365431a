"""`chatsim run --jobs` and `--confirm`: what is replayed alone, and what is told of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chatsim import jobs
from chatsim.cli.progress import Progress
from chatsim.report.progress import Doing


def told(text: str) -> str:
    return " ".join(text.split())


def seeds(stage: Any) -> list[int]:
    return [one["seed"] for one in stage.played]


ALPHA, BETA = "alpha is dropped", "beta is reset"


# --- side by side -----------------------------------------------------------------------------------------------------


def test_scenarios_are_told_in_their_order_and_repeats_with_their_rate(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[BETA] = ["passed", "failed"]
    called = call("run", "scenarios", "-j", "3", "--repeat", "2", "--seed", "7")

    assert re.findall(r"scenarios/(?:more/)?(\w+)\.yaml ·", called.out) == ["alpha", "beta", "gamma"]
    assert "failed in 1 of 2 runs" in called.out
    assert seeds(stage) == [7, 8] * 3
    assert called.code == 1


@pytest.mark.parametrize("jobs_", ["1", "3"])
def test_progress_never_goes_back(
    call: Any, scenarios: Path, stage: Any, monkeypatch: pytest.MonkeyPatch, jobs_: str
) -> None:
    shown: list[Doing] = []
    monkeypatch.setattr(Progress, "tell", lambda _, doing: shown.append(doing))
    stage.outcomes[BETA] = ["failed"]

    call("run", "scenarios", "-j", jobs_, "--repeat", "3")

    done = [(doing.done, doing.bad) for doing in shown]
    assert done == sorted(done)
    assert (done[0], done[-1]) == ((0, 0) if jobs_ == "1" else (1, 0), (9, 3))
    assert {doing.total for doing in shown} == {9}


def test_proof_is_never_replayed(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["failed"]
    called = call("run", "scenarios", "-j", "2", "--confirm")

    assert len(stage.played) == 3
    assert called.code == 1


def test_an_absence_is_replayed_when_all_others_are_over_and_told_in_its_place(
    call: Any, scenarios: Path, stage: Any
) -> None:
    stage.outcomes[ALPHA] = ["absence"]
    called = call("run", "scenarios", "-j", "2", "--seed", "7")

    assert [Path(one["file"]).stem for one in stage.played] == ["alpha", "beta", "gamma", "alpha"]
    assert re.findall(r"scenarios/(?:more/)?(\w+)\.yaml ·", called.out) == ["alpha", "beta", "gamma"]
    assert "Seen again in a replay alone" in called.out
    assert called.code == 1


def test_an_absence_that_is_not_seen_again_is_inconclusive(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["absence", "passed"]
    called = call("run", "scenarios", "-j", "2", "--json", "r.json")

    assert "it was not seen again" in told(called.out)
    assert called.code == 3
    alpha = json.loads(Path("r.json").read_text())["runs"][0]
    assert alpha["outcome"] == "inconclusive"
    assert [(v["cause"], v["seen_again"]) for v in alpha["verdicts"]] == [("machine", False)]


@pytest.mark.parametrize(("first", "code"), [("machine", 0), ("server-error", 0), ("inconclusive", 3)])
def test_what_neighbours_may_have_done_is_played_again_and_the_replay_counts(
    call: Any, scenarios: Path, stage: Any, first: str, code: int
) -> None:
    stage.outcomes[ALPHA] = [first, "passed"]
    called = call("run", "scenarios", "-j", "2", "--seed", "7")

    assert called.code == code
    assert len(stage.played) == (4 if code == 0 else 3)


def test_a_scenario_given_up_for_what_its_neighbours_did_goes_on_alone(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["server-error", "passed"]
    called = call("run", "scenarios/alpha.yaml", "-j", "2", "--repeat", "4", "--seed", "7")

    assert "passed in 4 of 4 runs" in called.out
    assert called.code == 0


def test_x_looks_into_a_failure_in_doubt_before_it_stops(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["passed", "absence", "absence", "passed", "absence"]
    called = call("run", "scenarios/alpha.yaml", "-j", "1", "--repeat", "9", "-x", "--seed", "10")
    assert "first failure in run 2, seed 11" in called.out

    stage.played.clear()
    stage.outcomes[ALPHA] = ["passed", "absence", "passed", "passed"]
    called = call("run", "scenarios/alpha.yaml", "-j", "2", "--repeat", "9", "-x", "--seed", "10")

    assert seeds(stage)[:4] == [10, 11, 12, 11]  # 12 was under way, and is called back
    assert seeds(stage)[4:] == [12, 13, 14, 15, 16, 17, 18]
    assert "passed in 8 of 9 runs" in called.out
    assert "first failure" not in called.out
    assert called.code == 0


def test_x_stops_at_a_failure_that_is_seen_again(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["passed", "absence"]
    called = call("run", "scenarios", "-j", "2", "--repeat", "9", "-x", "--seed", "10", "--json", "r.json")

    assert "first failure in run 2, seed 11" in called.out
    assert "95 %" not in called.out
    assert BETA not in called.out
    plain = json.loads(Path("r.json").read_text())
    assert plain["stopped_early"] is True
    assert plain["rates"][0]["failed"][0]["interval"] is None
    assert called.code == 1


def test_x_in_the_very_last_run_gives_no_rate_either(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["passed", "failed"]
    called = call("run", "scenarios/alpha.yaml", "--repeat", "2", "-x", "--seed", "10")

    assert "first failure in run 2, seed 11" in called.out
    assert "95 %" not in called.out


def test_an_interrupt_tells_what_was_finished(call: Any, scenarios: Path, stage: Any) -> None:
    stage.interrupt_at = 3
    called = call("run", "scenarios", "-j", "1", "--repeat", "2")
    assert called.code == 130

    stage.played.clear()
    called = call("run", "scenarios", "-j", "2", "--repeat", "2")

    assert "Interrupted" in called.out
    assert ALPHA in called.out
    assert called.code == 130


@pytest.mark.parametrize("replay", ["not begun", "interrupted"])
def test_an_absence_whose_replay_is_interrupted_is_no_failure_yet(
    call: Any, scenarios: Path, stage: Any, replay: str
) -> None:
    stage.outcomes[ALPHA] = ["absence", replay]
    stage.outcomes[BETA] = ["absence"]
    if replay == "not begun":
        stage.interrupt_at = 4
    called = call("run", "scenarios", "-j", "2", "--json", "r.json")

    assert len(stage.played) == (3 if replay == "not begun" else 4)  # and beta is not replayed after that
    assert "FAILED" not in called.out
    assert told(called.out).count("This proves nothing yet") == 2
    runs = json.loads(Path("r.json").read_text())["runs"]
    assert [run["outcome"] for run in runs] == ["inconclusive", "inconclusive", "passed"]
    assert called.code == 130


def test_what_was_in_doubt_is_kept_if_its_replay_is_interrupted(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["machine", "interrupted"]
    called = call("run", "scenarios", "-j", "2", "--json", "r.json")

    alpha = json.loads(Path("r.json").read_text())["runs"][0]
    assert [verdict["cause"] for verdict in alpha["verdicts"]] == ["machine"]
    assert called.code == 130


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--connect", "127.0.0.1:5000"], "with --connect there is one server for all"),
        (["--server", "python server.py", "--no-isolate"], "write {port}"),
    ],
)
def test_on_one_port_runs_are_played_one_after_the_other_and_it_is_said(
    call: Any, scenarios: Path, stage: Any, monkeypatch: pytest.MonkeyPatch, words: list[str], why: str
) -> None:
    monkeypatch.delattr(jobs, "Crew")
    called = call("run", "scenarios", "-j", "4", "--profile", "lines", *words)

    assert why in called.err
    assert len(stage.played) == 3
    assert called.code == 0


# --- a network for each -----------------------------------------------------------------------------------------------


FIXED = ["--profile", "lines", "--server", "python server.py"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time it is found out whether there are network namespaces; the answers are given by the test, none: yes."""
    answers: list[str] = []
    monkeypatch.setattr("chatsim.server.own_network.refusal", lambda: answers.pop() if answers else "")
    return answers


def isolated(stage: Any) -> list[bool]:
    return [one["target"].isolated for one in stage.played]


def test_on_one_port_each_run_beside_others_has_a_network_of_its_own_and_it_is_said(
    call: Any, scenarios: Path, stage: Any, asked: list[str]
) -> None:
    called = call("run", "scenarios", "-j", "2", *FIXED)

    assert isolated(stage) == [True, True, True]
    assert told(called.err) == (
        "--jobs: the server chooses its port itself, so each is started in a network namespace of its own, from which "
        "nothing outside can be reached. --no-isolate plays one after the other, without."
    )


def test_a_replay_alone_is_on_the_machines_own_network(
    call: Any, scenarios: Path, stage: Any, asked: list[str]
) -> None:
    stage.outcomes[ALPHA] = ["absence"]
    stage.outcomes[BETA] = ["server-error", "passed"]
    called = call("run", "scenarios", "-j", "2", *FIXED)

    assert [(Path(one["file"]).stem, one["target"].isolated) for one in stage.played[3:]] == [
        ("alpha", False),
        ("beta", False),
    ]
    assert called.code == 1


@pytest.mark.parametrize(("again", "outcome", "code"), [("failed", "failed", 1), ("passed", "inconclusive", 3)])
def test_a_failure_of_one_who_had_been_cut_off_counts_if_it_is_seen_again_where_nobody_is(
    call: Any, scenarios: Path, stage: Any, asked: list[str], again: str, outcome: str, code: int
) -> None:
    stage.outcomes[ALPHA] = ["cut-off", again]
    called = call("run", "scenarios", "-j", "2", "--json", "r.json", *FIXED)
    [alpha] = [one for one in json.loads(Path("r.json").read_text())["runs"] if "alpha" in one["scenario"]]

    assert isolated(stage) == [True, True, True, False]
    assert (alpha["outcome"], called.code) == (outcome, code)


def test_without_namespaces_they_are_played_one_after_the_other_and_the_reason_is_said(
    call: Any, scenarios: Path, stage: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(jobs, "Crew")
    asked.append("making a namespace: operation not permitted")
    called = call("run", "scenarios", "-j", "2", *FIXED)

    assert isolated(stage) == [False, False, False]
    assert told(called.err) == (
        "--jobs: the server chooses its port itself, and there are no network namespaces to be had here: "
        "making a namespace: operation not permitted. So the runs are played one after the other. "
        "If it takes a port, write {port} where it stands in the command."
    )


@pytest.mark.parametrize(
    "words", [["-j", "2", "--profile", "lines", "--server", "python server.py {port}"], ["-j", "1", *FIXED]]
)
def test_nobody_asks_for_namespaces_who_needs_none(
    call: Any, scenarios: Path, stage: Any, asked: list[str], words: list[str]
) -> None:
    asked.append("it was asked")
    called = call("run", "scenarios", *words)

    assert isolated(stage) == [False, False, False]
    assert (asked, called.err) == (["it was asked"], "")


def test_who_asks_for_namespaces_has_them_in_every_run(
    call: Any, scenarios: Path, stage: Any, asked: list[str]
) -> None:
    stage.outcomes[ALPHA] = ["absence"]
    call("run", "scenarios", "--isolate", "--confirm", *FIXED)

    assert isolated(stage) == [True] * 4


def test_asked_for_where_there_are_none_nothing_is_played(
    call: Any, scenarios: Path, stage: Any, asked: list[str]
) -> None:
    asked.append("only Linux has them")
    called = call("run", "scenarios", "--isolate", *FIXED)

    assert called.err == (
        "--isolate: there are no network namespaces to be had here: only Linux has them\n"
        "They need Linux, and root or user namespaces, which containers and some systems refuse.\n"
    )
    assert (called.code, stage.played) == (2, [])


# --- --confirm --------------------------------------------------------------------------------------------------------


def test_confirm_replays_each_absence_with_its_own_seed(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["passed", "absence", "absence", "absence", "passed"]
    called = call("run", "scenarios/alpha.yaml", "--confirm", "--repeat", "3", "--seed", "7")

    assert seeds(stage) == [7, 8, 8, 9, 9]
    assert "failed in 1 of 2 runs" in called.out  # the third is inconclusive, and no evidence
    assert "first in run 2, seed 8" in told(called.out)
    assert called.code == 1


def test_without_confirm_nothing_is_replayed(call: Any, scenarios: Path, stage: Any) -> None:
    stage.outcomes[ALPHA] = ["absence", "passed"]
    called = call("run", "scenarios/alpha.yaml", "--seed", "7")

    assert seeds(stage) == [7]
    assert called.code == 1


# --- for real ---------------------------------------------------------------------------------------------------------


def test_the_same_text_whoever_played(call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two", "three"):
        Path(f"{name}.yaml").write_text(
            f'scenario: "{name}"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n  - chat: {{ann: hi}}\n'
        )
    alone, beside = (call("run", ".", "--seed", "7", "-q", *words) for words in ([], ["-j", "2"]))

    assert (beside.code, beside.out) == (alone.code, alone.out)
    assert alone.code == 0
