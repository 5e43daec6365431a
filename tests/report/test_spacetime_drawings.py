"""The space-time diagram as text and as Mermaid, word for word: the golden texts are in `golden/spacetime/`.

UPDATE_GOLDEN=1 writes them anew; then read the difference before you commit it.
"""

from __future__ import annotations

import re
import unicodedata

import drawable
import pytest
from golden_text import golden
from hypothesis import given
from hypothesis import strategies as st

from chatsim.report.printable import columns, encodable
from chatsim.report.spacetime.diagram import Diagram
from chatsim.report.spacetime.layout import diagram
from chatsim.report.spacetime.mermaid import mermaid
from chatsim.report.spacetime.text import text_lines
from tests.checks.story import Story


def _crowd() -> Diagram:
    history, verdicts = drawable.crowd()
    return diagram(history, verdicts, most=24, most_lanes=6)


DRAWN = {
    "overtaken": lambda: diagram(*drawable.overtaken()),
    "everything": lambda: diagram(drawable.everything()),
    "crowd": _crowd,
    "hostile": lambda: diagram(*drawable.hostile()),
}


@pytest.mark.parametrize("name", DRAWN)
def test_in_a_terminal_it_reads_as_it_was_read_before(name: str) -> None:
    text = "\n".join(text_lines(DRAWN[name]())) + "\n"

    assert text == golden(f"spacetime/{name}.txt", text)


@pytest.mark.parametrize("name", DRAWN)
def test_as_mermaid_it_reads_as_it_was_read_before(name: str) -> None:
    text = mermaid(DRAWN[name]())

    assert text == golden(f"spacetime/{name}.mmd", text)


def test_where_there_are_no_such_signs_it_is_drawn_in_ascii() -> None:
    lines = text_lines(DRAWN["everything"](), encoding="ascii")
    text = encodable("\n".join(lines) + "\n", "ascii")

    assert text.isascii()
    assert text == golden("spacetime/everything-ascii.txt", text)


def test_in_a_narrow_terminal_it_says_whose_lines_have_no_room() -> None:
    lines = text_lines(_crowd(), width=40)

    assert max(map(columns, lines)) <= 40
    assert lines[-1].startswith("There is no room for")


# What Mermaid may be told: letters, digits, a few signs that mean nothing in it, and numbers for all others.
WORDS = r"(?:[\w .,:!?'()/=+*-]|#\d+;)+"
SHAPE = rf"""sequenceDiagram|    (?:    )?(?:participant p\d as {WORDS}|Note over p\d(,p\d)?: {WORDS}
|p\d->>p\d: \d: {WORDS}|end|rect rgba\(255, 170, 0, 0\.25\))""".replace("\n", "")


@given(st.text(max_size=30), st.text(max_size=30), st.integers(30, 120))
def test_nothing_that_is_said_can_break_a_line_or_a_terminal(nick: str, said: str, width: int) -> None:
    story = Story()
    story.connect(nick, "ann")
    story.say("ann", said)
    story.hear(nick, said)
    odd = story.note("unrecognised", nick, text=said)
    drawn = diagram(story.history, [drawable.failed("no-creation", odd)])
    lines = text_lines(drawn, width)

    assert len(lines) == 5 + lines[-1].startswith("There is no room")
    assert all(columns(line) <= width for line in lines)
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c == "\u202e" for line in lines for c in line)
    picture = mermaid(drawn).splitlines()
    assert [line for line in picture if not re.fullmatch(SHAPE, line)] == []
    assert len(picture) == 9
