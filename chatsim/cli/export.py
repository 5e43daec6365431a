"""`chatsim export`: grades for a learning system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["export"]


def export(
    results: Annotated[str, typer.Argument(metavar="RESULTS", help="The folder that chatsim grade has written.")],
    formats: Annotated[list[str], typer.Argument(metavar="FORMAT=F", help="What is written where; - is stdout.")],
    assignment: Annotated[
        str | None,
        typer.Option("-a", "--assignment", metavar="F", help="If it does not lie where it lay.", show_default=False),
    ] = None,
    marks: Annotated[
        str | None, typer.Option(metavar="F", show_default=False, help="What a person has decided.")
    ] = None,
) -> None:
    """Write grades for a learning system (docs/grade-formats.md)."""
    from chatsim.cli.class_books import books
    from chatsim.cli.exporting import exports, write
    from chatsim.grader.store import Store

    wanted = exports(formats)
    with Store(Path(results)) as store:
        made = books(store, assignment, marks)
    for kind, file in wanted:
        write(kind, file, made)
