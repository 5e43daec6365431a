"""A first assignment is written from what lies there; it is right, and so is what its comments offer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from class_folder import FILES, write_folder
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.errors import AssignmentError
from chatsim.grading.assignment import Assignment
from chatsim.grading.beginning import LANGUAGES, STARTERS, begin
from chatsim.grading.reader import read_assignment
from chatsim.selftest.shipped import shipped_scenarios

SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in shipped_scenarios()}
READS = "import sys\nport = int(sys.argv[1])\n"


def begun(
    folder: Path, files: Mapping[str, str], handed_in: Sequence[Mapping[str, str]] = ()
) -> tuple[str, Assignment]:
    """The text, and the assignment that is read from it in its folder."""
    beginning = begin(files, handed_in, SHIPPED)
    for name, text in {**files, **beginning.scenarios}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return beginning.assignment, read_assignment(beginning.assignment, str(folder / "assignment.yaml"))


def test_of_submissions_alone_it_plays_scenarios_that_come_with_chatsim(tmp_path: Path) -> None:
    _, read = begun(tmp_path, {}, [{"server.py": READS}])

    assert len(read.parts) == len(STARTERS) + 2
    assert read.points == 100
    assert (tmp_path / "scenarios/lobby.yaml").is_file()
    assert (read.server.detect, read.server.any) == (True, True)


def test_of_scenarios_it_makes_a_part_each(tmp_path: Path) -> None:
    right = {name: text for name, text in FILES.items() if "come" in name or "go." in name}

    text, read = begun(tmp_path, right)

    assert [(part.name, part.title, part.scenarios[0].name) for part in read.parts] == [
        ("come", "People come", "people come"),
        ("go", "People go", "people go"),
    ]
    assert "profile: lines" in text
    assert not (tmp_path / "scenarios").exists()


def test_a_profile_of_the_folder_is_taken_and_what_it_can_not_play_is_left_out_with_the_reason(tmp_path: Path) -> None:
    text, read = begun(tmp_path, {name: text for name, text in FILES.items() if not name.startswith("wrong-")})

    assert [profile.name for profile in read.server.profiles] == ["quiet"]
    assert "rooms" not in {part.name for part in read.parts}
    assert "  #   \"room/soup.yaml\": 'enter' (room/soup.yaml:3:25) needs rooms (`rooms`)\n" in text
    assert '  #   "wrong.yaml": it has mistakes (chatsim validate tells them)\n' in text


def test_of_several_profiles_a_family_is_made(tmp_path: Path) -> None:
    _, read = begun(
        tmp_path, {"a.yaml": "profile: a\n", "quiet.yaml": FILES["quiet.yaml"], "come.yaml": FILES["come.yaml"]}
    )

    assert ([profile.name for profile in read.server.profiles], read.server.any) == (["a", "quiet"], False)


@pytest.mark.parametrize(
    ("handed_in", "find"),
    [
        ([{"server.py": ""}], ("**/server.py",)),
        ([{"src/server.py": "", "client.py": ""}, {"server.py": ""}], ("**/server.py",)),
        ([{"server.py": ""}, {"server.py": ""}, {"chat_server.py": ""}], ("**/server.py", "**/chat_server.py")),
        ([{"main.py": "", "util.py": ""}], ("**/main.py",)),
        ([{"chat_client.py": "", "chat_room.py": ""}], ("**/chat_room.py",)),
        ([{"Server.java": "", "Client.java": ""}], ("**/Server.java",)),
        ([{"a/server.py": "", "b/server.py": ""}, {"main.py": ""}], ("**/main.py",)),
        ([{"notes.txt": ""}], ("**/server.py",)),
        ([{"server[1].py": ""}], ("**/server?1].py",)),
        ([{"сервер.py": ""}], ("**/сервер.py",)),
        ([{"anna.py": ""}, {"bob.py": ""}, {"server.py": ""}, {"server.py": ""}], ("**/server.py", "*.py")),
        ([{"anna.py": ""}, {"server.py": ""}, {"server.py": ""}], ("**/server.py", "**/anna.py")),
        ([], ("**/server.py",)),
    ],
)
def test_which_file_is_the_server_is_guessed_from_what_most_have(
    tmp_path: Path, handed_in: list[dict[str, str]], find: tuple[str, ...]
) -> None:
    _, read = begun(tmp_path, {}, handed_in)

    assert read.server.find == find


@pytest.mark.parametrize(
    ("name", "command", "build"),
    [
        ("server.py", "python3 {file}", ""),
        ("Server.java", "java {name}", "javac -d . {file}"),
        ("server.js", "node {file}", ""),
        ("server.go", "./server", "go build -o server {file}"),
        ("server.c", "./server", "cc -pthread -o server {file}"),
    ],
)
def test_how_it_is_started_is_guessed_from_its_language(tmp_path: Path, name: str, command: str, build: str) -> None:
    _, read = begun(tmp_path, {}, [{name: "PORT = 5000"}, {name: "PORT = 5000"}, {"server.cpp": ""}])

    assert (read.server.command, read.server.build) == (command, build)


def test_the_port_is_given_to_servers_that_read_their_arguments(tmp_path: Path) -> None:
    assert begun(tmp_path, {}, [{"server.py": READS}])[1].server.command == "python3 {file} {port}"
    assert begun(tmp_path, {}, [{"server.py": "PORT = 5000"}])[1].server.command == "python3 {file}"
    assert begun(tmp_path, {}, [{"anna.py": READS}, {"bob.py": READS}])[1].server.command == "python3 {file} {port}"


def test_where_only_some_take_a_port_all_are_given_the_same_one(tmp_path: Path) -> None:
    """Who ignores it is found where it listens."""
    text, read = begun(tmp_path, {}, [{"server.py": READS}, {"server.py": READS}, {"server.py": "PORT = 6000"}])

    assert read.server.command == "python3 {file} 5000"
    assert "Some take their port as an argument, others have written one into the program." in text


def test_how_many_submissions_fit_is_told_where_not_all_do(tmp_path: Path) -> None:
    text, _ = begun(tmp_path, {}, [{"server.py": ""}, {"server.py": ""}, {"README.md": ""}])

    assert "(2 of 3 submissions have one that fits.)" in text


def test_what_is_written_in_another_language_than_most_is_told(tmp_path: Path) -> None:
    python = {"server.py": "", "tool.c": ""}
    text, _ = begun(tmp_path, {}, [python, python, {"server.js": ""}, {"main.c": ""}, {"chat.c": ""}, {"x.txt": ""}])
    alike, _ = begun(tmp_path, {}, [python, python, {"x.txt": ""}])

    assert "in another language (2 .c, 1 .js)." in text
    assert "another language" not in alike


def test_one_mistake_costs_the_points_of_one_part_to_begin_with(tmp_path: Path) -> None:
    _, read = begun(tmp_path, {}, [{"server.py": READS}])

    assert [part.name for part in read.parts if "clean-exit" in part.properties] == ["cleaning up"]
    assert all(part.properties for part in read.parts)


@pytest.mark.parametrize("handed_in", [[], [{"Server.java": ""}], [{"server.py": READS}]])
@pytest.mark.parametrize("files", [{}, {"come.yaml": FILES["come.yaml"]}], ids=["no files", "a scenario"])
def test_what_the_comments_offer_can_be_written(
    tmp_path: Path, files: dict[str, str], handed_in: list[dict[str, str]]
) -> None:
    text, _ = begun(tmp_path, files, handed_in)
    offered = re.compile(r"^( *)# ([a-z]+: \S)", re.MULTILINE)
    assert len(offered.findall(text)) >= 3

    written = offered.sub(r"\1\2", text)
    written = re.sub(r"^build: .*\n", "", written, flags=re.MULTILINE)

    assert read_assignment(written, str(tmp_path / "assignment.yaml")).late is not None


def test_comments_are_not_too_wide_to_be_read(tmp_path: Path) -> None:
    text, _ = begun(tmp_path, {}, [{"server.py": READS}, {"x.txt": ""}])

    assert max(len(line) for line in text.splitlines()) <= 120


@settings(max_examples=150)
@given(
    names=st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=30), max_size=5),
    suffix=st.sampled_from([*LANGUAGES, ".txt"]),
    claim=st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60),
    called=st.text(max_size=20),
)
def test_whatever_files_are_called_it_can_be_read(names: list[str], suffix: str, claim: str, called: str) -> None:
    """But for scenarios: those lie in no folder here, and are missed by the names by which they were given."""
    import json

    scenario = f"scenario: {json.dumps('x' + claim)}\nbots: [ann]\nsteps: [join: ann]\n"
    beginning = begin(
        {f"{name or 'x'}.yaml": scenario for name in names},
        [{f"{name}{suffix}": ""} for name in names],
        SHIPPED,
        called,
    )

    try:
        read_assignment(beginning.assignment, "nowhere/assignment.yaml")
    except AssignmentError as error:
        for problem in error.problems:
            assert re.search(r"there is no file|no scenario fits|path|\\.\\.|folders of", problem.what), str(problem)


def test_what_lies_in_a_folder_is_looked_at(tmp_path: Path) -> None:
    from chatsim.grader.beginning import first_assignment

    handed_in = tmp_path / "handed in"
    for student in ("anna", "Ñandú 7"):
        (handed_in / student).mkdir(parents=True)
        (handed_in / student / "chat server.py").write_text(READS, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path)

    text = first_assignment(handed_in, tmp_path)
    alone = first_assignment(handed_in, tmp_path / "empty")

    read = read_assignment(text, str(tmp_path / "assignment.yaml"))
    assert (read.name, read.server.find, read.server.command) == (
        "handed in",
        ("**/chat server.py",),
        "python3 {file} {port}",
    )
    assert [profile.name for profile in read.server.profiles] == ["quiet"]
    assert read_assignment(alone, str(tmp_path / "empty/assignment.yaml")).server.any
    assert sorted(path.name for path in (tmp_path / "empty/scenarios").iterdir()) == sorted(STARTERS)
