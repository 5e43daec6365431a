"""`no-thread-leak`, `no-socket-leak`, `no-memory-leak`: what grows with the number of clients that have gone.

Judged by cycles of one kind of departure: what each of them has left behind. When a growth is one, says `growth`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chatsim.checks.growth import FEWEST, MEMORY_CYCLES, Growth, enough, growth, memory_growth
from chatsim.checks.lives import Life, Lives, lives_of
from chatsim.checks.stalls import pushed_at
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.checks.wording import counted, named, sized
from chatsim.history import Entry, History

__all__ = ["MANAGED", "no_memory_leak", "no_socket_leak", "no_thread_leak"]

AT = ("", "once", "idle", "after speech")  # by the number of the look at which nothing had grown
KIB, MIB = 1024, 1024 * 1024

MANAGED: Final = {
    "java": "Java",
    "node": "Node",
    "deno": "Deno",
    "bun": "Bun",
    "dotnet": ".NET",
    "mono": "Mono",
    "pypy": "PyPy",
    "ruby": "Ruby",
    "erlang": "Erlang",
    "dart": "Dart",
}  # their memory grows until they see fit to collect it
OF_A_THREAD = 128 * KIB  # resident, at most, of a thread that only waits; of CPython's 24 were measured
PUSHED = 64 * MIB  # at one who does not read: less may lie in buffers that are bounded and large


@dataclass(frozen=True, slots=True)
class _Kept:
    """Something that a server may keep of its clients: the key of its number in `cycle`, and its name."""

    key: str
    one: str
    many: str
    hint: str


THREADS = _Kept(
    "threads",
    "thread",
    "threads",
    "A thread ends when its function returns: leave the loop when `recv` returns nothing, and also when it raises.",
)
CHILDREN = _Kept(
    "children",
    "child process",
    "child processes",
    "A child process must end when its client has gone, and be waited for.",
)
DESCRIPTORS = _Kept(
    "fds",
    "file descriptor",
    "file descriptors",
    "Close the client's socket on every way out of the loop that serves it: in `finally`, or by `with`.",
)
CLOSE_WAIT = _Kept(
    "close_wait",
    "socket in CLOSE_WAIT",
    "sockets in CLOSE_WAIT",
    "When `recv` returns nothing the client has gone: leave the loop and close the socket (in `finally`).",
)
MEMORY = _Kept(
    "rss",
    "byte",
    "bytes",
    "Forget what belongs to a client when it goes: its entries in every list and dictionary, and what it was still to "
    "be sent.",
)


def no_thread_leak(history: History) -> Verdict:
    """Threads and child processes do not grow with the number of departed clients."""
    return _counts(history, "no-thread-leak", (THREADS, CHILDREN), "The server's threads")


def no_socket_leak(history: History) -> Verdict:
    """File descriptors, and sockets in CLOSE_WAIT, do not. (TIME_WAIT and FIN_WAIT are nobody's fault.)"""
    return _counts(history, "no-socket-leak", (CLOSE_WAIT, DESCRIPTORS), "The server's sockets")


# --- cycles ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cycles:
    """The cycles of one step and one kind of departure, in one life of the server."""

    how: str
    size: int
    entries: tuple[Entry, ...]

    def samples(self, key: str) -> list[tuple[int, int]]:
        """(departed since these cycles began, the number): of each cycle that could be looked at."""
        first = self.entries[0].detail
        before = int(first.get("departed", 0)) - self.size
        return [
            (int(entry.detail.get("departed", 0)) - before, int(entry.detail[key]))
            for entry in self.entries
            if entry.detail.get(key) is not None
        ]

    @property
    def departed(self) -> int:
        first, last = self.entries[0].detail, self.entries[-1].detail
        return int(last.get("departed", 0)) - int(first.get("departed", 0)) + self.size

    @property
    def refused(self) -> bool:
        return any(entry.detail.get("refused") for entry in self.entries)

    @property
    def at(self) -> str:
        return AT[max((int(entry.detail.get("look") or 0) for entry in self.entries), default=0)]

    @property
    def all_went(self) -> str:
        return "all politely" if self.how == "polite" else f"all by {self.how}"

    def witness(self) -> tuple[int, ...]:
        """The first, one in the middle, and the last."""
        middle = self.entries[len(self.entries) // 2]
        return tuple(sorted({self.entries[0].index, middle.index, self.entries[-1].index}))


def _cycles(lives: Lives) -> list[_Cycles]:
    """Apart for each kind of departure; and anew after a restart, for a new process has leaked nothing yet."""
    ends = [e.index for e in lives.of("server") if e.detail.get("what") in ("stopping", "kill", "restart")]
    together: dict[tuple[str, str, int], list[Entry]] = defaultdict(list)
    for entry in lives.of("cycle"):
        life = sum(end < entry.index for end in ends)
        together[str(entry.detail.get("place", "")), str(entry.detail.get("how", "")), life].append(entry)
    return [
        _Cycles(how, max(1, int(entries[0].detail.get("size") or 1)), tuple(entries))
        for (_, how, _), entries in together.items()
    ]


# --- threads and sockets -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Watched:
    """One number, watched over cycles of one kind."""

    kept: _Kept
    cycles: _Cycles
    samples: Sequence[tuple[int, int]]
    growth: Growth

    @property
    def leaks(self) -> bool:
        # Whoever grew with each client and then let nobody in any more has shown where it leads.
        refused = self.growth.steady and self.growth.needs_more and self.cycles.refused
        return self.growth.state == "grows" or refused

    @property
    def too_few(self) -> bool:
        return self.growth.state == "unclear" and self.growth.needs_more


def _watched(lives: Lives, kept: Sequence[_Kept]) -> Iterator[_Watched]:
    least = enough(lives.terms.limit_pool)
    for cycles in _cycles(lives):
        for each in kept:
            samples = cycles.samples(each.key)
            if len(samples) >= FEWEST:
                yield _Watched(each, cycles, samples, growth(samples, cycles.size, least=least))


def _counts(history: History, name: str, kept: Sequence[_Kept], whose: str) -> Verdict:
    lives = lives_of(history)
    unseen = _unseen(lives, name, kept, whose)
    if unseen is not None:
        return unseen
    watched = list(_watched(lives, kept))
    if not watched:
        return Verdict(name, Outcome.NOT_EXERCISED, _NO_CYCLES)
    departed = sum({id(each.cycles): each.cycles.departed for each in watched}.values())
    leaks = [each for each in watched if each.leaks]
    if leaks:
        return _leaking(lives, name, leaks, departed)
    too_few = next((each for each in watched if each.too_few), None)
    if too_few is not None:
        return Verdict(name, Outcome.NOT_EXERCISED, _too_few(too_few))
    # What grew, and not as a leak does, even over twice the departures that would show one, passes with a word about
    # it. Our machine has no part in a count, so it is not inconclusive; and nobody fails for a growth of which no more
    # is known than that pools, too, grow in leaps.
    summary = f"{departed} clients came and went. {_stayed(watched)}"
    if any(each.cycles.refused for each in watched):
        summary += " Some joins were refused meanwhile."
    at = max((each.cycles.at for each in watched), key=AT.index)
    return Verdict(name, Outcome.PASSED, summary, exercised=departed, at=at)


_NO_CYCLES = "Nobody came and went again and again: it takes a `repeat` in which all who join also go."


def _unseen(lives: Lives, name: str, kept: Sequence[_Kept], whose: str) -> Verdict | None:
    if lives.attached:
        return Verdict(name, Outcome.NOT_APPLICABLE, f"{whose} cannot be seen from outside when we only connect to it.")
    entries = lives.of("cycle")
    if entries and not any(entry.detail.get(each.key) is not None for entry in entries for each in kept):
        return Verdict(name, Outcome.NOT_APPLICABLE, f"{whose} cannot be observed here.")
    return None


def _leaking(lives: Lives, name: str, leaks: Sequence[_Watched], departed: int) -> Verdict:
    first = leaks[0]
    kept, cycles = first.kept, first.cycles
    (sooner, low), (later, high) = first.samples[0], first.samples[-1]
    summary = f"The server keeps {_rate(first)} for each client that has gone:"
    summary += f" {low} after {counted(sooner, 'departure')}, {high} after {later}, {_went(lives, cycles)}."
    others = [f"the {each.kept.many}" for each in leaks if each.cycles is cycles and each.kept is not kept]
    if others:
        summary += f" So do {named(others)}."
    ways = [each.cycles.how for each in leaks if each.kept is kept and each.cycles.how != cycles.how]
    if ways:
        summary += f" The same happens by {named(ways)}."
    if cycles.refused:
        summary += " In the end it refused to let anybody in."
    return Verdict(
        name,
        Outcome.FAILED,
        summary,
        cycles.witness(),
        Evidence.PROOF,
        exercised=departed,
        where=_place(lives, cycles),
        hint=kept.hint,
    )


def _went(lives: Lives, cycles: _Cycles) -> str:
    """How they all went, and in which time: what is kept for longer, and then let go, looks like what is kept for ever."""
    seconds = lives.seconds(cycles.entries[-1].index) - lives.seconds(cycles.entries[0].index)
    return f"{cycles.all_went}, within {seconds:.2f} s"


def _place(lives: Lives, cycles: _Cycles) -> str:
    return str(cycles.entries[0].detail.get("place") or "") or lives.where(cycles.entries[0].index)


def _rate(watched: _Watched) -> str:
    """ "one thread", "2 threads", "0.3 threads"."""
    slope, kept = watched.growth.slope, watched.kept
    whole = round(slope)
    if whole == 1 and abs(slope - 1) < 0.1:
        return f"one {kept.one}"
    return f"{whole} {kept.many}" if whole and abs(slope - whole) < 0.1 else f"{slope:.1f} {kept.many}"


def _too_few(watched: _Watched) -> str:
    (sooner, low), (later, high) = watched.samples[0], watched.samples[-1]
    if high - low <= 0 or later >= watched.growth.until:
        return f"Only {counted(later, 'client')} came and went: that is too few to see a leak."
    seen = f"The {watched.kept.many} grew from {low} after {counted(sooner, 'departure')} to {high} after {later}."
    return f"{seen} A pool that fills looks the same: it takes {watched.growth.until} departures to tell."


def _stayed(watched: Sequence[_Watched]) -> str:
    """What became of the numbers: of each but once, the one that moved most."""
    told = []
    for kept in dict.fromkeys(each.kept for each in watched):
        most = max((each for each in watched if each.kept is kept), key=lambda each: _moved(each))
        low, high = most.samples[0][1], most.samples[-1][1]
        if most.growth.state == "unclear":
            told.append(f"The {kept.many} grew from {low} to {high}, but not with the departures")
        elif most.growth.once:
            told.append(f"The {kept.many} grew to {high}, once")
        elif low == high:
            told.append(f"The {kept.many} stayed {high}")
        else:
            told.append(f"The {kept.many} stayed within {min(low, high)} and {max(low, high)}")
    return ". ".join(told) + "."


def _moved(watched: _Watched) -> tuple[bool, int]:
    return watched.growth.state == "unclear", abs(watched.samples[-1][1] - watched.samples[0][1])


# --- memory ------------------------------------------------------------------------------------------------------


def no_memory_leak(history: History) -> Verdict:
    """Resident memory grows neither with the number of departed clients, nor by half of what was pushed at one that does
    not read.

    Only of programs that give memory back when they no longer need it: of a JVM, Node, .NET or PyPy no statistic tells
    a leak from garbage that nobody has collected yet.
    """
    lives, name = lives_of(history), "no-memory-leak"
    pushes = list(_pushes(lives, history))
    unseen = None if pushes else _unseen(lives, name, (MEMORY,), "The server's memory")
    if unseen is not None:
        return unseen
    watched = [
        _Watched(MEMORY, cycles, samples, memory_growth(samples, cycles.size))
        for cycles in _cycles(lives)
        if len(samples := cycles.samples("rss")) >= FEWEST
    ]
    incomparable = _incomparable(lives) if watched or pushes else ""
    if incomparable:
        return Verdict(name, Outcome.NOT_APPLICABLE, incomparable)
    departed = sum(each.cycles.departed for each in watched)
    for push in pushes:
        if push.grown >= push.pushed / 2:
            return _hoarding(lives, push, departed + len(pushes))
    leaks = [each for each in watched if each.growth.state == "grows"]
    own = [each for each in leaks if not _explained(lives, each)]
    if own:
        return _swelling(lives, own, departed + len(pushes))
    if leaks:
        why = "It grew with what the clients left running: see `no-thread-leak`. What else it keeps could not be told."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    judged = [each for each in watched if not each.too_few]
    if not judged and not pushes:
        return Verdict(name, Outcome.NOT_EXERCISED, _too_little_memory(lives, watched))
    summary = " ".join([*_remembered(judged), *(_bounded(lives, push) for push in pushes)])
    at = max((each.cycles.at for each in judged), key=AT.index, default="")
    return Verdict(
        name,
        Outcome.PASSED,
        summary,
        exercised=sum(each.cycles.departed for each in judged) + len(pushes),
        at=at,
    )


def _incomparable(lives: Lives) -> str:
    """Why its resident memory says nothing; empty if it does."""
    looked = [e for e in (*lives.of("cycle"), *lives.of("facts")) if e.detail.get("rss") is not None]
    if looked and not any("runtimes" in entry.detail for entry in looked):
        return "It cannot be told here what runs the server, and some runtimes collect their garbage when they like."
    for entry in looked:
        for runtime in entry.detail.get("runtimes") or ():
            if runtime in MANAGED:
                return f"{MANAGED[runtime]} collects its garbage when it likes: from outside, that looks the same as a leak."
    return ""


def _explained(lives: Lives, memory: _Watched) -> bool:
    """Is it the stacks of threads, or the processes, that were left behind? That is told once, where it belongs."""
    for each in _watched(lives, (THREADS, CHILDREN)):
        stacks = OF_A_THREAD * max(1.0, each.growth.slope)
        as_much = each.kept is CHILDREN or memory.growth.slope <= stacks
        if each.cycles.entries == memory.cycles.entries and each.leaks and as_much:
            return True
    return False


def _swelling(lives: Lives, leaks: Sequence[_Watched], exercised: int) -> Verdict:
    first = leaks[0]
    cycles = first.cycles
    (sooner, low), (later, high) = first.samples[0], first.samples[-1]
    summary = f"The server keeps about {sized(first.growth.slope)} of memory for each client that has gone:"
    summary += (
        f" {sized(low)} after {counted(sooner, 'departure')}, {sized(high)} after {later}, {_went(lives, cycles)}."
    )
    if cycles.refused:
        summary += " In the end it refused to let anybody in."
    return Verdict(
        "no-memory-leak",
        Outcome.FAILED,
        summary,
        cycles.witness(),
        Evidence.PROOF,
        exercised=exercised,
        where=_place(lives, cycles),
        hint=MEMORY.hint,
    )


def _too_little_memory(lives: Lives, watched: Sequence[_Watched]) -> str:
    if watched:
        cycles = counted(len(watched[0].samples), "cycle")
        return f"Memory is taken in lumps: it takes {MEMORY_CYCLES} cycles or more to see a leak, and {cycles} were played."
    if any(life.stalls for life in lives.sessions.values()):
        return (
            f"Nobody came and went again and again, and less than {sized(PUSHED)} was pushed at one who did not read."
        )
    return _NO_CYCLES


def _remembered(judged: Sequence[_Watched]) -> Iterator[str]:
    if not judged:
        return
    departed = sum(each.cycles.departed for each in judged)
    most = max(judged, key=lambda each: (each.growth.state == "unclear", each.growth.total))
    told = f"{departed} clients came and went."
    low, high = most.samples[0][1], most.samples[-1][1]
    if most.growth.state == "unclear":
        yield f"{told} Memory grew from {sized(low)} to {sized(high)}, but not steadily with the departures."
    else:
        least = sized(max(each.growth.visible for each in judged))
        yield f"{told} Memory went from {sized(low)} to {sized(high)}; a leak of {least} a client would have shown."


# --- one who does not read ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Push:
    """What was pushed at a client that did not read, and by what the server grew meanwhile; between two looks."""

    life: Life
    stalled: int
    first: int
    last: int
    pushed: int
    grown: int


def _pushes(lives: Lives, history: History) -> Iterator[_Push]:
    facts = [e for e in lives.of("facts") if e.detail.get("during") == "stall" and e.detail.get("rss") is not None]
    if len(facts) < 2:
        return
    for life in lives.sessions.values():
        for since, back in life.stalls:
            here = [e for e in facts if since < e.index < min(back, life.ended, life.closed)]
            if len(here) < 2:
                continue
            pushed = pushed_at(history, life, here[0].index, here[-1].index)
            if pushed >= PUSHED:
                grown = int(here[-1].detail["rss"]) - int(here[0].detail["rss"])
                yield _Push(life, since, here[0].index, here[-1].index, pushed, grown)


def _hoarding(lives: Lives, push: _Push, exercised: int) -> Verdict:
    who = lives.who(push.life.number)
    summary = f"{who} stopped reading at {lives.when(push.stalled)}, and {sized(push.pushed)} were said to it."
    summary += f" The server's memory grew by {sized(push.grown)} meanwhile: it keeps all that {who} does not take."
    hint = "Bound what is kept for one client, and part with one that never reads."
    return Verdict(
        "no-memory-leak",
        Outcome.FAILED,
        summary,
        (push.stalled, push.first, push.last),
        Evidence.PROOF,
        exercised=exercised,
        where=lives.where(push.stalled),
        hint=hint,
    )


def _bounded(lives: Lives, push: _Push) -> str:
    who = lives.who(push.life.number)
    return f"{sized(push.pushed)} were pushed at {who}, who did not read; memory grew by {sized(max(0, push.grown))}."
