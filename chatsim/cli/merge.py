"""`chatsim merge`: graded parts of a class, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["merge"]


def merge(
    parts: Annotated[
        list[str], typer.Argument(metavar="RESULTS", help="Folders that chatsim grade --shard has written.")
    ],
    results: Annotated[
        str, typer.Option("-o", "--results", metavar="DIR", help="Where the whole is written.")
    ] = "grades",
    assignment: Annotated[
        str | None,
        typer.Option("-a", "--assignment", metavar="F", help="If it does not lie where it lay.", show_default=False),
    ] = None,
    marks: Annotated[
        str | None, typer.Option(metavar="F", show_default=False, help="What a person has decided.")
    ] = None,
) -> None:
    """Put the parts of a class together that were graded apart, by --shard I/N, and write the books of all.

    Exit code 0: everybody is graded; 3: there is something that a person has to decide.
    """
    from chatsim.cli.class_books import books, sum_up
    from chatsim.cli.terminal import hint
    from chatsim.grader import merging
    from chatsim.grader.store import Store

    folders = [Path(part) for part in parts]
    with Store(Path(results)) as store:
        merging.merge(folders, store)
        if missing := merging.not_given(folders):
            hint(missing)
        made = books(store, assignment, marks)
    raise typer.Exit(sum_up(Path(results), made))
