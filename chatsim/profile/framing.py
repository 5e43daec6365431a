"""Frames on the wire: where one message ends and the next begins. Bytes in, bytes out; no text, no meaning.

What a decoder promises: however the bytes are cut, the frames are the same, and the work is linear in the bytes.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from chatsim.profile.authored import Authored
    from chatsim.profile.framer import GuardedFramer

__all__ = ["LONGEST_FRAME", "Decoder", "Framing", "record_fields"]

# A header that announces more is garbage, or an attack; chatsim keeps no more than this of an unfinished frame.
LONGEST_FRAME = 64 * 1024 * 1024

Kind = Literal[
    "none",
    "newline",
    "crlf",
    "nul",
    "json",
    "json-lines",
    "separator",
    "digits",
    "length",
    "struct",
    "record",
    "python",
]
Align = Literal["left", "right", "zeros"]

_MOST_DIGITS = 20  # of a length that ends where its separator comes; more are no length


class Decoder(Protocol):
    """One direction of one connection, taken apart."""

    @property
    def broken(self) -> str | None:
        """Why the stream cannot be framed any more, or None. It never heals: from then on `feed` gives nothing and
        `rest` gives what could not be framed (of a stream that goes on and on, its first LONGEST_FRAME bytes)."""
        ...

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete, without their delimiters and headers."""
        ...

    def rest(self) -> bytes:
        """The unfinished frame at the end of what was fed; a delimiter or header may be part of it."""
        ...


@dataclass(frozen=True, slots=True)
class Framing:
    """How messages are kept apart. Only the fields that its kind names have a meaning."""

    kind: Kind | Literal["message"] = "none"  # message: the wire itself keeps them apart
    separator: bytes = b""  # kind separator; kind length: what stands after the length
    end: bytes = b""  # kind length: what stands after the message
    digits: int = 0  # kind digits: the width of the header
    align: Align = "left"
    format: str = ""  # kind struct: as of Python's module struct, one integer
    plus: int = 0  # kind struct: length = number + plus
    # kind record: `format` has all its fields, and in a payload `separator` stands between them
    authored: Authored | None = None  # kind python: a class with `frame` and `feed`

    @classmethod
    def none(cls) -> Framing:
        return cls()

    @classmethod
    def messages(cls) -> Framing:
        """The wire itself keeps them apart: what comes at once is a message."""
        return cls("message")

    @property
    def promises(self) -> bool:
        """Do messages stay apart?"""
        return self.kind != "none"

    def frame(self, payload: bytes) -> bytes:
        """The payload as it goes on the wire. Asks not whether a decoder could tell it again: `payload_problem` does.
        Raises ValueError for a length that the header has no room for."""
        match self.kind:
            case "newline" | "json-lines":
                return payload + b"\n"
            case "crlf":
                return payload + b"\r\n"
            case "nul":
                return payload + b"\0"
            case "separator":
                return payload + self.separator
            case "digits":
                return self._digits_header(len(payload)) + payload
            case "length":
                if len(payload) > LONGEST_FRAME:
                    raise ValueError(f"has {len(payload):,} bytes, more than any message")
                return b"%d%b%b%b" % (len(payload), self.separator, payload, self.end)
            case "struct":
                return self._struct_header(len(payload)) + payload
            case "none" | "json" | "message":
                return payload
            case "record":
                return self._packed(payload)
            case "python":
                return self._in_python().frame(payload)

    def payload_problem(self, payload: bytes) -> str | None:
        """Why this payload cannot be carried, so that a right server would not get it as one message; or None."""
        match self.kind:
            case "none":
                return None if payload else "is empty, and without framing nothing would be sent"
            case "message":
                return None if payload else "is empty"
            case "newline" | "crlf" | "json-lines":
                return self._line_problem(payload)
            case "nul" | "separator":
                separator = self.separator or b"\0"
                whole = (payload + separator).find(separator) == len(payload)
                return None if whole else f"contains {separator!r}, which ends a frame"
            case "json":
                return _json_problem(payload)
            case "record":
                try:
                    whole = self.decoder().feed(self.frame(payload)) == [payload]
                except ValueError as error:
                    return str(error)
                return None if whole else "has a field too few, or one that its record has no room for"
            case "digits" | "length" | "struct":
                try:
                    self.frame(payload)
                except ValueError as error:
                    return str(error)
                return None
            case "python":
                return None

    def decoder(self, *, longest: int = LONGEST_FRAME) -> Decoder:
        match self.kind:
            case "none" | "message":
                return _Chunks()
            case "newline" | "crlf" | "json-lines":
                return _Separated(b"\n", longest, lines=True)
            case "nul":
                return _Separated(b"\0", longest)
            case "separator":
                return _Separated(self.separator, longest)
            case "json":
                return _Objects(longest)
            case "digits":
                return _Digits(self.digits, longest)
            case "length":
                return _Counted(self.separator, self.end, longest)
            case "struct":
                return _Struct(self.format, self.plus, longest)
            case "record":
                return _Records(self.format, self.separator, longest)
            case "python":
                return self._in_python()

    def _in_python(self) -> GuardedFramer:
        from chatsim.profile.framer import GuardedFramer  # late: few profiles have code in them

        assert self.authored is not None
        return GuardedFramer(self.authored)

    def _packed(self, payload: bytes) -> bytes:
        """A text that is longer than its field is cut, as a client in C would cut it."""
        fields = record_fields(self.format)
        values = payload.split(self.separator, len(fields) - 1)
        values += [b""] * (len(fields) - len(values))
        try:
            packed = [int(value or 0) if number else value for value, number in zip(values, fields, strict=True)]
            return struct.pack(self.format, *packed)
        except (ValueError, struct.error):
            raise ValueError(f"has a field that is no number, or too large a one for {self.format!r}") from None

    def _line_problem(self, payload: bytes) -> str | None:
        if b"\n" in payload:
            return "contains a line end, which ends a frame"
        if self.kind == "json-lines":
            return _json_problem(payload)
        if payload.endswith(b"\r") and self.kind == "newline":
            return "ends with a carriage return, which readers of lines take for a part of the line end"
        return None

    def _digits_header(self, length: int) -> bytes:
        number = b"%d" % length
        if len(number) > self.digits or length > LONGEST_FRAME:
            raise ValueError(f"has {length:,} bytes, too many for a header of {self.digits} digits")
        match self.align:
            case "left":
                return number.ljust(self.digits)
            case "right":
                return number.rjust(self.digits)
            case "zeros":
                return number.rjust(self.digits, b"0")

    def _struct_header(self, length: int) -> bytes:
        try:
            if length > LONGEST_FRAME:
                raise struct.error
            return struct.pack(self.format, length - self.plus)
        except struct.error:
            why = f"has {length:,} bytes, which a header {self.format!r} cannot say"
            raise ValueError(why + (f" with plus {self.plus}" if self.plus else "")) from None


def record_fields(form: str) -> tuple[bool, ...]:
    """For each field of a record: is it a number? Else it is text. struct.error for a format that has other fields."""
    values = struct.unpack(form, bytes(struct.calcsize(form)))
    if not all(isinstance(value, int | bytes) and not isinstance(value, bool) for value in values):
        raise struct.error("only texts and whole numbers")
    return tuple(isinstance(value, int) for value in values)


def _json_problem(payload: bytes) -> str | None:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        return "is not JSON"
    return None if isinstance(value, dict) else "is not a JSON object"


class _Chunks:
    """No framing of ours: what one read gave is what there is."""

    broken: str | None = None

    def feed(self, data: bytes) -> list[bytes]:
        return [data] if data else []

    def rest(self) -> bytes:
        return b""


class _Buffered:
    """What the decoders that wait for more have in common: unfinished bytes, and the state of being broken."""

    def __init__(self, longest: int) -> None:
        self.broken: str | None = None
        self._longest = longest
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        if self.broken is not None:
            self._buffer += data[: max(0, self._longest - len(self._buffer))]
            return []
        return self._take(data)

    def rest(self) -> bytes:
        return bytes(self._buffer)

    def _take(self, data: bytes) -> list[bytes]:
        raise NotImplementedError

    def _break(self, why: str) -> None:
        self.broken = why
        del self._buffer[self._longest :]


class _Separated(_Buffered):
    """Frames that end with a separator. `lines`: a carriage return before it belongs to it."""

    def __init__(self, separator: bytes, longest: int, *, lines: bool = False) -> None:
        super().__init__(longest)
        self._separator = separator
        self._lines = lines

    def _take(self, data: bytes) -> list[bytes]:
        if self._buffer:
            # Only where the new bytes begin can a separator be that was not seen before.
            begin = max(0, len(self._buffer) - len(self._separator) + 1)
            self._buffer += data
            if self._buffer.find(self._separator, begin) < 0:
                self._refuse_endless()
                return []
            data = bytes(self._buffer)
        if len(data) > self._longest:
            return self._up_to_endless(data)
        if self._lines and b"\r\n" in data:
            data = data.replace(b"\r\n", b"\n")
        frames = data.split(self._separator)
        self._buffer = bytearray(frames.pop())
        return frames

    def _refuse_endless(self) -> None:
        if len(self._buffer) > self._longest:
            self._break(f"no {self._separator!r} within {self._longest:,} bytes")

    def _up_to_endless(self, data: bytes) -> list[bytes]:
        """So much data that one frame may be too long: break where a decoder fed byte by byte would have broken."""
        frames: list[bytes] = []
        begin = 0
        while 0 <= (end := data.find(self._separator, begin)) < begin + self._longest - len(self._separator) + 2:
            frame = data[begin:end]
            frames.append(frame.removesuffix(b"\r") if self._lines else frame)
            begin = end + len(self._separator)
        self._buffer = bytearray(data[begin:])
        self._refuse_endless()
        return frames


_OUTSIDE = re.compile(rb'["{}]')
_INSIDE = re.compile(rb'["\\]')


class _Objects(_Buffered):
    """JSON objects one after the other. What stands between two of them and is no blank is a frame of its own, so that
    nothing a server says is lost; being no JSON it matches nothing that is compared as JSON.

    Only strings and braces are looked at: whether a frame is JSON inside is the business of whoever reads it.
    """

    def __init__(self, longest: int) -> None:
        super().__init__(longest)
        self._seen = 0  # so much of the buffer has been scanned
        self._depth = 0
        self._in_string = False

    def _take(self, data: bytes) -> list[bytes]:
        self._buffer += data
        text = self._buffer
        frames: list[bytes] = []
        begin, at = 0, self._seen
        while found := (_INSIDE if self._in_string else _OUTSIDE).search(text, at):
            sign, here, at = found[0], found.start(), found.end()
            if self._in_string:
                if sign == b'"':
                    self._in_string = False
                elif at < len(text):
                    at += 1  # what a backslash escapes is no quote
                else:
                    at = here  # it has not come yet: look again
                    break
            elif sign == b'"':
                self._in_string = self._depth > 0
            elif sign == b"{":
                if self._depth == 0:
                    if here - begin > self._longest:
                        break
                    if between := bytes(text[begin:here]).strip():
                        frames.append(between)
                    begin = here
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if self._depth == 0:
                    if at - begin > self._longest:
                        break
                    frames.append(bytes(text[begin:at]))
                    begin = at
        else:
            at = len(text)
        if begin:
            self._buffer = text[begin:]
        self._seen = at - begin
        if len(self._buffer) > self._longest:
            self._break(f"no end of a JSON object within {self._longest:,} bytes")
        return frames


class _Headed(_Buffered):
    """Frames that come after their length."""

    def __init__(self, width: int, longest: int) -> None:
        super().__init__(longest)
        self._width = width

    def length_in(self, header: bytes) -> int | None:
        raise NotImplementedError

    def _take(self, data: bytes) -> list[bytes]:
        buffer, width = self._buffer, self._width
        buffer += data
        frames: list[bytes] = []
        at = 0
        while len(buffer) - at >= width:
            header = bytes(buffer[at : at + width])
            length = self.length_in(header)
            if length is None or not 0 <= length <= self._longest:
                del buffer[:at]
                self._break(f"a length was due, and {_shown(header)} came")
                return frames
            end = at + width + length
            if end > len(buffer):
                break
            frames.append(bytes(buffer[at + width : end]))
            at = end
        if at:
            del buffer[:at]
        return frames


class _Counted(_Buffered):
    """Frames that come after their length, as a decimal number of any width, and a separator: `5|hello`. `end`: what
    stands after the frame, as in netstrings."""

    def __init__(self, separator: bytes, end: bytes, longest: int) -> None:
        super().__init__(longest)
        self._separator = separator
        self._end = end
        self._digits = re.compile(rb"[0-9]{0,%d}" % _MOST_DIGITS)

    def _take(self, data: bytes) -> list[bytes]:
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        at = 0
        try:
            while (found := self._next(at)) is not None:
                begin, end = found
                frames.append(bytes(buffer[begin:end]))
                at = end + len(self._end)
            del buffer[:at]
        except ValueError as error:
            del buffer[:at]
            self._break(str(error))
        return frames

    def _next(self, at: int) -> tuple[int, int] | None:
        """Where the frame that starts there begins and ends, if all of it has come. ValueError: it is none."""
        buffer = self._buffer
        digits = self._digits.match(buffer, at)
        assert digits is not None  # no digit at all matches, too
        begin = digits.end() + len(self._separator)
        if not self._separator.startswith(buffer[digits.end() : begin]) or (digits.end() == at < len(buffer)):
            raise ValueError(f"a length was due, and {_shown(bytes(buffer[at : at + _MOST_DIGITS]))} came")
        if begin > len(buffer):
            return None
        length = int(digits[0])
        if length > self._longest:
            raise ValueError(f"a length was due, and {_shown(bytes(buffer[at:begin]))} came")
        end = begin + length
        behind = bytes(buffer[end : end + len(self._end)])
        if not self._end.startswith(behind):
            raise ValueError(f"{_shown(self._end)} was due after a message, and {_shown(behind)} came")
        return (begin, end) if end + len(self._end) <= len(buffer) else None


class _Records(_Buffered):
    """Records of one size. Texts are padded with NUL characters, and whatever stands behind the first one is nothing."""

    def __init__(self, form: str, separator: bytes, longest: int) -> None:
        super().__init__(longest)
        self._struct = struct.Struct(form)
        self._between = separator

    def _take(self, data: bytes) -> list[bytes]:
        self._buffer += data
        size = self._struct.size
        whole = len(self._buffer) - len(self._buffer) % size
        records, self._buffer = self._buffer[:whole], self._buffer[whole:]
        return [self._between.join(map(_field, values)) for values in self._struct.iter_unpack(records)]


def _field(value: int | bytes) -> bytes:
    return value.partition(b"\0")[0] if isinstance(value, bytes) else b"%d" % value


def _shown(header: bytes) -> str:
    text = repr(header)[1:]
    return text if len(text) <= 40 else text[:36] + " …" + text[-1]


class _Digits(_Headed):
    """Reads any alignment: a server that pads on the other side than it says is still understood."""

    def length_in(self, header: bytes) -> int | None:
        number = header.strip(b" ")
        return int(number) if number.isdigit() else None


class _Struct(_Headed):
    def __init__(self, form: str, plus: int, longest: int) -> None:
        self._struct = struct.Struct(form)
        self._plus = plus
        super().__init__(self._struct.size, longest)

    def length_in(self, header: bytes) -> int | None:
        number: int = self._struct.unpack(header)[0]
        return number + self._plus
