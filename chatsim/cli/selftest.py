"""`chatsim selftest`: the proof that it can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import Problems

if TYPE_CHECKING:
    from chatsim.selftest.subjects import Subject

__all__ = ["SETTINGS", "selftest"]

EXIT_CODES_HELP = """\b
Exit codes:
    0  every fault is caught by what it breaks, and nothing right is blamed
    1  a fault is missed, or something right is blamed
    2  usage
    5  a fault of chatsim itself
  130  interrupted; what was played is told
"""
SETTINGS = {"epilog": EXIT_CODES_HELP}

# Most of a run against a server with a mistake is waiting for what never comes. With four runs a processor, two
# processors are busy for half of the time; whom that keeps waiting is replayed alone.
JOBS_PER_CORE = 4


def _complete(incomplete: str) -> list[str]:
    return [name for name in (subject.name for subject in _subjects()) if name.startswith(incomplete)]


def selftest(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="NAME",
            help="Only this fault, or this right server; may be given several times.",
            autocompletion=_complete,
            show_default=False,
        ),
    ] = None,
    keyword: Annotated[
        str | None,
        typer.Option(
            "-k", metavar="EXPR", help='Only servers whose name, dialect or property matches: "no-spin or right".'
        ),
    ] = None,
    repeat: Annotated[
        int, typer.Option(metavar="N", min=1, help="Play N rounds, with seeds that count up; racy faults get a rate.")
    ] = 1,
    first: Annotated[
        bool, typer.Option("--first", help="A round of a fault is over as soon as it is caught. Quick: for a CI.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "-j",
            "--jobs",
            metavar="N",
            min=0,
            help="Play N runs side by side; 0: four for each processor.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="The seed of the first round.")] = 1,
    patience: Annotated[
        float,
        typer.Option(
            metavar="X", show_default=False, help="Wait X times as long as usual before something counts as missing."
        ),
    ] = 1.0,
    verbose: Annotated[
        int,
        typer.Option(
            "-v", "--verbose", count=True, show_default=False, help="Tell what each fault is, and how to see it."
        ),
    ] = 0,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, show_default=False, help="Only what is wrong, and the sum.")
    ] = 0,
    json: Annotated[
        str | None, typer.Option("--json", metavar="F", help="Write the table and all runs as JSON; - is stdout.")
    ] = None,
) -> None:
    """Show that chatsim catches servers that are wrong, and no others.

    The scenarios that come with chatsim are played against each fault of the reference server (see: chatsim faults),
    a server with one mistake, and against servers without any. Each fault must be caught by the property that it
    breaks, and nothing right may be blamed.

    \b
    chatsim selftest
    chatsim selftest --first
    chatsim selftest -k racy --repeat 20
    """
    import sys
    from time import monotonic

    from chatsim.cli.progress import Progress
    from chatsim.cli.proving import Proving
    from chatsim.cli.terminal import tell, unwritable, whole_file, width
    from chatsim.jobs import cores
    from chatsim.selftest import json as as_json
    from chatsim.selftest import text
    from chatsim.selftest.table import table

    problems = Problems()
    if not 0 < patience < float("inf"):
        problems.add(f"--patience {patience:g} makes no sense: it is a number above 0")
    if json is not None and (why := unwritable(json)):
        problems.add(f"--json: {why}")
    subjects = _chosen(_subjects(), only or [], keyword, problems)
    problems.stop_if_any()

    began = monotonic()
    side_by_side = jobs or JOBS_PER_CORE * cores()
    play = Proving(subjects, repeat=repeat, seed=seed, first=first, patience=patience, jobs=side_by_side)
    play.all(Progress(wanted=quiet == 0))
    shown = table(subjects, play.results.values(), repeat)
    stream = sys.stderr if json == "-" else sys.stdout
    tell(text.render(shown, width=width(), verbosity=verbose - quiet), stream)
    if play.interrupted:
        tell("Interrupted: what had been played is told above.", stream)
    if json is not None:
        asked = {"repeat": repeat, "seed": seed, "first": first, "patience": patience, "jobs": side_by_side}
        with whole_file(json) as file:
            file.write(as_json.render(shown, seconds=monotonic() - began, interrupted=play.interrupted, **asked) + "\n")
    raise typer.Exit(130 if play.interrupted else 0 if shown.proved else 1)


# --- who is played against --------------------------------------------------------------------------------------------


def _subjects() -> tuple[Subject, ...]:
    """All faults, then the right servers."""
    import os
    import subprocess

    from chatsim.profile.reader import dialect_names
    from chatsim.runs import reference_server
    from chatsim.selftest.subjects import read_faults, right_servers

    command, environment = reference_server("--list-faults", "--json")
    listed = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    faults = read_faults(listed.stdout)
    spoken = sorted({fault.dialect for fault in faults})  # so that what a fault is caught by is the fault's
    return (*faults, *right_servers(dialect_names(), spoken))


def _chosen(
    subjects: tuple[Subject, ...], only: list[str], keyword: str | None, problems: Problems
) -> tuple[Subject, ...]:
    from chatsim.cli.nearest import did_you_mean
    from chatsim.cli.selection import selection

    known = [subject.name for subject in subjects]
    for name in only:
        if name not in known:
            hint = did_you_mean(name, known, "`chatsim faults` lists them all.")
            problems.add(f'--only: there is no fault "{name}"', hint)
    wanted = problems.attempt(lambda: selection(keyword)) if keyword is not None else None
    chosen = tuple(subject for subject in subjects if not only or subject.name in only)
    if wanted is not None:
        chosen = tuple(subject for subject in chosen if wanted(_described(subject)))
        if not chosen and not problems.found:
            problems.add(f'-k "{keyword}" matches no server', "`chatsim faults` lists the faults.")
    return chosen


def _described(subject: Subject) -> str:
    racy = "racy" if subject.racy else ""
    return "\n".join((subject.name, subject.dialect, racy, *subject.breaks))
