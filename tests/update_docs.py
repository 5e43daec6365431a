"""Documents that can not drift: what the documents quote of the program is what the program says.

A fenced block after a comment that names a command (with or without `$`) holds the output of that command:

    <!-- $ chatsim steps -->
    ```text
    ...
    ```

`<!-- at PLACE $ chatsim … | from WORDS | until WORDS -->`: the command is given in a folder of its own, made anew for each
document and place (see `PLACES`), in which all its commands are given one after the other; and what comes before the line
that begins with the first words, and from the line that begins with the second, is left out.

A fenced block after `<!-- file: PATH -->` holds that file, one after `<!-- change: PATH PATH -->` how the second differs from
the first. What stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->` is made from the code (see `GENERATED`).
A table after a comment `<!-- table: NAME -->` holds what
the code's own table of that name says (see `TABLES`).
`python tests/update_docs.py` writes all such blocks anew; tests/test_docs.py compares them. A command that ends in
`2>&1` is quoted with its complaints. What no two runs agree in, such as how long something took, is not compared.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatsim.profile.keys import Keys

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # also where chatsim is not installed

BLOCK = re.compile(
    r"^<!-- (?:at (?P<place>[a-z0-9-]+) )?(?:\$ )?(?P<command>chatsim[^\n]*?)"
    r"(?: \| from (?P<since>[^\n]+?))?(?: \| until (?P<until>[^\n]+?))? -->\n+"
    r"(?P<fence>```+)(?P<language>[^\n]*)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)

FILE = re.compile(
    r"^<!-- file: (?P<path>\S+) -->\n\n(?:(?P<fence>```+)[a-z]*\n(?P<text>.*?)^(?P=fence)\n)?", re.MULTILINE | re.DOTALL
)

CHANGE = re.compile(
    r"^<!-- change: (?P<old>\S+) (?P<new>\S+) -->\n\n(?:```diff\n(?P<text>.*?)^```\n)?", re.MULTILINE | re.DOTALL
)

GENERATION = re.compile(
    r"^<!-- generated: (?P<name>[a-z-]+) -->\n(?P<text>.*?)^<!-- end of (?P=name) -->\n", re.MULTILINE | re.DOTALL
)

TABLE = re.compile(r"^<!-- table: (?P<name>[a-z-]+) -->\n\n(?P<text>(?:\|[^\n]*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One quotation: in which document, of which command, and what stands there."""

    document: Path
    command: str
    text: str
    place: str | None = None
    since: str | None = None
    until: str | None = None

    def now(self, folder: Path | None = None) -> str:
        """What stands there if it is right."""
        return output(self.command, folder, self.since, self.until)


@dataclass(frozen=True)
class Table:
    """One table of the code, as a document shows it."""

    document: Path
    name: str
    text: str


def documents() -> list[Path]:
    return [path for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))) if path.is_file()]


def blocks(document: Path) -> Iterator[Block]:
    for found in BLOCK.finditer(document.read_text(encoding="utf-8")):
        yield Block(document, found["command"], found["text"], found["place"], found["since"], found["until"])


def files(document: Path) -> Iterator[tuple[str, str]]:
    """Whole files that a document shows: path, text."""
    for found in FILE.finditer(document.read_text(encoding="utf-8")):
        yield found["path"], found["text"] or ""


def changes(document: Path) -> Iterator[tuple[str, str, str]]:
    """What a document shows of how one file becomes another: the two paths, text."""
    for found in CHANGE.finditer(document.read_text(encoding="utf-8")):
        yield found["old"], found["new"], found["text"] or ""


def change(old: str, new: str) -> str:
    """How the second file differs from the first, without what they say of themselves above their first import."""
    before, after = (
        re.sub(r'\A""".*?"""\n', "", (ROOT / path).read_text(encoding="utf-8"), flags=re.DOTALL) for path in (old, new)
    )
    lines = difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), n=2)
    return "\n".join("@@" if line.startswith("@@") else line.rstrip() for line in [*lines][2:]).rstrip() + "\n"


def generated(document: Path) -> Iterator[tuple[str, str]]:
    """What a document holds that is made from the code: name, text."""
    for found in GENERATION.finditer(document.read_text(encoding="utf-8")):
        yield found["name"], found["text"]


def tables(document: Path) -> Iterator[Table]:
    for found in TABLE.finditer(document.read_text(encoding="utf-8")):
        yield Table(document, found["name"], found["text"])


def output(command: str, folder: Path | None = None, since: str | None = None, until: str | None = None) -> str:
    """What the command prints, on a terminal of 100 columns without colours. It may fail, but must say something."""
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = shlex.split(command)
    with_complaints = words[-1] == "2>&1"
    done = subprocess.run(
        [sys.executable, "-m", *(words[:-1] if with_complaints else words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if with_complaints else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=folder or ROOT,
        env=environment,
        timeout=60,
        check=False,
    )
    if not done.stdout.strip():
        raise ValueError(f"{command} printed nothing; exit code {done.returncode}\n{done.stderr or ''}")
    lines = [line.rstrip() for line in done.stdout.rstrip().split("\n")]
    if since is not None:
        lines = ["  …", *lines[_line(since, lines) :]]
    if until is not None:
        lines = [*lines[: _line(until, lines)], "  …"]
    return "\n".join(lines) + "\n"


def _line(words: str, lines: list[str]) -> int:
    """Where the line is that begins with these words."""
    found = next((at for at, line in enumerate(lines) if line.lstrip().startswith(words)), None)
    if found is None:
        raise ValueError(f"no line begins with {words!r}:\n" + "\n".join(lines))
    return found


def timeless(text: str) -> str:
    """The text without what no two runs agree in: durations (and the blanks that line them up), and the last that each
    bot got, since chatsim's own words at the end of a run depend on how quick the machine is."""
    text = re.sub(r"^(  The last that \S+ got:\n)(?: {4}.*\n)+", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"\b\d+(\.\d+)? MiB\b", "0 MiB", text)  # how much fits on the way depends on the kernel
    return re.sub(r" *\b\d+\.\d\d s\b", " 0.00 s", text)


def refreshed(text: str) -> str:
    """The document with every quotation as the program says it now."""

    folders: dict[str, Path] = {}

    def folder(place: str | None) -> Path | None:
        if place is not None and place not in folders:
            folders[place] = Path(tempfile.mkdtemp(prefix="chatsim-docs-"))
            PLACES[place](folders[place])
        return folders.get(place or "")

    def anew(found: re.Match[str]) -> str:
        head = found.group(0)[: found.start("text") - found.start(0)]
        now = output(found["command"], folder(found["place"]), found["since"], found["until"])
        return f"{head}{found['text'] if timeless(now) == timeless(found['text']) else now}{found['fence']}"

    def table_anew(found: re.Match[str]) -> str:
        return f"<!-- table: {found['name']} -->\n\n{TABLES[found['name']]()}{_after(found)}"

    def file_anew(found: re.Match[str]) -> str:
        path = ROOT / found["path"]
        language = {".py": "python", ".yaml": "yaml"}[path.suffix]
        return (
            f"<!-- file: {found['path']} -->\n\n```{language}\n{path.read_text(encoding='utf-8')}```\n{_after(found)}"
        )

    def change_anew(found: re.Match[str]) -> str:
        old, new = found["old"], found["new"]
        return f"<!-- change: {old} {new} -->\n\n```diff\n{change(old, new)}```\n{_after(found)}"

    def generated_anew(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- generated: {name} -->\n{GENERATED[name]()}<!-- end of {name} -->\n"

    try:
        text = CHANGE.sub(change_anew, GENERATION.sub(generated_anew, text))
        return TABLE.sub(table_anew, FILE.sub(file_anew, BLOCK.sub(anew, text)))
    finally:
        for made in folders.values():
            shutil.rmtree(made)


def _after(found: re.Match[str]) -> str:
    """Where nothing stood yet, the blank line after it was taken for the one before it."""
    return "" if found["text"] else "\n"


# --- folders of readers ----------------------------------------------------------------------------------------------


def _tutorial(number: int) -> Callable[[Path], None]:
    """The reader's folder when the server has been mended so far."""

    def prepare(folder: Path) -> None:
        here = ROOT / "docs/example/tutorial"
        for path in here.glob("*.yaml"):
            shutil.copy(path, folder)
        shutil.copy(here / f"chat{number}.py", folder / "chat.py")
        shutil.copytree(ROOT / "scenarios", folder / "scenarios")

    return prepare


def _start(folder: Path) -> None:
    """A folder of this project in which somebody has put their server."""
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    shutil.copy(ROOT / "docs/example/server.py", folder / "my_server.py")


def _slip(folder: Path) -> None:
    """A folder with the example, in whose profile one word is not the server's."""
    shutil.copy(ROOT / "docs/example/server.py", folder)
    scenario = 'scenario: "a goodbye"\nbots: [ann, bob]\nsteps: [{join: everyone}, {disconnect: bob}]\n'
    (folder / "leaving.yaml").write_text(scenario, encoding="utf-8")
    profile = (ROOT / "docs/example/profile.yaml").read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(profile.replace("has gone", "has left"), encoding="utf-8")


def _school(folder: Path) -> None:
    """A teacher's folder: an assignment, and what three students have handed in."""
    for name in ("server.py", "profile.yaml", "cut-off.yaml"):
        shutil.copy(ROOT / "docs/example" / name, folder)
    for path in (ROOT / "docs/example/school").iterdir():
        shutil.copy(path, folder)
    wrong = (folder / "server.py").read_text(encoding="utf-8")
    said = '        tell_all_but(client, f"{nick} has gone\\n")\n'
    right = wrong.replace(said, "").replace("    finally:\n", f"    finally:\n{said}")
    (folder / "server.py").unlink()
    for student, name, text in (
        ("Ann Lee", "server.py", right),
        ("Bob Roy", "server.py", wrong),
        ("Zoë", "notes.txt", "I was ill.\n"),
    ):
        (folder / "handed-in" / student).mkdir(parents=True)
        (folder / "handed-in" / student / name).write_text(text, encoding="utf-8")


PLACES: dict[str, Callable[[Path], None]] = {
    "school": _school,
    "slip": _slip,
    "start": _start,
    **{f"tutorial-{number}": _tutorial(number) for number in range(1, 8)},
}


# --- the code's own tables -----------------------------------------------------------------------------------------


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in cells)


def _steps() -> str:
    from chatsim.scenario.verbs import VERBS

    rows = ((f"`{verb.name}`", verb.help, verb.waits) for verb in VERBS.values())
    return _rows(("step", "what it does", "done when"), rows)


def _details() -> str:
    from chatsim.scenario.verbs import VERBS

    rows = []
    for verb in VERBS.values():
        keys = [key.name for key in verb.keys]
        short = verb.short
        if short is not None and short.name not in keys:
            rows.append((f"`{verb.name}`", "", short.kind.tells, short.help))
        for key in verb.keys:
            also = " (or alone, without the key)" if short is not None and key.name == short.name else ""
            rows.append((f"`{verb.name}`", f"`{key.name}`", key.kind.tells, key.help + also))
    return _rows(("step", "key", "value", "meaning"), rows)


def _bounds() -> str:
    from chatsim.document import MAX_BYTES, MAX_DEPTH, MAX_NODES
    from chatsim.scenario import verbs
    from chatsim.scenario.reader import MAX_PLAYED, MAX_STEPS

    rows = (
        ("bots in one scenario", f"{verbs.MAX_BOTS:,}"),
        ("messages of one bot in one step", f"{verbs.MAX_COUNT:,}"),
        ("bytes of one message", f"{verbs.MAX_SIZE:,}"),
        ("`times` of one `repeat`", f"{verbs.MAX_TIMES:,}"),
        ("steps, every `for-each` written out", f"{MAX_STEPS:,}"),
        ("steps, every `repeat` counted as often as it is played", f"{MAX_PLAYED:,}"),
        ("seconds of one pause", f"{verbs.MAX_PAUSE:g}"),
        ("bytes of one file", f"{MAX_BYTES:,}"),
        ("values in one file", f"{MAX_NODES:,}"),
        ("levels of nesting", f"{MAX_DEPTH}"),
    )
    return _rows(("what", "at most"), rows)


def _keys(name: str) -> Callable[[], str]:
    def table() -> str:
        from chatsim.profile import keys

        known: Keys = getattr(keys, name)
        rows = []
        for key in known.keys:
            words = f" ({', '.join(f'`{word}`' for word in key.form)})" if isinstance(key.form, tuple) else ""
            rows.append((f"`{key.name}`" + (", required" if key.required else ""), key.about + words))
        return _rows(("key", "meaning"), rows)

    return table


def _assignment_keys(name: str) -> Callable[[], str]:
    def table() -> str:
        from chatsim.grading import keys

        known: Keys = getattr(keys, name)
        rows = []
        for key in known.keys:
            words = f" ({', '.join(f'`{word}`' for word in key.form)})" if isinstance(key.form, tuple) else ""
            rows.append((f"`{key.name}`" + (", required" if key.required else ""), key.about + words))
        return _rows(("key", "meaning"), rows)

    return table


def _limits() -> str:
    from chatsim.grading import keys
    from chatsim.grading.assignment import Limits
    from chatsim.grading.reader import LOWEST_AND_HIGHEST
    from chatsim.grading.units import as_size, as_time

    shown: dict[Any, Callable[[Any], str]] = {"size": as_size, "time": as_time}
    rows = []
    for key in keys.LIMITS.keys:
        written = shown.get(key.form, "{:,}".format)
        low, high = LOWEST_AND_HIGHEST[key.name]
        rows.append(
            (f"`{key.name}`", key.about, written(getattr(Limits(), key.name)), f"{written(low)} to {written(high)}")
        )
    return _rows(("key", "meaning", "default", "may be"), rows)


def _placeholders() -> str:
    from chatsim.profile.templates import ALLOWED, PLACEHOLDERS

    uses = ("sent", "received", "awaited", "output", "ready", "start")
    rows = ((f"`{{{name}}}`", *("yes" if name in ALLOWED[use] else "" for use in uses)) for name in PLACEHOLDERS)
    return _rows(("placeholder", *uses), rows)


def _faults() -> str:
    from reference_server.faults import FAULTS, about

    rows = (
        (f"`{fault.name}`", about(fault), f"`{fault.breaks}`", ", ".join(fault.dialects), "yes" if fault.racy else "")
        for fault in FAULTS.values()
    )
    return _rows(("fault", "what the student did", "breaks", "dialects", "races"), rows)


def _attributes() -> str:
    """What a profile in Python says of its server: the comments of the class are the documentation."""
    source = (ROOT / "chatsim/profile/python.py").read_text(encoding="utf-8")
    found = re.findall(r"^    (\w+): ClassVar\[.*?\] = (\S+)  # (.*)$", source, re.MULTILINE)
    return _rows(("attribute", "if it is missing", "meaning"), [(f"`{n}`", f"`{d}`", about) for n, d, about in found])


def _public() -> list[str]:
    """Profiles of public servers, each on top of a built-in one; without what is only there for a reader."""
    text = (ROOT / "tests" / "profile" / "public_servers.yaml").read_text(encoding="utf-8")
    return [re.sub(r"^#.*\n", "", each, flags=re.MULTILINE).strip() for each in text.split("\n---\n")]


def _base(text: str) -> str:
    return text.splitlines()[1].removeprefix("extends: ")


def _builtin_profiles() -> str:
    from chatsim.profile.reader import builtin_names, load_profile

    bases = [_base(text) for text in _public()]
    rows = ((f"`{name}`", load_profile(name).about, str(bases.count(name) or "")) for name in builtin_names())
    return _rows(("profile", "what is spoken", "public"), rows)


def _public_servers() -> str:
    from chatsim.profile.reader import builtin_names

    found = [
        (_base(text), len(text.splitlines()), text.splitlines()[0].removeprefix("profile: ")) for text in _public()
    ]
    found.sort(key=lambda it: (builtin_names().index(it[0]), it[1], it[2].lower()))
    return _rows(("server", "extends", "lines"), [(f"`{name}`", f"`{base}`", str(size)) for base, size, name in found])


def _settings() -> str:
    from chatsim.cli.settings import known_settings

    rows = (
        (f"`{each.name}`", f"`{each.variable}`", each.wanted, each.help.replace("|", "\\|"))
        for each in known_settings().values()
    )
    return _rows(("key", "variable", "value", "meaning"), rows)


def _exit_codes() -> str:
    from chatsim.cli.exit_codes import EXIT_CODES

    return _rows(("code", "meaning"), ((str(code), meaning) for code, meaning in EXIT_CODES.items()))


def _verbs() -> str:
    """Each verb of the command line: what it is for, how it is called, what can be said to it."""
    from chatsim.cli.main import VERBS, _command

    parts = [_rows(("verb", "what it does"), ((f"[`{verb}`](#{verb})", about) for verb, about in VERBS.items()))]
    for verb in VERBS:
        command = _command(verb)
        arguments = [each for each in command.params if not each.opts[0].startswith("-")]
        usage = " ".join(["chatsim", verb, *(_argument(each) for each in arguments), "[OPTION…]"])
        about, _, examples = (command.help or "").partition("\b\n")
        parts += [f"## {verb}", f"```text\n{usage}\n```", _flowing(about)]
        if examples.strip():
            parts.append("```sh\n" + "".join(f"{line.strip()}\n" for line in examples.strip().splitlines()) + "```")
        if rows := [(f"`{each.metavar or each.name}`", _sentence(each.help)) for each in arguments if each.help]:
            parts.append(_rows(("argument", "meaning"), rows))
        options = [each for each in command.params if each not in arguments and each.name != "help"]
        if rows := [_option(each) for each in options]:
            parts.append(_rows(("option", "meaning", "if it is not given"), rows))
    return "\n" + "\n\n".join(part.rstrip("\n") for part in parts) + "\n\n"


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name.upper()).removesuffix("…") + ("…" if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any) -> tuple[str, str, str]:
    words = [*parameter.opts, *parameter.secondary_opts]
    takes = "" if parameter.is_flag or parameter.count else f" {parameter.metavar or parameter.name.upper()}"
    default = parameter.default
    missing = "" if callable(default) or default in (None, False, 0, (), []) or parameter.is_flag else f"`{default}`"
    return ", ".join(f"`{word}{takes}`" for word in words), _sentence(parameter.help), missing


def _flowing(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


GENERATED: dict[str, Callable[[], str]] = {"verbs": _verbs}

TABLES: dict[str, Callable[[], str]] = {
    "builtin-profiles": _builtin_profiles,
    "public-servers": _public_servers,
    "python-attributes": _attributes,
    "steps": _steps,
    "details": _details,
    "bounds": _bounds,
    "exit-codes": _exit_codes,
    "faults": _faults,
    "placeholders": _placeholders,
    "settings": _settings,
    "assignment-keys": _assignment_keys("ASSIGNMENT"),
    "assignment-server": _assignment_keys("SERVER"),
    "assignment-part": _assignment_keys("PART"),
    "assignment-marks": _assignment_keys("MARKS"),
    "assignment-limits": _limits,
    **{
        f"keys-{name.lower().replace('_', '-')}": _keys(name)
        for name in (
            *("PROFILE", "START", "NOTICES", "WHISPER", "ROOMS", "ROSTER", "OPERATOR", "OUTPUT", "WHENEVER", "TEXT"),
            *("LIMITS", "DIALOGUE_STEP", "TLS"),
        )
    },
}


def main() -> None:
    for document in documents():
        before = document.read_text(encoding="utf-8")
        after = refreshed(before)
        if after != before:
            document.write_text(after, encoding="utf-8")
            print(f"{document.relative_to(ROOT)} is up to date again")


if __name__ == "__main__":
    main()
