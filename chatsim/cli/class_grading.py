"""What `chatsim grade` does, once it is clear what is asked: read, calibrate, grade, write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatsim.cli.exit_codes import INTERRUPTED, PASSED
from chatsim.cli.files import Problems
from chatsim.cli.terminal import hint, tell, unwritable, whole_file
from chatsim.errors import UsageError

if TYPE_CHECKING:
    from chatsim.grader.engines import Engine
    from chatsim.grader.store import Store, Terms
    from chatsim.grading.assignment import Assignment
    from chatsim.grading.record import Confinement
    from chatsim.submissions.submission import Kind, Submission

__all__ = ["Asked", "asked", "grade_class", "write_first_assignment"]

ENGINES = ("local", "dask")
LEVELS = ("auto", "bubblewrap", "user", "landlock")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `chatsim grade`, each of them read."""

    submissions: Path
    assignment: Assignment
    results: Path
    jobs: int
    students: tuple[str, ...]
    single: bool
    submitted: float | None  # seconds since 1970
    marks: str | None
    export: tuple[tuple[str, str], ...]  # format, file
    fresh: bool
    patience: float | None
    confinement: Confinement
    shard: tuple[int, int] | None
    engine: str
    scheduler: str | None
    quiet: bool


def asked(problems: Problems, **options: Any) -> Asked | None:
    """Reads them all, and notes everything that is wrong; then null."""
    from chatsim.cli.exporting import exports
    from chatsim.jobs import cores

    assignment = problems.assignment(options["assignment"])
    path = Path(options["submissions"])
    problems.attempt(lambda: _there(path))
    if options["jobs"] < 0:
        problems.add("--jobs can not be less than 0")
    if options["patience"] is not None and not 0 < options["patience"] <= 1000:
        problems.add("--patience is a number above 0, and at most 1000")
    if options["engine"] not in ENGINES:
        problems.add(f"--engine {options['engine']}: it can be {' or '.join(ENGINES)}")
    if (options["engine"] == "dask") != (options["scheduler"] is not None):
        problems.add("--engine dask and --scheduler ADDRESS belong together")
    confinement = problems.attempt(lambda: _confinement(options["sandbox"]))
    shard = problems.attempt(lambda: _shard(options["shard"]))
    submitted = problems.attempt(lambda: _submitted(options["submitted"], single=options["single"]))
    export = problems.attempt(lambda: exports(options["export"], table=False))
    for _, file in export or ():  # an hour later it would be told too late
        if why := unwritable(file):
            problems.add(why)
    if options["single"] and (options["students"] or options["shard"] is not None):
        problems.add("--single is about one submission; --student and --shard choose among several")
    if problems.found or assignment is None or confinement is None:
        return None
    return Asked(
        path,
        assignment,
        Path(options["results"]),
        options["jobs"] or cores(),
        options["students"],
        options["single"],
        submitted,
        options["marks"],
        export or (),
        options["fresh"],
        options["patience"],
        confinement,
        shard,
        options["engine"],
        options["scheduler"],
        options["quiet"],
    )


def _there(submissions: Path) -> None:
    try:
        submissions.stat()
    except FileNotFoundError:
        raise UsageError(f"there are no submissions at {submissions}") from None
    except OSError as error:
        raise UsageError(f"{submissions} can not be read: {(error.strerror or str(error)).lower()}") from None


def _confinement(level: str) -> Confinement:
    """The level that was asked for, or the best that there is. Raises UsageError where servers can not be confined."""
    if level == "none":
        hint(
            "WARNING: --unsafe-no-sandbox: what students wrote runs with all that you may do here. It can read and remove\n"
            "your files, use your network, and write its own grades."
        )
        _look_for_temporary_folder()
        return "none"
    if level not in LEVELS:
        raise UsageError(f"--sandbox {level}: it can be {', '.join(LEVELS[:-1])} or {LEVELS[-1]}")
    _look_for_temporary_folder()
    from chatsim.sandbox.survey import best_level, why_not

    if level == "auto":
        if (best := best_level()) == "none":
            raise UsageError(
                "servers can not be confined on this machine",
                hint="`chatsim doctor` tells why, and what helps. Only if you trust all students: --unsafe-no-sandbox",
            )
        return best
    chosen: Confinement = level  # type: ignore[assignment]  # it is among LEVELS
    offer = why_not(chosen)
    if not offer.offered:
        raise UsageError(f"--sandbox {level} is not to be had here: {offer.why}", hint=offer.hint)
    return chosen


def _look_for_temporary_folder() -> None:
    from tempfile import gettempdir

    try:
        gettempdir()
    except OSError as error:
        raise UsageError(
            f"submissions can be unpacked nowhere: {error.strerror or error}",
            hint="Name a folder with room for them: TMPDIR=FOLDER chatsim grade …",
        ) from None


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if found is not None and 1 <= (part := int(found[1])) <= (whole := int(found[2])):
        return part, whole
    raise UsageError(f"--shard {text[:30]} is not I/N", hint="The second of five parts: --shard 2/5")


def _submitted(text: str | None, *, single: bool) -> float | None:
    if text is None:
        return None
    if not single:
        raise UsageError("--submitted is about one submission, and belongs to --single")
    from datetime import datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"--submitted {text} is no time with its zone", hint="For example 2026-11-30T22:10+01:00")
    return moment.timestamp()


def grade_class(asked: Asked) -> int:
    """The exit code."""
    try:
        return _graded(asked)
    except KeyboardInterrupt:
        return _interrupted(asked)


def _interrupted(asked: Asked) -> int:
    hint(f"Interrupted. What was finished is in {asked.results}; the same command goes on from there.")
    return INTERRUPTED


def _graded(asked: Asked) -> int:
    from chatsim.cli.class_books import sum_up, written
    from chatsim.cli.class_watch import ClassWatch
    from chatsim.cli.exporting import refuse_what_needs_one, write
    from chatsim.grader.grading import Grading
    from chatsim.grader.store import Store

    handed_in = _handed_in(asked)
    refuse_what_needs_one(asked.export, len(handed_in.chosen))
    with Store(asked.results) as store:
        _read_marks(asked, handed_in, store)
        terms = _terms(asked, store, min(asked.jobs, handed_in.size))
        if asked.fresh and asked.students:  # nobody loses a class for one student
            for each in handed_in.chosen:
                store.forget_student(each.student.key)
        store.tidy()
        for _ in store.records():
            pass  # all that is known is in the books in the end: what is damaged is told now, and not then
        watch = ClassWatch(asked.jobs, wanted=not asked.quiet)
        interrupted = False
        with _engine(asked) as engine:
            try:
                with watch:
                    Grading(asked.assignment, terms, asked.confinement, handed_in.chosen, store, engine, watch).run()
            except KeyboardInterrupt:
                interrupted = True
        made = written(store, asked.assignment, asked.marks, handed_in.keys)
    if made.everybody or not interrupted:
        for kind, file in asked.export:
            write(kind, file, made)
    if interrupted:
        return _interrupted(asked)
    aside = any(file == "-" for _, file in asked.export)  # standard output is somebody else's food then
    return sum_up(asked.results, made, quiet=asked.quiet, aside=aside)


def _read_marks(asked: Asked, handed_in: _HandedIn, store: Store) -> None:
    """What a person has decided is read once now, for its mistakes: an hour later they would be told too late. It may be about
    anybody in the class, also about who is not graded now."""
    from chatsim.cli.class_books import marks_of

    if (file := asked.marks if asked.fresh and not asked.students else marks_of(store, asked.marks)) is not None:
        from chatsim.grading.marks import load_marks

        load_marks(file, asked.assignment, sorted(handed_in.keys | set(store.keys())))


@dataclass(frozen=True, slots=True)
class _HandedIn:
    """`chosen`: the submissions that are to be graded now. `size`: how many this part of the class has, chosen or not.
    `keys`: of everybody, whatever the part."""

    chosen: Sequence[Submission]
    size: int
    keys: frozenset[str]


def _handed_in(asked: Asked) -> _HandedIn:
    from chatsim.document import nearest
    from chatsim.grader.ours import why_ours
    from chatsim.submissions.finding import find

    if asked.single:
        only = _the_only_one(asked.submissions.absolute(), asked.submitted)
        return _HandedIn([only], 1, frozenset((only.student.key,)))
    found = find(asked.submissions.absolute(), asked.assignment.student)
    for other in found.passed_over:
        hint(f"passed over: {other.name}: {other.why}")
    everybody = []
    for each in found.submissions:
        if why := why_ours(each, asked.assignment, asked.results):
            hint(f"passed over: {each.origin}: {why}")
        else:
            everybody.append(each)
    chosen = everybody
    if asked.shard is not None:
        part, whole = asked.shard
        chosen = chosen[part - 1 :: whole]
    size = max(1, len(chosen))  # of a class that is split into more parts than it has students, some are empty
    if asked.students:
        # Another shard's is no mistake.
        known = {name for each in everybody for name in (each.student.key, each.student.name)}
        missing = [name for name in asked.students if name not in known]
        if missing:
            guesses = [guess for name in missing if (guess := nearest(name, sorted(known))) is not None]
            some = [each.student.name for each in everybody[:10]]
            left = ", …" if len(everybody) > len(some) else ""
            raise UsageError(
                f"there is no submission of {', '.join(missing)} in {asked.submissions}",
                hint=f"Did you mean {', '.join(guesses)}?" if guesses else f"There are: {', '.join(some)}{left}",
            )
        chosen = [each for each in chosen if {each.student.key, each.student.name} & set(asked.students)]
    if not chosen and asked.shard is None:
        raise UsageError(f"there are no submissions in {asked.submissions}")
    return _HandedIn(chosen, size, frozenset(each.student.key for each in everybody))


def _the_only_one(path: Path, submitted: float | None) -> Submission:
    from chatsim.grading.record import Student
    from chatsim.submissions.passing_over import archive_suffix
    from chatsim.submissions.repositories import is_bare
    from chatsim.submissions.submission import Submission

    there = path.resolve()  # a link is followed: this one was named by whoever grades
    kind: Kind = "archive" if archive_suffix(there.name) else "file"
    if there.is_dir():
        kind = "repository" if is_bare(there) else "folder"
    return Submission(Student("submission", "submission"), there, kind, submitted, path.name)


def _terms(asked: Asked, store: Store, side_by_side: int) -> Terms:
    """Those of a grading that is continued, or new ones, for which this machine is measured with so many at once."""
    from chatsim._version import __version__
    from chatsim.grader.calibrating import patience_here
    from chatsim.grader.machine import this_machine
    from chatsim.grader.store import Terms

    file = str(Path(asked.assignment.file).absolute())
    known = None if asked.fresh and not asked.students else store.terms()
    shard = f"{asked.shard[0]}/{asked.shard[1]}" if asked.shard is not None else ""
    if known is not None and known.assignment == asked.assignment.played:
        if asked.patience is not None and asked.patience != known.patience:
            raise UsageError(
                f"{asked.results} was begun with --patience {known.patience:g}, and is the same for everybody",
                hint="Grade into another folder, or all anew: --fresh",
            )
        now = replace(
            known,
            confinement=asked.confinement,
            version=__version__,
            machine=this_machine(),
            shard=shard if shard == known.shard else "",  # several parts
            file=file,
        )
        if not asked.quiet:
            _tell_what_differs(known, now)
        if now != known:
            store.begin(now)
        return now
    if known is not None and not asked.quiet:
        hint("The assignment is another one than before: everybody is graded anew.")
    patience = asked.patience
    if patience is None:
        patience = patience_here(side_by_side) * asked.assignment.patience
        if not asked.quiet:
            times = "" if patience == 1 else f"{patience:g} times "
            hint(f"A trusted server was played with: on this machine, everybody is given {times}the usual patience.")
    if asked.fresh and not asked.students:
        store.forget()
    terms = Terms(
        asked.assignment.played,
        file,
        asked.assignment.seed,
        patience,
        asked.confinement,
        __version__,
        this_machine(),
        shard,
    )
    store.begin(terms)
    return terms


def _tell_what_differs(known: Terms, now: Terms) -> None:
    """Who was graded before was graded otherwise, though by the same assignment: whether that is fair, a person decides."""
    for what, before, after in (
        ("chatsim", known.version, now.version),
        ("the sandbox", known.confinement, now.confinement),
    ):
        if before != after:
            hint(f"Until now, {what} was {before}, and for who comes now it is {after}. For all alike: --fresh")


def _engine(asked: Asked) -> AbstractContextManager[Engine]:
    from chatsim.grader.engines import OnDask, OnThisMachine

    if asked.engine == "dask":
        return closing(OnDask(asked.scheduler or ""))
    return nullcontext(OnThisMachine(asked.jobs))


def write_first_assignment(submissions: str, assignment: str) -> int:
    """`--init`. Raises UsageError if the file is there already, or the disk refuses."""
    from chatsim.grader.beginning import first_assignment

    path = Path(assignment)
    try:
        if path.exists():
            raise UsageError(f"{path} is there already", hint="Name another file: --assignment NEW.yaml")
        text = first_assignment(Path(submissions), path.parent)
    except OSError as error:
        raise UsageError(f"{error.filename or path}: {(error.strerror or str(error)).lower()}") from None
    with whole_file(assignment) as file:
        file.write(text)
    tell(f"Written: {path}. Read it, mend it, then: chatsim grade {submissions} -a {path}")
    return PASSED
