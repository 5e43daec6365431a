"""What Python programs call: `chatsim.run`. From what a program has at hand (a path, a text, a map) to a report.

Owns: reading what it is given, and refusing what makes no sense before anything is started. What a run is, says `runs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatsim.errors import UsageError
from chatsim.report.report import Report
from chatsim.runs import Target, address_of

if TYPE_CHECKING:
    from chatsim.profile.profile import Profile
    from chatsim.scenario.scenario import Scenario

__all__ = ["profile_of", "run", "scenario_of", "target_of"]

DRAWN_BELOW = 1_000_000_000  # as on the command line: seeds get typed again


def run(
    scenario: str | Path | Mapping[str, Any] | Scenario,
    *,
    server: str | Sequence[str] | None = None,
    connect: str | tuple[str, int] | None = None,
    profile: str | Path | Mapping[str, Any] | Profile | None = None,
    seed: int | None = None,
    repeat: int = 1,
    patience: float = 1.0,
) -> Report:
    """Play a scenario against a chat server and judge it, as `chatsim run` does.

    `scenario`: a path; a scenario's text (a str with a line end in it); or the same as a mapping.
    `server`: the command that starts it, as a line or as words; `{port}` in it is a free port. `connect`: one that runs
    already, as "HOST:PORT" or a pair. Neither: the profile's own `start`, or the reference server in that dialect.
    `profile`: the name of a built-in one, a path, a text, or a mapping; needed with `server` and `connect`, else `lines`.
    `seed`: for all that is drawn. None: the scenario's own, or drawn anew; each run of the report tells its own.
    `repeat`: how often, with seeds that count up. `patience`: times the usual before something counts as missing.

    Returns when all is played. The server's whole process tree has ended by then, also if this raises. May be called in
    any thread, and in several at once; it blocks, so call it as `await asyncio.to_thread(chatsim.run, …)` where an
    event loop is to go on.

    Raises UsageError (and its kinds ScenarioError and ProfileError, with all places) for what it was given;
    KeyboardInterrupt for Ctrl-C and, in the main thread, for a SIGTERM that nobody else handles. Nothing for what the
    server does: one that can not be started, reached or spoken to is the `error` of that run, and the report is not ok.
    """
    from chatsim import runs

    read, spoken = scenario_of(scenario), profile_of(profile)
    target = target_of(server, connect, spoken, profile_given=profile is not None)
    if repeat < 1:
        raise UsageError(f"repeat={repeat} makes no sense: it is a number from 1")
    if not 0 < patience < float("inf"):
        raise UsageError(f"patience={patience:g} makes no sense: it is a number above 0")
    if seed is not None and seed < 0:
        raise UsageError(f"seed={seed} makes no sense: it is a number from 0")
    first = _first_seed(seed, read)
    played = []
    for number in range(repeat):
        one = runs.run(read, spoken, target, seed=first + number, patience=patience)
        if one.interrupted:
            raise KeyboardInterrupt
        played.append(one)
        if one.why:  # it can not be played with this profile: not with another seed either
            break
    return Report(tuple(played), repeat)


def _first_seed(seed: int | None, scenario: Scenario) -> int:
    if seed is not None:
        return seed
    if scenario.seed is not None:
        return scenario.seed
    from random import SystemRandom

    return SystemRandom().randrange(DRAWN_BELOW)


def scenario_of(given: str | Path | Mapping[str, Any] | Scenario) -> Scenario:
    """The scenario that is meant. Raises ScenarioError, with all that is wrong in it."""
    from chatsim.scenario.reader import load_scenario, read_scenario
    from chatsim.scenario.scenario import Scenario

    if isinstance(given, Scenario):
        return given
    text = _text_of(given, "a scenario")
    return load_scenario(str(given)) if text is None else read_scenario(text)


def profile_of(given: str | Path | Mapping[str, Any] | Profile | None) -> Profile:
    """The profile that is meant; None: `lines`. Raises ProfileError, with all that is wrong in it."""
    from chatsim.profile.profile import Profile
    from chatsim.profile.reader import load_profile, read_profile

    if given is None or isinstance(given, Profile):
        return given or load_profile("lines")
    text = _text_of(given, "a profile")
    return load_profile(str(given)) if text is None else read_profile(text, "profile")


def target_of(
    server: str | Sequence[str] | None,
    connect: str | tuple[str, int] | None,
    profile: Profile,
    *,
    profile_given: bool = True,
) -> Target:
    """The server that is meant. Raises UsageError where two are, or none, or nobody says how it is spoken to."""
    from chatsim.profile.reader import dialect_names

    if server is not None and connect is not None:
        raise UsageError(
            "server and connect exclude each other", hint="server starts one, connect uses one that is running already."
        )
    if (server is not None or connect is not None) and not profile_given:
        raise UsageError(
            "a server needs a profile, which says how it is spoken to",
            hint="The name of a built-in one (see: chatsim profiles), or a file of yours.",
        )
    if connect is not None:
        return Target(address=address_of(connect) if isinstance(connect, str) else _pair(connect))
    if server is not None:
        return Target(command=_command(server))
    starts_itself = profile.start is not None and profile.start.command is not None
    if not starts_itself and profile.name not in dialect_names():
        raise UsageError(
            f"nothing says which server is meant: the reference server does not speak {profile.name}",
            hint="Give a command that starts one (server), or where one listens (connect).",
        )
    return Target()


def _pair(given: object) -> tuple[str, int]:
    match given:
        case (str(host), int(port)) if host and 0 <= port <= 65535:  # 0: of a Unix socket, as `address_of` gives it
            return host, port
    raise UsageError(f"connect={given!r} makes no sense", hint='It is "HOST:PORT", or a pair of host and port.')


def _command(given: str | Sequence[str]) -> str:
    import shlex

    command = given if isinstance(given, str) else " ".join(map(_quoted, given))
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise UsageError(
            f"the server's command can not be read: {command}",
            hint=f"It is split as by a shell: {str(problem).lower()}.",
        ) from None
    if not words:
        raise UsageError("the server's command is empty", hint='Such as "python server.py {port}".')
    return command


def _quoted(word: str) -> str:
    """As one would type it: the braces of a placeholder need no quotes."""
    import shlex

    bare = word.replace("{port}", "0").replace("{host}", "0")
    return word if shlex.quote(bare) == bare else shlex.quote(word)


def _text_of(given: object, what: str) -> str | None:
    """YAML, if it is that; None for a path or a name."""
    if isinstance(given, Mapping):
        import yaml

        try:
            return yaml.safe_dump(dict(given), sort_keys=False, allow_unicode=True, width=1_000_000)
        except yaml.YAMLError as problem:
            words = " ".join(map(str, problem.args))
            raise UsageError(f"{what} is made of texts, numbers, lists and mappings: {words}") from None
    if isinstance(given, str):
        return given if "\n" in given else None
    if isinstance(given, Path):
        return None
    raise UsageError(f"{what} is a path, a text or a mapping, and not {type(given).__name__}")
