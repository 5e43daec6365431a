"""Causes that a traceback tells: here the server itself has said what went wrong, and in which line."""

from __future__ import annotations

import re

from chatsim.diagnosis.evidence import BROKEN, Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.diagnosis.traces import Trace

__all__ = [
    "any_other_exception",
    "broken_while_sending",
    "changed_while_iterating",
    "half_a_character_in_a_traceback",
    "removed_twice",
    "reset_not_caught",
]

CRASHES = ("no-crash-output", "stays-up")
# What may follow once a thread, or the whole server, has ended by an exception.
AFTERWARDS = (
    *("delivery", "echo", "lets-in", "join-notice", "leave-notice", "drop-notice", "roster", "nickname-released"),
    *("closes-connection", "no-ghosts", "no-thread-leak", "no-socket-leak", "clean-exit", "keeps-clients"),
    *("still-serves", "no-head-of-line-blocking", "survives-malformed", "expectations"),
)
TIDYING = ("drop-notice", "nickname-released", "no-ghosts", "roster", "closes-connection", "no-thread-leak")

_SENDS = re.compile(r"\b(?:send|sendall|sendto|write|writelines|drain|flush)\s*\(|broadcast")
_READS = re.compile(r"\brecv|\bread|\bfor \w+ in |\biter\(")
_CHANGED = re.compile(r"changed size during iteration|mutated during iteration|keys changed during iteration")


def changed_while_iterating(evidence: Evidence) -> Hint | None:
    trace = next((t for t in evidence.traces if t.name == "RuntimeError" and _CHANGED.search(t.words)), None)
    if trace is None:
        return None
    return _told(
        evidence,
        trace,
        cause="a loop goes through the clients while another place adds or removes one.",
        advice="go through a copy (`for client in list(clients):`), made under the lock under which the clients change.",
    )


def removed_twice(evidence: Evidence) -> Hint | None:
    """`list.remove(x): x not in list`, or `del` of a key that has gone: two places take the same client out."""
    for trace in evidence.traces:
        source = trace.own.source if trace.own is not None else ""
        twice = trace.name == "ValueError" and "not in list" in trace.words
        twice = twice or (trace.name == "KeyError" and bool(re.match(r"del |.*\.(?:pop|remove)\(", source)))
        gone = evidence.departed_before(trace.index)
        if twice and gone is not None:
            return _told(
                evidence,
                trace,
                cause="a client is taken out that is not there, or not there any more.",
                advice="let one place alone take a client out, or let it be no error if it has gone already "
                "(`pop(key, None)`, `discard`).",
            )
    return None


def half_a_character_in_a_traceback(evidence: Evidence) -> Hint | None:
    """UnicodeDecodeError, printed whole or in the server's own words."""
    trace = next((t for t in evidence.traces if t.name == "UnicodeDecodeError"), None)
    if trace is not None:
        index, words = trace.index, trace.words
    else:
        line = evidence.printed("codec can't decode byte")
        if line is None:
            return None
        index, words = line.index, str(line.detail.get("line", ""))
    if "unexpected end of data" in words:
        cause = "a character of several bytes came in two reads, and its first half was decoded alone."
        advice = (
            "collect the bytes, cut them where a message ends, and decode only whole messages "
            '(or keep one `codecs.getincrementaldecoder("utf-8")()` for each client).'
        )
    else:
        cause = "bytes that are no text in this encoding are decoded, and the exception is not caught for that client."
        advice = 'decode with `errors="replace"`, or catch UnicodeDecodeError and end that client alone.'
    if trace is not None:
        return _told(evidence, trace, cause=cause, advice=advice, more=("intact", "framing"))
    return Hint(
        cause,
        advice,
        Sure.PROBABLY,
        ("keeps-clients", "survives-malformed", "intact"),
        seen=f'the server printed "{_short(words)}".',
        also=("delivery", "framing", "lets-in", "still-serves"),
        since=index,
    )


def reset_not_caught(evidence: Evidence) -> Hint | None:
    """The exception of a broken connection leaves the loop that reads, and with it all that was to come after it."""
    trace = _broken(evidence)
    if trace is None or (trace.own is not None and _SENDS.search(trace.own.source)):
        return None
    if trace.own is not None and trace.own.source and not _READS.search(trace.own.source):
        return None
    untidy = evidence.failed(*TIDYING)
    cause = f"when a connection breaks, reading from it raises {trace.name}, and nothing catches it."
    if not trace.thread:
        cause += " It ends more than that one client."
    if untidy is not None:
        cause += " So what stands after the loop is never reached."
        advice = (
            "catch OSError there and leave the loop; put what has to be done when a client goes (take it out of the list, "
            "tell the others, close the socket) into `finally`."
        )
    else:
        advice = "catch OSError there, and treat it as that client leaving."
    return _told(evidence, trace, cause=cause, advice=advice, more=TIDYING if untidy is not None else ())


def broken_while_sending(evidence: Evidence) -> Hint | None:
    """Sending to one who has gone raises in the middle of a broadcast, in somebody else's thread."""
    trace = _broken(evidence)
    if trace is None or trace.own is None or not _SENDS.search(trace.own.source):
        return None
    return _told(
        evidence,
        trace,
        cause=f"sending to a client that has gone raises {trace.name}; nothing catches it, so the others after it get "
        "nothing, and whoever was just being served is thrown out.",
        advice="catch OSError around the sending to each single client, take that client out, and go on with the next.",
    )


def any_other_exception(evidence: Evidence) -> Hint | None:
    trace = next((t for t in evidence.traces if t.unhandled), None)
    if trace is None and evidence.failed("stays-up"):  # its last words, before it could be seen that it had ended
        trace = next((t for t in evidence.traces if _at_the_end_of_main(t)), None)
    if trace is None:
        return None
    words = f": {_short(trace.words)}" if trace.words else ""
    what = f"nothing catches {trace.name}{words}."
    before = evidence.lives.last_act_before(trace.index)
    if before is not None and before.kind == "act":
        advice = "check what a client sends before you use it; if it is wrong, end that client alone."
    elif trace.thread:
        advice = "mend that line; and let `finally` tidy up for a client, whatever ends its thread."
    else:
        advice = "mend that line; and let an error with one client end that client alone, not the server."
    if evidence.failed("still-serves", "survives-malformed") and not evidence.failed("stays-up") and trace.thread:
        advice += " If a lock is held there, `with lock:` gives it back after an exception; `acquire()` and `release()` do not."
    return _told(evidence, trace, cause=what, advice=advice)


def _broken(evidence: Evidence) -> Trace | None:
    return next((t for t in evidence.traces if t.name in BROKEN and (t.unhandled or _at_the_end_of_main(t))), None)


def _at_the_end_of_main(trace: Trace) -> bool:
    """Did it pass through all of the main thread? A trace that somebody caught and printed begins where it was caught."""
    return bool(trace.frames) and trace.frames[0].function in ("<module>", "_run_module_as_main")


def _told(evidence: Evidence, trace: Trace, *, cause: str, advice: str, more: tuple[str, ...] = ()) -> Hint:
    where, source = evidence.place(trace.own)
    sure = Sure.SURELY if evidence.failed(*CRASHES, *more) else Sure.PROBABLY
    follows = tuple(name for name in AFTERWARDS if name not in more)
    alone = not evidence.failed(*CRASHES, *more)  # it was caught and printed; what failed may come from it
    return Hint(
        cause,
        advice,
        sure,
        (*CRASHES, *more, *(follows if alone else ())),
        seen=f"{trace.name} in what the server printed." if alone else "",
        where=where,
        source=source,
        also=() if alone else follows,
        since=_began(evidence, trace),
    )


def _began(evidence: Evidence, trace: Trace) -> int:
    """What brought it about was done before it was printed; it may show elsewhere before it is printed, too."""
    before = evidence.lives.last_act_before(trace.index)
    gone = evidence.departed_before(trace.index)
    known = [act for act in (before.index if before else -1, gone.parted if gone else -1) if act < trace.index]
    return max(known, default=-1) if evidence.lives.seconds(trace.index) - _time(evidence, known) < 1.0 else trace.index


def _time(evidence: Evidence, known: list[int]) -> float:
    last = max(known, default=-1)
    return evidence.lives.seconds(last) if last >= 0 else float("-inf")


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= 100 else line[:99] + "…"
