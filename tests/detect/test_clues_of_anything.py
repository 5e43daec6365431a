"""Whatever stands in a source, clues are made of it: never an exception, and never long."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.detect.source.clues import local_imports, read_other, read_python, which_files
from tests.detect.test_python_clues import HEADED, ROOM

PYTHON_2 = """
import socket
s = socket.socket()
s.bind(('', 7007))
def serve(c):
    while 1:
        try:
            data = c.recv(512)
            print "got", data
            if data == "quit": break
        except socket.error, e:
            raise ValueError, "no"
"""


@given(st.text())
def test_any_text_gives_clues(text: str) -> None:
    read_python({"a.py": text})
    read_other({"a.c": text})
    local_imports("a.py", text)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([ROOM, HEADED, PYTHON_2]), st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_server_with_a_few_characters_changed_gives_clues(source: str, chance: random.Random, changes: int) -> None:
    for _ in range(changes):
        at = chance.randrange(len(source))
        source = (
            source[:at] + chance.choice(["", "(", "{", '"', "\n", "\t", "é", "\0", " == ", "%s"]) + source[at + 1 :]
        )

    read_python({"a.py": source})
    read_other({"a.js": source})


PARTS = st.sampled_from(
    [
        "java",
        "python3",
        "node",
        "sh",
        "-c",
        "-m",
        "-cp",
        "go",
        "run",
        "./x",
        "&&",
        "cd",
        "env",
        "A=1",
        "",
        ".",
        "/",
        "..",
        "a/b",
    ]
)


@settings(max_examples=300)
@given(st.lists(PARTS | st.text(max_size=8), max_size=8))
def test_any_command_names_files_or_none(words: list[str]) -> None:
    which_files(words)


@pytest.mark.parametrize(
    "source",
    [
        "a = " + "b + " * 3000 + "1\nconn.send(a)",
        "a = " + "b + " * 100_000 + "1\n",
        "conn.send(" + "-" * 100_000 + "1)",
        "x" + ".y" * 900 + ".send('a' + z)",
        "conn.send(" + "str(" * 150 + "m" + ")" * 150 + ")",
        "\n".join(f"a{at} = a{at + 1} + a{at - 1}\nconn.send(a{at})" for at in range(3000)),
        "\n".join(f"def f{at}(m):\n    f{at + 1}(m)\n    f{at - 1}(m)\n    conn.send(m)" for at in range(1500)),
        "if a == 1:\n    b()\n" + "elif a == 'q':\n    c()\n" * 400,
        "x = recv()\n" * 20_000,
        "while True:\n    data = conn.recv(9)\n    if data == 'x': conn.send('a' + data)\n" * 1000,
        "(" * 100_000,
        "x = '" + "{}" * 50_000 + "'.format(a)\nconn.send(x)",
    ],
    ids=lambda source: source[:20],
)
def test_a_source_that_is_deep_or_long_takes_no_long_time(source: str) -> None:
    begun = time.process_time()
    read_python({"a.py": source})
    read_other({"a.js": source})

    assert time.process_time() - begun < 8


def test_python_2_is_read_as_well() -> None:
    found = read_python({"a.py": PYTHON_2})

    assert [clue.value for clue in found.ports] == [7007]
    assert [clue.value for clue in found.sizes] == [512]
    assert [clue.value for clue in found.quit_words] == ["quit"]


def test_a_line_that_is_no_python_at_all_is_left_out_and_told() -> None:
    found = read_python({"a.py": 's.bind(("", 7007))\nthis is a slip\nx = conn.recv(64)\n'})

    assert [clue.value for clue in found.sizes] == [64]
    assert [clue.line for clue in found.unread] == [2]


def test_of_very_many_files_the_last_are_not_read_and_that_is_told() -> None:
    long = "x = [1, 2, 3, 4]\n" * 8_000
    found = read_python({f"{number}.py": long for number in range(6)})

    assert found.unread
    assert {clue.why for clue in found.unread} == {"there was enough to read without it"}
    assert found.unread[-1].file == "5.py"
