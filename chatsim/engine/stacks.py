"""What a server's threads are doing, where that is worth more than the way it ends: when it spins, hangs, or won't stop.

A Python server tells it by py-spy, which leaves it alone; or else by the dump that Python's faulthandler prints when the
process is aborted. The lines of such a dump are gathered here, and are nobody's crash.
"""

from __future__ import annotations

from chatsim.engine.plan import walk
from chatsim.engine.seeing import look
from chatsim.engine.serving import abort
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Until, Waiting
from chatsim.network.network import ServerCommand, ServerEvent
from chatsim.scenario.steps import ServerStep

__all__ = ["tell_stacks"]

ANSWER = 5.0  # seconds for py-spy
ENDS = ("stop", "restart")
MOST = 60_000  # characters


def tell_stacks(stage: Stage, why: str) -> Waiting[bool]:
    """Ask what the threads are doing. `why`: spin | hung.

    Where only an abort would tell, the server is ended by it, unless how it ends is what the scenario is about.
    """
    seen = None if stage.plan.attached else (yield from look(stage))
    if seen is None or "python" not in seen.facts.get("runtimes", ()):
        return False
    had = len(stage.server_events)

    def answers() -> list[ServerEvent]:
        return [
            event
            for event in stage.server_events[had:]
            if event.what in ("stacks", "exited")
            or (event.what == "failed" and event.detail.get("command") == "stacks")
        ]

    stage.do(ServerCommand("stacks"))
    yield Until(lambda: bool(answers()), ANSWER, exact=True)
    for event in answers():
        if event.what == "stacks":
            stage.note("stacks", text=str(event.detail.get("text", ""))[:MOST], by="py-spy", why=why)
            return True
    if stage.server_is != "up" or _its_end_is_judged(stage):
        return False
    return (yield from abort(stage, why))


def _its_end_is_judged(stage: Stage) -> bool:
    asked_for = {*stage.history.header.check, *stage.plan.scenario.check}
    ends = (isinstance(step, ServerStep) and step.action in ENDS for step in walk(stage.plan.scenario.steps))
    return "clean-exit" in asked_for or any(ends)
