"""`--watch`: what is played again, and when; and that Ctrl-C ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatsim.cli import watching as room
from chatsim.cli.watching import watched


class Days:
    """What happens between two looks: one entry of the script each; when it is over, somebody presses Ctrl-C."""

    def __init__(self, *script: Callable[[], object] | None) -> None:
        self._left = iter(script)

    def pause(self) -> None:
        for act in self._left:
            if act is not None:
                act()
            return
        raise KeyboardInterrupt


@pytest.fixture
def watch(call: Any, scenarios: Path, player: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def watching(*script: Callable[[], object] | None, words: tuple[str, ...] = ("scenarios",)) -> Any:
        days = Days(*script)
        monkeypatch.setattr(room, "sleep", lambda _: days.pause())
        return call("run", *words, "--watch", "--seed", "1")

    return watching


def write(path: str, text: str) -> Callable[[], None]:
    return lambda: (Path(path).write_text(text, encoding="utf-8"), None)[1]


SCENARIO = 'scenario: "{}"\nbots: [ann, bob]\nsteps:\n  - join: everyone\n'


def test_a_change_plays_all_again_and_ctrl_c_ends_it_with_the_code_of_the_last_round(watch: Any, player: Any) -> None:
    player.outcomes["it is otherwise"] = ["failed"]

    called = watch(None, write("scenarios/alpha.yaml", SCENARIO.format("it is otherwise")), None)

    assert len(player.played) == 6
    assert called.code == 1
    assert "FAILED  scenarios/alpha.yaml · it is otherwise" in called.out
    assert called.err.count("Watching 4 files. Ctrl-C ends it.") == 2
    assert "scenarios/alpha.yaml changed." in called.err


def test_without_a_change_nothing_is_played_again(watch: Any, player: Any) -> None:
    called = watch(None, None, None)

    assert len(player.played) == 3
    assert called.code == 0


def test_a_mistake_in_a_file_ends_the_round_and_not_the_watch(watch: Any, player: Any) -> None:
    called = watch(
        *(write("scenarios/alpha.yaml", "scenario: 'x"), None),
        *(write("scenarios/alpha.yaml", SCENARIO.format("mended")), None),
    )

    assert "scenarios/alpha.yaml:1" in called.err
    assert called.code == 0
    assert "mended" in called.out
    assert len(player.played) == 6


def test_files_that_come_and_go_are_changes(watch: Any, player: Any) -> None:
    called = watch(
        *(write("scenarios/new.yaml", SCENARIO.format("a new one")), None),
        *(lambda: Path("scenarios/new.yaml").unlink(), None),
    )

    assert [Path(one["file"]).name for one in player.played] == [
        *("alpha.yaml", "beta.yaml", "gamma.yaml"),
        *("alpha.yaml", "beta.yaml", "gamma.yaml", "new.yaml"),
        *("alpha.yaml", "beta.yaml", "gamma.yaml"),
    ]
    assert called.err.count("scenarios/new.yaml changed.") == 2


def test_one_who_saves_several_times_at_once_is_waited_for(watch: Any, player: Any) -> None:
    called = watch(
        *(
            write("scenarios/alpha.yaml", "scenario: half"),
            write("scenarios/alpha.yaml", "scenario: nearly"),
            write("scenarios/alpha.yaml", SCENARIO.format("whole")),
            None,
        ),
        words=("scenarios/alpha.yaml",),
    )

    assert len(player.played) == 2
    assert called.err.count("changed.") == 1


def test_ctrl_c_within_a_round_is_an_interrupt(watch: Any, player: Any) -> None:
    player.interrupt_at = 2

    assert watch().code == 130


def test_a_change_while_it_is_being_played_counts(watch: Any, player: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    play = player.run

    def busy(*words: Any, **more: Any) -> Any:
        if len(player.played) == 0:
            write("scenarios/beta.yaml", SCENARIO.format("saved meanwhile"))()
        return play(*words, **more)

    sys.modules["chatsim.runs"].run = busy  # type: ignore[attr-defined]
    watch(None)

    assert len(player.played) == 6


# --- which files -----------------------------------------------------------------------------------------------------


def names(files: Iterator[Path]) -> set[str]:
    return {file.as_posix() for file in files}


def test_the_server_is_watched_where_its_source_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (
        "src/server.py",
        "src/chat/room.py",
        "src/notes.txt",
        "src/.git/x.py",
        "src/node_modules/y.js",
        "z.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)

    assert names(watched([], None, "python -u src/server.py {port}")) == {"src/server.py", "src/chat/room.py"}
    assert names(watched([], None, "python -m server")) == {"src/server.py", "src/chat/room.py", "z.py"}
    assert names(watched([], None, "python 'open")) == {"src/server.py", "src/chat/room.py", "z.py"}


def test_a_profile_is_watched_with_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in ("chat.yaml", "base.yaml", "cipher.py", "chat.log", "sub/server.go"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)

    assert names(watched([], "chat.yaml", None)) == {"chat.yaml", "base.yaml", "cipher.py", "sub/server.go"}
    assert names(watched(["one.yaml"], "lines", None)) == {"one.yaml"}
