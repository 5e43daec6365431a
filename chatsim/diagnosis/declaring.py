"""Causes that lie in the profile: what it says of a server is not what that server does. Then no server is at fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chatsim.checks.verdict import Verdict
from chatsim.checks.wording import counted
from chatsim.diagnosis.evidence import NEVER, Evidence, Life
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import FORMS, Entry

__all__ = [
    "echo_is_the_rule",
    "nothing_is_recognised",
    "nothing_was_ever_heard",
    "notice_reads_differently",
    "own_text_reads_differently",
    "prompt_not_awaited",
    "roster_reads_differently",
]

NOTICES = {"join-notice": "joined", "leave-notice": "left", "drop-notice": "dropped"}
_PROMPT = re.compile(r"(?:[:?>]|name|nick|user|login)\s*$", re.IGNORECASE)


def notice_reads_differently(evidence: Evidence) -> Hint | None:
    """The notice was missed, but those who missed it got a line with that name which the profile does not know."""
    for name, what in NOTICES.items():
        verdict = evidence.failed(name) or evidence.unclear(name)
        about = _transition_of(evidence, verdict, what)
        if verdict is None or about is None:
            continue
        line = _line_about(evidence, *about)
        if line is None:
            continue
        key = what
        if what == "dropped" and "dropped" not in _mapping(evidence.history.header.profile_source.get("notices")):
            key = "left"
        written = _mapping(evidence.history.header.profile_source.get("notices")).get(key)
        known = any(entry.detail.get("what") == what for entry in evidence.of("notice"))
        reads = f" The profile has {_written(str(written))}." if isinstance(written, str) else ""
        return Hint(
            "the server tells of it, in words that the profile does not know.",
            f"let `notices: {{{key}: …}}` in the profile read as the server writes it, with {{nick}} for the name.",
            Sure.PERHAPS if known else Sure.PROBABLY,
            tuple(other for other in NOTICES if other == name or _same_key(evidence, key, other)),
            seen=f"{evidence.lives.who(line[0].session)} got {_shown(line[1])} at {evidence.lives.when(line[0].index)}.{reads}",
            also=tuple(other for other in (*NOTICES, "roster") if other != name),
            since=about[1] - 1,  # the witness of an open verdict may be that act alone
        )
    return None


def _same_key(evidence: Evidence, key: str, name: str) -> bool:
    """Is a notice of this kind read by the same key of the profile?"""
    has_dropped = "dropped" in _mapping(evidence.history.header.profile_source.get("notices"))
    return key == "left" and (name == "leave-notice" or (name == "drop-notice" and not has_dropped))


def _transition_of(evidence: Evidence, verdict: Verdict | None, what: str) -> tuple[Life, int] | None:
    kinds = {"joined": ("connect", "told"), "left": ("leave",), "dropped": ("drop",)}[what]
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        if entry.kind in kinds and entry.session in evidence.lives.sessions:
            return evidence.lives.sessions[entry.session], index
    return None


def _line_about(evidence: Evidence, life: Life, since: int) -> tuple[Entry, str] | None:
    """The first line after it that others got, with its name, and that the profile does not explain."""
    name = life.name or life.nick
    until = next((e.index for e in evidence.of("wait") if e.index > since), NEVER)
    for entry in evidence.of("unrecognised"):
        if not since < entry.index < until or entry.session in (life.number,) or entry.session < 0:
            continue
        for line in str(entry.detail.get("text", "")).split("\n"):
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", line, re.IGNORECASE) and len(line) < 200:
                return entry, line.strip()
    return None


def nothing_is_recognised(evidence: Evidence) -> Hint | None:
    """Texts arrive, and not one of them in a form that the profile describes."""
    verdict = evidence.failed("delivery", "attribution") or evidence.unclear(
        "delivery", "attribution", "no-duplication"
    )
    views = evidence.views
    if verdict is None or not views.terms.public.heard:
        return None
    forms = views.count_forms()
    odd, known = forms.get(FORMS.index("unknown"), 0), forms.get(FORMS.index("hears"), 0)
    if known or odd < 2:
        return None
    hears = _mapping(evidence.history.header.profile_source).get("hears")
    reads = f" The profile says {_written(str(hears))}." if isinstance(hears, str) else ""
    line = next((str(e.detail.get("text", "")).strip() for e in evidence.of("unrecognised") if e.session >= 0), "")
    quote = f" What stood around the texts: {_shown(line)}." if line else ""
    return Hint(
        "`hears` in the profile does not read as the server writes a message to the others.",
        "look at the lines that a bot got (below), and write one of them under `hears`, with {nick} and {text} in their "
        "places.",
        Sure.PROBABLY,
        ("delivery", "attribution", "no-duplication", "no-creation", "isolation"),
        seen=f"{odd} texts came, none of them in the form of `hears`.{reads}{quote}",
    )


def own_text_reads_differently(evidence: Evidence) -> Hint | None:
    """Speakers get their own words back in a form that the profile does not know: a receipt, an echo."""
    verdict = evidence.unclear("echo")
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        around = [e for e in evidence.of("unrecognised") if e.session == entry.session and e.index >= index]
        if entry.kind != "heard" or not around:
            continue
        return Hint(
            "the server answers who speaks, in words that the profile does not know.",
            "write the line of the server under `ack` (with {text} in it), if it is a receipt for the sender alone; under "
            "`echo`, if it is the message as the others get it; under `ignore`, if it means nothing.",
            Sure.PROBABLY,
            ("echo",),
            seen=f"{evidence.lives.who(entry.session)} got {_shown(str(around[0].detail.get('text', '')))}.",
        )
    return None


def nothing_was_ever_heard(evidence: Evidence) -> Hint | None:
    """All joined, and of all that anybody said nothing came to anybody: perhaps they do not say it as this server expects."""
    if evidence.failed("delivery") is None or evidence.failed("stays-up", "no-crash-output", "keeps-clients"):
        return None
    views = evidence.views
    said = [m for m in views.sent if views.sender(m) >= 0 and views.owed(m)]
    if len({views.sender(m) for m in said}) < 2 or any(hearing.messages for hearing in views.hearings.values()):
        return None
    answer = _answer_to_speech(evidence, said)
    says = evidence.history.header.profile_source.get("says")
    says = says.get("says") if isinstance(says, Mapping) else says
    written = f" In the profile it reads {_written(str(says))}." if isinstance(says, str) else ""
    return Hint(
        "`says` in the profile is not what this server takes for a message."
        if answer
        else "`says` in the profile is not what this server takes for a message; or the server passes nothing on.",
        "look at what a client of this server sends for a message, and write that under `says`; try it by hand with "
        "`chatsim talk`. If clients are not to hear each other on this server, write `hears: no`.",
        Sure.PROBABLY if answer else Sure.PERHAPS,
        ("delivery", "echo", "lets-in", "still-serves"),
        seen=f"of {counted(len(said), 'message')} not one reached anybody."
        + (f" To what was said the server answered {_shown(answer)}." if answer else "")
        + written,
        also=("join-notice", "expectations"),
    )


def _answer_to_speech(evidence: Evidence, said: list[int]) -> str:
    """The line that speakers got back, each after it had spoken, and that the profile does not know; empty for none."""
    first = {evidence.views.sender(m): evidence.views.send[m] for m in reversed(said)}
    lines: dict[str, set[int]] = {}
    for entry in evidence.of("unrecognised"):
        if first.get(entry.session, NEVER) < entry.index:
            for line in str(entry.detail.get("text", "")).split("\n"):
                if line.strip():
                    lines.setdefault(line.strip(), set()).add(entry.session)
    line = max(lines, key=lambda line: len(lines[line]), default="")
    return line if line and len(lines[line]) > 1 else ""


def roster_reads_differently(evidence: Evidence) -> Hint | None:
    """Somebody asked who is there, and got a line with names in it that the profile does not know for the answer."""
    verdict = evidence.failed("roster") or evidence.unclear("roster")
    for index in verdict.witness if verdict is not None else ():
        ask = evidence.history[index]
        if ask.kind != "ask":
            continue
        names = [life.name or life.nick for life in evidence.lives.sessions.values() if life.told < index < life.parted]
        for entry in evidence.of("unrecognised"):
            text = str(entry.detail.get("text", ""))
            if entry.session != ask.session or entry.index < index or not names:
                continue
            if all(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names):
                written = _mapping(evidence.history.header.profile_source.get("roster")).get("answer")
                reads = f" The profile says {_written(str(written))}." if isinstance(written, str) else ""
                return Hint(
                    "the server answers who is there, in words that the profile does not know.",
                    "write the line of the server under `roster: {answer: …}`, with {nicks} for the names.",
                    Sure.PROBABLY,
                    ("roster",),
                    seen=f"{evidence.lives.who(ask.session)} got {_shown(text)} at {evidence.lives.when(entry.index)}.{reads}",
                    also=("expectations", "no-ghosts"),
                )
    return None


def echo_is_the_rule(evidence: Evidence) -> Hint | None:
    """Whoever speaks hears itself, each time: that is how this server is. One who forgets to leave out the sender is alike."""
    verdict = evidence.failed("echo")
    if verdict is None or evidence.views.terms.public.echo or evidence.views.terms.public.ack:
        return None
    views = evidence.views
    spoke = [
        (sender, message)
        for sender, spoken in views.spoken.items()
        for message in spoken
        if sender >= 0 and views.judged(message) and views.messages[message].kind == "chat"
    ]
    own = {(sender, message) for sender, heard in views.heard_own.items() for message in heard}
    if len({sender for sender, _ in spoke}) < 2 or not all(pair in own for pair in spoke):
        return None
    return Hint(
        "this server sends every message to everybody, the sender included.",
        "if that is meant, write `echo: yes` in the profile; if not, leave out the sender when you send to all.",
        Sure.SURELY,
        ("echo",),
        seen=f"each of the {len(spoke)} messages came back to who had said it.",
    )


def prompt_not_awaited(evidence: Evidence) -> Hint | None:
    """The server asks something of each newcomer, and the profile's `join` speaks without waiting for that."""
    verdict = evidence.failed("lets-in", "delivery", "intact", "framing", "attribution", "no-creation")
    if verdict is None or _awaits_first(evidence.history.header.profile_source.get("join")):
        return None
    asked: dict[int, str] = {}
    for entry in evidence.of("unrecognised"):
        life = evidence.lives.sessions.get(entry.session)
        text = str(entry.detail.get("text", "")).strip()
        spoken = evidence.views.spoken.get(entry.session, ())
        first = min((evidence.views.send[m] for m in spoken), default=NEVER)
        if life is not None and entry.index < first and _PROMPT.search(text) and len(text) < 100:
            asked.setdefault(entry.session, text)
    came = [life for life in evidence.lives.sessions.values() if life.connected != NEVER]
    if len(asked) < 2 or len(asked) < len(came) or len(set(asked.values())) != 1:
        return None
    return Hint(
        "the server asks each newcomer something, and the profile's `join` does not wait for it.",
        f"begin `join` in the profile with `- await: {_shown(next(iter(asked.values())))}`.",
        Sure.PERHAPS,
        ("lets-in", "intact", "framing", "attribution", "no-creation", "delivery"),
        seen=f"all {len(asked)} got {_shown(next(iter(asked.values())))} before they had said anything.",
    )


def _awaits_first(join: Any) -> bool:
    steps = join if isinstance(join, list) else [join]
    return bool(steps) and isinstance(steps[0], Mapping) and "await" in steps[0]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _written(text: str) -> str:
    """A form as it stands in the profile; a blank at its edge, which nobody sees, is told."""
    where = [name for name, edge in (("beginning", text[:1]), ("end", text[-1:])) if edge.isspace()]
    return _shown(text) + (f" (with a blank at its {' and its '.join(where)})" if where else "")


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line if len(line) <= 80 else line[:79] + "…"}"'
