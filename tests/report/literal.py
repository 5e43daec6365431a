"""Runs written down by hand: what a history, its verdicts and their report are made of, without playing anything."""

from __future__ import annotations

from dataclasses import replace

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.errors import ServerError
from chatsim.history import CONSOLE, Header, History
from chatsim.report.report import Run

FILE = "scenarios/abrupt_drop.yaml"
CLAIM = "one who is cut off is missed"
REPLAY = f'chatsim run {FILE} --server "python server.py" --profile relay --seed 42'


def drop_without_notice() -> History:
    """alice, bob and cat chat; bob is reset; alice waits for the notice in vain."""
    history = History(
        Header(scenario=CLAIM, file=FILE, seed=42, profile="relay", server="python server.py", replay=REPLAY)
    )
    for session, bot in enumerate(("alice", "bob", "cat")):
        history.note(0.01, "connect", session, bot=bot, nick=bot, number=1)
        history.note(0.02, "told", session, nick=bot)
    hello = history.new_message(1, "chat", "lobby", "hello everyone qbcdfgh", words="hello everyone").id
    history.say(0.30, "send", 1, hello)
    history.say(0.30, "handed", 1, hello)
    history.say(0.31, "heard", 0, hello, "hears")
    history.say(0.31, "heard", 2, hello, "hears")
    history.note(0.60, "settled", how="all-heard", channels=None, valid=True)
    history.note(0.61, "step", number=5, verb="drop", place=f"{FILE}:14:5", text="- drop: bob", phase="begin")
    history.note(0.61, "drop", 1, how="reset")
    history.note(0.62, "out", stream="stderr", line="Traceback (most recent call last):")
    history.note(0.62, "out", stream="stderr", line="ConnectionResetError: [Errno 104] Connection reset by peer")
    history.note(
        2.61, "wait", step=5, since=0.61, missing=[["notice", 0, "left bob"]], patience=2.0, waited=2.0, valid=True
    )  # fmt: skip
    history.note(2.61, "settled", how="patience", channels=None, valid=True)
    history.note(2.61, "step", number=5, verb="drop", place=f"{FILE}:14:5", text="- drop: bob", phase="end")
    history.note(2.66, "ended", why="done")
    return history


def index_of(history: History, kind: str, number: int = 0) -> int:
    return [entry.index for entry in history.of(kind)][number]


def failed_drop_notice(history: History) -> Verdict:
    return Verdict(
        "drop-notice",
        Outcome.FAILED,
        "bob dropped at 0.61 s. alice was still connected and was never told.",
        (index_of(history, "drop"), index_of(history, "wait")),
        Evidence.ABSENCE,
        exercised=2,
        where=f"{FILE}:14:5",
        hint='Likely: the handler leaves its loop on an exception, and the "left" broadcast sits after the loop.\n'
        "Try: move the cleanup into `finally`.",
    )


PASSED = (
    Verdict("delivery", Outcome.PASSED, "Both deliveries that were owed came.", exercised=2),
    Verdict("no-duplication", Outcome.PASSED, exercised=2),
    Verdict("leave-notice", Outcome.PASSED, "alice and cat were told.", exercised=1, at="after speech"),
)
IDLE = (
    Verdict("total-order", Outcome.NOT_EXERCISED, "No two messages were concurrent."),
    Verdict("roster", Outcome.NOT_APPLICABLE, "The profile describes no roster."),
)


def failed() -> Run:
    history = drop_without_notice()
    return Run(
        CLAIM,
        FILE,
        42,
        "relay",
        "python server.py",
        Outcome.FAILED,
        2.7,
        (*PASSED, failed_drop_notice(history), *IDLE),
        history,
        replay=REPLAY,
    )


def passed(seed: int = 42) -> Run:
    return replace(failed(), seed=seed, outcome=Outcome.PASSED, verdicts=(*PASSED, *IDLE), duration_s=0.31)


def unclear(seed: int = 42) -> Run:
    verdict = Verdict(
        "delivery",
        Outcome.INCONCLUSIVE,
        'cat never heard "hello everyone" from bob.',
        cause=Cause.MACHINE,
        evidence=Evidence.ABSENCE,
        exercised=2,
    )
    return replace(failed(), seed=seed, outcome=Outcome.INCONCLUSIVE, verdicts=(verdict, *PASSED[1:]))


def asked_in_vain() -> Run:
    run = passed()
    assert run.history is not None
    history = History(replace(run.history.header, check=("total-order",), where={"total-order": f"{FILE}:3:9"}))
    return replace(run, outcome=Outcome.INCONCLUSIVE, verdicts=IDLE[:1], history=history)


def not_started() -> Run:
    error = ServerError("`python server.py` ended at once, with code 1", hint="Does it start when you type it?")
    return replace(
        failed(),
        outcome=Outcome.INCONCLUSIVE,
        verdicts=(),
        history=None,
        error=error,
        server_words=("OSError: [Errno 98] Address already in use",),
        duration_s=0.05,
    )


def not_applicable() -> Run:
    why = "'whisper' (scenarios/abrupt_drop.yaml:9:5) needs direct messages (`whisper`)"
    return replace(
        failed(), outcome=Outcome.NOT_APPLICABLE, verdicts=(), history=None, why=why, duration_s=0.0, replay=""
    )


def hostile() -> Run:
    """A server that prints and sends what would take over a terminal."""
    history = drop_without_notice()
    evil = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\udc80\x9b31m\u2028" + "A" * 3000
    index = history.note(2.7, "unrecognised", 0, text=evil)
    printed = history.note(2.7, "notice", CONSOLE, what="left", nick="\x1b[31mbob", text=evil)
    verdict = Verdict(
        "no-creation", Outcome.FAILED, f"alice heard {evil[:40]}", (index, printed), Evidence.PROOF, where=f"{FILE}:1:1"
    )
    return replace(
        failed(), verdicts=(verdict,), history=history, server_words=(evil, "\x1b[1mbold"), bot_words={"alice": evil}
    )
