"""`chatsim validate`: are these files right?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import complete_yaml

if TYPE_CHECKING:
    from chatsim.grading.assignment import Assignment

__all__ = ["validate"]


def validate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Scenarios, profiles and assignments; of a folder, all *.yaml below it.",
            autocompletion=complete_yaml,
        ),
    ],
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing about files that are right.")] = False,
) -> None:
    """Check scenarios, profiles and assignments without running anything.

    A file is told by its top key: `scenario`, `profile` or `assignment`; of an assignment all that it names is checked,
    too. All that is wrong is told at once, each with its place. Exit code 0: all are right; 2: something is wrong.
    """
    from pathlib import Path

    from chatsim.cli.files import Problems, is_assignment, is_profile, yaml_files
    from chatsim.cli.terminal import tell
    from chatsim.scenario.reader import load_scenario

    problems = Problems()
    for path in yaml_files(files, problems, profiles=True):
        known = len(problems.found)
        if is_profile(Path(path)):
            profile = problems.profile(str(Path(path)))
            what = f"profile {profile.name}" if profile else ""
        elif is_assignment(Path(path)):
            assignment = problems.assignment(path)
            what = f"assignment {assignment.name}: {_worth(assignment)}" if assignment else ""
        else:
            scenario = problems.attempt(lambda path=path: load_scenario(path))  # type: ignore[misc]
            what = f"scenario: {scenario.name}" if scenario else ""
        if len(problems.found) == known and not quiet:
            tell(f"ok  {path}  ({what})")
    problems.stop_if_any()


def _worth(assignment: Assignment) -> str:
    count = len(assignment.parts)
    return f"{count} part{'s' if count != 1 else ''}, {assignment.of} point{'s' if assignment.of != 1 else ''}"
