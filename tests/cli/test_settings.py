"""What the command line leaves open is said by the environment, else by pyproject.toml, else by the option's default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatsim.cli.settings import known_settings, settings


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in os.environ:
        if name.startswith("CHATSIM_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def project(text: str, folder: str = ".") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "pyproject.toml").write_text(f"[tool.chatsim]\n{text}", encoding="utf-8")


def test_the_stronger_place_counts(call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def seed(*words: str) -> int:
        call("run", "scenarios/alpha.yaml", *words)
        return int(player.played[-1]["seed"])

    project("seed = 3")
    in_project = seed()
    monkeypatch.setenv("CHATSIM_SEED", "2")
    in_environment = seed()

    assert (in_project, in_environment, seed("--seed", "1")) == (3, 2, 1)


def test_each_kind_of_value_is_read_from_both_places(call: Any, scenarios: Path, player: Any) -> None:
    project(
        'scenarios = ["scenarios"]\nkeyword = "alpha or beta"\nrepeat = 2\npatience = 3\nexit-first = true\nquiet = 1'
    )
    player.outcomes["alpha is dropped"] = ["passed", "failed"]

    called = call("run")

    assert [one["file"] for one in player.played] == ["scenarios/alpha.yaml"] * 2
    assert player.played[0]["patience"] == 3.0
    assert "Stopped at the first failure" in called.out


def test_the_environment_has_texts_for_all_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "CHATSIM_SCENARIOS": "a.yaml 'b c.yaml'",
        "CHATSIM_EXIT_FIRST": "Yes",
        "CHATSIM_CONFIRM": "off",
        "CHATSIM_JOBS": "4",
        "CHATSIM_PATIENCE": "1.5",
        "CHATSIM_PROFILE": "relay",
        "CHATSIM_SERVER": "",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert settings("run", [], []) == {
        "scenarios": ["a.yaml", "b c.yaml"],
        "exit_first": True,
        "confirm": False,
        "jobs": 4,
        "patience": 1.5,
        "profile": "relay",
    }


def test_files_of_a_project_start_at_its_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project('scenarios = ["tests/a.yaml"]\nprofile = "chat.yaml"\njson = "-"')
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "pyproject.toml").write_text('[project]\nname = "x"  # chatsim', encoding="utf-8")
    monkeypatch.chdir(tmp_path / "deep" / "er")

    assert settings("run", [], []) == {
        "scenarios": ["../../tests/a.yaml"],
        "profile": "../../chat.yaml",
        "json": "-",
    }


def test_a_built_in_profile_is_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    project('profile = "relay"')
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    assert settings("run", [], []) == {"profile": "relay"}


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ([], {"server", "verbose"}),
        (["--connect", "h:1"], {"verbose"}),
        (["--connect=h:1"], {"verbose"}),
        (["-qq"], {"server"}),
        (["--quiet"], {"server"}),
        (["--server", "x", "-v"], {"server", "verbose"}),  # and Click takes what is typed
    ],
)
def test_who_says_the_one_does_not_mean_the_other(given: list[str], left: set[str]) -> None:
    project('server = "python s.py"\nverbose = 1')

    assert set(settings("run", given, [])) == left


def test_the_environment_displaces_rivals_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    project('server = "python s.py"')
    monkeypatch.setenv("CHATSIM_CONNECT", "h:1")

    assert settings("run", [], []) == {"connect": "h:1"}


def test_a_project_of_somebody_else_can_be_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    project('baseline = "forgives-all.json"\nnonsense = 1')
    monkeypatch.setenv("CHATSIM_PROJECT", "no")
    monkeypatch.setenv("CHATSIM_SEED", "1")

    assert settings("run", [], []) == {"seed": 1}


def test_colour_is_for_all_verbs_and_the_rest_for_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    project('color = "never"\njson = "r.json"')

    assert settings("check", [], ["json", "color"]) == {"color": "never"}
    assert settings("steps", [], ["name"]) == {}


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_with_its_place(
    call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(
        'jobs = "four"\n  "exit_first" = true\nrepeat = 0\nscenarios = "x"\npatience = true\n[tool.other]\nsed = 1\n'
    )
    monkeypatch.setenv("CHATSIM_PROFILES", "x")
    monkeypatch.setenv("CHATSIM_CONFIRM", "perhaps")
    monkeypatch.setenv("CHATSIM_SCENARIOS", "'open")

    called = call("run", "scenarios")

    assert called.code == 2
    assert player.played == []
    assert called.err.splitlines() == [
        "pyproject.toml:2:1",
        '  jobs = "four"',
        "  ^^^^ `jobs` is a whole number",
        "pyproject.toml:3:4",
        '    "exit_first" = true',
        "     ^^^^^^^^^^ there is no setting `exit_first`",
        'Did you mean "exit-first"?',
        "pyproject.toml:4:1",
        "  repeat = 0",
        "  ^^^^^^ `repeat` is at least 1",
        "pyproject.toml:5:1",
        '  scenarios = "x"',
        "  ^^^^^^^^^ `scenarios` is a list of texts",
        "pyproject.toml:6:1",
        "  patience = true",
        "  ^^^^^^^^ `patience` is a number",
        "environment: CHATSIM_CONFIRM is yes or no, and not perhaps",
        "environment: there is no setting CHATSIM_PROFILES",
        'Did you mean "CHATSIM_PROFILE"?',
        "environment: CHATSIM_SCENARIOS is a list of texts, split as by a shell (no closing quotation), and not 'open",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[tool.chatsim]\nseed = \n", "pyproject.toml is no TOML: "),
        ("[tool.chatsim\n", "pyproject.toml is no TOML"),
        ("[tool]\nchatsim = 3\n", "pyproject.toml: `tool.chatsim` is no section"),
        ("[tool.x]\nsed = 1\n[tool.chatsim]\nsed = 1\n", "pyproject.toml:4:1\n"),
        ("tool = {chatsim = {sed = 3}}\n", "pyproject.toml: there is no setting `sed`"),
        ('["tool" . "chatsim"]\nsed = 3\n', "pyproject.toml:2:1\n"),
        ("tool.chatsim.sed = 3\n", "pyproject.toml: there is no setting `sed`"),
    ],
)
def test_a_file_that_can_not_be_read_is_told(call: Any, scenarios: Path, player: Any, text: str, why: str) -> None:
    Path("pyproject.toml").write_text(text, encoding="utf-8")

    called = call("run", "scenarios")

    assert called.code == 2
    assert why in called.err


@pytest.mark.parametrize("data", [b"", b"[project]\nname = chatsim", b"\xff\xfe chatsim", b"[tool.chatsims]\nx = 1\n"])
def test_a_project_that_says_nothing_of_settings_is_left_alone(
    call: Any, scenarios: Path, player: Any, data: bytes
) -> None:
    Path("pyproject.toml").write_bytes(data)

    assert call("run", "scenarios").code == 0


def test_help_is_there_whatever_is_wrong(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATSIM_NONSENSE", "1")

    assert call("run", "--help").code == 0
    assert call("steps").code == 0


def test_every_option_of_run_is_a_setting_but_what_is_done_once() -> None:
    from chatsim.cli.main import _command

    parameters = {parameter.name for parameter in _command("run").params}

    assert {setting.parameter for setting in known_settings().values()} == parameters - {
        "update_baseline",
        "watch",
        "help",
    }
