"""Two assignments of one digest are the same, wherever their folders lie.

There are two: `digest` is of everything, `played` of what is played only. Where that has stayed the same, what was seen is
still true, and only has to be counted anew: points, titles, dates, and who sees what may have changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from chatsim.grading.assignment import Assignment
from chatsim.profile.profile import Profile
from chatsim.scenario.scenario import Scenario

__all__ = ["with_digests"]


def with_digests(assignment: Assignment) -> Assignment:
    """The assignment, with both. Reads the Python modules that its profiles name, if there are any."""
    folder = Path(assignment.file).parent
    files = [*_scenarios(assignment, folder), *_profiles(assignment.server.profiles)]
    return replace(
        assignment,
        digest=_digest(["assignment", assignment.source, *files]),
        played=_digest(["played", *_rules(assignment, folder), *files]),
    )


def _scenarios(assignment: Assignment, folder: Path) -> Iterator[str]:
    every = {_name(each, folder): each.digest for part in assignment.parts for each in part.scenarios}
    for name, digest in sorted(every.items()):
        yield from ("scenario", name, digest)


def _profiles(profiles: Iterable[Profile]) -> Iterator[str]:
    """`source` has in it what a profile extends."""
    for profile in profiles:
        yield from ("profile", profile.name, _told(dict(profile.source)))
        for module in _modules(profile):
            yield from ("module", module.name, sha256(module.read_bytes()).hexdigest())


def _modules(profile: Profile) -> tuple[Path, ...]:
    """The file of the class that a profile in Python names, where it lies beside the profile."""
    if profile.python is None:
        return ()
    module = profile.python.reference.partition(":")[0]
    path = Path(profile.python.folder or ".") / Path(*module.split(".")).with_suffix(".py")
    return (path,) if path.is_file() else ()


def _rules(assignment: Assignment, folder: Path) -> Iterator[str]:
    server = replace(assignment.server, profiles=())
    yield _told([astuple(server), astuple(assignment.limits), assignment.seed, assignment.patience])
    needed = {need for part in assignment.parts for need in part.needs}
    for part in assignment.parts:
        # How a part is credited tells whether another one that needs it is played.
        credit: list[Any] = [part.credit, part.properties, part.named] if part.name in needed else []
        yield _told([part.name, part.needs, part.repeat, *(_name(each, folder) for each in part.scenarios), *credit])


def _name(scenario: Scenario, folder: Path) -> str:
    return Path(scenario.file).relative_to(folder).as_posix()


def _told(values: Any) -> str:
    return json.dumps(values, sort_keys=True)


def _digest(texts: Iterable[str]) -> str:
    """Of texts, each after its length: no two lists of texts are told alike."""
    told = sha256()
    for text in texts:
        data = text.encode("utf-8", "backslashreplace")
        told.update(b"%d:" % len(data) + data)
    return told.hexdigest()
