"""`chatsim export`: grades for a learning system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    results: Annotated[str, typer.Argument(metavar="RESULTS", help="The folder that chatsim grade has written.")],
    formats: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMAT=F",
            help="What is written where; - is stdout. csv, json, canvas, moodle; of a single submission: gradescope, "
            "classroom50, prairielearn, vpl, html, markdown.",
        ),
    ],
    assignment: Annotated[
        str | None,
        typer.Option("-a", "--assignment", metavar="F", help="If it does not lie where it lay.", show_default=False),
    ] = None,
    marks: Annotated[
        str | None, typer.Option(metavar="F", show_default=False, help="What a person has decided.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(metavar="F", show_default=False, help="What Canvas or Moodle has exported: points go in there."),
    ] = None,
    column: Annotated[
        str,
        typer.Option(metavar="NAME", show_default=False, help="Of that table. Default: the assignment's title; Grade."),
    ] = "",
) -> None:
    """Write grades for a learning system (docs/grade-formats.md)."""
    from chatsim.cli.class_books import books
    from chatsim.cli.exporting import Table, exports, write
    from chatsim.cli.files import is_there
    from chatsim.errors import UsageError
    from chatsim.grader.store import Store

    wanted = exports(formats)
    into = None
    if table is not None:
        try:
            into = Table(Path(table).read_bytes(), table, column)
        except OSError as error:
            raise UsageError(f"{table} can not be read: {(error.strerror or str(error)).lower()}") from None
    if not is_there(Path(results).is_dir):  # opening it would make it
        raise UsageError(f"{results} holds no results", hint="It is the --results folder of a chatsim grade.")
    with Store(Path(results)) as store:
        made = books(store, assignment, marks)
    for kind, file in wanted:
        write(kind, file, made, into)
