"""`no-spin`: while nothing goes on, the server is at rest. Rest is seen, not averaged.

Time that its threads wait for a processor counts as well as time on one, so a busy machine changes nothing. One quiet
window proves rest; fifty threads that poll are quiet now and then, and one that spins never is.

A server that still delivers, long after we gave up waiting for it, is at work: nobody spins before it has gone silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER, Lives, lives_of
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import counted, named
from chatsim.history import Entry, History

__all__ = ["AT_REST", "AT_REST_CPU_ONLY", "IN_A_ROW", "IN_A_ROW_LOADED", "PRINTING", "SPINNING", "no_spin"]

NAME = "no-spin"
# (engine.resting watches by these, too)
AT_REST = 0.3  # of one processor; the quietest window of fifty polling threads was 13 to 31 %, on a busy machine
SPINNING = 0.5  # of one that spins it was 63 % or more
ALWAYS = 0.9  # of what it wants now, wanted on average before the first fault
IN_A_ROW = 20  # windows: a second
IN_A_ROW_LOADED = 40  # where others kept the processors for more than half of the time
# Of fifty polling threads none wanted more than 12 % where others kept the processors, but together 230 to 550 %, for each
# waits in line for itself; each of eight that spin under one interpreter lock wants a third or more.
STANDS_OUT = 0.3
# Where the platform does not tell the waiting, a spinning thread that is kept from the processors looks like a resting
# one (18 % with ten others on two processors): only less than this is rest then.
AT_REST_CPU_ONLY = 0.1
# Bytes in one window while nothing goes on: nobody has so much to tell. A server that prints without end is quiet now and
# then, where it waits for us to read: that is no rest, and whether it happens is chance.
PRINTING = 16_384

HINT_SPIN = (
    "Somewhere a loop goes round without waiting: `recv` returns nothing at once, again and again, when the client has "
    "gone. Leave the loop then, and on every error."
)
HINT_ROUND = (  # nobody had gone, whose socket could have been read from again and again
    "Somewhere a loop goes round without waiting. Wait for events (`accept`, `recv`, `select` with a timeout) instead of "
    "asking again and again; a socket that does not block is asked only when `select` says that there is something."
)
HINT_PRINTS = (
    "Somewhere a loop prints and does not wait for anything. Print when something has happened, and not without end."
)
HINT_ALWAYS = "Wait for events (`accept`, `recv`, `select` with a timeout) instead of asking again and again."


@dataclass(frozen=True, slots=True)
class _Rest:
    """One time of watching, window after window."""

    windows: Sequence[Entry]

    @property
    def loads(self) -> list[float]:
        return [max(float(window.detail.get("load") or 0.0), float(_prints(window))) for window in self.windows]

    @property
    def prints(self) -> bool:
        """In most of the windows, more than anybody has to tell."""
        return 2 * sum(map(_prints, self.windows)) > len(self.windows)

    @property
    def seconds(self) -> float:
        return sum(float(window.detail.get("seconds") or 0.0) for window in self.windows)

    @property
    def mean(self) -> float:
        weighed = (float(w.detail.get("load") or 0.0) * float(w.detail.get("seconds") or 0.0) for w in self.windows)
        return sum(weighed) / self.seconds if self.seconds else 0.0

    @property
    def cpu_only(self) -> bool:
        return any(window.detail.get("cpu_only") for window in self.windows)

    @property
    def rested(self) -> bool:
        return any(load < (AT_REST_CPU_ONLY if self.cpu_only else AT_REST) for load in self.loads)

    @property
    def crowded(self) -> bool:
        """Did others keep the processors for more than half of the time?"""
        return sum(float(window.detail.get("foreign") or 0.0) for window in self.windows) > self.seconds / 2

    @property
    def long_enough(self) -> bool:
        return len(self.windows) >= (IN_A_ROW_LOADED if self.crowded else IN_A_ROW)

    @property
    def never_rested(self) -> bool:
        return self.long_enough and all(load >= SPINNING for load in self.loads)

    @property
    def stands_out(self) -> bool:
        """Is there usually a thread that wants much by itself? Of many that only wake up often, none does."""
        tops = [window.detail.get("top") or () for window in self.windows]
        return median(float(top[0][1]) if top else 0.0 for top in tops) >= STANDS_OUT

    @property
    def spun(self) -> bool:
        return self.never_rested and (self.prints or self.stands_out or not self.crowded)


def _prints(window: Entry) -> bool:
    return int(window.detail.get("printed") or 0) >= PRINTING


def no_spin(history: History) -> Verdict:
    """While nothing goes on there is a window in which the server wants less than a third of a processor.

    A server that neither rests nor spins (it polls, and often) passes, and it is said what that costs.
    """
    lives = lives_of(history)
    if lives.attached:
        why = "How busy a server is that we only connect to cannot be seen."
        return Verdict(NAME, Outcome.NOT_APPLICABLE, why)
    rests = [_silent(history, rest) for rest in _rests(lives)]
    if not rests:
        return _unwatched(lives)
    exercised = len(rests)
    spun = next((rest for rest in rests if rest.spun), None)
    if spun is not None:
        return _spinning(lives, spun, exercised)
    restless = [rest for rest in rests if not rest.rested]
    if not restless:
        most = max(min(rest.loads) for rest in rests)
        summary = f"It was at rest while nothing went on ({_share(most)})."
        return Verdict(NAME, Outcome.PASSED, summary, exercised=exercised)
    unsure = [rest for rest in restless if rest.cpu_only or rest.never_rested]
    if unsure:
        least = min(min(rest.loads) for rest in unsure)
        summary = f"While nothing went on, the server used {_share(least)} or more, all the time.{BUSY}"
        witness = (unsure[0].windows[0].index, unsure[0].windows[-1].index)
        return Verdict(NAME, Outcome.INCONCLUSIVE, summary, witness, cause=Cause.MACHINE, exercised=exercised)
    polling = [rest for rest in restless if rest.long_enough]
    if polling:
        most = max(rest.mean for rest in polling)
        return Verdict(NAME, Outcome.PASSED, f"It polls: {_share(most)}, while nothing goes on.", exercised=exercised)
    if len(restless) < len(rests):
        return Verdict(NAME, Outcome.PASSED, "It was at rest while nothing went on.", exercised=exercised)
    watched = counted(len(restless[0].windows), "moment")
    return Verdict(NAME, Outcome.NOT_EXERCISED, f"It was watched for {watched} only, and was busy then.")


def _rests(lives: Lives) -> list[_Rest]:
    """The windows count from one, each time that the server is watched."""
    rests: list[list[Entry]] = []
    for window in lives.of("rest"):
        if rests and int(window.detail.get("number", 0)) == int(rests[-1][-1].detail.get("number", 0)) + 1:
            rests[-1].append(window)
        else:
            rests.append([window])
    return [_Rest(windows) for windows in rests]


def _silent(history: History, rest: _Rest) -> _Rest:
    """The moments after the last delivery; all of them, if it rested in between."""
    if rest.rested:
        return rest
    last = _last_delivery(history, rest.windows[0].index, rest.windows[-1].index)
    if last < 0:
        return rest
    silent = [window for before, window in pairwise(rest.windows) if before.index > last]
    return _Rest(silent or rest.windows[-1:])


def _last_delivery(history: History, first: int, last: int) -> int:
    """The index of the last message or receipt between these two that had not come there before; -1 without one.

    What is told again and again may come from a loop that goes round without waiting, and excuses nobody.
    """
    came: set[tuple[str, int, int]] = set()
    found = -1
    for entry in history.of("heard", "ack"):
        what = (entry.kind, entry.session, entry.ref)
        if first < entry.index < last and what not in came:
            found = entry.index
        came.add(what)
    return found


def _unwatched(lives: Lives) -> Verdict:
    if not any(life.connected != NEVER for life in lives.sessions.values()):
        return Verdict(NAME, Outcome.NOT_EXERCISED, "Nobody ever connected.")
    ended = next((entry for entry in reversed(lives.of("ended"))), None)
    died = next(lives.deaths(), None) is not None
    last = len(lives) - 1 if ended is None else ended.index
    if died or ended is None or ended.detail.get("why") != "done" or lives.down_at(last):
        return Verdict(NAME, Outcome.NOT_EXERCISED, "It was not running any more when nothing went on.")
    if any(life.flooded != NEVER for life in lives.sessions.values()):
        why = "The server floods its clients, so that there was no rest to watch: see `no-creation`."
        return Verdict(NAME, Outcome.NOT_EXERCISED, why)
    return Verdict(NAME, Outcome.NOT_APPLICABLE, "How busy the server's threads are cannot be observed here.")


def _spinning(lives: Lives, rest: _Rest, exercised: int) -> Verdict:
    first, last = rest.windows[0].index, rest.windows[-1].index
    summary = f"Nothing went on at {lives.when(first)}, and yet the server never rested for {rest.seconds:.1f} s:"
    summary += f" it wanted {_share(rest.mean)} all the time"
    busiest = _busiest(rest)
    summary += f", {busiest}." if busiest else "."
    before = _load_before(lives)
    act = _upset(lives, first)
    if act is not None:
        summary += f" Before that: {lives.act_in_words(act)} at {lives.when(act.index)}."
    # Before the first fault the server had work to do, and perhaps had just been started: that it was busy, too, is a
    # sign that it always is, and no more. That it was not is certain.
    always = before is not None and before >= ALWAYS * rest.mean
    if always:
        summary += " It had been as busy before anything went wrong: perhaps it always is."
    elif before is not None:
        summary += " Before anything went wrong it had not been so busy."
    if rest.prints:
        printed = sum(int(window.detail.get("printed") or 0) for window in rest.windows)
        summary += f" It printed {printed / 1e6:,.1f} MB meanwhile."
    flooded = [lives.who(life.number) for life in lives.sessions.values() if life.flooded < first]
    if flooded:
        summary += f" It floods {named(flooded)}: see `no-creation`."
    witness = (first, last) if act is None else (act.index, first, last)
    where = lives.where(witness[0]) if act is not None else ""
    return Verdict(
        NAME,
        Outcome.FAILED,
        summary,
        witness,
        Evidence.PROOF,
        exercised=exercised,
        where=where,
        hint=_hint(lives, first, rest, always=always),
    )


def _hint(lives: Lives, first: int, rest: _Rest, *, always: bool) -> str:
    if rest.prints:
        return HINT_PRINTS
    if always:
        return HINT_ALWAYS
    return HINT_SPIN if any(life.parted < first for life in lives.sessions.values()) else HINT_ROUND


def _busiest(rest: _Rest) -> str:
    """Of the last window: which thread it is, if one stands out."""
    names = {str(row[0]) for window in rest.windows for row in window.detail.get("top") or ()}
    top = rest.windows[-1].detail.get("top") or ()
    if not top or len(names) < 2:
        return ""  # all are called by the program's name
    name, load = str(top[0][0]), float(top[0][1])
    others = sum(float(row[1]) >= SPINNING / 2 for row in top) - 1
    more = f" and {counted(others, 'other')}" if others > 0 else ""
    return f'most of it in the thread "{name}"{more}' if load >= SPINNING / 2 else ""


def _load_before(lives: Lives) -> float | None:
    """What it wanted before the first fault."""
    fault = next(iter(lives.of("fault")), None)
    load = fault.detail.get("load") if fault is not None else None
    return None if load is None else float(load)


def _upset(lives: Lives, index: int) -> Entry | None:
    """The last thing done before that is known to make loops go round: somebody went, or wrote what nobody expects."""
    acts = [e for kind in ("drop", "act", "leave", "stall") for e in lives.of(kind) if e.index < index]
    by_scenario = [entry for entry in acts if lives.is_of_the_scenario(entry.session)]
    return max(by_scenario or acts, key=lambda entry: entry.index, default=None)


def _share(load: float) -> str:
    """ "2 % of a processor"."""
    return f"{load * 100:.0f} % of a processor"
