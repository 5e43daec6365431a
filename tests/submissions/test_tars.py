"""Tars are read as their packers meant them, and what no packer writes takes neither memory nor time."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.submissions.landing import RefusedError
from chatsim.submissions.tars import Member, members, unpacked

NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n="), min_size=1, max_size=150).map(
    lambda name: name.strip("/") or "x"
)
FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
KINDS = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "link", tarfile.LNKTYPE: "hard link"}


def read(data: bytes) -> list[tuple[Member, bytes]]:
    found = []
    for member, contents in members(unpacked(io.BytesIO(data), 10_000_000)):
        text = b""
        while chunk := contents.read(1000):
            text += chunk
        found.append((member, text))
    return found


def refused(data: bytes) -> str:
    with pytest.raises(RefusedError) as caught:
        read(data)
    return caught.value.told


@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(NAMES, st.sampled_from(sorted(KINDS)), NAMES, st.binary(max_size=1200), st.integers(0, 2**33))),
)
def test_what_tarfile_packs_is_read_as_tarfile_reads_it(
    form: int, packed: list[tuple[str, bytes, str, bytes, int]]
) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, kind, link, text, time_ in packed:
            info = tarfile.TarInfo(name)
            info.type, info.mtime, info.mode = kind, time_, len(text) % 0o1000
            info.linkname = link if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(text) if kind == tarfile.REGTYPE else 0
            try:
                archive.addfile(info, io.BytesIO(text))
            except ValueError:
                pass  # too long a name for this format
    with tarfile.open(fileobj=io.BytesIO(buffer.getvalue()), mode="r:") as archive:
        expected = [
            (
                info.name,
                KINDS[info.type],
                info.linkname,
                bool(info.mode & 0o111),
                float(info.mtime),
                archive.extractfile(info).read() if info.isreg() else b"",  # type: ignore[union-attr]
            )
            for info in archive.getmembers()
        ]

    found = [
        (member.name.rstrip("/"), member.kind, member.link, member.executable, member.modified, text)
        for member, text in read(buffer.getvalue())
    ]

    assert found == expected


@pytest.mark.skipif(shutil.which("tar") is None, reason="there is no tar on this machine")
@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_gnu_tar_packs_is_read(tmp_path: Path, form: str) -> None:
    long = "d" * 60 if form == "v7" else "d" * 90 + "/" + "e" * 90 if form == "ustar" else "d" * 120
    (tmp_path / "a" / long).mkdir(parents=True)
    (tmp_path / "a" / long / "grün.py").write_text("x" * 700)
    (tmp_path / "a" / "link").symlink_to("other" if form in ("v7", "ustar") else "other" * 30)
    done = subprocess.run(["tar", f"--format={form}", "-cf", "-", "a"], cwd=tmp_path, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this tar is not GNU's: {done.stderr.decode()[:80]}")

    found = {member.name.rstrip("/"): (member, text) for member, text in read(done.stdout)}

    assert found[f"a/{long}/grün.py"][1] == b"x" * 700
    assert found["a/link"][0].link == str((tmp_path / "a" / "link").readlink())
    assert found["a"][0].kind == "folder"


def head(name: str, kind: bytes, size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def test_a_note_that_is_only_digits_takes_no_longer_than_any_other() -> None:
    """Where it is looked for by a pattern, one such head takes minutes."""
    note = b"1" * 1_000_000
    began = time.monotonic()

    assert "a note in it can not be read" in refused(head("x", tarfile.XHDTYPE, len(note)) + filled(note))
    assert time.monotonic() - began < 30


def test_a_name_of_many_megabytes_is_not_taken_into_memory() -> None:
    with pytest.raises(RefusedError, match="larger than 1 MiB"):
        read(head("x", tarfile.GNUTYPE_LONGNAME, 4_000_000) + bytes(4_000_256))


def test_names_before_names_before_names_are_not_followed_for_ever() -> None:
    assert "too many notes" in refused(100_000 * (head("x", tarfile.GNUTYPE_LONGNAME, 2) + filled(b"ab")))


def test_many_empty_packed_pieces_are_not_followed_for_ever() -> None:
    piece = gzip.compress(b"", mtime=0)

    assert "too many pieces" in refused(60_000 * piece)


def test_packed_pieces_one_after_the_other_are_the_whole() -> None:
    data = head("a", tarfile.REGTYPE, 3) + filled(b"abc") + bytes(1024)

    for cut in (1, 512, 700):
        assert read(gzip.compress(data[:cut]) + gzip.compress(data[cut:]) + b"behind it")[0][1] == b"abc"


@pytest.mark.parametrize(
    ("field", "told"),
    [
        (b"\xff" * 12, "a number in it is none"),
        (b"\x80" + b"\xff" * 11, "a number in it is none"),
        (b"-0000000001\0", "a number in it is none"),
        (b"00000000009\0", "a number in it is none"),
        (b"\x80" + bytes(7) + b"\0\0\x10\0", "ends too early"),
    ],
)
def test_sizes_that_can_not_be_are_refused(field: bytes, told: str) -> None:
    data = bytearray(head("a", tarfile.REGTYPE))
    data[124:136] = field
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)

    assert told in refused(bytes(data))


@pytest.mark.parametrize("note", [b"0 a=b\n", b"99 a=b\n", b"a", b"9999999999999999 a=b\n", b"5 a=b\n6", b" a=b\n"])
def test_a_note_whose_lengths_are_wrong_is_refused(note: bytes) -> None:
    assert "a note in it can not be read" in refused(head("x", tarfile.XHDTYPE, len(note)) + filled(note))


def test_a_file_with_holes_is_known_as_one() -> None:
    data = head("x", tarfile.XHDTYPE, 22) + filled(b"22 GNU.sparse.major=1\n") + head("a", tarfile.REGTYPE)

    assert [member.kind for member, _ in read(data)] == ["sparse"]
    assert [member.kind for member, _ in read(head("a", tarfile.GNUTYPE_SPARSE))] == ["sparse"]


@given(st.binary(max_size=3000))
def test_any_bytes_are_members_or_refused(data: bytes) -> None:
    try:
        read(data)
    except RefusedError as error:
        assert "damaged" in error.told
