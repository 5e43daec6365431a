"""An assignment's file becomes a value that cannot be nonsense."""

from __future__ import annotations

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from class_folder import FILES, RIGHT, SMALL, write_folder

from chatsim.errors import AssignmentError
from chatsim.grading.assignment import Assignment, Late, Limits
from chatsim.grading.reader import load_assignment, read_assignment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_folder(tmp_path)


def small(*changes: str, parts: str = "") -> Assignment:
    """The small assignment with other top keys, or other parts."""
    text = SMALL[: SMALL.index("parts:")] + parts if parts else SMALL
    for change in changes:
        name = change.partition(":")[0]
        lines = [line for line in text.splitlines() if not line.startswith(f"{name}:")]
        text = "\n".join([change, *lines, ""])
    return read_assignment(text, "assignment.yaml")


def test_every_key_is_read(folder: Path) -> None:
    read = read_assignment(RIGHT, "assignment.yaml")

    assert (read.name, read.title, read.seed, read.patience, read.total) == (
        "chat-1",
        "A chat server",
        7,
        1.5,
        Decimal(100),
    )
    assert read.server.find == ("server.py", "src/**/Server.java")
    assert (read.server.folder, read.server.build) == ("src", "javac -d ${OUT:-.} {file}")
    assert read.server.command == "python3 {file} --name {name} --in {folder} {host} {port}"
    assert [profile.name for profile in read.server.profiles] == ["lines"]
    assert (read.server.detect, read.server.any) == (False, False)
    assert read.limits == Limits(2**29, 2**28, 64, 100, 10.0, 10**6, 10**7, 64_000, 60.0, 120.0)
    assert read.due == 1796079540.0
    assert read.late == Late(86_400.0, Decimal(10), Decimal(50), 900.0)
    assert (read.unresolved, read.student) == ("given", "{student}_*")
    assert (read.points, read.of) == (Decimal("19.5"), Decimal(100))


def test_every_key_of_a_part_is_read(folder: Path) -> None:
    starting, joining, hidden, later, style = read_assignment(RIGHT, "assignment.yaml").parts

    assert (starting.name, starting.title, starting.points, starting.credit) == (
        "starting",
        "starting",
        Decimal("0.5"),
        "all",
    )
    assert (joining.title, joining.credit, joining.needs, joining.repeat) == (
        "People come and go",
        "each",
        ("starting",),
        3,
    )
    assert (joining.named, hidden.named) == (("join-notice",), ())
    assert joining.properties[:2] == ("delivery", "no-duplication")
    assert joining.properties[-1] == "join-notice"
    assert hidden.properties == ("fifo-order", "causal-order", "total-order", "membership-order")
    assert (hidden.credit, hidden.visible, later.visible) == ("rate", "never", "after-due")
    assert (style.credit, style.scenarios) == ("look", ())


def test_a_pattern_means_the_scenarios_that_fit_it_and_nothing_else_that_lies_there(folder: Path) -> None:
    """The profile is passed over, and so is the assignment; what is named twice is played once."""
    (folder / "assignment.yaml").write_text(RIGHT, encoding="utf-8")

    joining = load_assignment("assignment.yaml").parts[1]

    assert [scenario.file for scenario in joining.scenarios] == ["come.yaml", "go.yaml", "order.yaml"]


def test_files_are_looked_for_beside_the_assignment_wherever_one_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "assignment.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")

    assert load_assignment("../assignment.yaml").parts[0].scenarios[0].name == "people come"


@pytest.mark.parametrize("word", ["quiet", "quiet.yaml", "./quiet.yaml"])
def test_a_profile_may_be_a_file_of_the_folder(folder: Path, word: str) -> None:
    assert small(f'server: {{command: "./chat", profile: "{word}"}}').server.profiles[0].name == "quiet"


def test_a_family_of_profiles_is_read_and_may_be_open(folder: Path) -> None:
    closed = small('server: {command: "./chat", detect: [lines, quiet.yaml]}').server
    opened = small('server: {command: "./chat", detect: [lines, any]}').server
    anything = small('server: {command: "./chat", detect: any}').server

    assert ([each.name for each in closed.profiles], closed.detect, closed.any) == (["lines", "quiet"], True, False)
    assert ([each.name for each in opened.profiles], opened.detect, opened.any) == (["lines"], True, True)
    assert (anything.profiles, anything.detect, anything.any) == ((), True, True)


def test_a_scenario_has_to_be_playable_with_one_profile_of_a_family_only(folder: Path) -> None:
    rooms = "parts: [{part: rooms, points: 1, scenario: room/soup.yaml}]\n"

    assert small('server: {command: "./chat", detect: [quiet, lines]}', parts=rooms).parts
    assert small('server: {command: "./chat", detect: [quiet, any]}', parts=rooms).parts
    with pytest.raises(AssignmentError, match=r"with the profile quiet, .*; nor can it with the other"):
        small('server: {command: "./chat", detect: [quiet, relay]}', parts=rooms)


def test_what_is_not_said_has_its_default(folder: Path) -> None:
    read = small()

    assert read.limits == Limits()
    assert (read.seed, read.patience, read.total, read.due, read.late) == (0, 1.0, None, None, None)
    assert (read.unresolved, read.student, read.title) == ("withheld", "{student}", "chat-1")
    assert read.parts[0].visible == "always"


def test_every_student_gets_the_same_seeds_one_after_the_other(folder: Path) -> None:
    read = read_assignment(RIGHT, "assignment.yaml")

    assert list(read.seeds(read.parts[1])) == [7, 8, 9]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-01 00:00 Z", 0),
        ("1970-01-01 00:00:01 UTC", 1),
        ("1970-01-01T01:00+01:00", 0),
        ("1970-01-01 01:00 +01", 0),
        ("1970-01-01 01:00 +0130", -1800),
        ("1969-12-31 19:00 -05:00", 0),
        ("2024-02-29 12:00 Z", 1709208000),
    ],
)
def test_when_it_is_due_means_one_moment_to_everybody(folder: Path, written: str, seconds: int) -> None:
    assert small(f"due: {written}").due == seconds


@pytest.mark.parametrize("name", ["chat-1", "Übung 3", "第一次作业", "a", "Blatt_04.b", "7"])
def test_assignments_and_parts_are_called_in_any_script(folder: Path, name: str) -> None:
    read = small(f'assignment: "{name}"', parts=f'parts: [{{part: "{name}", points: 1, scenario: come.yaml}}]\n')

    assert (read.name, read.parts[0].name) == (name, name)


# --- the digest ------------------------------------------------------------------------------------------------------


def test_the_digest_is_the_same_wherever_the_folder_lies(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "a.yaml").write_text(RIGHT, encoding="utf-8")
    other = tmp_path_factory.mktemp("other") / "class"
    shutil.copytree(folder, other)

    assert load_assignment(folder / "a.yaml").digest == load_assignment(other / "a.yaml").digest
    assert load_assignment("a.yaml").digest == load_assignment(other / "a.yaml").digest


@pytest.mark.parametrize("changed", ["come.yaml", "quiet.yaml", "base.yaml", "assignment.yaml"])
def test_the_digest_is_another_one_if_anything_that_it_names_has_changed(folder: Path, changed: str) -> None:
    (folder / "base.yaml").write_text("profile: base\nhears: no\necho: yes\n", encoding="utf-8")
    (folder / "quiet.yaml").write_text("profile: quiet\nextends: base\n", encoding="utf-8")
    (folder / "assignment.yaml").write_text(SMALL.replace("lines", "quiet.yaml"), encoding="utf-8")
    before = load_assignment("assignment.yaml").digest
    unchanged = load_assignment("assignment.yaml").digest

    text = (folder / changed).read_text(encoding="utf-8")
    more = {"come.yaml": "seed: 3\n", "assignment.yaml": "seed: 3\n"}.get(changed, "replays: yes\n")
    (folder / changed).write_text(text + more, encoding="utf-8")

    assert unchanged == before
    assert load_assignment("assignment.yaml").digest != before


def test_the_digest_is_another_one_if_the_code_of_a_profile_has_changed(folder: Path) -> None:
    example = Path(__file__).parents[2] / "docs/example/python"
    for path in example.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    with_code = SMALL.replace("lines", "pickles.yaml")
    before = read_assignment(with_code, str(folder / "a.yaml"))

    module = next(
        path for path in folder.glob("*.py") if f"{path.stem}:" in (folder / "pickles.yaml").read_text("utf-8")
    )
    module.write_text(module.read_text("utf-8") + "# changed\n", encoding="utf-8")

    after = read_assignment(with_code, str(folder / "a.yaml"))
    assert (after.digest == before.digest, after.played == before.played) == (False, False)


def test_the_digest_does_not_change_with_what_the_assignment_does_not_name(folder: Path) -> None:
    before = small().digest
    (folder / "go.yaml").write_text(FILES["come.yaml"], encoding="utf-8")

    assert small().digest == before


def changed(old: str, new: str) -> tuple[Assignment, Assignment]:
    assert old in RIGHT
    return read_assignment(RIGHT, "a.yaml"), read_assignment(RIGHT.replace(old, new), "a.yaml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("points: 10", "points: 12"),
        ('"People come and go"', '"Comings and goings"'),
        ("visible: never", "visible: always"),
        ("properties: order", "properties: [order, total-order]"),
        ("credit: rate", "credit: all"),
        ("total: 100", "total: 50"),
        ("due: 2026-11-30", "due: 2026-12-01"),
        ("minus: 10%", "minus: 5%"),
        ("unresolved: given", "unresolved: withheld"),
        ("seed: 7\n", "seed: 7  # drawn\n"),
    ],
)
def test_what_was_seen_is_still_true_if_only_points_have_changed(folder: Path, old: str, new: str) -> None:
    before, after = changed(old, new)

    assert after.played == before.played
    assert after.digest != before.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{host} {port}", "{port}"),
        ('"server.py", ', ""),
        ('folder: "src"', 'folder: "lib"'),
        ("profile: lines", "profile: json-lines"),
        ("profile: lines", "detect: [lines, any]"),
        ("memory: 512 MiB", "memory: 256 MiB"),
        ("seed: 7", "seed: 8"),
        ("patience: 1.5", "patience: 2"),
        ("repeat: 3", "repeat: 4"),
        ("needs: joining", "needs: starting"),
        ("credit: each", "credit: rate"),
        ("[join-notice, messages]", "[join-notice, order]"),
        ("scenarios: [go.yaml]", "scenarios: [come.yaml]"),
        ("part: later", "part: afterwards"),
    ],
)
def test_what_was_seen_counts_no_more_if_something_else_is_played(folder: Path, old: str, new: str) -> None:
    before, after = changed(old, new)

    assert after.played != before.played


def test_what_was_seen_counts_no_more_if_a_scenario_has_changed(folder: Path) -> None:
    before = read_assignment(RIGHT, "a.yaml").played
    (folder / "go.yaml").write_text(FILES["go.yaml"] + "seed: 3\n", encoding="utf-8")

    assert read_assignment(RIGHT, "a.yaml").played != before


# --- what is not there -----------------------------------------------------------------------------------------------


def test_an_assignment_that_is_not_there() -> None:
    with pytest.raises(AssignmentError, match=r"nowhere/at-all\.yaml: there is no such file"):
        load_assignment("nowhere/at-all.yaml")
