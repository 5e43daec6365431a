"""`report`, and the page that `run --html` and `check --html` write."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chatsim.history import Header, History
from tests.checks.story import BROADCAST

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Two talk."""
    terms = BROADCAST.to_json()
    history = History(Header(scenario="two talk", file="two.yaml", seed=3, profile="lines", terms=terms))
    for session, bot in enumerate(("ann", "bob")):
        history.note(0.0, "connect", session, bot=bot, nick=bot, number=1)
        history.note(0.1, "told", session, nick=bot)
    said = history.new_message(0, "chat", "lobby", "hello", words="hello").id
    history.say(0.2, "send", 0, said)
    history.say(0.3, "heard", 1, said, "hears")
    history.note(0.4, "ended", why="done")
    file = tmp_path / "two.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        history.write(lines)
    return file


def test_it_draws_a_history_in_the_terminal(call: Any, recorded: Path) -> None:
    called = call("report", str(recorded))

    assert called.code == 0
    assert "two.yaml · two talk" in called.out
    assert re.search(r'●1 +│ +ann said "hello"\n.* │ +→1\n', called.out)


def test_it_writes_a_page_of_several_and_says_nothing_else(call: Any, recorded: Path, tmp_path: Path) -> None:
    called = call("report", str(recorded), str(recorded), "--html", str(tmp_path / "page.html"))

    assert (called.code, called.out, called.err) == (0, "", "")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")


def test_it_writes_mermaid_of_one_history_alone(call: Any, recorded: Path) -> None:
    assert call("report", str(recorded), "--mermaid", "-").out.startswith(
        "sequenceDiagram\n    participant p0 as ann\n"
    )
    called = call("report", str(recorded), str(recorded), "--mermaid", "-")

    assert called.code == 2
    assert "--mermaid draws one history" in called.err


def test_it_tells_what_is_no_history_with_its_line_and_writes_nothing(
    call: Any, recorded: Path, tmp_path: Path
) -> None:
    with recorded.open("a", encoding="utf-8") as file:
        file.write("nonsense\n")
    called = call("report", str(recorded), "--html", str(tmp_path / "page.html"))

    assert called.code == 2
    assert "two.jsonl, line 10" in called.err
    assert not (tmp_path / "page.html").exists()


def test_what_can_not_be_written_is_told_before_anything_is_read(call: Any, recorded: Path, tmp_path: Path) -> None:
    called = call("report", str(recorded), "--html", str(tmp_path / "nowhere" / "page.html"))

    assert called.code == 2
    assert "--html: there is no folder" in called.err


@pytest.mark.parametrize(("verb", "option"), [("report", "--html"), ("check", "--jsonl")])
def test_a_recording_is_not_written_over(call: Any, recorded: Path, verb: str, option: str) -> None:
    before = recorded.read_bytes()

    called = call(verb, str(recorded), option, str(recorded))

    assert called.code == 2
    assert "is read here, and would be written over" in called.err
    assert recorded.read_bytes() == before


def test_a_page_on_standard_output_holds_no_command_to_a_ci_server(call: Any, recorded: Path) -> None:
    lines = recorded.read_text(encoding="utf-8").replace("two talk", "##[error]two talk")
    recorded.write_text(lines, encoding="utf-8")
    page = call("report", str(recorded), "--html", "-").out

    assert "two talk" in page
    assert "##[" not in page


def test_only_what_is_asked_for_is_judged(call: Any, recorded: Path) -> None:
    called = call("report", str(recorded), "--only", "deliveri")

    assert called.code == 2
    assert 'there is no property "deliveri"' in called.err
    assert "delivery" in called.err


def test_check_and_run_write_the_page_beside_what_they_tell(
    call: Any, recorded: Path, scenarios: Path, player: Any, tmp_path: Path
) -> None:
    checked, ran = tmp_path / "checked.html", tmp_path / "ran.html"
    assert "two talk" in call("check", str(recorded), "--html", str(checked)).out
    assert "alpha" in call("run", "scenarios/alpha.yaml", "--html", str(ran)).out

    assert "<title>two talk – chatsim</title>" in checked.read_text(encoding="utf-8")
    assert "<title>alpha is dropped – chatsim</title>" in ran.read_text(encoding="utf-8")


def test_templates_are_loaded_only_for_a_page(recorded: Path) -> None:
    program = (
        "import sys; from chatsim.cli.main import app\n"
        "try: app(sys.argv[1:], prog_name='chatsim')\n"
        "except SystemExit: print('jinja2' in sys.modules, file=sys.stderr)"
    )
    loaded = []
    for words in (["check", str(recorded)], ["report", str(recorded)], ["report", str(recorded), "--html", "-"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=60, env={"PYTHONUTF8": "1"}, check=False,
        )  # fmt: skip
        loaded.append(done.stderr.strip())

    assert loaded == ["False", "False", "True"]
