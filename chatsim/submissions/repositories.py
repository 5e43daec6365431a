"""Git repositories of students, read without running anything of them.

Git takes orders from the repository that it works in: hooks, and settings that name programs. So it never works in theirs:
it is given a bare repository of ours without either, and of theirs only the folder of objects, which is data. That folder is
looked through first, since an object store may send its readers on to others. Nothing is checked out: a commit's tree and its
files are asked for by their numbers, so there are no filters, no attributes and no submodules.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from chatsim.report.printable import printable, quoted, shorten
from chatsim.submissions.landing import Landing, RefusedError

__all__ = ["ADDRESS", "committed", "fetched", "is_bare", "land_repository", "without_password"]

# What can be fetched: by these ways git starts no program that the address names.
ADDRESS = re.compile(r"(?:https?|ssh|git)://[^\s-][^\s]*|[\w.+-]+@[\w.-]+:[^\s-][^\s]*")

PATIENCE = 10.0  # seconds, for the time of one commit
MEMORY = 2 * 1024 * 1024  # KiB of address space: a number in an object decides how much git asks for
MOST_OBJECTS = 500_000  # files in a store, loose and packed
DEEPEST_OBJECTS = 8  # folders: git makes two
LONGEST_REF = 300  # characters: longer than any branch that is looked for
LONGEST_REF_FILE = 4 * 1024 * 1024  # bytes
LONGEST_LINK = 4096  # bytes
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/heads/[^\s\x00-\x1f\x7f~^:?*\[\\]{1,200}")
_LINE = re.compile(rb"([0-9]{6}) (\w+) ([0-9a-f]{40}|[0-9a-f]{64}) +([0-9]+|-)\t(.*)", re.DOTALL)


def is_bare(folder: Path) -> bool:
    """Is the folder itself a repository, without files beside it? One that can not be looked into is none."""
    try:
        return (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    except OSError:
        return False


def committed(repository: Path, beside: Path | None = None) -> float | None:
    """When the last commit was made, as its author's machine had it: seconds since 1970.

    `repository`: a bare one, or the `.git` of a folder. None if there is none, if it can not be read, or if there is no git
    on this machine. It is what the author says: who wants to may write any time into a commit.
    """
    try:
        with _ours(repository, beside) as (git, commit):
            said = git.run("log", "-1", "--format=%ct", commit, "--")
            return float(int(said))
    except (OSError, RefusedError, ValueError):
        return None


def land_repository(repository: Path, landing: Landing) -> None:
    """The files of the last commit. Raises RefusedError if there is none or they can not be read, OSError."""
    with _ours(repository, landing.target.parent) as (git, commit), _cut_off(landing.bounds.seconds) as running:
        with git.started("ls-tree", "-r", "-z", "-l", "--full-tree", commit) as listing:
            running.append(listing)
            entries = list(_entries(listing, landing))
        if listing.returncode:
            raise RefusedError(_BROKEN)
        with git.started("cat-file", "--batch") as giving:
            running.append(giving)
            for entry in entries:
                _land(entry, giving, landing)


@contextlib.contextmanager
def fetched(address: str, seconds: float, size: int, beside: Path) -> Iterator[Path]:
    """The last commit of a repository elsewhere, fetched into a bare one of ours in the folder `beside`, which goes away again.

    The address comes from whoever grades, and so do the settings and passwords that git is to use for it. Raises RefusedError
    if it can not be fetched within so many seconds and bytes.
    """
    with tempfile.TemporaryDirectory(dir=beside) as folder:
        target = Path(folder) / "fetched.git"
        settings = ("core.hooksPath=/dev/null", "fetch.unpackLimit=1", "gc.auto=0", "protocol.ext.allow=never")
        words = [word for setting in settings for word in ("-c", setting)]
        words += ["clone", "--quiet", "--bare", "--depth=1", "--single-branch", "--no-tags", "--template="]
        given = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
        environment = {**given, "GIT_ALLOW_PROTOCOL": "https:http:ssh:git", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        # One file, the pack, holds all that is fetched, and no file may grow further than that.
        limited = _limited(f"-f {max(1, size // 512)}")
        process = subprocess.Popen(
            ["/bin/sh", "-c", limited, _program(), *words, "--", address, str(target)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no terminal to ask for a password, and one group to end
        )
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise RefusedError(
                f"The repository {without_password(address)} could not be fetched within {seconds:g} s.", ours=True
            ) from None
        finally:
            _end_group(process)
        if process.returncode:
            lines = said.decode("utf-8", "replace").strip().splitlines() or [f"git ended with {process.returncode}"]
            why = shorten(printable(without_password(lines[-1].removeprefix("fatal: "))), 200)
            raise RefusedError(f"The repository {without_password(address)} could not be fetched: {why}.", ours=True)
        yield target


def without_password(text: str) -> str:
    """The text, without what stands before the `@` of addresses in it: there may be passwords."""
    return re.sub(r"(\w+://)[^\s/@]+@", r"\1", text)


# --- reading theirs --------------------------------------------------------------------------------------------------

# What in our environment would say to git that it works in another repository: we may have been started by a hook.
_OF_ANOTHER = frozenset(
    f"GIT_{name}"
    for name in "DIR WORK_TREE IMPLICIT_WORK_TREE INDEX_FILE PREFIX COMMON_DIR OBJECT_DIRECTORY ALTERNATE_OBJECT_DIRECTORIES"
    " GRAFT_FILE SHALLOW_FILE REPLACE_REF_BASE NAMESPACE".split()
)
_PLAIN = ("-c", "core.commitGraph=false", "-c", "core.multiPackIndex=false")  # aids that they could have made up
_SHA1 = "[core]\n\tbare = true\n\trepositoryformatversion = 0\n"
_SHA256 = "[core]\n\tbare = true\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"
_BROKEN = "The git repository can not be read: something in it is damaged or missing."
_POINTS_ELSEWHERE = (
    "The git repository can not be read: it says that parts of it lie elsewhere. Hand in one that is whole."
)


class _Git:
    """Git, in a repository of ours that looks for objects in theirs."""

    def __init__(self, folder: Path, objects: Path) -> None:
        self._program = _program()
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(folder),
            "LC_ALL": "C",
            "GIT_DIR": str(folder),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "none",
        }
        self._folder = folder

    def run(self, *words: str) -> str:
        """What it says. Raises RefusedError if it fails or takes too long."""
        with _cut_off(PATIENCE) as running, self.started(*words) as process:
            running.append(process)
            assert process.stdout is not None
            said = process.stdout.read(4096)
        if process.returncode:
            raise RefusedError(_BROKEN)
        return said.decode("ascii", "replace").strip()

    @contextlib.contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A git that is ended and waited for in any case."""
        limited = _limited(f"-v {MEMORY}", "-c 0")
        with subprocess.Popen(
            ["/bin/sh", "-c", limited, self._program, *_PLAIN, *words],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
            finally:
                assert process.stdin is not None
                with contextlib.suppress(OSError):
                    process.stdin.close()


@contextlib.contextmanager
def _ours(repository: Path, beside: Path | None) -> Iterator[tuple[_Git, str]]:
    """A git that can read their objects, and the last commit. What it needs lies in the folder `beside` meanwhile: who unpacks
    in a folder that goes with us, also when we are killed, leaves nothing anywhere else."""
    commit = _last_commit(repository)
    objects = repository / "objects"
    _refuse_elsewhere(objects)
    with tempfile.TemporaryDirectory(dir=beside) as name:
        folder = Path(name)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        (folder / "config").write_text(_SHA256 if len(commit) == 64 else _SHA1)
        yield _Git(folder, objects.resolve()), commit


def _last_commit(repository: Path) -> str:
    """The commit that HEAD stands for. In a bare one HEAD may name a branch that nobody ever pushed: then the only branch
    that there is."""
    head = _small(repository, "HEAD").strip()
    if _HASH.fullmatch(head):
        return head
    branches = _branches(repository)
    name = head.removeprefix("ref:").strip()
    if name in branches:
        return branches[name]
    if not branches:
        raise RefusedError("There is no commit in the git repository. Has it been pushed?")
    if len(branches) == 1:
        return next(iter(branches.values()))
    shown = ", ".join(printable(branch.removeprefix("refs/heads/")) for branch in sorted(branches)[:8])
    raise RefusedError(
        f"There is no branch {quoted(name.removeprefix('refs/heads/'))} in the git repository, and nothing says which of "
        f"its branches counts: {shown}."
    )


def _branches(repository: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    with contextlib.suppress(FileNotFoundError):
        for line in _small(repository, "packed-refs").splitlines():
            commit, _, name = line.strip().partition(" ")
            if _REF.fullmatch(name) and _HASH.fullmatch(commit):
                found[name] = commit
    for where, folders, names in os.walk(repository / "refs" / "heads"):
        folders[:] = [name for name in folders if not Path(where, name).is_symlink()][:1000]
        if len(where) - len(str(repository)) > LONGEST_REF:
            folders.clear()  # no branch is called so, and somebody may have dug deeper than Python goes
        for each in names[:1000]:
            name = Path(where, each).relative_to(repository).as_posix()
            if _REF.fullmatch(name):
                commit = _small(repository, name).strip()
                if _HASH.fullmatch(commit):
                    found[name] = commit
    return found


def _small(repository: Path, name: str) -> str:
    """A small text file of theirs, and nothing that is a link or a pipe instead."""
    number = os.open(repository / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(number, "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise RefusedError(_BROKEN)
        return file.read(LONGEST_REF_FILE).decode("utf-8", "replace")


def _refuse_elsewhere(objects: Path) -> None:
    """Objects are files in folders. Whatever leads to others might lead to a solution, or to other students."""
    if objects.is_symlink() or objects.parent.joinpath("commondir").exists():
        raise RefusedError(_POINTS_ELSEWHERE)
    count = 0
    for where, _, names in os.walk(objects):
        count += len(names)
        if len(Path(where).relative_to(objects).parts) > DEEPEST_OBJECTS:
            raise RefusedError(_BROKEN)
        if count > MOST_OBJECTS:
            raise RefusedError("The git repository is too large: hand in the files of its last commit.")
        if Path(where) == objects / "info" and {"alternates", "http-alternates"} & set(names):
            raise RefusedError(_POINTS_ELSEWHERE)
        with os.scandir(where) as entries:
            if not all(
                entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False) for entry in entries
            ):
                raise RefusedError(_POINTS_ELSEWHERE)


# --- landing its files -----------------------------------------------------------------------------------------------


def _entries(listing: subprocess.Popen[bytes], landing: Landing) -> Iterator[tuple[str, str, str, int, str]]:
    """(mode, kind, number, bytes, path) of each file, as git tells them; a tree that is its own branch has very many."""
    assert listing.stdout is not None
    rest = b""
    count = total = 0
    while chunk := listing.stdout.read(65536):
        *lines, rest = (rest + chunk).split(b"\0")
        if len(rest) > 1024 * 1024:
            raise RefusedError(_BROKEN)
        for line in lines:
            found = _LINE.fullmatch(line)
            if found is None:
                raise RefusedError(_BROKEN)
            mode, kind, number, size, path = found.groups()
            count += 1
            total += 0 if size == b"-" else int(size)
            landing.afford(total)
            if count > landing.bounds.files:
                raise RefusedError(f"There are more than {landing.bounds.files:,} files in the git repository.")
            yield (
                mode.decode(),
                kind.decode(),
                number.decode(),
                0 if size == b"-" else int(size),
                path.decode("utf-8", "surrogateescape"),
            )


def _land(entry: tuple[str, str, str, int, str], giving: subprocess.Popen[bytes], landing: Landing) -> None:
    mode, kind, number, size, path = entry
    if kind != "blob":
        landing.note(f"{quoted(path)} was left out: it is a repository of its own (a submodule), which is not fetched.")
        return
    if mode == "120000" and size > LONGEST_LINK:
        landing.note(f"The link {quoted(path)} was left out: what it leads to has too long a name.")
        return
    assert giving.stdin is not None
    assert giving.stdout is not None
    try:
        giving.stdin.write(f"{number}\n".encode())
        giving.stdin.flush()
    except OSError:
        raise RefusedError(_BROKEN) from None
    if giving.stdout.readline(200) != f"{number} blob {size}\n".encode():
        raise RefusedError(_BROKEN)
    if mode == "120000":
        landing.link(path, giving.stdout.read(size).decode("utf-8", "surrogateescape"))
    else:
        contents = _Counted(giving, size)
        landing.file(path, contents.read, executable=mode == "100755")
        while contents.read(65536):
            pass  # what did not land is in the way of the next one
    if giving.stdout.read(1) != b"\n":
        raise RefusedError(_BROKEN)


class _Counted:
    """So many bytes of what git gives, and no more."""

    def __init__(self, giving: subprocess.Popen[bytes], size: int) -> None:
        self._giving = giving
        self._left = size

    def read(self, count: int) -> bytes:
        assert self._giving.stdout is not None
        data = self._giving.stdout.read(min(count, self._left))
        if not data and self._left:
            raise RefusedError(_BROKEN)
        self._left -= len(data)
        return data


# --- processes -------------------------------------------------------------------------------------------------------


def _program() -> str:
    program = shutil.which("git")
    if program is None:
        raise RefusedError("Git repositories can not be read on this machine: there is no git.", ours=True)
    return program


def _limited(*limits: str) -> str:
    """For a shell: become the program that is given, within these limits. One that is lower already stays, and is tried in
    a shell of its own, since to fail at it would end this one."""
    return "".join(f"(ulimit {limit}) 2>/dev/null && ulimit {limit}; " for limit in limits) + 'exec "$0" "$@"'


@contextlib.contextmanager
def _cut_off(seconds: float) -> Iterator[list[subprocess.Popen[bytes]]]:
    """What is put into the list is ended after so many seconds, should it still run."""
    running: list[subprocess.Popen[bytes]] = []

    def end() -> None:
        for process in running:
            process.kill()

    clock = threading.Timer(seconds, end)
    clock.daemon = True
    clock.start()
    try:
        yield running
    finally:
        clock.cancel()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Git, and whatever it has started to fetch. Its number is still its own: it has not been waited for, or its group is
    gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
