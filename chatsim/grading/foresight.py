"""What the steps of a scenario can not put to the test, whatever a server does. Who asks for that by name has made a mistake,
and is told before anybody is played.

Pure. Only what is certain is said: of a scenario in which anything may happen that is not among `QUIET`, nothing is.
"""

from __future__ import annotations

from typing import Final

from chatsim.engine.plan import walk
from chatsim.profile.profile import Profile
from chatsim.scenario.scenario import Scenario
from chatsim.scenario.steps import Act, Join, Repeat, Step

__all__ = ["never_tested"]

# Steps after which everybody is there who was there before, and chatsim sends nobody of its own.
QUIET: Final = frozenset(
    ("join", "chat", "converse", "whisper", "ask", "expect", "expect-nothing", "expect-output", "settle", "pause")
) | {"together", "repeat"}
ABOUT_WHO_GOES: Final = frozenset(
    ("leave-notice", "drop-notice", "closes-connection", "no-ghosts", "nickname-released", "still-serves")
) | {"no-thread-leak", "no-socket-leak", "no-memory-leak", "survives-malformed", "no-head-of-line-blocking"}
EXPECTED: Final = ("expect", "expect-nothing", "expect-output")
MOST_AT_ONCE: Final = 64  # bots of one step that join at the same time; more of them come one after the other


def never_tested(name: str, scenario: Scenario, profile: Profile | None) -> str:
    """Why this property is put to the test by no step, in a sentence; empty: it is, or may be. Without a profile, what holds
    with every one."""
    steps = list(walk(scenario.steps))
    if name == "expectations":
        expects = any(step.verb in EXPECTED for step in steps) or any(_is_wanted_otherwise(step) for step in steps)
        return "" if expects else f"In {scenario.file} nothing is expected."
    if not all(step.verb in QUIET for step in steps) or any(_is_wanted_otherwise(step) for step in steps):
        return ""
    if name in ABOUT_WHO_GOES:
        return f"In {scenario.file} nobody ever goes, and nobody does anything that a server could stumble over."
    if name == "roster" and not any(step.verb == "ask" or step.verb in EXPECTED for step in steps):
        return f"In {scenario.file} nobody asks who is there."
    if name == "join-notice" and profile is not None and _all_join_at_once(scenario, steps, profile):
        return f"In {scenario.file} all join in one step, and those who join at the same time owe each other no notice."
    return ""


def _is_wanted_otherwise(step: Step) -> bool:
    """Is somebody to be refused, or perhaps?"""
    return isinstance(step, Act) and any(
        isinstance(detail, Join) and detail.wanted != "accepted" for _, detail in step.entries
    )


def _all_join_at_once(scenario: Scenario, steps: list[Step], profile: Profile) -> bool:
    """Where names are assigned they join one by one, and where a server ends with its last client, chatsim comes before all."""
    if profile.nick != "chosen" or profile.exits == "when-empty" or len(scenario.bots) > MOST_AT_ONCE:
        return False
    return sum(step.verb == "join" for step in steps) == 1 and not any(isinstance(step, Repeat) for step in steps)
