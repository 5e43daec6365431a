"""What names say by themselves: what no person put there, what is a document, what is an archive.

docs/submissions.md tells these rules to teachers; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "ARCHIVES",
    "ASIDE",
    "DOCUMENTS",
    "NOT_ENTERED",
    "archive_suffix",
    "is_document",
    "is_hidden",
    "is_junk",
    "stem_of",
]

# Put there by an operating system or by version control, and never handed in on purpose: left out wherever it lies.
_JUNK = re.compile(
    r"""__MACOSX | \.DS_Store | \._.* | \.Spotlight-V100 | \.Trashes | \.fseventsd
      | Thumbs\.db | ehthumbs\.db | desktop\.ini | \$RECYCLE\.BIN
      | \.git | \.hg | \.svn | \.bzr""",
    re.VERBOSE | re.IGNORECASE,
)

# Left by programs in the folder of whoever grades: locks, copies, downloads that have not ended.
_LEFT_BEHIND = re.compile(r"~\$.*|\#.*\#|.*~|.*\.(?:crdownload|part|download)", re.IGNORECASE)

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".7z", ".rar", ".tar.zst")

DOCUMENTS = frozenset(
    ".md .txt .rst .pdf .doc .docx .odt .rtf .pages .tex .ppt .pptx .odp .key .csv .tsv .xls .xlsx .ods .numbers .html .htm"
    " .url .webloc .png .jpg .jpeg .gif .svg .webp .heic .bmp .mp3 .mp4 .mov .webm .json .yaml .yml .toml .xml .log"
    " .jsonl .ini .cfg .lock".split()
)

# Folders into which nobody looks for a server: what was installed, built or recorded by a program.
NOT_ENTERED = frozenset(
    "venv env .venv .env virtualenv node_modules bower_components __pycache__ site-packages dist-packages .tox .nox".split()
)

# Folders into which one looks only where nothing is found outside of them.
ASIDE = frozenset(
    "test tests spec specs testing backup backups bak old archive example examples sample samples".split()
)


def is_junk(name: str) -> bool:
    """Is this the name of something that is left out silently, in archives and folders alike?"""
    return _JUNK.fullmatch(name) is not None


def is_hidden(name: str) -> bool:
    """Is it hidden, or left behind, where submissions lie side by side? Within one, such files are kept."""
    return name.startswith(".") or is_junk(name) or _LEFT_BEHIND.fullmatch(name) is not None


def archive_suffix(name: str) -> str:
    """The end of the name that calls it an archive, as written; empty: it is none."""
    folded = name.casefold()
    longest = max((suffix for suffix in ARCHIVES if folded.endswith(suffix) and folded != suffix), key=len, default="")
    return name[len(name) - len(longest) :] if longest else ""


def is_document(name: str) -> bool:
    """Is it something to read, to look at or to configure, by its name: no server, and no archive of one?"""
    stem, dot, suffix = name.rpartition(".")
    return bool(stem) and f"{dot}{suffix}".casefold() in DOCUMENTS


def stem_of(name: str, *, folder: bool = False) -> str:
    """The name without what says which kind of file it is, in composed letters (NFC)."""
    name = unicodedata.normalize("NFC", name)
    if name.endswith(".git"):
        return name.removesuffix(".git")
    if folder:
        return name
    suffix = archive_suffix(name)
    if suffix:
        return name[: len(name) - len(suffix)]
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
