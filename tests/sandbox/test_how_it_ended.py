"""How a confined program ended is told rightly, or both ways in which it may have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatsim.endings import exit_code
from chatsim.sandbox import confined
from chatsim.sandbox.sandbox import Sandbox

EXITS, SEGFAULTS = "os._exit(139)", "os.kill(os.getpid(), 11)"


def code_of(sandbox: Sandbox, does: str, folder: Path) -> int:
    return sandbox.run(["python3", "-c", f"import os; {does}"], folder, 20).code


def kernel_tells() -> bool:
    from platform import release

    numbers = release().split("-")[0].split(".")
    return tuple(map(int, numbers[:2])) >= (6, 15)


@pytest.mark.parametrize(("does", "code"), [(EXITS, 139), (SEGFAULTS, -11), ("os._exit(3)", 3)])
def test_a_program_that_exits_as_a_shell_tells_of_signals_was_not_ended_by_one(
    does: str, code: int, sandbox: Sandbox, tmp_path: Path
) -> None:
    if sandbox.level == "bubblewrap" and not kernel_tells():
        pytest.skip("before Linux 6.15 nobody can tell under bubblewrap")

    assert code_of(sandbox, does, tmp_path) == code


@pytest.mark.parametrize("does", [EXITS, SEGFAULTS])
def test_where_the_kernel_does_not_tell_both_are_said(
    does: str, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sandbox.level != "bubblewrap":
        pytest.skip("only bubblewrap tells of a signal as of an exit code")
    monkeypatch.setattr(confined, "GET_INFO", 0)

    assert exit_code(code_of(sandbox, does, tmp_path)) == "exit code 139 (or signal 11)"


def test_an_exit_code_that_is_no_signal_is_only_that() -> None:
    told = [exit_code(code) for code in (0, 1, 128, 129, 192, 193, 255)]

    assert told == [
        "exit code 0",
        "exit code 1",
        "exit code 128",
        "exit code 129 (or signal 1)",
        "exit code 192 (or signal 64)",
        "exit code 193",
        "exit code 255",
    ]
