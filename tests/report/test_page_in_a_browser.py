"""The HTML page where it is read: in a browser, with a keyboard, in the dark, and from a server that means harm.

It needs a Chromium that is installed (Debian: `apt-get install chromium`), and is skipped where there is none.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import drawable
import literal
import pytest

from chatsim.report.html import render
from chatsim.report.report import Report, Run

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")

PROFILE = """\
profile: speaks-markup
framing: newline
join: [{send: "{nick}"}, {await: "Hello, {nick}!"}]
says: "{text}"
hears: "<{nick}> {text}"
"""
SCENARIO = """\
scenario: "</title><script>document.title='broken'</script> is only a claim"
bots: [ann, bob, cat]
steps:
  - join: everyone
  - chat: {ann: "<b>bold</b>", bob: {count: 3}}
  - drop: bob
  - chat: {ann: {count: 1}}
"""


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

    def opening(report: Report, fragment: str = "", **wishes: Any) -> Opened:
        file = tmp_path / "page.html"
        file.write_text(render(report), encoding="utf-8")
        context = browser.new_context(**{"reduced_motion": "reduce", **wishes})
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.on("console", lambda said: opened.trouble.append(said.text))
        opened.page.on("pageerror", lambda error: opened.trouble.append(str(error)))
        opened.page.on("dialog", lambda dialog: (opened.trouble.append(dialog.message), dialog.dismiss()))
        opened.page.on("request", lambda request: opened.asked_for.append(request.url.split("#")[0]))
        opened.page.goto(file.as_uri() + fragment)
        opened.asked_for = [url for url in opened.asked_for if url not in (file.as_uri(), "data:,")]
        return opened

    yield opening
    for context in contexts:
        context.close()


def of(story: tuple[Any, Any]) -> Report:
    history, verdicts = story
    return Report((replace(literal.failed(), history=history, verdicts=tuple(verdicts)),))


def in_sight(page: Any, selector: str) -> bool:
    seen: bool = page.locator(selector).evaluate(
        """element => {
            const box = element.getBoundingClientRect(), canvas = element.closest('.canvas, body').getBoundingClientRect();
            return box.top >= 0 && box.bottom <= innerHeight && box.top >= canvas.top && box.bottom <= canvas.bottom;
        }"""
    )
    return seen


def test_it_draws_an_arrow_for_each_delivery_and_does_nothing_else(show: Open) -> None:
    story = drawable.overtaken()
    opened = show(of(story))

    assert opened.page.locator(".arrow:not(.lost)").count() == len(list(story[0].of("heard")))
    assert opened.page.locator(".arrow.lost").count() == 1
    assert (opened.trouble, opened.asked_for) == ([], [])


def test_a_verdicts_link_leads_to_its_proof_and_the_proofs_link_back(show: Open) -> None:
    page = show(of(drawable.crowd()), viewport={"width": 1000, "height": 500}).page
    page.locator(".proofs a").first.click()

    assert page.evaluate("document.activeElement.id") == page.evaluate("location.hash.slice(1)")
    assert in_sight(page, ".mark:target")
    page.locator(".spacetime .tag").first.click()
    assert page.evaluate("location.hash") == "#s1-v-delivery"
    assert in_sight(page, "#s1-v-delivery h4")


def test_a_mark_leads_to_its_row_in_the_table_which_opens_for_it(show: Open) -> None:
    page = show(of(drawable.overtaken())).page
    mark = page.locator("a.mark.drop")
    mark.focus()
    assert not page.locator("details.events").evaluate("details => details.open")
    page.keyboard.press("Enter")

    row = page.locator("tr:target")
    assert "ann dropped (reset)" in row.inner_text()
    row.locator("a").first.click()
    assert page.evaluate("document.activeElement.classList.contains('drop')")


def test_a_link_with_a_mark_in_it_opens_the_page_there(show: Open) -> None:
    history, verdicts = drawable.overtaken()
    index = verdicts[-1].witness[0]
    page = show(of((history, verdicts)), f"#s1-e{index}").page

    assert page.evaluate("document.activeElement.id") == f"s1-e{index}"
    assert page.locator("a.mark[tabindex='0']").get_attribute("id") == f"s1-e{index}"


def test_the_pointer_and_the_keyboard_are_told_what_is_there(show: Open) -> None:
    page = show(of(drawable.overtaken())).page
    page.locator("a.mark.drop").hover()
    assert page.locator(".told").inner_text() == "0.15000 s: ann dropped (reset)".replace("0.15000", _time_of_drop())
    page.locator("a.mark.send").first.focus()

    assert 'ann said "one" (message 1)' in page.locator(".told").inner_text()
    assert page.locator(".arrow.lit").count() == 3


def _time_of_drop() -> str:
    history, _ = drawable.overtaken()
    return f"{next(history.of('drop')).t:.5f}"


def test_the_diagram_is_one_stop_for_tab_and_the_arrow_keys_go_through_it(show: Open) -> None:
    page = show(of(drawable.overtaken())).page
    stops = page.locator("a.mark[tabindex='0']")
    assert stops.count() == 1
    stops.focus()
    said = []
    for key in ("Home", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowUp", "End"):
        page.keyboard.press(key)
        said.append(page.locator(".told").inner_text().partition(": ")[2])

    assert said[0] == "ann began to connect"
    assert said[1].startswith("ann had joined")
    assert said[2] == 'ann said "one" (message 1)'
    assert said[3].startswith("bob ")
    assert said[4].startswith("bob ")
    assert said[5].startswith("cat ")
    assert stops.count() == 1


def test_a_link_to_what_is_filtered_out_shows_it_again(show: Open) -> None:
    page = show(of(drawable.overtaken())).page
    page.get_by_role("checkbox", name="bob").uncheck()
    page.get_by_label("Message").select_option("1")
    page.locator(".proofs a").first.click()

    playwright.expect(page.locator("a.mark:target:not(.faded)")).to_have_count(1)
    assert page.get_by_role("checkbox", name="bob").is_checked()
    assert page.locator(".faded").count() == 0


@pytest.mark.parametrize("scripts", [True, False])
def test_nobody_has_to_tab_through_the_whole_picture(show: Open, scripts: bool) -> None:
    page = show(of(drawable.overtaken()), java_script_enabled=scripts).page
    page.get_by_role("link", name="Past the picture").focus()
    assert page.get_by_role("link", name="Past the picture").evaluate("link => link.getBoundingClientRect().left") > 0
    page.keyboard.press("Enter")
    if not scripts:  # then the browser alone puts the next stop there
        page.keyboard.press("Tab")

    playwright.expect(page.locator(".events summary:focus")).to_have_count(1)


def test_filters_leave_what_belongs_to_a_bot_or_to_a_message(show: Open) -> None:
    page = show(of(drawable.overtaken())).page
    shown = page.locator(".arrow:not(.faded)")
    page.get_by_role("checkbox", name="cat").uncheck()
    page.get_by_role("checkbox", name="ann").uncheck()
    assert shown.count() == 2
    page.locator("details.events").evaluate("details => { details.open = true }")
    assert page.locator(".events tbody tr:visible", has_text="cat heard").count() == 0
    page.get_by_role("checkbox", name="ann").check()
    page.get_by_role("checkbox", name="cat").check()
    page.get_by_label("Message").select_option("2")

    assert shown.count() == 2
    assert page.locator("a.mark.send:not(.faded)").count() == 1
    page.get_by_label("Message").select_option("0")
    page.get_by_label("only what proves a failure").check()
    assert page.locator("a.mark:not(.faded)").count() == 5


def test_without_scripts_it_says_the_same(show: Open) -> None:
    page = show(of(drawable.overtaken()), java_script_enabled=False).page

    assert page.locator(".filters").is_hidden()
    assert page.locator(".arrow").count() == 5
    page.locator(".proofs a").first.click()
    assert page.locator("a.mark:target").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", ["overtaken", "everything", "crowd", "several"])
def test_it_keeps_nobody_out(show: Open, scheme: str, which: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    reports = {
        "overtaken": of(drawable.overtaken()),
        "everything": of((drawable.everything(), [])),
        "crowd": of(drawable.crowd()),
        "several": Report(
            (literal.failed(), replace(literal.unclear(), file="b.yaml"), replace(literal.not_started(), file="c.yaml"))
        ),
    }
    page = show(reports[which], color_scheme=scheme).page
    for details in page.locator("details").all():
        details.evaluate("details => { details.open = true }")

    found = axe.Axe().run(page).response["violations"]
    told = [(one["id"], one["impact"], one["nodes"][0]["html"][:200]) for one in found]
    assert told == []


def test_on_paper_nothing_is_cut_off_or_closed(show: Open) -> None:
    page = show(of(drawable.crowd()), viewport={"width": 700, "height": 500}, color_scheme="dark").page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    assert page.locator("details:not([open])").count() == 0
    assert page.locator(".canvas").evaluate("canvas => canvas.scrollWidth <= canvas.clientWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0


def test_a_narrow_window_scrolls_the_diagram_and_not_the_page(show: Open) -> None:
    page = show(of(drawable.crowd()), viewport={"width": 360, "height": 700}).page

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_server_that_speaks_markup_writes_none(show: Open, tmp_path: Path) -> None:
    run = _played(tmp_path)
    assert run.error is None
    assert any("\x00" in entry.detail["text"] for entry in run.history.of("unrecognised")) if run.history else False
    opened = show(Report((run,)))
    page = opened.page

    assert (opened.trouble, opened.asked_for) == ([], [])
    assert page.title().endswith("– chatsim")
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, b b").count() == 0
    assert page.locator("text=<script>document.title='broken'</script>").count() > 0
    assert page.locator("text=\\x1b[31m\\u202egnp.exe").count() > 0


def test_even_markup_that_got_into_it_could_do_nothing(show: Open, tmp_path: Path) -> None:
    """The policy of the page, without the escaping: two walls are two only if each of them stands alone."""
    page = show(of(drawable.overtaken())).page
    file = tmp_path / "page.html"
    smuggled = (
        "<script>document.title = 'broken'</script><img src=x onerror=\"document.title = 'broken'\"><style>*{}</style>"
    )
    file.write_text(file.read_text(encoding="utf-8").replace("<footer>", smuggled), encoding="utf-8")
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.failure))
    page.goto(file.as_uri())

    assert page.locator("script").count() == 2
    assert page.title() == "one who is cut off is missed – chatsim"
    assert set(failed) <= {"csp"}
    assert page.evaluate("document.styleSheets.length") == 1


def _played(folder: Path) -> Run:
    from chatsim.profile.reader import load_profile
    from chatsim.runs import Target, run
    from chatsim.scenario.reader import read_scenario

    (folder / "markup.yaml").write_text(PROFILE, encoding="utf-8")
    server = Path(__file__).with_name("speaks_markup.py")
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(server))} {{port}}"
    scenario = read_scenario(SCENARIO.encode(), "markup-scenario.yaml")
    return run(scenario, load_profile(str(folder / "markup.yaml")), Target(command), seed=1, patience=1.0)


@pytest.mark.skipif(not os.environ.get("PAGE_PICTURES"), reason="pictures are taken where PAGE_PICTURES names a folder")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_for_those_who_change_the_page(show: Open, scheme: str) -> None:
    """Nothing is compared: what is ugly, only a person sees."""
    for name, story in (("overtaken", drawable.overtaken()), ("crowd", drawable.crowd())):
        page = show(of(story), color_scheme=scheme, viewport={"width": 1280, "height": 900}).page
        page.screenshot(path=Path(os.environ["PAGE_PICTURES"]) / f"{name}-{scheme}.png", full_page=True)
