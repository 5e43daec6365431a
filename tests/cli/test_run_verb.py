"""`chatsim run`, with a stand-in for what plays scenarios."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from chatsim.history import History
from chatsim.report.report import Report


def test_a_folder_means_all_scenarios_below_it_sorted_and_no_profiles(call: Any, scenarios: Path, player: Any) -> None:
    called = call("run", "scenarios")

    assert [one["file"] for one in player.played] == [
        "scenarios/alpha.yaml",
        "scenarios/beta.yaml",
        "scenarios/more/gamma.yaml",
    ]
    assert called.code == 0
    assert "3 scenarios: 3 passed" in called.out


def test_a_file_that_is_named_twice_is_played_once(call: Any, scenarios: Path, player: Any) -> None:
    call("run", "scenarios/alpha.yaml", "scenarios/../scenarios/alpha.yaml", "scenarios/alpha.yaml")

    assert len(player.played) == 1


def test_without_a_server_the_reference_server_is_meant_in_the_dialect_lines(
    call: Any, scenarios: Path, player: Any
) -> None:
    call("run", "scenarios/alpha.yaml")

    (played,) = player.played
    assert played["profile"] == "lines"
    assert (played["target"].command, played["target"].address) == (None, None)


def test_the_options_of_the_server_reach_the_run(call: Any, scenarios: Path, player: Any) -> None:
    call("run", "scenarios/alpha.yaml", "--connect", "[::1]:5000", "--profile", "relay", "--patience", "2.5")
    call("run", "scenarios/alpha.yaml", "--server", "python s.py", "--profile", "scenarios/mine.yaml", "--seed", "7")

    first, second = player.played
    assert (first["target"].address, first["profile"], first["patience"]) == (("::1", 5000), "relay", 2.5)
    assert (second["target"].command, second["profile"], second["seed"]) == ("python s.py", "mine", 7)


def test_a_profile_that_the_reference_server_does_not_speak_needs_a_server(
    call: Any, scenarios: Path, player: Any
) -> None:
    alone = call("run", "scenarios/alpha.yaml", "--profile", "irc")
    named = call("run", "scenarios/alpha.yaml", "--profile", "irc", "--connect", "localhost:6667")

    assert (alone.code, named.code) == (2, 0)
    assert "the reference server does not speak irc" in alone.err
    assert "--connect HOST:PORT" in alone.err


@pytest.mark.parametrize(
    ("option", "said"),
    [(("--server", "python s.py"), "No such file"), (("--connect", "127.0.0.1:1"), "nobody answers")],
)
def test_a_server_without_a_profile_is_tried_first_and_one_that_is_not_there_is_told(
    call: Any, scenarios: Path, player: Any, option: tuple[str, str], said: str
) -> None:
    called = call("run", "scenarios/alpha.yaml", *option)

    assert called.code == 4
    assert "tried first" in called.err
    assert said in called.err


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_run(call: Any, scenarios: Path, player: Any) -> None:
    (scenarios / "wrong.yaml").write_text('scenario: "x"\nbots: [ann]\nsteps:\n  - jion: ann\n', encoding="utf-8")

    called = call(
        *("run", "scenarios", "scenarios/alfa.yaml", "--server", "x", "--connect", "y", "--profile", "relayy"),
        *("--patience", "0", "--json", "nowhere/r.json"),
    )

    assert called.code == 2
    assert not player.played
    for mistake in (
        "--server and --connect exclude each other",
        "y is not HOST:PORT",
        "scenarios/wrong.yaml:4:5",
        'Did you mean "join"?',
        "there is no file scenarios/alfa.yaml",
        "Did you mean scenarios/alpha.yaml?",
        "relayy",
        "--patience 0",
        "there is no folder nowhere",
    ):
        assert mistake in called.err


def test_a_profile_of_ones_own_that_tells_no_command_needs_a_server(call: Any, scenarios: Path, player: Any) -> None:
    called = call("run", "scenarios/alpha.yaml", "--profile", "scenarios/mine.yaml")

    assert called.code == 2
    assert "--server" in called.err
    assert not player.played


def test_k_chooses_by_words_of_the_name_or_the_file(call: Any, scenarios: Path, player: Any) -> None:
    call("run", "scenarios", "-k", "dropped or gamma and not beta")

    assert [one["file"] for one in player.played] == ["scenarios/alpha.yaml", "scenarios/more/gamma.yaml"]


def test_k_that_matches_nothing_names_what_there_is(call: Any, scenarios: Path, player: Any) -> None:
    called = call("run", "scenarios", "-k", "delta")

    assert called.code == 2
    assert "beta is reset" in called.err


def test_repeats_count_the_seed_up_and_tell_the_rate(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes["alpha is dropped"] = ["passed", "passed", "failed", "passed"]

    called = call("run", "scenarios/alpha.yaml", "--repeat", "5", "--seed", "10")

    assert [one["seed"] for one in player.played] == [10, 11, 12, 13, 14]
    assert "failed in 1 of 5 runs" in called.out
    assert "first in run 3, seed 12" in " ".join(called.out.split())
    assert called.code == 1


def test_x_stops_at_the_first_failure_of_all_scenarios(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes["alpha is dropped"] = ["passed", "failed"]

    called = call("run", "scenarios", "--repeat", "5", "-x", "--seed", "10")

    assert len(player.played) == 2
    assert "first failure in run 2, seed 11" in called.out
    assert "95 %" not in called.out


def test_a_drawn_seed_is_told_and_differs(call: Any, scenarios: Path, player: Any) -> None:
    called = [call("run", "scenarios/alpha.yaml", "-q") for _ in range(3)]

    seeds = [one["seed"] for one in player.played]
    assert len(set(seeds)) == 3
    assert all(f"seed {seed}" in one.out for seed, one in zip(seeds, called, strict=True))


def test_the_scenarios_own_seed_counts_unless_another_is_given(call: Any, scenarios: Path, player: Any) -> None:
    with (scenarios / "alpha.yaml").open("a", encoding="utf-8") as file:
        file.write("seed: 5\n")

    call("run", "scenarios/alpha.yaml")
    call("run", "scenarios/alpha.yaml", "--seed", "6")

    assert [one["seed"] for one in player.played] == [5, 6]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["passed", "passed", "passed"], 0),
        (["passed", "failed", "inconclusive"], 1),
        (["failed", "server-error", "passed"], 1),
        (["inconclusive", "server-error", "passed"], 4),
        (["passed", "inconclusive", "passed"], 3),
        (["passed", "not-applicable", "passed"], 0),
        (["not-applicable", "not-applicable", "not-applicable"], 3),
        (["passed", "interrupted", "failed"], 130),
    ],
)
def test_the_gravest_outcome_makes_the_exit_code(
    call: Any, scenarios: Path, player: Any, outcomes: list[str], code: int
) -> None:
    claims = ("alpha is dropped", "beta is reset", "gamma leaves")
    player.outcomes = {claim: [outcome] for claim, outcome in zip(claims, outcomes, strict=True)}

    assert call("run", "scenarios").code == code


@pytest.mark.parametrize(("unclear", "code"), [(1, 0), (2, 3)])
def test_repeats_are_inconclusive_only_if_fewer_than_80_percent_were_valid(
    call: Any, scenarios: Path, player: Any, unclear: int, code: int
) -> None:
    player.outcomes["alpha is dropped"] = ["inconclusive"] * unclear + ["passed"]

    assert call("run", "scenarios/alpha.yaml", "--repeat", "5").code == code


def test_a_server_that_can_not_be_started_is_not_tried_again_and_again(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes["alpha is dropped"] = ["server-error"]

    called = call("run", "scenarios/alpha.yaml", "--repeat", "50")

    assert len(player.played) == 1
    assert called.code == 4
    assert "It ended at once" in called.out


def test_after_an_interrupt_what_was_finished_is_reported(call: Any, scenarios: Path, player: Any) -> None:
    player.interrupt_at = 2

    called = call("run", "scenarios", "--json", "r.json", "--history", "h.jsonl")

    assert called.code == 130
    assert "alpha is dropped" in called.out
    assert "Interrupted" in called.out
    assert json.loads(Path("r.json").read_text())["interrupted"] is True
    assert Path("h-1.jsonl").exists()


def test_json_on_standard_output_has_it_for_itself(call: Any, scenarios: Path, player: Any) -> None:
    called = call("run", "scenarios", "--json", "-")

    assert len(json.loads(called.out)["runs"]) == 3
    assert "PASSED" in called.err


def test_a_history_is_written_whole_and_read_back(call: Any, scenarios: Path, player: Any) -> None:
    call("run", "scenarios/alpha.yaml", "--history", "h.jsonl", "--seed", "3")

    with Path("h.jsonl").open(encoding="utf-8") as file:
        history = History.read(file)
    assert history.header.seed == 3
    assert history[1].detail["text"] == "a lone half \udc80 of a pair"
    assert sorted(path.name for path in Path().iterdir()) == ["h.jsonl", "scenarios"]


def test_several_runs_number_their_histories(call: Any, scenarios: Path, player: Any) -> None:
    call("run", "scenarios", "--history", "h.v1.jsonl", "--repeat", "2")

    assert sorted(path.name for path in Path().glob("h*")) == [f"h.v1-{number}.jsonl" for number in range(1, 7)]


def test_a_fault_of_ours_is_one_line_and_no_traceback(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(sys.modules["chatsim.runs"], "run", broken)
    called = call("run", "scenarios/alpha.yaml")

    assert called.code == 5
    assert "ZeroDivisionError: oh" in called.err
    assert "Traceback" not in called.err

    monkeypatch.setenv("CHATSIM_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        call("run", "scenarios/alpha.yaml")


def test_a_line_is_written_as_soon_as_a_scenario_is_finished(call: Any, scenarios: Path, player: Any) -> None:
    seen: list[int] = []
    play = player.run

    def watched(*words: Any, **more: Any) -> Any:
        seen.append(len(Path("r.jsonl").read_text(encoding="utf-8").splitlines()))
        return play(*words, **more)

    sys.modules["chatsim.runs"].run = watched  # type: ignore[attr-defined]
    call("run", "scenarios", "--repeat", "2", "--jsonl", "r.jsonl")

    assert seen == [0, 0, 1, 1, 2, 2]
    lines = [json.loads(line) for line in Path("r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [[run["file"] for run in line["runs"]] for line in lines] == [
        ["scenarios/alpha.yaml"] * 2,
        ["scenarios/beta.yaml"] * 2,
        ["scenarios/more/gamma.yaml"] * 2,
    ]


def test_what_was_finished_is_written_after_an_interrupt(call: Any, scenarios: Path, player: Any) -> None:
    player.interrupt_at = 2

    called = call("run", "scenarios", "--json", "r.json", "--jsonl", "r.jsonl", "--junitxml", "r.xml")

    assert called.code == 130
    assert json.loads(Path("r.json").read_text(encoding="utf-8"))["interrupted"] is True
    assert len(Path("r.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert "Interrupted: what had been finished is told" in Path("r.xml").read_text(encoding="utf-8")


def test_what_was_finished_is_written_when_chatsim_itself_fails(call: Any, scenarios: Path, player: Any) -> None:
    play = player.run

    def breaks(scenario: Any, *words: Any, **more: Any) -> Any:
        if "beta" in scenario.file:
            raise RuntimeError("a fault of ours")
        return play(scenario, *words, **more)

    sys.modules["chatsim.runs"].run = breaks  # type: ignore[attr-defined]
    called = call("run", "scenarios", "--json", "r.json")

    told = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert called.code == 5
    assert "a fault of ours" in called.err
    assert (told["interrupted"], [run["file"] for run in told["runs"]]) == (True, ["scenarios/alpha.yaml"])


def test_no_two_files_are_written_into_one_place(call: Any, scenarios: Path, player: Any) -> None:
    same = call("run", "scenarios", "--json", "r.out", "--junitxml", "scenarios/../r.out")
    both = call("run", "scenarios", "--jsonl", "-", "--history", "-")
    nowhere = call("run", "scenarios", "--json", "/dev/null", "--junitxml", "/dev/null", "-q")

    assert (same.code, both.code, nowhere.code) == (2, 2, 0)
    assert "--json and --junitxml can not both be written into scenarios/../r.out" in same.err
    assert "--jsonl and --history can not both go to standard output" in both.err
    assert len(player.played) == 3


@pytest.mark.parametrize("path", ["scenarios/alpha.yaml", "scenarios/../scenarios/mine.yaml"])
def test_what_somebody_has_written_is_not_written_over(call: Any, scenarios: Path, player: Any, path: str) -> None:
    before = Path(path).read_bytes()

    called = call("run", "scenarios", "--profile", "scenarios/mine.yaml", "--json", path)

    assert called.code == 2
    assert f"--json: {path} is read here, and would be written over" in called.err
    assert Path(path).read_bytes() == before
    assert player.played == []


def test_ctrl_c_while_a_file_is_written_gives_up_that_file_alone(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Report) -> str:
        raise KeyboardInterrupt

    Path("r.json").write_text("of yesterday", encoding="utf-8")
    monkeypatch.setattr("chatsim.report.json.render", interrupted)

    called = call("run", "scenarios", "--json", "r.json", "--tap", "r.tap")

    assert called.code == 130
    assert Path("r.json").read_text(encoding="utf-8") == "of yesterday"
    assert Path("r.tap").read_text(encoding="utf-8").count("\nok ") == 3
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["r.json", "r.tap"]


# --- in a workflow of GitHub -----------------------------------------------------------------------------------------


def test_on_github_the_code_is_annotated_and_the_step_summed_up(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    player.outcomes["beta is reset"] = ["failed"]
    (tmp_path / "summary.md").write_text("what others said\n", encoding="utf-8")
    for name, value in (
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", "summary.md"),
        ("GITHUB_WORKSPACE", str(tmp_path.parent)),
    ):
        monkeypatch.setenv(name, value)

    called = call("run", "scenarios")

    (command,) = [line for line in called.out.splitlines() if line.startswith("::")]
    summary = Path("summary.md").read_text(encoding="utf-8")
    assert command.startswith(f"::error file={tmp_path.name}/scenarios/beta.yaml,title=delivery%3A failed")
    assert summary.startswith("what others said\n## chatsim: 1 failed, 2 passed\n")


def test_on_github_a_server_can_not_command_the_runner(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    player.outcomes["beta is reset"] = ["failed"]
    from dataclasses import replace

    play = player.run

    def prints(*words: Any, **more: Any) -> Any:
        return replace(play(*words, **more), server_words=("::add-mask::a", "x ##[add-mask]b"))

    sys.modules["chatsim.runs"].run = prints  # type: ignore[attr-defined]
    called = call("run", "scenarios/beta.yaml")
    as_json = call("run", "scenarios/beta.yaml", "--json", "-")

    assert "\\x3a:add-mask::a" in called.out
    assert [line for line in called.out.splitlines() if line.lstrip().startswith("::add")] == []
    assert "##[" not in called.out + as_json.out + as_json.err
    assert json.loads(as_json.out)["runs"][0]["server_words"][1] == "x ##[add-mask]b"
    assert "::error" in as_json.err


def test_the_summary_leaves_room_for_what_others_wrote(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    player.outcomes = {"alpha is dropped": ["failed"], "beta is reset": ["failed"]}
    Path("summary.md").write_text("x" * (1024 * 1024 - 1200), encoding="utf-8")

    call("run", "scenarios")

    size = Path("summary.md").stat().st_size
    assert 1024 * 1024 - 1200 < size < 1024 * 1024
    assert "left out here: GitHub shows 1 MiB." in Path("summary.md").read_text(encoding="utf-8")


def test_a_summary_that_can_not_be_written_changes_nothing(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "nowhere/summary.md")

    called = call("run", "scenarios")

    assert called.code == 0
    assert "The summary of this step could not be written: No such file or directory" in called.err


def test_elsewhere_there_are_no_annotations(call: Any, scenarios: Path, player: Any) -> None:
    player.outcomes["beta is reset"] = ["failed"]

    assert "::error" not in call("run", "scenarios").out


# --- colours ---------------------------------------------------------------------------------------------------------


def test_colours_can_be_asked_for_and_forbidden(call: Any, scenarios: Path, player: Any) -> None:
    always = call("run", "scenarios/alpha.yaml", "--color", "always")
    never = call("run", "scenarios/alpha.yaml", "--colour", "never")
    wrong = call("run", "scenarios/alpha.yaml", "--color", "alway")

    assert "\x1b[1;32mPASSED\x1b[0m" in always.out
    assert "\x1b" not in never.out
    assert wrong.code == 2
    assert '--color alway makes no sense\nDid you mean "always"?' in wrong.err
