"""Causes of a server that does not end, or does not begin again."""

from __future__ import annotations

from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure

__all__ = ["address_in_use", "ended_without_an_error", "helper_left_behind", "threads_keep_it_alive"]

IN_USE = ("Address already in use", "EADDRINUSE", "Errno 98", "Errno 48", "WinError 10048", "BindException")


def address_in_use(evidence: Evidence) -> Hint | None:
    verdict = evidence.failed("clean-exit")
    if verdict is None or not any(e.detail.get("what") == "restart" for e in evidence.of("server")):
        return None
    told = " ".join(str(e.detail.get("why", "")) for e in evidence.of("server") if e.detail.get("what") == "failed")
    line = evidence.printed(*IN_USE)
    if line is None and not any(words in told for words in IN_USE):
        return None
    cause = (
        "the connections of its last life still fade away on that port, and without SO_REUSEADDR the system keeps the port "
        "from it as long."
    )
    advice = "set SO_REUSEADDR on the listening socket before `bind`."
    if evidence.lives.terms.transport == "unix":
        cause = "the file of its socket has outlived it, and nobody can bind a path where there is something already."
        advice = "remove the file when the server ends, or before `bind`."
    elif evidence.runs_on("python"):
        advice = "`server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)` before `bind`."
    trace = next((t for t in _all_traces(evidence) if any(words in t.words for words in IN_USE)), None)
    where, source = evidence.place(trace.own if trace is not None else None)
    return Hint(
        cause,
        advice,
        Sure.SURELY,
        ("clean-exit",),
        seen='it said "Address already in use" when it was started again.',
        where=where,
        source=source,
        also=("stays-up", "no-crash-output"),
    )


def _all_traces(evidence: Evidence) -> tuple:  # type: ignore[type-arg]
    from chatsim.diagnosis.traces import traces_of

    return traces_of(evidence.history)  # also those after our signal: that is when it was started again


def threads_keep_it_alive(evidence: Evidence) -> Hint | None:
    """It was told to end and did not; the stacks of its last moment tell where it waited."""
    verdict = evidence.failed("clean-exit")
    if verdict is None or str(verdict.evidence) != "absence":
        return None
    main = next((stack for stack in evidence.stacks.get("stop", ()) if stack.main), None)
    if main is not None and any(frame.function == "_shutdown" for frame in main.frames):
        waiting = [s.own for s in evidence.stacks["stop"] if not s.main and s.own is not None]
        where, source = evidence.place(evidence.only(waiting))
        return Hint(
            "its main thread has ended, and Python waits for the threads that still serve clients.",
            "make them daemons (`threading.Thread(…, daemon=True)`), or close their sockets when told to end.",
            Sure.SURELY,
            ("clean-exit",),
            where=where,
            source=source,
        )
    if main is not None and main.own is not None:
        where, source = evidence.place(main.own)
        return Hint(
            "the main thread went on after the signal to end: something catches KeyboardInterrupt (a bare `except:` does), "
            "or it waits where nothing wakes it.",
            "write `except Exception:` instead of `except:` in the loops, and end them on KeyboardInterrupt.",
            Sure.PERHAPS,
            ("clean-exit",),
            where=where,
            source=source,
        )
    return None


def helper_left_behind(evidence: Evidence) -> Hint | None:
    """The server itself has ended; a process that it had started has not."""
    verdict = evidence.failed("clean-exit")
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        if entry.detail.get("what") != "left-behind" or entry.detail.get("exited") is not True:
            continue
        left = entry.detail.get("processes") or ()
        command = str(left[0].get("command", "")) if left and isinstance(left[0], dict) else ""
        return Hint(
            "the server has started another process, and ends without ending it.",
            "end it when the server ends: `process.terminate()` and `process.wait()` in `finally`, or start it by `with`.",
            Sure.SURELY,
            ("clean-exit",),
            seen=f'"{_short(command)}" was still there.' if command else "",
        )
    return None


def _short(words: str) -> str:
    return words if len(words) <= 80 else words[:79] + "…"


def ended_without_an_error(evidence: Evidence) -> Hint | None:
    """It ended with code 0 and printed no exception: its own main loop was left."""
    verdict = evidence.failed("stays-up")
    exits = [evidence.history[i] for i in (verdict.witness if verdict else ()) if evidence.history[i].kind == "server"]
    if not exits or exits[0].detail.get("code") != 0 or evidence.traces:
        return None
    return Hint(
        "no exception ended the server: it came to the end of its main loop, or called for its own end (`sys.exit`).",
        "look for every `break`, `return` and `exit` by which the loop that accepts can end: when a client goes, only that "
        "client's own loop may.",
        Sure.SURELY,
        ("stays-up",),
        seen="it ended with exit code 0.",
        also=("lets-in", "delivery", "still-serves", "expectations", "survives-malformed"),
        keeps=True,
    )
