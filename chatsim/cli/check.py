"""`chatsim check`: judge recorded histories again."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["check"]


def check(
    histories: Annotated[
        list[str],
        typer.Argument(metavar="HISTORY", help="Files written by `chatsim run --history`; - is standard input."),
    ],
    properties: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Judge this property or group alone; may be given several times."),
    ] = None,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, show_default=False, help="Tell every property.")
    ] = 0,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, show_default=False, help="Verdicts alone, without witnesses.")
    ] = 0,
    json: Annotated[
        str | None, typer.Option("--json", metavar="F", help="Write the report as JSON; - is stdout.")
    ] = None,
    jsonl: Annotated[
        str | None, typer.Option("--jsonl", metavar="F", help="Write a line of JSON for each history.")
    ] = None,
    junitxml: Annotated[
        str | None,
        typer.Option("--junitxml", metavar="F", help="Write JUnit XML, for Jenkins, GitLab and others."),
    ] = None,
    tap: Annotated[
        str | None, typer.Option("--tap", metavar="F", help="Write the Test Anything Protocol, version 14.")
    ] = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="F", help="Write a page with a picture of each history.")
    ] = None,
    ctrf: Annotated[
        str | None, typer.Option("--ctrf", metavar="F", help="Write the Common Test Report Format, a JSON.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="F", help="Compare with a stored report, and fail only for what got worse."),
    ] = None,
    color: Annotated[
        str,
        typer.Option(
            "--color",
            "--colour",
            metavar="WHEN",
            help="Colours: auto (on a terminal), always, or never.",
            show_default=False,
        ),
    ] = "auto",
) -> None:
    """Judge recorded histories again: the same verdicts, report and exit codes as when they were played.

    Nothing is started and nothing but the files is needed.
    """
    from chatsim.cli.exit_codes import exit_code
    from chatsim.cli.files import Problems
    from chatsim.cli.formats import check_colour, check_files
    from chatsim.cli.recorded import judged, properties_named, read_histories
    from chatsim.cli.reporting import Outlet
    from chatsim.cli.standard import standard
    from chatsim.report.comparison import NOISE

    problems = Problems()
    files = check_files(
        {"--json": json, "--jsonl": jsonl, "--junitxml": junitxml, "--tap": tap, "--ctrf": ctrf, "--html": html},
        problems,
        read=histories,
    )
    check_colour(color, problems)
    measure = standard(baseline, False, NOISE, problems)
    names = properties_named(properties or [], problems)
    read = read_histories(histories, problems)
    problems.stop_if_any()

    outlet = Outlet(verbose - quiet, files, standard=measure, colour=color)
    for path, history in read:
        outlet.group(lambda path=path, history=history: [judged(history, path, names)], 1)  # type: ignore[misc]
    raise typer.Exit(exit_code(outlet.finish()))
