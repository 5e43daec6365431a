"""Where the server lies in a submission; and what its student reads if it does not."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chatsim.grading.assignment import ServerRules
from chatsim.profile.profile import Start
from chatsim.server.launch import Launcher
from chatsim.submissions import Located, NotFound, Several, locate
from chatsim.submissions.filling import for_shell, in_words
from chatsim.submissions.locating import fits


def made(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text("")
    return folder


def rules(*find: str, command: str = "python {file} {port}", build: str = "", folder: str = "") -> ServerRules:
    return ServerRules(command, find, folder, build)


def located(folder: Path, rules: ServerRules) -> Located:
    found = locate(folder, rules)
    assert isinstance(found, Located), found
    return found


def told(folder: Path, rules: ServerRules) -> str:
    found = locate(folder, rules)
    assert not isinstance(found, Located), found
    return found.told


def test_the_first_pattern_that_fits_a_file_decides(tmp_path: Path) -> None:
    made(tmp_path, "main.py", "b/server.py")

    found = located(tmp_path, rules("server.py", "**/server.py", "main.py"))

    assert found == Located(tmp_path / "b", "b", "server.py", "", ("python", "server.py", "{port}"))


def test_commands_run_in_the_folder_of_the_file_or_in_the_one_that_is_named(tmp_path: Path) -> None:
    made(tmp_path, "src/chat/Server.java")
    asked = "src/**/Server.java"
    build, command = "javac -d out {folder}/*.java", "java -cp out {name} {file}"

    beside = located(tmp_path, rules(asked, build=build, command=command))
    above = located(tmp_path, rules(asked, build=build, command=command, folder="."))
    between = located(tmp_path, rules(asked, build=build, command=command, folder="src"))

    assert beside == Located(
        tmp_path / "src/chat",
        "src/chat",
        "Server.java",
        "javac -d out ./*.java",
        ("java", "-cp", "out", "Server", "Server.java"),
    )
    assert above == Located(
        tmp_path,
        "",
        "src/chat/Server.java",
        "javac -d out src/chat/*.java",
        ("java", "-cp", "out", "Server", "src/chat/Server.java"),
    )
    assert between.folder == tmp_path / "src"
    assert between.file == "chat/Server.java"


def test_without_patterns_the_command_says_it_all(tmp_path: Path) -> None:
    made(tmp_path, "app/package.json")

    assert located(tmp_path, rules(command="npm start", folder="app")) == Located(
        tmp_path / "app", "app", "", "", ("npm", "start")
    )
    assert (
        told(tmp_path, rules(command="npm start", folder="lib"))
        == "There is no folder lib in what was handed in. There is only app."
    )


def test_what_was_installed_or_built_is_not_looked_into(tmp_path: Path) -> None:
    made(
        tmp_path,
        "server.py",
        "venv/lib/server.py",
        "node_modules/x/server.py",
        "__pycache__/server.py",
        ".git/server.py",
    )

    assert located(tmp_path, rules("**/server.py")).file == "server.py"


def test_copies_and_tests_count_only_where_there_is_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, "chat/server.py", "backup/server.py", "Tests/server.py")
    assert located(tmp_path, rules("**/server.py")).folder == tmp_path / "chat"

    (tmp_path / "chat/server.py").unlink()
    (tmp_path / "Tests/server.py").unlink()
    assert located(tmp_path, rules("**/server.py")).folder == tmp_path / "backup"


def test_several_that_fit_one_pattern_are_told_and_not_chosen_from(tmp_path: Path) -> None:
    made(tmp_path, "a/server.py", "b c/server.py", "main.py")

    found = locate(tmp_path, rules("**/server.py", "main.py"))

    assert found == Several(
        'There are two files that could be the server (**/server.py): a/server.py and "b c/server.py". '
        "Hand in only the one that counts.",
        ("a/server.py", "b c/server.py"),
    )


def test_a_link_to_the_server_is_no_second_server(tmp_path: Path) -> None:
    made(tmp_path, "chat/server.py")
    (tmp_path / "server.py").symlink_to("chat/server.py")

    assert located(tmp_path, rules("**/server.py")).folder == tmp_path / "chat"
    assert located(tmp_path, rules("server.py")).folder == tmp_path


@pytest.mark.parametrize(
    ("files", "find", "text"),
    [
        ((), ("server.py",), "There is no server.py in what was handed in: there is no file in it at all."),
        (
            ("main.py", "client.py", "README.md"),
            ("server.py",),
            "There is no server.py in what was handed in. There are: client.py, main.py.",
        ),
        (
            ("main.py",),
            ("server.py", "**/server.py", "src/**/*.java"),
            "There is no server.py or src/**/*.java in what was handed in. There is only main.py.",
        ),
        (("README.md",), ("server.py",), "There is no server.py in what was handed in. There is only README.md."),
        (
            ("Server.py",),
            ("server.py",),
            "There is no server.py in what was handed in. Is it Server.py? Then it has another name. Capital letters count.",
        ),
        (
            ("sever.py", "x.py"),
            ("server.py",),
            "There is no server.py in what was handed in. Is it sever.py? Then it has another name.",
        ),
        (
            ("chat/server.py", "x.py"),
            ("server.py",),
            "There is no server.py where it is looked for. There is chat/server.py.",
        ),
        (
            tuple(f"f{i}.c" for i in range(12)),
            ("*.py", "src/*.py"),
            "There is no *.py or src/*.py in what was handed in. "
            "There are: f0.c, f1.c, f10.c, f11.c, f2.c, f3.c, f4.c, f5.c and 4 more.",
        ),
        (
            ("a\x1b[31m.c",),
            ("*.py",),
            "There is no *.py in what was handed in. There is only a\\x1b[31m.c.",
        ),
    ],
)
def test_of_a_server_that_is_not_there_its_student_reads_what_there_is(
    tmp_path: Path, files: tuple[str, ...], find: tuple[str, ...], text: str
) -> None:
    found = locate(made(tmp_path, *files), rules(*find))

    assert found == NotFound(text)


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("server.py", ["server.py"], ["a/server.py", "Server.py", "serverxpy", "server.py/x"]),
        ("**/server.py", ["server.py", "a/server.py", "a/b/server.py"], ["xserver.py", "a/xserver.py"]),
        ("src/**", ["src/a", "src/a/b"], ["src", "a/src/b"]),
        ("src/**/S*.java", ["src/S.java", "src/a/b/Server.java"], ["S.java", "src/a/s.java"]),
        ("*.py", ["a.py", ".py"], ["a/b.py"]),
        ("s[ae]rver.??", ["server.py", "sarver.rs"], ["sirver.py", "server.c"]),
        ("s[!a].c", ["sb.c"], ["sa.c", "s/.c"]),
        ("./a//b", ["a/b"], ["b"]),
        ("caf\u00e9.py", ["cafe\u0301.py", "caf\u00e9.py"], ["cafe.py"]),
        ("a[", ["a["], ["a"]),
    ],
)
def test_patterns_fit_as_in_a_shell(pattern: str, fitting: list[str], others: list[str]) -> None:
    assert [path for path in fitting + others if fits(path, pattern)] == fitting


# --- placeholders ----------------------------------------------------------------------------------------------------

NAMES = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=12)


@given(NAMES)
@example("$(touch evil).py")
@example('it\'s "it".py')
@example("a b; rm -rf x")
@example("\\")
@example("{name}{folder}")
@example("\n")
def test_any_name_is_one_word_for_the_server_and_for_the_build(name: str) -> None:
    values = {"file": name, "folder": "f", "name": "n"}

    assert in_words("python {file} '{port}'", values) == ("python", name, "{port}")
    for command in (
        "echo {file}",
        'echo "{file}"',
        "echo '{file}'",
        'echo "a b"\\"{file} "x{file}y"',
        "echo '\"'{file}",
    ):
        expected = shlex.split(command.replace("{file}", "FILE"))
        assert shlex.split(for_shell(command, values)) == [word.replace("FILE", name) for word in expected]


def test_an_apostrophe_in_a_comment_of_a_build_begins_nothing() -> None:
    command = "# it's first\nmake a#b'c'  # don't\ncat {file} # {file}"

    assert for_shell(command, {"file": "a b"}) == "# it's first\nmake a#b'c'  # don't\ncat 'a b' # {file}"


@pytest.mark.parametrize("quotes", ["", "'", '"'])
@pytest.mark.parametrize(
    "name", ["a b.py", "$(touch evil).py", "it's.py", '"; touch evil; ".py', "`touch evil`", "\\", "-n"]
)
def test_a_shell_sees_the_name_and_runs_nothing_of_it(tmp_path: Path, name: str, quotes: str) -> None:
    made(tmp_path, name)
    found = located(tmp_path, rules("*", build=f"ls -d {quotes}{{file}}{quotes}", command='sh -c "ls -d {file}"'))

    built = subprocess.run(["/bin/sh", "-c", found.build], cwd=tmp_path, capture_output=True, text=True, check=True)
    started = subprocess.run(found.command, cwd=tmp_path, capture_output=True, text=True, check=True)

    expected = "./-n" if name == "-n" else name
    assert (built.stdout, started.stdout) == (f"{expected}\n", f"{expected}\n")
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_the_launcher_takes_the_words_as_they_are(tmp_path: Path) -> None:
    found = located(made(tmp_path, "my 'server'.py"), rules("*.py"))

    launcher = Launcher(Start(folder=str(tmp_path)), found.command)

    assert launcher.describe(5000) == shlex.join(["python", "my 'server'.py", "5000"])


@given(st.lists(NAMES, min_size=1, max_size=6), st.text("ab*?[]/!.", max_size=8))
def test_a_pattern_never_raises(names: list[str], pattern: str) -> None:
    assume(pattern.strip("/."))
    for name in names:
        assert fits(name, pattern) in (True, False)
