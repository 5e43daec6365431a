"""What a confined server printed, as its author knows it: paths in its own folder are relative to that, and the interpreter's
library has a short name. Where all that lies on this machine, or in the sandbox, helps nobody to mend a server, and is
no student's business.

Pure. What a server means to say is left alone: only whole paths are shortened that begin as folders of ours do, or where an
interpreter's library lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

__all__ = ["retelling"]

_NOT_WITHIN = r"(?<![\w./~-])"  # a path of which this is the end is another one
_LIBRARY = re.compile(
    rf"(?:(?<=File \")/[^\"]*|{_NOT_WITHIN}(?:/[^\s/:\"'()<>]+)*)/lib(?:64)?/((?:python|pypy)\d+(?:\.\d+)?t?/)"
)
_PROGRAM = re.compile(r"^(?:/[\w.@+-]+)+/s?bin/([\w.+-]+)(?=[:\s]|$)", re.MULTILINE)  # who complains, or was started


def retelling(folders: Sequence[str], home: str = "", temporary: str = "") -> Callable[[str], str]:
    """`folders`: the server's own, in each way in which it may be named; `home`, `temporary`: what it is given as such."""
    own = _any_of(folders)
    within = re.compile(rf"{_NOT_WITHIN}(?:file://)?{own}/+(?=[^\s/:\"'()<>])")
    itself = re.compile(rf"{_NOT_WITHIN}(?:file://)?{own}(?![\w-])")
    others = [
        (re.compile(f"{_NOT_WITHIN}{re.escape(path)}(?![\\w-])"), short)
        for path, short in ((temporary, "/tmp"), (home, "~"))
        if path
    ]

    def retold(text: str) -> str:
        if "/" not in text:
            return text
        text = itself.sub(".", within.sub("", text))
        for pattern, short in others:
            text = pattern.sub(short, text)
        return _PROGRAM.sub(r"\1", _LIBRARY.sub(r"\1", text))

    return retold


def _any_of(folders: Sequence[str]) -> str:
    """The longest first: one may lie in another."""
    return "(?:" + "|".join(re.escape(each.rstrip("/")) for each in sorted(set(folders), key=len, reverse=True)) + ")"
