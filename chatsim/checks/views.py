"""What a history means, worked out once and shared by all checks: who was there, what was owed, who heard what.

The words are those of properties.md ("Words"). Everything is derived from recorded indexes; nothing here fails anybody.
The usual big case (everybody there all the time) costs no Python object a delivery.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any
from weakref import WeakKeyDictionary

from chatsim.checks.attendance import Attendance
from chatsim.checks.hearing import Hearing, deal, numpy_if_long
from chatsim.checks.lives import NEVER, Life, Lives, lives_of
from chatsim.checks.sessions import SessionView, Stay
from chatsim.checks.waiting import Row, Waiting
from chatsim.checks.wording import clip
from chatsim.history import CONSOLE, FORMS, OPERATOR, TICKS_PER_SECOND, Entry, History, Message
from chatsim.terms import Speech, Terms

__all__ = ["NEVER", "NOT_JUDGED", "Views", "views_of"]

JOIN_PATIENCE = 4.0  # seconds; the least patience that a join gets (a full backlog retries after 1 and 3)
NOT_JUDGED = ("half", "piece")  # what a server makes of these is its own affair
SEND, HANDED, HEARD, ACK = b"\0", b"\1", b"\2", b"\3"


class Views:
    """One history, read. Made by `views_of`; it does not follow a history that grows afterwards.

    For (message, session): `owed`, `forbidden` or neither, which is optional. `owed` never names the sender: what a
    sender is to hear of itself is `owes_echo`. All message arguments are message numbers, all sessions are numbers.
    """

    def __init__(self, history: History) -> None:
        # Its columns, not the history: what is remembered for a history must not keep it alive.
        self.header = history.header
        self.lives: Lives = lives_of(history)
        self.terms: Terms = self.lives.terms
        self.messages: Sequence[Message] = history.messages
        self.length = len(history)
        self.numpy: Any = numpy_if_long(self.length)
        self._kinds = bytes(history.kinds)
        self._refs, self._forms, self._ticks = history.refs, history.forms, history.ticks
        self.hearings: dict[int, Hearing] = deal(history)
        self._read_messages()
        self.waiting = Waiting(self.lives)
        self.settled_after = self.waiting.settled_after
        self._outages, self._frozen = self._server_times()
        self.join_patience = self._join_patience()
        self.sessions: dict[int, SessionView] = {
            number: self._session(life) for number, life in self.lives.sessions.items()
        }
        self.console: SessionView | None = None
        if self.terms.console_receives:
            self.console = self._console()
        self._changes = sorted(self._all_changes())
        self._audiences: dict[tuple[Any, ...], frozenset[int]] = {}
        self._cut_off: dict[int, int] = {}

    # --- messages -------------------------------------------------------------------------------------------------

    def _read_messages(self) -> None:
        count = len(self.messages)
        self.send: list[int] = [NEVER] * count  # index of `send`
        self.handed: list[int] = [NEVER] * count  # NEVER: torn; nothing is owed, a piece may be heard
        self.acked: dict[int, int] = {}  # message -> index of its (first) receipt
        self.spoken: dict[int, list[int]] = defaultdict(list)  # sender -> its messages in the order of sending
        refs = self._refs
        for at in self.rows(SEND):
            message = refs[at]
            self.send[message] = at
            self.spoken[self.messages[message].sender].append(message)
        for at in self.rows(HANDED):
            self.handed[refs[at]] = at
        for at in self.rows(ACK):
            self.acked.setdefault(refs[at], at)

    def rows(self, kind: bytes) -> Iterator[int]:
        """The indexes of all rows of one kind of messages."""
        find, at = self._kinds.find, -1
        while (at := find(kind, at + 1)) >= 0:
            yield at

    def form_at(self, index: int) -> int:
        """The number of the form (FORMS) of the `heard` entry there."""
        return self._forms[index]

    def message_at(self, index: int) -> int:
        """The message of the `heard` (send, handed, ack) entry there."""
        return self._refs[index]

    def count_forms(self) -> Mapping[int, int]:
        """Form number -> how many `heard` entries had it. (Of the other kinds all rows have form 0.)"""
        return self._form_counts

    @cached_property
    def _form_counts(self) -> Mapping[int, int]:
        forms, heard = bytes(self._forms), self._kinds.count(HEARD)
        counts = {form: forms.count(form) for form in range(1, len(FORMS))}
        counts[0] = heard - sum(counts.values())
        return counts

    @cached_property
    def sent(self) -> list[int]:
        """All messages that were sent, in the order of sending."""
        refs = self._refs
        return [refs[at] for at in self.rows(SEND)]

    def sent_between(self, first: int, last: int) -> Sequence[int]:
        """The messages that were sent between these two indexes, in order."""
        by_sending = self.send.__getitem__
        return self.sent[bisect_right(self.sent, first, key=by_sending) : bisect_left(self.sent, last, key=by_sending)]

    @cached_property
    def before(self) -> dict[int, int]:
        """Message -> the one that its sender had sent just before it, if any."""
        return {later: earlier for spoken in self.spoken.values() for earlier, later in pairwise(spoken)}

    def speech(self, message: int) -> Speech:
        """By which of the profile's ways of speaking it was said."""
        return self.speech_in(self.messages[message].channel)

    def speech_in(self, channel: str) -> Speech:
        if channel.startswith("whisper:"):
            return self.terms.whisper
        return self.terms.room if channel.startswith("room:") else self.terms.public

    @cached_property
    def channels(self) -> frozenset[str]:
        """All channels in which anything was said."""
        return frozenset(message.channel for message in self.messages)

    @cached_property
    def heard_own(self) -> Mapping[int, list[int]]:
        """Session -> those of its own messages that it heard, in the order of hearing."""
        heard: dict[int, list[int]] = {}
        for sender, spoken in self.spoken.items():
            hearing = self.hearings.get(sender)
            if hearing is None:
                continue
            if self.numpy is not None:
                column = self.numpy.frombuffer(hearing.messages, self.numpy.int32)
                own = column[self.senders_column[column] == self.senders_column[spoken[0]]].tolist()
            else:
                mine = set(spoken)
                own = [message for message in hearing.messages if message in mine]
            if own:
                heard[sender] = own
        return heard

    @cached_property
    def heard_at_all(self) -> bytearray:
        """One byte a message: was it heard by anybody at all (the console included), unharmed?"""
        heard = bytearray(len(self.messages))
        if self.numpy is not None:
            mask = self.numpy.frombuffer(heard, self.numpy.uint8)
            for hearing in self.hearings.values():
                mask[self.numpy.frombuffer(hearing.messages, self.numpy.int32)] = 1
        else:
            for hearing in self.hearings.values():
                for message in hearing.messages:
                    heard[message] = 1
        return heard

    @cached_property
    def first_heard(self) -> list[int]:
        """By message: the index at which anybody (the console included) first heard it; NEVER if nobody did."""
        if self.numpy is not None:
            first = self.numpy.full(len(self.messages), NEVER, self.numpy.int64)
            for hearing in self.hearings.values():
                messages = self.numpy.frombuffer(hearing.messages, self.numpy.int32)
                indices = self.numpy.frombuffer(hearing.indices, self.numpy.int32)
                first[messages] = self.numpy.minimum(first[messages], indices)
            return first.tolist()  # type: ignore[no-any-return]
        earliest: list[int] = [NEVER] * len(self.messages)
        for hearing in self.hearings.values():
            for message, index in hearing:
                if index < earliest[message]:
                    earliest[message] = index
        return earliest

    @cached_property
    def first_implied(self) -> list[int]:
        """By message: the index from which on anybody may have known of it: it, or a later one of its sender, was heard.

        Who hears what somebody said after m has m in its causal past, though nobody may ever have heard m itself.
        """
        implied = list(self.first_heard)
        for spoken in self.spoken.values():
            earliest = NEVER
            for message in reversed(spoken):
                earliest = implied[message] = min(implied[message], earliest)
        return implied

    # The same by message as numpy columns, for long histories only (`numpy` is not null).

    @cached_property
    def sends_column(self) -> Any:
        last = 2**31 - 1
        return self.numpy.array([min(sent, last) for sent in self.send], self.numpy.int32)

    @cached_property
    def first_implied_column(self) -> Any:
        last = 2**31 - 1
        return self.numpy.minimum(self.numpy.array(self.first_implied, self.numpy.int64), last).astype(self.numpy.int32)

    @cached_property
    def senders_column(self) -> Any:
        """Senders as small numbers (16 bits, so that sorting by them takes linear time)."""
        number: dict[int, int] = {}
        senders = [number.setdefault(message.sender, len(number)) for message in self.messages]
        return self.numpy.array(senders, self.numpy.uint16 if len(number) < 2**16 else self.numpy.int32)

    @cached_property
    def _confirmed_until(self) -> dict[int, int]:
        """Sender -> the sending of its last message that anybody heard, in part or whole, or that was acknowledged."""
        shown = set(self.acked)
        shown.update(int(e.detail["message"]) for e in self.lives.of("damaged") if _numbered(e.detail.get("message")))
        shown.update(int(e.detail["message"]) for e in self.lives.of("out") if _numbered(e.detail.get("message")))
        heard = self.heard_at_all
        return {
            sender: max((self.send[m] for m in spoken if heard[m] or m in shown), default=-1)
            for sender, spoken in self.spoken.items()
        }

    def confirmed(self, message: int) -> bool:
        """Somebody heard it, or a later message of that session, or a receipt or the server's output shows it."""
        return self.send[message] <= self._confirmed_until.get(self.messages[message].sender, -1)

    def definite(self, message: int) -> bool:
        """It was handed over whole, and nothing of ours can have swallowed it; or it is confirmed."""
        if self.handed[message] == NEVER:
            return False
        sender = self.sessions.get(self.messages[message].sender)
        return sender is None or sender.unclean >= self.settled(message) or self.confirmed(message)

    def within_limits(self, message: int) -> bool:
        limit = self.terms.limit_text
        text = self.messages[message].text
        return limit is None or len(text) * 4 <= limit or len(text.encode("utf-8", "surrogatepass")) <= limit

    def judged(self, message: int) -> bool:
        """May anybody fail for not delivering it? Not for halves, pieces, torn, indefinite or oversized messages."""
        return (
            self.handed[message] != NEVER
            and self.messages[message].kind not in NOT_JUDGED
            and self.within_limits(message)
            and self.definite(message)
        )

    def is_ours(self, message: int) -> bool:
        """Did chatsim say it of its own accord? A person who reads a verdict knows the others better."""
        return self.messages[message].kind in ("knock", "fence")

    def is_replay(self, message: int, session: int) -> bool:
        """It was sent before this session connected: history that a newcomer was told."""
        view = self.sessions.get(session)
        return view is not None and self.send[message] < view.born

    # --- settling and waiting ---------------------------------------------------------------------------------------

    def settled(self, message: int) -> int:
        """The first settle point after it was handed over whole, in its channel; NEVER if there is none."""
        handed = self.handed[message]
        return NEVER if handed == NEVER else self.settled_after(handed, self.messages[message].channel)

    def settled_for(self, message: int, session: int) -> int:
        """The same for one receiver: while it is stalled or frozen nothing settles."""
        view = self._view(session)
        if view is None or not view.away:
            return self.settled(message)
        return self._settled_awake(view, self.send[message], self.settled(message), self.messages[message].channel)

    def _settled_awake(self, view: SessionView, sent: int, settled: int, channel: str) -> int:
        for since, back in view.away:
            if since < settled and back > sent:
                settled = NEVER if back == NEVER else max(settled, self.settled_after(back, channel))
        return settled

    def waited_in_vain(self, message: int, session: int, *, receipt: bool = False) -> int | None:
        """The index of a valid wait for this message at this session that ended unmet.

        -1: there were only invalid ones (our machine stalled). None: nobody ever waited, so nothing can be said.
        """
        said = self.messages[message]
        since, settled = self.handed[message], self.settled(message)
        view = self._view(session)
        for gone, back in view.away if view else ():
            if gone < settled and back > self.send[message]:
                since = max(since, back)
        what = "ack" if receipt else "output" if session == CONSOLE else "echo" if session == said.sender else None
        row: Row = "message" if what is None else what, said.sender if session == CONSOLE else session, message
        return self.waiting.in_vain(row, since, said.channel)

    def cut_off(self, session: int) -> int:
        """Where the server closed the connection of one that it had no right to close, and that had not gone; else NEVER.

        Nothing can come there any more, so nobody has to wait in order to know that it will not. A server that ends
        altogether is no such case. One that is still answered after its half-close may be closed, but only after that.
        """
        known = self._cut_off.get(session)
        if known is None:
            known = self._cut_off[session] = self._closed_without_right(session)
        return known

    def _closed_without_right(self, session: int) -> int:
        view = self.sessions.get(session)
        if view is not None and view.answered:
            return view.life.closed
        if view is None or view.life.declared or view.gone < view.life.closed or self.lives.dying_at(view.life.closed):
            return NEVER
        return view.life.closed

    # --- sessions -----------------------------------------------------------------------------------------------------

    def label(self, session: int) -> str:
        """ "bob", "bob (connection 2)", "the server's console", "the operator"."""
        if session == CONSOLE:
            return "the server's console"
        return "the operator" if session == OPERATOR else self.lives.who(session)

    def quote(self, message: int) -> str:
        """Its words as a person would call them, shortened, in quotes."""
        said = self.messages[message]
        return f'"{clip(said.words or said.text, 40)}"'

    def sender(self, message: int) -> int:
        return self.messages[message].sender

    def place_of(self, message: int) -> str:
        """The place of the step that sent it, as file:line:column; empty if no step of the scenario did."""
        return self.places.get(self.messages[message].step, "")

    @cached_property
    def places(self) -> dict[int, str]:
        """Step number -> its place."""
        return {
            int(entry.detail.get("number", -1)): str(entry.detail.get("place") or "")
            for entry in reversed(self.lives.of("step"))
        }

    @cached_property
    def notices_to(self) -> Mapping[int, list[Entry]]:
        """Session -> the notices that it got."""
        got: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.lives.of("notice"):
            got[entry.session].append(entry)
        return got

    def got_unrecognised(self, session: int, words: str, since: int) -> bool:
        """Did this session get these words after that index, in something that the profile does not explain? In any case."""
        at, starts, text = self._unrecognised.get(session, ([], [], ""))
        first = bisect_right(at, since)
        return first < len(at) and text.find(words.casefold(), starts[first]) >= 0

    @cached_property
    def _unrecognised(self) -> Mapping[int, tuple[list[int], list[int], str]]:
        """Session -> the indexes of what it got and the profile does not explain, where each begins, and all of it."""
        got: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.lives.of("unrecognised"):
            got[entry.session].append(entry)
        joined = {}
        for session, entries in got.items():
            texts = [str(entry.detail.get("text", "")).casefold() + "\0" for entry in entries]
            starts = [0, *accumulate(map(len, texts))][:-1]
            joined[session] = [entry.index for entry in entries], starts, "".join(texts)
        return joined

    def seconds(self, index: int) -> float:
        return self._ticks[index] / TICKS_PER_SECOND

    def there(self, session: int, since: int, until: int) -> bool:
        """Was it there from before `since`, and not gone (nor away) at `until`?"""
        view = self._view(session)
        return (
            view is not None
            and view.owed_from < since
            and view.gone > until
            and not any(gone < until and back > since for gone, back in view.away)
        )

    def sessions_named(self, nick: str) -> Sequence[SessionView]:
        """Those that ever went by this nick, in the order of their connecting."""
        return self._named.get(nick, [])

    @cached_property
    def _named(self) -> Mapping[str, list[SessionView]]:
        named: dict[str, list[SessionView]] = defaultdict(list)
        for view in self.sessions.values():
            for nick in view.life.names:
                named[nick].append(view)
        return named

    def _view(self, session: int) -> SessionView | None:
        return self.console if session == CONSOLE else self.sessions.get(session)

    def _session(self, life: Life) -> SessionView:
        view = SessionView(life, self.lives.who(life.number))
        view.told = life.told
        if life.told == NEVER and not self.terms.join_dialogue:
            view.told = life.connected
        view.begun = min(self._join_begun(life), view.told)
        self._depart(view)
        view.seen = self._seen(view)
        waited = min(
            life.present if life.present_how == "patience" else NEVER,
            self._after_patience(view.told),
        )
        view.owed_from = min(view.seen, waited)
        view.stays = self._stays(view)
        return view

    def _console(self) -> SessionView:
        view = SessionView(Life(CONSOLE, "the server's console", "", -1), "the server's console")
        view.begun = view.told = view.seen = view.owed_from = -1
        view.away = list(self._frozen)
        return view

    def _join_begun(self, life: Life) -> int:
        """A bot that a `connect` step brought has only connected; a later join step may have meant it."""
        before = bisect_left(self._join_steps, life.connect, key=lambda step: step.index) - 1
        if before < 0 or self._join_steps[before].detail.get("verb") != "connect":
            return life.connect
        meant = (self._joins_of.get(life.bot, ()), self._joins_of.get(None, ()))
        return min(
            (steps[at] for steps in meant if (at := bisect_right(steps, life.connect)) < len(steps)), default=NEVER
        )

    @cached_property
    def _join_steps(self) -> list[Entry]:
        verbs = ("connect", "join", "rejoin")
        steps = (e for e in self.lives.of("step") if e.detail.get("phase", "begin") == "begin")
        return [step for step in steps if step.detail.get("verb") in verbs]

    @cached_property
    def _joins_of(self) -> Mapping[str | None, list[int]]:
        """Bot -> the steps of joining that name it; None: those that name nobody and so mean all."""
        joins: dict[str | None, list[int]] = defaultdict(list)
        for step in self._join_steps:
            if step.detail.get("verb") != "connect":
                for bot in step.detail.get("bots") or (None,):
                    joins[bot].append(step.index)
        return joins

    def _server_times(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """When we had the server stopped, and when frozen: [from, back)."""
        outages: list[tuple[int, int]] = []
        frozen: list[tuple[int, int]] = []
        for entry in self.lives.of("server"):
            what = entry.detail.get("what")
            if what in ("stopping", "kill", "abort", "restart"):
                if not outages or outages[-1][1] != NEVER:
                    outages.append((entry.index, NEVER))
            elif what == "listening" and outages and outages[-1][1] == NEVER:
                outages[-1] = (outages[-1][0], entry.index)
            elif what == "freeze":
                frozen.append((entry.index, NEVER))
            elif what == "thaw" and frozen and frozen[-1][1] == NEVER:
                frozen[-1] = (frozen[-1][0], entry.index)
        return outages, frozen

    def _depart(self, view: SessionView) -> None:
        life = view.life
        view.answered = life.drop_how == "half-close" and self.terms.half_close == "answers"
        ends: list[tuple[int, str]] = [
            (life.leave, "leave"),
            (NEVER if view.answered else life.drop, life.drop_how),
            (life.acted, "act"),
            (life.unreachable, "unreachable"),
            (life.refused, "refused"),
            (life.flooded, "flooded"),  # we stopped reading; the flood itself is judged elsewhere
        ]
        ends += [(down, "server") for down, _ in self._outages if down > life.connect]
        if life.closed != NEVER and life.declared:
            ends.append((life.closed, "declared"))
        for stalled, back in life.stalls:
            # After the resume the server still has the right to close, until we have caught up.
            caught_up = self.settled_after(back) if back != NEVER else NEVER
            closed_for_it = stalled < life.closed < caught_up and self.terms.slow_readers != "kept"
            if back == NEVER or closed_for_it:
                ends.append((stalled, "stall"))
            else:
                view.away.append((stalled, back))
        for since, back in self._frozen:
            if since > life.connect:
                view.away.append((since, back))
        view.away.sort()
        view.gone, view.departure = min(ends, key=lambda end: end[0])
        if view.gone == NEVER:
            view.departure = ""

    def _seen(self, view: SessionView) -> int:
        """When it first heard something live that began after it was told: another's message, or a notice of another.

        After any replay a second such message is needed, sent after the first was heard: the first may be a replay too.
        """
        if view.told == NEVER or not self.terms.others_hear:
            return view.told
        needed = 2 if self.terms.replays else 1
        since = view.told
        first_message = NEVER
        hearing = self.hearings.get(view.number)
        for message, index in hearing or ():
            sent = self.send[message]
            if sent < view.born:
                needed = 2
            elif sent > since and self.messages[message].sender != view.number:
                if needed == 1:
                    first_message = index
                    break
                needed, since = 1, index
        for entry in self.notices_to.get(view.number, ()) if needed == 1 and not self.terms.replays else ():
            if entry.index > first_message:
                break
            if self._is_of_another(entry.detail.get("nick"), view, entry.index):
                return entry.index
        return first_message

    def _is_of_another(self, nick: Any, view: SessionView, index: int) -> bool:
        """Has anybody of this nickname, who is not its own, come or gone since it was told?"""
        if nick in view.life.names:
            return False
        moves = self._moves.get(nick, ())
        at = bisect_right(moves, view.told)
        return at < len(moves) and moves[at] < index

    @cached_property
    def _moves(self) -> Mapping[str, list[int]]:
        """Nickname -> when those who go by it came and went, in order."""
        moves: dict[str, list[int]] = defaultdict(list)
        for life in self.lives.sessions.values():
            for nick in life.names:
                moves[nick] += (life.connect, life.parted)
        for of_one in moves.values():
            of_one.sort()
        return moves

    def _join_patience(self) -> float:
        recorded = [*self.lives.of("wait"), *self.lives.of("fault")]
        return max([JOIN_PATIENCE, *(float(entry.detail.get("patience") or 0) for entry in recorded)])

    def _after_patience(self, index: int) -> int:
        """The first index that lies a join's patience after this one."""
        if index >= self.length or index < 0:
            return NEVER
        due = self._ticks[index] + round(self.join_patience * TICKS_PER_SECOND)
        at = bisect_left(self._ticks, due, lo=index)
        return at if at < self.length else NEVER

    # --- rooms --------------------------------------------------------------------------------------------------------

    def _stays(self, view: SessionView) -> list[Stay]:
        if not self.terms.rooms:
            return []
        stays: list[Stay] = []
        default = self.terms.default_room
        crossings = self._crossings.get(view.number, [])
        asked_for_default = any(e.kind == "enter" and e.detail.get("room") == default for e in crossings)
        if default is not None and view.begun != NEVER and not asked_for_default:
            stays.append(Stay(default, view.begun, view.told))
        for entry in crossings:
            room = str(entry.detail.get("room", ""))
            here = next((stay for stay in reversed(stays) if stay.room == room and stay.until == NEVER), None)
            if entry.kind == "enter":
                if not self.terms.rooms_many:
                    for stay in stays:
                        stay.until = min(stay.until, entry.index)
                # The default room is entered as the end of the join, and the server may have put it there before.
                stays.append(Stay(room, view.begun if room == default and not stays else entry.index))
            elif entry.kind == "entered":
                if here is not None:
                    here.entered = min(here.entered, entry.index)
                for stay in stays:
                    if not self.terms.rooms_many and stay is not here and stay.exited == NEVER:
                        stay.exited = entry.index
            elif entry.kind == "refused" and here is not None:
                here.until = here.exited = entry.index
                for stay in stays:
                    if stay.until == here.asked:
                        stay.until = NEVER  # it stays where it was
            elif entry.kind == "exit" and here is not None:
                here.until = entry.index
            elif entry.kind == "exited":
                for stay in stays:
                    if stay.room == room and stay.until != NEVER and stay.exited == NEVER:
                        stay.exited = entry.index
        for stay in stays:
            stay.owed_from = self._there_in_room(view, stay)
        return stays

    @cached_property
    def _crossings(self) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = defaultdict(list)
        kinds = ("enter", "entered", "exit", "exited", "refused")
        for entry in sorted((e for kind in kinds for e in self.lives.of(kind)), key=lambda e: e.index):
            if entry.kind != "refused" or entry.detail.get("room") is not None:
                found[entry.session].append(entry)
        return found

    def had_crossed(self, session: int, index: int) -> bool:
        """Had it asked to enter or leave any room before that index?"""
        first = next((e for e in self._crossings.get(session, ()) if e.kind in ("enter", "exit")), None)
        return first is not None and first.index < index

    def _there_in_room(self, view: SessionView, stay: Stay) -> int:
        if stay.entered == NEVER or not self.terms.room.heard:
            return stay.entered
        channel = f"room:{stay.room}"
        waited = self._after_patience(stay.entered)
        if stay.entered == view.told:
            waited = min(waited, view.owed_from)
        for message, index in self.hearings.get(view.number) or ():
            said = self.messages[message]
            if index > waited:
                break
            if said.channel == channel and said.sender != view.number and self.send[message] > stay.entered:
                return index
        return waited

    # --- what is owed -------------------------------------------------------------------------------------------------

    def _all_changes(self) -> set[int]:
        """Every index at which it changes who is there: between two of them all messages have one audience."""
        changes: set[int] = {bound for pair in self._outages for bound in pair}
        for view in [*self.sessions.values(), *([self.console] if self.console else [])]:
            changes.update((view.owed_from, view.gone))
            changes.update(bound for pair in view.away for bound in pair)
            for stay in view.stays:
                changes.update((stay.owed_from, stay.until))
        changes.discard(NEVER)
        return changes

    def audience_key(self, message: int) -> tuple[Any, ...] | None:
        """Messages with equal keys have one audience. None: it never settled, so it is owed to nobody."""
        settled = self.settled(message)
        if settled == NEVER:
            return None
        said = self.messages[message]
        changes = self._changes
        return (
            bisect_left(changes, self.send[message]),
            bisect_left(changes, settled),
            said.channel,
            said.to,
            said.kind == "reply",
        )

    def by_audience(self) -> list[list[int]]:
        """The judged messages that settled, grouped by their audience (`audience_key`), each in the order of sending."""
        groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        hasty = any(view.unclean != NEVER for view in self.sessions.values())
        limited = self.terms.limit_text is not None
        changes = [*self._changes, NEVER]
        spans: dict[str, tuple[int, int, int]] = {}  # channel -> handed in (from, to] settles at `to`, in this epoch
        epoch, boundary = 0, -1
        for message in self.sent:
            sent, handed, said = self.send[message], self.handed[message], self.messages[message]
            if handed == NEVER or said.kind in NOT_JUDGED:
                continue
            if hasty and not self.definite(message):
                continue
            if limited and not self.within_limits(message):
                continue
            if sent > boundary:
                epoch = bisect_left(changes, sent)
                boundary = changes[epoch]
            low, settled, settled_epoch = spans.get(said.channel, (NEVER, NEVER, 0))
            if not low <= handed < settled:
                settled = self.settled(message)
                if settled == NEVER:
                    continue
                settled_epoch = bisect_left(changes, settled)
                spans[said.channel] = (handed, settled, settled_epoch)
            groups[epoch, settled_epoch, said.channel, said.to, said.kind == "reply"].append(message)
        return list(groups.values())

    def audience(self, message: int) -> frozenset[int]:
        """All who were there for it in its channel, its sender included if it was one of them."""
        key = self.audience_key(message)
        if key is None:
            return frozenset()
        known = self._audiences.get(key)
        if known is None:
            known = self._audiences[key] = frozenset(
                sorted(self._audience(message), key=lambda session: (session < 0, session))  # the console last
            )
        return known

    def _audience(self, message: int) -> Iterator[int]:
        said, sent, settled = self.messages[message], self.send[message], self.settled(message)
        for view in self._candidates(said, sent, settled):
            if view.owed_from >= sent:
                continue
            until = self._settled_awake(view, sent, settled, said.channel) if view.away else settled
            if view.gone <= until or (view is self.console and self._out_between(sent, until)):
                continue
            if said.channel.startswith("room:") and not self._in_room(view, said.channel[5:], sent, until):
                continue
            yield view.number

    def _candidates(self, said: Message, sent: int, settled: int) -> Iterable[SessionView]:
        """Whom it is for; of many only those who were there from before it was sent until it had settled."""
        terms, channel = self.terms, said.channel
        console = [self.console] if self.console is not None and not channel.startswith("whisper:") else []
        if said.kind == "reply":
            if terms.operator == "everyone":
                return self.there_throughout(sent, settled)
            return [self.sessions[said.to]] if said.to in self.sessions else []
        if channel.startswith("whisper:"):
            return [self.sessions[said.to]] if terms.whisper.heard and said.to in self.sessions else []
        if self.speech(said.id).heard and not channel.startswith("desk:"):
            return [*self.there_throughout(sent, settled), *console]
        return console

    def there_throughout(self, since: int, until: int) -> list[SessionView]:
        """Those who were there from before one index until after another, in the order of their being there.

        One that was away meanwhile (stalled, frozen) is among them.
        """
        return self._attendance.throughout(since, until)

    @cached_property
    def _attendance(self) -> Attendance[SessionView]:
        return Attendance((view.owed_from, view.gone, view) for view in self.sessions.values())

    def _out_between(self, first: int, last: int) -> bool:
        return any(down < last and back > first for down, back in self._outages)

    @staticmethod
    def _in_room(view: SessionView, room: str, sent: int, until: int) -> bool:
        return any(stay.room == room and stay.owed_from < sent and stay.until > until for stay in view.stays)

    def owed(self, message: int) -> frozenset[int]:
        """The sessions, other than its sender's, that it is owed to (CONSOLE where that is a receiver)."""
        audience, sender = self.audience(message), self.messages[message].sender
        return audience - {sender} if sender in audience else audience

    def owes_echo(self, message: int) -> bool:
        """Is its sender owed to hear itself: the profile says so, and it was there throughout?"""
        said = self.messages[message]
        return said.sender >= 0 and self.speech(message).echo and self._sender_stayed(message)

    def owes_receipt(self, message: int) -> bool:
        """Is its sender owed an acknowledgement?"""
        said = self.messages[message]
        return said.sender >= 0 and self.speech(message).ack and self._sender_stayed(message)

    def _sender_stayed(self, message: int) -> bool:
        settled = self.settled_for(message, self.messages[message].sender)
        view = self.sessions.get(self.messages[message].sender)
        if view is None or settled == NEVER or not view.owed_from < self.send[message]:
            return False
        return view.gone > settled or (view.answered and view.gone == view.life.closed)

    def forbidden(self, message: int, session: int, heard: int) -> bool:
        """Was this session (not the sender's) not to hear it at all, at the index where it did?

        Never the console, never a half or a piece, and never somebody on the way in or out.
        """
        said = self.messages[message]
        view = self.sessions.get(session)
        if view is None or session == said.sender or said.kind in NOT_JUDGED or said.to == session:
            return False
        channel = said.channel
        if channel.startswith("whisper:"):
            # A bot that came back may be told what was whispered to it, or by it, before.
            return view.bot not in (self._bot(said.sender), self._bot(said.to))
        if said.kind == "reply":
            if said.to is None or self.terms.operator == "everyone":
                return False
            return view.bot != self._bot(said.to)
        if channel.startswith("desk:") or not self.speech(message).heard:
            return view.bot != self._bot(said.sender)
        if channel.startswith("room:"):
            return not any(self._may_hear_room(stay, message, heard) for stay in view.stays if stay.room == channel[5:])
        return self.terms.join_dialogue and view.begun > heard

    def _may_hear_room(self, stay: Stay, message: int, heard: int) -> bool:
        if stay.asked > heard:
            return False
        end = stay.exited if stay.exited != NEVER else stay.until
        return end == NEVER or self.send[message] < self.settled_after(end)

    def _bot(self, session: int | None) -> str | None:
        view = self.sessions.get(session) if session is not None else None
        return view.bot if view is not None else None


def _numbered(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


_read: WeakKeyDictionary[History, tuple[int, Views]] = WeakKeyDictionary()


def views_of(history: History) -> Views:
    """The views of this history; made once, and again only if it has grown since."""
    known = _read.get(history)
    if known is None or known[0] != len(history):
        known = (len(history), Views(history))
        _read[history] = known
    return known[1]
