"""The server's own life: `stays-up` and `no-crash-output`. Only what *we* did to it excuses it."""

from __future__ import annotations

from bisect import bisect_left

from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER, Life, Lives, lives_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import clip, counted, exception_in
from chatsim.endings import exit_code
from chatsim.history import Entry, History

__all__ = ["began_to_end", "no_crash_output", "stays_up", "unasked_end"]


def stays_up(history: History) -> Verdict:
    """The server process does not end unasked, nor stop accepting, while somebody uses it.

    Before anybody has connected, a server that is not there is the run's error and no verdict. Of a server that we
    are only attached to, no more is seen than that a connection is refused.
    """
    lives = lives_of(history)
    name = "stays-up"
    connected = [life for life in lives.sessions.values() if life.connected != NEVER]
    if not connected:
        return Verdict(name, Outcome.NOT_EXERCISED, "Nobody ever connected.")
    exercised = len(connected)
    death = unasked_end(lives)
    deaf = _stopped_accepting(lives)
    if death is not None and (deaf is None or not _was_deaf_before(lives, deaf, death)):
        summary, hint = _obituary(lives, death)
        before = lives.last_act_before(death.index)
        witness = (death.index,) if before is None else (before.index, death.index)
        where = lives.where(witness[0])
        return Verdict(
            name, Outcome.FAILED, summary, witness, Evidence.PROOF, exercised=exercised, where=where, hint=hint
        )
    if deaf is not None:
        return _deaf(lives, deaf, exercised)
    return Verdict(
        name, Outcome.PASSED, f"It served {counted(exercised, 'connection')} to the end.", exercised=exercised
    )


def unasked_end(lives: Lives) -> Entry | None:
    """Where its process ended unasked, after somebody had begun to connect that did connect: that it had may be seen
    later than the end of a server which the very first connection ended."""
    first = min((life.connect for life in lives.sessions.values() if life.connected != NEVER), default=NEVER)
    return next((entry for entry in lives.deaths() if entry.index > first), None)


def began_to_end(lives: Lives, death: Entry) -> int:
    """From here on all that a client met was the end of the server: its sockets close a moment before its end is seen."""
    kinds = ("closed", "refused", "unreachable")
    met = sorted(e.index for kind in kinds for e in lives.of(kind) if e.index < death.index)
    # Once it is dying it stays so: the first of them is found by halving.
    return [*met, death.index][bisect_left(met, True, key=lives.dying_at)]


def _was_deaf_before(lives: Lives, deaf: Entry, death: Entry) -> bool:
    """Did it serve others for a while when it took no more connections, or was that already its end?"""
    return deaf.index < death.index and lives.served_between(deaf.index, death.index)


def _stopped_accepting(lives: Lives) -> Entry | None:
    """The first sign that a server which had let somebody in takes no more connections, without our doing."""
    told = lives.told_first()
    signs = [
        entry
        for entry in lives.of("unreachable")
        if entry.index > told
        and entry.session in lives.sessions
        and not lives.down_between(lives.sessions[entry.session].connect, entry.index)
        and not lives.ended_by_design(entry.index)
    ]
    signs += [
        entry
        for entry in lives.of("facts")
        if entry.index > told
        and (entry.detail.get("listening") is False or entry.detail.get("alive") is False)
        and not lives.down_at(entry.index)
        and not lives.ended_by_design(entry.index)
    ]
    return min(signs, key=lambda entry: entry.index, default=None)


def _deaf(lives: Lives, sign: Entry, exercised: int) -> Verdict:
    name, when = "stays-up", lives.when(sign.index)
    if sign.kind == "facts":
        lost = "is gone" if sign.detail.get("alive") is False else "runs, but no longer listens on its port"
        summary = f"At {when} the server's process {lost}. Nobody had asked it to end."
        return Verdict(name, Outcome.FAILED, summary, (sign.index,), Evidence.PROOF, exercised=exercised)
    why = clip(str(sign.detail.get("why", "")))
    summary = f"{lives.who(sign.session)} could not connect at {when} ({why}). Others had been let in before."
    where = lives.where(lives.sessions[sign.session].connect)
    waits = lives.waits_for(("join", "connect"), sign.session)
    # A refusal is an answer; silence is only as good as the wait for it.
    silent = "time" in why.lower()
    if silent and waits and not any(waits):
        summary += BUSY
        return Verdict(
            name,
            Outcome.INCONCLUSIVE,
            summary,
            (sign.index,),
            cause=Cause.MACHINE,
            exercised=exercised,
            where=where,
        )
    evidence = Evidence.ABSENCE if silent else Evidence.PROOF
    return Verdict(name, Outcome.FAILED, summary, (sign.index,), evidence, exercised=exercised, where=where)


def _obituary(lives: Lives, death: Entry) -> tuple[str, str]:
    code = death.detail.get("code")
    how = "" if code is None else f" (killed by signal {-code})" if code < 0 else f" ({exit_code(code)})"
    summary = f"The server ended by itself at {lives.when(death.index)}{how}"
    before = lives.last_act_before(death.index)
    if before is not None:
        summary += f", after {lives.act_in_words(before)} at {lives.when(before.index)}"
    summary += "."
    words = last_words(lives, death.index)
    if words:
        summary += f" Its last words: {words}"
    hint = ""
    there = [life for life in lives.sessions.values() if life.connected < death.index and _still_there(life, death)]
    if not there:
        hint = "If it ends on purpose when its last client leaves, say `exits: when-empty` in the profile."
    return summary, hint


def _still_there(life: Life, death: Entry) -> bool:
    return min(life.parted, life.refused) > death.index


def last_words(lives: Lives, index: int) -> str:
    """What the server printed last around its end: of a crash the line that names the exception."""
    until = next(
        (e.index for e in lives.of("server") if e.index > index and e.detail.get("what") in ("started", "ended")),
        NEVER,
    )
    crash = next((e for e in reversed(lives.of("crash")) if e.index < until), None)
    if crash is not None:
        exception = exception_in(str(crash.detail.get("text", "")))
        if exception:
            return clip(exception)
    out = next((e for e in reversed(lives.of("out")) if e.index < until and str(e.detail.get("line")).strip()), None)
    return clip(str(out.detail.get("line", ""))) if out is not None else ""


def no_crash_output(history: History) -> Verdict:
    """No *unhandled* exception shows on the server's output while it is meant to run.

    What it prints after our signal, or after our kill, is not judged: a KeyboardInterrupt there is our own doing.
    """
    lives = lives_of(history)
    name = "no-crash-output"
    if lives.attached:
        return Verdict(name, Outcome.NOT_APPLICABLE, "The output of a server that we only connect to cannot be seen.")
    connected = sum(life.connected != NEVER for life in lives.sessions.values())
    crashes = [entry for entry in lives.of("crash") if not lives.stopped_at(_printed_at(lives, entry))]
    if not crashes:
        if not connected:
            return Verdict(name, Outcome.NOT_EXERCISED, "Nobody ever connected.")
        return Verdict(name, Outcome.PASSED, "No unhandled exception was printed.", exercised=connected)
    first = crashes[0]
    exception = exception_in(str(first.detail.get("text", "")))
    before = lives.last_act_before(first.index)
    after = "" if before is None else f" after {lives.act_in_words(before)}"
    summary = f"At {lives.when(first.index)}{after}, the server printed an unhandled exception: "
    summary += clip(exception) or "(no text)"
    if len(crashes) > 1:
        summary += f" ({len(crashes) - 1} more)"
    witness = (first.index,) if before is None else (before.index, first.index)
    return Verdict(
        name,
        Outcome.FAILED,
        summary,
        witness,
        Evidence.PROOF,
        exercised=max(1, connected),
        where=lives.where(witness[0]),
        hint="An error with one client must end that client only: catch it there, and clean up in any case.",
    )


def _printed_at(lives: Lives, crash: Entry) -> int:
    """When its last line was printed: that a trace is complete may be known only later, when we have stopped the server."""
    if not lives.stopped_at(crash.index):
        return crash.index
    lines = [line for line in str(crash.detail.get("text", "")).splitlines() if line.strip()]
    printed = (
        entry.index
        for entry in reversed(lives.of("out"))
        if lines and entry.index < crash.index and str(entry.detail.get("line", "")).rstrip() == lines[-1].rstrip()
    )
    return next(printed, crash.index)
