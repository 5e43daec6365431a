"""The folder of results: whole or not at all, one grading at a time, and merged from parts."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from chatsim.errors import ChatsimError, UsageError
from chatsim.grader.merging import merge, not_given
from chatsim.grader.store import Store, Terms
from chatsim.grading.record import RunRecord, Student, SubmissionRecord

TERMS = Terms("digest", "/class/assignment.yaml", 7, 1.5, "bubblewrap", "1.0", "Linux, 2 processors")
PASSED = RunRecord("talk", "two talk", "talk.yaml", 7, 1.0, "passed")


def record(key: str, **more: object) -> SubmissionRecord:
    return replace(SubmissionRecord(Student(key, key.title()), "played", runs=(PASSED,), settled=True), **more)  # type: ignore[arg-type]


def stored(folder: Path, *records: SubmissionRecord, terms: Terms = TERMS) -> Path:
    with Store(folder) as store:
        store.begin(terms)
        for each in records:
            store.keep(each)
    return folder


def test_what_is_kept_is_found_again_by_the_next_one(tmp_path: Path) -> None:
    stored(tmp_path / "grades", record("bob"), record("ann"))

    store = Store(tmp_path / "grades")

    assert store.terms() == TERMS
    assert list(store.records()) == [record("ann"), record("bob")]
    assert store.record("cat") is None


def test_two_do_not_grade_into_one_folder(tmp_path: Path) -> None:
    with Store(tmp_path / "grades"), pytest.raises(UsageError, match="another chatsim is grading into"):
        Store(tmp_path / "grades").__enter__()
    with Store(tmp_path / "grades"):
        pass


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")

    with Store(tmp_path) as store, pytest.raises(UsageError, match=r"no folder of results: it holds thesis\.tex"):
        store.terms()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, '{"chatsim": "grading", "format": 99}', '{"chatsim": "x"}']
)
def test_a_damaged_head_is_told_and_not_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "grading.json").write_text(text)

    with pytest.raises(UsageError, match=r"grading\.json can not be read back"):
        Store(tmp_path).terms()
    assert (tmp_path / "grading.json").read_text() == text


def test_a_head_with_values_of_another_kind_is_told_by_its_place(tmp_path: Path) -> None:
    path = stored(tmp_path / "grades") / "grading.json"
    path.write_text(path.read_text().replace('"patience": 1.5', '"patience": "much"'))

    with pytest.raises(UsageError, match=r"grading\.json can not be read back: patience: a number is expected"):
        Store(tmp_path / "grades").terms()


def test_an_interrupt_in_the_middle_of_writing_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(descriptor: int) -> None:
        raise KeyboardInterrupt

    with Store(stored(tmp_path / "grades")) as store:
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.publish("grades.csv", "half")

    assert sorted(path.name for path in (tmp_path / "grades").iterdir()) == [".lock", "grading.json"]


def test_what_somebody_was_writing_who_was_killed_is_tidied_up(tmp_path: Path) -> None:
    grades = stored(tmp_path / "grades", record("ann"))
    drafts = [grades / ".index.html.17", grades / "pages/.ann.md.17", grades / "students/ann/.record.json.17"]
    (grades / "pages").mkdir()
    for draft in drafts:
        draft.write_text("half")

    with Store(grades) as store:
        store.tidy()

        assert not any(draft.exists() for draft in drafts)
        assert store.record("ann") == record("ann")


def test_where_letters_have_no_place_in_names_of_files_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mkdir(folder: Path, *_: object, **__: object) -> None:
        str(folder.name).encode("ascii")

    with Store(stored(tmp_path / "grades")) as store:
        monkeypatch.setattr(Path, "mkdir", mkdir)
        with pytest.raises(UsageError, match="files can not be called so where letters are ascii"):
            store.publish("Zoë/record.json", "")


def test_on_a_file_system_without_locks_one_can_grade_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")

    def flock(descriptor: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)

    assert Store(stored(tmp_path / "grades")).terms() == TERMS


def test_what_was_being_written_when_somebody_was_killed_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".grading.json.4711").write_text("{")

    with Store(tmp_path) as store:
        assert store.terms() is None


def test_what_is_forgotten_is_not_known_any_more(tmp_path: Path) -> None:
    stored(tmp_path / "grades", record("ann"))

    with Store(tmp_path / "grades") as store:
        store.forget()
        assert list(store.records()) == []
    with Store(tmp_path / "new") as new:
        new.forget()


@pytest.mark.parametrize("head", ["[]", '{"name": "grading.json of somebody else"}'])
def test_another_program_s_folder_is_not_forgotten(tmp_path: Path, head: str) -> None:
    (tmp_path / "grading.json").write_text(head)
    (tmp_path / "students").mkdir()

    with Store(tmp_path) as store, pytest.raises(UsageError, match="was not written by this version"):
        store.forget()
    assert (tmp_path / "students").exists()


def test_a_damaged_record_is_told_with_its_file(tmp_path: Path) -> None:
    folder = stored(tmp_path / "grades", record("ann"))
    path = folder / "students/ann/record.json"
    path.write_text(path.read_text()[:-20])

    with pytest.raises(ChatsimError, match=r"students/ann/record\.json"):
        list(Store(folder).records())


def test_what_can_not_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "students").write_text("a file where a folder should be")

    with Store(tmp_path) as store, pytest.raises(UsageError, match="can not be written"):
        store.keep(record("ann"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "students"]


def test_parts_become_a_whole(tmp_path: Path) -> None:
    one = stored(tmp_path / "one", record("ann"), terms=replace(TERMS, shard="1/2"))
    two = stored(tmp_path / "two", record("bob"), terms=replace(TERMS, shard="2/2", patience=2.0, machine="slow"))

    with Store(tmp_path / "whole") as store:
        whole = merge([one, two], store)
        merge([one, two], store)  # once more is no harm

        assert [each.student.key for each in store.records()] == ["ann", "bob"]
    assert (whole.shard, whole.patience, whole.machine) == ("", 2.0, "Linux, 2 processors + slow")


@pytest.mark.parametrize(
    ("shards", "told"),
    [
        (["1/3", "2/3", "3/3"], ""),
        (["1/3", "3/3"], "Of the 3 parts of the class, 2 is not among these."),
        (["2/3"], "Of the 3 parts of the class, 1 and 3 are not among these."),
        (["1/99"], "Of the 99 parts of the class, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and more are not among these."),
        (["1/3", "2/4"], ""),
        (["1/3", ""], ""),
    ],
)
def test_parts_that_were_forgotten_are_told(tmp_path: Path, shards: list[str], told: str) -> None:
    parts = [stored(tmp_path / f"{n}", terms=replace(TERMS, shard=shard)) for n, shard in enumerate(shards)]

    assert not_given(parts) == told


def test_of_a_student_in_two_parts_what_is_settled_counts(tmp_path: Path) -> None:
    begun = record("ann", runs=(), settled=False)
    parts = [stored(tmp_path / "one", begun), stored(tmp_path / "two", record("ann"))]

    with Store(tmp_path / "whole") as store:
        merge(parts, store)
        assert store.record("ann") == record("ann")


def test_who_was_graded_twice_alike_is_no_trouble_though_it_took_longer(tmp_path: Path) -> None:
    slower = record("ann", runs=(replace(PASSED, duration_s=9.0, text="it took 9 s"),), seconds=9.0)
    parts = [stored(tmp_path / "one", record("ann")), stored(tmp_path / "two", slower)]

    with Store(tmp_path / "whole") as store:
        merge(parts, store)
        assert store.record("ann") == record("ann")


def test_what_are_no_parts_of_one_grading_is_told_all_at_once(tmp_path: Path) -> None:
    failed = replace(PASSED, outcome="failed")
    one = stored(tmp_path / "one", record("ann"))
    two = stored(tmp_path / "two", record("ann", runs=(failed,)), terms=replace(TERMS, assignment="other"))
    (tmp_path / "three").mkdir()

    with Store(tmp_path / "whole") as store, pytest.raises(UsageError) as caught:
        merge([one, two, tmp_path / "three"], store)

    told = str(caught.value).replace(str(tmp_path), "")
    assert told == (
        "Ann was graded in /one and in /two, differently\n\n"
        "/three holds no results\nIt is the --results folder of a chatsim grade.\n\n"
        "/one and /two were not graded alike: they differ in their assignment"
    )
    assert not (tmp_path / "whole/grading.json").exists()


def test_the_head_says_what_it_is(tmp_path: Path) -> None:
    plain = json.loads((stored(tmp_path / "grades") / "grading.json").read_text())

    assert (plain["chatsim"], plain["format"], plain["seed"]) == ("grading", 1, 7)
