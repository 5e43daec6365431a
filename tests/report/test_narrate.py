"""A history entry in plain words."""

from __future__ import annotations

from typing import Any

import literal
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.history import CONSOLE, KINDS, OF_MESSAGES, OPERATOR, WORLD, History
from chatsim.report.narrate import Narrator


def test_lines_are_aligned_and_tell_when_who_and_what() -> None:
    history = literal.drop_without_notice()

    told = Narrator(history).lines([literal.index_of(history, "heard"), literal.index_of(history, "drop")])

    assert told == [
        '0.31 s  alice  heard "hello everyone" from bob',
        "0.61 s  bob    dropped (reset)",
    ]


def told(kind: str, session: int = 0, **detail: Any) -> str:
    history = literal.drop_without_notice()
    return Narrator(history).words(history.note(3.0, kind, session, **detail))


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("refused", {"by": "closed"}, "was refused: the server closed the connection"),
        ("refused", {"by": "Nick taken"}, 'was refused: "Nick taken"'),
        ("notice", {"what": "left", "nick": "bob", "text": "* bob left"}, 'was told that bob left: "* bob left"'),
        ("notice", {"what": "left", "nick": None, "text": "bye"}, 'was told that somebody (no name) left: "bye"'),
        (
            "damaged",
            {"message": 0, "how": "truncated", "text": "hel"},
            'got only a part of: "hello everyone" from bob came as "hel"',
        ),
        ("expected", {"what": 'to hear "soup?"', "met": False}, 'expected to hear "soup?", in vain'),
        (
            "expected",
            {"what": 'to hear "soup?"', "met": False, "negative": True},
            'was not to hear "soup?", and that happened',
        ),
        ("expected", {"what": "a roster of bob", "met": True, "negative": True}, "was not to get a roster of bob"),
        ("named", {"message": 0, "name": "eve"}, 'heard "hello everyone" of bob under the name "eve"'),
        ("foreign", {"nick": "bob", "text": "boo"}, 'heard what nobody said: "boo" under the name "bob"'),
        ("closed", {"how": "reset"}, "was reset by the server"),
        ("closed", {"how": "eof", "declared": "limits"}, "was closed by the server (as the profile allows: limits)"),
        ("left", {"clean": False}, "had left (before all was read)"),
        ("server", {"what": "exited", "code": -11, "asked": False}, "ended by signal 11, unasked"),
        ("server", {"what": "exited", "code": 0, "asked": True}, "ended with code 0"),
        ("crash", {"text": "Traceback\nKeyError: 'bob'\n"}, "reported an unhandled exception: \"KeyError: 'bob'\""),
        ("facts", {"threads": 7, "fds": 9}, "the server had 7 threads, 9 open descriptors"),
        ("roster", {"names": ["ann", "\x1b[1mbob"]}, "was told who is there: ann, \\x1b[1mbob"),
        (
            "wait",
            {"waited": 2.0, "missing": [["message", 2, 0], ["echo", 1, 0]], "valid": False},
            'waited 2.00 s in vain: cat did not hear "hello everyone" from bob; bob did not hear itself say '
            '"hello everyone" (this machine was too busy for it to count)',
        ),
    ],
)
def test_the_words_of(kind: str, detail: dict[str, Any], words: str) -> None:
    assert told(kind, **detail) == words


def test_a_second_connection_is_told_from_the_first() -> None:
    history = literal.drop_without_notice()
    history.note(3.0, "connect", 7, bot="bob", nick="bob", number=2)

    narrator = Narrator(history)

    assert narrator.name(7) == "bob (2nd connection)"
    assert (narrator.name(CONSOLE), narrator.name(OPERATOR), narrator.name(WORLD)) == ("console", "operator", "run")


def test_a_wait_concerns_those_who_were_waited_for() -> None:
    history = literal.drop_without_notice()

    assert Narrator(history).concerned(literal.index_of(history, "wait")) == ["alice"]


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("what", "how", "text", "nick", "message", "names", "missing", "waited", "code", "bot", "why", "number", "by")


@given(
    st.sampled_from([kind for kind in KINDS if kind not in OF_MESSAGES]),
    st.dictionaries(st.sampled_from(KEYS), plain, max_size=6),
)
def test_an_entry_of_any_other_version_is_told_somehow_in_one_safe_line(kind: str, detail: dict[str, Any]) -> None:
    history = History()
    index = history.note(0.0, kind, 0, **detail)

    (line,) = Narrator(history).lines([index])

    assert line.replace("\u200c", "").replace("\u200d", "").isprintable()
