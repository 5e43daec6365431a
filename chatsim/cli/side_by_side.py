"""How many runs can be played side by side, and where their servers live then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chatsim.cli.terminal import hint

if TYPE_CHECKING:
    from chatsim.cli.files import Problems
    from chatsim.profile.profile import Profile
    from chatsim.runs import Target

__all__ = ["SideBySide", "check_isolate", "confined", "isolated", "side_by_side"]

CHOOSES_ITSELF = "--jobs: the server chooses its port itself"
TAKES_A_PORT = "If it takes a port, write {port} where it stands in the command."


@dataclass(frozen=True, slots=True)
class SideBySide:
    """`jobs` runs at a time, on this target; a run that is replayed alone has the one that was asked for."""

    jobs: int
    target: Target


def check_isolate(isolate: bool | None, connect: str | None, problems: Problems) -> None:
    """Can each server be given a network of its own, if this was asked for?"""
    if not isolate:
        return
    if connect is not None:
        problems.add(
            "--isolate and --connect exclude each other", "A server that is running already stays where it is."
        )
        return
    from chatsim.server.own_network import refusal

    if why := refusal():
        problems.add(
            f"--isolate: there are no network namespaces to be had here: {why}",
            "They need Linux, and root or user namespaces, which containers and some systems refuse.",
        )


def confined(target: Target, sandbox: bool, connect: str | None, problems: Problems) -> Target:
    """The target in the best sandbox that this machine offers, if one was asked for."""
    if not sandbox:
        return target
    if connect is not None:
        problems.add(
            "--sandbox and --connect exclude each other", "A server that is running already stays where it is."
        )
        return target
    from chatsim.sandbox.survey import best_level

    if (level := best_level()) == "none":
        problems.add("--sandbox: servers cannot be confined here", "`chatsim doctor` tells why, and what helps.")
        return target
    return replace(target, confined=level)


def isolated(target: Target, isolate: bool | None) -> Target:
    """The target as it was asked for."""
    return replace(target, isolated=True) if isolate else target


def side_by_side(jobs: int, profile: Profile, target: Target, isolate: bool | None) -> SideBySide:
    """Where all runs would meet on one port, each server gets a network of its own, or the runs are played one after
    the other; either is told. `isolate`: what was asked for; null: nothing."""
    if jobs == 1:
        return SideBySide(1, target)
    from chatsim.jobs import cores
    from chatsim.runs import has_fixed_port

    if target.address is not None:
        hint("--jobs: with --connect there is one server for all, so the runs are played one after the other.")
        return SideBySide(1, target)
    if target.confined == "bubblewrap":  # in a network, and with a folder, of its own
        return SideBySide(jobs or cores(), target)
    fixed = has_fixed_port(profile, target)
    if fixed and profile.line.wire.sockets == "unix":  # a path is the same in all namespaces
        hint(
            "--jobs: the path of the server's socket is not ours to choose, so the runs are played one after the other.\n"
            "If it takes one, write {socket} where it stands in the command."
        )
        return SideBySide(1, target)
    if not fixed or target.isolated:
        return SideBySide(jobs or cores(), target)
    if isolate is False:
        hint(f"{CHOOSES_ITSELF}, so the runs are played one after the other.\n{TAKES_A_PORT}")
        return SideBySide(1, target)
    from chatsim.server.own_network import refusal

    if why := refusal():
        hint(
            f"{CHOOSES_ITSELF}, and there are no network namespaces to be had here: {why}.\n"
            f"So the runs are played one after the other. {TAKES_A_PORT}"
        )
        return SideBySide(1, target)
    hint(
        f"{CHOOSES_ITSELF}, so each is started in a network namespace of its own, from which\n"
        "nothing outside can be reached. --no-isolate plays one after the other, without."
    )
    return SideBySide(jobs or cores(), replace(target, isolated=True))
