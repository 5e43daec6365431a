"""A chat that a program leads, step by step: the same engine plays it, and the same checks judge what was recorded.

Owns: what the program may ask for and when, and telling it what came of it. Leaves to others: playing (`engine`),
judging (`checks`), reading a step's words (`scenario`), starting a server (`server`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from chatsim.chat.bot import Bot, Wanted
from chatsim.chat.callers import Caller, caller
from chatsim.chat.failures import ChatFailedError, ChatInconclusiveError
from chatsim.chat.server import ChatServer
from chatsim.checks.judge import judge, outcome_of
from chatsim.checks.verdict import Outcome, Verdict
from chatsim.diagnosis.explain import explain
from chatsim.document import Reading, nearest
from chatsim.engine.director import Director
from chatsim.engine.plan import check_texts, make_plan, why_not
from chatsim.engine.session import State
from chatsim.errors import ChatsimError, NotApplicableError, Problem, ScenarioError, ServerError, UsageError
from chatsim.history import History
from chatsim.properties import GROUPS, PROPERTIES, named
from chatsim.report.last_words import without_dumps
from chatsim.report.report import Report, Run
from chatsim.runs import has_fixed_port, header_of
from chatsim.scenario import presence
from chatsim.scenario import scenario as scenarios
from chatsim.scenario.cast import Cast, new_bot
from chatsim.scenario.reader import made_step, read_steps
from chatsim.scenario.steps import Act, Expectation, Join, Repeat, ServerStep, Settle, Step, Talk, Tell, Together, Who

if TYPE_CHECKING:
    from chatsim.engine.stage import Stage
    from chatsim.profile.profile import Profile

__all__ = ["Chat"]

T = TypeVar("T")

ALL: Final = ("everything",)
AT_THE_END: Final = ("clean-exit",)  # nothing shows it but the server's end
JUDGED_AS_IT_IS: Final = frozenset((*GROUPS["messages"], *GROUPS["order"], "expectations"))  # a settled chat is enough
DRAWN_BELOW: Final = 1_000_000_000  # as on the command line: seeds get typed again

HERE_FOR: Final = {
    State.CONNECTING: {presence.CONNECTED},
    State.OPEN: {presence.CONNECTED},
    State.JOINING: {presence.HERE},
    State.PRESENT: {presence.HERE},
    State.STALLED: {presence.STALLED},
    State.LOST: {presence.HERE, presence.GONE},  # it may come again, and whoever lets it speak has not seen it go
}


class Chat:
    """A chat under way. Use it as a context manager: leaving it ends the server, whatever has happened.

    `server`: a `ChatServer`, or the command that starts one; with `connect` and `profile` as for `chatsim.run`. `seed`: for
    all that is drawn. `name`, `file`, `replay`: what reports call it, where it stands, how to play it again.

    Each step returns when it is done: all that is owed has come, or patience is spent. Between two steps time passes for
    the server, and nobody's patience does. What comes meanwhile is heard when the next step begins.
    What was expected and did not come raises ChatFailedError at once; what the server owes by its properties is judged by
    `holds`, and only what is asked there. To be used in one thread at a time.
    """

    def __init__(
        self,
        server: ChatServer | str | Sequence[str] | None = None,
        *,
        connect: str | tuple[str, int] | None = None,
        profile: str | Path | Mapping[str, Any] | Profile | None = None,
        seed: int | None = None,
        patience: float = 1.0,
        name: str = "a chat",
        file: str = "",
        replay: str = "",
    ) -> None:
        if isinstance(server, ChatServer):
            if connect is not None or profile is not None:
                raise UsageError("a ChatServer knows its profile and address: neither stands beside it")
            if server.taken:
                raise UsageError(
                    "this server has had a chat already",
                    hint="Start another one, or connect to it by its address (connect=server.address).",
                )
            self._server, self._owned = server, False
        else:
            self._server = ChatServer(server, connect=connect, profile=profile, patience=patience)
            self._owned = True
        self.seed = _drawn() if seed is None else seed
        self._name, self._file, self._replay = name, file, replay
        self._director: Director | None = None
        self._history = History()
        self._gathering: list[tuple[Step, ...]] | None = None  # steps that go together, and are not played yet
        self._said: dict[str, dict[tuple[str, ...], Step]] = {}  # text -> by whom it was said, and one such step
        self._asked: dict[str, None] = {}  # what was judged, in the words in which it was asked for
        self._judged: dict[str, Verdict] = {}
        self._began = 0.0
        self._over = ""  # why there is no next step
        self._stopped = False  # by a step of the program's own
        self._server_words: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<chat on {self._server}>"

    # --- its life -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Chat:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> Chat:
        """Start the server, if it is not running, and begin. Raises ServerError if it does not come to listen."""
        if self._director is not None or self._over:
            raise UsageError("this chat has begun already")
        if self._owned:
            self._server.start()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise
        return self

    def _begin(self) -> None:
        server = self._server
        world, early = server.world, server.early()
        server.taken = True
        file = self._file or caller().place.file
        empty = scenarios.Scenario(self._name, file, "", (), {}, ())
        plan = make_plan(
            empty,
            server.spoken,
            self.seed,
            patience=server.patience,
            attached=server.attached,
            fixed_port=has_fixed_port(server.spoken, server.target),
        )
        if (reason := why_not(empty, server.spoken, attached=server.attached)) and server.spoken.limits.exactly is None:
            raise NotApplicableError(f"this can not be played with the profile {server.profile}: {reason}")
        self._history.header = header_of(plan, str(server), self._replay)
        self._began = world.now()
        if server.attached:
            self._history.note(self._began, "server", what="attached", address=list(server.address))
        self._director = Director(replace(plan, keeps_lines=True), world, self._history)
        self._director.begin(early)

    def end(self) -> None:
        """End the run in good order: all is settled, a newcomer comes where one is needed, the server is looked at and
        told to end. What `holds` judges from then on is the whole run. Of a server that was only connected to the chat
        takes its leave.
        """
        __tracebackhide__ = True
        director = self._led()
        self._playing(director.finish)
        self._finish("it has ended")

    def close(self) -> None:
        """End it as it is, at once. May be called at any time, and again; what was recorded stays."""
        if not self._over:
            if self._director is not None and self._server.running:
                self._history.note(self._server.world.now(), "ended", why="interrupted")
            self._finish("it was closed")
        if self._owned:
            self._server.close()

    def _finish(self, why: str) -> None:
        self._over = why
        if self._director is None or not self._server.running:
            return
        self._server_words = tuple(without_dumps(self._server.world.last_output(400)))[-8:]
        self._director.leave()
        if self._owned:
            self._server.close()

    # --- bots ---------------------------------------------------------------------------------------------------------

    def bot(self, name: str, *, nick: str | None = None) -> Bot:
        """The bot of this name; a new one, if there was none, which has yet to join. `nick`: what it will call itself.

        Raises ScenarioError for what can be nobody's name.
        """
        __tracebackhide__ = True
        nicks = self._led().stage.plan.nicks
        if name not in nicks:
            self._admit({name: nick})
        elif nick is not None:
            raise UsageError(f"{name} has a nickname already: {nicks[name]}")
        return Bot(self, name)

    def _admit(self, newcomers: dict[str, str | None]) -> None:
        """More of the cast, all at once: each of many alone would be compared with all the others anew."""
        __tracebackhide__ = True
        director, where = self._led(), caller()
        reading = Reading(where.place.file, where.source)
        bots = [new_bot(reading, Cast(), name, nick, where.place) for name, nick in newcomers.items()]
        with _without_our_lines():
            reading.refuse(ScenarioError)
            director.admit(bots)
        cast = tuple(each.name for each in director.stage.plan.scenario.bots)
        self._history.header = replace(self._history.header, bots=cast)

    def join(self, *names: str, wanted: Wanted = "accepted") -> tuple[Bot, ...]:
        """These join, all at once; new bots, or such as have gone."""
        __tracebackhide__ = True
        if not names:
            raise UsageError("nobody is to join")
        known = self._led().stage.plan.nicks
        if newcomers := dict.fromkeys(name for name in names if name not in known):
            self._admit(newcomers)
        self.do("join", dict.fromkeys(names, wanted))
        return tuple(Bot(self, name) for name in names)

    def converse(self, *bots: Bot | str, count: int = 10, room: str | None = None) -> None:
        """They speak in turn, each as soon as it has heard the one before; so many messages in all."""
        __tracebackhide__ = True
        names = [bot.name if isinstance(bot, Bot) else bot for bot in bots]
        detail: dict[str, Any] = {"count": count, **({"in": room} if room is not None else {})}
        self.do("converse", {" and ".join(names): detail})

    def nick_of(self, name: str) -> str:
        """The nickname under which the others know a bot, or will."""
        stage = self._known_stage()
        session = stage.current.get(name)
        return (session.nick if session is not None else "") or stage.plan.nicks[name]

    def heard_by(self, name: str) -> list[str]:
        """The words of all that a bot has heard, in order."""
        mine = {each.id for each in self._known_stage().sessions if each.bot == name}
        said = (self._history.messages[e.ref] for e in self._history.of("heard") if e.session in mine)
        return [message.words for message in said if message.kind not in ("knock", "fence")]

    def roster_of(self, name: str) -> list[str]:
        """The nicknames in the last answer that a bot got to who is there."""
        session = self._known_stage().current.get(name)
        return list(session.roster or ()) if session is not None else []

    # --- steps --------------------------------------------------------------------------------------------------------

    def do(self, verb: str, words: dict[str, Any]) -> None:
        """One step of bots in the words of the scenario language: `do("drop", {"bob": "close"})`."""
        __tracebackhide__ = True
        where = caller()
        bots = self._led().stage.plan.scenario.bots
        with _without_our_lines():
            step = made_step({verb: words}, bots, where.place, where.source)
        self._take(step, where)

    def expect_silence(self, name: str, what: Expectation) -> None:
        """A bot is to hear nothing of this kind, whatever its text."""
        __tracebackhide__ = True
        where = caller()
        entries = ((Who((name,), text=name, place=where.place), what),)
        self._take(Act("expect-nothing", where.place, entries, where.text), where)

    def play(self, steps: str) -> None:
        """Play steps as a scenario has them: a YAML list. Its bots are those of this chat (see `bot`)."""
        __tracebackhide__ = True
        where = caller()
        named_here = f"{where.place.file}:{where.place.line}, played"
        bots = self._led().stage.plan.scenario.bots
        with _without_our_lines():
            read = read_steps(steps, bots, named_here)
        for step in read:
            self._take(step, where)

    def settle(self) -> None:
        """Wait until nothing is under way."""
        __tracebackhide__ = True
        where = caller()
        self._take(Settle(where.place, where.text), where)

    def together(self) -> _Gathering:
        """`with chat.together():` – the steps inside are played side by side when the block ends, each a branch."""
        self._led()
        return _Gathering(self, caller())

    def _take(self, step: Step, where: Caller) -> None:
        __tracebackhide__ = True
        director = self._led()
        if self._gathering is not None:
            self._gathering.append((step,))
            return
        with _without_our_lines():
            self._refuse_nonsense(step, where)
        begun = len(self._history)
        if not self._playing(director.take, step):
            error = ServerError(Problem(director.where_it_stopped()))
            self._finish("nobody got in")
            raise error
        self._tell_what_came_of(step, begun)

    def gathered(self, branches: list[tuple[Step, ...]], where: Caller) -> None:
        """Play what was gathered, side by side."""
        __tracebackhide__ = True
        self._gathering = None
        if branches:
            self._take(Together(where.place, tuple(branches), where.text), where)

    def gather(self, into: list[tuple[Step, ...]] | None) -> None:
        """From now on steps are gathered, and not played; none: played again."""
        if into is not None and self._gathering is not None:
            raise UsageError("one `together` can not stand in another")
        self._gathering = into

    def _refuse_nonsense(self, step: Step, where: Caller) -> None:
        """What makes no sense now, what the profile has no words for, and what its encoding can not carry."""
        stage = self._known_stage()
        plan, server = stage.plan, self._server
        cast = Cast({bot.name: bot for bot in plan.scenario.bots})
        cast.order = {name: number for number, name in enumerate(cast.bots)}
        now = {name: self._presence(name) for name in cast.bots}
        reading = Reading(where.place.file, where.source)
        presence.check_presence(reading, cast, (step,), now=now, server=self._server_now())
        if reading.problems:
            raise ScenarioError(replace(problem, hint="") for problem in reading.problems)
        alone = replace(plan.scenario, steps=(*self._said_before(step), step))
        if reason := why_not(alone, server.spoken, attached=server.attached):
            raise NotApplicableError(f"this can not be played with the profile {server.profile}: {reason}")
        check_texts(plan, step)
        for who, detail in step.entries if isinstance(step, Act) else ():
            for text in detail.texts if isinstance(detail, Talk | Tell) else ():
                self._said.setdefault(text, {})[who.bots] = step

    def _said_before(self, step: Step) -> list[Step]:
        """The steps that said what is expected now: by the profile, not everybody may hear everybody."""
        details = [detail for _, detail in step.entries] if isinstance(step, Act) else []
        expected = [detail for detail in details if isinstance(detail, Expectation)]
        texts = [text for detail in expected for text in (detail.hears, *detail.texts) if text is not None]
        return [said for text in texts for said in self._said.get(text, {}).values()]

    def _presence(self, name: str) -> frozenset[str]:
        session = self._known_stage().current.get(name)
        if session is None:
            return frozenset((presence.AWAY,))
        return frozenset(HERE_FOR.get(session.state, {presence.GONE}))

    def _server_now(self) -> frozenset[str]:
        stage = self._known_stage()
        if stage.frozen:
            return frozenset((presence.FROZEN,))
        if stage.server_is == "up":
            return frozenset((presence.UP,))
        return frozenset((presence.DOWN,)) if self._stopped else presence.ANY_SERVER

    def _playing(self, play: Callable[..., T], *arguments: Any) -> T:
        """Whatever breaks it off leaves a chat that is over, and no server."""
        try:
            return play(*arguments)
        except BaseException:
            self.close()
            self._server.close()
            raise

    # --- what came of it ----------------------------------------------------------------------------------------------

    def _tell_what_came_of(self, step: Step, begun: int) -> None:
        """`begun`: the history's length when it did."""
        __tracebackhide__ = True
        for each in _flat(step):
            if isinstance(each, ServerStep) and each.action in ("stop", "kill", "restart"):
                self._stopped = each.action != "restart"
        later = [e for kind in ("expected", "skipped") for e in self._history.of(kind) if e.index >= begun]
        if any(entry.kind == "expected" and not entry.detail["met"] for entry in later):
            self._fail(self._judge(("expectations",)))
        for entry in later:
            if entry.kind == "skipped":
                self._stuck(str(entry.detail["bot"]), f"to be able to {step.verb}", step)
        for each in _flat(step):
            if isinstance(each, Act) and each.verb in ("join", "rejoin"):
                for who, detail in each.entries:
                    if isinstance(detail, Join) and detail.wanted == "accepted":
                        for name in who.bots:
                            if not self._got_in(name):
                                self._stuck(name, "to be let in", step)

    def _got_in(self, name: str) -> bool:
        session = self._known_stage().current.get(name)
        return session is not None and session.told

    def _stuck(self, name: str, what: str, step: Step) -> None:
        """A bot could not do what was asked of it: the property that says why; else it was simply expected to."""
        __tracebackhide__ = True
        run = self._judge(ALL)
        if run.outcome is Outcome.FAILED or any(v.outcome is Outcome.INCONCLUSIVE for v in run.verdicts):
            self._fail(run)
        detail: dict[str, Any] = {"bot": name, "what": what, "met": False, "negative": False, "where": str(step.place)}
        self._history.note(self._server.world.now(), "expected", step=self._known_stage().step, **detail)
        self._fail(self._judge(("expectations",)))

    def holds(self, *properties: str) -> tuple[Verdict, ...]:
        """Judge these properties (or groups of them; none: everything) by all that has happened so far.

        Before that all is settled, and what such a property is seen by is looked at: the server after departures, its rest,
        and after a fault whether somebody new is served (a visitor, who takes its leave again). Then the chat can go on.

        Raises ChatFailedError if one fails. ChatInconclusiveError if one can not be told, or if one that is asked for by
        its own name was never put to the test. NotApplicableError if this server promises none of them. Else returns the
        verdicts.
        """
        __tracebackhide__ = True
        where = caller()
        with _without_our_lines():
            asked = _asked(properties)
        if not self._over:
            early = next((name for name in AT_THE_END if name in properties), None)
            if early is not None:
                raise UsageError(f"{early} is seen only when the server ends", hint="Call chat.end() before.")
            self._led()
            self._playing(self._take_stock, asked, where)
        elif self._director is None:
            raise UsageError("this chat never began: there is nothing to judge")
        run = self._judge(properties or ALL, where)
        if run.outcome is Outcome.FAILED:
            self._fail(run)
        if all(verdict.outcome is Outcome.NOT_APPLICABLE for verdict in run.verdicts):
            said = "; ".join(dict.fromkeys(verdict.summary for verdict in run.verdicts if verdict.summary))
            raise NotApplicableError(f"this server promises none of {', '.join(asked)}: {said}")
        if run.outcome is Outcome.INCONCLUSIVE:
            self._fail(run)
        return run.verdicts

    def _take_stock(self, asked: tuple[str, ...], where: Caller) -> None:
        director = self._led()
        step = Settle(where.place, where.text)
        if JUDGED_AS_IT_IS.issuperset(asked):
            director.take(step)
        else:
            director.take_stock(step)

    def _judge(self, names: tuple[str, ...], where: Caller | None = None) -> Run:
        history = self._history
        places = dict(history.header.where)
        if where is not None:
            places |= dict.fromkeys((name for name in names if name in _NAMES), str(where.place))
        verdicts = tuple(explain(history, judge(history, names)))
        self._asked |= dict.fromkeys(names)
        self._judged |= {verdict.property: verdict for verdict in verdicts}
        history.header = replace(history.header, check=tuple(self._asked), where=places)
        return self._run(verdicts, names)

    def _run(self, verdicts: tuple[Verdict, ...], names: tuple[str, ...]) -> Run:
        header, director = replace(self._history.header, check=names), self._director
        assert director is not None
        words = self._server_words
        if not self._over and self._server.running:
            words = tuple(without_dumps(self._server.world.last_output(400)))[-8:]
        return Run(
            header.scenario,
            header.file,
            self.seed,
            header.profile,
            header.server,
            outcome_of(verdicts, header),
            duration_s=max(0.0, self._history[len(self._history) - 1].t - self._began) if len(self._history) else 0.0,
            verdicts=verdicts,
            history=self._history.under(header),
            bot_words=director.last_words(),
            server_words=words,
            notes=tuple(str(entry.detail["text"]) for entry in self._history.of("note")),
            replay=self._replay,
        )

    def _fail(self, run: Run) -> NoReturn:
        __tracebackhide__ = True
        if run.outcome is Outcome.FAILED:
            raise ChatFailedError(run)
        raise ChatInconclusiveError(run)

    @property
    def history(self) -> History:
        """What was recorded until now. It grows while the chat goes on."""
        return self._history

    @property
    def report(self) -> Report:
        """All that was judged until now, each property as it was judged last."""
        verdicts = tuple(self._judged[name] for name in _NAMES if name in self._judged)
        return Report((self._run(verdicts, tuple(self._asked) or ALL),))

    def _led(self) -> Director:
        __tracebackhide__ = True
        if self._over:
            raise UsageError(f"this chat is over: {self._over}")
        self._known_stage()
        assert self._director is not None
        return self._director

    def _known_stage(self) -> Stage:
        """Also of a chat that is over."""
        if self._director is None:
            raise UsageError("this chat has not begun", hint="with chatsim.Chat(…) as chat:")
        return self._director.stage


class _without_our_lines:  # noqa: N801 (it reads as what it does)
    """What is refused is refused at the caller's line: a traceback that goes on into ours helps nobody."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if isinstance(error, ChatsimError):
            raise error.with_traceback(None) from None


class _Gathering:
    """The block of a `together`."""

    def __init__(self, chat: Chat, where: Caller) -> None:
        self._chat, self._where = chat, where
        self._branches: list[tuple[Step, ...]] = []

    def __enter__(self) -> None:
        self._chat.gather(self._branches)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self._chat.gather(None)
        if kind is None:
            self._chat.gathered(self._branches, self._where)


_NAMES: Final = tuple(known.name for known in PROPERTIES)


def _asked(words: tuple[str, ...]) -> tuple[str, ...]:
    """The properties that are meant. Raises UsageError for a word that is none, and no group of them."""
    known = (*ALL, *GROUPS, *_NAMES)
    for word in words:
        if word not in known:
            guess = nearest(word, known)
            meant = f'. Did you mean "{guess}"?' if guess else ""
            raise UsageError(f'there is no property or group "{word}"{meant}', hint='"chatsim properties" lists all.')
    return named(words or ALL)


def _flat(step: Step) -> list[Step]:
    if isinstance(step, Together):
        return [inner for branch in step.branches for each in branch for inner in _flat(each)]
    if isinstance(step, Repeat):
        return [inner for each in step.steps for inner in _flat(each)]
    return [step]


def _drawn() -> int:
    from random import SystemRandom

    return SystemRandom().randrange(DRAWN_BELOW)
