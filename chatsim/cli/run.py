"""`chatsim run`: the main job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import Problems, complete_profiles, complete_yaml, yaml_files

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile
    from chatsim.report.report import Run
    from chatsim.runs import Target
    from chatsim.scenario.scenario import Scenario

__all__ = ["run"]

DRAWN_BELOW = 1_000_000_000  # nine digits: seeds get typed again


def run(
    scenarios: Annotated[
        list[str],
        typer.Argument(
            metavar="SCENARIO",
            help="Scenario files; of a folder, all *.yaml below it.",
            autocompletion=complete_yaml,
            show_default=False,
        ),
    ],
    server: Annotated[
        str | None,
        typer.Option(metavar="CMD", help="The command that starts the server, in place of the profile's own."),
    ] = None,
    connect: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="A server that is running already; IPv6 as [::1]:5000."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="How the server is spoken to: a profile's file, or the name of a built-in one (see: chatsim profiles). "
            "Alone, a built-in one means the reference server in that dialect; nothing at all means `lines`.",
            autocompletion=complete_profiles,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Draw names, texts and times from N, to replay a run. Default: drawn anew."
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Play each scenario N times, with seeds that count up, and tell rates."),
    ] = 1,
    keyword: Annotated[
        str | None,
        typer.Option("-k", metavar="EXPR", help='Only scenarios whose name or file matches: "drop and not reset".'),
    ] = None,
    exit_first: Annotated[bool, typer.Option("-x", "--exit-first", help="Stop at the first run that fails.")] = False,
    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, show_default=False, help="Tell every property and every run."),
    ] = 0,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, show_default=False, help="Verdicts alone, without witnesses.")
    ] = 0,
    json: Annotated[
        str | None, typer.Option("--json", metavar="F", help="Write the report as JSON; - is stdout.")
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="Write what every bot did and heard, as JSON lines for `chatsim check`; - is stdout. "
            "With several runs F gets a number: F-1, F-2, …",
        ),
    ] = None,
    patience: Annotated[
        float,
        typer.Option(
            metavar="X", show_default=False, help="Wait X times as long as usual before something counts as missing."
        ),
    ] = 1.0,
) -> None:
    """Play scenarios against a chat server and judge what happened.

    Without --server or --connect the profile's own start command is used; a built-in profile has none, and then the
    reference server is started, in that dialect.

    \b
    chatsim run scenarios/storm.yaml
    chatsim run scenarios --profile relay --repeat 20 -x
    chatsim run storm.yaml --server "python server.py" --profile mine.yaml
    chatsim run storm.yaml --connect 127.0.0.1:5000 --profile relay
    """
    from chatsim.cli.exit_codes import exit_code
    from chatsim.cli.reporting import Outlet
    from chatsim.cli.target import address, check_target
    from chatsim.cli.terminal import unwritable

    problems = Problems()
    check_target(server, connect, profile, problems)
    where = address(connect, problems) if connect is not None else None
    if not 0 < patience < float("inf"):
        problems.add(f"--patience {patience:g} makes no sense: it is a number above 0")
    for option, path in (("--json", json), ("--history", history)):
        if path is not None and (why := unwritable(path)):
            problems.add(f"{option}: {why}")
    if json == "-" and history == "-":
        problems.add("--json and --history can not both go to standard output")
    chosen = _read(scenarios, keyword, problems)
    spoken = _profile("lines" if profile is None else profile, server is not None or connect is not None, problems)
    problems.stop_if_any()
    assert spoken is not None

    from chatsim.runs import Target

    job = Job(chosen, spoken, Target(command=server, address=where), seed, repeat, patience, exit_first)
    outlet = Outlet(verbose - quiet, json, history, several_runs=len(chosen) * repeat > 1)
    try:
        for group in job.groups():
            outlet.group(group, job.repeat)
    except KeyboardInterrupt:  # between two runs; within one, the run itself notes it
        job.interrupted = True
    report = outlet.finish(job.repeat, stopped_early=job.stopped, interrupted=job.interrupted)
    raise typer.Exit(exit_code(report))


def _read(paths: list[str], keyword: str | None, problems: Problems) -> list[Scenario]:
    from chatsim.cli.selection import selection
    from chatsim.scenario.reader import load_scenario

    wanted = problems.attempt(lambda: selection(keyword)) if keyword is not None else None
    files = yaml_files(paths, problems)
    loaded = [problems.attempt(lambda file=file: load_scenario(file)) for file in files]  # type: ignore[misc]
    scenarios = [scenario for scenario in loaded if scenario is not None]
    if wanted is None:
        return scenarios
    kept = [scenario for scenario in scenarios if wanted(f"{scenario.name}\n{scenario.file}")]
    if scenarios and not kept:
        names = "\n".join(f"  {scenario.name}  ({scenario.file})" for scenario in scenarios[:20])
        problems.add(f'-k "{keyword}" matches none of these scenarios:\n{names}')
    return kept


def _profile(name: str, has_server: bool, problems: Problems) -> Profile | None:
    from chatsim.profile.reader import load_profile

    profile = problems.attempt(lambda: load_profile(name))
    if profile is None or has_server or not profile.file:
        return profile
    if profile.start is None or profile.start.command is None:
        problems.add(
            f"the profile {name} does not say how its server is started",
            'Give --server "CMD" or --connect HOST:PORT, or add `start: {command: "…"}` to the profile.',
        )
    return profile


@dataclass
class Job:
    """What is to be played, one scenario after the other; tells afterwards whether all of it was."""

    scenarios: list[Scenario]
    profile: Profile
    target: Target
    seed: int | None
    repeat: int
    patience: float
    exit_first: bool
    interrupted: bool = False
    stopped: bool = False
    drawn: int = field(init=False)

    def __post_init__(self) -> None:
        from random import SystemRandom

        self.drawn = SystemRandom().randrange(DRAWN_BELOW)

    def groups(self) -> Iterator[Callable[[], Iterator[Run]]]:
        """For each scenario a function that plays it and gives its runs as they end."""
        for scenario in self.scenarios:
            if self.interrupted or self.stopped:
                return
            yield lambda scenario=scenario: self._play(scenario)  # type: ignore[misc]

    def _play(self, scenario: Scenario) -> Iterator[Run]:
        from chatsim.runs import run

        first = next(seed for seed in (self.seed, scenario.seed, self.drawn) if seed is not None)
        for number in range(self.repeat):
            played = run(scenario, self.profile, self.target, seed=first + number, patience=self.patience)
            yield played
            if played.interrupted:
                self.interrupted = True
                return
            if self.exit_first and (played.error is not None or played.outcome.value == "failed"):
                self.stopped = True
                return
            if played.error is not None or played.outcome.value == "not-applicable":
                return  # it would be so again, each time after a wait
