"""What can be learned of a server once there is a way in: how messages, notices, a quit word and a roster look.

A study is a row of stages, each an experiment with a few bots. A server that does not survive a stage is started anew by
whoever drives the study (`Study.moved`), and the next stage goes on from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from chatsim.detect.asking import is_refusal
from chatsim.detect.bench import Bench
from chatsim.detect.entering import Client, Heard, Sent, enter
from chatsim.detect.findings import Findings, Step
from chatsim.detect.inducing import ANSI, common, escaped, induce, names_in, once, parsed_json, pushed_list
from chatsim.detect.trying import NICKS, SPOKEN, TEXTS, Trial
from chatsim.detect.ways import TYPE_KEYS
from chatsim.profile.templates import Template

__all__ = ["QUIT_WORDS", "ROSTER_WORDS", "Study"]

QUIT_WORDS: Final = (
    "/quit", "quit", "exit", "/exit", "QUIT", "bye", "!quit", "!DISCONNECT", "/leave", "/disconnect", "{quit}", "q", "/q",
    "logout", "/bye", "EXIT", ":q",
)  # fmt: skip
ROSTER_WORDS: Final = (
    "/list",
    "/users",
    "/who",
    "LIST",
    "/names",
    "/online",
    "!users",
    "/people",
    "WHO",
    "list",
    "users",
)

TOLD = 0.6  # seconds for a notice to come: many servers look for closed connections every so often
SHORTEST = 3  # letters of a name that was cut short: fewer may stand anywhere
ANSWERED = 0.25  # seconds for a word to be answered


class Study:
    """One server under study. `findings` grows with each stage."""

    def __init__(self, bench: Bench, trial: Trial, quit_words: Sequence[str], roster_words: Sequence[str]) -> None:
        self.bench = bench
        self.way = trial.way
        self.findings = Findings(trial.way, says=trial.says)
        self._trial = trial
        self._first, self._second = trial.clients[:2]
        self._known_words = tuple(quit_words)  # by its source
        self._quit_words = tuple(dict.fromkeys((*quit_words, *QUIT_WORDS)))
        self._roster_words = tuple(dict.fromkeys((*roster_words, *ROSTER_WORDS)))
        self._names: dict[str, str] = {}  # what the server calls a client, by our name for it
        self._respelled: Callable[[str], str] = str  # how it writes the names that were chosen
        self._of_arrival: set[str] = set()  # what is told when somebody comes
        self._naming: list[str] = []  # which of its words tell a client its name
        self._next = 2  # of NICKS
        self._slow = 2 * trial.latency  # seconds: some servers look around once a second
        self._spoken = trial.spoken  # of TEXTS
        self._arrived: list[tuple[Client, list[str]]] = [(self._second, list(trial.arrival))]

    @property
    def stages(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """In this order: the later ones may end the server."""
        return (
            ("how messages look", self.messages),
            ("what is told of who comes", self.arrivals),
            ("what is told of who goes", self.departures),
            ("a name in use", self.name_in_use),
            ("words to leave with", self.quit_word),
            ("who is there", self.roster),
            ("where messages end", self.received_framing),
        )

    def moved(self, bench: Bench) -> bool:
        """Go on with a server that was started anew; False if nobody gets in any more."""
        self.bench = bench
        self._next = 2
        self._first, self._second = enter(bench, self.way, NICKS[0]), enter(bench, self.way, NICKS[1])
        self._first.hear()
        for client in (self._first, self._second):
            self._learn_name(client)
        return not (self._first.refused or self._second.refused)

    # --- messages -------------------------------------------------------------------------------------------------------

    def messages(self) -> None:
        found, trial = self.findings, self._trial
        first, second = self._first, self._second
        back = self._speech(second, first)
        again = self._speech(first, second)
        samples = [(first, trial.text, trial.heard, trial.own), *back, *again]
        found.ansi = any(ANSI.search(piece) for _, _, heard, own in samples for piece in (*heard, *own))
        samples = [(speaker, text, heard, _unglued(heard, own, text)) for speaker, text, heard, own in samples]
        self._name(samples)
        hears = [self._as_heard(speaker, text, heard) for speaker, text, heard, _ in samples]
        found.hears = _merged(template for template in hears if template)
        echoes = [self._as_echo(speaker, text, own) for speaker, text, _, own in samples]
        found.echo = _merged(template for template in echoes if template) if all(echoes) else []
        acks = [self._acknowledged(speaker, text, own) for speaker, text, _, own in samples]
        if all(acks) and (ack := _merged(template for templates in acks for template in templates)):
            found.ack = [template for template in ack if template.strip() != "{*}"][:3]
        quoted = _quoted(next((piece for piece in trial.heard if trial.text in piece), ""))
        found.note("hears", f"{second.nick} got {quoted} when {first.nick} had said {_quoted(trial.text)}")
        if len(samples) < 3:
            found.open.append("whether every message looks like the first: a later one was not heard")
        self._says()

    def _speech(self, speaker: Client, listener: Client) -> list[tuple[Client, str, tuple[str, ...], tuple[str, ...]]]:
        text = TEXTS[self._spoken % len(TEXTS)]
        self._spoken += 1
        self._clear()
        speaker.say(self.bench, self.findings.says, text)
        marker = text.encode()
        self.bench.wait(lambda: marker in listener.bot.everything, first=2 * SPOKEN + self._slow)
        heard, own = tuple(listener.hear()), tuple(speaker.hear())
        return [(speaker, text, heard, own)] if any(text in piece for piece in heard) else []

    def _clear(self) -> None:
        for client in (self._first, self._second):
            client.hear()

    def _name(self, samples: Sequence[tuple[Client, str, tuple[str, ...], tuple[str, ...]]]) -> None:
        """What the server calls them: by the name that they gave, by their address, or by one of its own."""
        found = self.findings
        pieces = [(speaker, text, piece) for speaker, text, heard, _ in samples for piece in heard if text in piece]
        sent = [found.says, *(step.template for step in self._first.steps if isinstance(step, Sent))]
        if any("{nick}" in template for template in sent):
            self._look_how_names_are_spelled([(speaker, piece.replace(text, "")) for speaker, text, piece in pieces])
            for client in (self._first, self._second):
                self._learn_name(client)
            return
        for form in ("{ip}:{client-port}", "('{ip}', {client-port})", "[{ip}]:{client-port}", "{client-port}"):
            named = [_filled(form, speaker) in piece.replace(text, "") for speaker, text, piece in pieces]
            told = [_filled(form, client) in piece for client, heard in self._arrived for piece in heard]
            if (named and all(named)) or any(told):
                found.nick = form
                found.note("nick", "the server calls clients by their address")
                for client in (self._first, self._second):
                    self._names[client.nick] = _filled(form, client)
                return
        found.nick = "none"
        names = _differing(pieces)
        told_so = [any(name in piece for piece in client.greeting) for client, name in names.items()]
        if len(names) == 2 and all(told_so):
            found.nick = "assigned"
            found.note("nick", f"the server names everybody itself: {', '.join(names.values())}")
            self._names = {client.nick: name for client, name in names.items()}
            own = [[induce(piece, {"nick": name}) for piece in client.greeting] for client, name in names.items()]
            self._naming = [template for template in own[0] if template in own[1] and "{nick}" in template]

    def _look_how_names_are_spelled(self, told: Sequence[tuple[Client, str]]) -> None:
        """Some cut long names short, or write them in capitals."""
        found = self.findings
        forms = {client.nick: spelled_in(piece, client.nick) for client, piece in told}
        longest = {len(form) for form in forms.values()}
        if not forms or "" in forms.values() or any(nick == form for nick, form in forms.items()):
            return
        nick, form = next(iter(forms.items()))
        if len(longest) == 1 and all(nick.startswith(form) for nick, form in forms.items()):
            found.nick_limit = longest.pop()
            found.note("limits", f"the server made {form!r} of {nick!r}")
            return
        self._respelled = str.upper if form.isupper() else str.lower if form.islower() else str.title
        found.open.append(f"who speaks, and who comes and goes: the server made {form!r} of {nick!r}, "
                          "so names that are heard stand as {*}")  # fmt: skip

    def _called(self, nick: str) -> str:
        """What the server calls somebody who has chosen this name."""
        return self._respelled(nick[: self.findings.nick_limit or None])

    def _values(self, client: Client, text: str = "") -> dict[str, str]:
        values = {"text": text, "ip": "", "client-port": ""}
        name = self._names.get(client.nick, "")
        if name and self.findings.nick == "chosen" and self._respelled is not str:
            values["*"] = name
        elif name:
            values["nick"] = name
        elif self.findings.nick == "none":
            values |= {"ip": client.bot.ip, "client-port": str(client.bot.port)}
        if self.findings.nick not in ("chosen", "assigned", "none"):
            values["nick"] = _filled(self.findings.nick, client)
        return values

    def _plain(self, piece: str) -> str:
        return ANSI.sub("", piece) if self.findings.ansi else piece

    def _as_heard(self, speaker: Client, text: str, heard: Sequence[str]) -> str:
        at = next((index for index, piece in enumerate(heard) if text in piece), None)
        if at is None:
            return ""
        values = self._values(speaker, text)
        template = induce(self._plain(heard[at]), values)
        name = values.get("nick", "")
        if at and name and heard[at - 1].strip() == name and "{nick}" not in template:
            return "{nick}{next}" + template  # the name comes as a message of its own
        return template

    def _as_echo(self, speaker: Client, text: str, own: Sequence[str]) -> str:
        return self._as_heard(speaker, text, own)

    def _acknowledged(self, speaker: Client, text: str, own: Sequence[str]) -> list[str]:
        name = self._names.get(speaker.nick, "")
        return [
            induce(self._plain(piece), self._values(speaker))
            for piece in own
            if text not in piece and piece.strip() != name
        ]

    def received_framing(self) -> None:
        """What ends the server's messages, where that is not what ends ours."""
        found, framing = self.findings, self.way.framing
        said = [bot.everything for bot in self.bench.bots if bot.everything]
        if self.way.line.wire.messages or not said:
            return
        ended = all(data.endswith(b"\n") for data in said)
        if framing == "none" and ended:
            found.received = "newline"
        elif framing in ("newline", "crlf") and not ended:
            found.received = "none"
            found.note("framing", "not every message of the server ends with a line end")
        elif framing == "json-lines" and not ended:
            found.received = "json"
            found.note("framing", "what the server sends has no line ends")
        elif framing.startswith("{"):
            decoders = [self.way.wire_framing.decoder() for _ in said]
            whole = all(
                decoder.feed(data) and decoder.broken is None and not decoder.rest()
                for decoder, data in zip(decoders, said, strict=True)
            )
            found.received = framing if whole else "none"

    def _says(self) -> None:
        """A text that is passed on as it is, by a server that knows names: there the clients write the name."""
        found = self.findings
        knows = any("{nick}" in step.template for step in self._first.steps if isinstance(step, Sent))
        if found.says == "{text}" and found.hears == ["{text}"] and (knows or found.nick == "none"):
            found.says = "{nick}: {text}"
            found.hears = ["{nick}: {text}"]
            if found.echo:
                found.echo = ["{nick}: {text}"]
            if found.nick == "none":
                found.nick = "chosen"
            found.note(
                "says", "the server passes texts on as they are, so the clients write their names; any form will do"
            )
            found.guesses.append("says: how the server's own clients write their names")
        elif found.hears == [found.says]:
            found.guesses.append(
                "says: the server passes on what it gets, in whatever form; its own clients may use another"
            )
        elif found.nick == "none" and not any("{nick}" in template for template in found.hears):
            found.note("nick", "nothing that is heard says who spoke")

    # --- coming and going -------------------------------------------------------------------------------------------

    def _newcomer(self) -> Client | None:
        self._clear()
        client = enter(self.bench, self.way, NICKS[self._next % len(NICKS)])
        self._next += 1
        self.bench.wait(first=max(QUIET_AFTER, self._slow))
        if client.refused:
            return None
        self._learn_name(client)
        return client

    def arrivals(self) -> None:
        found = self.findings
        third = self._newcomer()
        if third is None:
            self._no_third()
        else:
            self._arrived.append((third, self._first.hear()))
            self._second.hear()
            self._third: Client | None = third
            found.replays = any(text in piece for text in TEXTS for piece in third.greeting)
        notices: list[str] = []
        present = self._present()
        for client, heard in self._arrived:
            for piece in heard:
                piece = self._plain(piece)
                if (pushed := pushed_list(piece, present)) is not None:
                    found.pushed = pushed
                elif template := self._told_of(client, piece):
                    notices.append(template)
        self._of_arrival = set(notices)
        found.joined = _merged(notices)[:2]
        named = [template for template in found.joined if "{nick}" in template]
        found.joined = named or found.joined[:1]
        if found.joined:
            sample = next((piece for _, heard in self._arrived for piece in heard), "")
            found.note("joined", f"{self._first.nick} got {_quoted(sample)} when somebody came")
        self._entry()

    def _no_third(self) -> None:
        found = self.findings
        found.clients = 2
        found.note("limits", "a third client was not let in, while two were there")
        self._third = None

    def _present(self) -> list[str]:
        """What the server calls those who have come so far."""
        return [self._names.get(nick, nick) for nick in NICKS[: self._next]]

    def _learn_name(self, client: Client) -> None:
        if self.findings.nick == "chosen":
            self._names[client.nick] = self._called(client.nick)
        elif self.findings.nick == "assigned":
            for template in self._naming:
                for piece in client.greeting:
                    if (match := Template(template).matcher().fullmatch(piece)) is not None:
                        self._names[client.nick] = match.bindings["nick"]
                        return
        elif self.findings.nick != "none":
            self._names[client.nick] = _filled(self.findings.nick, client)

    def _told_of(self, client: Client, piece: str) -> str:
        values = self._values(client)
        values.pop("text")
        template = _without_numbers(induce(piece, values))
        return template if "{nick}" in template or self.findings.nick == "none" or client.nick not in piece else ""

    def _entry(self) -> None:
        """The dialogue of `join`, from how the first and the second came in."""
        found = self.findings
        entries = [self._first, self._second, *([self._third] if self._third is not None else [])]
        shapes = [[type(step) for step in client.steps] for client in entries]
        steps = [client.steps for client, shape in zip(entries, shapes, strict=True) if shape == shapes[-1]]
        clients = [client for client, shape in zip(entries, shapes, strict=True) if shape == shapes[-1]]
        dialogue: list[Step] = []
        for index, step in enumerate(steps[-1]):
            if isinstance(step, Sent):
                dialogue.append(Step("send", step.template))
                continue
            samples = [
                [piece for raw in heard.pieces for piece in self._without_notice(client, raw)]
                for client, taken in zip(clients, steps, strict=True)
                if isinstance(heard := taken[index], Heard)
            ]
            last = index + 1 == len(steps[-1])
            await_, others = self._awaited(clients, samples, last=last)
            if await_:
                dialogue.append(Step("await", await_))
            found.ignore += [other for other in others if other not in found.ignore]
        found.join = dialogue
        found.note("join", self._about_entry(dialogue))

    def _about_entry(self, dialogue: Sequence[Step]) -> str:
        client = self._first
        heard = next((step.pieces[-1] for step in client.steps if isinstance(step, Heard)), "")
        if not dialogue:
            return "whoever is connected is in"
        if dialogue[0].kind == "await":
            return f"the server begins with {_quoted(heard)}" if heard else ""
        return f"{client.nick} was answered {_quoted(heard)}" if heard else "nothing is answered"

    def _without_notice(self, client: Client, piece: str) -> list[str]:
        """Its own notice may come to the newcomer in one read with its welcome."""
        piece = self._plain(piece)
        if any(text in piece for text in TEXTS) or self._is_a_message(piece):
            return []  # said before it came, and told again
        for template in self.findings.joined:
            told = Template(template).matcher().fullmatch(piece) if "{nick}" in template else None
            if told is not None and told.bindings.get("nick") != self._names.get(client.nick, client.nick):
                return []  # of somebody else: a server that tells its history
            own = template.replace("{nick}", self._names.get(client.nick, client.nick))
            if "{" not in own and own in piece and own != piece:
                return [rest for rest in piece.split(own) if rest.strip()] or [piece]
        return [piece]

    def _awaited(
        self, clients: Sequence[Client], samples: Sequence[Sequence[str]], *, last: bool
    ) -> tuple[str, list[str]]:
        """Which of these pieces to wait for: the last that all of them got. And the others that they got, too."""
        present = self._present()
        made = [
            [induce(piece, self._greeted(client)) for piece in pieces if pushed_list(piece, present) is None]
            for client, pieces in zip(clients, samples, strict=True)
        ]
        if not made or not made[-1]:
            return "", []
        in_all: list[str] = []
        for template in made[-1]:
            merged: str | None = template
            for others in made[:-1]:
                options = [common(merged, other) for other in others] if merged is not None else []
                same = [option for option in options if option is not None]
                merged = merged if merged in others else (min(same, key=lambda o: o.count("{*}")) if same else None)
            if merged is not None and re.sub(r"\{\*\}", "", merged).strip():
                in_all.append(merged)
        if not in_all:
            return "", []
        wanted = [template for template in in_all if template not in self.findings.joined] or in_all
        if self.findings.nick == "assigned":
            wanted = [template for template in in_all if "{nick}" in template] or wanted  # it tells the name
        chosen = wanted[-1]
        if self.way.framing == "none" and not self.way.line.wire.messages:
            chosen = re.sub(r"^(\{\*\})+|(\{\*\})+$", "", chosen)  # it is looked for anywhere
        return chosen, [template for template in in_all if template != chosen and template not in self.findings.joined]

    def _greeted(self, client: Client) -> dict[str, str]:
        values = self._values(client)
        values.pop("text")
        return values

    def departures(self) -> None:
        found = self.findings
        if not self.way.line.wire.connects:
            return  # nobody there learns of an end but by words
        third = getattr(self, "_third", None)
        if third is None:
            third = self._second
        self._clear()
        self.bench.go(third.bot)
        witness = self._first
        self.bench.wait(lambda: bool(witness.bot.chunks), first=max(TOLD, self._slow))
        when = "when a client closed"
        pieces = self._plain_of(witness)
        if not pieces and third is not self._second:
            pieces = self._told_late()
            when = "when somebody spoke after a client had closed its connection"
        notices = self._partings(third, pieces)
        may_tear = not notices and third is not self._second and self.bench.may_reset
        if may_tear and (torn := self._newcomer()) is not None:
            self._clear()
            self.bench.reset(torn.bot)
            self.bench.wait(lambda: bool(witness.bot.chunks), first=max(ANSWERED, self._slow))
            pieces = self._plain_of(witness) or self._told_late()
            notices = self._partings(torn, pieces)
            when = "when a connection was torn, and nothing when a client closed"
        found.left = notices[:1]
        if found.left:
            found.note("left", f"{witness.nick} got {_quoted(pieces[0])} {when}")
        elif found.joined:
            found.open.append("what is told of who goes: nothing was heard of a client that had closed its connection")
        if third is self._second:
            self._second = enter(self.bench, self.way, NICKS[1])

    def _plain_of(self, client: Client) -> list[str]:
        return [once(self._plain(piece)) for piece in client.hear()]

    def _told_late(self) -> list[str]:
        """What the first hears, apart from messages, when somebody speaks twice: the first attempt to reach one who has
        gone often goes well."""
        name = self._names.get(self._second.nick, "")
        pieces: list[str] = []
        for text in TEXTS[-2:]:
            seen = len(self._first.bot.everything)
            self._second.say(self.bench, self.findings.says, text)
            self.bench.wait(partial(_has, self._first, text.encode(), seen), first=SPOKEN)
            pieces += [piece for piece in self._plain_of(self._first) if text not in piece and piece.strip() != name]
        return pieces

    def _partings(self, gone: Client, pieces: Sequence[str]) -> list[str]:
        """The templates of those of these pieces that tell that this client has gone, those with its name first."""
        present = self._present()
        told = [
            template
            for piece in pieces
            if pushed_list(piece, present) is None
            and not self._is_said(piece, "")
            and (template := self._told_of(gone, piece)) not in ("", *self._of_arrival)
        ]
        return [template for template in told if "{nick}" in template] or told

    def name_in_use(self) -> None:
        found = self.findings
        if found.nick != "chosen" or not any("{nick}" in s.template for s in self._first.steps if isinstance(s, Sent)):
            return
        if found.clients:
            found.open.append("a name in use: no further client was let in")
            return
        self._clear()
        again = enter(self.bench, self.way, self._first.nick)
        usual = {piece for client in (self._first, self._second) for piece in client.greeting}
        new = [piece for piece in again.greeting if piece not in usual]
        refusals = [piece for piece in new if is_refusal(piece)]
        if again.refused or refusals:
            texts = refusals or new[-1:]
            found.refuses = [induce(self._plain(piece), self._greeted(again)) for piece in texts]
            found.refuses = list(dict.fromkeys(found.refuses))[:2]
            found.note("refuses", "somebody came with a name that was in use")
        else:
            found.note("in use", "a second client with a name in use was let in")
        self.bench.go(again.bot)
        self.bench.wait(first=max(QUIET_AFTER, self._slow))
        self._clear()

    # --- words ------------------------------------------------------------------------------------------------------

    def quit_word(self) -> None:
        found = self.findings
        leaver = self._newcomer()
        if leaver is None:
            found.open.append("a word to leave with: no further client was let in")
            return
        for word, formed in self._words_to_leave():
            came = self._upon(leaver, word, formed=formed)
            if self.bench.died:
                return
            if leaver.bot.here and (came.passed_on or not came.parted or found.leave):
                continue
            if came.passed_on:
                found.note(
                    "leave", f"upon {_quoted(word)} the server closes, but passes the word on: to leave is to close"
                )
                return
            self._note_word(leaver, word, came, formed=formed)
            if not leaver.bot.here:
                return
            self.bench.go(leaver.bot)  # perhaps it has only left a room: another word may end the session
            another = self._newcomer()
            if another is None:
                return
            leaver = another
        self.bench.go(leaver.bot)
        self.bench.wait(first=max(QUIET_AFTER, self._slow))
        self._clear()
        if not found.leave:
            found.note("leave", "no word to leave with was found; to leave is to close")

    def _upon(self, leaver: Client, word: str, *, formed: bool) -> _Upon:
        """Say this word, and see what comes of it."""
        self._clear()
        leaver.hear()
        if formed:
            leaver.say(self.bench, self.findings.says, word)
        else:
            self._raw(leaver, word)
        self.bench.wait(
            lambda: bool(leaver.bot.closed or self._first.bot.chunks), first=max(ANSWERED, self._slow), quiet=0.06
        )
        told = self._plain_of(self._first)
        return _Upon(
            said=[piece for piece in leaver.hear() if word not in piece],
            passed_on=any(word in piece if not self.findings.left else self._is_said(piece, word) for piece in told),
            parted=[piece for piece in told if word not in piece and self._is_left(leaver, piece)],
        )

    def _note_word(self, leaver: Client, word: str, came: _Upon, *, formed: bool) -> None:
        found = self.findings
        found.leave = [Step("send", found.says.replace("{text}", escaped(word)) if formed else escaped(word))]
        goodbye = [template for piece in came.said if (template := induce(self._plain(piece), self._greeted(leaver)))]
        if goodbye and goodbye[-1] not in found.left and not goodbye[-1].startswith("{*}"):
            found.leave.append(Step("await", goodbye[-1]))
        what = "closed the connection" if not leaver.bot.here else "told the others that the client had left"
        found.note("leave", f"upon {_quoted(word)} the server {what}")
        if not found.left:
            found.left = [t for piece in came.parted if "{nick}" in (t := self._told_of(leaver, piece))][:1]
            if found.left:
                how = f"upon {_quoted(word)}, and nothing when a client just closed"
                found.note("left", f"{self._first.nick} got {_quoted(came.parted[0])} {how}")

    def _words_to_leave(self) -> tuple[tuple[str, bool], ...]:
        """Each word, and whether it is said as a message is (known ones, where messages have a form). Where objects are
        spoken, objects: as its messages are, with another word where those have one."""
        says = parsed_json(self.findings.says)
        if says is None:
            formed = [(word, True) for word in self._known_words[:4]] if self.findings.says != "{text}" else []
            return (*formed, *((word, False) for word in self._quit_words))
        kind = next((key for key in TYPE_KEYS if key in says), "")
        words = dict.fromkeys(word for word in self._quit_words if re.fullmatch(r"\w+", word))
        return tuple((json.dumps({kind: word}), False) for word in (*words, "disconnect", "leave")) if kind else ()

    def _is_a_message(self, piece: str) -> bool:
        """Does it read as somebody's message?"""
        forms = [form for form in self.findings.hears if "{nick}" in form and not form.startswith("{nick}{next}")]
        return any(Template(form).matcher().fullmatch(piece) is not None for form in forms)

    def _is_said(self, piece: str, word: str) -> bool:
        """Is this the word, passed on as a message?"""
        forms = [hears.replace("{text}", escaped(word)) for hears in self.findings.hears]
        return any(Template(form).matcher().fullmatch(piece) is not None for form in forms if form.strip())

    def _is_left(self, client: Client, piece: str) -> bool:
        template = self._told_of(client, piece)
        return template in self.findings.left or (not self.findings.left and "{nick}" in template)

    def _raw(self, client: Client, word: str) -> None:
        framing = self.way.wire_framing
        self.bench.say(client.bot, framing.frame(word.encode()))

    def roster(self) -> None:
        found = self.findings
        if found.nick == "none" or parsed_json(found.says) is not None:
            return
        there = [self._names.get(client.nick, client.nick) for client in (self._first, self._second)]
        for word in self._roster_words:
            self._clear()
            self._raw(self._first, word)
            self.bench.wait(first=max(ANSWERED, self._slow))
            if not self._first.bot.here:
                return
            answer = [self._plain(piece) for piece in self._first.hear()]
            passed_on = self._second.hear()
            whole = "\n".join(answer)
            if passed_on or any(word in piece for piece in answer) or len(names_in(whole, there)) < 2:
                continue
            known = self._present()  # some may still be in the list that have gone without a word
            lists = [made for piece in answer if (made := pushed_list(piece, known)) is not None]
            if lists:
                found.roster_ask, found.roster_answer = word, lists[0]
                found.note("roster", f"upon {_quoted(word)} came {_quoted(answer[0])}")
            else:
                found.open.append(f"the form of the list that comes upon {_quoted(word)}: {_quoted(whole)}")
            return


QUIET_AFTER = 0.15  # seconds for what follows an arrival


def _without_numbers(template: str) -> str:
    """As another notice of its kind has it, too: a number in there counts something, or stands for somebody."""
    tree = parsed_json(template)
    if tree is None:
        return re.sub(r"\d+", "{*}", template)
    kept = {key: value for key, value in tree.items()
            if isinstance(value, str) and not re.search(r"\d", value)}  # fmt: skip
    return json.dumps(kept or tree, ensure_ascii=False)


def spelled_in(text: str, nick: str) -> str:
    """How this name is written there: as it is, in other letters, or cut short; empty: it is not there."""
    if nick in text:
        return nick
    other = re.search(re.escape(nick), text, re.IGNORECASE)
    if other is not None:
        return other[0]
    parts = (nick[:length] for length in range(len(nick) - 1, SHORTEST - 1, -1))
    return next((part for part in parts if re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text)), "")


@dataclass(frozen=True, slots=True)
class _Upon:
    """What came of a word: what its speaker got, whether it went to the others as a message, what tells of a parting."""

    said: list[str]
    passed_on: bool
    parted: list[str]


def _has(client: Client, data: bytes, begin: int) -> bool:
    return data in client.bot.everything[begin:]


def _merged(templates: Iterable[str]) -> list[str]:
    """These templates, those of one kind made one."""
    made: list[str] = []
    for template in templates:
        if not template.strip():
            continue
        for index, other in enumerate(made):
            both = common(other, template)
            if both is not None and re.sub(r"\{[a-z*-]+\}", "", both) + "x" != "" and _says_as_much(both, other):
                made[index] = both
                break
        else:
            made.append(template)
    return made


def _unglued(heard: Sequence[str], own: Sequence[str], text: str) -> tuple[str, ...]:
    """What the speaker got, where a receipt and the message came to it in one read."""
    message = next((piece for piece in heard if text in piece), "")
    pieces: list[str] = []
    for piece in own:
        before, found, after = piece.partition(message) if message and piece != message else ("", "", piece)
        pieces += [part for part in (before, found, after) if part.strip()]
    return tuple(pieces)


def _says_as_much(both: str, other: str) -> bool:
    return all(name in both for name in ("{nick}", "{text}") if name in other)


def _differing(pieces: Sequence[tuple[Client, str, str]]) -> dict[Client, str]:
    """For each speaker what stands in its messages and not in the other's, where the rest is the same."""
    shown: dict[Client, str] = {}
    for speaker, text, piece in pieces:
        shown.setdefault(speaker, piece.replace(text, "\0"))
    if len(shown) != 2:
        return {}
    (one, left), (other, right) = shown.items()
    if left == right:
        return {}
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    while begin and re.match(r"\w", left[begin - 1]):
        begin -= 1
    if re.fullmatch(r"[\w ]*", left[:begin]):
        begin = 0  # a name of several words
    end = 0
    while end < min(len(left), len(right)) - begin and left[-1 - end] == right[-1 - end]:
        end += 1
    while end and re.match(r"\w", left[len(left) - end]):
        end -= 1
    names = left[begin : len(left) - end], right[begin : len(right) - end]
    if not all(name and "\0" not in name and len(name) <= 40 for name in names):
        return {}
    return {one: names[0], other: names[1]}


def _filled(form: str, client: Client) -> str:
    return form.replace("{ip}", client.bot.ip).replace("{client-port}", str(client.bot.port))


def _quoted(text: str) -> str:
    text = text.strip("\r\n")
    return repr(text) if len(text) <= 70 else repr(text[:66] + " …")
