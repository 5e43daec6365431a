"""Steps as the text of a scenario. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatsim.quoting import escaped, quoted
from chatsim.recording.steps import Step

__all__ = ["line_of", "written"]


def written(steps: Sequence[Step], bots: Mapping[str, str], about: Sequence[str] = ()) -> str:
    """The whole file. `bots`: each with its nickname; `about`: lines that stand above it as comments."""
    lines = [f"# {escaped(line)}" for line in about]
    lines.append(f"scenario: {quoted(_claim(tuple(bots)))}")
    lines.append(f"bots: {_bots(bots)}")
    if not any(step.verb for step in steps):
        lines.append("steps: []")
    else:
        lines.append("steps:")
    for step in steps:
        if step.remark:
            lines.append(f"  # {escaped(step.remark)}")
        if step.verb:
            lines.append("  " + line_of(step))
    return "\n".join(lines) + "\n"


def line_of(step: Step) -> str:
    """`- verb: …`, on one line."""
    if all(detail is None for detail in step.entries.values()):
        return f"- {step.verb}: {' and '.join(step.entries)}"
    inside = ", ".join(f"{bot}: {_detail(step.verb, detail)}" for bot, detail in step.entries.items())
    return f"- {step.verb}: {{{inside}}}"


def _claim(bots: Sequence[str]) -> str:
    if not bots:
        return "a recorded session in which nobody came"
    if len(bots) > 4:
        return f"a recorded session of {bots[0]} and {len(bots) - 1} others goes as it went"
    names = bots[0] if len(bots) == 1 else f"{', '.join(bots[:-1])} and {bots[-1]}"
    return f"a recorded session of {names} goes as it went"


def _bots(bots: Mapping[str, str]) -> str:
    if all(not nick or nick == bot for bot, nick in bots.items()):
        return f"[{', '.join(bots)}]"
    return (
        "{"
        + ", ".join(
            f"{bot}: {{nick: {quoted(nick)}}}" if nick and nick != bot else f"{bot}: {{}}" for bot, nick in bots.items()
        )
        + "}"
    )


def _detail(verb: str, detail: object) -> str:
    match detail:
        case None:
            return "accepted"
        case True:
            return "yes"
        case str() if verb in ("drop", "ask", "join") or (verb == "whisper" and detail.isidentifier()):
            return detail
        case str():
            return quoted(detail)
        case list():
            return f"[{', '.join(quoted(str(each)) for each in detail)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_value(key, value)}" for key, value in detail.items()) + "}"
    raise TypeError(detail)


def _value(key: str, value: object) -> str:
    return str(value) if key == "to" else _detail("", value)
