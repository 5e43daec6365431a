"""Servers where nobody hears anybody: an echo for each, or a console that prints what it is told."""

from __future__ import annotations

from chatsim.detect.entering import Heard, Sent
from chatsim.detect.findings import Findings, Step
from chatsim.detect.inducing import induce
from chatsim.detect.trying import REPLY, Trial

__all__ = ["lesser_findings"]


def lesser_findings(trial: Trial, text: str) -> Findings:
    """A profile's findings from a trial in which the speaker alone heard something, or nobody did."""
    found = Findings(trial.way, says=trial.says)
    client = trial.clients[0]
    sends_name = any("{nick}" in step.template for step in client.steps if isinstance(step, Sent))
    found.nick = "chosen" if sends_name else "none"
    values = {"text": text, "ip": client.bot.ip, "client-port": str(client.bot.port)}
    if sends_name:
        values["nick"] = client.nick
    for step in client.steps:
        if isinstance(step, Sent):
            found.join.append(Step("send", step.template))
        elif isinstance(step, Heard):
            found.join.append(Step("await", induce(step.pieces[-1], {"nick": client.nick})))
    if client.steps and client.steps[-1] == Sent("{nick}", asked=False):
        found.join.pop()  # nothing shows that it was taken for a name
        found.nick = "none"
    echo = next((piece for piece in trial.own if text in piece), "")
    if echo:
        found.echo = [induce(echo, values)]
        found.note("hears", "the others heard nothing")
        found.note("echo", "who speaks hears itself, and nobody else does")
    if trial.replied:
        found.replies = induce(trial.replied[0], {"text": REPLY})
        found.note("operator", "what was typed on the server's console came to the client")
        found.open.append("what is typed to end a client's session (operator: {ends: …})")
    if trial.printed:
        found.said = induce(trial.printed, values)
    if len(trial.clients) == 2 and trial.clients[1].refused:
        found.clients = 1
        found.note("limits", "a second client was not served while the first was there")
    return found
