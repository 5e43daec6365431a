"""`clean-exit`: the server ends when it is told to, altogether, and can be started again at once."""

from __future__ import annotations

from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER, Lives, lives_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import clip, counted
from chatsim.history import Entry, History

__all__ = ["clean_exit"]

NAME = "clean-exit"


def clean_exit(history: History) -> Verdict:
    """With a client connected, the server ends in time when told as its profile says, leaves no process behind, and
    listens again when it is started again.

    Without a client connected hardly any server hangs, so such a stop is no exercise. A kill is no stop, nor is an abort.
    """
    lives = lives_of(history)
    if lives.attached:
        return Verdict(NAME, Outcome.NOT_APPLICABLE, "A server that we only connect to is not ours to stop.")
    events = list(lives.of("server"))
    stops = [e for e in events if e.detail.get("what") == "stopping"]
    aborted = any(e.detail.get("what") == "abort" for e in events)
    with_clients = [stop for stop in stops if lives.connected_at(stop.index)]
    exercised = len(with_clients)

    again = _failed_restart(lives)
    if again is not None:
        why = clip(str(again.detail.get("why", "")))
        summary = "The server ended when told to, but could not be started again at once"
        return Verdict(
            NAME,
            Outcome.FAILED,
            f"{summary}{': ' + why if why else ''}.",
            (again.index,),
            Evidence.PROOF,
            exercised=max(1, exercised),
            where=lives.where(again.index),
            hint=_to_start_again(lives) if "in use" in why.lower() else "",
        )
    silent = _silent_after_restart(lives)
    if silent is not None:
        summary = "The server ended when told to and was started again, but never listened."
        valid = bool(silent.detail.get("valid"))
        return Verdict(
            NAME,
            Outcome.FAILED if valid else Outcome.INCONCLUSIVE,
            summary if valid else summary + BUSY,
            (silent.index,),
            Evidence.ABSENCE if valid else None,
            None if valid else Cause.MACHINE,
            exercised=max(1, exercised),
            where=lives.where(silent.index),
        )
    for stop in with_clients:
        verdict = _judge(lives, stop, exercised)
        if verdict is not None:
            return verdict
    if not exercised:
        why = "It was never told to end" if not stops else "No client was connected when it was told to end"
        if aborted:
            why = "chatsim ended the server itself, to see what its threads did"
        return Verdict(NAME, Outcome.NOT_EXERCISED, f"{why}.")
    told = "once" if exercised == 1 else counted(exercised, "time")
    return Verdict(
        NAME, Outcome.PASSED, f"Told to end {told} with clients connected, it ended in time.", exercised=exercised
    )


def _to_start_again(lives: Lives) -> str:
    if lives.terms.transport == "unix":
        return "Remove the file of the socket when the server ends, or before `bind`."
    return "Set SO_REUSEADDR on the listening socket before `bind`."


def _failed_restart(lives: Lives) -> Entry | None:
    restarting = False
    for entry in lives.of("server"):
        what = entry.detail.get("what")
        if what == "restart":
            restarting = True
        elif what == "listening":
            restarting = False
        elif what == "failed" and restarting and entry.detail.get("command", "start") == "start":
            return entry
    return None


def _silent_after_restart(lives: Lives) -> Entry | None:
    return next((wait for wait in lives.of("wait") if wait.detail.get("for") == "restart"), None)


def _judge(lives: Lives, stop: Entry, exercised: int) -> Verdict | None:
    """What is wrong with this stop; None if nothing is. It ends where the server is next started."""
    until = next(
        (e.index for e in lives.of("server") if e.index > stop.index and e.detail.get("what") == "started"), NEVER
    )
    here = [e for e in lives.of("server") if stop.index < e.index < until]
    behind = next((e for e in here if e.detail.get("what") == "left-behind"), None)
    late = [w for w in lives.of("wait") if stop.index < w.index < until and w.detail.get("for") == "stop"]
    clients = counted(len(lives.connected_at(stop.index)), "client")
    where = lives.where(stop.index)
    if late:
        valid = next((w for w in late if w.detail.get("valid")), None)
        wait = valid or late[0]
        waited = wait.detail.get("waited")
        in_time = "" if waited is None else f" within {float(waited):.1f} s"
        summary = f"Told to end ({_how(lives)}) with {clients} connected, the server did not end{in_time}."
        if valid is None:
            summary += BUSY
            return Verdict(
                NAME,
                Outcome.INCONCLUSIVE,
                summary,
                (stop.index, wait.index),
                cause=Cause.MACHINE,
                exercised=exercised,
                where=where,
            )
        return Verdict(
            NAME,
            Outcome.FAILED,
            summary,
            (stop.index, wait.index),
            Evidence.ABSENCE,
            exercised=exercised,
            where=where,
        )
    if behind is not None:
        left = behind.detail.get("processes") or behind.detail.get("pids")
        number = len(left) if isinstance(left, (list, tuple)) else None
        what = counted(number, "process", "processes") if number else "processes"
        told = f"Told to end ({_how(lives)}) with {clients} connected, the server"
        # Not even its first process had ended: then that is what its author should read.
        stayed = behind.detail.get("exited") is False
        summary = f"{told} did not end: {what} had to be killed." if stayed else f"{told} ended but left {what} behind."
        return Verdict(
            NAME,
            Outcome.FAILED,
            summary,
            (stop.index, behind.index),
            Evidence.ABSENCE if stayed else Evidence.PROOF,
            exercised=exercised,
            where=where,
        )
    return None


def _how(lives: Lives) -> str:
    return {"SIGINT": "SIGINT, as by Ctrl-C", "stdin": "by a line typed on its console"}.get(
        lives.terms.stop, lives.terms.stop
    )
