"""Tar archives, packed or not, read as a stream and with suspicion. Nothing is ever extracted by `tarfile` itself: it reads
heads and contents, and `landing` writes.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import tarfile
import zlib
from typing import BinaryIO, Protocol

from chatsim.submissions.landing import CHUNK, Landing, RefusedError

__all__ = ["land_tar"]

MEMORY = 256 * 1024 * 1024  # bytes for unpacking xz; its strongest setting needs 65 MiB
LARGEST_READ = 1024 * 1024  # bytes at once, hence of a head that goes on in further blocks
LONGEST_MAGIC = 6  # bytes by which the packer is known
BLOCK = 512  # bytes, for a head, and what follows is filled up to a multiple of it
BROKEN = "The archive is damaged: {why}. Does it open on your own machine? Pack it again, and hand in that one."


def land_tar(file: BinaryIO, landing: Landing, under: str = "") -> None:
    """All that is in the archive. Raises RefusedError if it can not be taken."""
    landing.packed = (landing.packed or 0) + os.fstat(file.fileno()).st_size
    stream = _Stream(file, landing)
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            while (member := archive.next()) is not None:
                archive.members = []  # type: ignore[attr-defined]  # it would keep all of them
                _land(archive, member, f"{under}/{member.name}" if under else member.name, landing)
    except tarfile.TarError as error:
        raise RefusedError(BROKEN.format(why=str(error) or "it can not be read")) from None
    except (EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError) as error:
        why = str(error) if str(error).isprintable() and str(error) else "it can not be read"
        raise RefusedError(BROKEN.format(why=why)) from None


def _land(archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, landing: Landing) -> None:
    if member.isdir():
        landing.folder(name)
    elif member.issym():
        landing.link(name, member.linkname)
    elif member.islnk():
        landing.hard_link(name, member.linkname)
    elif member.isreg():
        landing.afford(member.size)
        contents = archive.extractfile(member)
        if contents is not None:
            landing.file(name, contents.read, executable=bool(member.mode & 0o111), modified=_modified(member))
    else:
        landing.special(name)


def _modified(member: tarfile.TarInfo) -> float | None:
    return float(member.mtime) if isinstance(member.mtime, (int, float)) else None


class _Unpacker(Protocol):
    """What `bz2` and `lzma` have, and `_Gunzip` has as well."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gunzip:
    """`zlib` in the manner of the other two."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and not self.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _unpacker(head: bytes) -> _Unpacker | None:
    """By how the file begins; None: it is not packed."""
    if head.startswith(b"\x1f\x8b"):
        return _Gunzip()
    if head.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if head.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor(memlimit=MEMORY)
    return None


class _Stream(io.RawIOBase):
    """The unpacked bytes, forwards only, never more at once than were asked for, and never more than the bounds have
    room for. Of several packed pieces one after the other, the whole, as the packers themselves have it."""

    def __init__(self, file: BinaryIO, landing: Landing) -> None:
        self._file = file
        # What is not written has to be read all the same: heads, and files that are left out.
        self._most = landing.bounds.total + landing.bounds.files * 4 * BLOCK
        self._unpacker = _unpacker(file.read(LONGEST_MAGIC))
        file.seek(0)
        self._rest = b""  # packed bytes that were read and belong to the next piece
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > LARGEST_READ:
            raise RefusedError(BROKEN.format(why="a name or note in it is larger than 1 MiB"))
        wanted = bytearray()
        while len(wanted) < size and (some := self._some(size - len(wanted))):
            wanted += some
        self._at += len(wanted)
        if self._at > self._most:
            raise RefusedError(
                f"It is too large: unpacked it has more than {self._most // (1024 * 1024):,} MiB. Hand in the source "
                "code only."
            )
        return bytes(wanted)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence != 0 or offset < self._at:
            raise tarfile.ReadError("its parts are not in order")
        while self._at < offset and self.read(min(CHUNK, offset - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def _some(self, most: int) -> bytes:
        """At least one byte, unless all have been given."""
        if self._unpacker is None:
            return self._file.read(most)
        while True:
            if self._unpacker.eof:
                rest = self._unpacker.unused_data
                if len(rest) < LONGEST_MAGIC:
                    rest += self._file.read(CHUNK)
                following = _unpacker(rest[:LONGEST_MAGIC])
                if following is None:
                    return b""  # the end, or what was put behind it: packers do not mind that either
                self._unpacker, self._rest = following, rest
            data = b""
            if self._unpacker.needs_input:
                data, self._rest = self._rest or self._file.read(CHUNK), b""
                if not data:
                    raise EOFError("it ends too early")
            try:
                some = self._unpacker.decompress(data, most)
            except OSError as error:  # so `bz2` says that it is damaged, as if the disk were
                raise tarfile.ReadError(str(error)) from None
            if some:
                return some
