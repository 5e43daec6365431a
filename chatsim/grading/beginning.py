"""A first assignment, written from what lies in a teacher's folder and in what was handed in. Pure: texts in, texts out.

What it writes is right as it stands, and its comments say what may be changed. It guesses; what it could not know it says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from chatsim.engine.plan import why_not
from chatsim.errors import ProfileError, ScenarioError
from chatsim.grading.part_rules import is_name
from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile
from chatsim.quoting import quoted
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario

__all__ = ["LANGUAGES", "STARTERS", "Beginning", "begin"]

FILE: Final = "assignment.yaml"
MOST_PATTERNS: Final = 4
MOST_PARTS: Final = 50


@dataclass(frozen=True, slots=True)
class _Language:
    command: str
    arguments: str  # what in its source shows that it reads its arguments
    build: str = ""


LANGUAGES: Final[Mapping[str, _Language]] = {
    ".py": _Language("python3 {file}", r"\bsys\.argv\b|\bargparse\b"),
    ".java": _Language("java {name}", r"\bargs\s*\[", "javac -d . {file}"),
    ".js": _Language("node {file}", r"\bprocess\.argv\b"),
    ".go": _Language("./server", r"\bos\.Args\b|\bflag\.", "go build -o server {file}"),
    ".c": _Language("./server", r"\bargv\s*\[", "cc -pthread -o server {file}"),
    ".cpp": _Language("./server", r"\bargv\s*\[", "c++ -pthread -o server {file}"),
}
_LIKELY: Final = ("server", "main", "chat", "app", "index")  # in the name of a file, likeliest first


@dataclass(frozen=True, slots=True)
class _Starter:
    """A part of a first assignment for a folder that has no scenario yet."""

    part: str
    points: int
    lines: tuple[str, ...] = ()


# Each part asks for what it is about. Else one mistake, such as an end that takes too long, would cost the points of all.
_KEPT: Final = "properties: [messages, membership, liveness]"

STARTERS: Final[Mapping[str, _Starter]] = {
    "lobby.yaml": _Starter("talking", 30, ("properties: [messages, membership]", "credit: each")),
    "drops.yaml": _Starter("broken connections", 20, (_KEPT, "needs: getting in")),
    "silent.yaml": _Starter("silent clients", 10, (_KEPT, "needs: getting in")),
    "comings.yaml": _Starter(
        "comings and goings",
        10,
        ("properties: [messages, order, membership]", "needs: getting in", "credit: rate", "repeat: 3"),
    ),
    "storm.yaml": _Starter("a storm", 10, (_KEPT, "needs: getting in", "credit: rate", "repeat: 3", "visible: never")),
}
"""Which of the scenarios that come with chatsim a first assignment plays, and for what."""

FIXED: Final = " 5000"

GATE: Final = ("  - part: getting in", '    title: "Clients get in"', "    points: 10", "    properties: lets-in")
"""Stands before them: whoever gets nobody in need not wait for the rest."""

TIDY: Final = (
    "  - part: cleaning up",
    '    title: "Nothing is left of those who have gone, and the server ends when it is told to"',
    "    points: 10",
    "    properties: cleanup",
    "    needs: getting in",
    "    credit: each",
)
"""Stands after them."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """`assignment`: the text of the file. `scenarios`: files that it names and that have to be written beside it, by their
    names; none where the folder has scenarios of its own."""

    assignment: str
    scenarios: Mapping[str, str] = field(default_factory=dict)


def begin(
    files: Mapping[str, str], handed_in: Sequence[Mapping[str, str]], shipped: Mapping[str, str], name: str = "chat-1"
) -> Beginning:
    """A first assignment.

    `files`: the YAML files of the teacher's folder, path → text; what is neither a scenario nor a profile is passed over.
    `handed_in`: of each submission its files, path → text (it may be empty, where it was not read). `shipped`: the
    scenarios that come with chatsim. `name`: what the assignment is called, if it can be.
    """
    found = _look(files)
    scenarios: Mapping[str, str] = {}
    if not found.scenarios:
        scenarios = {f"scenarios/{each}": shipped[each] for each in STARTERS if each in shipped}
    lines = [
        "# A first assignment, made from what lies here. Read it, mend it, and look whether it is right:",
        f"#   chatsim validate {FILE}",
        f"assignment: {quoted(name if is_name(name) else 'chat-1')}",
        'title: "A chat server"',
        "",
        *_server(found, handed_in),
        "",
        *(_starters(scenarios) if scenarios else _parts(found, handed_in)),
        "",
        *_rest(),
    ]
    return Beginning("".join(f"{line}\n" for line in lines), scenarios)


# --- what lies in the folder -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    scenarios: Mapping[str, Scenario]
    profiles: Mapping[str, Profile]
    wrong: tuple[str, ...]


def _look(files: Mapping[str, str]) -> _Found:
    scenarios: dict[str, Scenario] = {}
    profiles: dict[str, Profile] = {}
    wrong: list[str] = []
    for path, text in sorted(files.items()):
        top = re.search(r"^(scenario|profile|assignment)[ \t]*:", text, re.MULTILINE)
        try:
            if top is not None and top[1] == "scenario":
                scenarios[path] = read_scenario(text, path)
            elif top is not None and top[1] == "profile":
                profiles[path] = read_profile(text, path)
        except (ScenarioError, ProfileError):
            wrong.append(path)
    return _Found(scenarios, profiles, tuple(wrong))


# --- the server ------------------------------------------------------------------------------------------------------


def _server(found: _Found, handed_in: Sequence[Mapping[str, str]]) -> Iterator[str]:
    suffix, patterns, covered = _guess(handed_in)
    language = LANGUAGES[suffix]
    yield "server:"
    yield "  # Which file of a submission is the server: the first pattern that fits any file decides, and it has to fit one"
    yield "  # only. ** stands for any folders. Commands run in that file's folder."
    if handed_in and covered < len(handed_in):
        yield f"  # ({covered} of {len(handed_in)} submissions have one that fits.)"
        if others := _other_languages(handed_in, suffix):
            yield f"  # Other servers seem to be written in another language ({others}). One command can start several:"
            yield "  # docs/assignment.md, “Several languages”."
    yield f"  find: [{', '.join(quoted(pattern) for pattern in patterns)}]"
    if language.build:
        yield f"  build: {quoted(language.build)}"
    else:
        yield "  # What a shell is to do before; it takes place without network:"
        yield '  # build: "make"'
    yield "  # {file} is the file that was found, {name} its name without its suffix. {port} is a free port, for a server that"
    yield "  # takes one; without it, where the server listens is found out."
    port = _port(handed_in, patterns, language)
    if port == FIXED:
        yield "  # Some take their port as an argument, others have written one into the program. Each has a network of"
        yield "  # its own, so all may be given the same one; where the others listen is found out."
    yield f"  command: {quoted(language.command + port)}"
    if len(found.profiles) == 1:
        yield "  # How it is spoken to."
        yield f"  profile: {quoted(next(iter(found.profiles)))}"
    elif found.profiles:
        yield "  # How it is spoken to: the first of these that fits. With any as the last word, others are worked out, too."
        yield f"  detect: [{', '.join(quoted(name) for name in found.profiles)}]"
    elif handed_in or not found.scenarios:
        yield "  # How it is spoken to is worked out for each server. If everybody was told how, say so, and it is part of the"
        yield "  # task:  profile: lines  (chatsim profiles lists what is built in; a file of yours: profile: mine.yaml)"
        yield "  detect: any"
    else:
        yield "  # How it is spoken to: a built-in profile (chatsim profiles lists them), or a file such as mine.yaml."
        yield f"  profile: {_builtin(found.scenarios.values())}"


def _guess(handed_in: Sequence[Mapping[str, str]]) -> tuple[str, tuple[str, ...], int]:
    """The suffix of most servers, patterns for them, and how many submissions have exactly one file that fits."""
    likely = [_likely(files) for files in handed_in]
    suffixes = Counter(suffix for names in likely for suffix in {PurePosixPath(name).suffix for name in names})
    if not suffixes:
        return ".py", ("**/server.py",), 0
    suffix = max(suffixes, key=lambda each: (suffixes[each], -list(LANGUAGES).index(each)))
    left = [[name for name in names if name.endswith(suffix)] for names in likely]
    patterns: list[str] = []
    often = Counter(name for names in left for name in set(names))
    alone = [at for at, names in enumerate(left) if len(handed_in[at]) == 1 and names and often[names[0]] == 1]
    if len(alone) > 1:  # files that are called after their students: nothing but the suffix fits the next one's, too
        left = [names for at, names in enumerate(left) if at not in alone]
    covered = len(alone) if len(alone) > 1 else 0
    while len(patterns) < MOST_PATTERNS:
        counts = Counter(name for names in left for name in set(names) if names.count(name) == 1)
        if not counts:
            break
        name = min(counts, key=lambda each: (-counts[each], _rank(each), each))
        patterns.append(f"**/{_escaped(name)}")
        covered += counts[name]
        left = [names for names in left if name not in names]
    if len(alone) > 1:
        patterns.append(f"*{suffix}")
    return suffix, tuple(patterns) or (f"**/server{suffix}",), covered


def _other_languages(handed_in: Sequence[Mapping[str, str]], suffix: str) -> str:
    """How many submissions have likely servers, and none in the language that was chosen: `2 .c, 1 .js`."""
    counts: Counter[str] = Counter()
    for files in handed_in:
        suffixes = {PurePosixPath(name).suffix for name in _likely(files)}
        if suffix not in suffixes:
            counts.update(suffixes)
    return ", ".join(f"{count} {each}" for each, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _likely(files: Iterable[str]) -> list[str]:
    """The names, without folders, of those files of a submission that look most like a server; in one language each."""
    names = [PurePosixPath(path).name for path in sorted(files)]
    names = [name for name in names if PurePosixPath(name).suffix in LANGUAGES and "client" not in name.casefold()]
    for word in _LIKELY:
        fitting = [name for name in names if word in name.casefold()]
        if fitting:
            return fitting
    return names


def _rank(name: str) -> int:
    return next((at for at, word in enumerate(_LIKELY) if word in name.casefold()), len(_LIKELY))


def _escaped(name: str) -> str:
    return re.sub(r"[*?\[\\]", "?", name)


def _port(handed_in: Sequence[Mapping[str, str]], patterns: Sequence[str], language: _Language) -> str:
    """What stands behind the command, by how many of the servers read their arguments. Where nobody has handed anything in, a
    server should."""
    names = {pattern.removeprefix("**/") for pattern in patterns}
    suffixes = tuple(pattern.removeprefix("*") for pattern in patterns if not pattern.startswith("**/"))
    sources = [
        text
        for files in handed_in
        for path, text in files.items()
        if text.strip() and (PurePosixPath(path).name in names or (suffixes and path.endswith(suffixes)))
    ]
    reading = sum(re.search(language.arguments, text) is not None for text in sources)
    if reading == len(sources):
        return " {port}"
    return FIXED if reading else ""


def _builtin(scenarios: Iterable[Scenario]) -> str:
    """A built-in profile with which most of the scenarios can be played; the plainest of several."""
    from chatsim.profile.reader import dialect_names

    every = list(scenarios)
    return max(dialect_names(), key=lambda name: sum(why_not(each, load_profile(name)) is None for each in every))


# --- the parts -------------------------------------------------------------------------------------------------------

_ABOUT_PARTS: Final = (
    "# What gives points. More keys of a part: title, properties (only these count, or whole groups of them), credit (all:",
    "# all points or none; rate: the share of runs that passed; each: the share of properties; look: a person gives them),",
    "# needs (not run unless that part has all its points), repeat, visible (always, after-due, never).",
    "parts:",
)


def _starters(scenarios: Mapping[str, str]) -> Iterator[str]:
    yield from _ABOUT_PARTS
    yield from GATE
    yield f"    scenario: {quoted(next(iter(scenarios)))}"
    for path, text in scenarios.items():
        starter = STARTERS[PurePosixPath(path).name]
        yield f"  - part: {starter.part}"
        yield f"    title: {quoted(_titled(read_scenario(text, path).name))}"
        yield f"    points: {starter.points}"
        yield f"    scenario: {quoted(path)}"
        yield from (f"    {line}" for line in starter.lines)
    yield from TIDY
    yield f"    scenario: {quoted(list(scenarios)[min(1, len(scenarios) - 1)])}"


def _parts(found: _Found, handed_in: Sequence[Mapping[str, str]]) -> Iterator[str]:
    anything = bool(handed_in) and not found.profiles
    profiles = list(found.profiles.values()) or ([] if anything else [load_profile(_builtin(found.scenarios.values()))])
    whys = {path: _unplayable(scenario, profiles) for path, scenario in found.scenarios.items()}
    played = {path: found.scenarios[path] for path, why in whys.items() if why is None}
    yield from _ABOUT_PARTS
    names: set[str] = set()
    for path, scenario in list(played.items())[:MOST_PARTS]:
        name = _part_name(path, names)
        names.add(name)
        yield f"  - part: {quoted(name)}"
        yield f"    title: {quoted(_titled(scenario.name))}"
        yield "    points: 10"
        yield f"    scenario: {quoted(path)}"
    if not played:
        yield "  - part: style"
        yield "    points: 10"
        yield "    credit: look"
    left_out = [(path, why) for path, why in whys.items() if why is not None]
    left_out += [(path, "it has mistakes (chatsim validate tells them)") for path in found.wrong]
    left_out += [(path, "there are many already") for path in list(played)[MOST_PARTS:]]
    if left_out:
        yield "  # Left out:"
        yield from (f"  #   {quoted(path)}: {_one_line(why)}" for path, why in left_out)


def _unplayable(scenario: Scenario, profiles: Sequence[Profile]) -> str | None:
    whys = [why_not(scenario, profile) for profile in profiles]
    return None if not whys or None in whys else whys[0]


def _part_name(path: str, names: set[str]) -> str:
    """After its file; a name that can be none, or is taken, gets a number."""
    stem = re.sub(r"[^\w .-]+", "-", PurePosixPath(path).stem).strip(" .-_")[:50]
    base = stem if is_name(stem) else "part"
    taken = {name.casefold() for name in names}
    return next(
        each for each in (base, *(f"{base}-{number}" for number in range(2, 10_000))) if each.casefold() not in taken
    )


def _titled(claim: str) -> str:
    return claim[:1].upper() + claim[1:]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _rest() -> Iterator[str]:
    yield "# What one server may use; these are the defaults, and there are more (processes, cpu, disk, …)."
    yield "limits: {memory: 1 GiB, run: 2min, build: 2min}"
    yield ""
    yield "# Everything is drawn from this, for every student the same."
    yield "seed: 1"
    yield ""
    yield "# What all points are scaled to."
    yield "# total: 100"
    yield ""
    yield "# When it is due, with its time zone, and what is taken off for each begun day after it."
    yield "# due: 2030-01-31 23:59 +01:00"
    yield "# late: {per: 1 day, minus: 10%, at-most: 50%, grace: 15min}"
    yield ""
    yield '# How the name of a file or folder tells whose it is, such as  student: "{student}_*"'
    yield 'student: "{student}"'
