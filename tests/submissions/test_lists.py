"""A list of what was handed in: read strictly, and all of its mistakes at once, each with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.errors import UsageError
from chatsim.submissions import Submission, Unpacked, find, unpack
from chatsim.submissions.moments import moment


@pytest.fixture(autouse=True)
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are named as one names them who stands beside them: so errors are short."""
    monkeypatch.chdir(tmp_path)
    for name in ("anna", "b, c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "server.py").write_text(name)
    (tmp_path / "bo.zip").write_bytes(b"")


def read(text: str | bytes, name: str = "list.csv") -> tuple[Submission, ...]:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return find(Path(name)).submissions


def problems(text: str | bytes, name: str = "list.csv") -> str:
    with pytest.raises(UsageError) as caught:
        read(text, name)
    return str(caught.value)


def shown(submissions: tuple[Submission, ...]) -> list[tuple[str, str, str, float | None]]:
    return [(each.student.name, each.kind, each.origin, each.submitted) for each in submissions]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_table_as_any_spreadsheet_writes_it(separator: str, end: str, mark: str) -> None:
    lines = [
        ("student", "submitted", "source"),
        ("Anna Lee", "2026-11-20 12:00 +01:00", "anna"),
        ("", "", ""),
        ('"Bo ""B"" Li"', "", "bo.zip"),
        ("Carl", "", '"b, c"'),
        ("Dora", "", "https://dora:secret@example.org/dora/chat.git"),
    ]

    found = read(mark + end.join(map(separator.join, lines)))

    assert shown(found) == [
        ("Anna Lee", "folder", "anna", moment("2026-11-20 11:00 Z")),
        ('Bo "B" Li', "archive", "bo.zip", None),
        ("Carl", "folder", "b, c", None),
        ("Dora", "remote", "https://example.org/dora/chat.git", None),
    ]
    assert found[3].address == "https://dora:secret@example.org/dora/chat.git"


def test_a_map_in_yaml() -> None:
    found = read("Anna: anna\nBo Li: bo.zip\nno: git@example.org:no/chat.git\n", "list.yaml")

    assert shown(found) == [
        ("Anna", "folder", "anna", None),
        ("Bo Li", "archive", "bo.zip", None),
        ("no", "remote", "git@example.org:no/chat.git", None),
    ]


def test_what_is_listed_is_unpacked_like_all_else(tmp_path: Path) -> None:
    Path("link").symlink_to("anna")

    (submission,) = read("student,source\nAnna,link\n")
    result = unpack(submission, tmp_path / "target")

    assert isinstance(result, Unpacked)
    assert [path.read_text() for path in result.folder.iterdir()] == ["anna"]


def test_the_table_of_grades_of_github_classroom() -> None:
    head = '"assignment_name","assignment_url","starter_code_url","github_username","roster_identifier",'
    head += (
        '"student_repository_name","student_repository_url","submission_timestamp","points_awarded","points_available"'
    )
    row = '"chat","https://x","","{}","{}","chat-a","https://github.com/class/chat-{}","{}","0","0"'

    found = read(
        "\n".join(
            [head, row.format("anna7", "Anna Lee", "a", "2026-11-20 23:59:59 UTC"), row.format("bo", "", "b", "")]
        )
    )

    assert shown(found) == [
        ("Anna Lee", "remote", "https://github.com/class/chat-a", moment("2026-11-20 23:59:59 Z")),
        ("bo", "remote", "https://github.com/class/chat-b", None),
    ]


def test_a_student_who_is_listed_twice_is_a_result() -> None:
    (anna,) = read("student,source\nAnna,anna\nAnna,bo.zip\n")

    assert anna.told == "There are two submissions: anna and bo.zip. Which of them counts?"


def test_all_mistakes_of_a_table_are_told_at_once_with_their_places() -> None:
    text = (
        "student,source,submitted\n"
        "Anna,gone,2026-11-20\n"
        ",anna,\n"
        "Bo,,\n"
        "Carl,ext::sh -c evil,\n"
        "Dora,ftp://host/x,\n"
        "Emil,anna\n"
        '"Two\nlines",--upload-pack=x,\n'
    )

    assert problems(text) == (
        "list.csv:2:6\n"
        "  Anna,gone,2026-11-20\n"
        "       ^^^^ there is no such file or folder: gone\n"
        "list.csv:2:11\n"
        "  Anna,gone,2026-11-20\n"
        '            ^^^^^^^^^^ "2026-11-20" is no time\n'
        "Write day, hour and zone: 2026-11-30 23:59 +01:00.\n"
        "list.csv:3:1\n"
        "  ,anna,\n"
        "  ^ the student's name is missing here\n"
        "list.csv:4:4\n"
        "  Bo,,\n"
        "     ^ where it was handed in is missing here\n"
        "list.csv:5:6\n"
        "  Carl,ext::sh -c evil,\n"
        '       ^^^^^^^^^^^^^^^ "ext::sh -c evil" is no address from which anything is fetched\n'
        "Possible are https://…, ssh://…, git@host:…, and paths.\n"
        "list.csv:6:6\n"
        "  Dora,ftp://host/x,\n"
        '       ^^^^^^^^^^^^ "ftp://host/x" is no address from which anything is fetched\n'
        "Possible are https://…, ssh://…, git@host:…, and paths.\n"
        "list.csv:7:1\n"
        "  Emil,anna\n"
        "  ^ there are 2 columns in this line, and 3 in the first one\n"
        "list.csv:9:8\n"
        '  lines",--upload-pack=x,\n'
        "         ^^^^^^^^^^^^^^^ there is no such file or folder: --upload-pack=x"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "list.csv is empty"),
        ("name,source\nAnna,anna\n", 'there is no column "name" in such a list'),
        ("studnet,source\nAnna,anna\n", 'Did you mean "student"?'),
        ("student\nAnna\n", 'the column "source" is missing'),
        ("student,student,source\na,b,anna\n", 'the column "student" is there twice'),
        ('student,source\n"Anna"x,anna\n', "a quotation mark stands where it can not"),
        (b"student,source\nAnn\xe9,anna\n", "save the table as UTF-8"),
        ("student,source\nAnna,a\0b\n", "there is no such file or folder"),
    ],
)
def test_a_table_that_is_none_is_told_why(text: str | bytes, told: str) -> None:
    assert told in problems(text)


def test_mistakes_in_yaml_have_their_places_as_well() -> None:
    assert problems("Anna: gone\nBo: [anna]\n", "list.yaml") == (
        "list.yaml:1:7\n"
        "  Anna: gone\n"
        "        ^^^^ there is no such file or folder: gone\n"
        "list.yaml:2:5\n"
        "  Bo: [anna]\n"
        "      ^^^^^^ a text: a path, or the address of a repository is expected here, and this is a list\n"
        "Put it in quotes. Without them YAML takes [ ] for a list."
    )


@given(st.text(st.sampled_from('student,source;\t"\n\r anx\0é'), max_size=60))
def test_any_text_is_a_list_or_a_usage_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "list.csv"
    path.write_bytes(("student,source\n" + text).encode())

    try:
        find(path)
    except UsageError as error:
        assert error.problems
