"""Bytes <-> messages. Pure: no socket, no clock; whoever reads the socket feeds us what came.

A framing belongs to one client and is fed the bytes in the pieces in which they arrived. However they are cut,
the same messages come out (`Chunks` alone lives by the cuts). What it keeps between two pieces is bounded by
`MAX_MESSAGE`, so a line that never ends costs one client its connection and nobody any memory.
"""

import codecs
from typing import NamedTuple, Protocol

# Lines of a megabyte are a fair test of a server, so they must pass with room to spare.
MAX_MESSAGE = 4 * 1024 * 1024


# NamedTuple, here and elsewhere, and no frozen dataclass: importing `dataclasses` alone would take a fifth of
# the time in which this server starts.
class Malformed(NamedTuple):
    """What came cannot be a message, and where the next one would begin cannot be known."""

    why: str


class Framing(Protocol):
    def feed(self, data: bytes) -> "list[bytes | Malformed]":
        """The messages that `data` completes.

        A `Malformed` is always the last thing that a framing ever gives: after it, nothing more comes out.
        """


class Chunks:
    """What one `recv` gave is one message. Most chat servers that students write work like this."""

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        return [data]


class WholeCharacters:
    """Chunks that never end within a character: its first bytes wait for the rest. What is not UTF-8 becomes U+FFFD.

    For chunk dialects in which the server puts a name before each chunk: between the halves of a character the
    name would tear it for good.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        text = self._decoder.decode(data)
        return [text.encode()] if text else []


class Lines:
    """A message ends with LF or CRLF. Within the line a CR is a character like any other."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._unfinished = bytearray()
        self._broken = False

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        if self._broken:
            return []
        # Only the new piece is searched: a long line in many pieces must not cost the square of its length.
        head, end, tail = data.rpartition(b"\n")
        messages: list[bytes | Malformed] = []
        if end:
            for line in (bytes(self._unfinished) + head).split(b"\n"):
                if len(line) > self._limit:
                    return [*messages, self._too_long()]
                messages.append(line.removesuffix(b"\r"))
            self._unfinished.clear()
        self._unfinished += tail
        if len(self._unfinished) > self._limit:
            messages.append(self._too_long())
        return messages

    def _too_long(self) -> Malformed:
        self._broken = True
        self._unfinished.clear()
        return Malformed(f"a line is longer than {self._limit} bytes")


class Headed:
    """A header of fixed size tells how many bytes the message has. Subclasses read the header."""

    header_size: int

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._received = bytearray()
        self._length: int | None = None  # of the message whose header has been read
        self._broken = False

    def length_in(self, header: bytes) -> int | None:
        """The length that `header` announces, or None if it announces none."""
        raise NotImplementedError

    def feed(self, data: bytes) -> list[bytes | Malformed]:
        if self._broken:
            return []
        self._received += data
        messages: list[bytes | Malformed] = []
        at = 0
        while True:
            if self._length is None:
                if len(self._received) - at < self.header_size:
                    break
                header = bytes(self._received[at : at + self.header_size])
                at += self.header_size
                self._length = self.length_in(header)
                if self._length is None or self._length > self._limit:
                    return [*messages, self._bad_header()]
            if len(self._received) - at < self._length:
                break
            messages.append(bytes(self._received[at : at + self._length]))
            at += self._length
            self._length = None
        del self._received[:at]
        return messages

    def _bad_header(self) -> Malformed:
        self._broken = True
        self._received.clear()
        return Malformed(f"a header must announce 0 to {self._limit} bytes")


class DecimalHeader(Headed):
    """A header of ASCII digits, filled up with blanks. Reads them at either side, writes them at the right."""

    def __init__(self, width: int, limit: int = MAX_MESSAGE) -> None:
        super().__init__(limit)
        self.header_size = width

    def length_in(self, header: bytes) -> int | None:
        digits = header.strip(b" ")
        # bytes.isdigit knows ASCII only; int() alone would take "+5", "1_0" and digits of many scripts.
        return int(digits) if digits.isdigit() else None


class BinaryHeader(Headed):
    """A header of four bytes, unsigned, the high one first."""

    header_size = 4

    def length_in(self, header: bytes) -> int | None:
        return int.from_bytes(header, "big")


def text_of(message: bytes) -> str | None:
    """The text of a message, or None if it is no text: not UTF-8, or with a NUL, which ends a text in C."""
    try:
        text = message.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def line(text: str) -> bytes:
    return text.encode() + b"\n"


def with_decimal_header(text: str, width: int) -> bytes:
    body = text.encode()
    return str(len(body)).encode().ljust(width) + body


def with_binary_header(text: str) -> bytes:
    body = text.encode()
    return len(body).to_bytes(4, "big") + body
