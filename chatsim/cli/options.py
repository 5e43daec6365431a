"""Options that several verbs have, in the same words."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Colour", "Ctrf", "Histories", "JUnitXml", "Json", "Only", "Quiet", "Tap"]

Histories = Annotated[
    list[str],
    typer.Argument(metavar="HISTORY", help="Files written by `chatsim run --history`; - is standard input."),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Judge this property or group alone; may be given several times."),
]
Quiet = Annotated[
    int, typer.Option("-q", "--quiet", count=True, show_default=False, help="Verdicts alone, without witnesses.")
]
Json = Annotated[str | None, typer.Option("--json", metavar="F", help="Write the report as JSON; - is stdout.")]
JUnitXml = Annotated[
    str | None, typer.Option("--junitxml", metavar="F", help="Write JUnit XML, for Jenkins, GitLab and others.")
]
Tap = Annotated[str | None, typer.Option("--tap", metavar="F", help="Write the Test Anything Protocol, version 14.")]
Ctrf = Annotated[str | None, typer.Option("--ctrf", metavar="F", help="Write the Common Test Report Format, a JSON.")]
Colour = Annotated[
    str,
    typer.Option(
        "--color",
        "--colour",
        metavar="WHEN",
        help="Colours: auto (on a terminal), always, or never.",
        show_default=False,
    ),
]
