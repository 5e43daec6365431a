"""`chatsim check`: judge recorded histories again."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.options import Colour, Ctrf, Histories, Json, JUnitXml, Only, Quiet, Tap

__all__ = ["check"]


def check(
    histories: Histories,
    properties: Only = None,
    verbose: Annotated[
        int, typer.Option("-v", "--verbose", count=True, show_default=False, help="Tell every property.")
    ] = 0,
    quiet: Quiet = 0,
    json: Json = None,
    jsonl: Annotated[
        str | None, typer.Option("--jsonl", metavar="F", help="Write a line of JSON for each history.")
    ] = None,
    junitxml: JUnitXml = None,
    tap: Tap = None,
    html: Annotated[
        str | None, typer.Option("--html", metavar="F", help="Write a page with a picture of each history.")
    ] = None,
    ctrf: Ctrf = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="F", help="Compare with a stored report, and fail only for what got worse."),
    ] = None,
    color: Colour = "auto",
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
