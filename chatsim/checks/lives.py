"""What became of every session and of the server: one reading of a history's wordy entries, for the checks to share.

It owns the facts that need no judgement: who connected when, how each session went, when *we* had the server down,
which step an entry belongs to. What is owed to whom is left to `views`, what is wrong to the checks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from weakref import WeakKeyDictionary

from chatsim.checks.attendance import Attendance
from chatsim.history import KINDS, OF_MESSAGES, TICKS_PER_SECOND, Entry, History
from chatsim.terms import Terms

__all__ = ["NEVER", "Life", "Lives", "lives_of"]

NEVER = 2**62  # an index that no history reaches: "has not happened"

MOST_LISTED = 1000  # the longest list of what a wait misses; a longer one was cut off

_WORDED = re.compile(rb"[^\x00-\x03]", re.DOTALL)  # any kind but the four of messages, which are most of a history
_DONE_TO_IT = {
    "kill": "killed",
    "abort": "ended by chatsim",
    "restart": "started anew",
    "freeze": "frozen",
    "stopping": "told to end",
}
_ENDS = ("stopping", "kill", "abort", "restart")  # the process ends by our own act
_VERBS = {
    "drop": ("drop", "disconnect"),
    "leave": ("disconnect",),
    "connect": ("join", "rejoin", "connect"),
    "refused": ("join", "rejoin", "enter"),
    "act": ("send",),
    "stall": ("stall",),
    "ask": ("ask",),
    "enter": ("enter",),
    "rename": ("rename",),
    "exit": ("exit", "enter"),
    "server": ("server",),
}


@dataclass(slots=True)
class Rename:
    """A name that was taken later: may be so from `begin` on, is so from `done` on. What it was called before may be
    used until `settled`: where the server confirms nothing, nobody can tell until when."""

    name: str
    begin: int
    done: int = NEVER
    settled: int = NEVER
    refused: int = NEVER
    refused_by: str = ""


@dataclass(slots=True)
class Life:
    """One session: the indexes of what happened to it. An index is NEVER for what did not happen."""

    number: int
    bot: str
    nick: str
    connect: int
    turn: int = 1  # 1 for the bot's first connection
    name: str = ""  # what the server calls it: told, else the nickname it asked for
    connected: int = NEVER
    port: int | None = None
    unreachable: int = NEVER
    told: int = NEVER
    present: int = NEVER
    present_how: str = ""
    refused: int = NEVER
    refused_by: str = ""
    refusal_expected: bool = False
    leave: int = NEVER
    left: int = NEVER
    left_clean: bool = False
    drop: int = NEVER
    drop_how: str = ""
    acted: int = NEVER  # wrote bad input for the first time
    closed: int = NEVER
    closed_how: str = ""
    declared: str | None = None
    flooded: int = NEVER
    stalls: list[tuple[int, int]] = field(default_factory=list)  # from the stall to the resume
    asks: list[int] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    rooms: list[tuple[str, int, int]] = field(default_factory=list)  # room, our enter, the end of our stay in it

    @property
    def parted(self) -> int:
        """The first of our own goodbyes: a leave or a drop of any kind."""
        return min(self.leave, self.drop)

    @property
    def ended(self) -> int:
        """From here on it has no business on the server: it went, or it never got in."""
        return min(self.parted, self.refused, self.unreachable)

    @property
    def over(self) -> int:
        """From here on the connection is certainly gone: our side or the server's has ended it."""
        torn = NEVER if self.drop_how in ("half-close", "vanish") else self.drop
        return min(self.left, torn, self.closed, self.refused, self.unreachable)

    def name_at(self, index: int) -> str:
        """What it is called then, as far as its own side knows."""
        return next((each.name for each in reversed(self.renames) if each.done <= index), self.name)

    def names_between(self, since: int, until: int) -> set[str]:
        """All that it may rightly have been called meanwhile."""
        names = {self.name, self.nick}
        for each in self.renames:
            if each.settled <= since:
                names.clear()
            if each.begin <= until and since < each.refused:
                names.add(each.name)
        return names

    @property
    def names(self) -> set[str]:
        """All that it ever asked for or was given."""
        return {self.name, self.nick, *(each.name for each in self.renames if each.done != NEVER)}

    def stalled_at(self, index: int) -> bool:
        return any(begin < index < end for begin, end in self.stalls)

    @property
    def how_it_went(self) -> str:
        """In words: "left", "dropped (reset)"."""
        if self.leave <= self.drop:
            return "left"
        if self.drop_how == "vanish":
            return "vanished"
        return f"dropped ({self.drop_how})"


class Lives:
    """The sessions and the world of one history. Read-only once made."""

    def __init__(self, history: History) -> None:
        # Its columns, not the history: what is remembered for a history must not keep it alive.
        self._kinds, self._sessions = history.kinds, history.sessions
        self._refs, self._ticks = history.refs, history.ticks
        self.attached = history.header.attached
        self._bots = frozenset(history.header.bots)  # those of the scenario; others are visitors of chatsim's own
        self.terms = Terms.from_json(history.header.terms) if history.header.terms else Terms()
        self.by_kind: dict[str, list[Entry]] = defaultdict(list)
        self.sessions: dict[int, Life] = {}
        self._turns: dict[str, int] = defaultdict(int)
        for match in _WORDED.finditer(history.kinds):
            entry = history[match.start()]
            self.by_kind[entry.kind].append(entry)
            if entry.session >= 0:
                self._live(entry)
        self._down = tuple(self._downs())
        self._named: dict[str, list[Life]] = defaultdict(list)
        for life in self.sessions.values():
            for nick in {name.casefold() for name in life.names}:
                self._named[nick].append(life)

    def __len__(self) -> int:
        """How many entries the history has."""
        return len(self._kinds)

    # --- who and when -----------------------------------------------------------------------------------------

    def of(self, kind: str) -> list[Entry]:
        """The entries of one kind, in order; of any kind but those of messages."""
        return self.by_kind.get(kind, [])

    def who(self, session: int) -> str:
        """How a person would call it: "bob", "bob (2nd connection)"."""
        life = self.sessions.get(session)
        if life is None:
            return f"session {session}"
        return life.bot if life.turn < 2 else f"{life.bot} ({_ordinal(life.turn)} connection)"

    def namesakes(self, nick: str) -> list[Life]:
        """All who ever asked for this nickname or were given it, in the order of their connecting."""
        return self._named.get(nick.casefold(), [])

    @cached_property
    def renamed(self) -> list[Life]:
        """Those who ever wanted to be called otherwise than at first."""
        return [life for life in self.sessions.values() if life.renames]

    def when(self, index: int) -> str:
        """The time of an entry as it is said: "0.61 s"."""
        return f"{self.seconds(index):.2f} s"

    def seconds(self, index: int) -> float:
        return self._ticks[index] / TICKS_PER_SECOND

    def first_after(self, index: int, seconds: float) -> int:
        """The first index that lies so many seconds after this one, or NEVER."""
        at = bisect_left(self._ticks, self._ticks[index] + round(seconds * TICKS_PER_SECOND), lo=index)
        return at if at < len(self._ticks) else NEVER

    def told_first(self) -> int:
        """When anybody was told joined for the first time: before it, a server that is not there is a run error."""
        return self.of("told")[0].index if self.of("told") else NEVER

    def connected_at(self, index: int) -> list[Life]:
        """Those whose connection stood at that moment, as far as either side had ended nothing."""
        return self._connections.throughout(index, index)

    @cached_property
    def _connections(self) -> Attendance[Life]:
        return Attendance((life.connected, life.over, life) for life in self.sessions.values())

    def holders(self, nick: str, index: int) -> list[Life]:
        """Those who had been let in under this name by then, in any case of its letters, and had not gone."""
        held = self._held.get(nick.casefold())
        return [] if held is None else held.throughout(index, index)

    @cached_property
    def _held(self) -> Mapping[str, Attendance[Life]]:
        spans: dict[str, list[tuple[int, int, Life]]] = defaultdict(list)
        for life in self.sessions.values():
            taken = [each for each in life.renames if each.done != NEVER]
            ends = [*(each.done for each in taken), life.parted]
            for (name, begin), end in zip(
                [(life.name, life.told), *((t.name, t.done) for t in taken)], ends, strict=True
            ):
                spans[name.casefold()].append((begin, min(end, life.parted), life))
        return {name: Attendance(held) for name, held in spans.items()}

    def next_settled(self, index: int) -> Entry | None:
        return self.next_of("settled", index)

    def next_of(self, kind: str, index: int) -> Entry | None:
        """The first entry of a kind after that index."""
        entries = self.of(kind)
        at = bisect_right(entries, index, key=lambda entry: entry.index)
        return entries[at] if at < len(entries) else None

    def departures_told(self, nick: str, index: int) -> Iterator[Entry]:
        """The notices after that index which say that one of this name, to the letter, has gone; in order."""
        told = self._departures_told.get(nick, [])
        return islice(told, bisect_right(told, index, key=lambda entry: entry.index), None)

    @cached_property
    def _departures_told(self) -> Mapping[str, list[Entry]]:
        told: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.of("notice"):
            if entry.detail.get("what") in ("left", "dropped") and entry.detail.get("nick") is not None:
                told[entry.detail["nick"]].append(entry)
        return told

    # --- the server -------------------------------------------------------------------------------------------

    def down_at(self, index: int) -> bool:
        """Had *we* stopped, killed or frozen the server, and is it not back yet?"""
        return any(begin <= index < end for begin, end in self._down)

    def renewed_between(self, first: int, last: int) -> bool:
        """Have we ended the process meanwhile, so that what comes after knows nothing of what was before?"""
        return any(first < entry.index < last and entry.detail.get("what") in _ENDS for entry in self.of("server"))

    def down_between(self, first: int, last: int) -> bool:
        return any(begin < last and first < end for begin, end in self._down)

    def next_down(self, index: int) -> int:
        """The next time after `index` that we put the server down, or NEVER."""
        return min((begin for begin, _ in self._down if begin > index), default=NEVER)

    def deaths(self) -> Iterator[Entry]:
        """The exits that nobody asked for. One by design (`exits: when-empty`, the last client gone) is none."""
        for entry in self.of("server"):
            if entry.detail.get("what") != "exited":
                continue
            asked = entry.detail.get("asked")
            if self.down_at(entry.index) if asked is None else asked:
                continue
            if self.terms.exits == "when-empty" and not self._clients_before(entry.index):
                continue
            yield entry

    def died_before(self, index: int) -> bool:
        return any(entry.index < index for entry in self.deaths())

    def died_after(self, index: int) -> bool:
        return any(entry.index > index for entry in self.deaths())

    def dying_at(self, index: int) -> bool:
        """Is what happened here but the process ending? Its sockets close a moment before its end is seen.

        Nothing that was said after `index` may have been heard: a server that still serves was not dying. Nor was one
        that only ended when we told it to: what it closes for that, it closes after we did.
        """
        for death in self.of("server"):
            if death.detail.get("what") == "exited" and death.index > index:
                if death.detail.get("asked"):
                    return False
                soon = self.seconds(death.index) - self.seconds(index) < 1.0
                return soon and not self.served_between(index, death.index)
        return False

    def served_between(self, first: int, last: int) -> bool:
        """Was anything heard between these that was said between these?"""
        kinds, refs = self._kinds, self._refs
        said: set[int] = set()
        for at in range(first + 1, last):
            if kinds[at] == _SEND:
                said.add(refs[at])
            elif kinds[at] in (_HEARD, _ACK) and refs[at] in said:
                return True
        return False

    def _clients_before(self, index: int) -> bool:
        """Was anybody still there, before the server began to end? What its end itself closed was there."""
        return any(
            life.connected < index
            and min(life.parted, life.refused) > index
            and not (life.closed < index and life.declared)
            for life in self.sessions.values()
        )

    def _downs(self) -> Iterator[tuple[int, int]]:
        since, frozen = NEVER, False
        for entry in self.of("server"):
            what = entry.detail.get("what")
            if what in (*_ENDS, "freeze") and since == NEVER:
                since, frozen = entry.index, what == "freeze"
            elif what in _ENDS:
                frozen = False
            elif since != NEVER and (what == "listening" or (what == "thaw" and frozen)):
                yield since, entry.index
                since, frozen = NEVER, False
        if since != NEVER:
            yield since, NEVER

    def ended_by_design(self, index: int) -> bool:
        """Had it ended, as its profile says it does, when its last client left?"""
        if self.terms.exits != "when-empty":
            return False
        ended = [e.index for e in self.of("server") if e.detail.get("what") == "exited" and e.index < index]
        return bool(ended) and not self.died_before(index)

    def stopped_at(self, index: int) -> bool:
        """Is it after our signal to end or our kill, and before it listens again? Frozen is not stopped."""
        stopped = False
        for entry in self.of("server"):
            if entry.index > index:
                break
            what = entry.detail.get("what")
            if what in _ENDS:
                stopped = True
            elif what in ("started", "listening"):
                stopped = False
        return stopped

    # --- what had been done, for the sentences ------------------------------------------------------------------

    def last_act_before(self, index: int) -> Entry | None:
        """The last thing that a bot of the scenario did before `index` that may upset a server."""
        acts = (
            entry
            for kind in ("drop", "leave", "act", "stall", "connect")
            for entry in self.of(kind)
            if entry.index < index and self.is_of_the_scenario(entry.session)
        )
        return max(acts, key=lambda entry: entry.index, default=None)

    def is_of_the_scenario(self, session: int) -> bool:
        """Does this session belong to a bot of the scenario, and not to a visitor of chatsim's own?"""
        return session in self.sessions and (not self._bots or self.sessions[session].bot in self._bots)

    def last_fault_before(self, index: int, first: int) -> int:
        """The last thing done before `index` that is a fault beyond doubt; else `first`, which may be but a connection."""
        return max((fault.index for fault in self.faults_between(first - 1, index)), default=first)

    def faults_between(self, first: int, last: int) -> list[Entry]:
        """What was done between these that is a fault beyond doubt, by a bot or to the server; in order."""
        done = (e for kind in ("drop", "act", "stall", "server") for e in self.of(kind) if first < e.index < last)
        faults = (e for e in done if e.kind != "server" or e.detail.get("what") in _DONE_TO_IT)
        return sorted(faults, key=lambda entry: entry.index)

    def act_in_words(self, act: Entry) -> str:
        """ "bob dropped (reset)", "bob sent bad input (nul)"."""
        who, detail = self.who(act.session), act.detail
        match act.kind:
            case "drop" if detail.get("how") == "vanish":
                return f"{who} vanished"
            case "drop":
                return f"{who} dropped ({detail.get('how', 'reset')})"
            case "leave":
                return f"{who} left"
            case "act":
                return f"{who} sent bad input ({detail.get('what', 'raw')})"
            case "stall":
                return f"{who} stopped reading"
            case _:
                return f"{who} connected"

    def fault_in_words(self, fault: int) -> str:
        """The act at this index, or the first one after it, as a sentence; empty if it was none of a bot's."""
        acts = [e for kind in ("drop", "act", "stall", "connect") for e in self.of(kind) if e.index >= fault]
        server = [e for e in self.of("server") if e.index >= fault and e.detail.get("what") in _DONE_TO_IT]
        first = min([*acts, *server], key=lambda entry: entry.index, default=None)
        if first is None:
            return ""
        if first.kind == "server":
            return f"The server was {_DONE_TO_IT[first.detail['what']]} at {self.when(first.index)}."
        return f"{self.act_in_words(first)} at {self.when(first.index)}."

    # --- waits --------------------------------------------------------------------------------------------------

    def waits_for(self, purposes: Sequence[str], session: int, since: int = -1) -> list[bool]:
        """Of the waits that ended unmet, those for this purpose and session: was each a valid one?

        A wait that names nobody in `missing`, or more than can be listed, is taken to be about all.
        """
        about = [*self.waits_about(session), *self._waits_about.get(None, ())]
        return [
            bool(wait.detail.get("valid", False))
            for wait in sorted(about, key=lambda wait: wait.index)
            if wait.index >= since and str(wait.detail.get("for", "")) in purposes
        ]

    def waits_about(self, session: int) -> list[Entry]:
        """The waits that ended unmet and say that they were for this session, in order."""
        return self._waits_about.get(session, [])

    @cached_property
    def _waits_about(self) -> Mapping[int | None, list[Entry]]:
        """By session; None: those about all."""
        found: dict[int | None, list[Entry]] = defaultdict(list)
        for wait in self.of("wait"):
            missing = wait.detail.get("missing") or ()
            about = {item[1] for item in missing if isinstance(item, (list, tuple)) and len(item) > 1}
            for session in about:
                found[session].append(wait)
            if not about or len(missing) >= MOST_LISTED:
                found[None].append(wait)
        return found

    # --- the looks and the steps --------------------------------------------------------------------------------

    def looks_between(self, first: int, last: int) -> int:
        """The highest look taken after `first` and before `last`: 0 none, 1 at once, 2 idle, 3 after speech."""
        return max((int(e.detail.get("number", 0)) for e in self.of("look") if first < e.index < last), default=0)

    def look_after(self, index: int, number: int) -> int:
        """The index of the first look of this number after `index`, or NEVER."""
        found = (e.index for e in self.of("look") if e.index > index and int(e.detail.get("number", 0)) >= number)
        return next(found, NEVER)

    def noticed_by(self, index: int) -> int:
        """From here on a departure at `index` must be known to the server: the third look after it; NEVER if none was.

        A third look is taken again for as long as it is not clean and patience lasts: then the last one counts.
        """
        third = NEVER
        for entry in self.of("look"):
            number = int(entry.detail.get("number", 0))
            if entry.index > index and number >= 3:
                third = entry.index
            elif third != NEVER:
                break
        return third

    def must_be_known_to_be_gone(self, life: Life, index: int) -> bool:
        """Can that this one has gone be no news to the server at `index`, so that it has no business in a list?"""
        if life.drop_how == "vanish" and life.drop <= life.leave:
            return False  # its kernel holds it for alive
        if life.drop_how == "half-close" and self.terms.half_close == "answers":
            return False
        return self.noticed_by(life.ended) <= index

    def where(self, index: int) -> str:
        """The place of the step that this entry belongs to, as file:line:column; empty if it belongs to none."""
        if index >= len(self._kinds):
            return ""
        verbs = _VERBS.get(KINDS[self._kinds[index]], ())
        life = self.sessions.get(self._sessions[index])
        best, best_fit = "", -1
        ended = {
            e.detail.get("number"): e.index
            for e in self.of("step")
            if e.detail.get("phase") == "end" and e.index < index
        }
        for step in self.of("step"):
            if step.index > index:
                break
            if step.detail.get("phase", "begin") != "begin":
                continue
            # A branch of `together` may have begun later than the one meant: the verb, then the bot's name, decide.
            if verbs and step.detail.get("number") in ended:
                continue  # our own acts happen within their steps; outside of all, it was chatsim's own doing
            fit = 4 * (step.detail.get("verb") in verbs) + 2 * (step.detail.get("number") not in ended)
            fit += life is not None and life.bot in str(step.detail.get("text", ""))
            if fit >= best_fit:
                best, best_fit = str(step.detail.get("place", "")), fit
        return best

    # --- reading ------------------------------------------------------------------------------------------------

    def _live(self, entry: Entry) -> None:
        kind, detail, index = entry.kind, entry.detail, entry.index
        if kind == "connect":
            bot = str(detail.get("bot", f"session {entry.session}"))
            nick = str(detail.get("nick") or bot)
            self._turns[bot] += 1
            turn = int(detail.get("number") or self._turns[bot])
            self.sessions[entry.session] = Life(entry.session, bot, nick, index, turn, name=nick)
            return
        life = self.sessions.get(entry.session)
        if life is None:
            return
        match kind:
            case "connected":
                life.connected, life.port = index, detail.get("port")
            case "unreachable":
                life.unreachable = index
            case "told":
                life.told, life.name = index, str(detail.get("nick") or life.nick)
            case "present":
                life.present, life.present_how = index, str(detail.get("how", ""))
            case "refused" if detail.get("room") is None:  # else: an `enter`, and it stays where it was
                life.refused, life.refused_by = index, str(detail.get("by", ""))
                life.refusal_expected = bool(detail.get("expected"))
            case "rename":
                life.renames.append(Rename(str(detail.get("nick")), index))
            case "renamed" if life.renames:
                life.renames[-1].done = index
                life.renames[-1].settled = index if detail.get("confirmed") else NEVER
            case "not-renamed" if life.renames:
                life.renames[-1].refused, life.renames[-1].refused_by = index, str(detail.get("by", ""))
            case "leave":
                life.leave = min(life.leave, index)
            case "left":
                life.left, life.left_clean = index, bool(detail.get("clean"))
                life.leave = min(life.leave, index)
            case "drop":
                life.drop, life.drop_how = index, str(detail.get("how", "reset"))
            case "stall":
                life.stalls.append((index, NEVER))
            case "resume":
                if life.stalls and life.stalls[-1][1] == NEVER:
                    life.stalls[-1] = (life.stalls[-1][0], index)
            case "act":
                life.acted = min(life.acted, index)
            case "closed":
                life.closed, life.closed_how = index, str(detail.get("how", ""))
                life.declared = detail.get("declared")
            case "flooded":
                life.flooded = index
            case "ask":
                life.asks.append(index)
            case "enter":
                if not self.terms.rooms_many:
                    life.rooms = [(room, since, min(until, index)) for room, since, until in life.rooms]
                life.rooms.append((str(detail.get("room", "")), index, NEVER))
            case "exit":
                room = str(detail.get("room", ""))
                life.rooms = [
                    (name, since, min(until, index) if name == room else until) for name, since, until in life.rooms
                ]


def _ordinal(number: int) -> str:
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


_SEND, _HEARD, _ACK = OF_MESSAGES.index("send"), OF_MESSAGES.index("heard"), OF_MESSAGES.index("ack")

# A run is judged by two dozen checks, one after the other; each would read the same entries again.
_read: WeakKeyDictionary[History, tuple[int, Lives]] = WeakKeyDictionary()


def lives_of(history: History) -> Lives:
    """The lives in this history; read once, and again only if it has grown since."""
    known = _read.get(history)
    if known is None or known[0] != len(history):
        known = (len(history), Lives(history))
        _read[history] = known
    return known[1]
