"""Steps as the text of a scenario. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from chatsim.recording.steps import Step

__all__ = ["line_of", "written"]


def written(steps: Sequence[Step], bots: Mapping[str, str], about: Sequence[str] = ()) -> str:
    """The whole file. `bots`: each with its nickname; `about`: lines that stand above it as comments."""
    lines = [f"# {_one_line(line)}" for line in about]
    lines.append(f"scenario: {_text(_claim(tuple(bots)))}")
    lines.append(f"bots: {_bots(bots)}")
    if not any(step.verb for step in steps):
        lines.append("steps: []")
    else:
        lines.append("steps:")
    for step in steps:
        if step.remark:
            lines.append(f"  # {_one_line(step.remark)}")
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
            f"{bot}: {{nick: {_text(nick)}}}" if nick and nick != bot else f"{bot}: {{}}" for bot, nick in bots.items()
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
            return _text(detail)
        case list():
            return f"[{', '.join(_text(str(each)) for each in detail)}]"
        case dict():
            return "{" + ", ".join(f"{key}: {_value(key, value)}" for key, value in detail.items()) + "}"
    raise TypeError(detail)


def _value(key: str, value: object) -> str:
    return str(value) if key == "to" else _detail("", value)


def _text(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in quoted)


def _escaped(sign: str) -> str:
    number = ord(sign)
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
