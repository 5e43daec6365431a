"""Where the dialogue stopped: what to tell somebody whose profile does not fit their server, or whose server is silent."""

from __future__ import annotations

from chatsim.engine.stage import Stage
from chatsim.profile.profile import Await, SendThis

__all__ = ["how_far"]

NOTHING = "  received nothing at all"


def how_far(stage: Stage) -> str:
    """A letter about the first session that did not get in. For the case that none did."""
    failed = next((each for each in stage.sessions if not each.told), None)
    if failed is None:
        return "no bot ever tried to join"
    unreachable = next((entry for entry in stage.history.of("unreachable") if entry.session == failed.id), None)
    if unreachable is not None:
        return f"{failed.bot} could not connect: {unreachable.detail['why']}"
    lines = [f"{failed.bot} connected, and this is where the dialogue of the profile {stage.profile.name!r} stopped:"]
    stopped = failed.stopped_at
    for number, line in enumerate(stage.profile.join):
        if stopped is not None and number > stopped:
            break
        if isinstance(line, SendThis):
            text = "".join(line.template.render(stage.values(failed)))
            lines.append(f"  sent     {_shown(text)}")
        elif isinstance(line, Await):
            wanted = " or ".join(_shown(template.source) for template in line.templates) or "the end of the connection"
            lines.append(f"  {'awaited ' if number == stopped else 'heard   '} {wanted}")
    heard = failed.ear.tail.decode(stage.profile.encoding, "replace")
    lines.append(f"  received {_shown(heard)}" if heard else NOTHING)
    refused = next((entry for entry in stage.history.of("refused") if entry.session == failed.id), None)
    if refused is not None and refused.detail["by"] == "closed":
        lines.append("  then the server closed the connection")
    elif refused is not None:
        lines.append(f"  which the profile calls a refusal: {_shown(str(refused.detail['by']))}")
    lines.append("Compare the profile's `join` with what the server says to a newcomer.")
    if NOTHING in lines:
        lines.append("A server that says nothing may wait for the end of a message: compare `framing`, too.")
    return "\n".join(lines)


def _shown(text: str) -> str:
    shown = repr(text[:200])
    return shown if len(text) <= 200 else f"{shown}…"
