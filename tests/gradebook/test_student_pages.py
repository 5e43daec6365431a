"""What a student reads, as a page and as Markdown: the same, and nothing in it acts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

import a_class
import html5lib
import pytest
from golden_books import golden
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatsim.gradebook.graded import Graded
from chatsim.gradebook.student_html import student_html
from chatsim.gradebook.student_markdown import student_markdown

HTML, SVG = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"
SHOWN = {
    "right": a_class.only_shown(a_class.right()),
    "wrong": a_class.only_shown(a_class.wrong()),
    **{state: a_class.only_shown(a_class.not_played(state)) for state in a_class.TOLD},
}
EVIL = {
    f"hostile-{number}-{how.__name__}": a_class.only_shown(how(text))
    for number, text in enumerate(a_class.HOSTILE)
    for how in (a_class.hostile, a_class.hostile_unplayed)
}
ALL = SHOWN | EVIL


def parsed(page: str) -> ET.Element:
    """As a browser reads it; anything that it would have to mend is an error."""
    document: ET.Element = html5lib.HTMLParser(strict=True).parse(page)
    return document


def words(element: ET.Element) -> Iterator[str]:
    if element.tag in (f"{HTML}style", f"{SVG}desc", f"{SVG}title"):
        return
    yield element.text or ""
    for child in element:
        yield from words(child)
        yield child.tail or ""


@pytest.fixture(params=ALL)
def graded(request: pytest.FixtureRequest) -> Graded:
    found: Graded = ALL[request.param]
    return found


@pytest.fixture
def page(graded: Graded) -> ET.Element:
    return parsed(student_html(a_class.ASSIGNMENT, graded))


@pytest.mark.parametrize("name", SHOWN)
def test_the_text_is_the_one_that_was_read_and_found_good(name: str) -> None:
    text = student_markdown(a_class.ASSIGNMENT, SHOWN[name])

    assert text == golden(f"{name}.md", text)


@pytest.mark.parametrize("name", SHOWN)
def test_the_page_says_all_that_the_text_says(name: str) -> None:
    read = " ".join(" ".join(words(parsed(student_html(a_class.ASSIGNMENT, SHOWN[name])))).split())
    text = student_markdown(a_class.ASSIGNMENT, SHOWN[name])
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    said = [
        child.content for token in tokens for child in token.children or () if child.type in ("text", "code_inline")
    ]
    said += [line for token in tokens if token.type == "fence" for line in token.content.splitlines()]

    assert [one for one in said if _plain(one) not in _plain(read)] == []


def _plain(text: str) -> str:
    """Only its letters and digits: a head in the one is a badge in the other."""
    return re.sub(r"[\W_]+", "", text)


def test_a_browser_has_nothing_to_mend(page: ET.Element) -> None:
    assert page.tag == f"{HTML}html"


def test_each_link_leads_to_something_in_the_page_and_to_one_thing_only(page: ET.Element) -> None:
    ids = Counter(identity for element in page.iter() if (identity := element.get("id")))
    links = [link for element in page.iter() if (link := element.get("href"))]

    assert [identity for identity, often in ids.items() if often > 1] == []
    assert [link for link in links if link != "data:," and link.removeprefix("#") not in ids] == []


def test_nothing_in_it_is_fetched_from_elsewhere_or_acts(page: ET.Element) -> None:
    tags = Counter(element.tag for element in page.iter())
    assert (tags[f"{HTML}style"], tags[f"{HTML}link"]) == (1, 1)
    for forbidden in (
        "script",
        "iframe",
        "object",
        "embed",
        "img",
        "image",
        "use",
        "base",
        "form",
        "video",
        "template",
    ):
        assert tags[f"{HTML}{forbidden}"] == tags[f"{SVG}{forbidden}"] == 0
    names = {name for element in page.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style", "srcdoc", "action")}
    elsewhere = {
        value
        for element in page.iter()
        for name, value in element.attrib.items()
        if name in ("href", "{http://www.w3.org/1999/xlink}href") and not value.startswith("#")
    }
    assert elsewhere == {"data:,"}


def test_its_policy_forbids_scripts_and_requests(page: ET.Element) -> None:
    (policy,) = [meta.get("content") for meta in page.iter(f"{HTML}meta") if meta.get("http-equiv")]

    assert policy is not None
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; form-action 'none'", policy
    )


@pytest.mark.parametrize("name", EVIL)
def test_no_text_acts_on_a_terminal_or_a_runner(name: str) -> None:
    for text in (student_html(a_class.ASSIGNMENT, EVIL[name]), student_markdown(a_class.ASSIGNMENT, EVIL[name])):
        assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe]", text) is None
        assert "##[" not in text
        text.encode("utf-8")


@pytest.mark.parametrize("name", EVIL)
def test_words_of_others_are_no_markup_in_the_text(name: str) -> None:
    how = a_class.hostile if name.endswith("hostile") else a_class.hostile_unplayed
    ours = shape(student_markdown(a_class.ASSIGNMENT, a_class.only_shown(how("word"))))

    assert shape(student_markdown(a_class.ASSIGNMENT, EVIL[name])) == ours


@given(st.text(max_size=60))
def test_no_words_at_all_are_markup_in_the_text(text: str) -> None:
    told = student_markdown(a_class.ASSIGNMENT, a_class.only_shown(a_class.hostile(f"word {text}")))

    assert shape(told) == shape(student_markdown(a_class.ASSIGNMENT, a_class.only_shown(a_class.hostile("word"))))


def shape(text: str) -> Counter[str]:
    """What a reader makes of it, but for paragraphs (lines of a hint are as many as they are) and for what stands in them."""
    kinds: Counter[str] = Counter()
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        kinds[token.type] += 1
        for child in token.children or ():
            kinds[child.type] += 1
            assert child.type not in ("html_inline", "image", "link_open", "s_open"), child
        assert token.type not in ("html_block", "hr"), token
    for free in ("paragraph_open", "paragraph_close", "inline", "text", "softbreak"):
        del kinds[free]
    return kinds


def test_the_picture_is_drawn_and_leads_from_its_proof_to_the_verdict() -> None:
    document = parsed(student_html(a_class.ASSIGNMENT, SHOWN["wrong"]))
    (drawn,) = [one for one in document.iter(f"{SVG}svg") if one.get("role")]

    assert len([one for one in drawn.iter() if "arrow" in one.get("class", "")]) == 2
    assert {one.get("href") for one in drawn.iter(f"{SVG}a")} == {"#p1-1-v1"}
    heads = [one for one in document.iter(f"{SVG}svg") if not one.get("role")]
    assert ["".join(words(one)) for one in heads] == ["annbobserver"] or ["".join(words(one)) for one in heads] == [
        "annbob"
    ]


def test_each_event_of_the_picture_is_told_in_words() -> None:
    read = " ".join(words(parsed(student_html(a_class.ASSIGNMENT, SHOWN["wrong"]))))

    assert 'ann said "one" (message 1)' in read
    assert 'bob heard "two" from ann (message 2) – proves: fifo-order' in read


@pytest.mark.parametrize(
    "smuggled",
    [
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="http://127.0.0.1:9/x"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><a href="http://127.0.0.1:9/x" transform="x"><text>go</text></a></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" style="background:url(http://127.0.0.1:9/x)"><style>*{}</style></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><iframe src="http://127.0.0.1:9/x"/></foreignObject></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect class="url(http://127.0.0.1:9)" id="main"/></svg>',
        '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg">&b;</svg>',
        "<svg><unfinished",
    ],
)
def test_a_picture_that_somebody_else_made_can_do_nothing(smuggled: str) -> None:
    record = SHOWN["wrong"].record
    runs = tuple(replace(run, picture=smuggled) for run in record.runs)
    page = parsed(student_html(a_class.ASSIGNMENT, replace(SHOWN["wrong"], record=replace(record, runs=runs))))

    assert "127.0.0.1" not in ET.tostring(page, encoding="unicode")
    test_nothing_in_it_is_fetched_from_elsewhere_or_acts(page)
    test_each_link_leads_to_something_in_the_page_and_to_one_thing_only(page)


def test_a_page_that_tells_of_hidden_parts_says_for_whom_it_is() -> None:
    said = "For teachers: hidden parts are told here."

    for write in (student_html, student_markdown):
        assert said in write(a_class.ASSIGNMENT, a_class.right())
        assert said not in write(a_class.ASSIGNMENT, SHOWN["right"])


def test_runs_of_a_part_that_the_grade_does_not_name_are_not_shown() -> None:
    """A second wall: even if a record came uncut."""
    record = a_class.right().record
    runs = tuple(replace(run, seed=424242) if run.part == "secret" else run for run in record.runs)
    graded = replace(a_class.only_shown(a_class.right()), record=replace(record, runs=runs))

    for text in (student_html(a_class.ASSIGNMENT, graded), student_markdown(a_class.ASSIGNMENT, graded)):
        assert "one does not read" not in text
        assert "slow.yaml" not in text
        assert "424242" not in text
