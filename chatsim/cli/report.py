"""`chatsim report`: what happened in recorded histories, as a page or as a picture in text."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.options import Colour, Histories, Only

__all__ = ["SETTINGS", "report"]

EXIT_CODES = """\b
Exit codes:
  0    it was told or written, whatever came of the runs
  2    usage, or a file that is no history"""

SETTINGS = {"epilog": EXIT_CODES}


def report(
    histories: Histories,
    html: Annotated[
        str | None, typer.Option("--html", metavar="F", help="Write a page that needs no other file; - is stdout.")
    ] = None,
    mermaid: Annotated[
        str | None,
        typer.Option("--mermaid", metavar="F", help="Write one history as a Mermaid sequence diagram; - is stdout."),
    ] = None,
    properties: Only = None,
    color: Colour = "auto",
) -> None:
    """Show what happened in recorded histories.

    Who said what, who heard it when, and what proves each failure. Without --html and --mermaid it is drawn in the
    terminal. Nothing is started and nothing but the files is needed.

    \b
    chatsim run storm.yaml --history storm.jsonl
    chatsim report storm.jsonl --html storm.html
    """
    import sys

    from chatsim.cli.files import Problems
    from chatsim.cli.formats import check_colour, check_files, renderer
    from chatsim.cli.recorded import judged, properties_named, read_histories
    from chatsim.cli.terminal import colours, tell, whole_file, width
    from chatsim.report.report import Report
    from chatsim.report.text import Style

    problems = Problems()
    files = check_files({"--html": html, "--mermaid": mermaid}, problems, read=histories)
    if mermaid is not None and len(histories) > 1:
        problems.add("--mermaid draws one history, and several are given", "Call it once for each of them.")
    check_colour(color, problems)
    names = properties_named(properties or [], problems)
    read = read_histories(histories, problems)
    problems.stop_if_any()

    whole = Report(tuple(judged(history, path, names) for path, history in read))
    for option, path in files.items():
        drawn = renderer(option)(whole) + "\n"
        with whole_file(path) as file:
            file.write(drawn)
    if not files:
        from chatsim.report.picture import render

        encoding = (sys.stdout and sys.stdout.encoding) or "utf-8"
        tell(render(whole, Style(colour=colours(wanted=color), width=width(), encoding=encoding)))
