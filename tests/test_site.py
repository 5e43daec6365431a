"""The documents as a site: built strictly, with every page in the navigation and nothing that comes from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    find_spec("properdocs") is None or find_spec("properdocs_theme_mkdocs") is None,
    reason="the site's generator is not installed (pip install '.[docs]')",
)


class Page(HTMLParser):
    """What a page leads to (`links`) and what it loads by itself (`loaded`)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and tag == "a" and name == "href":
                self.links.append(value)
            elif value and name in ("href", "src"):
                self.loaded.append(value)


def built(root: Path, into: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict", "-f", str(root / "properdocs.yml"), "-d", str(into)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("site")
    done = built(ROOT, into)
    assert done.returncode == 0, done.stdout
    return into


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """All that the site is built of, to be spoilt."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "benchmarks").mkdir()
    for name in ("properdocs.yml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "benchmarks/README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in set(re.findall(r"\]\(\.\./([^)#]+)", "".join(path.read_text() for path in ROOT.glob("docs/*.md")))):
        if not (tmp_path / name).exists() and (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
        elif (ROOT / name).is_dir():
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / "reference_server").mkdir(exist_ok=True)
    return tmp_path


def page(site: Path, name: str) -> Page:
    return Page((site / name).read_text(encoding="utf-8"))


def pages(site: Path) -> list[Path]:
    return [path for path in site.rglob("*.html") if "source" not in path.relative_to(site).parts]


def test_every_document_is_in_the_navigation_of_every_page(site: Path) -> None:
    documents = {path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in ROOT.glob("docs/**/*.md")}

    for name in ("index.html", "profiles.html", "changelog.html"):
        assert documents - set(page(site, name).links) == set()


def test_no_link_of_the_site_leads_nowhere(site: Path) -> None:
    broken = [
        f"{path.name}: {link}"
        for path in pages(site)
        for link in page(site, path.name).links
        if "://" not in link and not link.startswith("#") and path.name != "404.html"
        if not (path.parent / link.partition("#")[0]).exists()
    ]

    assert broken == []


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    assert [url for path in pages(site) for url in page(site, path.name).loaded if re.match(r"(https?:)?//", url)] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(['\"]?(?:https?:)?//[^)]*\)|@import", styles) == []


def test_what_stands_outside_the_documents_can_be_reached(site: Path) -> None:
    assert "source/reference_server/faults" not in page(site, "faults.html").links  # a folder is no page
    assert "source/chatsim/report/report.schema.json" in page(site, "formats.html").links
    assert "index.html" in page(site, "report.html").links  # what ../README.md has become
    assert "scenarios.html" in page(site, "index.html").links


def test_a_link_that_is_called_like_its_file_is_called_like_the_page_there(site: Path) -> None:
    text = (site / "index.html").read_text(encoding="utf-8")

    assert '<a href="start.html">Start in five minutes</a>' in text
    assert '<a href="report.html">What happened, as a picture</a>' in text


def test_what_is_said_can_be_searched_for(site: Path) -> None:
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")

    assert "no-head-of-line-blocking" in index


def test_a_page_that_nobody_has_put_into_the_navigation_is_there_all_the_same(copy: Path, tmp_path: Path) -> None:
    (copy / "docs" / "forgotten.md").write_text("# Forgotten\n", encoding="utf-8")

    done = built(copy, tmp_path / "out")

    assert done.returncode == 0, done.stdout
    assert "forgotten.html" in page(tmp_path / "out", "index.html").links


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[x](nowhere.md)", "the target is not found"),
        ("[x](profiles.md#nowhere)", "does not contain an anchor"),
        ("[x](../chatsim/nowhere.py)", "source/chatsim/nowhere.py"),
    ],
)
def test_a_link_that_leads_nowhere_breaks_the_build(link: str, said: str, copy: Path, tmp_path: Path) -> None:
    with (copy / "docs" / "irc.md").open("a", encoding="utf-8") as document:
        document.write(f"\n{link}\n")

    done = built(copy, tmp_path / "out")

    assert done.returncode == 1
    assert said in done.stdout
