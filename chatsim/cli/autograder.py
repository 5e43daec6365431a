"""`chatsim autograder`: an assignment as a zip that Gradescope takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["autograder"]


def autograder(
    assignment: Annotated[str, typer.Argument(metavar="ASSIGNMENT", help="What gives points (docs/assignment.md).")],
    output: Annotated[str, typer.Option("-o", "--output", metavar="F", help="The zip.")] = "autograder.zip",
    setup: Annotated[
        str,
        typer.Option(
            metavar="LINE",
            show_default=False,
            help='For the shell, when the image is built: "apt-get install -y default-jdk-headless".',
        ),
    ] = "",
    unsafe_no_sandbox: Annotated[
        bool,
        typer.Option("--unsafe-no-sandbox", help="Do not confine servers. Students could write their own results."),
    ] = False,
) -> None:
    """Write an autograder for Gradescope, in one zip: the assignment, its scenarios and profiles, and chatsim itself.

    Nothing is downloaded when it grades.
    """
    from chatsim.cli.files import Problems
    from chatsim.cli.terminal import tell
    from chatsim.errors import UsageError
    from chatsim.gradebook.autograder import autograder_zip
    from chatsim.gradebook.carried import assignment_files, own_packages

    problems = Problems()
    read = problems.assignment(assignment)
    problems.stop_if_any()
    assert read is not None
    name, files = assignment_files(read)
    content = autograder_zip(name, files, own_packages(), setup=setup, unsafe=unsafe_no_sandbox)
    try:
        Path(output).write_bytes(content)
    except OSError as error:
        raise UsageError(f"{output} can not be written: {(error.strerror or str(error)).lower()}") from None
    tell(f"Written: {output} ({len(content) / 2**20:.1f} MiB). In Gradescope: Configure Autograder, upload it.")
