"""`no-head-of-line-blocking`: one client that does not read, stops in mid-message, or says nothing, keeps nobody waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER, Life, Lives
from chatsim.checks.others import Held, held_up, went_on
from chatsim.checks.stalls import pushed_at
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.views import Views, views_of
from chatsim.checks.wording import sized
from chatsim.history import Entry, History

__all__ = ["no_head_of_line_blocking"]

NAME = "no-head-of-line-blocking"
SURELY_STUCK = (
    16 * 1024 * 1024
)  # bytes: kernels absorb three to four million, and a server may have a buffer of its own

HINTS = {
    "stall": "Never write to one client while you hold what the others need (a lock, or the only thread): give each "
    "client a queue and a thread of its own, or a limit to how long a write may take.",
    "half": "Wait for the rest of a message in a thread of that client's own; or keep what has come of it, and go on "
    "with the others until more comes.",
    "silent": "The loop that accepts should do nothing but accept: greet each newcomer in a thread of its own.",
}


@dataclass(frozen=True, slots=True)
class _Hindrance:
    """One client that could keep others waiting, from one index to another."""

    kind: str  # stall | half | silent
    life: Life
    since: int
    until: int


def no_head_of_line_blocking(history: History) -> Verdict:
    """While one client does not read, has sent half a message, or is connected and silent, the others hear each other
    and newcomers come in, within the patience that was measured before.

    One that does not read counts only where the server was truly stuck with it: little that is sent is taken by the
    kernels, and then nothing was put to the test.
    """
    views = views_of(history)
    lives = views.lives
    hindrances = sorted(_hindrances(views), key=lambda each: each.since)
    if not hindrances:
        why = "Nobody stopped reading or in mid-message, or connected and said nothing."
        return Verdict(NAME, Outcome.NOT_EXERCISED, why)
    idle: list[str] = []
    told: list[str] = []
    blocked: list[tuple[_Hindrance, Held]] = []
    exercised = 0
    for number, each in enumerate(hindrances):
        why = _why_no_chance(history, views, each)
        if why:
            idle.append(why)
            continue
        held = [one for one in _held(views, each) if not _of_a_later_one(hindrances[number + 1 :], one)]
        known = {one.joining for one in held_up(views, -1, each.since, ())}
        blocked += [(each, one) for one in held if one.joining not in known]
        others = went_on(views, each.since, _end(lives, each), (each.life.number,))
        exercised += others.chances
        if others.chances:
            told.append(f"{_doing(lives, each)}, and {others} meanwhile.")
        elif held:
            idle.append("The others had waited in vain before that, too.")
        else:
            idle.append(f"{_doing(lives, each)}, but nobody else said anything or came in meanwhile.")
    if blocked:
        return _blocked(history, views, blocked, exercised)
    if not exercised:
        return Verdict(NAME, Outcome.NOT_EXERCISED, idle[0])
    return Verdict(NAME, Outcome.PASSED, told[0], exercised=exercised)


# --- who could be in the way -------------------------------------------------------------------------------------


def _hindrances(views: Views) -> Iterator[_Hindrance]:
    for view in views.sessions.values():
        life = view.life
        gone = min(life.parted, life.over)
        for since, back in life.stalls:
            yield _Hindrance("stall", life, since, min(back, gone))
        if views.terms.join_dialogue and life.connected < min(view.begun, gone):
            yield _Hindrance("silent", life, life.connected, min(view.begun, gone, life.acted))
    for act in views.lives.of("act"):
        life_of = views.lives.sessions.get(act.session)
        if life_of is not None and act.detail.get("what") == "half":
            yield _Hindrance("half", life_of, act.index, min(life_of.parted, life_of.over))


def _end(lives: Lives, hindrance: _Hindrance) -> int:
    """Until when the others are looked at: not past the server's end, by its own doing or ours."""
    deaths = [death.index for death in lives.deaths() if death.index > hindrance.since]
    return min([hindrance.until, len(lives), lives.next_down(hindrance.since), *deaths])


def _held(views: Views, hindrance: _Hindrance) -> Iterator[Held]:
    # A wait that began while it lasted is over a patience later, and by then it may be.
    return held_up(views, hindrance.since, _end(views.lives, hindrance), (hindrance.life.number,))


def _of_a_later_one(later: Sequence[_Hindrance], held: Held) -> bool:
    """Others went on until somebody else got in the way, too: then it is that one's doing."""
    return any(other.since < held.begun and held.waited < other.until for other in later)


def _why_no_chance(history: History, views: Views, hindrance: _Hindrance) -> str:
    """Why it could keep nobody waiting; empty if it could."""
    lives, life = views.lives, hindrance.life
    if hindrance.kind != "stall":
        return ""
    ended = lives.down_at(life.closed) or lives.died_before(life.closed) or lives.dying_at(life.closed)
    if hindrance.since < life.closed < NEVER and life.closed <= hindrance.until and not ended:
        return ""  # the server had found out, and parted with it
    pushed = pushed_at(history, life, hindrance.since, min(hindrance.until, len(lives)))
    if pushed >= SURELY_STUCK or _stuck(views, hindrance):
        return ""
    who = lives.who(life.number)
    why = f"{who} stopped reading, but only {sized(pushed)} were said to it: the kernels keep three or four MiB,"
    return f"{why} and the server never had to wait."


def _stuck(views: Views, hindrance: _Hindrance) -> bool:
    """Did something lie at the server for it, the same at two looks, though more was said in between?"""
    port = hindrance.life.port
    looks = [
        entry
        for entry in views.lives.of("facts")
        if hindrance.since < entry.index < hindrance.until and "send_queue" in entry.detail
    ]
    for number, first in enumerate(looks):
        waiting = _queue(first, port)
        for second in looks[number + 1 :]:
            spoken = any(
                first.index < views.send[message] < second.index and views.sender(message) != hindrance.life.number
                for message in views.sent
            )
            if waiting > 0 and _queue(second, port) == waiting and spoken:
                return True
    return False


def _queue(facts: Entry, port: int | None) -> int:
    queues = facts.detail.get("send_queue") or {}
    return int(queues.get(port, queues.get(str(port), 0)))  # in a recorded file the ports are words


# --- what is said of it ------------------------------------------------------------------------------------------


def _doing(lives: Lives, hindrance: _Hindrance) -> str:
    who, when = lives.who(hindrance.life.number), lives.when(hindrance.since)
    return {
        "stall": f"{who} stopped reading at {when}",
        "half": f"{who} sent half a message at {when}",
        "silent": f"{who} connected at {when} and said nothing",
    }[hindrance.kind]


def _how_stuck(history: History, views: Views, hindrance: _Hindrance, until: int) -> str:
    facts = [e for e in views.lives.of("facts") if hindrance.since < e.index < until and "send_queue" in e.detail]
    waiting = _queue(facts[-1], hindrance.life.port) if facts else 0
    if waiting:
        return f"{sized(waiting)} for it waited at the server"
    return f"{sized(pushed_at(history, hindrance.life, hindrance.since, until))} were said to it"


def _blocked(history: History, views: Views, blocked: list[tuple[_Hindrance, Held]], exercised: int) -> Verdict:
    lives = views.lives
    certain = [pair for pair in blocked if pair[1].certain]
    hindrance, held = min(certain or blocked, key=lambda pair: pair[1].waited)
    summary = f"{_doing(lives, hindrance)}"
    if hindrance.kind == "stall":
        summary += f" ({_how_stuck(history, views, hindrance, held.waited)})"
    summary += f". After that, {held.summary}."
    more = len({(one.session, one.begun) for _, one in certain}) - 1
    if more > 0:
        summary += f" The same happened {more} more {'time' if more == 1 else 'times'}."
    where = lives.where(hindrance.since)
    if not where and hindrance.kind == "silent":
        where = lives.where(hindrance.life.connect)
    return Verdict(
        NAME,
        Outcome.FAILED if certain else Outcome.INCONCLUSIVE,
        summary if certain else summary + BUSY,
        tuple(sorted({hindrance.since, held.begun, held.waited})),
        Evidence.ABSENCE if certain else None,
        None if certain else Cause.MACHINE,
        exercised=exercised + len(blocked),
        where=where,
        hint=HINTS[hindrance.kind],
    )
