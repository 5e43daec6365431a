"""A Hypothesis strategy for scenarios that make sense: who is where is kept in mind while the steps are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from playing import profile_of

from chatsim.profile.profile import Profile

NAMES = ("anna", "boris", "clara", "dmitri", "elena")
PROFILES = (
    "lines",
    "relay",
    "prompted",
    "json-lines",
    "header-64",
    "header-10",
    "binary-length",
    "echo",
    "nickname-console",
)
ROOMS = ("kitchen", "garden")
DROPS = ("reset", "close", "half-close", "mid-message", "vanish")
GARBAGE = ("utf-8", "nul", "half", "empty")


@dataclass
class Cast:
    """Where everybody is, while steps are being drawn."""

    bots: tuple[str, ...]
    state: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, set[str]] = field(default_factory=dict)
    frozen: bool = False

    def are(self, *states: str) -> list[str]:
        return [bot for bot in self.bots if self.state.get(bot, "away") in states]

    def put(self, bots: list[str], state: str) -> None:
        for bot in bots:
            self.state[bot] = state
            if state == "gone":
                self.rooms.pop(bot, None)


@dataclass(frozen=True)
class Drawn:
    bots: tuple[str, ...]
    steps: str
    profile: str

    @property
    def cast(self) -> str:
        return f"[{', '.join(self.bots)}]"


def who(bots: list[str]) -> str:
    return " and ".join(bots)


@st.composite
def some(draw: st.DrawFn, bots: list[str]) -> list[str]:
    chosen = draw(st.lists(st.sampled_from(bots), min_size=1, max_size=len(bots), unique=True))
    return [bot for bot in bots if bot in chosen]


@st.composite
def scenarios(draw: st.DrawFn, profiles: tuple[str, ...] = PROFILES, most: int = 9, servers: bool = True) -> Drawn:
    name = draw(st.sampled_from(profiles))
    cast = Cast(NAMES[: draw(st.integers(2, 5))])
    spoken = profile_of(name)
    lines = [f"- join: {who(draw(some(list(cast.bots))))}"]
    cast.put(lines[0].removeprefix("- join: ").split(" and "), "here")
    for _ in range(draw(st.integers(0, most))):
        step = draw(st.sampled_from(_possible(cast, spoken, servers)))
        lines += _step(draw, step, cast, spoken)
    if cast.frozen:
        lines.append("- server: thaw")
    return Drawn(cast.bots, "\n".join(lines), name)


def _possible(cast: Cast, profile: Profile, servers: bool) -> list[str]:
    steps = ["settle", "pause"]
    here = cast.are("here")
    if cast.frozen:
        return [*steps, "thaw"]
    if cast.are("away", "gone", "connected"):
        steps += ["join", "join"]
    if cast.are("away", "gone"):
        steps += ["connect"]
    if here:
        steps += ["chat"] * 4 + ["disconnect", "drop", "stall", "send"] + ["together"]
        if not profile.leave and profile.sent.promises:
            steps.remove("send")
        if profile.public.hears:
            steps += ["converse"] if len(here) > 1 else []
        if profile.whisper.says is not None and len(here) > 1:
            steps += ["whisper"]
        if profile.rooms is not None:
            steps += ["enter", "room-chat"]
        if profile.roster is not None:
            steps += ["ask"]
        steps += ["garbage"] if profile.sent.promises else []
    if cast.are("stalled"):
        steps += ["resume"] * 2
    if servers:
        steps += ["restart", "freeze"]
    return steps


def _step(draw: st.DrawFn, step: str, cast: Cast, profile: Profile) -> list[str]:
    here = cast.are("here")
    match step:
        case "join":
            bots = draw(some(cast.are("away", "gone", "connected")))
            cast.put(bots, "here")
            return [f"- join: {who(bots)}"]
        case "connect":
            bots = draw(some(cast.are("away", "gone")))
            cast.put(bots, "connected")
            return [f"- connect: {who(bots)}"]
        case "chat":
            details = draw(
                st.sampled_from(
                    [
                        "{count: 1}",
                        "{count: 5}",
                        "{size: 300B}",
                        "{count: 2, every: 3ms}",
                        "{locale: mixed}",
                        "{wait: no}",
                    ]
                )
            )
            return [f"- chat: {{{who(draw(some(here)))}: {details}}}"]
        case "converse":
            return [f"- converse: {{{who(here)}: {draw(st.integers(1, 5))}}}"]
        case "whisper":
            speaker, to = draw(st.permutations(here))[:2]
            return [f"- whisper: {{{speaker}: {{to: {to}, count: {draw(st.integers(1, 3))}}}}}"]
        case "enter":
            room, bots = draw(st.sampled_from(ROOMS)), here
            bots = [bot for bot in bots if room not in cast.rooms.get(bot, set())]
            if not bots:
                return ["- settle:"]
            bots = draw(some(bots))
            for bot in bots:
                cast.rooms.setdefault(bot, set()).add(room)
            return [f'- enter: {{{who(bots)}: "{room}"}}']
        case "room-chat":
            inside = [(bot, room) for bot in here for room in sorted(cast.rooms.get(bot, ()))]
            if not inside:
                return ["- settle:"]
            bot, room = draw(st.sampled_from(inside))
            if draw(st.booleans()):
                return [f'- chat: {{{bot}: {{in: "{room}", count: 2}}}}']
            cast.rooms[bot].discard(room)
            return [f'- exit: {{{bot}: "{room}"}}']
        case "ask":
            return [f"- ask: {{{who(draw(some(here)))}: roster}}"]
        case "disconnect":
            bots = draw(some(here))
            cast.put(bots, "gone")
            return [f"- disconnect: {who(bots)}"]
        case "drop":
            bots = draw(some(here))
            cast.put(bots, "gone")
            return [f"- drop: {{{who(bots)}: {draw(st.sampled_from(DROPS))}}}"]
        case "stall":
            bots = draw(some(here))
            cast.put(bots, "stalled")
            return [f"- stall: {who(bots)}"]
        case "resume":
            bots = draw(some(cast.are("stalled")))
            cast.put(bots, "here")
            return [f"- resume: {who(bots)}"]
        case "send":
            bot = draw(st.sampled_from(here))
            detail = draw(
                st.sampled_from(["{size: 60B, in-pieces: 3}", "{size: 40B, in-pieces: bytes}", "{size: 60B, glued: 2}"])
            )
            return [f"- send: {{{bot}: {detail}}}"]
        case "garbage":
            bot = draw(st.sampled_from(here))
            kind = draw(st.sampled_from(GARBAGE))
            cast.put([bot], "gone")
            return [f"- send: {{{bot}: {{garbage: {kind}}}}}", f"- drop: {bot}"]
        case "together":
            return _together(draw, cast)
        case "restart":
            cast.put(cast.are("here", "connected", "stalled"), "gone")
            return ["- server: restart"]
        case "freeze":
            cast.frozen = True
            return ["- server: freeze"]
        case "thaw":
            cast.frozen = False
            return ["- server: thaw"]
        case "pause":
            return [f"- pause: {draw(st.sampled_from(['1ms', '20ms', '5ms..40ms']))}"]
        case _:
            return ["- settle:"]


def _together(draw: st.DrawFn, cast: Cast) -> list[str]:
    """Some talk while one goes and another comes."""
    here = cast.are("here")
    lines = [f"    - chat: {{{who(draw(some(here)))}: {{count: 4, every: 1ms..4ms}}}}"]
    if draw(st.booleans()):
        goer = draw(st.sampled_from(here))
        how = draw(st.sampled_from(("reset", "close", "bye")))
        going = f"{{disconnect: {goer}}}" if how == "bye" else f"{{drop: {{{goer}: {how}}}}}"
        cast.put([goer], "gone")
        lines.append(f"    - do: [{{pause: 1ms..9ms}}, {going}]")
    comers = [bot for bot in cast.are("away") if draw(st.booleans())]
    if comers:
        cast.put(comers, "here")
        lines.append(f"    - join: {who(comers)}")
    if len(lines) == 1:
        lines.append("    - pause: 3ms")
    return ["- together:", *lines]
