"""Words of others within Markdown: read by a reader of Markdown, they are the same words, and nothing else."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatsim.gradebook.markdown import block, code, paragraph, words
from chatsim.report.printable import printable

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXTS = st.text(max_size=30) | st.text(alphabet="`*_~[]()<>&#|\\!-+=.1 \n:@/w", max_size=20)


def shown(markdown: str) -> str:
    """What a person reads of it: markup taken away, references resolved."""
    return html.unescape(re.sub(r"<[^>]+>", "", READER.renderInline(markdown)))


@given(TEXTS)
def test_words_are_shown_as_they_are(text: str) -> None:
    assert shown(f"a {words(text)} b") == f"a {printable(text)} b"


@given(TEXTS)
def test_code_is_shown_as_it_is(text: str) -> None:
    (token,) = READER.parseInline(code(f"x{text}x"))[0].children or ()

    assert (token.type, token.content) == ("code_inline", printable(f"x{text}x"))


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_lines_stay_lines_and_stand_in_one_block(lines: list[str]) -> None:
    (token,) = READER.parse(block(tuple(lines)))

    assert (token.type, token.content) == ("fence", "".join(f"{printable(line)}\n" for line in lines))


@given(TEXTS.filter(lambda text: text.strip()))
def test_a_paragraph_is_one_whatever_it_begins_with(text: str) -> None:
    kinds = [token.type for token in READER.parse(f"Before.\n\n{paragraph(text)}\n\nAfter.")]

    assert kinds == ["paragraph_open", "inline", "paragraph_close"] * 3


@pytest.mark.parametrize("text", ["http://127.0.0.1/x", "see WWW.example.org", "me@127.0.0.1", "@everyone", "ftp://x"])
def test_nothing_becomes_a_link_or_a_mention_by_itself(text: str) -> None:
    """Some dialects make links of bare addresses, and send notes to whoever stands behind an @."""
    told = words(text)

    assert re.search(r"://|www\.|@", told, re.IGNORECASE) is None
    assert shown(told) == text
