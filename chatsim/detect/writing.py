"""Findings as a profile's text: each line with what was seen, and at the end what was not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chatsim.detect.findings import Findings, Step
from chatsim.quoting import quoted

__all__ = ["Begun", "one_line", "profile_name", "written"]

_WIDTH = 118
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Begun:
    """How the server was started: `command` as a profile would say it, and its fixed `port` (0: `{port}` is ours to
    choose, or it was running already). `typed`: what its console was told."""

    command: str = ""
    port: int = 0
    typed: str = ""


def profile_name(words: str) -> str:
    """A name for the profile of what was started so: letters, digits and -."""
    files = [word for word in words.split() if re.search(r"\.(py|js|mjs|ts|jar|go|rb|java|exe|out)$", word)]
    word = (files or words.split() or ["server"])[0]
    stem = re.sub(r"\.\w+$", "", re.split(r"[/\\]", word)[-1])
    return re.sub(r"[^A-Za-z0-9]+", "-", stem)[:_LONGEST_NAME].strip("-").lower() or "server"


def written(found: Findings, name: str, begun: Begun, tried: Sequence[str] = ()) -> str:
    """The text of the profile. `tried`: what came of playing with it, in lines."""
    seen = found.seen
    lines: list[tuple[str, str]] = [(f"profile: {name}", "")]
    if begun.command:
        port = f", port: {begun.port}" if begun.port else ""
        typed = f", stdin: {_text(begun.typed)}" if begun.typed else ""
        about = "it asks on its console where to listen" if begun.typed else ""
        lines.append((f"start: {{command: {_text(begun.command)}{port}{typed}}}", about))
    lines += _wire(found)
    if found.nick != "chosen":
        nick = found.nick if found.nick in ("assigned", "none") else _text(found.nick)
        lines.append((f"nick: {nick}", seen.get("nick", "")))
    if found.join:
        lines.append((f"join: {_dialogue(found.join)}", seen.get("join", "")))
    if found.refuses:
        lines.append((f"refuses: {_texts(found.refuses)}", seen.get("refuses", "")))
    elif "in use" in seen:
        lines.append(("", seen["in use"]))
    lines.append((f"says: {_text(found.says)}", seen.get("says", "")))
    lines.append((f"hears: {_texts(found.hears) if found.hears else 'no'}", seen.get("hears", "")))
    lines.append((f"echo: {_echo(found)}", seen.get("echo", _about_echo(found))))
    if found.ack:
        lines.append((f"ack: {_texts(found.ack)}", "a receipt for whoever spoke"))
    if found.joined or found.left:
        lines.append(("notices:", ""))
        for key, templates in (("joined", found.joined), ("left", found.left)):
            if templates:
                lines.append((f"  {key}: {_texts(templates)}", seen.get(key, "")))
    if found.leave:
        lines.append((f"leave: {_dialogue(found.leave)}", seen.get("leave", "")))
    elif "leave" in seen:
        lines.append(("", seen["leave"]))
    if found.roster_answer:
        lines.append(
            (
                f"roster: {{ask: {_text(found.roster_ask)}, answer: {_text(found.roster_answer)}}}",
                seen.get("roster", ""),
            )
        )
    elif found.pushed:
        lines.append((f"roster: {{answer: {_text(found.pushed)}}}", "a list of who is there comes by itself"))
    if found.replies:
        lines.append((f"operator: {{hears: {_text(found.replies)}}}", seen.get("operator", "")))
    if found.said:
        lines.append((f"output: {{said: {_text(found.said)}}}", "the server prints what it is told"))
    if found.ansi:
        lines.append(("strip: ansi", "the texts have colours"))
    if found.replays:
        lines.append(("replays: yes", "a newcomer heard what had been said before it came"))
    if found.ignore:
        lines.append((f"ignore: {_texts(found.ignore, always_list=True)}", "came too, and seems to mean nothing"))
    lines += _limits(found)
    body = [line for code, comment in lines for line in _with_comment(code, comment)]
    return "\n".join([*body, *_remarks(found, tried)]) + "\n"


def _wire(found: Findings) -> list[tuple[str, str]]:
    line, way = found.way.line, found.way
    lines: list[tuple[str, str]] = []
    if line.transport != "tcp":
        lines.append((f"transport: {line.transport}", found.seen.get("transport", "")))
    if line.tls is not None:
        verify = "yes" if line.tls.verify else "no"
        lines.append((f"tls: {{verify: {verify}}}", "" if line.tls.verify else "whoever has signed its certificate"))
    if line.transport == "websocket" and line.path != "/":
        lines.append((f"path: {_text(line.path)}", ""))
    if line.wire.messages:
        return lines
    framing = way.framing
    if found.received and found.received != framing:
        framing = f"{{sent: {framing}, received: {found.received}}}"
    lines.append((f"framing: {framing}", found.seen.get("framing", "")))
    return lines


def _limits(found: Findings) -> list[tuple[str, str]]:
    limits = []
    if found.nick_limit:
        limits.append(f"nick: {found.nick_limit}")
    if found.text_limit:
        limits.append(f"text: {found.text_limit}B")
    if found.clients:
        limits.append(f"clients: {found.clients}")
    return [(f"limits: {{{', '.join(limits)}}}", found.seen.get("limits", ""))] if limits else []


def _echo(found: Findings) -> str:
    if not found.echo:
        return "no"
    return "yes" if found.echo == found.hears else _texts(found.echo)


def _about_echo(found: Findings) -> str:
    if not found.echo:
        return "who speaks does not hear itself"
    return "who speaks hears itself" + ("" if found.echo == found.hears else ", otherwise than the others")


def _remarks(found: Findings, tried: Sequence[str]) -> list[str]:
    lines: list[str] = []
    for title, texts in (
        ("Not found out:", found.open),
        ("Not tried, only guessed:", found.guesses),
        ("The server ended while it was tried:", found.killed),
        ("Tried with three bots:", tried),
    ):
        if texts:
            lines += ["", f"# {title}", *(_folded(text) for text in texts)]
    return lines


def _folded(text: str) -> str:
    import textwrap

    return "\n".join(
        textwrap.wrap(
            one_line(text), _WIDTH, initial_indent="#   - ", subsequent_indent="#     ", break_long_words=False
        )
    )


def _with_comment(code: str, comment: str) -> list[str]:
    comment = one_line(comment)
    if not comment:
        return [code] if code else []
    if not code:
        return [f"# {comment}"]
    if len(code) + len(comment) + 4 <= _WIDTH:
        return [f"{code}  # {comment}"]
    indent = re.match(r" *", code)
    assert indent is not None
    return [f"{indent[0]}# {comment}", code]


def one_line(text: str) -> str:
    """As a comment may hold it: what a server sent may hold anything."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _dialogue(steps: Sequence[Step]) -> str:
    if len(steps) == 1 and steps[0].kind == "send":
        return _text(steps[0].template)
    return "[" + ", ".join(f"{{{step.kind}: {_text(step.template)}}}" for step in steps) + "]"


def _texts(templates: Sequence[str], *, always_list: bool = False) -> str:
    if len(templates) == 1 and not always_list:
        return _text(templates[0])
    return "[" + ", ".join(map(_text, templates)) + "]"


def _text(text: str) -> str:
    """In quotes: single ones for JSON, where no line could be folded or cut by them."""
    if '"' in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    return quoted(text)
