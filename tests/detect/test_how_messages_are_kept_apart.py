"""Which framing speaks from a source, spelt so that a profile takes it."""

from __future__ import annotations

import pytest

from chatsim.detect.source.clues import read_python
from chatsim.detect.source.framings import normal_format
from chatsim.profile.reader import read_profile

RAW = """
import socket
s = socket.socket()
while True:
    data = conn.recv(1024)
    {body}
"""


def framings(source: str) -> list[str | int]:
    return [clue.value for clue in read_python({"server.py": source}).framings]


def of_body(body: str) -> list[str | int]:
    return framings(RAW.format(body=body))


@pytest.mark.parametrize(
    ("source", "framing"),
    [
        ("conn.recv(1024)", "none"),
        ("f = conn.makefile()\nfor line in f: pass", "newline"),
        ("line = conn.recv(99).split('\\n')", "newline"),
        ("buf = ''\nbuf += conn.recv(99).decode()\nwhile '\\r\\n' in buf: pass", "crlf"),
        ("buf = ''\nbuf += conn.recv(99).decode()\nparts = buf.split('<END>')", '{separator: "<END>"}'),
        ("async def h(reader, writer):\n    data = await reader.readline()", "newline"),
        ("async def h(reader, writer):\n    data = json.loads(await reader.readline())", "json-lines"),
        ("data = json.loads(conn.recv(1024))", "json"),
        ("data = pickle.loads(conn.recv(1024))", "pickle"),
        ("class P(LineReceiver):\n    def lineReceived(self, line): self.sendLine(b'x\\r\\n')", "crlf"),
        ("n = struct.unpack('>I', conn.recv(4))[0]\nconn.send(struct.pack('>I', len(x)) + x)", '{struct: "!I"}'),
        ("n = struct.unpack('<H', conn.recv(2))[0]\nconn.send(struct.pack('<H', len(x)) + x)", '{struct: "<H"}'),
        ("n = int.from_bytes(conn.recv(4), 'big')\nconn.send(len(x).to_bytes(4, 'big') + x)", '{struct: "!I"}'),
        ("n = int.from_bytes(conn.recv(2), 'little')\nconn.send(len(x).to_bytes(2, 'little') + x)", '{struct: "<H"}'),
        ("conn.send(len(x).to_bytes(3, 'big') + x)", "python"),
        ("n = struct.unpack('I32s256s', conn.recv(292))", '{record: "I32s256s"}'),
        ("H = 10\nn = int(conn.recv(H))\nconn.send(f'{len(x):<{H}}'.encode() + x)", "{digits: 10, align: left}"),
        ("n = int(conn.recv(8))\nconn.send(str(len(x)).zfill(8).encode() + x)", "{digits: 8, align: zeros}"),
        ("n = int(conn.recv(5).decode())\nconn.send(('%5d' % len(x)).encode() + x)", "{digits: 5, align: right}"),
        ("n = int(conn.recv(12))\nconn.send(f'{len(x):>12}'.encode() + x)", "{digits: 12, align: right}"),
        ("n = int(conn.recv(64))\nl = str(len(x)).encode()\nl += b' ' * (64 - len(l))", "{digits: 64, align: left}"),
        ("n = int(conn.recv(SIZE))\nconn.send(f'{len(x):<{SIZE}}'.encode())", "{digits: 10, align: left}"),
        ("n = int(conn.recv(16))", "{sent: {digits: 16, align: left}, received: none}"),
    ],
)
def test_the_best_guess_is_what_the_source_does(source: str, framing: str) -> None:
    assert framings(source)[0] == framing


def test_lines_that_are_only_written_are_a_framing_of_one_direction() -> None:
    assert of_body("conn.send(b'hello\\n')")[0] == "{sent: none, received: newline}"


def test_lines_that_are_only_read_are_a_framing_of_one_direction() -> None:
    assert of_body("for line in data.split(b'\\n'): conn.send(b'ok')")[0] == "{sent: newline, received: none}"


def test_reading_a_file_says_nothing_about_the_wire() -> None:
    assert of_body("names = open('names.txt').read().split('\\n')\n    rows = csv.reader(f)") == ["none"]


@pytest.mark.parametrize("body", ["port = int(data.split()[1])", "words = data.split()\n    port = int(words[1])"])
def test_a_number_among_words_is_no_length(body: str) -> None:
    source = RAW.format(body=body).replace("1024", "200")

    assert framings(source) == ["none"]


@pytest.mark.parametrize(
    "framing",
    ["none", "newline", "crlf", "json", "json-lines", '{struct: "!I"}', "{digits: 64, align: left}", '{separator: "<END>"}',
     '{record: "I32s256s"}', "{sent: {digits: 16, align: left}, received: none}", "{sent: none, received: newline}"],
)  # fmt: skip
def test_a_profile_takes_a_framing_as_it_is_spelt(framing: str) -> None:
    json = framing.startswith("json")
    says = '{"text": "{text}"}' if json else "1|{text}|" if "record" in framing else "{text}"
    profile = read_profile(f"profile: x\nframing: {framing}\njoin: []\nsays: '{says}'\n", "x.yaml")

    assert profile.name == "x"


@pytest.mark.parametrize(("form", "normal"), [("> I", "!I"), ("!1I", "!I"), ("<I 32s", "<I32s"), ("=11s", "=11s")])
def test_formats_that_mean_the_same_read_the_same(form: str, normal: str) -> None:
    assert normal_format(form) == normal
