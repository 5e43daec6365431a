"""Which files are meant by the words on the command line, and what all of them have wrong, told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from chatsim.errors import Problem, UsageError
from chatsim.profile.recognising import is_assignment, is_profile

if TYPE_CHECKING:
    from chatsim.grading.assignment import Assignment
    from chatsim.profile.profile import Profile

__all__ = ["Problems", "complete_profiles", "complete_yaml", "is_assignment", "is_profile", "is_there", "yaml_files"]

Value = TypeVar("Value")


class Problems:
    """Collects what is wrong, so that nobody has to mend one mistake a call."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, what: str, hint: str = "") -> None:
        self.found.append(Problem(what, hint=hint))

    def attempt(self, read: Callable[[], Value]) -> Value | None:
        """The value; or null, and what was wrong is noted."""
        try:
            return read()
        except UsageError as error:
            self.found += error.problems
            return None

    def profile(self, name_or_path: str) -> Profile | None:
        """The same for a profile. Its author's code, if there is any, is run, and does not keep us for ever."""
        from chatsim.profile.reader import load_profile
        from chatsim.watchdog import bounded_calls

        def read() -> Profile:
            with bounded_calls():
                return load_profile(name_or_path)

        return self.attempt(read)

    def assignment(self, path: str) -> Assignment | None:
        """An assignment, and all that it names, likewise."""
        from chatsim.grading.reader import load_assignment
        from chatsim.watchdog import bounded_calls

        def read() -> Assignment:
            with bounded_calls():
                return load_assignment(path)

        return self.attempt(read)

    def stop_if_any(self) -> None:
        if self.found:
            raise UsageError("\n\n".join(map(str, self.found)))


def yaml_files(paths: Iterable[str], problems: Problems, *, profiles: bool = False) -> list[str]:
    """The files: those named, and of folders all scenarios (*.yaml) below them, sorted. Each once.

    Profiles and assignments that lie in a folder beside the scenarios are passed over, unless they are wanted, too; a file
    that is named is always taken.
    """
    files: dict[Path, str] = {}
    for path in paths:
        here = Path(path)
        if not path:
            problems.add("a file has no empty name")
        elif is_there(here.is_dir):
            inside = [p for p in sorted(here.rglob("*.yaml")) if p.is_file() and (profiles or _is_scenario(p))]
            if not inside:
                problems.add(f"there is no {'' if profiles else 'scenario '}*.yaml in the folder {path}")
            for file in inside:
                files.setdefault(file.resolve(), str(file))
        elif is_there(here.exists):
            files.setdefault(here.resolve(), path)
        else:
            problems.add(f"there is no file {path}", _nearest(here))
    return list(files.values())


def _is_scenario(path: Path) -> bool:
    return not is_profile(path) and not is_assignment(path)


def is_there(question: Callable[[], bool]) -> bool:
    """What `Path.exists` and its like say."""
    try:
        return question()
    except OSError:  # a name that no file can have
        return False


def _nearest(path: Path) -> str:
    from difflib import get_close_matches

    try:
        beside = [p.name for p in path.parent.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, beside, n=1)
    return f"Did you mean {path.parent / near[0]}?" if near else ""


# --- completion in the shell ------------------------------------------------------------------------------------------


def complete_yaml(incomplete: str) -> list[str]:
    """Folders and YAML files that the word could become."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") or not incomplete else typed.parent
    try:
        inside = sorted(folder.iterdir())
    except OSError:
        return []
    shown = [p for p in inside if (p.is_dir() or p.suffix == ".yaml") and not p.name.startswith(".")]
    names = [f"{p}/" if p.is_dir() else str(p) for p in shown]
    if incomplete.startswith("./"):
        names = [f"./{name}" for name in names]
    return [name for name in names if name.startswith(incomplete)]


def complete_profiles(incomplete: str) -> list[str]:
    """Names of built-in profiles, then files."""
    from chatsim.profile.reader import builtin_names

    return [*(name for name in builtin_names() if name.startswith(incomplete)), *complete_yaml(incomplete)]
