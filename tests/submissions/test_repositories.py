"""Git repositories: their files and their time are read, and nothing of theirs is run or leads elsewhere."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatsim.grading.record import Student
from chatsim.submissions import Bounds, Refused, Submission, Unpacked, find, unpack
from chatsim.submissions.repositories import ADDRESS, committed, without_password

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine")

MOMENT = 1_700_000_000


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *words: str, **environment: str) -> str:
    who = {f"GIT_{role}_{what}": "x@y" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": f"{MOMENT} +0000", "GIT_COMMITTER_DATE": f"{MOMENT} +0000"}
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *words],
        cwd=folder,
        env={**os.environ, **who, **when, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def working_copy(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for name, text in {"server.py": "print()", **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")
    return folder


def bare(folder: Path, source: Path) -> Path:
    git(source, "clone", "-q", "--bare", str(source), str(folder))
    return folder


def result_of(path: Path, bounds: Bounds | None = None) -> Unpacked | Refused:
    (submission,) = find(path).submissions
    return unpack(submission, path.parent / "target", bounds)


def files(result: Unpacked | Refused) -> dict[str, str]:
    assert isinstance(result, Unpacked), result
    found = {}
    for path in result.folder.rglob("*"):
        if path.is_symlink():
            found[path.relative_to(result.folder).as_posix()] = f"-> {path.readlink()}"
        elif path.is_file():
            found[path.relative_to(result.folder).as_posix()] = path.read_text()
    return found


def told(result: Unpacked | Refused) -> str:
    assert isinstance(result, Refused), result
    return result.told


# --- what is read ----------------------------------------------------------------------------------------------------


def test_a_working_copy_is_its_files_and_the_time_of_its_last_commit(tmp_path: Path) -> None:
    folder = working_copy(tmp_path / "class" / "anna")
    (folder / "more.py").write_text("not committed")

    (submission,) = find(tmp_path / "class").submissions

    assert (submission.kind, submission.submitted) == ("folder", MOMENT)
    assert files(unpack(submission, tmp_path / "target")) == {"server.py": "print()", "more.py": "not committed"}


def test_what_a_list_says_of_the_time_counts_more_than_a_commit(tmp_path: Path) -> None:
    working_copy(tmp_path / "anna")
    (tmp_path / "list.csv").write_text("student,source,submitted\nAnna,anna,2026-11-20 12:00 Z\nBo,anna,\n")

    anna, bo = find(tmp_path / "list.csv").submissions

    assert (anna.submitted, bo.submitted) == (1_795_176_000, MOMENT)


def test_a_bare_repository_is_the_files_of_its_last_commit(tmp_path: Path) -> None:
    source = working_copy(tmp_path / "source", **{"lib/room.py": "é", "a b.txt": "x", "grün.py": ""})
    (source / "run").write_text("#!/bin/sh\n")
    (source / "run").chmod(0o755)
    (source / "main.py").symlink_to("server.py")
    (source / "out.py").symlink_to("../secret")
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "more")
    bare(tmp_path / "class" / "anna.git", source)

    (submission,) = find(tmp_path / "class").submissions
    result = unpack(submission, tmp_path / "target")

    assert (submission.student.key, submission.kind, submission.submitted) == ("anna", "repository", MOMENT)
    assert files(result) == {
        "server.py": "print()",
        "lib/room.py": "é",
        "a b.txt": "x",
        "grün.py": "",
        "run": "#!/bin/sh\n",
        "main.py": "-> server.py",
    }
    assert isinstance(result, Unpacked)
    assert (result.folder / "run").stat().st_mode & stat.S_IXUSR
    assert ["../secret" in note for note in result.notes] == [True]


def test_a_packed_repository_is_read_as_well_as_a_loose_one(tmp_path: Path) -> None:
    source = working_copy(tmp_path / "source")
    for number in range(5):
        (source / "server.py").write_text("print()\n" * 100 * (number + 1))
        git(source, "commit", "-q", "-a", "-m", "x")
    git(source, "gc", "-q")
    git(source, "pack-refs", "--all")

    path = bare(tmp_path / "anna.git", source)

    assert files(result_of(path)) == {"server.py": "print()\n" * 500}


def test_a_repository_whose_head_nobody_pushed_has_its_only_branch(tmp_path: Path) -> None:
    path = bare(tmp_path / "anna.git", working_copy(tmp_path / "source"))
    (path / "HEAD").write_text("ref: refs/heads/master\n")
    assert files(result_of(path)) == {"server.py": "print()"}

    git(path, "branch", "other", "main")
    shutil.rmtree(tmp_path / "target")
    assert told(result_of(path)) == (
        'There is no branch "master" in the git repository, and nothing says which of its branches counts: main, other.'
    )


def test_a_repository_without_commits_is_told_as_that(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "anna.git")

    assert "There is no commit" in told(result_of(tmp_path / "anna.git"))


@pytest.mark.parametrize("where", ["objects", "refs/heads"])
def test_a_repository_that_is_deeper_than_recursion_goes_harms_nobody(tmp_path: Path, where: str) -> None:
    repository = bare(tmp_path / "class/anna.git", working_copy(tmp_path / "source"))
    (tmp_path / "class/ben.py").touch()
    (repository / "HEAD").write_text("ref: refs/heads/gone\n")  # so all branches are looked at
    try:
        subprocess.run(["mkdir", "-p", "d/" * 1_500], cwd=repository / where, check=True)

        found = find(tmp_path / "class")

        assert [each.student.key for each in found.submissions] == ["anna", "ben"]
        unpack(found.submissions[0], tmp_path / "target")
    finally:
        subprocess.run(["rm", "-rf", str(repository)], check=True)


def test_a_submodule_is_told_and_not_fetched(tmp_path: Path) -> None:
    other = working_copy(tmp_path / "other")
    source = working_copy(tmp_path / "source")
    git(source, "submodule", "add", "-q", str(other), "lib")
    git(source, "commit", "-q", "-m", "x")
    path = bare(tmp_path / "anna.git", source)

    result = result_of(path)

    assert set(files(result)) == {"server.py", ".gitmodules"}
    assert isinstance(result, Unpacked)
    assert "submodule" in result.notes[0]


def test_names_of_numbers_in_sha_256_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", "--object-format=sha256")
    (folder / "server.py").write_text("1")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")

    assert files(result_of(bare(tmp_path / "anna.git", folder))) == {"server.py": "1"}


def test_a_folder_of_clones_as_github_classroom_makes_it_is_recognised(tmp_path: Path) -> None:
    for name in ("anna-lee", "ben"):
        working_copy(tmp_path / "chat-1-submissions" / f"chat-1-{name}")

    found = find(tmp_path / "chat-1-submissions")

    assert found.system == "GitHub Classroom"
    assert [(each.student.key, each.submitted) for each in found.submissions] == [("anna-lee", MOMENT), ("ben", MOMENT)]


# --- what is not run, and where nothing leads ------------------------------------------------------------------------


def trapped(folder: Path, witness: Path) -> None:
    """Every order to run something that a repository can give to git, as far as it is known; and a signed commit, so
    that the program that looks at signatures is called for, too."""
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"
    unsigned = git(folder, "cat-file", "commit", "HEAD") + "\n"
    words = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    signed = unsigned.replace("\n\n", f"\n{signature}", 1)
    made = subprocess.run(words, cwd=folder, input=signed, capture_output=True, text=True, check=True)
    git(folder, "update-ref", "refs/heads/main", made.stdout.strip())
    program = folder / "trap"
    program.write_text(f"#!/bin/sh\ntouch '{witness}'\n")
    program.chmod(0o755)
    settings = ("core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "diff.external")
    settings += ("uploadpack.packObjectsHook", "gpg.program", "credential.helper", "core.gitProxy", "log.showSignature")
    settings += ("filter.x.smudge", "filter.x.process", "alias.log", "alias.cat-file", "alias.ls-tree", "pager.log")
    for setting in settings:
        value = {"log.showSignature": "true", "credential.helper": f"!{program}"}.get(setting, str(program))
        git(folder, "config", setting, f"!{program}" if setting.startswith("alias.") else value)
    git(folder, "config", "core.hooksPath", str(folder))
    git(folder, "config", "include.path", str(folder / "more"))
    for hook in ("post-checkout", "pre-auto-gc", "reference-transaction", "post-index-change", "fsmonitor-watchman"):
        shutil.copy(program, folder / hook)


@pytest.mark.parametrize("kind", ["bare", "working copy"])
def test_no_setting_and_no_hook_of_a_repository_is_obeyed(tmp_path: Path, kind: str) -> None:
    source = working_copy(tmp_path / "source", **{".gitattributes": "* filter=x diff=x export-subst\n"})
    witness = tmp_path / "witness"
    path = tmp_path / "class" / "anna"
    if kind == "bare":
        trapped(bare(path, source), witness)
    else:
        (tmp_path / "class").mkdir()
        source.rename(path)
        trapped(path, witness)

    (submission,) = find(tmp_path / "class").submissions
    result = unpack(submission, tmp_path / "target")

    assert submission.submitted == MOMENT
    assert files(result)["server.py"] == "print()"
    assert not witness.exists()


@pytest.mark.parametrize("words", [("status",), ("log", "-1", "--format=%ct")])
def test_the_trap_would_have_been_sprung_by_an_ordinary_git(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Else the test above shows nothing."""
    source = working_copy(tmp_path / "source")
    trapped(source, tmp_path / "witness")

    subprocess.run(["git", *words], cwd=source, capture_output=True, check=False)

    assert (tmp_path / "witness").exists()


@pytest.mark.parametrize("how", ["alternates", "objects", "folder", "file", "http-alternates", "commondir"])
def test_objects_that_lie_elsewhere_are_not_read(tmp_path: Path, how: str) -> None:
    """Whoever knows the number of a commit of the teacher's could have it laid out in their own folder."""
    solution = working_copy(tmp_path / "solution", **{"secret.py": "the solution"})
    commit = git(solution, "rev-parse", "HEAD")
    path = bare(tmp_path / "class" / "anna.git", working_copy(tmp_path / "source"))
    theirs, there = path / "objects", solution / ".git" / "objects"
    if how == "objects":
        shutil.rmtree(theirs)
        theirs.symlink_to(there)
    elif how in ("folder", "file"):
        for entry in there.iterdir():
            if len(entry.name) == 2 and how == "folder":
                shutil.rmtree(theirs / entry.name, ignore_errors=True)
                (theirs / entry.name).symlink_to(entry)
            elif len(entry.name) == 2:
                (theirs / entry.name).mkdir(exist_ok=True)
                for each in entry.iterdir():
                    (theirs / entry.name / each.name).unlink(missing_ok=True)
                    (theirs / entry.name / each.name).symlink_to(each)
    elif how == "commondir":
        (path / "commondir").write_text(str(solution / ".git"))
    else:
        (theirs / "info").mkdir(exist_ok=True)
        (theirs / "info" / how).write_text(f"{there}\n")
    (path / "refs" / "heads" / "main").write_text(f"{commit}\n")

    (submission,) = find(tmp_path / "class").submissions
    result = unpack(submission, tmp_path / "target")

    assert submission.submitted is None
    assert "lie elsewhere" in told(result)
    assert not list((tmp_path / "target").iterdir())


def test_a_git_file_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    solution = working_copy(tmp_path / "solution")
    folder = tmp_path / "class" / "anna"
    folder.mkdir(parents=True)
    (folder / "server.py").write_text("1")
    (folder / ".git").write_text(f"gitdir: {solution}/.git\n")

    (submission,) = find(tmp_path / "class").submissions

    assert submission.submitted is None
    assert files(unpack(submission, tmp_path / "target")) == {"server.py": "1"}


def test_a_git_folder_that_is_a_link_tells_no_time(tmp_path: Path) -> None:
    solution = working_copy(tmp_path / "solution")
    (tmp_path / "class" / "anna").mkdir(parents=True)
    (tmp_path / "class" / "anna" / ".git").symlink_to(solution / ".git")

    assert find(tmp_path / "class").submissions[0].submitted is None


def test_a_head_that_is_a_link_a_pipe_or_leads_out_is_not_followed(tmp_path: Path) -> None:
    solution = working_copy(tmp_path / "solution")
    path = working_copy(tmp_path / "class" / "anna") / ".git"
    for head in ("link", "pipe", "out"):
        (path / "HEAD").unlink()
        if head == "link":
            (path / "HEAD").symlink_to(solution / ".git" / "HEAD")
        elif head == "pipe":
            os.mkfifo(path / "HEAD")
        else:
            (path / "HEAD").write_text("ref: refs/heads/../../../../../solution/.git/refs/heads/main")
            (path / "refs/heads/main").unlink()

        assert committed(path) is None


def test_a_tree_that_holds_itself_many_times_over_is_refused(tmp_path: Path) -> None:
    """A few hundred bytes that are ten thousand million files."""
    path = tmp_path / "anna.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(path))

    def made(kind: str, text: str) -> str:
        words = ["hash-object", "-w", "--stdin"] if kind == "blob" else ["mktree"]
        done = subprocess.run(["git", *words], cwd=path, input=text, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    number = made("blob", "x")
    kind, mode = "blob", "100644"
    for _ in range(10):
        number = made("tree", "".join(f"{mode} {kind} {number}\t{name}\n" for name in "abcdefghij"))
        kind, mode = "tree", "040000"
    commit = git(path, "commit-tree", "-m", "x", number)
    git(path, "update-ref", "refs/heads/main", commit)

    began = time.monotonic()
    assert "more than 1,000 files" in told(result_of(path, Bounds(files=1000)))
    assert time.monotonic() - began < 60


def test_files_that_are_too_large_together_are_refused(tmp_path: Path) -> None:
    source = working_copy(tmp_path / "source", a="x" * 60_000, b="y" * 60_000)

    assert "too large" in told(result_of(bare(tmp_path / "anna.git", source), Bounds(total=100_000)))


def test_a_damaged_repository_is_told_as_that(tmp_path: Path) -> None:
    path = bare(tmp_path / "anna.git", working_copy(tmp_path / "source"))
    for file in (path / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(b"damaged")

    assert "damaged or missing" in told(result_of(path))


# --- elsewhere -------------------------------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder whose repositories git serves on this machine, and its address."""
    if subprocess.run(["git", "daemon", "-h"], capture_output=True, check=False).returncode not in (0, 129):
        pytest.skip("this git has no daemon")
    root = tmp_path / "served"
    root.mkdir()
    host = (
        f"127.{77 + os.getpid() % 100}.{os.getpid() // 256 % 256}.{os.getpid() % 254 + 1}"  # one that nobody else has
    )
    try:
        with socket.create_server((host, 0)) as free:
            port = free.getsockname()[1]
    except OSError:
        pytest.skip(f"there is no {host} on this machine")
    words = ["git", "daemon", f"--listen={host}", f"--port={port}", "--export-all", f"--base-path={root}", str(root)]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as daemon:
        try:
            deadline = time.monotonic() + 30
            while True:
                with socket.socket() as trying:
                    if trying.connect_ex((host, port)) == 0:
                        break
                if daemon.poll() is not None or time.monotonic() > deadline:
                    pytest.skip("git's daemon does not start here")
                time.sleep(0.01)
            yield root, f"git://{host}:{port}"
        finally:
            os.killpg(daemon.pid, 15)


def fetched_from(address: str, place: Path, bounds: Bounds | None = None) -> Unpacked | Refused:
    submission = Submission(Student("anna", "Anna"), Path(), "remote", address=address, origin=address)
    return unpack(submission, place, bounds)


def test_a_repository_elsewhere_is_fetched_and_read(tmp_path: Path, served: tuple[Path, str]) -> None:
    root, address = served
    bare(root / "anna.git", working_copy(tmp_path / "source"))

    result = fetched_from(f"{address}/anna.git", tmp_path / "target")

    assert files(result) == {"server.py": "print()"}
    assert isinstance(result, Unpacked)
    assert result.submitted == MOMENT


def test_what_git_needs_lies_beside_what_is_unpacked_and_nowhere_else(
    tmp_path: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is unpacked goes with a grader that is killed; where temporary files are does not."""
    root, address = served
    bare(root / "anna.git", working_copy(tmp_path / "source"))
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    (tmp_path / "room").mkdir()

    result = fetched_from(f"{address}/anna.git", tmp_path / "room/target")

    assert isinstance(result, Unpacked)
    assert result.submitted == MOMENT
    assert [path.name for path in (tmp_path / "room").iterdir()] == ["target"]


def test_it_is_fetched_as_well_from_within_a_hook(
    tmp_path: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, address = served
    bare(root / "anna.git", working_copy(tmp_path / "source"))
    other = working_copy(tmp_path / "other")
    before = git(other, "status", "--porcelain", "--branch")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

    result = fetched_from(f"{address}/anna.git", tmp_path / "target")

    assert files(result) == {"server.py": "print()"}
    assert git(other, "status", "--porcelain", "--branch") == before


def test_one_that_is_not_there_or_too_large_is_told_and_no_fault_of_the_student(
    tmp_path: Path, served: tuple[Path, str]
) -> None:
    root, address = served
    source = working_copy(tmp_path / "source")
    (source / "noise").write_bytes(os.urandom(300_000))
    git(source, "add", "-A")
    git(source, "commit", "-q", "-m", "x")
    bare(root / "anna.git", source)

    gone = fetched_from(f"{address}/ben.git", tmp_path / "1")
    large = fetched_from(f"{address}/anna.git", tmp_path / "2", Bounds(total=100_000))

    for result in (gone, large):
        assert isinstance(result, Refused)
        assert result.ours
        assert "could not be fetched" in result.told


def test_one_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = fetched_from(f"git://127.0.0.1:{silent.getsockname()[1]}/x", tmp_path / "target", Bounds(seconds=0.3))

    assert isinstance(result, Refused)
    assert result.ours
    assert "within 0.3 s" in result.told


@pytest.mark.parametrize(
    "address", ["https://a/b.git", "git@host:anna/chat.git", "ssh://git@host:22/x", "http://a/b", "git://a/b"]
)
def test_addresses_are_these(address: str) -> None:
    assert ADDRESS.fullmatch(address)


@pytest.mark.parametrize(
    "address", ["ext::sh -c x", "--upload-pack=x", "file:///x", "ssh://-oProxyCommand=x/y", "/x", "a.git"]
)
def test_and_no_others(address: str) -> None:
    assert not ADDRESS.fullmatch(address)


def test_passwords_in_addresses_are_not_told() -> None:
    assert (
        without_password("fetching https://anna:secret@host/x and ssh://git@h") == "fetching https://host/x and ssh://h"
    )
