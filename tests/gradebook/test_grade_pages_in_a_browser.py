"""A student's page and the overview where they are read: in a browser, on a phone, in the dark and on paper.

It needs a Chromium that is installed (Debian: `apt-get install chromium`), and is skipped where there is none.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import a_class
import pytest

from chatsim.gradebook.overview_html import overview_html
from chatsim.gradebook.student_html import student_html

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

EVIL = a_class.hostile(a_class.EVIL)
PAGES: dict[str, Callable[[], str]] = {
    "right": lambda: student_html(a_class.ASSIGNMENT, a_class.only_shown(a_class.right())),
    "wrong": lambda: student_html(a_class.ASSIGNMENT, a_class.only_shown(a_class.wrong())),
    "not-built": lambda: student_html(a_class.ASSIGNMENT, a_class.only_shown(a_class.not_played("not-built"))),
    "infrastructure": lambda: student_html(
        a_class.ASSIGNMENT, a_class.only_shown(a_class.not_played("infrastructure"))
    ),
    "hostile": lambda: student_html(a_class.ASSIGNMENT, a_class.only_shown(EVIL)),
    "class": lambda: overview_html(a_class.ASSIGNMENT, [*a_class.everybody(), EVIL]),
    "nobody": lambda: overview_html(a_class.ASSIGNMENT, []),
}


@dataclass
class Opened:
    """A page in a browser, and whatever it did that it should not."""

    page: Any
    trouble: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)


Open = Callable[..., Opened]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Open]:
    contexts = []

    def opening(name: str, **wishes: Any) -> Opened:
        file = tmp_path / "page.html"
        file.write_text(PAGES[name](), encoding="utf-8")
        context = browser.new_context(**{"reduced_motion": "reduce", **wishes})
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda said: opened.trouble.append(said.text))
        opened.page.on("pageerror", lambda error: opened.trouble.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.trouble.append(dialog.message), dialog.dismiss()))
        opened.page.on("request", lambda request: opened.asked_for.append(request.url.split("#")[0]))
        opened.page.goto(file.as_uri())
        opened.asked_for = [url for url in opened.asked_for if url not in (file.as_uri(), "data:,")]
        return opened

    yield opening
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_it_asks_for_nothing_and_does_nothing(show: Open, name: str) -> None:
    opened = show(name)

    assert (opened.trouble, opened.asked_for) == ([], [])
    assert opened.page.title() != "broken"
    assert opened.page.locator("script, img, iframe").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_it_keeps_nobody_out(show: Open, name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = show(name, color_scheme=scheme).page
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true }")

    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_tables_and_pictures_scroll_and_not_the_page(show: Open, name: str) -> None:
    page = show(name, viewport={"width": 360, "height": 700}).page

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", ["wrong", "class"])
def test_on_paper_nothing_is_cut_off_or_dark(show: Open, name: str) -> None:
    page = show(name, viewport={"width": 700, "height": 500}, color_scheme="dark").page
    page.emulate_media(media="print")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for canvas in page.locator(".canvas").all():
        assert canvas.evaluate("canvas => canvas.scrollWidth <= canvas.clientWidth")


def test_what_is_folded_is_printed_too(show: Open) -> None:
    page = show("wrong").page
    if not page.evaluate("CSS.supports('selector(::details-content)')"):
        pytest.skip("this Chromium is too old to unfold what it prints")
    heights = "[...document.querySelectorAll('details .lines')].map(one => one.checkVisibility({contentVisibilityAuto: true}))"
    assert not any(page.evaluate(heights))

    page.emulate_media(media="print")

    page.wait_for_function(
        f"{heights}.every(Boolean)"
    )  # the browser lays it out anew with its next frame, and not before


def test_a_proof_in_the_picture_leads_to_the_verdict(show: Open) -> None:
    page = show("wrong", viewport={"width": 1000, "height": 500}).page
    page.locator(".spacetime .tag").first.click()

    assert page.evaluate("location.hash") == "#p1-1-v1"
    assert "fifo-order" in page.locator(".verdict:target h4").inner_text()


def test_the_keyboard_reaches_parts_by_the_table_of_points(show: Open) -> None:
    page = show("wrong").page
    page.get_by_role("link", name="People come and go").focus()
    page.keyboard.press("Enter")

    assert page.evaluate("location.hash") == "#p2"


@pytest.mark.skipif(not os.environ.get("PAGE_PICTURES"), reason="pictures are taken where PAGE_PICTURES names a folder")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pictures_for_those_who_change_the_pages(show: Open, name: str, scheme: str) -> None:
    """Nothing is compared: what is ugly, only a person sees."""
    for width in (1200, 390):
        page = show(name, color_scheme=scheme, viewport={"width": width, "height": 900}).page
        page.screenshot(path=Path(os.environ["PAGE_PICTURES"]) / f"grades-{name}-{scheme}-{width}.png", full_page=True)
