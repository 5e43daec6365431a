"""`chatsim validate`: are these files right?"""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.files import complete_yaml

__all__ = ["validate"]


def validate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Scenarios and profiles; of a folder, all *.yaml below it.",
            autocompletion=complete_yaml,
        ),
    ],
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Say nothing about files that are right.")] = False,
) -> None:
    """Check scenarios and profiles without running anything.

    A file is told by its top key, `scenario` or `profile`. All that is wrong is told at once, each with its place. Exit
    code 0: all are right; 2: something is wrong.
    """
    from pathlib import Path

    from chatsim.cli.files import Problems, is_profile, yaml_files
    from chatsim.cli.terminal import tell
    from chatsim.scenario.reader import load_scenario

    problems = Problems()
    for path in yaml_files(files, problems, profiles=True):
        known = len(problems.found)
        if is_profile(Path(path)):
            profile = problems.profile(str(Path(path)))
            what = f"profile {profile.name}" if profile else ""
        else:
            scenario = problems.attempt(lambda path=path: load_scenario(path))  # type: ignore[misc]
            what = f"scenario: {scenario.name}" if scenario else ""
        if len(problems.found) == known and not quiet:
            tell(f"ok  {path}  ({what})")
    problems.stop_if_any()
