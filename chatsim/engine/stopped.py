"""Where the join stopped: what to tell somebody whose profile does not fit their server, or whose server is silent."""

from __future__ import annotations

from chatsim.endings import exit_code
from chatsim.engine.session import Session
from chatsim.engine.stage import Stage
from chatsim.engine.unanswered import nearest_line, quoted, wanted
from chatsim.history import Entry
from chatsim.profile.profile import Await, SendThis
from chatsim.profile.templates import Template

__all__ = ["how_far"]

NOTHING = "  received nothing at all"
SILENT = (
    "A server that says nothing may wait for the end of a message, or for another protocol: compare `framing` and "
    "`transport`, too."
)
MOST = 5  # frames that are shown

_VISIBLE = ("none", "newline", "crlf", "json-lines")  # framings whose borders one sees in the text
_HIDDEN = ("digits", "length", "struct", "record", "python")  # ... of which more goes on the wire than the text


def how_far(stage: Stage) -> str:
    """A letter about the first session that did not get in. For the case that none did."""
    failed = next((each for each in stage.sessions if not each.told), None)
    if failed is None:
        return "no bot ever tried to join"
    unreachable = next((entry for entry in stage.history.of("unreachable") if entry.session == failed.id), None)
    if unreachable is not None:
        return _not_connected(failed, str(unreachable.detail["why"]))
    lines = [f"{failed.bot} connected, and this is where the dialogue of the profile {stage.profile.name!r} stopped:"]
    stopped = failed.stopped_at
    awaited: Await | None = None
    spoke = iter(failed.spoke)
    for number, line in enumerate(failed.script or stage.profile.join):
        if stopped is not None and number > stopped:
            break
        if isinstance(line, SendThis):
            lines.append(_sent(stage, failed, line.template, next(spoke, None)))
        elif isinstance(line, Await):
            lines.append(f"  {'awaited ' if number == stopped else 'heard   '} {wanted(line, _shown)}")
            awaited = line if number == stopped else awaited
    heard = failed.ear.tail.decode(stage.profile.encoding, "replace")
    if failed.translator is not None:
        lines += _on_the_wire(failed, heard)
    else:
        lines += _received(stage, failed)
    refused = next((entry for entry in stage.history.of("refused") if entry.session == failed.id), None)
    if refused is not None and refused.detail["by"] == "closed":
        lines.append("  then the server closed the connection")
    elif refused is not None:
        lines.append(f"  which the profile calls a refusal: {_shown(str(refused.detail['by']))}")
    text = failed.ear.unclaimed or heard
    if awaited is not None and (near := nearest_line(stage.profile, stage.vocabulary, awaited, text)) is not None:
        came, difference = near
        lines.append(f"Nearest to what was awaited is {quoted(came)}: the profile has {difference}.")
    ended = next((entry for entry in stage.history.of("server") if _by_itself(entry)), None)
    if ended is not None:
        code = ended.detail.get("code")
        how = "" if code is None else f", killed by signal {-code}" if code < 0 else f", with {exit_code(code)}"
        lines.append(f"  and the server itself had ended{how}: see what it printed last.")
    lines.append("Compare the profile's `join` with what the server says to a newcomer.")
    if NOTHING in lines and refused is None and not stage.profile.line.wire.messages:
        lines.append(SILENT)
    return "\n".join(lines)


def _by_itself(entry: Entry) -> bool:
    return entry.detail.get("what") == "exited" and not entry.detail.get("asked")


def _sent(stage: Stage, session: Session, template: Template, wire: bytes | None) -> str:
    did = "  sent    " if wire is not None else "  not yet sent"
    if session.translator is not None:
        from chatsim.profile.translating import in_words

        return f"{did} {in_words(template, _shown)}"
    text = _shown("".join(template.render(stage.values(session))))
    hidden = wire is not None and stage.profile.sent.kind in _HIDDEN
    return f"{did} {text}, as {_shown_bytes(wire or b'')}" if hidden else f"{did} {text}"


def _received(stage: Stage, session: Session) -> list[str]:
    """Frame by frame, where one could not see in a text where one ends and the next begins."""
    tail = session.ear.tail
    if not tail:
        return [NOTHING]
    encoding = stage.profile.encoding
    kind = stage.profile.received.kind
    taken = session.ear.taken() if kind not in _VISIBLE else None
    if taken is None:
        return [f"  received {_shown_text(tail, encoding)}"]
    lines = [f"  received {_shown_text(frame, encoding)}" for frame in taken.frames[-MOST:]]
    if len(taken.frames) > MOST:
        lines.insert(0, f"  received … {len(taken.frames) - MOST} before these")
    rest = taken.rest or (b"" if taken.frames else tail)
    if taken.broken is not None:
        why = f": {taken.broken}"
        lines.append(f"  received {_shown_bytes(rest)}, which is no message as `framing` has it{why}")
    elif rest:
        lines.append(f"  received {_shown_text(rest, encoding)}, which is no whole message as `framing` has it")
    return lines


def _not_connected(session: Session, why: str) -> str:
    """Nothing of the profile's dialogue was said: either nobody is there, or what is there speaks something else."""
    first = f"{session.bot} could not connect: {why}"
    sent, got = session.unagreed
    if not sent and not got:
        return first
    lines = [
        first,
        "chatsim spoke to it, and this is where the dialogue stopped:",
        f"  sent     {_shown_bytes(sent, _telling(sent))}" if sent else "  sent nothing",
        f"  received {_shown_bytes(got)}" if got else NOTHING,
        "Compare `transport` in the profile with what the server speaks.",
    ]
    return "\n".join(lines)


def _on_the_wire(session: Session, heard: str) -> list[str]:
    """Both sides' bytes, where code stands between us and the wire; and what the code made of them."""
    from chatsim.profile.translating import shown_event

    assert session.translator is not None
    wrote, got = bytes(session.translator.wrote), bytes(session.translator.got)
    return [
        f"  bytes sent     {wrote[:200]!r}" if wrote else "  no byte was sent",
        f"  bytes received {got[-200:]!r}" if got else NOTHING,
        *(f"  understood     {shown_event(line)[:100]}" for line in heard.splitlines()[:5]),
    ]


def _telling(data: bytes) -> int:
    """How much of what our side said to agree tells anything: of TLS the head of its first record, the rest is random."""
    return 60 if data[:1].isalpha() else 5


def _shown_text(data: bytes, encoding: str) -> str:
    """As text where it is one in this encoding, else as bytes."""
    try:
        return _shown(data.decode(encoding))
    except UnicodeDecodeError:
        return _shown_bytes(data)


def _shown_bytes(data: bytes, most: int = 200) -> str:
    return repr(data[:most]) + ("…" if len(data) > most else "")


def _shown(text: str) -> str:
    shown = repr(text[:200])
    return shown if len(text) <= 200 else f"{shown}…"
