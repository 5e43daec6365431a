"""`chatsim explain`: the plan in words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from chatsim.cli.files import complete_profiles

__all__ = ["explain"]


def explain(
    scenario: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Scenarios (of a folder, all below it), or profiles: a file, or the name of a built-in one.",
            autocompletion=complete_profiles,
        ),
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

    Of a profile it tells how a client comes, speaks, hears and goes.

    Nothing is started.
    """
    from chatsim.cli.files import Problems, is_profile, yaml_files
    from chatsim.cli.terminal import tell
    from chatsim.profile.reader import builtin_names
    from chatsim.report.explain import explain_plan
    from chatsim.report.explain_profile import explain_profile
    from chatsim.scenario.reader import load_scenario

    problems = Problems()
    spoken = problems.profile(profile)
    profiles = [name for name in scenario if name in builtin_names() or is_profile(Path(name))]
    described = [problems.profile(name) for name in profiles]
    files = yaml_files([name for name in scenario if name not in profiles], problems)
    loaded = [problems.attempt(lambda file=file: load_scenario(file)) for file in files]  # type: ignore[misc]
    problems.stop_if_any()
    assert spoken is not None
    told = [_wrapped(explain_profile(one)) for one in described if one is not None]
    for one in loaded:
        assert one is not None
        drawn = next(number for number in (seed, one.seed, 1) if number is not None)
        explained = problems.attempt(lambda one=one, drawn=drawn: explain_plan(one, spoken, drawn))  # type: ignore[misc]
        told.append(_wrapped(explained or ()))
    problems.stop_if_any()
    tell("\n\n".join(told))


def _wrapped(told: Iterable[str]) -> str:
    from chatsim.cli.terminal import width
    from chatsim.report.printable import wrap

    lines: list[str] = []
    for line in told:
        indent = len(line) - len(line.lstrip(" "))
        lines += wrap(line.strip(), width(), indent=" " * indent, later=" " * (indent + 4))
    return "\n".join(lines)
