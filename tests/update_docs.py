"""Documents that can not drift: what the documents quote of the program is what the program says.

A fenced block after a comment that names a command (with or without `$`) holds the output of that command:

    <!-- $ chatsim steps -->
    ```text
    ...
    ```

`python tests/update_docs.py` writes all such blocks anew; tests/test_docs.py compares them. A command that ends in
`2>&1` is quoted with its complaints. How long something took is not compared: no two runs agree in that.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

BLOCK = re.compile(
    r"^<!-- (?:\$ )?(?P<command>chatsim[^\n]*?) -->\n+(?P<fence>```+)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One quotation: in which document, of which command, and what stands there."""

    document: Path
    command: str
    text: str


def documents() -> list[Path]:
    return [path for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))) if path.is_file()]


def blocks(document: Path) -> Iterator[Block]:
    for found in BLOCK.finditer(document.read_text(encoding="utf-8")):
        yield Block(document, found["command"], found["text"])


def output(command: str) -> str:
    """What the command prints, on a terminal of 100 columns without colours. It may fail, but must say something."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    words = shlex.split(command)
    with_complaints = words[-1] == "2>&1"
    done = subprocess.run(
        [sys.executable, "-m", *(words[:-1] if with_complaints else words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if with_complaints else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        timeout=60,
        check=False,
    )
    if not done.stdout.strip():
        raise ValueError(f"{command} printed nothing; exit code {done.returncode}\n{done.stderr or ''}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().split("\n")) + "\n"


def timeless(text: str) -> str:
    """The text without the durations in it, and without the blanks before them that line them up."""
    return re.sub(r" *\b\d+\.\d\d s\b", " 0.00 s", text)


def refreshed(text: str) -> str:
    """The document with every quotation as the program says it now."""

    def anew(found: re.Match[str]) -> str:
        head = found.group(0)[: found.start("text") - found.start(0)]
        now = output(found["command"])
        return f"{head}{found['text'] if timeless(now) == timeless(found['text']) else now}{found['fence']}"

    return BLOCK.sub(anew, text)


def main() -> None:
    for document in documents():
        before = document.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            document.write_text(after, encoding="utf-8")
            print(f"{document.relative_to(ROOT)} is up to date again")


if __name__ == "__main__":
    main()
