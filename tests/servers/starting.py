"""How the servers of this folder are started, whatever they are written in. Not a test, and not a server."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["command_of", "missing_for"]

FOLDER = Path(__file__).parent
NEEDS = {".py": (), ".c": ("cc",), ".js": ("node",), ".java": ("javac", "java")}


def missing_for(file: str) -> str | None:
    """The program that this server needs and this machine has not; None if all is there."""
    return next((program for program in NEEDS[Path(file).suffix] if shutil.which(program) is None), None)


def command_of(file: str, folder: Path) -> str:
    """The command that starts it, with `{port}`; what must be compiled is compiled into `folder`, once."""
    source = FOLDER / file
    match source.suffix:
        case ".c":
            program = folder / source.stem
            if not program.exists():
                _compile("cc", "-O2", "-o", str(program), str(source))
            return f"{shlex.quote(str(program))} {{port}}"
        case ".java":
            if not (folder / f"{source.stem}.class").exists():
                _compile("javac", "-d", str(folder), str(source))
            return f"java -cp {shlex.quote(str(folder))} {source.stem} {{port}}"
        case ".js":
            return f"node {shlex.quote(str(source))} {{port}}"
        case _:
            return f"{shlex.quote(sys.executable)} {shlex.quote(str(source))} {{port}}"


def _compile(*command: str) -> None:
    subprocess.run(command, check=True, timeout=120)
