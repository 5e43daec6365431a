"""`chatsim explain`: the plan in words."""

from __future__ import annotations

from typing import Annotated

import typer

from chatsim.cli.files import complete_profiles, complete_yaml

__all__ = ["explain"]


def explain(
    scenario: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="Scenario files; of a folder, all below it.", autocompletion=complete_yaml),
    ],
    profile: Annotated[
        str,
        typer.Option(
            metavar="P", help="A profile's file, or the name of a built-in one.", autocompletion=complete_profiles
        ),
    ] = "lines",
    seed: Annotated[
        int | None, typer.Option(metavar="N", min=0, show_default=False, help="The seed that names are drawn from.")
    ] = None,
) -> None:
    """Tell in words what a scenario will do: each step, what is waited for, and which properties are put to the test.

    Nothing is started.
    """
    from chatsim.cli.files import Problems, yaml_files
    from chatsim.cli.terminal import tell, width
    from chatsim.profile.reader import load_profile
    from chatsim.report.explain import explain_plan
    from chatsim.report.printable import wrap
    from chatsim.scenario.reader import load_scenario

    problems = Problems()
    spoken = problems.attempt(lambda: load_profile(profile))
    files = yaml_files(scenario, problems)
    loaded = [problems.attempt(lambda file=file: load_scenario(file)) for file in files]  # type: ignore[misc]
    problems.stop_if_any()
    assert spoken is not None
    told = []
    for one in loaded:
        assert one is not None
        drawn = next(number for number in (seed, one.seed, 1) if number is not None)
        explained = problems.attempt(lambda one=one, drawn=drawn: explain_plan(one, spoken, drawn))  # type: ignore[misc]
        lines: list[str] = []
        for line in explained or ():
            indent = len(line) - len(line.lstrip(" "))
            lines += wrap(line.strip(), width(), indent=" " * indent, later=" " * (indent + 4))
        told.append("\n".join(lines))
    problems.stop_if_any()
    tell("\n\n".join(told))
