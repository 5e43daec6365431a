"""Which files to read to know a server's source, judged by the command that starts it. Nothing is looked for on disk."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from chatsim.detect.syntax import parse

__all__ = ["MOST_CHARACTERS", "MOST_FILES", "local_imports", "which_files"]

MOST_FILES: Final = 20
MOST_CHARACTERS: Final = 400_000
"""More than these a caller need not read: nothing would come of it."""

_PYTHON: Final = re.compile(r"(?:python|pypy)[\d.]*w?(?:\.exe)?|py(?:\.exe)?")
_SHELLS: Final = frozenset({"sh", "bash", "zsh", "dash"})
_BEFORE: Final = frozenset(
    {
        "env",
        "sudo",
        "exec",
        "nohup",
        "stdbuf",
        "uv",
        "poetry",
        "pipenv",
        "run",
        "timeout",
        "nice",
        "time",
        "xvfb-run",
        "npx",
    }
)
_WITH_VALUE: Final = frozenset({"-W", "-X", "-r", "--require", "-cp", "-classpath", "--class-path", "-p"})
_MAINS: Final = ("server", "main", "chat_server", "chatserver", "Server", "app", "index")


def which_files(command: Sequence[str]) -> tuple[str, ...]:
    """Files, relative to where the command is run, that may hold the server's source, the likeliest first; empty where
    the command does not tell. They need not exist."""
    return tuple(dict.fromkeys(_files(list(command), 3)))


def _files(words: list[str], depth: int) -> Iterator[str]:
    folder = ""
    if words and PurePosixPath(words[0]).name in _SHELLS and "-c" in words and depth:
        try:
            words = shlex.split(words[-1])
        except ValueError:
            return
    if "&&" in words:
        parts = "\0".join(words).split("\0&&\0")
        folder = next((part.split("\0")[1] for part in parts if part.startswith("cd\0")), "")
        words = parts[-1].split("\0")
    while words and (PurePosixPath(words[0]).name in _BEFORE or re.match(r"\w+=|-|\d+s?$", words[0])):
        words = words[1:]
    if not words:
        return
    for file in _of_program(PurePosixPath(words[0]).name, words[0], words[1:]):
        yield str(PurePosixPath(folder) / file) if folder else file


def _of_program(name: str, path: str, words: list[str]) -> Iterator[str]:
    if _PYTHON.fullmatch(name):
        yield from _python(words)
    elif name in ("node", "nodemon", "deno", "bun", "ts-node", "tsx"):
        for word in _plain(words)[:2]:
            yield from (word,) if word.endswith((".js", ".mjs", ".cjs", ".ts")) else (f"{word}.js", f"{word}/index.js")
    elif name in ("npm", "yarn", "pnpm"):
        yield from (f"{main}.js" for main in ("server", "index", "app", "src/server", "src/index"))
    elif name == "java":
        yield from _java(words)
    elif name == "go":
        given = [word for word in _plain(words)[1:] if word.endswith(".go")]
        yield from given or [f"{main}.go" for main in ("main", "server", "cmd/server/main")]
    elif name == "cargo":
        yield from ("src/main.rs", "src/bin/server.rs", "server/src/main.rs")
    elif name.endswith((".py", ".js", ".rb", ".pl", ".php")):
        yield path
    elif name in ("ruby", "perl", "php"):
        yield from _plain(words)[:1]
    elif path.startswith(("./", "bin/", "build/", "target/")) or "/" in path:
        stem = PurePosixPath(name).stem
        yield from (f"{stem}{ending}" for ending in (".c", ".cpp", ".cc", ".go", ".rs"))
        yield from (f"src/{stem}.c", f"src/{stem}.cpp", "server.c", "main.go", "src/main.rs")


def _plain(words: list[str]) -> list[str]:
    """Without options, and what belongs to them."""
    out: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in _WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            out.append(word)
    return out


def _python(words: list[str]) -> Iterator[str]:
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word in ("-W", "-X"):
            waiting = waiting[1:]
        elif word == "-c":
            return
        elif word == "-m":
            if waiting:
                path = waiting[0].replace(".", "/")
                yield from (f"{path}.py", f"{path}/__main__.py", f"{path}/__init__.py")
            return
        elif not word.startswith("-"):
            yield word if word.endswith((".py", ".pyw")) else f"{word}/__main__.py"
            return


def _java(words: list[str]) -> Iterator[str]:
    if "-jar" in words:
        yield from ("src/Server.java", "src/Main.java", "Server.java", "src/ChatServer.java")
        return
    for word in _plain(words)[:1]:
        if word.endswith(".java"):
            yield word
        else:
            path = word.replace(".", "/")
            yield from (f"{path}.java", f"src/{path}.java", f"src/main/java/{path}.java")


def local_imports(file: str, source: str) -> tuple[str, ...]:
    """Files that this Python file may import from beside itself, or from where it is started: for the caller to look
    whether they are there. Modules of Python's own are not among them, unless the source cannot be read."""
    module = parse(file, source)
    if module is None:
        return ()
    folder = PurePosixPath(file).parent
    found: dict[str, None] = {}
    for node in module.nodes:
        match node:
            case ast.Import(names=names):
                paths = [(folder, one.name) for one in names]
            case ast.ImportFrom(module=source_name, names=names, level=level):
                base = folder
                for _ in range(min(level, 8) - 1):
                    base = base.parent
                start = source_name or ""
                paths = [(base, start)] if start else []
                paths += [(base, f"{start}.{one.name}".strip(".")) for one in names if one.name != "*"]
            case _:
                continue
        for base, name in paths:
            path = base / name.replace(".", "/")
            found[f"{path}.py"] = None
            found[f"{path}/__init__.py"] = None
    return tuple(found)
