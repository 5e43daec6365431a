"""The history: what every bot did and heard, in the order in which it was observed. Checks judge nothing else.

One entry is one row of five columns: kind, session, ref, form, time (14 bytes). What is rare and wordy (a closed
connection, a failed wait) has its words in a table beside the columns; the frequent kinds `send`, `handed`, `heard` and
`ack` need none: their `ref` is the number of a message. So a million deliveries are arrays, not objects.

The position of an entry is its *index*. Across bots only one thing is certain: a bot had heard x before it sent y. The
receipts of two bots are never compared by time.

The kinds, and what their entries carry. `session` is the number of one connection of one bot (a rejoin makes a new
one), WORLD (-1), CONSOLE (-2: the server's output as a receiver) or OPERATOR (-3: who types on its console).

of messages (ref = message number; no detail)
  send       before the write; also of the operator's typed reply (session OPERATOR)
  handed     the kernel has the last byte (of a reply: it was written to the console's pipe)
  heard      the whole text arrived unharmed; `form` tells in which rendering (FORMS), `unknown` if in no known one
  ack        a receipt for it came to its sender (ref -1: a receipt that fits no message)
of a session (detail in brackets; `?` means the key may be missing or null)
  connect    our command [bot, nick, number]                number: 1 for the bot's first connection
  connected  [ip, port]                                     our address as the server sees it
  unreachable [why]                                         the connection could not be made
  told       the join dialogue is done [nick]               nick: as the server assigned or shortened it, else ours
  present    seen by chatsim to be there [how]              how: knock | told | heard | patience (never heard its knock)
  refused    [by, expected, at]                             by: the words, or "closed"; expected: the scenario wanted it
  enter entered exit exited  [room]                         our command / the dialogue is done
  rename     our command: it wants to be called so [nick]   renamed [nick, confirmed] the dialogue is done; confirmed: the
                                                            server has said so
  not-renamed  [nick, by]                                   the server has refused it that name, in these words
  told-renamed [nick?, new?, text]                          a notice that somebody has taken another name
  notice     [what, nick?, room?, text]                     what: joined | left | dropped; nick null if it names nobody
  damaged    [message, how, text]                           a message not unharmed: truncated split glued garbled stripped
                                                            case; `glued`: whole, but under one boundary or rendering with
                                                            another (a `heard` entry stands beside it), `with`: [messages];
                                                            `split`: whole, but in pieces (a `heard` stands beside it)
  named      [message, name]                                heard under a name that is not the sender's (a `heard` beside)
  foreign    [nick, text]                                   the form of a message, a name of this run, a text nobody sent
  unrecognised [text]                                       bytes that the profile does not explain (shortened to 2,000)
  ask        our command: the roster is asked for           roster [names, asked] the answer, or a pushed list
  leave      our goodbye begins                             left [clean] our side is closed; clean: we had read EOF first
  drop       [how]                                          reset close half-close mid-message vanish
  stall resume                                              we stop / go on reading
  act        bad input was written [what, text?]            a garbage kind, raw or hex; text: in a recording of others
  closed     the server's side ended [how, declared]        how: eof | reset; declared: why the profile allows it, or null
  flooded    [bytes]                                        16 MiB that no sent message explains: we stopped reading
of the world (session WORLD)
  step       [number, verb, place, text, phase, bots?]      phase: begin | end; bots: those whom a join means
  skipped    [step, bot, why]                               a step that this bot could not take any more
  wait       a wait that ended unmet [for, step, since, missing, patience, waited, lag, foreign, valid]
                                                            for: settle | join | chat | expect | leave | roster | …;
                                                            missing: list of [what, session, ref-or-nick]; valid: P
                                                            remained after lag and foreign load were taken off
  settled    [how, channels, valid]                         how: all-heard | fence | patience | quiet; channels: null = all
  fault      the first fault begins [patience, round_trip, load?]  patience is frozen from here on; load: how much of one
                                                            processor the server wanted on average until now (see rest)
  look       cleanup look [number]                          1 at once, 2 idle, 3 after somebody has spoken twice
  facts      the server seen from outside [look?, during?, …]  keys of network.Facts but `work`; during: "stall", looked
                                                            at while somebody does not read
  cycle      what a cycle of joining and going has left [number, place, how, size, departed, look, samples, refused?,
             threads?, children?, fds?, close_wait?, rss?, runtimes?]  how: the one kind of departure (polite, or a drop's);
                                                            size: departures in a cycle; departed: in all cycles so far;
                                                            look: 1 2 3, at which no growth was seen any more, 0: never;
                                                            the least of so many samples; close_wait: a number here
  rest       the server watched while nothing goes on [number, seconds, load, top, cpu_only, foreign]  load: time on or
                                                            waiting for a processor over wall time, all threads together;
                                                            top: list of [thread, load], the busiest first
  stacks     what its threads were doing [text, by, why]    by: py-spy | faulthandler; why: spin | hung | stop
  server     [what, …]                                      started listening stopping exited ended left-behind failed
                                                            kill abort restart freeze thaw; exited has code and asked;
                                                            abort: we end it to see what its threads are doing
  out        a line the server printed [stream, line, what?, nick?, message?]  what: joined | left | said when recognised
  expected   [step, bot, what, met, negative, by?, where]   an expect, expect-nothing, expect-output; by: index that met it
  crash      what the server printed when an exception was unhandled [text]
  note       [text]                                         for the reader of the report
  ended      the run is over [why]                          why: done | interrupted | nobody got in
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Literal

from chatsim.errors import HistoryError, UsageError

__all__ = [
    "ANSWERING",
    "CONSOLE",
    "FORMS",
    "KINDS",
    "OF_MESSAGES",
    "OPERATOR",
    "WORLD",
    "Entry",
    "Header",
    "History",
    "Message",
]

FORMAT = 1
TICKS_PER_SECOND = 100_000  # 10 µs; an unsigned 32-bit column lasts for eleven hours

WORLD, CONSOLE, OPERATOR = -1, -2, -3

OF_MESSAGES = ("send", "handed", "heard", "ack")
KINDS: tuple[str, ...] = (
    *OF_MESSAGES,
    *("connect", "connected", "unreachable", "told", "present", "refused"),
    *("enter", "entered", "exit", "exited"),
    *("rename", "renamed", "not-renamed", "told-renamed"),
    *("notice", "damaged", "named", "foreign", "unrecognised", "ask", "roster"),
    *("leave", "left", "drop", "stall", "resume", "act", "closed", "flooded"),
    *("step", "skipped", "wait", "settled", "fault", "look", "facts", "server", "out", "expected"),
    *("crash", "note", "ended", "cycle", "rest", "stacks"),
)
_NUMBER = {kind: number for number, kind in enumerate(KINDS)}
SEND, HANDED, HEARD, ACK = (_NUMBER[kind] for kind in OF_MESSAGES)
_ONE_HEARD = bytes([HEARD])

FORMS: tuple[str, ...] = (
    "unknown",
    "hears",
    "echo",
    "whisper",
    "whisper-echo",
    "room",
    "room-echo",
    "reply",  # what the operator typed
    "output",  # printed on the server's console
)
_FORM = {form: number for number, form in enumerate(FORMS)}
ANSWERING = frozenset(("echo", "whisper-echo", "room-echo"))  # forms in which a sender hears itself


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said. `channel`: "lobby", "room:NAME", "whisper:A:B" (sessions, smaller first), "desk:SESSION".

    kind: chat | knock | fence | whisper | reply (the operator's) | half (of a `mid-message` drop, or a garbage half) |
    piece (one message of `in-pieces`/`glued` bytes where nothing promises boundaries; nobody fails for it).
    `to` is the addressee's session of a whisper, or the client's that a reply is meant for (null: nobody in particular).
    `shared`: the sends around it were not apart (glued in one write), so that merging proves nothing unless promised.
    `words`: what a person would call it: the author's words, or the drawn ones without markers.
    """

    id: int
    sender: int
    kind: str
    channel: str
    text: str
    to: int | None = None
    step: int = -1
    shared: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, readable. `ref` is a message number for send, handed, heard, ack; otherwise -1."""

    index: int
    t: float
    kind: str
    session: int
    ref: int
    form: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Header:
    """What a history must know of itself to be judged and replayed without any other file."""

    scenario: str = ""
    file: str = ""
    digest: str = ""  # SHA-256 of the scenario's text
    seed: int = 0
    profile: str = ""
    profile_source: Mapping[str, Any] = field(default_factory=dict)  # the profile's own words, after `extends`
    terms: Mapping[str, Any] = field(default_factory=dict)
    check: tuple[str, ...] = ("everything",)  # properties or groups asked for
    where: Mapping[str, str] = field(default_factory=dict)  # property named in `check` -> its place
    bots: tuple[str, ...] = ()
    server: str = ""  # as a person would name it: the command, "127.0.0.1:5000", or "the reference server (lines)"
    attached: bool = False  # only connected to: nothing is known of its process
    replay: str = ""  # the command that plays this run again
    platform: str = ""
    version: str = ""


class History:
    """Append-only. `note` for entries with words, `said` for the frequent kinds; iterate to read.

    Not thread-safe. Indexes never change. Reading while appending is allowed.
    """

    def __init__(self, header: Header | None = None) -> None:
        self.header = header or Header()
        self.messages: list[Message] = []
        self.kinds = array("B")
        self.sessions = array("i")
        self.refs = array("i")
        self.forms = array("B")
        self.ticks = array("I")
        self._details: list[Mapping[str, Any]] = []

    # --- writing ---------------------------------------------------------------------------------------------

    def new_message(
        self,
        sender: int,
        kind: str,
        channel: str,
        text: str,
        *,
        to: int | None = None,
        step: int = -1,
        shared: bool = False,
        words: str = "",
    ) -> Message:
        message = Message(len(self.messages), sender, kind, channel, text, to, step, shared, words)
        self.messages.append(message)
        return message

    def say(self, t: float, kind: str, session: int, message: int, form: str = "unknown") -> int:
        """Append an entry of a message kind (send, handed, heard, ack); returns its index."""
        index = len(self.kinds)
        self.kinds.append(_NUMBER[kind])
        self.sessions.append(session)
        self.refs.append(message)
        self.forms.append(_FORM[form])
        self.ticks.append(round(t * TICKS_PER_SECOND))
        return index

    def heard_many(self, t: float, session: int, messages: array[int], forms: bytes) -> int:
        """Append one `heard` entry for each message, all at one time; returns the index of the first.

        The quick way for what one read brought: `forms` holds one FORMS number a message.
        """
        index = len(self.kinds)
        count = len(messages)
        self.kinds.frombytes(_ONE_HEARD * count)
        self.sessions.extend(array("i", [session]) * count)
        self.refs.extend(messages)
        self.forms.frombytes(forms)
        self.ticks.extend(array("I", [round(t * TICKS_PER_SECOND)]) * count)
        return index

    def heard_by_many(self, t: float, sessions: Sequence[int], messages: array[int], forms: bytes) -> int:
        """The same for each of these sessions in turn, each of which heard all of these messages."""
        index = len(self.kinds)
        each, all_ = len(messages), len(messages) * len(sessions)
        self.kinds.frombytes(_ONE_HEARD * all_)
        self.sessions.extend([session for session in sessions for _ in range(each)])
        self.refs.extend(messages * len(sessions))
        self.forms.frombytes(forms * len(sessions))
        self.ticks.extend(array("I", [round(t * TICKS_PER_SECOND)]) * all_)
        return index

    def note(self, t: float, kind: str, session: int = WORLD, **detail: Any) -> int:
        """Append an entry with words (any kind but the four of messages); returns its index."""
        if kind in OF_MESSAGES:
            raise ValueError(f"{kind!r} entries are appended with say()")
        index = len(self.kinds)
        self.kinds.append(_NUMBER[kind])
        self.sessions.append(session)
        self.refs.append(len(self._details))
        self.forms.append(0)
        self.ticks.append(round(t * TICKS_PER_SECOND))
        self._details.append(detail)
        return index

    def mend(self) -> None:
        """Take back what was only half written when an interrupt struck. Nothing is read or written before this then."""
        columns = (self.kinds, self.sessions, self.refs, self.forms, self.ticks)
        whole = min(map(len, columns))
        if whole and self.kinds[whole - 1] > ACK and self.refs[whole - 1] >= len(self._details):
            whole -= 1  # its words were still to come
        for column in columns:
            del column[whole:]

    # --- reading ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.kinds)

    def __getitem__(self, index: int) -> Entry:
        number = self.kinds[index]
        ref = self.refs[index]
        worded = number > ACK
        return Entry(
            index,
            self.ticks[index] / TICKS_PER_SECOND,
            KINDS[number],
            self.sessions[index],
            -1 if worded else ref,
            FORMS[self.forms[index]],
            self._details[ref] if worded else {},
        )

    def __iter__(self) -> Iterator[Entry]:
        for index in range(len(self.kinds)):
            yield self[index]

    def of(self, *kinds: str) -> Iterator[Entry]:
        """The entries of these kinds, in order. Skips the others without making objects of them."""
        wanted = bytes(_NUMBER[kind] for kind in kinds)
        if len(wanted) == 1:
            number, at = wanted[0], -1
            raw = self.kinds
            while True:
                try:
                    at = raw.index(number, at + 1)
                except ValueError:
                    return
                yield self[at]
        for index, number in enumerate(self.kinds):
            if number in wanted:
                yield self[index]

    def last(self, kind: str) -> Entry | None:
        number = _NUMBER[kind]
        for index in range(len(self.kinds) - 1, -1, -1):
            if self.kinds[index] == number:
                return self[index]
        return None

    def until(self, index: int) -> History:
        """What was known before that index: the same entries under the same numbers, and all messages."""
        earlier = History(self.header)
        earlier.messages = list(self.messages)
        earlier.kinds, earlier.sessions = self.kinds[:index], self.sessions[:index]
        earlier.refs, earlier.forms = self.refs[:index], self.forms[:index]
        earlier.ticks = self.ticks[:index]
        earlier._details = list(self._details)
        return earlier

    def under(self, header: Header) -> History:
        """The same recording under another header: what is appended to one of the two, both have."""
        same = History(header)
        same.messages, same.kinds, same.sessions = self.messages, self.kinds, self.sessions
        same.refs, same.forms, same.ticks = self.refs, self.forms, self.ticks
        same._details = self._details
        return same

    # --- as a table ------------------------------------------------------------------------------------------

    def columns(self) -> dict[str, list[Any]]:
        """One list a column, one row an entry, its number the index.

        `t` seconds; `kind`; `session`, and the `bot` whose connection it is ("" for the world's); of messages: `message`
        (its number), `sender` (the bot), `channel`, `words`, `form`; else null. `detail`: the rest, as JSON.
        """
        bots = {entry.session: str(entry.detail.get("bot", "")) for entry in self.of("connect")}
        names = ("t", "kind", "session", "bot", "message", "sender", "channel", "words", "form", "detail")
        table: dict[str, list[Any]] = {name: [] for name in names}
        for entry in self:
            said = self.messages[entry.ref] if entry.ref >= 0 else None
            row = (
                entry.t,
                entry.kind,
                entry.session,
                bots.get(entry.session, ""),
                *((None,) * 4 if said is None else (said.id, bots.get(said.sender, ""), said.channel, said.words)),
                entry.form if said is not None else None,
                _dump(entry.detail) if entry.detail else None,
            )
            for column, value in zip(table.values(), row, strict=True):
                column.append(value)
        return table

    def to_frame(self, library: Literal["pandas", "polars"] | None = None) -> Any:
        """`columns` as a data frame of that library; None: pandas if it is installed, else polars.

        Raises UsageError where it is not installed. Neither comes with chatsim.
        """
        from importlib import import_module, util

        known = ("pandas", "polars")
        if library is not None and library not in known:
            raise UsageError(f'there is no data frame of "{library}" here', hint=f"Known are {' and '.join(known)}.")
        there = [name for name in ([library] if library else known) if util.find_spec(name) is not None]
        if not there:
            wanted = library or "pandas or polars"
            raise UsageError(
                f"a data frame needs {wanted}, and that is not installed", hint=f"pip install {library or 'pandas'}"
            )
        table = self.columns()
        frame = import_module(there[0]).DataFrame
        if there[0] == "pandas":
            table["message"] = import_module("pandas").array(table["message"], dtype="Int64")  # whole numbers and nulls
        return frame(table)

    # --- to and from JSON lines --------------------------------------------------------------------------------

    def lines(self) -> Iterator[str]:
        """The history as JSON lines: the header, then messages and entries, a message before its first entry."""
        yield _dump({"chatsim": "history", "format": FORMAT, **asdict(self.header)})
        told = 0
        for entry in self:
            if entry.kind in OF_MESSAGES or entry.kind in ("damaged", "named"):
                needed = entry.ref if entry.kind in OF_MESSAGES else entry.detail["message"]
                while told <= needed:
                    yield _dump({"message": asdict(self.messages[told])})
                    told += 1
            line: dict[str, Any] = {"i": entry.index, "t": round(entry.t, 5), "kind": entry.kind}
            line["session"] = entry.session
            if entry.kind in OF_MESSAGES:
                line["ref"] = entry.ref
                if entry.form != "unknown":
                    line["form"] = entry.form
            elif entry.detail:
                line["detail"] = dict(entry.detail)
            yield _dump(line)
        while told < len(self.messages):
            yield _dump({"message": asdict(self.messages[told])})
            told += 1

    def write(self, file: IO[str]) -> None:
        for line in self.lines():
            file.write(line + "\n")

    @classmethod
    def read(cls, lines: Iterable[str], name: str = "history") -> History:
        """Read JSON lines back. Raises HistoryError, with the line's number, for anything that is not a history.

        A last line that was cut off (the writer was killed) is passed over; what stands before it is judged.
        """
        history: History | None = None
        numbered = enumerate(lines, start=1)
        for number, line in numbered:
            if not line.strip():
                continue
            try:
                plain = json.loads(line)
                if history is None:
                    history = cls(_header(plain))
                else:
                    history._take(plain)
            except (
                ValueError,
                KeyError,
                TypeError,
                IndexError,
                OverflowError,
                AttributeError,
                RecursionError,
            ) as problem:
                if history is not None and next(numbered, None) is None and not line.endswith("\n"):
                    break
                raise HistoryError(
                    f"{name}, line {number}: this is not an entry of a chatsim history ({problem})"
                ) from problem
        if history is None:
            raise HistoryError(f"{name} is empty: there is no history in it")
        return history

    def _take(self, plain: dict[str, Any]) -> None:
        if "message" in plain:
            message = Message(**plain["message"])
            if message.id != len(self.messages):
                raise ValueError(f"message {message.id} out of order")
            self.messages.append(message)
            return
        kind, session = plain["kind"], int(plain["session"])
        if plain["i"] != len(self):
            raise ValueError(f"entry {plain['i']} out of order")
        if kind in OF_MESSAGES:
            ref = int(plain["ref"])
            if not -1 <= ref < len(self.messages):
                raise ValueError(f"no message {ref}")
            self.say(float(plain["t"]), kind, session, ref, plain.get("form", "unknown"))
        else:
            self.note(float(plain["t"]), kind, session, **plain.get("detail", {}))


def _dump(plain: Mapping[str, Any]) -> str:
    line = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate, from output that is not UTF-8: spelled out
        return json.dumps(plain, separators=(",", ":"))
    return line


def _header(plain: Any) -> Header:
    if not isinstance(plain, dict) or plain.get("chatsim") != "history":
        raise ValueError("its first line is not a chatsim header")
    if plain.get("format") != FORMAT:
        raise ValueError(f"format {plain.get('format')!r}; this version reads {FORMAT}")
    known = {key: plain[key] for key in Header.__slots__ if key in plain}
    for key in ("check", "bots"):
        if key in known:
            known[key] = tuple(known[key])
    return Header(**known)
