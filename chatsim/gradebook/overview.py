"""What a class as a whole tells its teacher, as values: where it stands, what it has not understood, who needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median

from chatsim.gradebook.graded import Graded
from chatsim.gradebook.untested import Untested, is_only_the_assignments, untested
from chatsim.gradebook.wording import CONFINED, STATE_WORDS
from chatsim.grading.assignment import Assignment
from chatsim.grading.grade import PartState
from chatsim.grading.record import RunRecord
from chatsim.properties import PROPERTIES
from chatsim.report.sentences import sentence

__all__ = [
    "BINS",
    "Alike",
    "Flaky",
    "Missed",
    "Overview",
    "PartOfAll",
    "Review",
    "Shared",
    "Trouble",
    "Unseen",
    "bins",
    "failed_properties",
    "overview",
]

BINS = 10
SLOWEST = 10
EVERYBODY = 3  # from so many on, what is so for all is no accident
NEARLY = Fraction(3, 4)
ALIKE = 2  # from so many properties on that two students have in common: one alone says little

ORDER = {known.name: number for number, known in enumerate(PROPERTIES)}


@dataclass(frozen=True, slots=True)
class Missed:
    """A property, and those who failed it at least once, in a run that counts."""

    name: str
    who: tuple[Graded, ...]
    tested: int  # students whose server it was put to the test with
    runs: int  # in which it failed


@dataclass(frozen=True, slots=True)
class PartOfAll:
    """One part over all whose submission was played. `reached`: the mean of the points, where they are a number."""

    title: str
    of: Decimal
    states: Counter[PartState]
    reached: Decimal | None


@dataclass(frozen=True, slots=True)
class Flaky:
    """A scenario that one server passed with some seeds and failed with others."""

    who: Graded
    scenario: str
    file: str
    passed: int
    failed: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Students whose servers failed in the same properties: `who` in exactly these, `nearly` in three quarters or more of what
    either of the two failed in, and how they differ (`+roster -fifo-order`). It is a help for teaching (one explanation may
    do for all), and no sign of copying: everybody makes the common mistakes."""

    properties: tuple[str, ...]
    who: tuple[Graded, ...]
    nearly: tuple[tuple[Graded, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """Something that a person has to decide."""

    who: Graded
    part: str
    why: str


@dataclass(frozen=True, slots=True)
class Shared:
    """The same open question about everybody whose server was played: more likely a question to the assignment."""

    part: str
    why: str
    many: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """A part for which a person gives the points, and those for whom nobody has done so yet."""

    part: str
    who: tuple[Graded, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was the machine's fault, or chatsim's."""

    who: Graded
    what: str


@dataclass(frozen=True, slots=True)
class Overview:
    """All of the page. Students stand in the order of their keys everywhere."""

    students: tuple[Graded, ...]
    states: Counter[str]
    histogram: tuple[int, ...]  # how many reached up to 10 %, up to 20 %, … of what can be reached
    counted: int  # whose points are a number
    mean: Decimal | None
    middle: Decimal | None
    unsettled: int  # whose points are an interval still
    parts: tuple[PartOfAll, ...]
    missed: tuple[Missed, ...]  # the most frequent first
    alike: tuple[Alike, ...]
    flaky: tuple[Flaky, ...]
    slowest: tuple[Graded, ...]
    review: tuple[Review, ...]
    untested: tuple[Untested, ...]
    shared: tuple[Shared, ...]
    unseen: tuple[Unseen, ...]
    trouble: tuple[Trouble, ...]
    uneven: tuple[str, ...]  # in what not all were graded alike; empty where they were
    how: tuple[tuple[str, str], ...]


def overview(assignment: Assignment, results: Sequence[Graded]) -> Overview:
    """Of the whole class, uncut: it is for teachers."""
    students = tuple(sorted(results, key=lambda one: one.student.key))
    never = untested(assignment, students)
    review = tuple(_review(students, never))
    shared = tuple(_shared(students, review))
    points = [one.grade.points for one in students if one.grade.points is not None]
    return Overview(
        students,
        Counter(STATE_WORDS[one.grade.state] for one in students),
        bins(assignment.of, points),
        len(points),
        sum(points, Decimal()) / len(points) if points else None,
        median(points) if points else None,
        sum(one.grade.low != one.grade.high for one in students),
        tuple(_parts(assignment, students)),
        tuple(_missed(students)),
        tuple(_alike(students)),
        tuple(_flaky(students)),
        tuple(sorted(students, key=lambda one: -one.record.seconds)[:SLOWEST]),
        tuple(one for one in review if (one.part, one.why) not in {(each.part, each.why) for each in shared}),
        never,
        shared,
        tuple(_unseen(assignment, students)),
        tuple(_trouble(students)),
        tuple(_uneven(students)),
        tuple(_how(students)),
    )


def bins(of: Decimal, points: Iterable[Decimal]) -> tuple[int, ...]:
    """How many have so many tenths of what can be reached. A border belongs above it, all points to the last tenth."""
    counts = [0] * BINS
    for reached in points:
        share = Fraction(reached) / Fraction(of) if of else Fraction(0)
        counts[min(BINS - 1, max(0, int(share * BINS)))] += 1
    return tuple(counts)


def failed_properties(graded: Graded) -> tuple[str, ...]:
    """What this server failed, in the order of the catalogue. What is doubtful, or was our trouble, is not failed."""
    failed = {
        verdict.property
        for run in graded.record.runs
        if not run.ours
        for verdict in run.verdicts
        if verdict.outcome == "failed" and not verdict.doubtful
    }
    return tuple(sorted(failed, key=lambda name: (ORDER.get(name, len(ORDER)), name)))


def _parts(assignment: Assignment, students: Sequence[Graded]) -> Iterator[PartOfAll]:
    for part in assignment.parts:
        found = [one for each in students for one in each.grade.parts if one.name == part.name]
        played = [one for each in students if each.grade.state == "played" for one in each.grade.parts]
        sure = [one for one in played if one.name == part.name and one.low == one.high]
        reached = sum((one.low for one in sure), Decimal()) / len(sure) if sure else None
        yield PartOfAll(part.title or part.name, part.points, Counter(one.state for one in found), reached)


def _missed(students: Sequence[Graded]) -> Iterator[Missed]:
    who: dict[str, list[Graded]] = {}
    runs: Counter[str] = Counter()
    tested: Counter[str] = Counter()
    for one in students:
        for name in failed_properties(one):
            who.setdefault(name, []).append(one)
        told = [verdict for run in one.record.runs if not run.ours for verdict in run.verdicts]
        runs.update(verdict.property for verdict in told if verdict.outcome == "failed" and not verdict.doubtful)
        tested.update({verdict.property for verdict in told if verdict.outcome in ("passed", "failed")})
    for name in sorted(who, key=lambda name: (-len(who[name]), ORDER.get(name, len(ORDER)), name)):
        yield Missed(name, tuple(who[name]), tested[name], runs[name])


def _alike(students: Sequence[Graded]) -> Iterator[Alike]:
    groups: dict[tuple[str, ...], list[Graded]] = {}
    for one in students:
        if len(names := failed_properties(one)) >= ALIKE:
            groups.setdefault(names, []).append(one)
    # The most frequent patterns lead; each rarer one goes with the first that it is nearly the same as.
    led: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for names in sorted(groups, key=lambda names: (-len(groups[names]), -len(names), names)):
        leader = next((leader for leader in led if _common(leader, names) >= NEARLY), None)
        if leader is None:
            led[names] = []
        else:
            led[leader].append(names)
    for leader, others in led.items():
        nearly = [(one, _difference(leader, names)) for names in others for one in groups[names]]
        if len(groups[leader]) + len(nearly) > 1:
            yield Alike(leader, tuple(groups[leader]), tuple(nearly))


def _common(one: Sequence[str], other: Sequence[str]) -> Fraction:
    """How much of what either has both have (Jaccard's index)."""
    return Fraction(len({*one} & {*other}), len({*one} | {*other}))


def _difference(leader: Sequence[str], names: Sequence[str]) -> str:
    more, less = [name for name in names if name not in leader], [name for name in leader if name not in names]
    return " ".join((*(f"+{name}" for name in more), *(f"−{name}" for name in less)))


def _flaky(students: Sequence[Graded]) -> Iterator[Flaky]:
    for one in students:
        groups: dict[tuple[str, str, str], list[RunRecord]] = {}
        for run in one.record.runs:
            groups.setdefault((run.part, run.file, run.scenario), []).append(run)
        for (_, file, scenario), runs in groups.items():
            often = Counter(run.outcome for run in runs if not run.ours)
            if often["passed"] and often["failed"]:
                yield Flaky(one, scenario, file, often["passed"], often["failed"])


def _review(students: Sequence[Graded], never: Sequence[Untested]) -> Iterator[Review]:
    for one in students:
        states = {part.state for part in one.grade.parts}
        if one.grade.state != "played" and "needs-review" in states:
            told = one.record.told or one.grade.told or STATE_WORDS[one.grade.state]
            yield Review(one, "all parts", sentence(told.strip().split("\n")[0]))
            continue
        for part in one.grade.parts:
            if part.state == "needs-review" and not is_only_the_assignments(never, one, part.name):
                yield Review(
                    one, part.title or part.name, part.why or "Nobody can tell, also after undisturbed repeats."
                )


def _shared(students: Sequence[Graded], review: Sequence[Review]) -> Iterator[Shared]:
    played = sum(one.grade.state == "played" for one in students)
    asked = Counter((one.part, one.why) for one in review if one.who.grade.state == "played")
    for (part, why), many in asked.items():
        if many == played >= EVERYBODY:
            yield Shared(part, why, many)


def _unseen(assignment: Assignment, students: Sequence[Graded]) -> Iterator[Unseen]:
    for part in assignment.parts:
        who = tuple(
            one for one in students if any(p.name == part.name and p.state == "to-look" for p in one.grade.parts)
        )
        if who:
            yield Unseen(part.title or part.name, who)


def _trouble(students: Sequence[Graded]) -> Iterator[Trouble]:
    for one in students:
        if one.grade.state == "infrastructure":
            yield Trouble(one, sentence(one.record.told) or one.grade.told or "It could not be graded.")
        for run in one.record.runs:
            if run.ours:
                yield Trouble(one, f"{run.scenario or run.file}, seed {run.seed}: {run.error or 'no result'}")


def _how(students: Sequence[Graded]) -> Iterator[tuple[str, str]]:
    for what, told in _facts(students):
        yield what, "; ".join(sorted(told)) or "unknown"
    again = sum(run.undisturbed > 0 for one in students for run in one.record.runs)
    yield "Runs", str(sum(len(one.record.runs) for one in students))
    yield "Runs that were repeated undisturbed", str(again)


def _uneven(students: Sequence[Graded]) -> Iterator[str]:
    """Fairness is that all were graded alike. Where they were not, points can not be compared without a thought."""
    for what, told in _facts(students):
        if len(told) > 1:
            yield f"{what}: {'; '.join(sorted(told))}"


def _facts(students: Sequence[Graded]) -> Iterator[tuple[str, set[str]]]:
    played = [one for one in students if one.grade.state == "played"]
    facts: tuple[tuple[str, Callable[[Graded], str]], ...] = (
        ("Assignment", lambda one: one.record.assignment[:12]),
        ("chatsim", lambda one: one.record.version),
        ("Machine", lambda one: one.record.machine),
        ("Patience", lambda one: f"{one.record.patience:g}"),
        ("Servers ran", lambda one: CONFINED[one.record.confinement]),
    )
    for what, fact in facts:
        yield what, {told for one in played if (told := fact(one))}
