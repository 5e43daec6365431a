"""What a student reads, as values: the page and the Markdown text tell the same, each in its own way.

A second wall stands here. What a student may see has been cut before (`chatsim.grading.visibility`); of what is left, runs are
shown only of parts that the grade names, and nothing of the assignment is read but its name, its title and what its
parts that are shown count, when it was due, and how a server is built and spoken to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from chatsim.gradebook.graded import Graded
from chatsim.gradebook.wording import (
    BUILT,
    CONFINED,
    PART_BADGES,
    PART_WORDS,
    STARTED,
    counted,
    day,
    lasting,
    late_sentence,
    listed,
    number,
    part_score,
    score,
    seeds_told,
)
from chatsim.grading.advice import for_its_author
from chatsim.grading.assignment import Assignment, Part
from chatsim.grading.counting import ENDS_ALL, Standing, its_end_counts, not_shown, standing_of
from chatsim.grading.grade import Grade, PartGrade
from chatsim.grading.record import RunRecord, State, SubmissionRecord, VerdictRecord
from chatsim.grading.visibility import HIDDEN_NAME
from chatsim.properties import PROPERTIES
from chatsim.report.sentences import sentence

__all__ = ["Feedback", "PartTold", "Seen", "Tried", "Trouble", "feedback"]

MOST_LINES = 60  # of what a build or a server printed: the end of it, where the reason stands
MOST_RUNS = 40  # of one scenario, that are listed

VIOLATED = {known.name: known.violated_when for known in PROPERTIES}

OURS = "our trouble"

MOST_LACKING = 4  # properties that are named one by one

WORDS: dict[Standing, str] = {
    "passed": "passed",
    "failed": "failed",
    "unclear": "inconclusive",
    "ours": OURS,
    "silent": "not exercised",
}
# Gravest first: of several runs of a scenario, the first of the gravest kind is told in full.
GRAVEST = ("failed", "error", "inconclusive", OURS, "not exercised", "not applicable", "passed")

_ELSEWHERE = re.compile(
    r"(?<![\w./:~-])/(?:tmp|home|root|srv|var|opt|mnt|media|run|usr|Users|private)"
    r"(?:/[^\s/:\"'()<>]+)*/([^\s/:\"'()<>]+)"
)
BECAUSE = {
    "machine": "The machine that graded was too busy for the wait to count, so this proves nothing.",
    "tcp": "Our own disconnect may have taken the bytes along, so your server can not be blamed.",
    "profile": "Something arrived that the description of the protocol does not explain, so this proves nothing.",
}
OTHERWISE = (
    "How it reads was part of the task, so this is a mistake. (At home it is called inconclusive: `chatsim run` can not know "
    "whether server or profile are to be changed.)"
)
DOUBTFUL = "It was not seen again when this was played undisturbed, so it costs you nothing."

HEADS: dict[State, str] = {
    "played": "",
    "several-submissions": "You have handed in more than once, and it is not clear what counts",
    "not-unpacked": "What you handed in could not be unpacked",
    "no-server": "No server was found in what you handed in",
    "several-servers": "It is not clear which file is your server",
    "not-built": "Your server could not be built",
    "not-started": "Your server did not start",
    "not-understood": "Your server speaks in a way that was not understood",
    "stopped": "Your server was stopped",
    "infrastructure": "Something went wrong on our side",
}
ADVICE: dict[State, str] = {
    "played": "",
    "several-submissions": "Tell your teacher which of them counts, or hand in one only.",
    "not-unpacked": "Make the archive anew, unpack it at home in an empty folder, and look whether all is there. Then hand in "
    "again.",
    "no-server": "Look whether the file has the name that the assignment asks for, and whether it is in what you handed in. "
    "Then hand in again.",
    "several-servers": "Hand in one server only, or name the files as the assignment says.",
    "not-built": "Build it at home with the same command, from an empty folder with nothing in it but what you hand in.",
    "not-started": "Start it at home with the same command, from an empty folder with nothing in it but what you hand in. "
    "It has to listen at the port that it is given, and to go on running.",
    "not-understood": "Connect to it by hand (`nc localhost PORT`), and hold what it says against the assignment, letter "
    "by letter.",
    "stopped": "Look at home what it takes, of memory, of the disk and of time, while somebody joins and talks: "
    "`chatsim run --sandbox` sets it the same bounds.",
    "infrastructure": "You need not do anything: this is no zero, and it will be graded again.",
}


# Where nobody prescribed how a server is spoken to.
TELL_HOW = (
    "It helps whoever looks at it if you write down how a client joins, speaks and leaves, and what your server says to that; "
    "and `chatsim detect` tells at home what it does not find."
)
HOME = "See it at home"
HOME_BUILT = "See it at home (built first, if your server has to be)"


@dataclass(frozen=True, slots=True)
class Seen:
    """A property of a run that counts in this part, and did not pass."""

    name: str
    word: str  # failed, inconclusive
    summary: str
    violated: str  # completes "Fails when ..."; empty for a property that the catalogue does not know
    because: str
    hint: tuple[str, ...]  # lines


@dataclass(frozen=True, slots=True)
class Tried:
    """One scenario, played once or several times. `run` is told in full: the first of the gravest kind, by what counts in
    this part. `also`: what failed in it and does not count here, a line each."""

    claim: str
    word: str
    counts: str  # `3 runs: 2 passed, 1 failed`
    run: RunRecord
    number: int  # of that run, from 1
    said: str  # how what counts here goes together with what was seen; empty where that is plain
    seen: tuple[Seen, ...]
    also: tuple[str, ...]
    replay: str  # how to see it at home; empty where there is nothing to see
    home: str  # what stands before that
    error: tuple[str, ...]
    text: tuple[str, ...]  # as the console tells it; only where something did not pass, and only once
    picture: str
    others: tuple[str, ...]  # the other runs that did not pass, a line each
    note: str  # about patience and repeats; empty where there is nothing to say


@dataclass(frozen=True, slots=True)
class PartTold:
    """One part: its points, and what was tried for them."""

    name: str
    title: str
    low: Decimal
    of: Decimal
    badge: str
    word: str
    points: str
    why: str
    comment: tuple[str, ...]  # lines
    counted: tuple[str, ...]  # the properties that count here; empty: all that a scenario puts to the test
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing was played: what happened, what to do, and what was printed meanwhile."""

    head: str
    told: tuple[str, ...]
    advice: str
    output: tuple[str, ...]
    heard: str  # what that is
    ours: bool


@dataclass(frozen=True, slots=True)
class Feedback:
    """All of a student's page. `teachers`: it tells of hidden parts, and is not for the student."""

    teachers: bool
    title: str
    name: str
    score: str
    sentences: tuple[str, ...]
    trouble: Trouble | None
    parts: tuple[PartTold, ...]
    how: tuple[tuple[str, str], ...]  # (what, how it was): how it was graded
    spoken: tuple[str, ...]  # the profile, where it was worked out and nobody has it


def feedback(assignment: Assignment, graded: Graded) -> Feedback:
    """Of a record and a grade that have been cut to what the student may see; or whole, and then it says so."""
    record, grade = graded.record, graded.grade
    known = {part.name: part for part in assignment.parts}
    record = _from_its_folder(record, assignment)
    once = _Once()
    return Feedback(
        any(part.visible == "never" and part.name != HIDDEN_NAME for part in grade.parts),
        assignment.title or assignment.name,
        grade.student.name or grade.student.key,
        score(grade),
        tuple(_sentences(grade, record)),
        _trouble(record, grade, assignment),
        tuple(
            _part(part, record, known.get(part.name), once, HOME_BUILT if assignment.server.build else HOME)
            for part in grade.parts
            if not _idle(part, record)
        ),
        tuple(_how(record, _shown(record, grade), assignment)),
        _lines(record.worked_out),
    )


def _shown(record: SubmissionRecord, grade: Grade) -> list[RunRecord]:
    parts = {part.name for part in grade.parts}
    return [run for run in record.runs if run.part in parts]


def _idle(part: PartGrade, record: SubmissionRecord) -> bool:
    """Where nothing was played, a part of which nothing can be said but that."""
    return record.state != "played" and part.state != "to-look" and not part.low and not part.comment


def _sentences(grade: Grade, record: SubmissionRecord) -> Iterator[str]:
    if late := late_sentence(grade):
        yield late
    if grade.state == "infrastructure":
        return
    played = record.state == "played"
    unclear = [part.title or part.name for part in grade.parts if part.state == "needs-review"]
    looked = [part.title or part.name for part in grade.parts if part.state == "to-look"]
    ours = [part.title or part.name for part in grade.parts if part.state == "infrastructure"]
    if any(part.state == "later" for part in grade.parts):
        yield "What the tests give that are shown after the due date, you will see then."
    if unclear and not played:
        yield "A person will look at it before this counts."
    elif unclear:
        yield f"Nobody can tell yet about {listed(unclear)}: a person will look at it."
    if looked:
        yield f"A person gives the points for {listed(looked)}, and has not looked yet."
    if ours:
        yield f"For {listed(ours)} there was trouble on our side: this is no zero, and it will be played again."
    if grade.points is not None and grade.low != grade.high:
        yield f"Until that is settled, {counted(grade.points, 'point stands', 'points stand')} in the grade book."
    told = [part for part in grade.parts if not _idle(part, record)]
    if told and (together := sum((part.of for part in grade.parts), Decimal())) != grade.of and together:
        yield f"The parts add up to {number(together)} points, and the whole is scaled to {number(grade.of)}."
    tried = {run.part for run in record.runs}
    missing = [part for part in grade.parts if part.state in ("partial", "none") and part.name in tried]
    if len(missing) > 1 and played:
        first = missing[0].title or missing[0].name
        yield f"Begin with {first}: what is wrong there is often what is wrong further down, too."


def _trouble(record: SubmissionRecord, grade: Grade, assignment: Assignment) -> Trouble | None:
    if record.state == "played":
        return None
    told = record.told or grade.told
    unknown = record.state == "not-understood"
    return Trouble(
        HEADS[record.state],
        _sentences_of(told),
        TELL_HOW if unknown and assignment.server.any else ADVICE[record.state],
        _last(record.output),
        "What was seen where it went furthest" if unknown else "What was printed",
        record.state == "infrastructure",
    )


class _Once:
    """The same run may count in several parts; what was told of it is not told again."""

    def __init__(self) -> None:
        self._full: dict[tuple[str, int, str], str] = {}
        self._aside: set[tuple[str, int, str]] = set()

    def in_full(self, run: RunRecord, title: str) -> str:
        """The part in which it is told in full: this one, or an earlier one."""
        return self._full.setdefault((run.file, run.seed, run.text), title) if run.text else title

    def aside(self, run: RunRecord, lines: Iterable[str]) -> Iterator[str]:
        """Those of the lines that have not been told of this run before."""
        for line in lines:
            if (one := (run.file, run.seed, line)) not in self._aside:
                self._aside.add(one)
                yield line


def _part(part: PartGrade, record: SubmissionRecord, of: Part | None, once: _Once, home: str) -> PartTold:
    groups: dict[tuple[str, str], list[RunRecord]] = {}
    for run in record.runs:
        if run.part == part.name:
            groups.setdefault((run.file, run.scenario), []).append(run)
    title = part.title or part.name
    of = of or Part(part.name, title, part.of, ())
    asked = _Asked(of, not_shown(of, [run for runs in groups.values() for run in runs]))
    return PartTold(
        part.name,
        title,
        part.low,
        part.of,
        PART_BADGES[part.state],
        PART_WORDS[part.state],
        part_score(part),
        part.why,
        _lines(part.comment),
        asked.counts,
        tuple(_tried(runs, asked, title, once, home) for runs in groups.values()),
    )


def _tried(runs: Sequence[RunRecord], asked: _Asked, title: str, once: _Once, home: str) -> Tried:
    words = [asked.word(run) for run in runs]
    number = min(range(len(runs)), key=lambda place: GRAVEST.index(words[place]))
    worst, word = runs[number], words[number]
    often = Counter(words)
    fully = word != "passed"
    where = once.in_full(worst, title) if fully else title
    also = () if where != title else tuple(once.aside(worst, _also(worst, asked)))
    told = fully and where == title
    others = [
        _line(place, run, words[place - 1])
        for place, run in enumerate(runs, start=1)
        if run is not worst and words[place - 1] not in ("passed", "not applicable")
    ]
    left = len(others) - MOST_RUNS
    return Tried(
        worst.scenario or worst.file,
        word,
        f"{len(runs)} runs: {', '.join(f'{many} {one}' for one, many in often.items())}" if len(runs) > 1 else "",
        worst,
        number + 1,
        asked.said(worst),
        tuple(sorted(_seen(worst, asked), key=lambda one: one.word != "failed")),
        also,
        worst.replay if told or also else "",
        home,
        _sentences_of(worst.error),
        _lines(worst.text) if told else (),
        worst.picture if told else "",
        (*others[:MOST_RUNS], *((f"… and {left} more",) if left > 0 else ())),
        _note(worst, where if where != title else ""),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a part asks of its runs; `missed`: what none of them has shown, because the server was not there any more."""

    part: Part
    missed: tuple[str, ...]

    @property
    def counts(self) -> tuple[str, ...]:
        """The properties that count; if there are none, all of a run does."""
        return self.part.properties

    def word(self, run: RunRecord) -> str:
        """What a run says: the same as the points do."""
        if run.ours:
            return OURS
        if run.outcome in ("error", "not-applicable") or (not self.counts and run.outcome != "failed"):
            return run.outcome.replace("-", " ")
        return WORDS[standing_of(run, self.part, self.missed)]

    def is_about(self, verdict: VerdictRecord, run: RunRecord) -> bool:
        """Does this verdict count here?"""
        if not self.counts or verdict.property in self.counts:
            return True
        return _ends(verdict) and its_end_counts(run, self.part, self.missed)

    def said(self, run: RunRecord) -> str:
        """Where what counts and what was seen seem to contradict each other: how they go together."""
        wrong = [verdict.property for verdict in run.verdicts if verdict.outcome == "failed" and not verdict.doubtful]
        if not self.counts or not wrong:
            return ""
        if self.word(run) == "passed":
            return "What this part asks for passed, as far as it was put to the test. That is what counts here."
        if self.word(run) != "failed" or not its_end_counts(run, self.part, self.missed):
            return ""
        untold = [verdict.property for verdict in run.verdicts if verdict.outcome == "not-exercised"]
        lacking = [name for name in self.counts if name in untold and (not self.missed or name in self.missed)]
        what = ", ".join(lacking) if 0 < len(lacking) <= MOST_LACKING else "what this part asks for"
        return (
            f"Your server let nobody in or was gone, and so {what} could not be put to the test. What a server has not shown "
            "gives no points."
        )


def _ends(verdict: VerdictRecord) -> bool:
    return verdict.property in ENDS_ALL and verdict.outcome == "failed" and not verdict.doubtful


def _seen(run: RunRecord, asked: _Asked) -> Iterator[Seen]:
    for verdict in run.verdicts:
        if verdict.outcome in ("failed", "inconclusive") and asked.is_about(verdict, run):
            yield Seen(
                verdict.property,
                "inconclusive" if verdict.doubtful else verdict.outcome,
                verdict.summary,
                VIOLATED.get(verdict.property, ""),
                _because(verdict),
                tuple(_hints(verdict.hint)),
            )


def _hints(hint: str) -> Iterator[str]:
    """What to look for in the server. What could be changed in the profile is left out: who is graded can not."""
    for line in for_its_author(hint).split("\n"):
        if line.strip():
            yield line


def _also(run: RunRecord, asked: _Asked) -> Iterator[str]:
    for verdict in run.verdicts:
        if verdict.outcome == "failed" and not verdict.doubtful and not asked.is_about(verdict, run):
            yield f"{verdict.property}: {verdict.summary}" if verdict.summary else verdict.property


def _because(verdict: VerdictRecord) -> str:
    if verdict.doubtful:
        return DOUBTFUL
    if verdict.outcome == "failed":
        return OTHERWISE if verdict.cause == "profile" else ""
    return BECAUSE.get(verdict.cause, "")


def _line(place: int, run: RunRecord, word: str) -> str:
    bad = [verdict.property for verdict in run.verdicts if verdict.outcome == "failed"]
    return f"run {place}, seed {run.seed}: {word}" + (f" ({', '.join(bad)})" if bad else "")


def _note(run: RunRecord, elsewhere: str) -> str:
    told = []
    if run.undisturbed:
        often = "once" if run.undisturbed == 1 else f"{run.undisturbed} times"
        patiently = ", also with four times the patience" if run.patient else ""
        told.append(f"It was played again {often}, undisturbed, before this was said{patiently}.")
    if elsewhere:
        told.append(f"It is the run that is told under “{elsewhere}” above.")
    return " ".join(told)


def _from_its_folder(record: SubmissionRecord, assignment: Assignment) -> SubmissionRecord:
    """Scenarios named as from the assignment's own folder: where that lies on the grader's machine is nobody's concern,
    and at home it lies elsewhere. Of what else lies on that machine, its name alone is told (a server's own output was cut
    so when it was read)."""
    folder = assignment.file.replace("\\", "/").rpartition("/")[0]

    def near(text: str) -> str:
        return text if folder in ("", ".") else text.replace(f"{folder}/", "")

    def told(text: str) -> str:
        return _ELSEWHERE.sub(r"\1", near(text))

    runs = tuple(
        replace(run, file=near(run.file), replay=near(run.replay), error=told(run.error), text=told(run.text))
        for run in record.runs
    )
    return replace(record, runs=runs, told=told(record.told), output=told(record.output))


def _how(record: SubmissionRecord, runs: Sequence[RunRecord], assignment: Assignment) -> Iterator[tuple[str, str]]:
    if record.submitted is not None and (when := day(record.submitted)):
        yield "Handed in", when
        if assignment.due is not None:
            grace = assignment.late.grace if assignment.late is not None else 0.0
            later = f", and {lasting(grace)} of grace" if grace else ""
            yield "Due", f"{day(assignment.due)}{later}"
    if record.origin:
        yield "What was graded", _last_name(record.origin)
    for note in record.notes:
        yield "Noted", note
    if record.state != "played" or record.runs:  # else nothing had to be started
        if assignment.server.build and record.server:
            yield BUILT, " ".join(assignment.server.build.split())
        if record.server:
            yield STARTED, record.server
        if record.profile:
            yield "Protocol", record.profile
    if runs:
        scenarios = len({(run.part, run.file, run.scenario) for run in runs})
        yield "Played", f"{counted(len(runs), 'run')} of {counted(scenarios, 'scenario')}{_again(runs)}"
        yield "Seeds", f"{seeds_told(run.seed for run in runs)}, the same for everybody"
    if record.state == "played" and record.runs:
        yield "Patience", f"{record.patience:g}, the same for everybody: it fits the speed of the machine"
        yield "Your server ran", CONFINED[record.confinement]
    if record.machine:
        yield "Machine", record.machine
    if record.version:
        yield "Graded by", f"chatsim {record.version}"


def _last_name(origin: str) -> str:
    """Without the folders of whoever grades."""
    return origin.replace("\\", "/").rstrip("/").rpartition("/")[2] or origin


def _again(runs: Sequence[RunRecord]) -> str:
    again = sum(run.undisturbed > 0 for run in runs)
    which = "" if again == len(runs) else f"{again} of them "
    return f"; {which}again undisturbed, to be sure" if again else ""


def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.strip("\n").split("\n")) if text.strip() else ()


def _sentences_of(error: str) -> tuple[str, ...]:
    return tuple(sentence(line) for line in _lines(error))


def _last(text: str) -> tuple[str, ...]:
    lines = _lines(text)
    left = len(lines) - MOST_LINES
    return (f"… {counted(left, 'line')} before", *lines[-MOST_LINES:]) if left > 0 else lines
