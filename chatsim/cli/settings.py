"""What an option of `chatsim run` is where the command line does not say: `CHATSIM_*` variables, then pyproject.toml.

Every option of `run` is a setting, called as its long form: `--exit-first` is `exit-first` in the section `[tool.chatsim]`, and
`CHATSIM_EXIT_FIRST` in the environment. `color` holds for all verbs that have it. The nearest pyproject.toml with that section
counts, from the current folder upwards; names of files in it start at its folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from chatsim.cli.nearest import did_you_mean
from chatsim.errors import Place, Problem, UsageError

__all__ = ["Setting", "known_settings", "settings"]

PREFIX = "CHATSIM_"
PROJECT = "CHATSIM_PROJECT"  # `no`: whoever is in the folder of somebody else does as he says himself
NO_SETTINGS = ("CHATSIM_DEBUG", "CHATSIM_TREE", PROJECT)  # the second marks every process that belongs to a server
NOT_BY_DEFAULT = ("update_baseline", "watch")  # done once, when somebody says so
FILES = ("scenarios", "profile", "baseline", "json", "jsonl", "junitxml", "tap", "ctrf", "html", "history")
SHARED = "color"  # the one that other verbs have, too
RIVALS = (("server", "connect"), ("verbose", "quiet"))  # who says the one does not mean the other that stands elsewhere
LARGEST = 1_000_000  # bytes: no pyproject.toml has as many
MENTIONED = re.compile(
    rb"""tool["']?\s*\.\s*["']?chatsim\b|^\s*\[\s*tool\s*\]|^\s*tool\s*=""", re.MULTILINE
)  # before it is parsed
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True, slots=True)
class Setting:
    """`name` is that of the option; `parameter` that of the function. `kind` is str, int, float, bool or list (of texts)."""

    name: str
    parameter: str
    kind: type
    help: str
    least: float | None = None
    most: float | None = None

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper().replace("-", "_")

    @property
    def wanted(self) -> str:
        return WORDS[self.kind]


WORDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "yes or no",
    list: "a list of texts",
}


def known_settings() -> dict[str, Setting]:
    """By name, as the options of `run` are ordered."""
    from chatsim.cli.run import run

    found = {}
    for parameter, hint in get_type_hints(run, include_extras=True).items():
        if parameter == "return" or parameter in NOT_BY_DEFAULT:
            continue
        annotation, option = get_args(hint)[:2]
        # Typer puts what is first in `Option(…)` where a default would be.
        decls = (getattr(option, "default", None), *(getattr(option, "param_decls", None) or ()))
        long = [word.removeprefix("--") for word in decls if isinstance(word, str) and word.startswith("--")]
        name = parameter.replace("_", "-")
        name = long[0] if long and name not in long else name
        kinds = [kind for kind in (bool, int, float, str) if kind in (annotation, *get_args(annotation))]
        kind: type = list if annotation == list[str] else kinds[0]
        found[name] = Setting(name, parameter, kind, option.help or "", option.min, option.max)
    return found


def settings(verb: str, given: Sequence[str], parameters: Sequence[str]) -> dict[str, Any]:
    """Values for those parameters of a verb that the command line (`given`) leaves open, by the function's names.

    Raises UsageError for what nobody knows, or what is not as it should be, where the verb has settings at all.
    """
    if (verb != "run" and SHARED not in parameters) or {"-h", "--help"} & set(given):
        return {}
    named = {name: text for name, text in os.environ.items() if name.startswith(PREFIX) and name not in NO_SETTINGS}
    section = _section(Path.cwd()) if os.environ.get(PROJECT, "").lower() not in NO else None
    if not named and section is None:
        return {}
    known = known_settings()
    problems: list[Problem] = []
    weak = _of_file(section, known, problems) if section is not None else {}
    strong = _of_environment(named, known, problems)
    if problems:
        raise UsageError(problems)
    told = _stronger(weak, strong)
    if verb != "run":
        return {known[SHARED].parameter: told[SHARED]} if SHARED in told else {}
    left = _stronger(told, dict.fromkeys(_spoken(given)))
    return {known[name].parameter: value for name, value in told.items() if name in left}


def _stronger(weak: Mapping[str, Any], strong: Mapping[str, Any]) -> dict[str, Any]:
    """Both, without what of the weak ones a rival among the strong ones displaces."""
    displaced = {other for pair in RIVALS for one, other in (pair, pair[::-1]) if one in strong}
    return {**{name: value for name, value in weak.items() if name not in displaced}, **strong}


def _spoken(given: Sequence[str]) -> Iterator[str]:
    """The settings that have rivals, of those that the command line names."""
    short = {"-v": "verbose", "-q": "quiet"}
    for word in given:
        yield short.get(word[:2], word.partition("=")[0].removeprefix("--"))


# --- the environment -------------------------------------------------------------------------------------------------


def _of_environment(named: Mapping[str, str], known: Mapping[str, Setting], problems: list[Problem]) -> dict[str, Any]:
    by_variable = {setting.variable: setting for setting in known.values()}
    found = {}
    for variable, text in sorted(named.items()):
        setting = by_variable.get(variable)
        if setting is None:
            hint = did_you_mean(
                variable, by_variable, f"Settings are called as the options of `chatsim run`: {PREFIX}PROFILE."
            )
            problems.append(Problem(f"environment: there is no setting {variable}", hint=hint))
        elif text:  # an empty one is as none
            try:
                found[setting.name] = _within(_read(text, setting), setting)
            except ValueError as problem:
                problems.append(Problem(f"environment: {variable} is {str(problem) or setting.wanted}, and not {text}"))
    return found


def _read(text: str, setting: Setting) -> Any:
    """Raises ValueError."""
    if setting.kind is bool:
        if text.lower() not in (*YES, *NO):
            raise ValueError
        return text.lower() in YES
    if setting.kind is list:
        import shlex

        try:
            return shlex.split(text)
        except ValueError as problem:
            raise ValueError(f"{setting.wanted}, split as by a shell ({str(problem).lower()})") from None
    try:
        return setting.kind(text)
    except ValueError:
        raise ValueError from None


def _within(value: Any, setting: Setting) -> Any:
    """Raises ValueError, with what it should have been."""
    if setting.least is not None and value < setting.least:
        raise ValueError(f"at least {setting.least:g}")
    if setting.most is not None and value > setting.most:
        raise ValueError(f"at most {setting.most:g}")
    return value


# --- pyproject.toml --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Section:
    file: Path
    shown: str  # the file as a person finds it from here
    text: str
    values: Mapping[str, Any]


def _section(here: Path) -> _Section | None:
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        try:
            data = file.read_bytes() if file.is_file() and file.stat().st_size < LARGEST else b""
        except OSError:
            continue
        if MENTIONED.search(data) is not None and (found := _read_section(file, data, here)) is not None:
            return found
    return None


def _read_section(file: Path, data: bytes, here: Path) -> _Section | None:
    """Null where there is none; a project may speak of chatsim for other reasons."""
    import tomllib

    shown = os.path.relpath(file, here)
    try:
        text = data.decode("utf-8")
        whole = tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        if not re.search(rb"^\s*\[\s*tool\s*\.\s*chatsim\b", data, re.MULTILINE):
            return None  # whoever the mistake belongs to, it is not for us to tell
        raise UsageError(f"{shown} is no TOML: {problem}") from None
    tool = whole.get("tool")
    values = tool.get("chatsim") if isinstance(tool, dict) else None
    if values is None:
        return None
    if not isinstance(values, dict):
        raise UsageError(f"{shown}: `tool.chatsim` is no section", hint="Write [tool.chatsim] above its keys.")
    return _Section(file, shown, text, values)


def _of_file(section: _Section, known: Mapping[str, Setting], problems: list[Problem]) -> dict[str, Any]:
    found = {}
    for key, value in section.values.items():
        setting = known.get(key)
        if setting is None:
            hint = did_you_mean(key, known, "Settings are called as the options of `chatsim run`.")
            problems.append(_at(section, key, f"there is no setting `{key}`", hint))
            continue
        try:
            if not _is(value, setting.kind):
                raise ValueError
            found[setting.name] = _from_there(_within(value, setting), setting, section)
        except ValueError as problem:
            problems.append(_at(section, key, f"`{key}` is {str(problem) or setting.wanted}"))
    return found


def _is(value: Any, kind: type) -> bool:
    if kind is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, kind) or (kind is float and isinstance(value, int))


def _from_there(value: Any, setting: Setting, section: _Section) -> Any:
    """Names of files as they are from here. A profile may be the name of a built-in one, and is one without a dot or slash."""
    if setting.name not in FILES:
        return value
    if isinstance(value, list):
        return [_from_here(item, section) for item in value]
    is_name = setting.name == "profile" and not re.search(r"[./\\]", value)
    return value if value == "-" or is_name else _from_here(value, section)


def _from_here(name: str, section: _Section) -> str:
    folder = section.file.parent
    return name if folder == Path.cwd() or not name else os.path.relpath(folder / name)


def _at(section: _Section, key: str, what: str, hint: str = "") -> Problem:
    """The key's line: the first below the head of the section that begins with it."""
    inside = False
    for number, line in enumerate(section.text.split("\n"), start=1):
        if line.lstrip().startswith("["):
            inside = re.sub(r"[\s\"']", "", line).startswith("[tool.chatsim]")
        found = re.match(rf"(\s*[\"']?){re.escape(key)}(?=[\"']?\s*[=.])", line) if inside else None
        if found is not None:
            place = Place(section.shown, number, len(found[1]) + 1)
            return Problem(what, place, line.rstrip("\r"), len(key), hint)
    return Problem(f"{section.shown}: {what}", hint=hint)
