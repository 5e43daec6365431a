"""Which entries of a history are drawn: all that say something; of a large one, what proves the failures and what
happened around it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.history import CONSOLE, KINDS, OF_MESSAGES, OPERATOR, WORLD, History

__all__ = ["Kept", "kept", "proofs"]

# What every run is full of, and nobody misses: it is drawn only where it proves something.
UNTOLD = frozenset(
    "handed connected present settled look facts fault rest cycle stacks ask roster ended step note expected".split()
)
TOLD = bytes(kind not in UNTOLD for kind in KINDS)
WITH_MESSAGE = bytes(kind in OF_MESSAGES for kind in KINDS)
OWN = ("knock", "fence")
WITNESSES = 40  # entries of one verdict; a proof needs four, the rest is for cycles
OF_ONE_WAIT = 8  # messages: a wait in vain can be for hundreds, of which each is lost in the same way
NEAR = 10  # entries before and after each proof
NO_GAP = 2  # so few entries between two that are drawn are drawn, too: to say that they are left out takes as much room
FEW, BESIDE = 8, 4  # lines of a crowd, where a failure concerns fewer; bots beside those concerned
HALF = 2  # so much of the room is for the proofs themselves at most, the rest for their surroundings

SERVER, THE_OPERATOR = "\0server", "\0operator"  # no bot can be called so


@dataclass(frozen=True, slots=True)
class Kept:
    """`indexes` in order; `before` of each says how many others were left out just before it, `after` how many at the end.

    `owners` are the lines that are drawn (bots' names, `SERVER`, `THE_OPERATOR`), `of` says whose each session is.
    """

    indexes: tuple[int, ...]
    before: tuple[int, ...]
    after: int
    events: int
    owners: tuple[str, ...]
    of: Mapping[int, str]
    bots: int
    own: int


def proofs(verdicts: Iterable[Verdict]) -> dict[int, tuple[str, ...]]:
    """Which entries prove what: of all that failed, and of what is inconclusive."""
    proving: dict[int, list[str]] = {}
    for outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE):
        for verdict in verdicts:
            if verdict.outcome is outcome:
                for index in verdict.witness[:WITNESSES]:
                    proving.setdefault(index, []).append(verdict.property)
    return {index: tuple(dict.fromkeys(names)) for index, names in proving.items()}


def kept(history: History, proving: Collection[int], most: int, most_lanes: int) -> Kept:
    """At most so many entries and lines (a line for the server comes on top)."""
    proof = [index for index in sorted(proving) if 0 <= index < len(history)]
    of = _owners(history)
    concerned = _concerned(history, proof, of)
    everybody = list(dict.fromkeys((*history.header.bots, *of.values())))
    bots = sum(owner != THE_OPERATOR for owner in everybody)
    first = [owner for owner in concerned if owner in set(everybody)]
    # Of a crowd those concerned are drawn, and a few others to compare them with.
    lanes = most_lanes if len(everybody) <= most_lanes else min(most_lanes, max(FEW, len(first) + BESIDE))
    chosen = set(list(dict.fromkeys((*first, *everybody)))[:lanes])
    messages = _messages_of(history, proof)
    told, own = _told(history, proof, messages, of, chosen if len(chosen) < len(everybody) else None)
    indexes = told if len(told) <= most else _around(history, told, proof, messages, of, set(concerned), most)
    before, at = [], 0
    for index in indexes:
        position = bisect_left(told, index)
        before.append(position - at)
        at = position + 1
    owners = tuple(owner for owner in everybody if owner in chosen)
    return Kept(tuple(indexes), tuple(before), len(told) - at, len(told), owners, of, bots, own)


def _owners(history: History) -> dict[int, str]:
    """Whose line each session is drawn on. The world, the console and a session that nobody opened are found, too."""
    of = {entry.session: str(entry.detail.get("bot", "?")) for entry in history.of("connect")}
    if OPERATOR in history.sessions:
        of[OPERATOR] = THE_OPERATOR
    for session in set(history.sessions) - of.keys() - {WORLD, CONSOLE}:
        of[session] = f"connection {session}"
    return of


def _concerned(history: History, proof: Iterable[int], of: Mapping[int, str]) -> list[str]:
    """Whose lines the proofs are about: whose entries they are, and who said what they speak of."""
    sessions: list[int] = []
    for index in proof:
        entry = history[index]
        sessions.append(entry.session)
        sessions += [session for _, session, _ in missing(entry.detail.get("missing"))]
        sessions += [history.messages[message].sender for message in _mentioned(history, index)]
    return list(dict.fromkeys(of[session] for session in sessions if session in of))


def missing(rows: object) -> Iterator[tuple[str, int, object]]:
    """What a wait was for, row by row: what, whose, and the message or the words. Odd rows are passed over."""
    for row in rows if isinstance(rows, list | tuple) else ():
        if isinstance(row, list | tuple) and len(row) == 3 and isinstance(row[1], int):
            yield str(row[0]), row[1], row[2]


def _mentioned(history: History, index: int) -> list[int]:
    entry = history[index]
    named: list[object] = [entry.ref, entry.detail.get("message")]
    named += list(entry.detail.get("with") or ()) if isinstance(entry.detail.get("with"), list | tuple) else []
    named += [ref for _, _, ref in missing(entry.detail.get("missing"))][:OF_ONE_WAIT]
    count = len(history.messages)
    return [ref for ref in named if isinstance(ref, int) and not isinstance(ref, bool) and 0 <= ref < count]


def _messages_of(history: History, proof: Iterable[int]) -> set[int]:
    return {message for index in proof for message in _mentioned(history, index)}


def _told(
    history: History, proof: Sequence[int], messages: set[int], of: Mapping[int, str], chosen: set[str] | None
) -> tuple[list[int], int]:
    """All entries that say something about the chosen bots, and how many messages of our own are not drawn."""
    own = {said.id for said in history.messages if said.kind in OWN and said.id not in messages}
    proved = set(proof)
    unseen = {session for session, owner in of.items() if chosen is not None and owner not in chosen}
    kinds, sessions, refs = history.kinds, history.sessions, history.refs
    worded = [index for index, kind in enumerate(kinds) if TOLD[kind]]
    told = [
        index
        for index in worded
        if not (WITH_MESSAGE[kinds[index]] and refs[index] in own)
        and (sessions[index] not in unseen or index in proved)
        and not (unseen and WITH_MESSAGE[kinds[index]] and refs[index] >= 0 and _is_of(history, refs[index], unseen))
    ]
    silent = [index for index in proof if not TOLD[kinds[index]]]
    told = sorted({*told, *silent, *_failed_expectations(history)} - (set(_told_already(history, own)) - proved))
    return told, len(own)


def _told_already(history: History, own: set[int]) -> Iterator[int]:
    """What the console heard is printed, too; and what became of our own messages is told no more than they are."""
    yield from (entry.index for entry in history.of("out") if entry.detail.get("message") is not None)
    harms = history.of("damaged", "named")
    yield from (entry.index for entry in harms if not own.isdisjoint(_mentioned(history, entry.index)[:1]))


def _is_of(history: History, message: int, senders: set[int]) -> bool:
    return history.messages[message].sender in senders


def _failed_expectations(history: History) -> Iterator[int]:
    return (entry.index for entry in history.of("expected") if not entry.detail.get("met", True))


def _around(
    history: History,
    told: Sequence[int],
    proof: Sequence[int],
    messages: set[int],
    of: Mapping[int, str],
    concerned: set[str],
    most: int,
) -> list[int]:
    """The proofs, where their messages were sent and heard, and then what happened around them, nearest first."""
    if not proof:
        return list(told[:most])
    known = set(told)
    kinds, sessions, refs = history.kinds, history.sessions, history.refs
    core = dict.fromkeys(index for index in proof[: most // HALF] if index in known)
    travels = [index for index in told if WITH_MESSAGE[kinds[index]] and refs[index] in messages]
    sends = [index for index in travels if KINDS[kinds[index]] == "send"]
    heard = [index for index in travels if of.get(sessions[index]) in concerned]
    for index in (*sends, *_comings_and_goings(history, concerned, of), *heard):
        if len(core) < most - most // 4 and index in known:
            core[index] = None
    keep = set(core)
    places = [bisect_left(told, index) for index in (*proof, *sends) if index in keep]
    for distance in range(1, NEAR + 1):
        for place in places:
            keep.update(told[near] for near in (place - distance, place + distance) if 0 <= near < len(told))
        if len(keep) >= most:
            break
    return _without_arrows_from_nowhere(history, keep, core, told)


def _comings_and_goings(history: History, concerned: set[str], of: Mapping[int, str]) -> list[int]:
    entries = history.of("connect", "leave", "drop", "closed")
    return [entry.index for entry in entries if of.get(entry.session) in concerned]


def _without_arrows_from_nowhere(
    history: History, keep: set[int], core: Collection[int], told: Sequence[int]
) -> list[int]:
    """What proves something is drawn from where it was sent; what only happened beside it, if that is drawn anyway."""
    kinds, refs = history.kinds, history.refs
    send = KINDS.index("send")
    sends = {refs[index]: index for index in reversed(told) if kinds[index] == send}
    proved = keep | {sends[refs[index]] for index in core if WITH_MESSAGE[kinds[index]] and refs[index] in sends}

    def comes_from_somewhere(index: int) -> bool:
        return not WITH_MESSAGE[kinds[index]] or refs[index] not in sends or sends[refs[index]] in proved

    chosen = {index for index in proved if index in core or comes_from_somewhere(index)}
    small = (between for between in _gaps(sorted(chosen), told) if len(between) <= NO_GAP)
    return sorted(chosen.union(*([index for index in between if comes_from_somewhere(index)] for between in small)))


def _gaps(chosen: Sequence[int], told: Sequence[int]) -> Iterator[Sequence[int]]:
    """What is left out between each two that are drawn."""
    for one, other in pairwise(chosen):
        yield told[bisect_left(told, one) + 1 : bisect_left(told, other)]
