"""Tar archives, packed or not, read once from the beginning to the end, with suspicion and in bounded memory and time.

They are not read by `tarfile`, which believes much of what an archive says: in Pythons that are still in use, its heads can
be made such that reading one takes hours, or calls itself without end. The format is small; of its dialects (POSIX, GNU, the
old one) what programs write today is understood here, and nothing else.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

from chatsim.report.printable import quoted
from chatsim.submissions.landing import CHUNK, Landing, RefusedError

__all__ = ["Member", "land_tar", "members"]

BLOCK = 512  # bytes, for a head; contents are filled up to a multiple of it
LARGEST_NOTE = 1024 * 1024  # bytes of a long name, or of what else stands before a head
MOST_NOTES = 16  # before one head; programs write at most three
MEMORY = 256 * 1024 * 1024  # bytes for unpacking xz; its strongest setting needs 65 MiB
MOST_PIECES = 50_000  # packed ones, one after the other: programs that pack in parallel make some
LONGEST_MAGIC = 6  # bytes by which the packer is known
BROKEN = "The archive is damaged: {why}. Does it open on your own machine? Pack it again, and hand in that one."
TOO_EARLY = "it ends too early"

Kind = Literal["file", "folder", "link", "hard link", "special", "sparse"]

_KINDS: dict[bytes, Kind] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"1": "hard link",
    b"2": "link",
    b"3": "special",
    b"4": "special",
    b"6": "special",
    b"5": "folder",
    b"D": "folder",
    b"S": "sparse",
}
_WITH_CONTENTS = (b"0", b"\0", b"7", b"S")  # of the kinds above; a kind that nobody knows has them as well


@dataclass(frozen=True, slots=True)
class Member:
    """One head. `link`: where a link of either kind leads."""

    name: str
    kind: Kind
    size: int = 0
    link: str = ""
    executable: bool = False
    modified: float | None = None


def land_tar(file: BinaryIO, landing: Landing, under: str = "") -> None:
    """All that is in the archive. Raises RefusedError if it can not be taken."""
    landing.packed = (landing.packed or 0) + os.fstat(file.fileno()).st_size
    # What is not written has to be read all the same: heads, and files that are left out.
    most = landing.bounds.total + landing.bounds.files * 4 * BLOCK
    for member, contents in members(unpacked(file, most)):
        name = f"{under}/{member.name}" if under else member.name
        if member.kind == "folder":
            landing.folder(name)
        elif member.kind == "link":
            landing.link(name, member.link)
        elif member.kind == "hard link":
            landing.hard_link(name, f"{under}/{member.link}" if under else member.link)
        elif member.kind == "file":
            landing.afford(member.size)
            landing.file(name, contents.read, executable=member.executable, modified=member.modified)
        elif member.kind == "sparse":
            landing.note(f"{quoted(name)} was left out: it is packed as a file with holes.")
        else:
            landing.special(name)


# --- heads -----------------------------------------------------------------------------------------------------------


def members(stream: Stream) -> Iterator[tuple[Member, Contents]]:
    """The heads, each with its contents, which are to be read before the next one. Raises RefusedError for what is no tar."""
    of_all: dict[str, str] = {}
    first = True
    while True:
        member = _next(stream, of_all, first=first)
        if member is None:
            return
        first = False
        contents = Contents(stream, member.size)
        yield member, contents
        contents.skip(-member.size % BLOCK)


def _next(stream: Stream, of_all: dict[str, str], *, first: bool) -> Member | None:
    """The next head, with what stands before it in notes; None at the end."""
    notes = dict(of_all)
    for _ in range(MOST_NOTES):
        head = stream.read(BLOCK)
        if (not head and not first) or (len(head) == BLOCK and not any(head)):
            return None  # by the rules two empty blocks end it; not all programs write them
        if len(head) < BLOCK:
            raise _broken(TOO_EARLY)
        first = False
        if _number(head[148:156]) not in _sums(head):
            raise _broken("a head in it does not add up")
        kind = head[156:157]
        size = _number(head[124:136])
        if kind in b"LKxgXVM":
            note = _note(stream, size)
            if kind in b"LK":
                notes["path" if kind == b"L" else "linkpath"] = _text(note)
            elif kind in b"xX":
                notes.update(_records(note))
            elif kind == b"g":
                of_all.update(_records(note))
                notes = {**of_all, **notes}
            continue
        return _member(head, kind, size, notes)
    raise _broken("there are too many notes before a head")


def _sums(head: bytes) -> tuple[int, int]:
    """The sum of its bytes, that of the sum itself as blanks; some programs took bytes for numbers with a sign."""
    others = head[:148] + 8 * b" " + head[156:]
    return sum(others), sum(byte - 256 if byte > 127 else byte for byte in others)


def _member(head: bytes, kind: bytes, size: int, notes: dict[str, str]) -> Member:
    name = _text(head[:100])
    if head[257:263] == b"ustar\0" and head[345] and "path" not in notes:
        name = f"{_text(head[345:500])}/{name}"
    name = notes.get("path", name)
    if "size" in notes:
        size = _decimal(notes["size"])
    what = _KINDS.get(kind, "special")
    if what == "file" and any(key.startswith("GNU.sparse.") for key in notes):
        what = "sparse"
    if what == "file" and name.endswith("/"):
        what = "folder"  # so the oldest tars say it
    return Member(
        name,
        what,
        size if kind in _WITH_CONTENTS or kind not in _KINDS else 0,
        notes.get("linkpath", _text(head[157:257])),
        bool(_number(head[100:108]) & 0o111),
        _modified(notes.get("mtime"), head[136:148]),
    )


def _note(stream: Stream, size: int) -> bytes:
    if size > LARGEST_NOTE:
        raise _broken("a name or note in it is larger than 1 MiB")
    contents = Contents(stream, size)
    note = b"".join(iter(lambda: contents.read(CHUNK), b""))
    contents.skip(-size % BLOCK)
    return note


def _records(note: bytes) -> dict[str, str]:
    """`30 mtime=1700000000.123456789\\n`, one after the other; the length counts itself."""
    found: dict[str, str] = {}
    at = 0
    while at < len(note) and note[at]:
        digits, blank, _ = note[at : at + 12].partition(b" ")
        space = at + len(digits)
        end = at + int(digits) if blank and digits.isdigit() else 0
        if not space < end <= len(note):
            raise _broken("a note in it can not be read")
        key, _, value = note[space + 1 : end - 1].partition(b"=")
        found[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        at = end
    return found


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    """Octal digits; or, as GNU writes what they have no room for, a bit and the number itself."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big", signed=field[0] == 0xFF) & ~(0x80 << 8 * (len(field) - 1))
        if field[0] == 0xFF or value >= 1 << 63:
            raise _broken("a number in it is none that can be")
        return value
    digits = field.partition(b"\0")[0].strip()
    if digits and not (digits.isdigit() and max(digits) < 0x38):
        raise _broken("a number in it is none")
    return int(digits, 8) if digits else 0


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _broken("a number in it is none")
    return int(text)


def _modified(note: str | None, field: bytes) -> float | None:
    try:
        return float(_number(field)) if note is None else float(note[:40])
    except (RefusedError, ValueError):
        return None  # before 1970, or nonsense: it does not matter


def _broken(why: str) -> RefusedError:
    return RefusedError(BROKEN.format(why=why))


# --- bytes -----------------------------------------------------------------------------------------------------------


class Stream(Protocol):
    """Bytes, forwards only: at most so many, and fewer only at their end."""

    def read(self, size: int, /) -> bytes: ...


class Contents:
    """So many bytes of the stream, and no more."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, count: int) -> bytes:
        data = self._stream.read(min(count, self._left))
        if not data and self._left and count:
            raise _broken(TOO_EARLY)
        self._left -= len(data)
        return data

    def skip(self, more: int) -> None:
        """Go over what is left, and over so many bytes more, which may be missing at the very end."""
        while self._left:
            self.read(CHUNK)
        if more:
            self._stream.read(more)


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


def unpacked(file: BinaryIO, most: int) -> Stream:
    """The file's bytes, unpacked if it is packed; RefusedError once they are more than `most`."""
    return _Unpacked(file, most)


class _Unpacked:
    """Never more at once than is asked for. Of several packed pieces one after the other, the whole, as the packers
    themselves have it."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file = file
        self._most = most
        self._unpacker = _unpacker(file.read(LONGEST_MAGIC))
        file.seek(0)
        self._rest = b""  # packed bytes that were read and belong to the next piece
        self._pieces = 1
        self._count = 0

    def read(self, size: int) -> bytes:
        wanted = io.BytesIO()
        while wanted.tell() < size and (some := self._some(size - wanted.tell())):
            wanted.write(some)
        self._count += wanted.tell()
        if self._count > self._most:
            raise RefusedError(
                f"It is too large: unpacked it has more than {self._most // (1024 * 1024):,} MiB. Hand in the source code, "
                "without what was installed, built or recorded."
            )
        return wanted.getvalue()

    def _some(self, most: int) -> bytes:
        """At least one byte, unless all have been given."""
        if self._unpacker is None:
            return self._file.read(most)
        while True:
            if self._unpacker.eof and not self._begin_next():
                return b""
            data = b""
            if self._unpacker.needs_input:
                data, self._rest = self._rest or self._file.read(CHUNK), b""
                if not data:
                    raise _broken(TOO_EARLY)
            try:
                some = self._unpacker.decompress(data, most)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, MemoryError) as error:
                # `bz2` says OSError, as if it were the disk.
                raise _broken(str(error).rstrip(".") or "it can not be unpacked") from None
            if some:
                return some

    def _begin_next(self) -> bool:
        """Go on with the next packed piece; False if there is none, whatever else stands behind the last one."""
        assert self._unpacker is not None
        rest = self._unpacker.unused_data
        if len(rest) < LONGEST_MAGIC:
            rest += self._file.read(CHUNK)
        following = _unpacker(rest[:LONGEST_MAGIC])
        if following is None:
            return False
        self._pieces += 1
        if self._pieces > MOST_PIECES:
            raise _broken("it consists of too many pieces")
        self._unpacker, self._rest = following, rest
        return True
