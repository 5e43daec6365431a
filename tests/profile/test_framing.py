"""Bytes into frames: however they are cut, the frames are the same."""

from __future__ import annotations

import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.profile.authored import Authored
from chatsim.profile.framing import Decoder, Framing


class Marked:
    """A framing of a profile's author: a mark, one digit for the length, the message."""

    def __init__(self) -> None:
        self.kept = b""

    def frame(self, payload: bytes) -> bytes:
        return b"#%d%b" % (len(payload), payload)

    def feed(self, data: bytes) -> list[bytes]:
        self.kept += data
        frames = []
        while self.kept:
            if not b"#".startswith(self.kept[:1]) or not (self.kept[1:2] or b"0").isdigit():
                raise ValueError("a mark and a digit begin a message")
            length = int(self.kept[1:2] or b"9")
            if len(self.kept) < 2 + length:
                break
            frames.append(self.kept[2 : 2 + length])
            self.kept = self.kept[2 + length :]
        return frames


IN_PYTHON = Framing("python", authored=Authored(f"{__name__}:Marked", ""))

FRAMINGS = {
    "none": Framing.none(),
    "newline": Framing("newline"),
    "crlf": Framing("crlf"),
    "nul": Framing("nul"),
    "json": Framing("json"),
    "json-lines": Framing("json-lines"),
    "separator": Framing("separator", separator=b"###"),
    "separator that overlaps itself": Framing("separator", separator=b"abab"),
    "digits left": Framing("digits", digits=4, align="left"),
    "digits right": Framing("digits", digits=4, align="right"),
    "digits zeros": Framing("digits", digits=3, align="zeros"),
    "length": Framing("length", separator=b"ab"),
    "length and an end": Framing("length", separator=b" ", end=b"##"),
    "struct": Framing("struct", format="!H"),
    "struct that counts itself": Framing("struct", format="<I", plus=-4),
    "record": Framing("record", format="<H3s5s", separator=b"|"),
}
FRAMED = {name: framing for name, framing in FRAMINGS.items() if framing.promises}

# The padding of a record is no part of what it says.
PLAIN = {name: framing for name, framing in FRAMINGS.items() if framing.kind != "record"}

by_plain_name = pytest.mark.parametrize("framing", PLAIN.values(), ids=PLAIN.keys())
by_name = pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS.keys())
by_framed_name = pytest.mark.parametrize("framing", FRAMED.values(), ids=FRAMED.keys())

# Few signs, so that what means something to a framing comes often, whole and torn.
noise = st.lists(
    st.sampled_from(
        [b"\r", b"\n", b"\0", b"#", b"ab", b"{", b"}", b'"', b"\\", b" ", b"12", b"3   ", b"2ab", b"\1", "é".encode()]
    ),
    max_size=40,
).map(b"".join)
objects = st.dictionaries(st.text(max_size=3), st.text(alphabet='{}"\\aé🙂', max_size=6), max_size=3)
payloads = st.one_of(st.binary(max_size=20), objects.map(lambda value: json.dumps(value, ensure_ascii=False).encode()))


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in at)})
    return [data[begin:end] for begin, end in pairwise(edges)]


def fed(decoder: Decoder, pieces: list[bytes]) -> tuple[list[bytes], bytes, bool]:
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames, decoder.rest(), decoder.broken is not None


@by_framed_name
@given(data=noise, places=st.lists(st.integers(0, 200), max_size=8))
def test_however_the_bytes_are_cut_the_frames_are_the_same(framing: Framing, data: bytes, places: list[int]) -> None:
    whole = fed(framing.decoder(), [data])
    in_pieces = fed(framing.decoder(), cut(data, places))
    byte_by_byte = fed(framing.decoder(), [data[at : at + 1] for at in range(len(data))])

    assert in_pieces == whole
    assert byte_by_byte == whole


@given(
    texts=st.lists(st.binary(max_size=9), max_size=8),
    end=st.sampled_from([b"", b"#", b"#5ab"]),
    places=st.lists(st.integers(0, 200)),
)
def test_however_the_bytes_are_cut_a_framing_in_python_gives_the_same(
    texts: list[bytes], end: bytes, places: list[int]
) -> None:
    """As long as its author's class keeps to it: what it raises, it raises for a whole read, whose frames are lost."""
    data = b"".join(map(IN_PYTHON.frame, texts)) + end
    in_pieces = fed(IN_PYTHON.decoder(), cut(data, places))

    assert in_pieces == fed(IN_PYTHON.decoder(), [data[at : at + 1] for at in range(len(data))])
    assert in_pieces == (texts, b"", False)


@by_framed_name
@given(data=noise, places=st.lists(st.integers(0, 200), max_size=8), longest=st.integers(4, 12))
def test_a_frame_too_long_breaks_the_stream_at_the_same_byte(
    framing: Framing, data: bytes, places: list[int], longest: int
) -> None:
    whole = fed(framing.decoder(longest=longest), [data])
    in_pieces = fed(framing.decoder(longest=longest), cut(data, places))
    byte_by_byte = fed(framing.decoder(longest=longest), [data[at : at + 1] for at in range(len(data))])

    assert in_pieces == whole
    assert byte_by_byte == whole


@by_plain_name
@given(data=noise, places=st.lists(st.integers(0, 200), max_size=8))
def test_no_byte_of_a_message_is_lost_or_made_up(framing: Framing, data: bytes, places: list[int]) -> None:
    frames, rest, _ = fed(framing.decoder(), cut(data, places))

    at = 0
    for piece in [*frames, rest]:
        found = data.find(piece, at)
        assert found >= 0
        at = found + len(piece)


@by_framed_name
@given(sent=st.lists(payloads, max_size=6), places=st.lists(st.integers(0, 200), max_size=8))
def test_what_can_be_carried_arrives(framing: Framing, sent: list[bytes], places: list[int]) -> None:
    carried = [payload for payload in sent if framing.payload_problem(payload) is None]
    wire = b"".join(map(framing.frame, carried))

    frames, rest, broken = fed(framing.decoder(), cut(wire, places))

    expected = [payload.strip() for payload in carried] if framing.kind == "json" else carried
    assert (frames, rest, broken) == (expected, b"", False)


def test_without_framing_each_chunk_is_what_there_is() -> None:
    decoder = Framing.none().decoder()

    assert decoder.feed(b"he") == [b"he"]
    assert decoder.feed(b"llo") == [b"llo"]
    assert decoder.feed(b"") == []
    assert decoder.rest() == b""


def test_lines_may_end_either_way_and_a_lone_carriage_return_is_text() -> None:
    decoder = Framing("newline").decoder()

    assert decoder.feed(b"a\r") == []
    assert decoder.feed(b"\nb\nc\rd\n\n") == [b"a", b"b", b"c\rd", b""]


@pytest.mark.parametrize(
    ("framing", "wire"),
    [
        (Framing("newline"), b"hi\n"),
        (Framing("crlf"), b"hi\r\n"),
        (Framing("nul"), b"hi\0"),
        (Framing("separator", separator=b"<>"), b"hi<>"),
        (Framing("digits", digits=4, align="left"), b"2   hi"),
        (Framing("digits", digits=4, align="right"), b"   2hi"),
        (Framing("digits", digits=4, align="zeros"), b"0002hi"),
        (Framing("length", separator=b"|"), b"2|hi"),
        (Framing("length", separator=b":", end=b","), b"2:hi,"),
        (Framing("struct", format="!I"), b"\0\0\0\2hi"),
        (Framing("struct", format="!H", plus=-2), b"\0\4hi"),
        (Framing.none(), b"hi"),
    ],
    ids=lambda value: value.kind if isinstance(value, Framing) else None,
)
def test_a_framing_writes(framing: Framing, wire: bytes) -> None:
    assert framing.frame(b"hi") == wire


@pytest.mark.parametrize("header", [b"hi there", b"-5      ", b"        ", b"99999999"])
def test_a_length_that_is_none_breaks_the_stream_and_keeps_what_was_not_framed(header: bytes) -> None:
    decoder = Framing("digits", digits=8).decoder()

    assert decoder.feed(b"2       ok" + header + b"and so") == [b"ok"]
    assert decoder.broken is not None
    assert repr(header)[1:] in decoder.broken
    assert decoder.feed(b" on") == []
    assert decoder.rest() == header + b"and so on"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (b"hi", "a length was due, and 'hi' came"),
        (b":hi", "a length was due, and ':hi' came"),
        (b"5;hello", "a length was due, and '5;hello' came"),
        (b"000000000000000000005:", "a length was due"),
        (b"99999999999:", "a length was due, and '99999999999:' came"),
        (b"2:hi;", "',' was due after a message, and ';' came"),
    ],
)
def test_what_is_no_length_of_any_width_breaks_the_stream(wrong: bytes, told: str) -> None:
    decoder = Framing("length", separator=b":", end=b",").decoder()

    assert decoder.feed(b"2:ok," + wrong) == [b"ok"]
    assert told in (decoder.broken or "")
    assert decoder.feed(b" on") == []
    assert decoder.rest() == wrong + b" on"


def test_a_struct_length_below_zero_breaks_the_stream() -> None:
    decoder = Framing("struct", format="!i").decoder()

    assert decoder.feed(struct.pack("!i", -1)) == []
    assert decoder.broken is not None


def test_json_objects_need_nothing_between_them_and_braces_in_strings_do_not_count() -> None:
    decoder = Framing("json").decoder()

    assert decoder.feed(b'{"a": {"b": "}\\"}"}}{"c":1} \n{"d"') == [b'{"a": {"b": "}\\"}"}}', b'{"c":1}']
    assert decoder.rest() == b'{"d"'
    assert decoder.feed(b":2}") == [b'{"d":2}']


def test_words_between_json_objects_are_frames_of_their_own() -> None:
    decoder = Framing("json").decoder()

    assert decoder.feed(b'Welcome!\n{"a":1} oops') == [b"Welcome!", b'{"a":1}']
    assert decoder.rest() == b" oops"


def test_a_quote_between_json_objects_opens_no_string() -> None:
    decoder = Framing("json").decoder()

    assert decoder.feed(b'5" {"a":1}') == [b'5"', b'{"a":1}']


@pytest.mark.parametrize("separator", [b"\0", b"###"])
def test_the_longest_frame_is_the_same_in_one_piece_and_in_many(separator: bytes) -> None:
    """A byte of the separator's beginning counts as long as it may yet be text."""
    framing = Framing("separator", separator=separator)
    longest = 11 - len(separator)

    for length, broken in ((longest, False), (longest + 1, True)):
        wire = framing.frame(b"x" * length) + b"and a tail"
        whole = fed(framing.decoder(longest=10), [wire])
        byte_by_byte = fed(framing.decoder(longest=10), [wire[at : at + 1] for at in range(len(wire))])

        assert whole == byte_by_byte
        assert whole[2] is broken


@pytest.mark.parametrize(
    ("framing", "payload", "problem"),
    [
        (Framing("newline"), b"a\nb", "contains a line end, which ends a frame"),
        (
            Framing("newline"),
            b"a\r",
            "ends with a carriage return, which readers of lines take for a part of the line end",
        ),
        (Framing("nul"), b"a\0b", "contains b'\\x00', which ends a frame"),
        (Framing("separator", separator=b"##"), b"a#", "contains b'##', which ends a frame"),
        (Framing("digits", digits=2), b"x" * 100, "has 100 bytes, too many for a header of 2 digits"),
        (Framing("struct", format="!B"), b"x" * 300, "has 300 bytes, which a header '!B' cannot say"),
        (Framing("struct", format="!B", plus=4), b"x", "has 1 bytes, which a header '!B' cannot say with plus 4"),
        (Framing("json"), b"hi", "is not JSON"),
        (Framing("json-lines"), b"[1]", "is not a JSON object"),
        (Framing.none(), b"", "is empty, and without framing nothing would be sent"),
    ],
)
def test_why_a_payload_cannot_be_carried(framing: Framing, payload: bytes, problem: str) -> None:
    assert framing.payload_problem(payload) == problem


@pytest.mark.parametrize(
    "framing",
    [
        Framing("newline"),
        Framing("separator", separator=b"###"),
        Framing("json"),
        Framing("digits", digits=10),
        Framing("length", separator=b"|"),
        Framing("struct", format="!I"),
    ],
    ids=lambda framing: framing.kind,
)
def test_a_long_frame_in_small_pieces_takes_a_time_in_proportion(framing: Framing) -> None:
    """Copying what is unfinished at each feed would copy 250 GB here, and end in the timeout."""
    payload = b'{"a":"' + b"x" * 8_000_000 + b'"}'
    wire = framing.frame(payload)
    decoder = framing.decoder()

    frames = [frame for at in range(0, len(wire), 128) for frame in decoder.feed(wire[at : at + 128])]

    assert frames == [payload]


# --- records ------------------------------------------------------------------------------------------------------

RECORD = Framing("record", format="<H4s8s", separator=b"|")


def test_a_record_is_packed_and_padded() -> None:
    assert RECORD.frame(b"7|ann|hello") == b"\x07\x00ann\0hello\0\0\0"


def test_what_is_too_long_for_its_field_is_cut_and_told_as_a_problem() -> None:
    assert RECORD.frame(b"7|ann|good morning") == b"\x07\x00ann\0good mor"
    assert (
        RECORD.payload_problem(b"7|ann|good morning") == "has a field too few, or one that its record has no room for"
    )


def test_the_last_field_may_hold_what_stands_between_fields() -> None:
    assert RECORD.decoder().feed(RECORD.frame(b"7|ann|a|b")) == [b"7|ann|a|b"]


def test_what_stands_behind_the_end_of_a_text_is_nothing() -> None:
    assert RECORD.decoder().feed(b"\x07\x00an\0\xffhi\0junk!") == [b"7|an|hi"]


def test_a_number_that_is_none_cannot_be_packed() -> None:
    assert "a field that is no number" in str(RECORD.payload_problem(b"x|ann|hi"))
