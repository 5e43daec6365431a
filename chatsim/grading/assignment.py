"""An assignment, as its YAML file says it (docs/assignment.md), read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from chatsim.errors import Place
from chatsim.profile.profile import Profile
from chatsim.scenario.scenario import Scenario

__all__ = ["Assignment", "Credit", "Late", "Limits", "Part", "ServerRules", "Visible"]

Credit = Literal["all", "rate", "each", "look"]
Visible = Literal["always", "after-due", "never"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one submission's server may use. Bytes and seconds; what a process is told by the system is per process."""

    memory: int = 1024 * MIB  # of all its processes together
    data: int = 512 * MIB  # private memory of one process
    processes: int = 512  # threads count, too: the kernel does not tell them apart
    descriptors: int = 1024
    cpu: float = 60.0  # seconds of a processor, of one process
    file: int = 32 * MIB  # the largest file that it may write
    disk: int = 128 * MIB  # all that it may write
    output: int = 4 * MIB  # what it prints and is kept; what is more is read and thrown away
    run: float = 120.0  # seconds that one scenario may take, from the server's start on
    build: float = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class ServerRules:
    """How the server of a submission is found, built and started.

    `find`: patterns, relative to the submission; the first that fits any file decides, and it has to fit one only. Its path
    stands in `build` and `command` as `{file}`, its folder as `{folder}`, its name without suffix as `{name}`. Without
    `find` the command says it all. Commands run in `folder` (of the submission) or, with `find` and no `folder`, in the folder
    of the file that was found. `profiles`: one is required; of several the first that fits is taken (`detect`); with `any`,
    a profile is worked out if none of them fits.
    """

    command: str
    find: tuple[str, ...] = ()
    folder: str = ""
    build: str = ""
    profiles: tuple[Profile, ...] = ()
    detect: bool = False  # the profiles are a family: which of them it is has to be found out
    any: bool = False  # what is in no profile of the family is worked out


@dataclass(frozen=True, slots=True)
class Part:
    """What gives points together. With `properties` only those of the verdicts count; without, the outcome of each run.

    `credit`: `all`, all points or none; `rate`, the share of runs that passed; `each`, the share of properties that
    passed in all runs (those that were put to the test); `look`, what a person gives who has looked.

    `named`: those of `properties` that were asked for one by one, and not by their group. Each of them has to be put to the
    test by some run, or nobody could tell; of a group, whatever was not put to the test is left out.
    """

    name: str
    title: str
    points: Decimal
    scenarios: tuple[Scenario, ...]
    properties: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    credit: Credit = "all"
    needs: tuple[str, ...] = ()  # names of parts that have to have full points; else this one is not run
    visible: Visible = "always"
    repeat: int = 1  # runs of each scenario, with seeds that follow one another
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Late:
    """What is taken off for each begun `per` seconds after `due` (and `grace`), in hundredths of the points reached."""

    per: float
    minus: Decimal  # percent
    most: Decimal = Decimal(100)  # percent
    grace: float = 0.0  # seconds


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment. `total`: what the points of all parts are scaled to; None: they are given as they are.

    `unresolved`: what becomes of points that nobody could tell about (properties.md): `withheld` or `given` in the grade
    book's one column; the interval is told in any case.
    """

    name: str
    title: str
    server: ServerRules
    parts: tuple[Part, ...]
    file: str = ""
    source: str = ""  # the text of the file
    digest: str = ""  # of it and of everything that it names: the same digest, the same assignment
    played: str = (
        ""  # of what is played only: the same, and what was seen is still true, though points may have changed
    )
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    patience: float = 1.0
    total: Decimal | None = None
    due: float | None = None  # seconds since 1970
    late: Late | None = None
    unresolved: Literal["withheld", "given"] = "withheld"
    student: str = "{student}"  # how the name of a file or folder tells whose it is: `{student}_*`; the rest is a glob

    @property
    def points(self) -> Decimal:
        """The sum over the parts, before it is scaled to `total`."""
        return sum((part.points for part in self.parts), Decimal())

    def seeds(self, part: Part) -> range:
        """The seeds with which each scenario of this part is played, one after the other: for every student the same."""
        return range(self.seed, self.seed + part.repeat)

    @property
    def of(self) -> Decimal:
        """What a student can reach."""
        return self.points if self.total is None else self.total
