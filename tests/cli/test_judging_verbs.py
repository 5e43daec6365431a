"""`validate`, `explain` and `check`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chatsim.history import Header, History
from chatsim.terms import Terms


def test_validate_tells_each_right_file_and_everything_wrong(call: Any, scenarios: Path) -> None:
    (scenarios / "wrong.yaml").write_text('profile: wrong\nsais: "{text}"\n', encoding="utf-8")

    called = call("validate", "scenarios")

    assert called.code == 2
    assert "ok  scenarios/alpha.yaml  (scenario: alpha is dropped)" in called.out
    assert "ok  scenarios/mine.yaml  (profile mine)" in called.out
    assert "scenarios/wrong.yaml:2:1" in called.err
    assert '"says"' in called.err or "`says`" in called.err


def test_validate_of_right_files_ends_with_0(call: Any, scenarios: Path) -> None:
    assert call("validate", "scenarios", "-q").code == 0


ASSIGNMENT = """\
assignment: chat-1
server: {command: "./chat", profile: mine}
parts: [{part: leaving, points: 3, scenario: alpha.yaml}, {part: style, points: 1.5, credit: look}]
"""


def test_validate_takes_assignments_with_all_that_they_name(call: Any, scenarios: Path) -> None:
    (scenarios / "class.yaml").write_text(ASSIGNMENT, encoding="utf-8")

    assert "ok  scenarios/class.yaml  (assignment chat-1: 2 parts, 4.5 points)" in call("validate", "scenarios").out

    (scenarios / "mine.yaml").write_text('profile: mine\nsais: "{text}"\n', encoding="utf-8")
    called = call("validate", "scenarios/class.yaml")

    assert called.code == 2
    assert called.err.startswith("scenarios/mine.yaml:2:1")


def test_an_assignment_that_lies_beside_scenarios_is_not_played(call: Any, scenarios: Path, player: Any) -> None:
    (scenarios / "class.yaml").write_text(ASSIGNMENT, encoding="utf-8")

    assert call("run", "scenarios", "--profile", "lines", "-q").code == 0
    assert "scenarios/class.yaml" not in {played["file"] for played in player.played}
    assert len(player.played) == 3


def test_explain_tells_the_plan(call: Any, scenarios: Path) -> None:
    called = call("explain", "scenarios/alpha.yaml", "--profile", "relay")

    assert called.code == 0
    assert "everyone: join." in called.out
    assert "Not applicable with this profile: " in called.out


def recorded(path: Path, *, ended: str | None) -> None:
    history = History(Header(scenario="a claim", file="a.yaml", seed=3, profile="lines", terms=Terms().to_json()))
    history.note(0.0, "connect", 0, bot="ann", nick="ann", number=1)
    history.note(0.1, "connected", 0, ip="127.0.0.1", port=4)
    if ended != "nobody got in":
        history.note(0.2, "told", 0, nick="ann")
    if ended is not None:
        history.note(0.3, "ended", why=ended)
    with path.open("w", encoding="utf-8") as file:
        history.write(file)


def test_a_history_that_breaks_off_is_judged_and_said_to(call: Any, tmp_path: Path) -> None:
    pytest.importorskip("chatsim.checks.judge")
    recorded(tmp_path / "h.jsonl", ended=None)

    called = call("check", str(tmp_path / "h.jsonl"))

    assert "a claim" in called.out
    assert "breaks off" in called.out


def test_a_server_that_was_never_reached_is_4_in_a_history_too(call: Any, tmp_path: Path) -> None:
    pytest.importorskip("chatsim.checks.judge")
    recorded(tmp_path / "h.jsonl", ended="nobody got in")

    assert call("check", str(tmp_path / "h.jsonl")).code == 4


def test_what_is_no_history_is_refused_with_its_line(call: Any, tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_text('{"chatsim": "history", "format": 1}\nnonsense\n{}\n', encoding="utf-8")

    called = call("check", str(tmp_path / "h.jsonl"), str(tmp_path / "nowhere.jsonl"))

    assert called.code == 2
    assert "line 2" in called.err
    assert "nowhere.jsonl" in called.err


def test_a_property_that_does_not_exist_is_answered_with_the_nearest(call: Any, tmp_path: Path) -> None:
    recorded(tmp_path / "h.jsonl", ended="done")

    called = call("check", str(tmp_path / "h.jsonl"), "--only", "fifo-ordre")

    assert called.code == 2
    assert '"fifo-order"' in called.err


def test_explain_tells_a_profile_too(call: Any) -> None:
    called = call("explain", "lines")

    assert called.code == 0
    assert "To join, a client connects, and" in called.out
    assert '    1. sends "{nick}"' in called.out


def test_explain_tells_a_profile_of_ones_own(call: Any, scenarios: Path) -> None:
    (scenarios / "own.yaml").write_text('profile: own\nleave: "/quit"\n', encoding="utf-8")

    called = call("explain", "scenarios/own.yaml")

    assert called.code == 0
    assert "Profile own (scenarios/own.yaml)." in called.out
    assert '    1. sends "/quit"' in called.out
