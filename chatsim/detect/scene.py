"""Where a server is studied: the bench, who is on it, what the server calls them, and what has been found out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from chatsim.detect.bench import Bench
from chatsim.detect.entering import Client, enter
from chatsim.detect.findings import Findings
from chatsim.detect.inducing import ANSI, common, escaped, induce, once, parsed_json
from chatsim.detect.trying import NICKS, Trial
from chatsim.profile.templates import Template

__all__ = ["ANSWERED", "QUIET_AFTER", "Scene", "filled", "merged", "quoted", "spelled_in"]

SHORTEST = 3  # letters of a name that was cut short: fewer may stand anywhere
ANSWERED = 0.25  # seconds for a word to be answered
QUIET_AFTER = 0.15  # seconds for what follows an arrival


class Scene:
    """Two who are in, `first` and `second`, and what every experiment with them needs."""

    def __init__(self, bench: Bench, trial: Trial) -> None:
        self.bench = bench
        self.way = trial.way
        self.findings = Findings(trial.way, says=trial.says)
        self.trial = trial
        self.first, self.second = trial.clients[:2]
        self.names: dict[str, str] = {}  # what the server calls a client, by our name for it
        self.respelled: Callable[[str], str] = str  # how it writes the names that were chosen
        self.of_arrival: set[str] = set()  # what is told when somebody comes
        self.naming: list[str] = []  # which of its words tell a client its name
        self.next = 2  # of NICKS
        self.slow = 2 * trial.latency  # seconds: some servers look around once a second
        self.spoken = trial.spoken  # of TEXTS
        self.arrived: list[tuple[Client, list[str]]] = [(self.second, list(trial.arrival))]
        self.third: Client | None = None  # who came while two were there

    def moved(self, bench: Bench) -> bool:
        """Go on with a server that was started anew; False if nobody gets in any more."""
        self.bench = bench
        self.next = 2
        self.first, self.second = enter(bench, self.way, NICKS[0]), enter(bench, self.way, NICKS[1])
        self.first.hear()
        for client in (self.first, self.second):
            self.learn_name(client)
        return not (self.first.refused or self.second.refused)

    def clear(self) -> None:
        """Pass over what has come to the two so far."""
        for client in (self.first, self.second):
            client.hear()

    def present(self) -> list[str]:
        """What the server calls those who have come so far."""
        return [self.names.get(nick, nick) for nick in NICKS[: self.next]]

    def learn_name(self, client: Client) -> None:
        """What the server calls somebody who has just come in."""
        if self.findings.nick == "chosen":
            self.names[client.nick] = self.called(client.nick)
        elif self.findings.nick == "assigned":
            for template in self.naming:
                for piece in client.greeting:
                    if (match := Template(template).matcher().fullmatch(piece)) is not None:
                        self.names[client.nick] = match.bindings["nick"]
                        return
        elif self.findings.nick != "none":
            self.names[client.nick] = filled(self.findings.nick, client)

    def called(self, nick: str) -> str:
        """What the server calls somebody who has chosen this name."""
        return self.respelled(nick[: self.findings.nick_limit or None])

    def values(self, client: Client, text: str = "") -> dict[str, str]:
        values = {"text": text, "ip": "", "client-port": ""}
        name = self.names.get(client.nick, "")
        if name and self.findings.nick == "chosen" and self.respelled is not str:
            values["*"] = name
        elif name:
            values["nick"] = name
        elif self.findings.nick == "none":
            values |= {"ip": client.bot.ip, "client-port": str(client.bot.port)}
        if self.findings.nick not in ("chosen", "assigned", "none"):
            values["nick"] = filled(self.findings.nick, client)
        return values

    def plain(self, piece: str) -> str:
        return ANSI.sub("", piece) if self.findings.ansi else piece

    def plain_of(self, client: Client) -> list[str]:
        return [once(self.plain(piece)) for piece in client.hear()]

    def greeted(self, client: Client) -> dict[str, str]:
        values = self.values(client)
        values.pop("text")
        return values

    def told_of(self, client: Client, piece: str) -> str:
        values = self.values(client)
        values.pop("text")
        template = _without_numbers(induce(piece, values))
        return template if "{nick}" in template or self.findings.nick == "none" or client.nick not in piece else ""

    def newcomer(self) -> Client | None:
        self.clear()
        client = enter(self.bench, self.way, NICKS[self.next % len(NICKS)])
        self.next += 1
        self.bench.wait(first=max(QUIET_AFTER, self.slow))
        if client.refused:
            return None
        self.learn_name(client)
        return client

    def raw(self, client: Client, word: str) -> None:
        framing = self.way.wire_framing
        self.bench.say(client.bot, framing.frame(word.encode()))

    def is_a_message(self, piece: str) -> bool:
        """Does it read as somebody's message?"""
        forms = [form for form in self.findings.hears if "{nick}" in form and not form.startswith("{nick}{next}")]
        return any(Template(form).matcher().fullmatch(piece) is not None for form in forms)

    def is_said(self, piece: str, word: str) -> bool:
        """Is this the word, passed on as a message?"""
        forms = [hears.replace("{text}", escaped(word)) for hears in self.findings.hears]
        return any(Template(form).matcher().fullmatch(piece) is not None for form in forms if form.strip())


def merged(templates: Iterable[str]) -> list[str]:
    """These templates, those of one kind made one."""
    made: list[str] = []
    for template in templates:
        if not template.strip():
            continue
        for index, other in enumerate(made):
            both = common(other, template)
            if both is not None and _says_as_much(both, other):
                made[index] = both
                break
        else:
            made.append(template)
    return made


def _says_as_much(both: str, other: str) -> bool:
    return all(name in both for name in ("{nick}", "{text}") if name in other)


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


def filled(form: str, client: Client) -> str:
    return form.replace("{ip}", client.bot.ip).replace("{client-port}", str(client.bot.port))


def quoted(text: str) -> str:
    text = text.strip("\r\n")
    return repr(text) if len(text) <= 70 else repr(text[:66] + " …")
