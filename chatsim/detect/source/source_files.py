"""Which files to read to know a server's source, judged by the command that starts it. Nothing is looked for on disk."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from chatsim.detect.source.syntax import parse

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
    the command does not tell. They need not exist. A name with `*` is a pattern, of which all files are meant."""
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
        yield from given or ["main.go", "*.go", "cmd/server/*.go", "server/*.go"]
    elif name == "cargo":
        yield from ("src/main.rs", "src/bin/server.rs", "server/src/main.rs", "src/*.rs")
    elif name.endswith((".py", ".js", ".rb", ".pl", ".php")):
        yield path
    elif name in ("ruby", "perl", "php"):
        yield from _plain(words)[:1]
    elif path.startswith(("./", "bin/", "build/", "target/")) or "/" in path:
        stem = PurePosixPath(name).stem
        yield from (f"{stem}{ending}" for ending in (".c", ".cpp", ".cc", ".go", ".rs"))
        yield from (f"src/{stem}.c", f"src/{stem}.cpp", "server.c", "main.go", "src/main.rs", "*.c", "src/*.c")


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
        yield from ("src/*.java", "*.java", "src/main/java/*.java", "src/main/java/*/*.java")
        return
    for word in [word for word in _plain(words) if word][:1]:
        path = word.removesuffix(".java") if word.endswith(".java") else word.replace(".", "/")
        roots = ("",) if word.endswith(".java") else ("", "src/", "src/main/java/")
        yield from (f"{root}{path}.java" for root in roots)
        # Its other classes lie beside it: nothing in a Java file tells which of them it uses.
        yield from (str(PurePosixPath(f"{root}{path}").parent / "*.java") for root in roots)


def local_imports(file: str, source: str) -> tuple[str, ...]:
    """Files that this one may import from beside itself, for the caller to look whether they are there: of Python what
    is imported, of JavaScript what is required by a path, of C what is included in quotes."""
    if file.endswith((".js", ".mjs", ".cjs", ".ts")):
        return tuple(dict.fromkeys(_required(file, source[:MOST_CHARACTERS])))
    if file.endswith((".c", ".cc", ".cpp", ".h")):
        named = re.findall(r'^\s*#\s*include\s+"([\w./-]+)"', source[:MOST_CHARACTERS], re.MULTILINE)
        both = (name for one in named for name in (one, f"{one.removesuffix('.h')}.c"))
        return tuple(dict.fromkeys(str(PurePosixPath(file).parent / name) for name in both))
    return tuple(dict.fromkeys(_imported(file, source)))


def _required(file: str, source: str) -> Iterator[str]:
    for name in re.findall(r"""(?:require\(|from|import\(?)\s*['"](\.{1,2}/[\w./-]+)['"]""", source):
        path = posixpath.normpath(str(PurePosixPath(file).parent / name))
        yield from (
            (path,)
            if path.endswith((".js", ".mjs", ".cjs", ".ts"))
            else (f"{path}.js", f"{path}/index.js", f"{path}.ts")
        )


def _imported(file: str, source: str) -> Iterator[str]:
    module = parse(file, source)
    for node in module.nodes if module is not None else ():
        for folder, name in _names(node, PurePosixPath(file).parent):
            path = folder / name.replace(".", "/")
            yield f"{path}.py"
            yield f"{path}/__init__.py"


def _names(node: ast.AST, folder: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    match node:
        case ast.Import(names=names):
            yield from ((folder, one.name) for one in names)
        case ast.ImportFrom(module=start, names=names, level=level):
            for _ in range(min(level, 8) - 1):
                folder = folder.parent
            if start:
                yield folder, start
            yield from ((folder, f"{start or ''}.{one.name}".strip(".")) for one in names if one.name != "*")
