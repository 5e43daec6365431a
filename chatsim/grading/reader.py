"""YAML text → `Assignment`, or an `AssignmentError` with every mistake of the file and of the files that it names.

Nothing further in checks again: its scenarios and profiles are read, each scenario can be played with one of the profiles
at least, and what a part names is there. Reading a profile in Python runs its author's code: callers that can not trust
it to come back do so within `chatsim.watchdog.bounded_calls()`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from chatsim import document
from chatsim.document import Mapping, Node, Reading, Scalar, excerpt
from chatsim.engine.plan import make_plan, why_not
from chatsim.errors import AssignmentError, ScenarioError
from chatsim.grading import keys
from chatsim.grading.assignment import MIB, Assignment, Late, Limits, Part, ServerRules
from chatsim.grading.beside import Beside
from chatsim.grading.digests import with_digests
from chatsim.grading.foresight import never_tested
from chatsim.grading.part_rules import is_name, read_parts
from chatsim.grading.server_rules import read_server
from chatsim.grading.units import read_moment, read_percent, read_points, read_size, read_time
from chatsim.profile.keys import names
from chatsim.profile.profile import Profile
from chatsim.properties import named
from chatsim.scenario.reader import MAX_SEED
from chatsim.scenario.scenario import Scenario

__all__ = ["LOWEST_AND_HIGHEST", "load_assignment", "read_assignment"]

GIB: Final = 1024 * MIB
DAY: Final = 86_400.0

LOWEST_AND_HIGHEST: Final[dict[str, tuple[int, int]]] = {
    "memory": (16 * MIB, 1024 * GIB),
    "data": (16 * MIB, 1024 * GIB),
    "processes": (4, 100_000),
    "descriptors": (16, 1_000_000),
    "cpu": (1, 86_400),
    "file": (0, 1024 * GIB),
    "disk": (MIB, 1024 * GIB),
    "output": (1024, GIB),
    "run": (1, 86_400),
    "build": (1, 86_400),
}
"""Of each limit: bytes, seconds, or how many."""

MOST_BOTS_PLANNED: Final = 200  # drawing names for thousands takes seconds, and they can all be encoded

_STUDENT: Final = re.compile(r"\{[^{}]*\}")


def load_assignment(path: str | Path) -> Assignment:
    """Read an assignment's file, and what it names. Raises AssignmentError with all problems, also if there is no file."""
    return _assignment(document.load(path))


def read_assignment(text: str | bytes, file: str = "assignment.yaml") -> Assignment:
    """Read an assignment's text; `file` is where it stands, and what it names is looked for beside it.

    Raises AssignmentError with all problems; never anything else, whatever the text.
    """
    return _assignment(document.read(text, file))


def _assignment(reading: Reading) -> Assignment:
    if reading.root is None:
        raise AssignmentError(reading.problems)
    other = next((kind for kind in ("scenario", "profile") if _has(reading.root, kind)), None)
    if other is not None and not _has(reading.root, "assignment"):
        reading.wrong(f"this is a {other}, and an assignment is expected", reading.root)
        raise AssignmentError(reading.problems)
    beside = Beside(reading)
    assignment = _Reader(reading, beside).assignment()
    if reading.count or beside.problems:
        raise AssignmentError((*reading.problems, *beside.problems))
    return with_digests(assignment)


def _has(root: Node, key: str) -> bool:
    return isinstance(root, Mapping) and root.get(key) is not None


class _Reader:
    """The top keys, one by one."""

    def __init__(self, reading: Reading, beside: Beside) -> None:
        self.reading = reading
        self.beside = beside
        required = tuple(key.name for key in keys.ASSIGNMENT.keys if key.required)
        self.fields = reading.fields(
            reading.root, names(keys.ASSIGNMENT), required=required, what="an assignment", of="an assignment"
        )

    def assignment(self) -> Assignment:
        reading, fields = self.reading, self.fields
        name = reading.scalar(fields.get("assignment"), what="the name of the assignment")
        if name is not None and not is_name(name.text):
            hint = (
                "At most 60 letters and digits of any script; blanks, dots, hyphens and underscores may stand between."
            )
            reading.wrong(f"{excerpt(name.text)} is no name for an assignment", name, hint=hint)
        server = read_server(reading, self.beside, fields.get("server"))
        playable, silent = _with(server)
        parts = read_parts(
            reading, self.beside, fields.get("parts"), playable=playable, silent=silent, due="due" in fields
        )
        if "late" in fields and "due" not in fields and isinstance(reading.root, Mapping):
            reading.wrong("nothing can be late: there is no `due`", reading.root.key("late"))
        self._check_worth(parts)
        seed = reading.number(fields.get("seed"), 0, low=0, high=MAX_SEED, what="a seed (a whole number)")
        unresolved: Any = reading.word(fields.get("unresolved"), ("withheld", "given"), None) or "withheld"
        text = name.text if name is not None else ""
        return Assignment(
            name=text,
            title=reading.text(fields.get("title"), "", what="a title").strip() or text,
            server=server,
            parts=parts,
            file=reading.file,
            source=reading.text_read,
            limits=_limits(reading, fields.get("limits")),
            seed=seed,
            patience=reading.decimal(fields.get("patience"), 1.0, low=0.1, high=100, what="patience (a number)"),
            total=read_points(reading, fields.get("total"), positive=True),
            due=read_moment(reading, fields.get("due")),
            late=_late(reading, fields.get("late")),
            unresolved=unresolved,
            student=self._student(),
        )

    def _check_worth(self, parts: tuple[Part, ...]) -> None:
        """Are there any points? Without, there is nothing to scale, and nothing to grade."""
        if parts and not self.reading.count and not sum((part.points for part in parts), Decimal()):
            self.reading.wrong("no part gives any points", self.fields["parts"])

    def _student(self) -> str:
        scalar = self.reading.scalar(self.fields.get("student"), what="a pattern with {student} in it")
        if scalar is None:
            return "{student}"
        braces = _STUDENT.findall(scalar.text)
        odd = next((each for each in braces if each != "{student}"), None)
        if odd is not None:
            self.reading.wrong(f"there is no placeholder {odd} here, only {{student}}", scalar)
        elif len(braces) != 1:
            many = "stands here twice" if braces else "is missing here"
            self.reading.wrong(f"{{student}} {many}: the part of a name that tells whose it is", scalar)
        elif "/" in scalar.text or "\\" in scalar.text:
            self.reading.wrong("this is about names, and not about paths: no / can stand in it", scalar)
        return scalar.text


# --- scenarios and profiles ------------------------------------------------------------------------------------------


def _with(server: ServerRules) -> tuple[Callable[[Scenario], str | None], Callable[[str, Scenario], str]]:
    """Can a scenario be played, and can it say anything about a property, with any of these profiles?"""

    def playable(scenario: Scenario) -> str | None:
        if server.any or not server.profiles:
            return None
        whys = [_why_not(scenario, profile) for profile in server.profiles]
        if None in whys:
            return None
        return f"with the profile {server.profiles[0].name}, {whys[0]}" + (
            "" if len(whys) == 1 else f"; nor can it with the {'other' if len(whys) == 2 else 'others'}"
        )

    def silent(name: str, scenario: Scenario) -> str:
        if name not in named(scenario.check):
            return f"{scenario.file} leaves it out of its `check`."
        if server.any or not server.profiles:
            return never_tested(name, scenario, None)
        whys = [_silent_with(name, scenario, profile) for profile in server.profiles]
        return whys[0] if all(whys) else ""

    return playable, silent


def _why_not(scenario: Scenario, profile: Profile) -> str | None:
    """Also for texts that the profile's encoding can not carry: no run of it would even begin."""
    if (why := why_not(scenario, profile)) is not None or len(scenario.bots) > MOST_BOTS_PLANNED:
        return why
    try:
        make_plan(scenario, profile, 0)
    except ScenarioError as error:
        return "; ".join(f"{problem.what} ({problem.place})" for problem in error.problems[:2])
    return None


def _silent_with(name: str, scenario: Scenario, profile: Profile) -> str:
    if why := _not_applicable(name, scenario, profile):
        return f"Of the profile {profile.name}: {why}"
    return never_tested(name, scenario, profile)


def _not_applicable(name: str, scenario: Scenario, profile: Profile) -> str:
    """Why a property is not applicable before anything has happened; empty if it can be judged.

    A run of which nothing was recorded is judged: then all that speaks is what the profile declares.
    """
    from chatsim.checks.catalogue import CHECKS  # late: the checks are many
    from chatsim.history import Header, History
    from chatsim.profile.terms_of import terms_of

    if name not in CHECKS:
        return "nothing judges it yet."
    header = Header(terms=terms_of(profile, scenario.promises).to_json(), check=scenario.check)
    verdict = CHECKS[name](History(header))
    return verdict.summary if verdict.outcome.value == "not-applicable" else ""


# --- limits and lateness ---------------------------------------------------------------------------------------------


def _limits(reading: Reading, node: Node | None) -> Limits:
    fields = reading.fields(node, names(keys.LIMITS), of="limits")
    read: dict[str, Any] = {}
    for key in keys.LIMITS.keys:
        value = fields.get(key.name)
        low, high = LOWEST_AND_HIGHEST[key.name]
        if key.form == "size":
            read[key.name] = read_size(reading, value, low=low, high=high)
        elif key.form == "time":
            read[key.name] = read_time(reading, value, low=low, high=high)
        else:
            read[key.name] = reading.number(value, None, low=low, high=high)
    return Limits(**{name: value for name, value in read.items() if value is not None})


def _late(reading: Reading, node: Node | None) -> Late | None:
    if node is None:
        return None
    required = tuple(key.name for key in keys.LATE.keys if key.required)
    fields = reading.fields(node, names(keys.LATE), required=required, of="late")
    per = read_time(reading, fields.get("per"), low=60, high=365 * DAY)
    minus = read_percent(reading, fields.get("minus"))
    most = read_percent(reading, fields.get("at-most"))
    grace = read_time(reading, fields.get("grace"), low=0, high=365 * DAY)
    if minus is not None and most is not None and most < minus:
        at = fields["at-most"]
        reading.wrong(
            f"less than the {minus}% of the first period can not be the most", at if isinstance(at, Scalar) else None
        )
    return Late(
        per=per or DAY,
        minus=minus if minus is not None else Decimal(),
        most=most if most is not None else Decimal(100),
        grace=grace or 0.0,
    )
