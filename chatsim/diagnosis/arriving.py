"""Causes of newcomers who are not let in."""

from __future__ import annotations

from chatsim.checks.verdict import Verdict
from chatsim.diagnosis.evidence import NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.diagnosis.traces import Frame

__all__ = ["accept_loop_ended", "one_at_a_time", "silent_connection_blocks"]

OF = ("lets-in", "still-serves", "no-head-of-line-blocking", "stays-up")


def silent_connection_blocks(evidence: Evidence) -> Hint | None:
    """Somebody has connected and says nothing, and whoever comes after that one is not answered."""
    waiting = _unanswered(evidence)
    if waiting is None or _crashed_before(evidence, waiting):
        return None
    silent = next((life for life in _others(evidence, waiting) if _silent_beside(evidence, life, waiting)), None)
    if silent is None:
        return None
    frame = _main_is_in(evidence)
    where, source = evidence.place(frame)
    return Hint(
        f"the server waits for what {silent.bot} has to say before it lets in anybody else: it reads from a newcomer in "
        "the loop that accepts.",
        _apart(evidence),
        Sure.SURELY if frame is not None else Sure.PROBABLY,
        OF[:3],
        seen=f"{silent.bot} had connected and said nothing; {waiting.bot}, who came after that, was never answered.",
        where=where,
        source=source,
        since=silent.connect,
    )


def accept_loop_ended(evidence: Evidence) -> Hint | None:
    """Somebody broke off before it had joined, and since then nobody is answered."""
    waiting = _unanswered(evidence)
    if waiting is None:
        return None
    hasty = next(
        (life for life in _others(evidence, waiting) if life.parted < waiting.connect and life.told > life.parted), None
    )
    if hasty is None or any(
        life.told != NEVER and life.connect > hasty.parted for life in evidence.lives.sessions.values()
    ):
        return None
    trace = next((t for t in evidence.traces if t.index > hasty.connect and not t.thread), None)
    where, source = evidence.place(trace.own if trace is not None else _main_is_in(evidence))
    return Hint(
        f"an error with {hasty.bot}, who broke off before it had joined, ended the loop that accepts clients.",
        "catch the error inside that loop, around what is done for one newcomer, and accept the next; or "
        + _apart(evidence),
        Sure.SURELY if trace is not None else Sure.PROBABLY,
        OF,
        seen=f"{hasty.bot} {hasty.how_it_went} before it had joined; nobody who came after that was answered.",
        where=where,
        source=source,
        also=("no-crash-output",) if trace is not None else (),
        since=hasty.parted,
    )


def one_at_a_time(evidence: Evidence) -> Hint | None:
    """Nobody gets in while another one is in."""
    waiting = _unanswered(evidence)
    if waiting is None or _crashed_before(evidence, waiting) or not evidence.one_thread_or_unknown:
        return None
    if any(life.told == NEVER and life.over > waiting.connect for life in _others(evidence, waiting)):
        return None  # that one may be what is waited for
    inside = [life for life in _others(evidence, waiting) if life.told < waiting.connect < life.over]
    others = [life for life in evidence.lives.sessions.values() if life.told != NEVER]
    together = any(
        one is not other and one.told < other.told < min(one.over, one.parted) for one in others for other in others
    )
    if len(inside) != 1 or together or any(entry.index < waiting.connect for entry in evidence.of("fault")):
        return None
    return Hint(
        f"the server serves one client at a time: while it serves {inside[0].bot}, it does not accept.",
        _apart(evidence),
        Sure.PROBABLY,
        OF[:2],
        seen=f"{waiting.bot} came while {inside[0].bot} was there, and was not answered; never were two let in together.",
        since=waiting.connect,
    )


def _apart(evidence: Evidence) -> str:
    if evidence.one_thread and evidence.runs_on("node"):
        return "do not wait in the handler of a new connection: answer when its data comes."
    return (
        "let the loop that accepts do nothing but accept: hand each newcomer over at once (to a thread or task of its own, "
        "or to the selector), and read its name there."
    )


def _unanswered(evidence: Evidence) -> Life | None:
    """The newcomer of whom `lets-in` or another tells that nobody answered it. A refusal is an answer."""
    for name in OF[:3]:
        life = _newcomer(evidence, evidence.failed(name))
        if life is not None and life.told == NEVER and life.refused == NEVER and life.connected != NEVER:
            return life
    return None


def _newcomer(evidence: Evidence, verdict: Verdict | None) -> Life | None:
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        if entry.kind == "connect":
            life = evidence.lives.sessions.get(entry.session)
            if life is not None and life.told == NEVER:
                return life
    return None


def _crashed_before(evidence: Evidence, waiting: Life) -> bool:
    """Was there an exception before it was given up to wait for this newcomer?"""
    until = next((e.index for e in evidence.of("wait") if e.index > waiting.connect), NEVER)
    return any(trace.index < until for trace in evidence.traces)


def _others(evidence: Evidence, than: Life) -> list[Life]:
    """Those who connected before this one."""
    return [life for life in evidence.lives.sessions.values() if life.connect < than.connect]


def _silent_beside(evidence: Evidence, life: Life, waiting: Life) -> bool:
    if life.connected == NEVER or life.told < NEVER or life.over < waiting.connect or life.parted < waiting.connect:
        return False
    if life.acted < waiting.connect:
        return False
    view = evidence.views.sessions.get(life.number)
    return view is not None and view.begun > waiting.connect


def _main_is_in(evidence: Evidence) -> Frame | None:
    """The line in which the main thread hangs, if it is not accepting."""
    main = next((stack for stack in evidence.stacks.get("hung", ()) if stack.main), None)
    if main is None or main.waits_in("accept", "_accept", "select", "poll", "run_forever", "join", "wait"):
        return None
    return main.own
