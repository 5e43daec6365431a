"""Causes of clients thrown out that had done nothing wrong."""

from __future__ import annotations

from chatsim.diagnosis.evidence import NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure

__all__ = ["error_ends_the_speaker", "quiet_are_thrown_out", "thrown_out"]

FOLLOWS = (
    *("delivery", "echo", "join-notice", "leave-notice", "drop-notice", "roster", "nickname-released", "no-ghosts"),
    *("lets-in", "still-serves", "expectations"),
)
QUIET = 0.15  # seconds: who said something so short a time before was not quiet
ALIKE = 0.3  # of the shortest silence that was punished: the longest is at most so much longer


def error_ends_the_speaker(evidence: Evidence) -> Hint | None:
    """Somebody went; and whoever spoke next was thrown out: sending to the dead one raised in the speaker's own loop."""
    out = _thrown_out(evidence)
    if not out or evidence.traces:
        return None
    first = out[0]
    gone = evidence.departed_before(first.closed)
    if gone is None or gone.drop == NEVER or gone.told > gone.parted or gone.number == first.number:
        return None
    said = [
        m for m in evidence.views.spoken.get(first.number, ()) if gone.parted < evidence.views.send[m] < first.closed
    ]
    if not said or not _soon_after(evidence, first, min(evidence.views.send[m] for m in said)):
        return None
    stuck = evidence.failed("still-serves") is not None
    lock = " It held a lock, it seems, which nobody gives back: nobody who came after that was served." if stuck else ""
    use = " And write `with lock:`, which gives the lock back after an exception, too." if stuck else ""
    return Hint(
        f"sending to {gone.bot}, who had gone, raises, and the exception ends the loop of whoever was just speaking: that "
        f"one is thrown out, and those who stand behind in the list get nothing.{lock}",
        f"catch OSError around the sending to each single client, take that client out, and go on with the next.{use}",
        Sure.PROBABLY,
        ("keeps-clients", *FOLLOWS),
        seen=f"{gone.bot} {gone.how_it_went}; {first.bot} spoke after that, and was thrown out.",
        since=gone.parted,
    )


def _soon_after(evidence: Evidence, life: Life, sent: int) -> bool:
    return abs(evidence.lives.seconds(life.closed) - evidence.lives.seconds(sent)) < 1.0


def quiet_are_thrown_out(evidence: Evidence) -> Hint | None:
    """All who were thrown out had been silent for the same time, and no shorter silence than that was let pass."""
    out = _thrown_out(evidence)
    if len(out) < 2 or evidence.traces:
        return None
    silences = [evidence.lives.seconds(life.closed) - _last_word(evidence, life) for life in out]
    if min(silences) < QUIET or max(silences) > (1 + ALIKE) * min(silences):
        return None
    return Hint(
        "a client that says nothing for a moment is thrown out: a time limit on its socket (`settimeout`) ends its loop.",
        "wait without a limit for what a client says; or catch the timeout in the loop (`except TimeoutError: continue`). "
        "If it is meant, write `limits: {silence: …}` in the profile.",
        Sure.PROBABLY,
        ("keeps-clients",),
        seen=f"{len(out)} were thrown out, each of them about {min(silences):.1f} s after its last word.",
        also=FOLLOWS,
        since=min(life.connect for life in out),
    )


def _last_word(evidence: Evidence, life: Life) -> float:
    """When it last wrote anything: a message, or its name."""
    said = [evidence.views.send[m] for m in evidence.views.spoken.get(life.number, ())]
    told = life.told if life.told < life.closed else life.connect
    return evidence.lives.seconds(max([told, *(index for index in said if index < life.closed)]))


def thrown_out(evidence: Evidence) -> Hint | None:
    """Nothing is known but that they were. Then what is told at `keeps-clients` is where to begin."""
    out = _thrown_out(evidence)
    if not out:
        return None
    return Hint(
        "the server closes connections of clients that are still there: the loop that serves them ends.",
        "look for each way out of that loop (`break`, `return`, an exception, a time limit), and print there why it ends.",
        Sure.PERHAPS,
        ("keeps-clients",),
        also=FOLLOWS,
        since=min(life.connect for life in out),
        keeps=True,
    )


def _thrown_out(evidence: Evidence) -> list[Life]:
    if evidence.failed("keeps-clients") is None:
        return []
    cut = [life for life in evidence.lives.sessions.values() if evidence.views.cut_off(life.number) != NEVER]
    return sorted((life for life in cut if life.told < life.closed), key=lambda life: life.closed)
