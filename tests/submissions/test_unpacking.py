"""A submission becomes plain files, and nothing of it lands outside. Judged by what lies on the disk afterwards."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import socket
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.grading.record import Student
from chatsim.submissions import Bounds, Refused, Submission, Unpacked, digest_of, unpack
from chatsim.submissions.folders import land_file
from chatsim.submissions.landing import Landing
from chatsim.submissions.submission import Kind

SMALL = Bounds(total=200_000, files=50, depth=6, ratio=50, free=20_000)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder `work` beside which a secret lies; at the end there is nothing around it that was not there before."""
    (tmp_path / "work").mkdir()
    (tmp_path / "secret.txt").write_text("the solution")
    before = digest_of(tmp_path)
    yield tmp_path / "work"
    for entry in (tmp_path / "work").iterdir():  # what happened in there is each test's own affair
        entry.unlink() if entry.is_symlink() or not entry.is_dir() else _remove(entry)
    assert digest_of(tmp_path) == before


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


def handed_in(path: Path, kind: Kind = "archive") -> Submission:
    return Submission(Student("anna", "Anna"), path, kind, origin=path.name)


def unpacked(path: Path, kind: Kind = "archive", bounds: Bounds = SMALL) -> Unpacked:
    result = unpack(handed_in(path, kind), path.parent / "target", bounds)
    assert isinstance(result, Unpacked), result
    return result


def refused(path: Path, kind: Kind = "archive", bounds: Bounds = SMALL) -> str:
    """Why it was refused; and then nothing lies there."""
    result = unpack(handed_in(path, kind), path.parent / "target", bounds)
    assert isinstance(result, Refused), result
    assert list((path.parent / "target").iterdir()) == []
    return result.told


def contents(folder: Path) -> dict[str, str]:
    """All that lies there: files by their text, links by where they lead, folders as `/`."""
    found = {}
    for where, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(where, name)
            mode = path.lstat().st_mode
            key = path.relative_to(folder).as_posix()
            if stat.S_ISLNK(mode):
                found[key] = f"-> {path.readlink()}"
            elif stat.S_ISDIR(mode):
                found[key] = "/"
            else:
                assert stat.S_ISREG(mode)
                found[key] = path.read_bytes().decode("utf-8", "replace")
    return found


def zipped(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def entry(name: str, mode: int, *, system: int = 3) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = system
    info.external_attr = mode << 16
    return info


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return path


def member(name: str, data: bytes = b"", **more: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


# --- what honest students hand in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"])
def test_every_usual_archive_gives_its_files(place: Path, suffix: str) -> None:
    path = place / f"anna{suffix}"
    if suffix == ".zip":
        zipped(path, ("server.py", b"print()"), ("données/café 日本.txt", "é".encode()))
    else:
        how = {".tar": "w", ".tgz": "w:gz"}.get(suffix, "w:" + suffix.rpartition(".")[2])
        tarred(path, member("server.py", b"print()"), member("données/café 日本.txt", "é".encode()), mode=how)

    result = unpacked(path)

    assert contents(result.folder) == {"server.py": "print()", "données": "/", "données/café 日本.txt": "é"}
    assert result.notes == ()


def test_a_folder_is_copied_with_its_hidden_files_and_without_what_machines_left(place: Path) -> None:
    folder = place / "anna lee"
    (folder / "lib").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "__MACOSX").mkdir()
    (folder / ".git").mkdir()
    for name in (
        "server.py",
        "lib/room.py",
        ".env",
        ".DS_Store",
        "._server.py",
        "__MACOSX/x",
        ".git/config",
        "a.py~",
    ):
        (folder / name).write_text(name)

    result = unpacked(folder, "folder")

    assert contents(result.folder) == {
        "server.py": "server.py",
        "lib": "/",
        "lib/room.py": "lib/room.py",
        "empty": "/",
        ".env": ".env",
        "a.py~": "a.py~",
    }


def test_a_single_file_is_a_submission(place: Path) -> None:
    (place / "anna.py").write_text("print()")

    assert contents(unpacked(place / "anna.py", "file").folder) == {"anna.py": "print()"}


def test_a_folder_around_everything_is_looked_through(place: Path) -> None:
    path = zipped(
        place / "a.zip", ("chat/chat/server.py", b"1"), ("chat/chat/b/c.py", b"2"), ("__MACOSX/chat/._x", b"")
    )

    result = unpacked(path)

    assert contents(result.folder) == {"server.py": "1", "b": "/", "b/c.py": "2"}


def test_a_folder_that_is_part_of_a_project_is_no_cover(place: Path) -> None:
    path = zipped(place / "a.zip", ("chat/src/chat/Server.java", b"1"))

    assert contents(unpacked(path).folder) == {"src": "/", "src/chat": "/", "src/chat/Server.java": "1"}


def test_an_archive_that_is_all_there_is_but_for_documents_is_unpacked_in_its_place(place: Path) -> None:
    inner = zipped(place / "inner.zip", ("chat/server.py", b"1"), ("chat/b.py", b"2")).read_bytes()
    path = zipped(place / "a.zip", ("hand-in/chat.zip", inner), ("hand-in/report.pdf", b"%PDF"))

    result = unpacked(path)

    assert contents(result.folder) == {"chat": "/", "chat/server.py": "1", "chat/b.py": "2", "report.pdf": "%PDF"}


def test_an_archive_alone_in_an_archive_or_folder_is_as_if_it_had_been_handed_in(place: Path) -> None:
    inner = tarred(place / "inner.tgz", member("chat/server.py", b"1"), member("chat/b.py", b"2"), mode="w:gz")
    path = zipped(place / "a.zip", ("chat.tgz", inner.read_bytes()))
    (place / "folder").mkdir()
    inner.rename(place / "folder" / "chat.tgz")

    assert contents(unpacked(path).folder) == {"server.py": "1", "b.py": "2"}
    result = unpack(handed_in(place / "folder", "folder"), place / "other", SMALL)
    assert isinstance(result, Unpacked)
    assert contents(result.folder) == {"server.py": "1", "b.py": "2"}


def test_an_archive_beside_a_program_stays_as_it_is(place: Path) -> None:
    inner = zipped(place / "inner.zip", ("x", b"1")).read_bytes()
    path = zipped(place / "a.zip", ("levels.zip", inner), ("server.py", b"1"))

    assert set(contents(unpacked(path).folder)) == {"levels.zip", "server.py"}


def test_archives_in_archives_in_archives_are_not_followed_for_ever(place: Path) -> None:
    data = zipped(place / "0.zip", ("server.py", b"1")).read_bytes()
    for depth in range(3):
        data = zipped(place / f"{depth}.zip", (f"{depth}.zip", data)).read_bytes()

    assert "archive in an archive" in refused(place / "2.zip")


def test_programs_stay_programs_and_other_rights_are_ours_to_give(place: Path) -> None:
    path = zipped(
        place / "a.zip",
        (entry("run", stat.S_IFREG | 0o4755), b"#!"),
        (entry("closed", stat.S_IFREG | 0o000), b""),
        (entry("open", stat.S_IFREG | 0o666), b""),
    )

    folder = unpacked(path).folder

    modes = {name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("run", "closed", "open")}
    assert modes == {"run": 0o755, "closed": 0o644, "open": 0o644}


def test_what_is_older_stays_older_for_the_sake_of_make(place: Path) -> None:
    path = tarred(place / "a.tar", member("new.o", b"", mtime=1_700_000_900), member("old.c", b"", mtime=1_700_000_000))

    folder = unpacked(path).folder

    assert (folder / "new.o").stat().st_mtime == 1_700_000_900
    assert (folder / "old.c").stat().st_mtime == 1_700_000_000


# --- names -----------------------------------------------------------------------------------------------------------


def test_a_name_that_leads_out_is_left_out_and_told(place: Path) -> None:
    names = ["../evil", "a/../../evil", "a/..", "..", "..\\evil", "a\\..\\..\\evil", "server.py"]
    path = zipped(place / "a.zip", *[(name, b"x") for name in names])

    result = unpacked(path)

    assert contents(result.folder) == {"server.py": "x"}
    assert len(result.notes) == 4  # those with back-slashes are the same names
    assert '"../evil" was left out: its name leads out of the folder, by "..".' in result.notes


@pytest.mark.parametrize("name", ["/home/anna/server.py", "C:\\home\\anna\\server.py", "//home/anna/server.py"])
def test_an_absolute_name_lands_below_the_folder(place: Path, name: str) -> None:
    path = zipped(place / "a.zip", (name, b"x"), ("b", b"y"))

    assert contents(unpacked(path).folder) == {"home": "/", "home/anna": "/", "home/anna/server.py": "x", "b": "y"}


def test_tar_names_that_lead_out_or_are_absolute_do_not(place: Path) -> None:
    path = tarred(place / "a.tar", member("../evil", b"x"), member("/tmp/chatsim-evil/b", b"y"), member("c", b"z"))

    assert contents(unpacked(path).folder) == {"tmp": "/", "tmp/chatsim-evil": "/", "tmp/chatsim-evil/b": "y", "c": "z"}
    assert not Path("/tmp/chatsim-evil").exists()


def test_backslashes_of_windows_part_names(place: Path) -> None:
    path = zipped(place / "a.zip", ("chat\\server.py", b"1"), ("chat\\lib\\b.py", b"2"))

    assert contents(unpacked(path).folder) == {"server.py": "1", "lib": "/", "lib/b.py": "2"}


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "x" * 300, "d/" * 300 + "x", "y" * 1_000_000])
def test_a_name_that_nobody_could_mean_is_left_out(place: Path, name: str) -> None:
    path = tarred(place / "a.tar", member(name, b"x"), member("server.py", b"1"))

    result = unpacked(path, bounds=Bounds())

    assert contents(result.folder) == {"server.py": "1"}
    assert len(result.notes) == 1
    assert len(result.notes[0]) < 300
    assert result.notes[0].isprintable()


def test_names_without_the_mark_for_utf_8_are_read_as_utf_8_if_they_are(place: Path) -> None:
    path = zipped(place / "a.zip", ("s\u00e9rveur-x.py", b"1"))
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        offset = data.index(signature) + at
        flags = struct.unpack_from("<H", data, offset)[0]
        struct.pack_into("<H", data, offset, flags & ~0x800)
    path.write_bytes(data)

    assert contents(unpacked(path).folder) == {"s\u00e9rveur-x.py": "1"}


def test_names_in_the_old_code_page_are_read_in_it(place: Path) -> None:
    path = zipped(place / "a.zip", ("S_RVER.PY", b"1"))
    path.write_bytes(path.read_bytes().replace(b"S_RVER.PY", b"S\x90RVER.PY"))

    assert contents(unpacked(path).folder) == {"SÉRVER.PY": "1"}


def test_names_that_differ_in_capital_letters_both_land_and_are_told(place: Path) -> None:
    path = zipped(place / "a.zip", ("Server.py", b"1"), ("server.py", b"2"))

    result = unpacked(path)

    assert contents(result.folder) == {"Server.py": "1", "server.py": "2"}
    assert "capital letters" in result.notes[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_a_file_that_is_there_twice_the_last_counts(place: Path) -> None:
    by_zip = zipped(place / "a.zip", ("server.py", b"old"), ("server.py", b"new"))

    result = unpacked(by_zip)

    assert contents(result.folder) == {"server.py": "new"}
    assert "more than once" in result.notes[0]


def test_a_file_can_not_be_a_folder_as_well(place: Path) -> None:
    path = tarred(place / "a.tar", member("a", b"1"), member("a/b", b"2"), member("c/d", b"3"), member("c", b"4"))

    result = unpacked(path)

    assert contents(result.folder) == {"a": "1", "c": "/", "c/d": "3"}
    assert len(result.notes) == 2


@given(st.lists(st.text(st.sampled_from("./\\ab:~ C\0\n\u00e9"), max_size=9), max_size=8))
def test_whatever_the_names_are_all_lands_inside(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    place = tmp_path_factory.mktemp("names")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number, name in enumerate(names):
            kind = (tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE)[number % 4]
            link = names[number - 1].replace("\0", "") if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info, data = member(name.replace("\0", ""), b"x" if number % 4 == 0 else b"", type=kind, linkname=link)
            archive.addfile(info, io.BytesIO(data))
    (place / "work").mkdir()
    (place / "work" / "a.tar").write_bytes(buffer.getvalue())
    (place / "a").write_text("outside")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}

    result = unpack(handed_in(place / "work" / "a.tar"), place / "work" / "target", SMALL)

    target = place / "work" / "target"
    after = {path for path in place.rglob("*") if not path.is_relative_to(target)}
    assert {path: path.read_bytes() for path in after if path.is_file()} == before
    assert isinstance(result, Unpacked)
    for path in result.folder.rglob("*"):
        assert path.resolve().is_relative_to(result.folder.resolve())


# --- links and what is no file ---------------------------------------------------------------------------------------


def test_links_that_stay_inside_are_kept_and_others_are_not(place: Path) -> None:
    folder = place / "anna"
    (folder / "lib").mkdir(parents=True)
    (folder / "server.py").write_text("1")
    links = {
        "main.py": "server.py",
        "lib/up.py": "../server.py",
        "all": "lib",
        "secret": "../../secret.txt",
        "absolute": str(place.parent / "secret.txt"),
        "again": "../target/server.py",  # the name that it has here, and nowhere else
        "absolutely": str(place / "target" / "server.py"),
        "nowhere": "gone.py",
        "round": "round",
        "chain": "secret",
        "lib/out": "../..",
    }
    for name, to in links.items():
        (folder / name).symlink_to(to)

    result = unpacked(folder, "folder")

    found = {name: to for name, to in contents(result.folder).items() if to.startswith("->")}
    assert found == {"main.py": "-> server.py", "lib/up.py": "-> ../server.py", "all": "-> lib"}
    assert len(result.notes) == 8


def test_a_link_is_no_way_out_for_what_comes_after_it(place: Path) -> None:
    out, secret = member("out", type=tarfile.SYMTYPE, linkname=".."), member("out/secret.txt", b"changed")
    again = member("secret2", type=tarfile.LNKTYPE, linkname="../secret.txt")
    through = member("copy", type=tarfile.LNKTYPE, linkname="out/../secret.txt")

    result = unpacked(tarred(place / "a.tar", out, secret, again, through, member("server.py", b"1")))

    assert contents(result.folder) == {"out": "/", "out/secret.txt": "changed", "server.py": "1"}


def test_links_in_a_zip_are_judged_like_others(place: Path) -> None:
    path = zipped(
        place / "a.zip",
        (entry("secret", stat.S_IFLNK | 0o777), b"../../secret.txt"),
        (entry("main.py", stat.S_IFLNK | 0o777), b"server.py"),
        (entry("server.py", stat.S_IFREG | 0o644), b"1"),
    )

    assert contents(unpacked(path).folder) == {"main.py": "-> server.py", "server.py": "1"}


def test_a_link_out_of_the_folder_that_counts_is_one_out_of_the_submission(place: Path) -> None:
    """Its cover is not part of what is graded, and in a sandbox something else is there."""
    path = tarred(
        place / "a.tar",
        member("chat/server.py", b"1"),
        member("chat/up", type=tarfile.SYMTYPE, linkname=".."),
        member("chat/here", type=tarfile.SYMTYPE, linkname="."),
    )

    assert contents(unpacked(path).folder) == {"server.py": "1", "here": "-> ."}


def test_two_links_can_not_lead_out_together(place: Path) -> None:
    path = tarred(
        place / "a.tar",
        member("d/e/f", b"1"),
        member("a", type=tarfile.SYMTYPE, linkname="d/e"),
        member("b", type=tarfile.SYMTYPE, linkname="a/../../.."),  # by its words still inside, by its way not
        member("server.py", b"1"),
    )

    assert set(contents(unpacked(path).folder)) == {"d", "d/e", "d/e/f", "a", "server.py"}


def test_a_hard_link_within_the_archive_is_a_copy(place: Path) -> None:
    path = tarred(
        place / "a.tar", member("a.py", b"1", mode=0o755), member("b.py", type=tarfile.LNKTYPE, linkname="a.py")
    )

    folder = unpacked(path).folder

    assert contents(folder) == {"a.py": "1", "b.py": "1"}
    assert (folder / "a.py").stat().st_nlink == 1
    assert (folder / "b.py").stat().st_mode & 0o111


def test_devices_and_pipes_never_land(place: Path) -> None:
    kinds = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE)
    special = [member(f"x{kind!r}", type=kind, devmajor=1, devminor=5) for kind in kinds[:3]]

    result = unpacked(tarred(place / "a.tar", *special, member("server.py", b"1")))

    assert contents(result.folder) == {"server.py": "1"}
    assert len(result.notes) == 3


def test_pipes_and_sockets_in_a_folder_are_left_out_and_hold_nobody_up(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = place / "anna"
    folder.mkdir()
    (folder / "server.py").write_text("1")
    os.mkfifo(folder / "pipe")
    monkeypatch.chdir(folder)  # a socket's path has to be short
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind("sock")

        result = unpacked(folder, "folder")

    assert contents(result.folder) == {"server.py": "1"}
    assert len(result.notes) == 2


def test_what_takes_the_place_of_a_file_meanwhile_is_not_read(place: Path) -> None:
    """It was a file when its folder was read; when it is opened it is a link, or a pipe that nobody writes to."""
    landing = Landing(place, SMALL)
    (place / "link").symlink_to("../secret.txt")
    os.mkfifo(place / "pipe")

    with pytest.raises(OSError, match="symbolic links"):
        land_file(place / "link", "server.py", landing)
    land_file(place / "pipe", "server.py", landing)

    assert landing.notes == ('"server.py" was left out: it is no file, but a device, a pipe or a socket.',)
    assert not (place / "server.py").exists()


@pytest.mark.parametrize("call", ["os.fchmod", "os.open", "os.mkdir"])
def test_a_full_disk_is_no_fault_of_the_student(place: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    plain = {"os.fchmod": os.fchmod, "os.open": os.open, "os.mkdir": os.mkdir}[call]

    def full(path: int | str | os.PathLike[str], *more: int, **named: int) -> object:
        if call == "os.fchmod" or str(path).endswith("new"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return plain(path, *more, **named)  # type: ignore[operator, arg-type]

    path = zipped(place / "a.zip", ("a.py", b"1"), ("new" if call == "os.open" else "new/server.py", b"1"))
    monkeypatch.setattr(call, full)

    result = unpack(handed_in(path), place / "target", SMALL)

    assert result == Refused("It could not be unpacked on this machine: no space left on device.", ours=True)
    assert list((place / "target").iterdir()) == []


def test_an_archive_that_has_gone_is_no_fault_of_the_student(place: Path) -> None:
    result = unpack(handed_in(place / "a.zip"), place / "target", SMALL)

    assert result == Refused('"a.zip" can not be read: no such file or directory.', ours=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_that_can_not_be_read_is_told(place: Path) -> None:
    folder = place / "anna"
    folder.mkdir()
    (folder / "server.py").write_text("1")
    (folder / "closed.py").write_text("1")
    (folder / "closed.py").chmod(0)

    result = unpacked(folder, "folder")

    assert contents(result.folder) == {"server.py": "1"}
    assert result.notes == ('"closed.py" was left out: it can not be read (permission denied).',)


# --- bombs and lies --------------------------------------------------------------------------------------------------


def test_what_is_packed_too_small_is_refused(place: Path) -> None:
    path = zipped(place / "a.zip", ("zeros", bytes(150_000)), ("server.py", b"1"))

    assert "packed more than 50 times smaller" in refused(path)


@pytest.mark.parametrize("how", ["w:gz", "w:bz2", "w:xz"])
def test_so_is_a_tar_of_that_kind(place: Path, how: str) -> None:
    path = tarred(place / "a.tar.xx", member("zeros", bytes(150_000)), mode=how)
    path = path.rename(place / "a.tgz")

    assert "packed more than 50 times smaller" in refused(path)


@pytest.mark.parametrize("kind", ["zip", "tar", "folder"])
def test_what_is_too_large_is_refused(place: Path, kind: str) -> None:
    data = os.urandom(150_000)
    if kind == "zip":
        assert "too large" in refused(zipped(place / "a.zip", ("a", data), ("b", data)))
    elif kind == "tar":
        assert "too large" in refused(tarred(place / "a.tar", member("a", data), member("b", data)))
    else:
        (place / "a").mkdir()
        (place / "a" / "x").write_bytes(data)
        (place / "a" / "y").write_bytes(data)
        assert "too large" in refused(place / "a", "folder")


def test_a_folder_with_a_hole_of_a_terabyte_is_not_read(place: Path) -> None:
    (place / "a").mkdir()
    with (place / "a" / "hole").open("wb") as file:
        file.truncate(1 << 40)

    assert "too large" in refused(place / "a", "folder")


def test_too_many_files_are_refused(place: Path) -> None:
    assert "more than 50 files" in refused(zipped(place / "a.zip", *[(f"{i}", b"") for i in range(51)]))


def test_a_size_that_is_told_is_not_believed(place: Path) -> None:
    """The entry says that it has one byte; there are more, and they do not land."""
    path = zipped(place / "a.zip", ("server.py", b"x" * 1000))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1)
    path.write_bytes(data)

    assert "damaged" in refused(path)


def test_sizes_beyond_all_disks_are_refused_before_anything_is_read(place: Path) -> None:
    path = zipped(place / "a.zip", ("server.py", b"x"))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 0xFFFFFFF0)
    path.write_bytes(data)
    assert "too large" in refused(path)

    huge = tarfile.TarInfo("server.py")
    huge.size = 1 << 60
    (place / "b.tar").write_bytes(huge.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert "too large" in refused(place / "b.tar")


@pytest.mark.parametrize(("field", "why"), [(12, ""), (16, "something in it lies before its beginning")])
def test_what_lies_before_the_beginning_is_refused(place: Path, field: int, why: str) -> None:
    """The table of contents, by its size, or a file, by where the table is said to be."""
    path = zipped(place / "a.zip", ("server.py", b"x"))
    data = bytearray(path.read_bytes())
    offset = data.index(b"PK\x05\x06") + field
    struct.pack_into("<I", data, offset, struct.unpack_from("<I", data, offset)[0] + 200)
    path.write_bytes(data)

    assert f"damaged: {why}" in refused(path)


def test_files_that_share_their_bytes_are_refused(place: Path) -> None:
    """One stretch of packed bytes, and a table of contents that names it a thousand times."""
    path = zipped(place / "a.zip", ("server.py", os.urandom(100)))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    central = data[start:end]
    closing = bytearray(data[end:])
    struct.pack_into("<HHI", closing, 8, 20, 20, 20 * len(central))
    path.write_bytes(data[:start] + 20 * central + closing)

    assert "share the same bytes" in refused(path)


def test_a_table_of_contents_that_says_it_is_gigantic_is_not_read(place: Path) -> None:
    path = place / "a.zip"
    size = 64 * 1024 * 1024
    with path.open("wb") as file:
        file.truncate(size)  # a hole
        file.seek(size)
        file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 9, 9, size, 0, 0))

    tracemalloc.start()
    try:
        assert "too large" in refused(path)
        assert tracemalloc.get_traced_memory()[1] < size / 2
    finally:
        tracemalloc.stop()


def test_a_locked_archive_is_told_as_that(place: Path) -> None:
    path = zipped(place / "a.zip", ("server.py", b"x"))
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", data, data.index(signature) + at, 1)
    path.write_bytes(data)

    assert "locked with a password" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_need_memory_without_bounds_are_refused(place: Path, method: int) -> None:
    path = place / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("server.py", b"x" * 100)

    assert "unusual way" in refused(path)


def test_an_xz_that_asks_for_much_memory_is_refused(place: Path) -> None:
    import lzma

    # Packing with such a dictionary needs 15 GiB; so a small one is made, and its block's head says otherwise.
    data = bytearray(lzma.compress(bytes(2000), filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]))
    block = 12
    length = (data[block] + 1) * 4
    data[block + 4] = 37  # 1.5 GiB, in the format's own counting
    struct.pack_into("<I", data, block + length - 4, zlib.crc32(data[block : block + length - 4]))
    (place / "a.tar.xz").write_bytes(data)

    assert "Memory usage limit" in refused(place / "a.tar.xz")


def test_what_does_not_land_is_not_read_without_end(place: Path) -> None:
    path = tarred(place / "a.tar.gz", member("x", bytes(400_000), type=b"Z"), member("server.py", b"1"), mode="w:gz")

    assert "too large" in refused(path)


def test_a_note_of_a_gigabyte_in_a_tar_is_not_read(place: Path) -> None:
    head = tarfile.TarInfo("././@PaxHeader")
    head.type, head.size = tarfile.XHDTYPE, 1 << 30
    (place / "a.tar").write_bytes(head.tobuf(tarfile.PAX_FORMAT) + bytes(1024))

    assert "damaged" in refused(place / "a.tar", bounds=Bounds())


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.zip", b"", "is empty"),
        ("a.zip", b"PK\x03\x04 and no more", "damaged"),
        ("a.zip", b"Hello!", "is called an archive, and is none"),
        ("a.rar", b"Rar!\x1a\x07\x01\x00", "is a RAR archive"),
        ("a.zip", b"7z\xbc\xaf\x27\x1c", "is a 7z archive"),
        ("a.tar", b"Hello!" * 100, "damaged"),
        ("a.tgz", b"\x1f\x8b\x08\x00", "ends too early"),
    ],
)
def test_what_is_no_archive_is_told_in_words_for_a_student(place: Path, name: str, data: bytes, told: str) -> None:
    (place / name).write_bytes(data)

    assert told in refused(place / name)


@given(st.data())
def test_a_damaged_archive_never_raises(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    place = tmp_path_factory.mktemp("damaged")
    how = data.draw(st.sampled_from(["zip", "w", "w:gz", "w:bz2", "w:xz"]))
    path = place / ("a.zip" if how == "zip" else "a.tar")
    if how == "zip":
        zipped(path, ("a/server.py", b"x" * 50), (entry("b", stat.S_IFLNK), b"a"))
    else:
        tarred(path, member("a/server.py", b"x" * 50), member("b", type=tarfile.SYMTYPE, linkname="a"), mode=how)
    damaged = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])

    result = unpack(handed_in(path), place / "target", SMALL)

    assert isinstance(result, Unpacked) or not result.ours
    assert sorted(entry.name for entry in place.iterdir()) == sorted((path.name, "target"))


# --- the target ------------------------------------------------------------------------------------------------------


def test_a_target_in_which_something_lies_is_a_mistake_of_the_caller(place: Path) -> None:
    path = zipped(place / "a.zip", ("server.py", b"x"))
    (place / "target").mkdir()
    (place / "target" / "old").write_text("")

    with pytest.raises(ValueError, match="there is something"):
        unpack(handed_in(path), place / "target")


def test_an_archive_without_files_is_told(place: Path) -> None:
    result = unpacked(zipped(place / "a.zip"))

    assert contents(result.folder) == {}
    assert result.notes == ("There is nothing in it.",)


def test_the_digest_is_that_of_names_contents_and_rights_and_not_of_times(place: Path) -> None:
    def make(name: str, change: Callable[[Path], object] = lambda folder: None) -> str:
        folder = place / name
        (folder / "d").mkdir(parents=True)
        for file in ("b", "a", "d/c") if name == "1" else ("d/c", "a", "b"):
            (folder / file).write_text(file)
        change(folder)
        return digest_of(folder)

    same = make("1")

    assert make("2", lambda folder: os.utime(folder / "a", (0, 0))) == same
    changed = [
        make("3", lambda folder: (folder / "a").write_text("A")),
        make("4", lambda folder: (folder / "a").rename(folder / "e")),
        make("5", lambda folder: (folder / "a").chmod(0o755)),
        make("6", lambda folder: (folder / "empty").mkdir()),
        make("7", lambda folder: (folder / "link").symlink_to("a")),
    ]
    assert len({same, *changed}) == 6
