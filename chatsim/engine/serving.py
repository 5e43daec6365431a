"""The server as an actor: stop, kill, restart, freeze, thaw; and its abort, for what it tells then."""

from __future__ import annotations

from chatsim.engine.leaving import go_on, hold
from chatsim.engine.owed import Flight
from chatsim.engine.session import CLOSED, State
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until, Waiting
from chatsim.network.network import ServerCommand
from chatsim.scenario.steps import ServerStep

__all__ = ["abort", "serve", "stop", "thaw"]

LONGEST_STOP = 4.5  # seconds times what the user asked for: then its whole tree is ended by force
KILLED = 5.0  # seconds until nothing of it is left
START_PATIENCE = 10.0  # seconds for a server to listen again


def serve(stage: Stage, step: ServerStep) -> Steps:
    stage.fault()
    match step.action:
        case "stop":
            yield from stop(stage)
        case "kill":
            yield from _kill(stage)
        case "restart":
            if stage.server_is == "up":
                yield from stop(stage)
            yield from _start(stage)
        case "freeze":
            for session in stage.there():
                hold(stage, session)
                session.frozen = True
            stage.frozen = True
            for flight in stage.owed.flights.values():
                if flight.console:
                    flight.console = flight.timed = False
                    stage.unprinted.add(flight.message)
            stage.note("server", what="freeze")
            stage.do(ServerCommand("freeze"))
        case "thaw":
            thaw(stage)
            yield from stage.settle("thaw")
    return True


def thaw(stage: Stage) -> None:
    """Whoever was held only because the server was frozen is there again; whom the scenario stalled stays stalled."""
    stage.frozen = False
    stage.note("server", what="thaw")
    stage.do(ServerCommand("thaw"))
    for session in stage.sessions:
        if session.frozen and session.state is State.STALLED:
            go_on(stage, session)
        session.frozen = False
    for message in sorted(stage.unprinted):
        flight = Flight(message, stage.history.messages[message].sender, stage.now, 0, set(), console=True)
        stage.owed.take_off(flight, 0)
        flight.timed = False
    stage.unprinted.clear()


def stop(stage: Stage) -> Steps:
    """Tell it to end, as its profile says, and wait until its whole tree has gone. Whoever was there is gone.

    A frozen one is thawed before: nobody can obey who does nothing.
    """
    if stage.frozen:
        thaw(stage)
    had = len(stage.server_events)
    _everybody_out(stage)
    stage.server_is = "stopping"
    stage.do(ServerCommand("stop"))

    def ended() -> bool:
        return any(event.what in ("ended", "failed") for event in stage.server_events[had:])

    wait = Until(ended, min(max(stage.patience.seconds, 2.0), LONGEST_STOP * stage.plan.patience))
    if not (yield wait):
        stage.unmet("stop", wait, [["server", -1, "still there"]])
        yield from _end_by_force(stage)
        _note_dump(stage, "stop")
    stage.server_is = "down"
    _close_all(stage)
    return True


def abort(stage: Stage, why: str) -> Waiting[bool]:
    """End it so that a Python server tells what its threads are doing. Our own act: nothing is learnt about its end, and
    what it sends now, perhaps for being woken by us alone, is not heard any more.

    True if it told.
    """
    stage.note("server", what="abort")
    stage.aborted = True
    _everybody_out(stage)
    stage.server_is = "stopping"
    yield from _end_by_force(stage)
    told = _note_dump(stage, why)
    stage.server_is = "down"
    _close_all(stage)
    return told


def _end_by_force(stage: Stage) -> Steps:
    """A Python server's last words are then what its threads are doing; any other is just killed."""
    had = len(stage.server_events)

    def seen(*whats: str) -> bool:
        return any(event.what in whats for event in stage.server_events[had:])

    stage.do(ServerCommand("abort"))
    yield Until(lambda: seen("ended", "failed"), KILLED)
    if not seen("ended"):
        stage.do(ServerCommand("kill"))
        yield Until(lambda: seen("ended"), KILLED)
    return True


def _note_dump(stage: Stage, why: str) -> bool:
    dump = stage.dump.finish()
    if dump is not None:
        stage.note("stacks", text=dump, by="faulthandler", why=why)
    return dump is not None


def _kill(stage: Stage) -> Steps:
    had = len(stage.server_events)
    stage.note("server", what="kill")
    _everybody_out(stage)
    stage.server_is = "stopping"
    stage.do(ServerCommand("kill"))
    yield Until(lambda: any(event.what == "ended" for event in stage.server_events[had:]), 5.0)
    stage.server_is = "down"
    _close_all(stage)
    return True


def _start(stage: Stage) -> Steps:
    had = len(stage.server_events)
    stage.note("server", what="restart")
    stage.aborted = False
    stage.do(ServerCommand("start"))
    wait = Until(
        lambda: any(event.what in ("listening", "failed") for event in stage.server_events[had:]),
        START_PATIENCE * stage.plan.patience,
    )
    if not (yield wait):
        stage.unmet("restart", wait, [["server", -1, "does not listen"]])
    return True


def _everybody_out(stage: Stage) -> None:
    stage.frozen = False
    stage.unprinted.clear()
    for session in stage.sessions:
        if session.state not in CLOSED:
            stage.away(session)


def _close_all(stage: Stage) -> None:
    """The server has ended: what our side still holds is closed, as a real client would."""
    for session in stage.sessions:
        if session.state not in CLOSED:
            stage.hang_up(session)
            session.state = State.GONE
    stage.owed.give_up(stage.sessions)
