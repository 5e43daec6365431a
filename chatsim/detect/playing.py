"""The proof of the profile: three bots join, speak and go with it, and what the checks say to that."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Final

from chatsim.checks.verdict import Outcome
from chatsim.errors import ChatsimError
from chatsim.profile.reader import read_profile
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.sandbox.sandbox import Sandbox
from chatsim.scenario.reader import read_scenario

__all__ = ["Played", "outcome_of_playing"]

SCENARIO: Final = """\
scenario: "three come, speak and go"
bots: [{bots}]
steps:
  - join: everyone
  - chat: {{{each}}}
"""
GOING: Final = """\
  - disconnect: {last}
  - chat: {{ann: "still here?"}}
"""
BRIEF: Final = 0.5  # times the usual patience: what comes of it is a remark, and no verdict
# What says that the profile was read rightly; all else is the server's own business.
ABOUT_THE_PROFILE: Final = ("lets-in", "delivery", "no-creation", "attribution", "echo", "isolation", "intact")
# Where one of these fails, what is missing is missing for a reason of the server's.
DISTURBED: Final = ("keeps-clients", "stays-up")


@dataclass(frozen=True, slots=True)
class Played:
    works: bool = False
    lines: tuple[str, ...] = ()


def outcome_of_playing(
    text: str,
    target: Target,
    command: str,
    clients: int,
    patience: float,
    seconds: float,
    sandbox: Sandbox | None = None,
) -> Played:
    """Play with the profile of this text. `command`: another one than the target's, if it needed one."""
    try:
        profile = read_profile(text, "what was found")
    except ChatsimError as error:
        return Played(lines=(f"the profile can not be read: {error}",))
    names = ["ann", "bob", "cat"][: clients or 3]
    each = ", ".join(f'{name}: "hello from seat {number}"' for number, name in enumerate(names, 1))
    steps = SCENARIO + (GOING if profile.line.wire.connects or profile.leave else "")
    scenario = read_scenario(steps.format(bots=", ".join(names), each=each, last=names[-1]), "what was found")
    if command:
        target = replace(target, command=command)
    begin = time.monotonic()
    played = run(
        scenario,
        profile,
        target,
        seed=1,
        patience=min(BRIEF * patience, max(0.1, seconds / 20)),
        seconds=seconds,
        sandbox=sandbox,
    )
    cut_off = played.interrupted and time.monotonic() - begin >= seconds
    if played.interrupted and not cut_off:
        raise KeyboardInterrupt
    return _told(played, cut_off=cut_off, chats=bool(profile.public.hears))


def _told(played: Run, *, cut_off: bool, chats: bool) -> Played:
    """`chats`: as the profile has it, somebody hears somebody; then that must have been seen."""
    if played.outcome is Outcome.NOT_APPLICABLE:
        return Played(lines=(f"not played: {played.why}",))
    if played.error is not None:
        return Played(lines=(f"nobody was let in: {str(played.error).splitlines()[0]}",))
    if cut_off:
        return Played(lines=("there was no time to play it to its end: try it with `chatsim run`",))
    failed = [verdict for verdict in played.verdicts if verdict.outcome is Outcome.FAILED]
    passed = [verdict for verdict in played.verdicts if verdict.outcome is Outcome.PASSED]
    lines = [f"as described: {', '.join(verdict.property for verdict in passed)}"] if passed else []
    lines += [f"{verdict.property} failed: {verdict.summary}" for verdict in failed]
    excused = {"delivery", "echo"} if any(verdict.property in DISTURBED for verdict in failed) else set()
    wrong = [verdict for verdict in failed if verdict.property in ABOUT_THE_PROFILE and verdict.property not in excused]
    delivered = any(verdict.property == "delivery" for verdict in passed) or "delivery" in excused or not chats
    if not delivered and not wrong:
        lines.append("whether everybody hears everything stayed open")
    return Played(works=not wrong and bool(passed) and delivered, lines=tuple(lines))
