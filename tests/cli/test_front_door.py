"""The program as a whole, as a shell calls it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatsim.cli.exit_codes import EXIT_CODES
from chatsim.cli.main import VERBS, _command

CHATSIM = [sys.executable, "-m", "chatsim"]
ROOT = Path(__file__).parents[2]


def shell(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CHATSIM, *words], capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environment}, timeout=30
    )


def imported_by(*words: str) -> set[str]:
    """The modules that a call imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "chatsim", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
    )
    assert done.returncode == 0
    return {line.rpartition("|")[2].strip() for line in done.stderr.split("\n")}


def test_help_imports_no_verb_and_nothing_heavy() -> None:
    imported = imported_by("--help")

    assert not imported & {"rich", "pydantic", "yaml", "faker", "psutil", "numpy", "socket", "jsonschema", "click"}
    ours = {name for name in imported if name.startswith("chatsim")}
    assert ours == {
        "chatsim",
        "chatsim._version",
        "chatsim.cli",
        "chatsim.cli.main",
        "chatsim.cli.exit_codes",
        "chatsim.cli.plain_values",
        "chatsim.errors",
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_help_imports_nothing_heavy_either(verb: str) -> None:
    imported = imported_by(verb, "--help")

    assert not imported & {"rich", "pydantic", "yaml", "faker", "psutil", "numpy", "jsonschema", "chatsim.history"}


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_of_verbs_says_what_the_verb_says_of_itself(verb: str) -> None:
    first = _command(verb).help.split("\n")[0]

    assert first == VERBS[verb] or first.startswith(VERBS[verb].rstrip("."))


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_says_what_it_does(verb: str) -> None:
    mute = [option.name for option in _command(verb).params if not option.help]

    assert not mute


def test_the_exit_codes_stand_in_help() -> None:
    for words in (("--help",), ("run", "--help"), ("check", "--help")):
        told = shell(*words).stdout
        for code, meaning in EXIT_CODES.items():
            assert f"{code}  {meaning}" in told


def test_a_slip_in_the_verb_is_answered_with_the_nearest() -> None:
    done = shell("rnu")

    assert done.returncode == 2
    assert "'run'" in done.stderr


def test_a_reader_who_leaves_early_is_no_error() -> None:
    head = subprocess.Popen([*CHATSIM, "properties"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    assert head.stdout is not None and head.stderr is not None
    head.stdout.close()

    assert head.stderr.read() == b""
    assert head.wait(30) == 0
    head.stderr.close()


def test_a_terminal_without_utf8_gets_plain_letters() -> None:
    done = shell("steps", "chat", PYTHONIOENCODING="ascii", PYTHONUTF8="0")

    assert done.returncode == 0
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    "words", [("properties",), ("steps",), ("steps", "chat"), ("profiles",), ("profiles", "relay")]
)
def test_the_catalogues_tell_something_on_standard_output(words: tuple[str, ...], call: Any) -> None:
    called = call(*words)

    assert called.code == 0
    assert called.out.count("\n") > 3
    assert called.err == ""


@pytest.mark.parametrize(("words", "near"), [(("steps", "chta"), "chat"), (("properties", "fifo"), "fifo-order")])
def test_a_slip_in_a_catalogue_is_answered_with_the_nearest(words: tuple[str, ...], near: str, call: Any) -> None:
    called = call(*words)

    assert called.code == 2
    assert f'Did you mean "{near}"?' in called.err


# --- completion ---------------------------------------------------------------------------------------------------------


def complete(*words: str) -> list[str]:
    """What bash would offer for the last of these words."""
    done = shell(
        _CHATSIM_COMPLETE="complete_bash", COMP_WORDS=" ".join(("chatsim", *words)), COMP_CWORD=str(len(words))
    )
    return done.stdout.split()


def test_verbs_are_completed() -> None:
    assert set(complete("")) >= set(VERBS)
    assert complete("pro") == ["properties", "profiles"]


def test_profiles_are_completed_by_name_and_by_file() -> None:
    assert complete("run", "--profile", "re") == ["relay", "reference_server/"]


def test_scenario_files_are_completed() -> None:
    assert "chatsim/profile/builtin/relay.yaml" in complete("validate", "chatsim/profile/builtin/re")


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_can_be_shown_for_a_shell(name: str) -> None:
    done = shell("--show-completion", name, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")

    assert done.returncode == 0
    assert f"complete_{name}" in done.stdout


def test_completion_is_installed_where_the_shell_looks(tmp_path: Path) -> None:
    done = shell("--install-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1", HOME=str(tmp_path))

    assert done.returncode == 0
    assert "bash completion installed" in done.stdout
    assert "chatsim" in (tmp_path / ".bashrc").read_text()


# --- values -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--repeat", "0"), "0 is less than 1"),
        (("--repeat", "three"), "'three' is not a valid integer"),
        (("--seed", "-1"), "-1 is less than 0"),
        (("--patience", "long"), "'long' is not a valid number"),
    ],
)
def test_a_value_that_is_none_is_a_usage_error_that_names_the_option(
    words: tuple[str, str], says: str, call: Any
) -> None:
    called = call("run", "x.yaml", *words)

    assert called.code == 2
    assert says in called.err
    assert words[0] in called.err


def test_a_missing_scenario_is_a_usage_error(call: Any) -> None:
    called = call("run")

    assert called.code == 2
    assert "SCENARIO" in called.err


def test_an_interrupt_while_modules_are_still_read_shows_nobody_where_python_was() -> None:
    program = """
import os, signal, sys

class Striking:
    @staticmethod
    def find_spec(name, *_):
        if name == "chatsim.cli.main":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Striking)
from chatsim.__main__ import begin
begin()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=30)

    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
