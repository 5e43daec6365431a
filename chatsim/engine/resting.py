"""Is the server at rest while nothing goes on? And how busy was it before the first fault?

Rest is seen, not averaged: one quiet window is enough, and a right server is watched for no longer than the closing
listen lasts anyway. A loaded machine changes nothing: waiting for a processor counts as wanting one.
"""

from __future__ import annotations

from chatsim.checks.spin import AT_REST, AT_REST_CPU_ONLY, IN_A_ROW, IN_A_ROW_LOADED, PRINTING, SPINNING
from chatsim.engine.seeing import Load, load_between, look
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.network.network import Facts, Strain
from chatsim.scenario.steps import Act, Raw, ServerStep, Step

__all__ = ["is_fault", "listen_at_rest", "weigh"]

WINDOW = 0.05  # seconds
VERY_QUIET = 0.1


def listen_at_rest(stage: Stage, seconds: float) -> Waiting[bool]:
    """Listen for so long, and go on for as long as the server is busy, up to a second or two. True: it never rested."""
    before = stage.seen_last  # a cleanup look was a moment ago
    if before is None and not stage.plan.attached:
        before = yield from look(stage, work=True)
    yield Until(lambda: False, seconds, exact=True)
    if before is None or "work" not in before.facts:
        return False  # `work` is of a server that we have started
    number, restless, watched, foreign = 0, True, 0.0, 0.0
    strain: Strain | None = None  # not looked at for a server that rests in the first window
    while True:
        after, window = yield from _window(stage, before)
        if window is not None and _may_be_queueing(window.load, first=number == 0):
            yield Until(lambda: False, WINDOW, exact=True)
            after, window = yield from _window(stage, before)
        if after is None or window is None:
            return False
        printed = after.facts.get("printed", 0) - before.facts.get("printed", 0)
        before, number, earlier = after, number + 1, strain
        prints = printed >= PRINTING  # it may look quiet then, and only wait for us to read what it prints
        if window.load >= AT_REST:
            strain = stage.network.strain()
        in_window = 0.0 if strain is None or earlier is None else strain.foreign - earlier.foreign
        watched, foreign = watched + window.seconds, foreign + in_window
        restless = restless and (prints or window.load >= SPINNING)
        stage.note(
            "rest",
            number=number,
            seconds=round(window.seconds, 5),
            load=round(window.load, 3),
            top=[list(each) for each in window.top],
            cpu_only=window.cpu_only,
            foreign=round(in_window, 3),
            **({"printed": printed} if prints else {}),
        )
        if not prints and window.load < (AT_REST_CPU_ONLY if window.cpu_only else AT_REST):
            return False
        if number >= (IN_A_ROW_LOADED if foreign > watched / 2 else IN_A_ROW):
            return restless
        yield Until(lambda: False, WINDOW, exact=True)


def _window(stage: Stage, since: Facts) -> Waiting[tuple[Facts | None, Load | None]]:
    """What the server has wanted since then. Nothing, if it has ended or does not tell any more."""
    now = yield from look(stage, work=True)
    if now is None or stage.server_is != "up":
        return None, None
    return now, load_between(since, now)


def _may_be_queueing(load: float, *, first: bool) -> bool:
    """Is this little only because a thread stands in a queue for a processor? The kernel counts a wait when it is over.

    So a window that is quiet after a busy one, or not very quiet, is watched for once more its length before it counts.
    """
    return load < AT_REST and (not first or load >= VERY_QUIET)


def is_fault(step: Step) -> bool:
    """Will this step call `Stage.fault`?"""
    if isinstance(step, Act):
        bad = (
            isinstance(detail, Raw) and (detail.garbage, detail.raw, detail.data) != (None, None, None)
            for _, detail in step.entries
        )
        return step.verb in ("connect", "drop", "stall") or any(bad)
    return isinstance(step, ServerStep)


def weigh(stage: Stage) -> Steps:
    """Before the first fault: how much of a processor has the server wanted since the run began?"""
    begun, stage.at_first = stage.at_first, None
    first = stage.facts.pop(begun, None) if begun is not None else None
    if first is None or "work" not in first.facts or stage.server_is != "up":
        return False
    now = yield from look(stage, work=True)
    found = None if now is None else load_between(first, now)
    stage.load = None if found is None else round(found.load, 3)
    return True
