"""What the site's generator does besides: it is called by `properdocs build`, as `properdocs.yml` says.

On the repository's page documents link to each other, and to files, as they stand in their folders. The site has only
docs/ in it. So the documents above docs/ become pages, the files that are linked to are copied beside them, and the
links of each page lead there; where a link is called like its file, it gets the name of the page. A page
that the navigation does not name is put at its end, under "More".
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from properdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]

# Documents outside docs/, and what they are called in the site. The README is where everybody begins.
PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
}

COPIES = "source"  # the folder of the site for files from outside docs/

FENCE = re.compile(r"^( *)(```+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?P<text>[^]\[]*)\]\((?P<target>[^)#:\s]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: Any) -> Any:
    named = set(_names(config.nav))
    there = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    if forgotten := sorted(there - named):
        config.nav.append({"More": forgotten})
    return config


def on_files(files: Files, config: Any) -> Files:
    for path, name in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / path)))
    pages = [file for file in files if file.is_documentation_page()]
    for path in sorted({path for page in pages for path in _linked(page)}):
        if (ROOT / path).is_file() and _in_site(path).startswith(f"{COPIES}/"):
            files.append(File.generated(config, _in_site(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    here = _in_repository(page.file.src_uri)

    def led(link: re.Match[str]) -> str:
        path = _resolved(here, link["target"])
        if (ROOT / path).is_dir():
            return link["text"]  # a site shows no folders
        text = link["text"]
        if text.endswith(".md") and text.endswith(link["target"].rpartition("/")[2]):
            text = _title(ROOT / path) or text
        target = os.path.relpath(_in_site(path), PurePosixPath(page.file.src_uri).parent).replace(os.sep, "/")
        return f"[{text}]({target}{link['anchor'] or ''})"

    return _outside_fences(markdown, lambda text: LINK.sub(led, text))


def _title(document: Path) -> str | None:
    found = re.search(r"^# (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE) if document.is_file() else None
    return found and found[1]


def _names(items: Any) -> list[str]:
    """All pages of a navigation, however deep."""
    if isinstance(items, str):
        return [items]
    values = items.values() if isinstance(items, dict) else items
    return [name for item in values for name in _names(item)]


def _linked(page: File) -> set[str]:
    here = _in_repository(page.src_uri)
    text = FENCE.sub("", page.content_string)
    return {_resolved(here, link["target"]) for link in LINK.finditer(text)}


def _resolved(here: str, target: str) -> str:
    """The path that a link means, from the root of the repository."""
    return os.path.normpath(PurePosixPath(here).parent / target).replace(os.sep, "/")


def _in_repository(name: str) -> str:
    return next((path for path, page in PAGES.items() if page == name), f"docs/{name}")


def _in_site(path: str) -> str:
    inside = path.removeprefix("docs/")
    return PAGES.get(path) or (inside if inside != path else f"{COPIES}/{path}")


def _outside_fences(text: str, change: Any) -> str:
    parts, at = [], 0
    for fence in FENCE.finditer(text):
        parts += [change(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*parts, change(text[at:])])
