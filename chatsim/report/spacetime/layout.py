"""From a history and its verdicts to the diagram.

Down the page goes rank, not time: what matters in seconds is a millisecond wide. Within one lane, and from a message's
sending to its arrival, the order is the history's. What several bots got between two acts stands side by side, since
nothing is known of the order between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from chatsim.checks.verdict import Verdict
from chatsim.checks.wording import named
from chatsim.history import CONSOLE, WORLD, Entry, History
from chatsim.report.narrate import Narrator
from chatsim.report.printable import printable, shorten
from chatsim.report.spacetime.diagram import Arrow, Diagram, Fate, Lane, Mark, Row, RowKind, Said, Sign
from chatsim.report.spacetime.kept import OWN, SERVER, THE_OPERATOR, Kept, kept, missing, proofs
from chatsim.report.spacetime.lives import lives_of

__all__ = ["MOST_EVENTS", "MOST_LANES", "diagram"]

MOST_EVENTS, MOST_LANES = 300, 24

SIDE_BY_SIDE = frozenset(("connect", "told", "heard", "ack", "notice"))

SIGNS = {
    "send": Sign.SEND,
    "heard": Sign.HEARD,
    "ack": Sign.RECEIPT,
    "connect": Sign.CONNECT,
    "told": Sign.JOINED,
    "present": Sign.JOINED,
    "entered": Sign.JOINED,
    "unreachable": Sign.REFUSED,
    "refused": Sign.REFUSED,
    "not-renamed": Sign.REFUSED,
    "notice": Sign.NOTICE,
    "roster": Sign.NOTICE,
    "damaged": Sign.DAMAGED,
    "named": Sign.ODD,
    "foreign": Sign.ODD,
    "unrecognised": Sign.ODD,
    "flooded": Sign.ODD,
    "leave": Sign.LEAVE,
    "left": Sign.LEAVE,
    "exited": Sign.LEAVE,
    "drop": Sign.DROP,
    "closed": Sign.CLOSED,
    "stall": Sign.STALL,
    "resume": Sign.RESUME,
    "act": Sign.BAD,
    "skipped": Sign.MISSING,
    "wait": Sign.MISSING,
    "crash": Sign.CRASH,
    "server": Sign.SERVER,
    "out": Sign.SERVER,
}
OF_THE_SERVER = frozenset(("server", "out", "crash", "facts", "stacks", "rest", "cycle", "look"))
# Where a message came so, no `heard` stands beside it: the damage itself is its arrival.
ARRIVES_DAMAGED = frozenset(("truncated", "garbled", "stripped", "case"))


def _side_by_side(entry: Entry) -> bool:
    """What bots get, and what we do to many of them at once. Where the server ends, all its connections do."""
    return entry.kind in SIDE_BY_SIDE or (entry.kind == "closed" and entry.detail.get("declared") == "server")


def diagram(
    history: History,
    verdicts: Iterable[Verdict] = (),
    *,
    most: int = MOST_EVENTS,
    most_lanes: int = MOST_LANES,
) -> Diagram:
    """The diagram of a run. With more than `most` events it is cut to what the verdicts' witnesses are about, and what
    happened around them; with more bots than `most_lanes`, to those concerned.

    Any history that can be read can be drawn.
    """
    proving = proofs(verdicts)
    return _Drawing(history, proving, kept(history, proving, most, most_lanes)).whole()


@dataclass(slots=True)
class _Drawing:
    history: History
    proving: Mapping[int, tuple[str, ...]]
    kept: Kept
    narrator: Narrator = field(init=False)
    lanes: list[Lane] = field(default_factory=list)
    lane_of: dict[str, int] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    messages: dict[int, Said] = field(default_factory=dict)
    sent: dict[int, tuple[int, int]] = field(default_factory=dict)  # message -> row, lane
    free: dict[int, int] = field(default_factory=dict)  # lane -> the first row in which nothing stands yet
    floor: int = 0  # rows above are closed: an act has come after them
    entry_rows: dict[int, int] = field(default_factory=dict)
    connecting: bool = False
    beside: dict[int, list[int]] = field(default_factory=dict)  # row of many -> its entries

    def __post_init__(self) -> None:
        self.narrator = Narrator(self.history)
        for owner in self.kept.owners:
            self.lane_of[owner] = len(self.lanes)
            operator = owner == THE_OPERATOR
            self.lanes.append(
                Lane("operator", "operator") if operator else Lane(printable(shorten(owner, 24)) or '""', "bot")
            )

    def whole(self) -> Diagram:
        steps = self._steps()
        step = next(steps, None)
        for index, left_out in self._in_order(step):
            begun: Entry | None = None
            while step is not None and step.index <= index and step.t <= self.history[index].t:
                begun, step = step, next(steps, None)
            if left_out:
                self._gap(left_out)
            if begun is not None:
                self._full_row(Row(RowKind.STEP, begun.t, self._step_words(begun)))
                if begun.index == index:
                    continue
            self._place(self.history[index])
        if self.kept.after:
            self._gap(self.kept.after)
        for number, indexes in self.beside.items():
            self.rows[number] = self._told_beside(self.rows[number], indexes)
        messages = sorted(self.messages.values(), key=lambda said: said.number)
        lives = tuple(lives_of(self.history, self.kept.of, self.lane_of, self.entry_rows, len(self.rows)))
        return Diagram(
            tuple(self.lanes),
            tuple(self.rows),
            tuple(self.marks),
            tuple(self.arrows),
            lives,
            tuple(messages),
            len(self.kept.indexes),
            self.kept.events,
            self.kept.bots,
            self.kept.own,
        )

    def _in_order(self, first_step: Entry | None) -> list[tuple[int, int]]:
        """The kept entries, each with how many are left out before it. The server's start is entered after the first step."""
        pairs = list(zip(self.kept.indexes, self.kept.before, strict=True))
        begun = self.history.ticks[first_step.index] if first_step is not None else 0
        return sorted(pairs, key=lambda pair: self.history.ticks[pair[0]] >= begun)

    # --- rows -----------------------------------------------------------------------------------------------------

    def _steps(self) -> Iterator[Entry]:
        return (entry for entry in self.history.of("step") if entry.detail.get("phase") == "begin")

    def _step_words(self, entry: Entry) -> str:
        place = str(entry.detail.get("place", "")).split(":")
        text = str(entry.detail.get("text") or entry.detail.get("verb", "")).strip()
        where = f"line {place[-2]}: " if len(place) > 2 else ""
        return printable(shorten(where + text, 100))

    def _gap(self, count: int) -> None:
        self._full_row(Row(RowKind.GAP, words=f"{count:,} event{'' if count == 1 else 's'} left out"))

    def _full_row(self, row: Row) -> int:
        self.rows.append(row)
        self.floor = len(self.rows)
        return len(self.rows) - 1

    def _place(self, entry: Entry) -> None:
        witness = self.proving.get(entry.index, ())
        words = self._words(entry)
        lanes = list(self._lanes_of(entry))
        self._close_rows_between_asking_and_answers(entry)
        if _side_by_side(entry) and not witness and lanes:
            row = self._beside(entry, lanes[0])
            self.beside.setdefault(row, []).append(entry.index)
        else:
            told = self._sentence(entry, words)
            row = self._full_row(Row(RowKind.ONE, entry.t, told, witness))
        self.entry_rows[entry.index] = row
        message = self._message(entry)
        if entry.kind == "send" and lanes:
            self.sent.setdefault(entry.ref, (row, lanes[0]))
        for lane in lanes:
            said = self._sentence(entry, words)
            self.marks.append(Mark(entry.index, row, lane, self._sign(entry), said, entry.t, message, witness))
            self.free[lane] = row + 1
        self._arrow(entry, row, witness)

    def _close_rows_between_asking_and_answers(self, entry: Entry) -> None:
        """Several may connect side by side, but nobody is told of it beside them."""
        connecting = entry.kind == "connect"
        if connecting != self.connecting:
            self.connecting, self.floor = connecting, len(self.rows)

    def _words(self, entry: Entry) -> str:
        words = self.narrator.words(entry.index)
        if entry.kind == "wait":  # how long it was stands in the witness, and in the column of times
            return words.partition(" in vain: ")[2] or words
        return words

    def _sentence(self, entry: Entry, words: str) -> str:
        """Who, and what happened; what is about nobody in particular is told without a name."""
        who = self.narrator.who(entry.index)
        if entry.kind == "expected":
            who = printable(str(entry.detail.get("bot", "")))
        return words if who in ("run", "") else f"{who} {words}"

    def _told_beside(self, row: Row, indexes: list[int]) -> Row:
        """In words what stands side by side, where it is one thing that happened to several; arrows need none."""
        entries = [self.history[index] for index in indexes]
        said = {self._without_own_name(entry) for entry in entries}
        if len(said) != 1 or entries[0].kind == "heard":
            return row
        who, words = [self.narrator.who(index) for index in indexes], said.pop()
        if len(who) > 1 and words.startswith("was "):
            words = f"were {words.removeprefix('was ')}"
        return replace(row, words=f"{named(who)} {words}")

    def _without_own_name(self, entry: Entry) -> str:
        words = self.narrator.words(entry.index)
        return words.removesuffix(f" as {self.narrator.who(entry.index)}") if entry.kind == "told" else words

    def _beside(self, entry: Entry, lane: int) -> int:
        """The first row in which it may stand: after what its bot got before, after its own sending, after all acts."""
        sent = self.sent.get(entry.ref)
        row = max(self.floor, self.free.get(lane, 0), sent[0] + 1 if sent is not None else 0)
        while len(self.rows) <= row:
            self.rows.append(Row(RowKind.MANY, entry.t))
        return row

    # --- what stands in them ------------------------------------------------------------------------------------------

    def _lanes_of(self, entry: Entry) -> Iterator[int]:
        """The lanes on which an entry is marked, each once."""
        if entry.kind == "wait":
            owners = [self.kept.of.get(session) for _, session, _ in missing(entry.detail.get("missing"))]
            yield from dict.fromkeys(self.lane_of[owner] for owner in owners if owner in self.lane_of)
        elif entry.kind in ("skipped", "expected"):
            bot = entry.detail.get("bot")
            if isinstance(bot, str) and bot in self.lane_of:
                yield self.lane_of[bot]
        elif entry.session == CONSOLE or (entry.session == WORLD and entry.kind in OF_THE_SERVER):
            yield self._server_lane()
        elif entry.session in self.kept.of and (owner := self.kept.of[entry.session]) in self.lane_of:
            yield self.lane_of[owner]

    def _server_lane(self) -> int:
        if SERVER not in self.lane_of:
            self.lane_of[SERVER] = len(self.lanes)
            self.lanes.append(Lane("server", "server"))
        return self.lane_of[SERVER]

    def _sign(self, entry: Entry) -> Sign:
        if entry.kind == "expected":
            return Sign.MET if entry.detail.get("met") else Sign.UNMET
        if entry.kind == "server" and entry.detail.get("what") == "exited" and not entry.detail.get("asked"):
            return Sign.CRASH
        return SIGNS.get(entry.kind, Sign.OTHER)

    def _message(self, entry: Entry) -> int:
        """The number under which the entry's message is drawn, 0 if it is about none."""
        ref = entry.ref if entry.ref >= 0 else entry.detail.get("message")
        if not isinstance(ref, int) or isinstance(ref, bool) or not 0 <= ref < len(self.history.messages):
            return 0
        return self._said(ref).number

    def _said(self, ref: int) -> Said:
        if ref not in self.messages:
            message = self.history.messages[ref]
            lane = self.lane_of.get(self.kept.of.get(message.sender, ""), -1)
            words = printable(shorten(message.words or message.text, 80)) or '""'
            self.messages[ref] = Said(len(self.messages) + 1, lane, words, message.kind in OWN)
        return self.messages[ref]

    def _arrow(self, entry: Entry, row: int, witness: tuple[str, ...]) -> None:
        """What arrived, and what was waited for in vain, has an arrow from where it was sent."""
        if entry.kind == "heard":
            sender = self.history.messages[entry.ref].sender if entry.ref >= 0 else None
            self._draw(entry, entry.ref, entry.session, row, Fate.OWN if sender == entry.session else Fate.HEARD)
        elif entry.kind == "damaged" and str(entry.detail.get("how")) in ARRIVES_DAMAGED:
            ref = entry.detail.get("message")
            if isinstance(ref, int):
                self._draw(entry, ref, entry.session, row, Fate.DAMAGED)
        elif entry.kind == "wait":
            for what, session, ref in missing(entry.detail.get("missing")):
                if what != "ack" and isinstance(ref, int) and not isinstance(ref, bool):
                    self._draw(entry, ref, session, row, Fate.LOST)

    def _draw(self, entry: Entry, ref: int, session: int, row: int, fate: Fate) -> None:
        start = self.sent.get(ref)
        owner = SERVER if session == CONSOLE else self.kept.of.get(session, "")
        lane = self.lane_of.get(owner)
        if start is None or lane is None:
            return
        witness = self.proving.get(entry.index, ())
        self.arrows.append(Arrow(self._said(ref).number, entry.index, start, (row, lane), fate, witness))
