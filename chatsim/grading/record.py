"""What was seen of one submission: the evidence that points are counted from, and as much of it as a page shows.

It is plain, and goes to and from JSON: it is what a killed `chatsim grade` finds again, what a shard hands over, and what can
be counted anew when only the points of an assignment have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Confinement", "RunRecord", "State", "Student", "SubmissionRecord", "VerdictRecord"]

State = Literal[
    "played",
    "several-submissions",
    "not-unpacked",
    "no-server",
    "several-servers",
    "not-built",
    "not-started",  # also when nothing disturbed it
    "not-understood",  # by no profile; or nobody was ever told that it had joined
    "stopped",  # it took too long, or more than it may
    "infrastructure",  # the trouble was ours
]
OutcomeWord = Literal["passed", "failed", "inconclusive", "not-exercised", "not-applicable", "error"]
Confinement = Literal["bubblewrap", "user", "landlock", "none"]


@dataclass(frozen=True, slots=True)
class Student:
    """`key` is unique in a class and safe as the name of a file; `name` is what a person reads (any script)."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """One property of one run. `doubtful`: it rests on waiting, and was not confirmed by a
    run that nothing disturbed."""

    property: str
    outcome: OutcomeWord
    summary: str = ""
    hint: str = ""
    cause: str = ""  # why it was inconclusive: machine, tcp, profile; the last also of a failure to speak as prescribed
    evidence: str = ""  # of a failure: proof, absence, measurement
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One scenario, played once. `outcome` `error`: `error` tells; `ours`: the trouble is the machine's or chatsim's, and no
    student's. `undisturbed`: how often it was played again, with nothing that disturbed it, before this was said."""

    part: str
    scenario: str  # its claim
    file: str
    seed: int
    patience: float
    outcome: OutcomeWord
    duration_s: float = 0.0
    verdicts: tuple[VerdictRecord, ...] = ()
    error: str = ""
    unstarted: bool = False  # the error is that the server did not start
    stopped: bool = False  # the error is that it took too long, or more than it may
    sure: bool = False  # the error was seen, and rests on no waiting
    ours: bool = False
    undisturbed: int = 0
    disturbed: bool = False  # it was played again in vain: what else was played disturbed that, so it has to be alone
    patient: int = 0  # so many of them with four times the patience
    needs_review: bool = False  # inconclusive, also undisturbed and with four times the patience
    text: str = ""  # as the console tells it, without the command that plays it again
    replay: str = ""  # the command that plays it again at home; empty: it can not be
    picture: str = ""  # the space-time diagram as SVG, where something failed


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """All that was seen of one submission. `told`: for a `state` other than `played`, what the student reads, in sentences."""

    student: Student
    state: State
    origin: str = ""  # the folder, archive or repository, as it was given
    told: str = ""
    submitted: float | None = None  # seconds since 1970, where anything tells
    server: str = ""  # the command, as one would type it in the submission's folder
    profile: str = ""
    worked_out: str = ""  # the text of the profile, where it is none of the assignment's
    runs: tuple[RunRecord, ...] = ()
    not_run: tuple[tuple[str, str], ...] = ()  # (part, the name of the part that it needs and that was not reached)
    settled: bool = False  # nothing of it has to be played any more
    notes: tuple[str, ...] = ()  # what was left out of it, and other things its student should know, in sentences
    output: str = ""  # the last lines of a build, or of a server that did not start
    # What the report says of how it was graded.
    version: str = ""
    machine: str = ""
    confinement: Confinement = "none"
    patience: float = 1.0  # scaled by the calibration
    assignment: str = ""  # the digest of the assignment
    digest: str = ""  # of the submission
    seconds: float = 0.0  # that it took
