"""Causes of a server that does not end, or does not begin again."""

from __future__ import annotations

from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure

__all__ = ["address_in_use", "threads_keep_it_alive"]

IN_USE = ("Address already in use", "EADDRINUSE", "Errno 98", "Errno 48", "WinError 10048", "BindException")


def address_in_use(evidence: Evidence) -> Hint | None:
    verdict = evidence.failed("clean-exit")
    if verdict is None or not any(e.detail.get("what") == "restart" for e in evidence.of("server")):
        return None
    told = " ".join(str(e.detail.get("why", "")) for e in evidence.of("server") if e.detail.get("what") == "failed")
    line = evidence.printed(*IN_USE)
    if line is None and not any(words in told for words in IN_USE):
        return None
    advice = "set SO_REUSEADDR on the listening socket before `bind`."
    if evidence.runs_on("python"):
        advice = "`server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)` before `bind`."
    trace = next((t for t in _all_traces(evidence) if any(words in t.words for words in IN_USE)), None)
    where, source = evidence.place(trace.own if trace is not None else None)
    return Hint(
        "the connections of its last life still fade away on that port, and without SO_REUSEADDR the system keeps the port "
        "from it as long.",
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
    if evidence.many_threads:
        return Hint(
            "threads that are not daemons keep a process alive.",
            "make them daemons, or close their sockets when the server is told to end, so that they end too.",
            Sure.PERHAPS,
            ("clean-exit",),
        )
    return None
