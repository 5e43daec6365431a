"""Names of students: as people read them, and as files can be called after them.

A key is the name as far as files anywhere can be called so. Where two of a class would have the same key, to whatever file
system that does not tell capital letters or spellings apart, each gets a few letters that come from the whole name. So keys
depend on nothing but the names in the class, not on their order and not on the machine.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from chatsim.grading.record import Student

__all__ = ["Pattern", "keys_of", "readable", "students_of"]

LONGEST_KEY = 120  # bytes: with what is put around it, it stays below the 255 of file systems (143 where they encrypt)
LONGEST_NAME = 200  # characters that a person is shown
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?:\..*)?", re.IGNORECASE)  # Windows
_PAGE = re.compile(r"\.html$", re.IGNORECASE)  # the page of `ann` is called `ann.html`, and has to differ from any key


class Pattern:
    """Which part of a name says whose it is: `{student}_*`, where `*` and `?` are as in file names.

    What stands for `{student}` is as short as it can be: `{student}_*` gives the letters before the first underscore.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        before, mark, after = unicodedata.normalize("NFC", pattern).partition("{student}")
        if not mark or "{student}" in after:
            raise ValueError('"{student}" has to stand in it once')
        self._regex = re.compile(_glob(before) + r"(?P<student>.+?)" + _glob(after), re.DOTALL)

    def student(self, *names: str) -> str | None:
        """What it says of the first of these names that fits; None if none does."""
        for name in names:
            found = self._regex.fullmatch(unicodedata.normalize("NFC", name))
            if found is not None and found["student"].strip():
                return found["student"].strip()
        return None


def _glob(text: str) -> str:
    return "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in text)


def readable(name: str) -> str:
    """As a person reads it: composed (NFC), in one line, nothing invisible that acts."""
    name = unicodedata.normalize("NFC", name)
    name = "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in name)
    kept = (" " if c.isspace() else c for c in name if unicodedata.category(c) not in ("Cc", "Cn", "Co") or c.isspace())
    joined = " ".join("".join(c for c in kept if unicodedata.category(c) != "Cf" or c in "\u200c\u200d").split())
    return joined if len(joined) <= LONGEST_NAME else joined[: LONGEST_NAME - 1] + "…"


def students_of(names: Mapping[str, str]) -> dict[str, Student]:
    """Students by who they are: from `{identity: name}`, where an identity is whatever tells them apart."""
    keys = keys_of(names)
    return {identity: Student(keys[identity], readable(name) or keys[identity]) for identity, name in names.items()}


def keys_of(names: Mapping[str, str]) -> dict[str, str]:
    """A key for each identity. No two are the same, also where capital letters do not count."""
    plain = {identity: _plain(name) for identity, name in names.items()}
    often = Counter(_folded(key) for key in plain.values())
    keys: dict[str, str] = {}
    taken = set(often)
    for identity, key in sorted(plain.items()):
        if not key or often[_folded(key)] > 1:
            key = _with_letters(key, identity, taken)
            taken.add(_folded(key))
        keys[identity] = key
    return keys


def _with_letters(key: str, identity: str, taken: Iterable[str]) -> str:
    """The key with the beginning of the identity's digest; of more of it, should that be taken, too."""
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    base = _cut(key or "student", LONGEST_KEY - 20)
    return next(
        made for length in range(6, len(digest) + 1) if _folded(made := f"{base}-{digest[:length]}") not in taken
    )


def _plain(name: str) -> str:
    """Letters, digits and marks of any script, and `-._+@`; for the rest one `_`."""
    composed = unicodedata.normalize("NFC", name)
    kept = "".join(
        c if unicodedata.category(c)[0] in "LMN" or c in "-._+@" else "" if unicodedata.category(c) == "Cf" else "_"
        for c in composed
    )
    kept = unicodedata.normalize("NFC", kept)  # once more: what stood between two letters may be gone
    key = _cut(re.sub(r"_{2,}", "_", kept).strip("._-"), LONGEST_KEY)
    key = _PAGE.sub("_html", key)
    return f"_{key}" if _RESERVED.fullmatch(key) else key


def _cut(key: str, longest: int) -> str:
    """So many bytes of it, in whole characters, and not ending in what Windows would drop."""
    return key.encode("utf-8")[:longest].decode("utf-8", "ignore").rstrip("._-")


def _folded(key: str) -> str:
    """What file systems take for the same: they fold capitals and spellings in various ways, and this in all of them."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold()).casefold()
