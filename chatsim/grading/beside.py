"""The files that an assignment names: its scenarios and profiles, which lie in its folder or below it.

Nothing of an assignment may lie elsewhere, so that its folder can be moved, and packed for another machine, as it is. What
such a file has wrong itself is told with its own place; that it is not there, where the assignment names it.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Final

from chatsim.document import Reading, Scalar, excerpt, nearest
from chatsim.errors import Problem, ProfileError, ScenarioError
from chatsim.profile.authored import entry_points
from chatsim.profile.profile import Profile
from chatsim.profile.reader import builtin_names, load_profile
from chatsim.profile.recognising import is_assignment, is_profile
from chatsim.scenario.reader import load_scenario
from chatsim.scenario.scenario import Scenario

__all__ = ["MOST_SCENARIOS", "Beside", "stays_inside"]

MOST_SCENARIOS: Final = 1_000  # of one pattern
_PATTERN: Final = re.compile(r"[*?\[]")
_SUFFIXES: Final = (".yaml", ".yml")


def stays_inside(reading: Reading, scalar: Scalar, of: str) -> bool:
    """Is this path, or pattern, one that can lead nowhere but into its folder? If not, that is a problem."""
    text = scalar.text
    if not text.strip():
        reading.wrong("a path is missing here", scalar)
    elif "\0" in text:
        reading.wrong("there is a NUL character in this path", scalar)
    elif "\\" in text:
        reading.wrong("the folders of a path are parted by /", scalar, hint=f'Write "{text.replace(chr(92), "/")}"')
    elif text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        reading.wrong(f"this path begins somewhere else: it has to be relative to {of}", scalar)
    elif ".." in text.split("/"):
        reading.wrong(f'".." leads out of {of}, and nothing is looked for there', scalar)
    else:
        return True
    return False


class Beside:
    """Reads each file once. `problems`: those of the files themselves."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.folder = Path(reading.file).parent
        self.problems: list[Problem] = []
        self._scenarios: dict[Path, Scenario | None] = {}
        self._profiles: dict[str, Profile | None] = {}

    def scenarios(self, scalar: Scalar) -> tuple[Scenario, ...]:
        """The scenarios that this path or pattern means, in the order of their names."""
        if not stays_inside(self.reading, scalar, "the assignment's folder"):
            return ()
        paths = self._matching(scalar) if _PATTERN.search(scalar.text) else self._named(scalar)
        return tuple(scenario for path in paths if (scenario := self._scenario(path)) is not None)

    def profile(self, scalar: Scalar) -> Profile | None:
        """A built-in profile, one of a file, or one that an installed package brings."""
        name = scalar.text
        if name not in self._profiles:
            self._profiles[name] = self._profile(scalar)
        return self._profiles[name]

    # --- inside --------------------------------------------------------------------------------------------------

    def _scenario(self, path: Path) -> Scenario | None:
        if path not in self._scenarios:
            try:
                self._scenarios[path] = load_scenario(path)
            except ScenarioError as error:
                self._scenarios[path] = None
                self.problems += error.problems
        return self._scenarios[path]

    def _named(self, scalar: Scalar) -> list[Path]:
        path = self.folder / scalar.text
        try:
            if path.is_file():
                return [path]
            there = path.is_dir()
        except OSError:  # a name that no file can have
            there = False
        if there:
            hint = f"All scenarios in it: {scalar.text.rstrip('/')}/*.yaml"
            self.reading.wrong(f"{excerpt(scalar.text)} is a folder, and a scenario is expected", scalar, hint=hint)
        else:
            self._not_there(scalar)
        return []

    def _matching(self, scalar: Scalar) -> list[Path]:
        try:
            found = list(islice(self.folder.glob(scalar.text), MOST_SCENARIOS + 1))
        except (ValueError, NotImplementedError, OSError) as error:
            self.reading.wrong(f"this is no pattern for files: {error}", scalar)
            return []
        if len(found) > MOST_SCENARIOS:
            self.reading.wrong(f"more than {MOST_SCENARIOS:,} files fit this pattern", scalar)
            return []
        # Beside the scenarios lie the profiles, and the assignment itself.
        files = sorted(p for p in found if p.suffix in _SUFFIXES and p.is_file())
        scenarios = [path for path in files if not is_profile(path) and not is_assignment(path)]
        if not scenarios:
            self.reading.wrong(f"no scenario fits the pattern {excerpt(scalar.text)}", scalar)
        return scenarios

    def _not_there(self, scalar: Scalar) -> None:
        folder, name = (self.folder / scalar.text).parent, Path(scalar.text).name
        try:
            beside = [entry.name for entry in islice(folder.iterdir(), MOST_SCENARIOS)]
        except OSError:
            beside = []
        guess = nearest(name, beside)
        meant = f'. Did you mean "{Path(scalar.text).with_name(guess).as_posix()}"?' if guess else ""
        self.reading.wrong(f"there is no file {excerpt(scalar.text)} in the assignment's folder{meant}", scalar)

    def _profile(self, scalar: Scalar) -> Profile | None:
        name = scalar.text
        if name not in builtin_names() and name not in entry_points():
            if not stays_inside(self.reading, scalar, "the assignment's folder"):
                return None
            path = self._profile_file(name)
            if path is None:
                if name.endswith(_SUFFIXES) or "/" in name:
                    self._not_there(scalar)
                else:
                    what = f"there is no profile {excerpt(name)}, built in or as a file of the assignment's folder"
                    hint = '"chatsim profiles" lists those that are built in.'
                    self.reading.unknown(what, scalar, builtin_names(), hint=hint)
                return None
            name = str(path)
        try:
            return load_profile(name)
        except ProfileError as error:
            for problem in error.problems:
                if problem.place is None:
                    self.reading.wrong(problem.what, scalar, hint=problem.hint)
                else:
                    self.problems.append(problem)
            return None

    def _profile_file(self, name: str) -> Path | None:
        try:
            return next(
                (path for end in ("", *_SUFFIXES) if (path := self.folder / (name + end)).is_file()),
                None,
            )
        except OSError:
            return None
