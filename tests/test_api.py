"""chatsim from Python: `import chatsim` and `chatsim.run`, as docs/api.md tells it."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import re
import subprocess
import sys
import threading
from itertools import product
from pathlib import Path

import psutil
import pytest

import chatsim
from chatsim.checks.verdict import Outcome
from chatsim.cli.exit_codes import exit_code

ROOT = Path(__file__).parents[1]
SERVER = f'"{sys.executable}" "{ROOT / "docs/example/server.py"}" {{port}}'
PROFILE = ROOT / "docs/example/profile.yaml"
HELLO = {
    "scenario": "whoever stays hears what is said",
    "bots": ["ann", "bob"],
    "steps": [{"join": "everyone"}, {"chat": {"ann": "is it raining where you are?"}}],
}
HELLO_TEXT = """\
scenario: whoever stays hears what is said
bots: [ann, bob]
steps:
  - join: everyone
  - chat: {ann: "is it raining where you are?"}
"""


# --- what is offered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", chatsim.__all__)
def test_every_name_that_is_offered_is_there(name: str) -> None:
    assert getattr(chatsim, name) is not None


def test_what_is_not_offered_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'walk'"):
        chatsim.walk  # noqa: B018


def test_the_import_loads_nothing_else() -> None:
    asked = "import sys; before = set(sys.modules); import chatsim, typing; print(*set(sys.modules) - before)"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True)

    foreign = {name for name in done.stdout.split() if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"chatsim", "chatsim._version"}


def test_the_version_is_that_of_the_package() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert f'version = "{chatsim.__version__}"' in text


def test_types_are_for_others_too() -> None:
    assert (ROOT / "chatsim/py.typed").exists()


# --- what is given ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [HELLO, HELLO_TEXT], ids=["mapping", "text"])
def test_a_scenario_may_be_a_mapping_or_a_text(given: object) -> None:
    report = chatsim.run(given, seed=3)  # type: ignore[arg-type]

    assert report.ok, report
    assert report.runs[0].scenario == "whoever stays hears what is said"


def test_a_server_may_be_words_and_a_profile_a_path() -> None:
    words = [sys.executable, str(ROOT / "docs/example/server.py"), "{port}"]

    report = chatsim.run(HELLO, server=words, profile=PROFILE)

    assert report.ok, report


def test_a_failure_is_told_as_on_the_console() -> None:
    report = chatsim.run(ROOT / "docs/example/cut-off.yaml", server=SERVER, profile=PROFILE, seed=7)

    assert not report.ok
    assert [verdict.property for verdict in report.failures] == ["drop-notice"]
    assert "ann and cat were connected the whole time and were never told" in str(report)


def test_repeats_count_their_seeds_up() -> None:
    report = chatsim.run(HELLO, seed=40, repeat=3)

    assert [run.seed for run in report.runs] == [40, 41, 42]


def test_without_a_seed_one_is_drawn_and_told() -> None:
    seeds = {chatsim.run(HELLO).runs[0].seed for _ in range(2)}

    assert len(seeds) == 2


def test_what_can_not_be_played_with_a_profile_is_neither_ok_nor_an_error() -> None:
    whispers = {**HELLO, "steps": [{"join": "everyone"}, {"whisper": {"ann": {"to": "bob", "text": "psst"}}}]}

    report = chatsim.run(whispers, profile="relay", repeat=3)

    assert not report.ok
    assert [run.outcome for run in report.runs] == [Outcome.NOT_APPLICABLE]
    assert "direct messages" in report.runs[0].why


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"scenario": "no/such/file.yaml"}, "no/such/file.yaml"),
        ({"scenario": 7}, "a scenario is a path, a text or a mapping, and not int"),
        ({"scenario": {**HELLO, "steps": [{"jion": "ann"}]}}, 'Did you mean "join"?'),
        ({"scenario": HELLO, "profile": "rely"}, 'Did you mean "relay"?'),
        ({"scenario": HELLO, "profile": {"profile": "x", "framing": "newlin"}}, "newline"),
        ({"scenario": HELLO, "server": "x", "connect": "127.0.0.1:1", "profile": "relay"}, "exclude each other"),
        ({"scenario": HELLO, "server": "x"}, "needs a profile"),
        ({"scenario": HELLO, "server": " ", "profile": "relay"}, "is empty"),
        ({"scenario": HELLO, "server": 'a "b', "profile": "relay"}, "can not be read"),
        ({"scenario": HELLO, "connect": "5000", "profile": "relay"}, "is not HOST:PORT"),
        ({"scenario": HELLO, "connect": 5000, "profile": "relay"}, "a pair of host and port"),
        ({"scenario": HELLO, "connect": ("127.0.0.1", "http"), "profile": "relay"}, "a pair of host and port"),
        ({"scenario": {**HELLO, "seed": object()}}, "is made of texts, numbers, lists and mappings"),
        ({"scenario": HELLO, "seed": -1}, "seed=-1"),
        ({"scenario": HELLO, "profile": "irc"}, "which server is meant"),
        ({"scenario": HELLO, "repeat": 0}, "repeat=0"),
        ({"scenario": HELLO, "patience": float("nan")}, "patience=nan"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused_before_anything_starts(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(chatsim.UsageError) as refused:
        chatsim.run(**arguments)  # type: ignore[arg-type]

    assert says in str(refused.value)
    assert refused.value.problems


# --- what the server does --------------------------------------------------------------------------------------------


def test_a_server_that_does_not_start_is_the_error_of_its_run() -> None:
    report = chatsim.run(HELLO, server=[sys.executable, "-c", "print('no!')"], profile="relay")

    assert not report.ok
    assert isinstance(report.runs[0].error, chatsim.ServerError)
    assert "no!" in str(report)


def test_one_that_nobody_reaches_too() -> None:
    report = chatsim.run(HELLO, connect=("127.0.0.1", 1), profile="relay")

    assert isinstance(report.runs[0].error, chatsim.ServerError)


def test_ctrl_c_is_raised_again_when_the_server_has_ended(tmp_path: Path) -> None:
    program = tmp_path / "interrupted.py"
    program.write_text(INTERRUPTED, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, cwd=ROOT, env=_environment(), timeout=60
    )

    assert done.stdout == "interrupted, and nobody is left\n", done.stderr


INTERRUPTED = """
import os, signal, threading
import psutil
import chatsim

def alive():
    return [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]

def interrupt_when_the_server_runs():
    while not any("reference_server" in p.cmdline() for p in alive()):
        threading.Event().wait(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt_when_the_server_runs, daemon=True).start()
try:
    chatsim.run({"scenario": "s", "bots": 1, "steps": [{"join": "everyone"}, {"pause": "60s"}]})
except KeyboardInterrupt:
    print("interrupted, and", "nobody is left" if not alive() else "somebody is left")
"""


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


# --- where it is called ----------------------------------------------------------------------------------------------


def test_it_works_in_threads_side_by_side() -> None:
    reports: list[chatsim.Report] = []
    threads = [threading.Thread(target=lambda: reports.append(chatsim.run(HELLO))) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [report.ok for report in reports] == [True, True]


def test_it_works_inside_a_running_event_loop() -> None:
    async def cell() -> bool:
        return chatsim.run(HELLO).ok and (await asyncio.to_thread(chatsim.run, HELLO)).ok

    assert asyncio.run(cell())


def test_nobody_is_left_behind() -> None:
    before = {child.pid for child in psutil.Process().children()}  # a library of another test may keep a helper here

    chatsim.run(HELLO)

    left = [child for child in psutil.Process().children() if child.pid not in before]
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]


# --- ok is exit code 0 -----------------------------------------------------------------------------------------------


def run_of(outcome: str, number: int = 0) -> chatsim.Run:
    base = chatsim.Run(f"s{number}", f"s{number}.yaml", 1, "lines", "server", Outcome.PASSED)
    from dataclasses import replace

    if outcome == "error":
        return replace(base, outcome=Outcome.INCONCLUSIVE, error=chatsim.ServerError("no"))
    if outcome == "interrupted":
        return replace(base, interrupted=True)
    return replace(base, outcome=Outcome(outcome))


OUTCOMES = ("passed", "failed", "inconclusive", "not-applicable", "error", "interrupted")


@pytest.mark.parametrize("outcomes", [*product(OUTCOMES, repeat=1), *product(OUTCOMES, repeat=2)])
def test_ok_is_where_the_command_line_ends_with_0(outcomes: tuple[str, ...]) -> None:
    report = chatsim.Report(tuple(run_of(outcome, number) for number, outcome in enumerate(outcomes)))

    assert report.ok == (exit_code(report) == 0)


@pytest.mark.parametrize("passed", [3, 4, 9])
def test_a_few_inconclusive_repeats_are_left_out_as_there(passed: int) -> None:
    report = chatsim.Report((*[run_of("passed")] * passed, run_of("inconclusive")), repeat=passed + 1)

    assert report.ok == (exit_code(report) == 0)
    assert chatsim.Report(()).ok is False


# --- data frames -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def history() -> chatsim.History:
    return chatsim.run(HELLO, seed=7).histories[0]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_history_becomes_a_data_frame(history: chatsim.History, library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")

    frame = history.to_frame(library)  # type: ignore[arg-type]

    assert type(frame).__module__.split(".")[0] == library
    assert len(frame) == len(history)
    assert list(frame.columns) == list(history.columns())
    heard = [index for index, kind in enumerate(frame["kind"]) if kind == "heard"]
    assert [int(frame["message"][index]) for index in heard] == [history[index].ref for index in heard]


def test_the_columns_tell_what_the_entries_do(history: chatsim.History) -> None:
    table = history.columns()
    rows = list(zip(table["kind"], table["bot"], table["sender"], table["words"], strict=True))

    assert ("heard", "bob", "ann", "is it raining where you are?") in rows
    assert table["t"] == [entry.t for entry in history]


def test_without_a_library_the_error_says_which(history: chatsim.History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(chatsim.UsageError, match="needs pandas or polars, and that is not installed"):
        history.to_frame()
    with pytest.raises(chatsim.UsageError, match="pip install polars"):
        history.to_frame("polars")
    with pytest.raises(chatsim.UsageError, match='no data frame of "arrow"'):
        history.to_frame("arrow")  # type: ignore[arg-type]


def test_a_history_is_written_and_read_again(history: chatsim.History) -> None:
    file = io.StringIO()
    history.write(file)

    again = chatsim.History.read(file.getvalue().splitlines(keepends=True))

    assert again.columns() == history.columns()


# --- the document ----------------------------------------------------------------------------------------------------


def test_what_the_document_shows_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs/api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^<!-- run -->\n```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

    names: dict[str, object] = {}
    for block in shown:
        exec(block, names)

    assert len(shown) == text.count("```python")
    assert "drop-notice – bob dropped (reset)" in capsys.readouterr().out
