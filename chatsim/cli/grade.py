"""`chatsim grade`: a class of untrusted servers, with points and feedback."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.files import Problems

__all__ = ["grade"]


def grade(
    submissions: Annotated[
        str,
        typer.Argument(metavar="SUBMISSIONS", help="A folder or an archive with what each student handed in."),
    ],
    assignment: Annotated[
        str,
        typer.Option("-a", "--assignment", metavar="F", help="What gives points (docs/assignment.md)."),
    ] = "assignment.yaml",
    results: Annotated[
        str,
        typer.Option(
            "-o", "--results", metavar="DIR", help="Where results are kept; what is there already is continued."
        ),
    ] = "grades",
    init: Annotated[
        bool,
        typer.Option("--init", help="Write a first assignment for these submissions, and grade nothing."),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option("-j", "--jobs", metavar="N", help="Submissions at a time.", show_default="one a processor"),
    ] = 0,
    student: Annotated[
        list[str] | None,
        typer.Option("--student", metavar="NAME", help="Only this one; may be given several times."),
    ] = None,
    single: Annotated[
        bool,
        typer.Option("--single", help="SUBMISSIONS is the submission of one student, as an autograder has it."),
    ] = False,
    submitted: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", show_default=False, help="With --single: when it was handed in, as 2026-11-30T22:10+01:00."
        ),
    ] = None,
    marks: Annotated[
        str | None,
        typer.Option(metavar="F", show_default=False, help="What a person has decided (docs/assignment.md)."),
    ] = None,
    export: Annotated[
        list[str] | None,
        typer.Option("--export", metavar="FORMAT=F", help="Write the grades for a learning system, too."),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Forget what is in the folder of results (with --student: of these), and grade anew."
        ),
    ] = False,
    patience: Annotated[
        float | None,
        typer.Option(
            metavar="X", show_default=False, help="Wait X times as long as usual. Default: this machine tells."
        ),
    ] = None,
    sandbox: Annotated[
        str,
        typer.Option(metavar="LEVEL", help="bubblewrap, user, landlock; auto takes the best that there is."),
    ] = "auto",
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox", help="Run what students wrote with all that you may do. Only if you trust them."
        ),
    ] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", show_default=False, help="Only the I-th of N parts; chatsim merge puts them together."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(metavar="E", help="Where they are played: local, or dask.")] = "local",
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", show_default=False, help="Of the Dask cluster, as tcp://host:8786."),
    ] = None,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Grade a class: play with every student's server, safely and side by side, and write a book of grades.

    Exit code 0: everybody is graded; 3: there is something that a person has to decide.
    """
    from chatsim.cli.class_grading import asked, grade_class, write_first_assignment

    if init:
        raise typer.Exit(write_first_assignment(submissions, assignment))
    problems = Problems()
    everything = asked(
        problems,
        submissions=submissions,
        assignment=assignment,
        results=results,
        jobs=jobs,
        students=tuple(student or ()),
        single=single,
        submitted=submitted,
        marks=marks,
        export=tuple(export or ()),
        fresh=fresh,
        patience=patience,
        sandbox="none" if unsafe_no_sandbox else sandbox,
        shard=shard,
        engine=engine,
        scheduler=scheduler,
        quiet=quiet,
    )
    problems.stop_if_any()
    assert everything is not None
    raise typer.Exit(grade_class(everything))
