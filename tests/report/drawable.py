"""Histories that are worth a picture: what was overtaken, lost, doubled and cut off can be seen in them."""

from __future__ import annotations

from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.history import History
from tests.checks.story import Story

EVIL = "</script><script>alert(1)</script>]]>&amp;<!--\x00\x1b[31m\u202egnp.exe\u2066\udc80\ufffe"


def failed(name: str, *witness: int, evidence: Evidence = Evidence.PROOF) -> Verdict:
    return Verdict(name, Outcome.FAILED, "so it was.", witness, evidence, exercised=1, where="story.yaml:3:5")


def overtaken() -> tuple[History, list[Verdict]]:
    """bob hears the second message first, cat the first one twice, and never the second."""
    story = Story()
    story.step("join", text="- join: everyone")
    story.connect("ann", "bob", "cat")
    story.told("ann", "bob", "cat")
    story.step("chat", text="- chat: {ann: [one, two]}")
    story.say("ann", "one")
    story.say("ann", "two")
    early = story.hear("bob", "two")
    late = story.hear("bob", "one")
    first = story.hear("cat", "one")
    again = story.hear("cat", "one")
    wait = story.waited(("heard", "cat", "two"))
    story.drop("ann")
    story.notice("bob", "left", "ann")
    story.server("exited", code=1, asked=False)
    story.closed("bob", declared="server")
    story.closed("cat", declared="server")
    story.ended()
    verdicts = [
        failed("fifo-order", early, late),
        failed("no-duplication", first, again),
        failed("delivery", wait, evidence=Evidence.ABSENCE),
    ]
    return story.history, verdicts


def everything() -> History:
    """One of each sign."""
    story = Story()
    story.server("started", pid=1, command="python server.py")
    story.connect("ann", "bob")
    story.told("ann")
    story.note("refused", "bob", by="no room", expected=False)
    story.connect("bob", nick="bobby")
    story.told("bob", nick="bobby")
    story.say("ann", "hello")
    story.hear("bob", "hello")
    story.hear("ann", "hello", "echo")
    story.ack("ann", "hello")
    story.say("bob", "whole")
    story.damaged("ann", "whole", "truncated", "who")
    story.say("bob", "echo?")
    story.waited(("echo", "bob", "echo?"))
    story.note("foreign", "ann", nick="bob", text="nobody said this")
    story.note("act", "bob", what="raw")
    story.note("stall", "ann")
    story.note("resume", "ann")
    story.leave("bob")
    story.note("expected", step=1, bot="ann", what="to hear that bob left", met=False, negative=False, where="")
    story.note("crash", text="ValueError: no")
    story.server("exited", code=1, asked=False)
    story.closed("ann", declared="server")
    return story.history


def crowd(bots: int = 60, each: int = 40) -> tuple[History, list[Verdict]]:
    """Everybody hears everything, but for one message that one of them waits for in vain."""
    story = Story()
    names = [f"bot{number}" for number in range(bots)]
    story.connect(*names)
    story.told(*names)
    for number in range(each):
        sender, text = names[number % bots], f"message {number}"
        story.say(sender, text)
        for name in names:
            if name != sender and (name, number) != (names[17], each // 2):
                story.hear(name, text)
    wait = story.waited(("heard", names[17], f"message {each // 2}"))
    story.ended()
    return story.history, [failed("delivery", wait, evidence=Evidence.ABSENCE)]


def hostile() -> tuple[History, list[Verdict]]:
    """A server, and a scenario, that put into every text what would break a page."""
    story = Story()
    story.step("chat", text=f"- chat: {EVIL}", place=f"{EVIL}:3:5")
    story.connect(EVIL, "ann")
    story.told(EVIL, nick=EVIL)
    story.say("ann", EVIL)
    story.hear(EVIL, EVIL)
    story.notice("ann", "left", EVIL)
    odd = story.note("unrecognised", "ann", text=EVIL)
    crash = story.note("crash", text=EVIL)
    story.note("out", stream="stderr", line=EVIL)
    wait = story.waited(("heard", EVIL, EVIL), ("notice", "ann", f"left {EVIL}"))
    story.ended()
    return story.history, [failed("no-creation", odd, crash, wait)]
