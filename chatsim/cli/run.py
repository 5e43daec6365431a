"""`chatsim run`: the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chatsim.cli.files import Problems, complete_profiles, complete_yaml, yaml_files
from chatsim.cli.options import Colour, Ctrf, Json, JUnitXml, Quiet, Tap
from chatsim.report.comparison import NOISE

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile
    from chatsim.scenario.scenario import Scenario

__all__ = ["run"]


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
        typer.Option(
            metavar="HOST:PORT",
            help="A server that is running already; IPv6 as [::1]:5000, a Unix socket as unix:PATH.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="How the server is spoken to: a profile's file, or the name of a built-in one (see: chatsim profiles). "
            "Alone, a dialect of the reference server means that server; nothing at all means `lines`. A server without a "
            "profile is tried first, and its profile detected.",
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
    jobs: Annotated[
        int,
        typer.Option(
            "-j",
            "--jobs",
            metavar="N",
            min=0,
            help="Play N runs side by side; 0: as many as there are processors. Most of a run is waiting, so a few more "
            "are quicker still. What fails by an absence is replayed alone, as with --confirm.",
        ),
    ] = 1,
    isolate: Annotated[
        bool | None,
        typer.Option(
            "--isolate/--no-isolate",
            show_default=False,
            help="Start each server in a network namespace of its own (Linux). By itself only where runs side by side "
            "would meet on one port.",
        ),
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox",
            help="Start each server as `chatsim grade` does: confined, in a copy of its folder, with bounds on what it uses.",
        ),
    ] = False,
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm",
            help="Replay each run that failed by an absence, with the same seed and nothing beside it. What is not seen "
            "again is inconclusive.",
        ),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option("-v", "--verbose", count=True, show_default=False, help="Tell every property and every run."),
    ] = 0,
    quiet: Quiet = 0,
    json: Json = None,
    jsonl: Annotated[
        str | None,
        typer.Option("--jsonl", metavar="F", help="Write a line of JSON for each scenario as soon as it is finished."),
    ] = None,
    junitxml: JUnitXml = None,
    tap: Tap = None,
    html: Annotated[
        str | None,
        typer.Option("--html", metavar="F", help="Write a page for people, with a picture of what happened."),
    ] = None,
    ctrf: Ctrf = None,
    history: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="Write what every bot did and heard, as JSON lines for `chatsim check`; - is stdout. "
            "With several runs F gets a number: F-1, F-2, …",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="F",
            help="Compare with a stored report (--json), and fail only for what got worse.",
        ),
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write what came of these runs into that file.")
    ] = False,
    noise: Annotated[
        float,
        typer.Option(
            metavar="X", help="With --baseline: messages may take X times as long as then, and 20 ms longer, unblamed."
        ),
    ] = NOISE,
    color: Colour = "auto",
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Play again whenever a scenario, the profile or the server's source changes."),
    ] = False,
    patience: Annotated[
        float,
        typer.Option(
            metavar="X", show_default=False, help="Wait X times as long as usual before something counts as missing."
        ),
    ] = 1.0,
) -> None:
    """Play scenarios against a chat server and judge what happened.

    Without --server or --connect the profile's own start command is used. A built-in profile has none; if it is a
    dialect of the reference server, that is started.

    \b
    chatsim run scenarios/storm.yaml
    chatsim run scenarios --profile relay --repeat 20 -x
    chatsim run scenarios -j 0
    chatsim run storm.yaml --server "python server.py" --profile mine.yaml
    chatsim run storm.yaml --connect 127.0.0.1:5000 --profile relay
    chatsim run storm.yaml --server "python server.py"
    """
    if watch:
        again = {**locals(), "watch": False}
        from chatsim.cli.watching import watched, watching

        raise typer.Exit(watching(lambda: run(**again), lambda: watched(scenarios, profile, server)))

    from chatsim.cli.exit_codes import exit_code
    from chatsim.cli.formats import check_colour, check_files
    from chatsim.cli.reporting import Outlet
    from chatsim.cli.side_by_side import check_isolate, confined, isolated, side_by_side
    from chatsim.cli.standard import standard
    from chatsim.cli.target import address, check_target, check_wire

    problems = Problems()
    check_target(server, connect, problems)
    where = address(connect, problems) if connect is not None else None
    if not 0 < patience < float("inf"):
        problems.add(f"--patience {patience:g} makes no sense: it is a number above 0")
    asked = {
        "--baseline": baseline if update_baseline else None,
        "--json": json,
        "--jsonl": jsonl,
        "--junitxml": junitxml,
        "--tap": tap,
        "--ctrf": ctrf,
        "--html": html,
        "--history": history,
    }
    chosen = _read(scenarios, keyword, problems)
    files = check_files(asked, problems, read=[*(each.file for each in chosen), profile])
    check_colour(color, problems)
    measure = standard(baseline, update_baseline, noise, problems)
    check_isolate(isolate, connect, problems)
    named = server is not None or connect is not None
    unknown = named and profile is None
    spoken = None if unknown else _profile("lines" if profile is None else profile, named, problems)
    check_wire(server, where, spoken, problems)
    from chatsim.runs import Target

    target = confined(Target(command=server, address=where), sandbox, connect, problems)
    problems.stop_if_any()

    from chatsim.cli.playing import Playing

    target = isolated(target, isolate)
    if unknown:
        from chatsim.cli.detecting import profile_of

        spoken, target = profile_of(target, quiet=quiet > 0)
    assert spoken is not None
    outlet = Outlet(
        verbose - quiet,
        files,
        asked=len(chosen) * repeat,
        exit_first=exit_first,
        standard=measure,
        colour=color,
    )
    beside = side_by_side(jobs, spoken, target, isolate)
    playing = Playing(
        chosen, spoken, target, seed, repeat, patience, exit_first, beside.jobs, confirm, beside.target, outlet.progress
    )
    try:
        for group in playing.groups():
            outlet.group(group, repeat)
    except KeyboardInterrupt:  # between two runs; within one, the run itself notes it
        playing.interrupted = True
    except Exception:  # of our own making, and told elsewhere; what was finished is not lost for it
        outlet.finish(repeat, interrupted=True)
        raise
    report = outlet.finish(repeat, stopped_early=playing.stopped, interrupted=playing.interrupted)
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
    from chatsim.profile.reader import dialect_names

    profile = problems.profile(name)
    if profile is None or has_server or (not profile.file and name in dialect_names()):
        return profile
    if not profile.file:
        problems.add(
            f"the reference server does not speak {name}: this profile is for servers of others",
            'Name one: --server "CMD" starts it, --connect HOST:PORT uses one that is running.\n'
            f"The reference server speaks {', '.join(dialect_names())}.",
        )
    elif profile.start is None or profile.start.command is None:
        problems.add(
            f"the profile {name} does not say how its server is started",
            'Give --server "CMD" or --connect HOST:PORT, or add `start: {command: "…"}` to the profile.',
        )
    return profile
