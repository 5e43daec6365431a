"""Plays a few lines of a scenario in a simulated room, and holds every history against what its module promises."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulated import Faults, SimulatedRoom

from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome, Verdict
from chatsim.engine.director import Director
from chatsim.engine.plan import Plan, make_plan, why_not
from chatsim.history import KINDS, OF_MESSAGES, WORLD, Entry, Header, History, Message
from chatsim.network.network import Send
from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.scenario import Scenario
from reference_server.dialects import DIALECTS
from reference_server.dialects.dialect import Dialect

BAD = (Outcome.FAILED, Outcome.INCONCLUSIVE)


@dataclass
class Played:
    plan: Plan
    room: SimulatedRoom
    director: Director
    history: History
    verdicts: dict[str, Verdict]
    seconds: float  # of virtual time

    def bad(self) -> dict[str, str]:
        return {name: v.summary for name, v in self.verdicts.items() if v.outcome in BAD}

    def outcome(self, name: str) -> str:
        return str(self.verdicts[name].outcome)

    def of(self, *kinds: str) -> list[Entry]:
        return list(self.history.of(*kinds))

    def details(self, *kinds: str) -> list[Mapping[str, Any]]:
        return [entry.detail for entry in self.history.of(*kinds)]

    def sid(self, bot: str, number: int = 1) -> int:
        return next(
            e.session for e in self.history.of("connect") if (e.detail["bot"], e.detail["number"]) == (bot, number)
        )

    def said(self, *kinds: str) -> list[Message]:
        return [m for m in self.history.messages if m.kind in (kinds or ("chat",))]

    def heard(self, bot: str) -> list[str]:
        """The words of the chat messages that this bot heard, in order, over all of its sessions."""
        mine = {e.session for e in self.history.of("connect") if e.detail["bot"] == bot}
        said = [self.history.messages[e.ref] for e in self.history.of("heard") if e.session in mine]
        return [m.words for m in said if m.kind not in ("knock", "fence")]

    def steps(self) -> list[tuple[float, float]]:
        """Begin and end of each step, in the order of their numbers."""
        begun: dict[int, float] = {}
        ended: dict[int, float] = {}
        for entry in self.history.of("step"):
            (begun if entry.detail["phase"] == "begin" else ended)[entry.detail["number"]] = entry.t
        return [(begun[number], ended[number]) for number in sorted(begun)]

    def sent_by(self, session: int) -> list[tuple[float, bytes]]:
        return [(t, c.data) for t, c in self.room.commands if isinstance(c, Send) and c.session == session]


def scenario_of(steps: str, *, bots: str = "[ann, bob, cat]", head: str = "") -> Scenario:
    body = textwrap.indent(textwrap.dedent(steps).strip(), "  ")
    return read_scenario(f'scenario: "simulated"\nbots: {bots}\n{head}\nsteps:\n{body}\n', "simulated.yaml")


def profile_of(profile: str) -> Profile:
    return load_profile(profile) if "\n" not in profile else read_profile(textwrap.dedent(profile), "own.yaml")


def play(
    steps: str | Scenario,
    *,
    bots: str = "[ann, bob, cat]",
    head: str = "",
    profile: str | Profile = "lines",
    dialect: str | type[Dialect] | None = None,
    faults: Faults | None = None,
    seed: int = 1,
    patience: float = 1.0,
    check: tuple[str, ...] = ("everything",),
    attached: bool = False,
    strain: Any = None,
    house: type[SimulatedRoom] = SimulatedRoom,
    **room: Any,
) -> Played:
    scenario = steps if isinstance(steps, Scenario) else scenario_of(steps, bots=bots, head=head)
    spoken = profile if isinstance(profile, Profile) else profile_of(profile)
    assert why_not(scenario, spoken, attached=attached) is None
    plan = make_plan(scenario, spoken, seed, patience=patience, attached=attached)
    base = dialect or (spoken.name if spoken.name in DIALECTS else "lines")
    made = DIALECTS[base] if isinstance(base, str) else base
    network = house(made, seed=seed, faults=faults, **room)
    if strain is not None:
        network.strain_of = strain
    header = Header(
        scenario=scenario.name,
        seed=seed,
        profile=spoken.name,
        terms=plan.terms.to_json(),
        check=check,
        attached=attached,
    )
    history = History(header)
    director = Director(plan, network, history)
    director.play()
    keeps_its_promises(history)
    verdicts = {verdict.property: verdict for verdict in judge(history)}
    return Played(plan, network, director, history, verdicts, network.now())


# --- what the docstring of chatsim/history.py promises ------------------------------------------------------------

REQUIRED, OPTIONAL = 0, 1
KEYS: dict[str, tuple[set[str], set[str]]] = {
    "connect": ({"bot", "nick", "number"}, set()),
    "connected": ({"ip", "port"}, set()),
    "unreachable": ({"why"}, set()),
    "told": ({"nick"}, set()),
    "present": ({"how"}, set()),
    "refused": ({"by", "expected"}, {"at", "room"}),
    "enter": ({"room"}, set()),
    "entered": ({"room"}, set()),
    "exit": ({"room"}, set()),
    "exited": ({"room"}, set()),
    "rename": ({"nick"}, set()),
    "renamed": ({"nick", "confirmed"}, set()),
    "not-renamed": ({"nick", "by"}, set()),
    "told-renamed": ({"text"}, {"nick", "new"}),
    "notice": ({"what", "text"}, {"nick", "room"}),
    "damaged": ({"message", "how", "text"}, {"with"}),
    "named": ({"message", "name"}, set()),
    "foreign": ({"nick", "text"}, set()),
    "unrecognised": ({"text"}, set()),
    "ask": (set(), set()),
    "roster": ({"names", "asked"}, set()),
    "leave": (set(), set()),
    "left": ({"clean"}, set()),
    "drop": ({"how"}, set()),
    "stall": (set(), set()),
    "resume": (set(), set()),
    "act": ({"what"}, set()),
    "closed": ({"how", "declared"}, set()),
    "flooded": ({"bytes"}, {"surplus"}),
    "step": ({"number", "phase"}, {"verb", "place", "text", "bots"}),
    "skipped": ({"step", "bot", "why"}, set()),
    "wait": ({"for", "step", "since", "missing", "patience", "waited", "lag", "foreign", "valid"}, set()),
    "settled": ({"how", "channels", "valid"}, set()),
    "fault": ({"patience", "round_trip"}, {"load"}),
    "look": ({"number"}, set()),
    "facts": (
        set(),
        {"look", "during", "alive", "listening", "close_wait", "established", "send_queue"}
        | {"threads", "children", "fds", "rss", "cpu", "runtimes"},
    ),
    "cycle": (
        {"number", "place", "how", "size", "departed", "look", "samples"},
        {"refused", "threads", "children", "fds", "close_wait", "rss", "runtimes"},
    ),
    "rest": ({"number", "seconds", "load", "top", "cpu_only", "foreign"}, {"printed"}),
    "stacks": ({"text", "by", "why"}, set()),
    "server": ({"what"}, {"pid", "command", "host", "port", "code", "asked", "why", "how"}),
    "out": ({"stream", "line"}, {"what", "nick", "message"}),
    "expected": ({"step", "bot", "what", "met", "negative", "where"}, {"by"}),
    "crash": ({"text"}, set()),
    "note": ({"text"}, set()),
    "ended": ({"why"}, set()),
}
WORDS: dict[tuple[str, str], set[Any]] = {
    ("present", "how"): {"knock", "told", "heard", "patience"},
    ("notice", "what"): {"joined", "left", "dropped"},
    ("damaged", "how"): {"truncated", "split", "garbled", "stripped", "case", "glued"},
    ("drop", "how"): {"reset", "close", "half-close", "mid-message", "vanish"},
    ("closed", "how"): {"eof", "reset"},
    ("step", "phase"): {"begin", "end"},
    ("settled", "how"): {"all-heard", "fence", "patience", "quiet"},
    ("look", "number"): {1, 2, 3},
    ("ended", "why"): {"done", "interrupted", "nobody got in"},
}
OF_THE_WORLD = {"step", "skipped", "wait", "settled", "fault", "look", "facts", "server", "out", "expected"} | {
    *("crash", "note", "ended", "cycle", "rest", "stacks"),
}


def keeps_its_promises(history: History) -> None:
    """Kinds, keys, sessions, channels and order of every entry are those that chatsim/history.py tells of."""
    assert set(KEYS) | set(OF_MESSAGES) == set(KINDS)
    sent: set[int] = set()
    connected: set[int] = set()
    last = 0.0
    for entry in history:
        assert entry.t >= last, "the history goes backwards"
        last = entry.t
        if entry.kind in OF_MESSAGES:
            if entry.kind == "send":
                sent.add(entry.ref)
            assert entry.ref in sent or (entry.kind == "ack" and entry.ref == -1), f"{entry} before it was sent"
            continue
        required, optional = KEYS[entry.kind]
        assert required <= set(entry.detail) <= required | optional, entry
        for (kind, key), words in WORDS.items():
            assert kind != entry.kind or entry.detail[key] in words, entry
        assert (entry.session == WORLD) == (entry.kind in OF_THE_WORLD), entry
        if entry.kind == "connect":
            connected.add(entry.session)
        assert entry.session < 0 or entry.session in connected
    for message in history.messages:
        assert re.fullmatch(r"lobby|room:.+|whisper:\d+:\d+|desk:\d+", message.channel), message
        assert message.kind in ("chat", "knock", "fence", "whisper", "reply", "half", "piece"), message
    assert _numbers_of(history.of("connect")) == list(range(sum(1 for _ in history.of("connect"))))
    assert [entry.kind for entry in history][-1] == "ended"
    steps = [(e.detail["number"], e.detail["phase"]) for e in history.of("step")]
    begun = sorted(number for number, phase in steps if phase == "begin")
    ended = sorted(number for number, phase in steps if phase == "end")
    assert begun == list(range(1, len(begun) + 1))
    assert ended == begun or history[len(history) - 1].detail["why"] == "nobody got in"


def _numbers_of(entries: Iterable[Entry]) -> list[int]:
    return [entry.session for entry in entries]
