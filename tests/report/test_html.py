"""The HTML page as a text: well-formed, complete in itself, and without any markup that is not its own."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from xml.etree import ElementTree as ET

import drawable
import html5lib
import literal
import pytest
from golden_text import golden
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim._version import __version__
from chatsim.checks.verdict import Outcome
from chatsim.history import History
from chatsim.report.html import render
from chatsim.report.report import Report, Run
from chatsim.report.spacetime.layout import diagram
from chatsim.report.spacetime.svg import head_svg, svg
from tests.checks.story import Story

SVG = "{http://www.w3.org/2000/svg}"
HTML = "{http://www.w3.org/1999/xhtml}"


def of(history: History, verdicts: list[drawable.Verdict]) -> Run:
    return replace(literal.failed(), history=history, verdicts=tuple(verdicts), server_words=(), bot_words={})


def hostile() -> Run:
    """Everything that the page can tell of, made of what would break it."""
    history, verdicts = drawable.hostile()
    evil = drawable.EVIL
    spoken = tuple(replace(one, summary=evil, hint=f"`{evil}` {evil}", where=f"{evil}:3:5") for one in verdicts)
    return Run(
        evil, evil, 7, evil, evil, Outcome.FAILED, 1.0, spoken, history,
        why=evil, bot_words={evil: evil, "ann": evil}, server_words=(evil,), notes=(evil,), replay=evil,
    )  # fmt: skip


PAGES = {
    "one-failed": Report((literal.failed(),), ended=1_700_000_000.0),
    "overtaken": Report((of(*drawable.overtaken()),)),
    "several": Report((literal.failed(), replace(literal.passed(), file="b.yaml"), literal.not_applicable())),
    "not-started": Report((literal.not_started(),)),
    "unclear": Report((literal.unclear(),)),
    "asked-in-vain": Report((literal.asked_in_vain(),)),
    "repeated": Report(tuple(replace(literal.failed(), seed=seed) for seed in range(300)), repeat=300),
    "interrupted": Report((literal.passed(),), interrupted=True),
    "nothing": Report(()),
    "hostile": Report((hostile(), hostile())),
    "large": Report((of(*drawable.crowd()),)),
}


def parsed(page: str) -> ET.Element:
    """As a browser reads it; anything that it would have to mend is an error."""
    document: ET.Element = html5lib.HTMLParser(strict=True).parse(page)
    return document


def words(element: ET.Element) -> Iterator[str]:
    """What a person reads, without scripts, styles and what only tools read."""
    if element.tag in (f"{HTML}script", f"{HTML}style", f"{SVG}desc", f"{SVG}title"):
        return
    yield element.text or ""
    for child in element:
        yield from words(child)
        yield child.tail or ""


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return render(PAGES[request.param])


def test_a_browser_has_nothing_to_mend(page: str) -> None:
    assert parsed(page).tag == f"{HTML}html"


def test_each_link_leads_to_something_in_the_page_and_to_one_thing_only(page: str) -> None:
    document = parsed(page)
    ids = Counter(identity for element in document.iter() if (identity := element.get("id")))
    links = [link for element in document.iter() if (link := element.get("href"))]

    assert [identity for identity, often in ids.items() if often > 1] == []
    assert [link for link in links if link != "data:," and link.removeprefix("#") not in ids] == []


def test_nothing_in_it_is_fetched_from_elsewhere_or_acts_but_its_own_script(page: str) -> None:
    document = parsed(page)

    tags = Counter(element.tag for element in document.iter())
    assert (tags[f"{HTML}script"], tags[f"{HTML}style"], tags[f"{HTML}link"]) == (1, 1, 1)
    for forbidden in ("iframe", "object", "embed", "img", "base", "form", "video", "audio", "template"):
        assert tags[f"{HTML}{forbidden}"] == tags[f"{SVG}{forbidden}"] == 0
    names = {name for element in document.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style", "srcdoc", "action")}
    elsewhere = {
        value
        for element in document.iter()
        for name, value in element.attrib.items()
        if name in ("href", "{http://www.w3.org/1999/xlink}href") and not value.startswith("#")
    }
    assert elsewhere == {"data:,"}


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(page: str) -> None:
    document = parsed(page)
    policies = [
        element.get("content") or ""
        for element in document.iter(f"{HTML}meta")
        if element.get("http-equiv") == "Content-Security-Policy"
    ]
    script, style = (next(document.iter(f"{HTML}{tag}")).text or "" for tag in ("script", "style"))

    assert policies == [
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    ]


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def test_what_acts_on_a_reader_unseen_is_spelled_out() -> None:
    page = render(PAGES["hostile"])

    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\ud800-\udfff]", page)
    assert "\\x1b[31m\\u202egnp.exe\\u2066\\udc80\\ufffe" in page
    assert page.count("<script>") == 1
    assert "alert(1)</script>" not in page


def test_each_verdict_leads_to_its_proof_in_the_diagram_and_the_proof_back() -> None:
    document = parsed(render(PAGES["overtaken"]))
    proofs = {link for item in document.iter(f"{HTML}ol") for a in item.iter(f"{HTML}a") if (link := a.get("href"))}
    tags = {a.get("href") for a in document.iter(f"{SVG}a") if a.get("class") == "tag"}
    marks = {f"#{a.get('id')}" for a in document.iter(f"{SVG}a") if "witness" in (a.get("class") or "")}

    assert proofs == marks
    assert len(proofs) == 5
    assert tags == {"#s1-v-fifo-order", "#s1-v-no-duplication", "#s1-v-delivery"}


@pytest.mark.parametrize("name", ["one-failed", "several", "repeated", "not-started", "unclear", "hostile"])
def test_it_reads_as_it_was_read_before(name: str) -> None:
    body = next(parsed(render(PAGES[name])).iter(f"{HTML}body"))
    lines = (line.strip() for line in "".join(words(body)).split("\n"))
    text = "\n".join(line for line in lines if line).replace(f"chatsim {__version__}", "chatsim VERSION") + "\n"

    assert text == golden(f"page/{name}.txt", text)


def test_of_many_runs_that_went_well_only_the_first_have_a_picture() -> None:
    report = Report(tuple(replace(literal.passed(), file=f"{number}.yaml") for number in range(40)))

    assert render(report).count('class="canvas"') == 30


def test_the_diagram_counts_its_arrows_as_the_history_its_deliveries() -> None:
    history, verdicts = drawable.overtaken()
    root = ET.fromstring(svg(diagram(history, verdicts)))
    kinds = Counter((element.get("class") or "").split()[1] for element in root.iter(f"{SVG}g"))

    assert kinds == {"heard": len(list(history.of("heard"))), "lost": 1}


TEXTS = st.text(max_size=20) | st.sampled_from(
    [drawable.EVIL, "]]>", "&lt;", "<svg onload=alert(1)>", "{{ 7 * 7 }}", "`"]
)


@given(TEXTS, TEXTS, TEXTS)
def test_any_diagram_is_well_formed_and_has_no_markup_of_others(nick: str, said: str, line: str) -> None:
    story = Story()
    story.step("chat", text=said, place=f"{nick}:1:1")
    story.connect(nick, "ann")
    story.say("ann", said)
    story.hear(nick, said)
    odd = story.note("unrecognised", "ann", text=line)
    drawn = diagram(story.history, [drawable.failed("no-creation", odd)])

    tags = {
        element.tag.removeprefix(SVG)
        for text in (svg(drawn), head_svg(drawn))
        for element in ET.fromstring(text).iter()
    }
    assert tags == {"svg", "title", "desc", "rect", "line", "g", "path", "text", "tspan", "a", "circle"}


@settings(max_examples=20)
@given(TEXTS, TEXTS, TEXTS, st.sampled_from([None, "drop-notice"]))
def test_any_run_gives_a_page_that_a_browser_need_not_mend(nick: str, said: str, line: str, again: str | None) -> None:
    story = Story()
    story.connect(nick, "ann")
    story.say(nick, said)
    story.hear("ann", said)
    odd = story.note("unrecognised", "ann", text=line)
    verdict = replace(drawable.failed("no-creation", odd), summary=said, hint=line, where=nick)
    run = Run(
        nick, said, 1, line, nick, Outcome.FAILED, 1.0, (verdict,), story.history, why=said, replay=line, notes=(said,)
    )
    document = parsed(render(Report((replace(run, seen_again={"no-creation": True} if again else {}),))))

    tags = Counter(element.tag for element in document.iter())
    assert tags[f"{HTML}script"] == 1
    assert tags[f"{SVG}svg"] > 2
    assert not {tag for tag in tags if isinstance(tag, str) and tag.endswith(("}img", "}iframe", "}b64"))}
