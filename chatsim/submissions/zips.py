"""Zip archives, read with suspicion: no size, name or place that they tell is believed before it has been looked at.

`zipfile` does the format. What it leaves to its caller stands here: which names are meant, entries that share their bytes,
ways of packing whose unpacking needs memory without bounds, and a table of contents too large to be read at once.
"""

from __future__ import annotations

import calendar
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from chatsim.report.printable import quoted
from chatsim.submissions.landing import Landing, RefusedError

__all__ = ["LARGEST_READ_OF_CLASS", "land_zip", "names_in", "opened"]

LARGEST_READ = 8 * 1024 * 1024  # bytes at once, hence of the table of contents: 50,000 files need half of that,
LARGEST_READ_OF_CLASS = (
    256 * 1024 * 1024
)  # and a thousand students a thousand times as many; what made it is no student
LONGEST_LINK = 4096  # bytes; no system takes a longer one
UNIX_MADE = (3, 19)  # who made it: only these mean the upper half of the attributes as Unix does
LOCKED = 0x1
UTF_8 = 0x800
UNICODE_PATH = 0x7075  # the extra field in which some programs say the name once more, in UTF-8
UNUSUAL = {9: "Deflate64", 12: "BZIP2", 14: "LZMA", 93: "Zstandard", 95: "XZ", 98: "PPMd"}  # ways of packing
BEFORE = "something in it lies before its beginning"
BROKEN = "The archive is damaged: {why}. Does it open on your own machine? Pack it again, and hand in that one."


def land_zip(file: BinaryIO, landing: Landing, under: str = "", inside: str | None = None) -> None:
    """All that is in the archive; or, with `inside`, one file or folder of it, which is then called `under`.

    Raises RefusedError if it can not be taken.
    """
    with opened(file, LARGEST_READ if inside is None else LARGEST_READ_OF_CLASS) as archive:
        entries = list(names_in(archive))
        if inside is not None:
            entries = [(_moved(name, inside, under), entry) for name, entry in entries if _lies_in(name, inside)]
        elif under:
            entries = [(f"{under}/{name}", entry) for name, entry in entries]
        _refuse_shared(archive, [entry for _, entry in entries])
        landing.packed = (landing.packed or 0) + sum(entry.compress_size for _, entry in entries)
        landing.afford(sum(entry.file_size for _, entry in entries if not _is_link(entry)))
        for name, entry in entries:
            _land(archive, name, entry, landing)


@contextmanager
def opened(file: BinaryIO, most: int) -> Iterator[zipfile.ZipFile]:
    """The archive, with what goes wrong while it is read told as RefusedError. `most`: bytes that are read at once."""
    try:
        with zipfile.ZipFile(_Bounded(file, most)) as archive:
            yield archive
    except zipfile.BadZipFile as error:
        raise RefusedError(BROKEN.format(why=_why(error))) from None
    except (zlib.error, lzma.LZMAError, EOFError, struct.error) as error:
        raise RefusedError(BROKEN.format(why=_why(error) or "it ends too early")) from None
    except UnicodeDecodeError:
        raise RefusedError(BROKEN.format(why="a name in it is not UTF-8, although it says so")) from None
    except (RuntimeError, ValueError, OverflowError) as error:
        raise RefusedError(BROKEN.format(why=_why(error))) from None


def names_in(archive: zipfile.ZipFile) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The entries, each with the name that was meant: its parts stand between slashes, a folder's ends with one."""
    for entry in archive.infolist():
        yield _real_name(entry).replace("\\", "/"), entry  # some packers on Windows do not know the format's slashes


def _real_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name as its author saw it.

    Without the mark for UTF-8 the names are in whatever code page the packer's machine had. Many say UTF-8 there without
    the mark; what is not UTF-8 is taken for code page 437, as the format has it: readable or not, it is never lost.
    """
    name = entry.orig_filename
    if entry.flag_bits & UTF_8:
        return name
    raw = name.encode("cp437", "replace")
    told = _told_in_unicode(entry, raw)
    if told is not None:
        return told
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return name


def _told_in_unicode(entry: zipfile.ZipInfo, raw: bytes) -> str | None:
    """The name from the extra field, if there is one and it was made for this name."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == UNICODE_PATH and len(field) > 5 and field[0] == 1:
            if struct.unpack_from("<I", field, 1)[0] != zlib.crc32(raw):
                continue  # the archive was renamed in by a program that does not know the field
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                continue
    return None


def _lies_in(name: str, inside: str) -> bool:
    return name == inside or name.startswith(f"{inside}/")


def _moved(name: str, inside: str, under: str) -> str:
    return under if name == inside else f"{under}/{name[len(inside) + 1 :]}".lstrip("/")


def _is_link(entry: zipfile.ZipInfo) -> bool:
    return entry.create_system in UNIX_MADE and stat.S_ISLNK(entry.external_attr >> 16)


def _land(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo, landing: Landing) -> None:
    mode = entry.external_attr >> 16 if entry.create_system in UNIX_MADE else 0
    kind = stat.S_IFMT(mode)
    if name.endswith("/"):
        landing.folder(name)
        return
    if entry.flag_bits & LOCKED:
        raise RefusedError("The archive is locked with a password, and nobody here knows it. Pack it without one.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Unpacking the others takes as much memory as the archive asks for.
        way = UNUSUAL.get(entry.compress_type, f"number {entry.compress_type}")
        raise RefusedError(
            f"The archive is packed in an unusual way ({way}). Pack it as an ordinary zip (its method is called Deflate)."
        )
    if kind == stat.S_IFLNK:
        if entry.file_size <= LONGEST_LINK:
            with archive.open(entry) as file:
                landing.link(name, file.read(LONGEST_LINK).decode("utf-8", "surrogateescape"))
        else:
            landing.note(f"The link {quoted(name)} was left out: what it leads to has too long a name.")
    elif kind in (0, stat.S_IFREG):
        with archive.open(entry) as file:
            landing.file(name, file.read, executable=bool(mode & 0o111), modified=_modified(entry))
    elif kind == stat.S_IFDIR:
        landing.folder(name)
    else:
        landing.special(name)


def _modified(entry: zipfile.ZipInfo) -> float | None:
    """The format does not say in which time zone, and what counts is which of two files is older: so UTC, a day earlier,
    which is the past everywhere."""
    try:
        return calendar.timegm((*entry.date_time, 0, 0, 0)) - 86_400
    except (ValueError, OverflowError):
        return None


def _refuse_shared(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Entries that share their bytes make much of little, and no packer makes such."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < 0:
            raise RefusedError(BROKEN.format(why=BEFORE))
        if entry.header_offset < end:
            raise RefusedError(BROKEN.format(why="two files in it share the same bytes"))
        archive.fp.seek(entry.header_offset)  # type: ignore[union-attr]  # it is open
        head = archive.fp.read(30)  # type: ignore[union-attr]
        if len(head) < 30:
            raise RefusedError(BROKEN.format(why="it ends too early"))
        name, extra = struct.unpack_from("<HH", head, 26)
        end = entry.header_offset + 30 + name + extra + entry.compress_size
    if end > archive.start_dir:
        raise RefusedError(BROKEN.format(why="a file in it is longer than the archive"))


def _why(error: Exception) -> str:
    return str(error).rstrip(".") if str(error).isprintable() else "it can not be read"


class _Bounded(io.RawIOBase):
    """A file of which nobody reads very much at once, whatever an archive says of its own size."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(min(size, self._most + 1) if size >= 0 else self._most + 1)
        if len(data) > self._most:
            raise RefusedError("The archive's table of contents is too large: no hand-in has so many files.")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 0 and offset < 0:
            raise RefusedError(BROKEN.format(why=BEFORE))  # some Pythons look for that themselves
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
