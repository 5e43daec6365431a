"""A story judged and explained: which hint stands at which property."""

from __future__ import annotations

from chatsim.checks.judge import judge
from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.diagnosis.evidence import Evidence as Seen
from chatsim.diagnosis.explain import RULES, explain
from chatsim.history import History
from tests.checks.story import Story

__all__ = ["explained", "failing", "prints", "silent_about"]


def explained(story: Story, *others: Verdict) -> dict[str, Verdict]:
    """All verdicts on it by property, with their hints; `others` take the place of what was judged."""
    verdicts = {verdict.property: verdict for verdict in judge(story.history)}
    verdicts.update({verdict.property: verdict for verdict in others})
    return {verdict.property: verdict for verdict in explain(story.history, list(verdicts.values()))}


def failing(name: str, *witness: int, evidence: Evidence = Evidence.ABSENCE, hint: str = "") -> Verdict:
    """A verdict written down by hand, for a rule that needs no more of it than its witness."""
    return Verdict(name, Outcome.FAILED, "It failed.", witness, evidence, exercised=1, hint=hint)


def silent_about(history: History) -> list[str]:
    """The rules that have something to say of a history. Of a right one that should be none."""
    evidence = Seen(history, judge(history))
    return [rule.__name__ for rule in RULES if rule(evidence) is not None]


def prints(story: Story, text: str, *, crash: bool = False, stream: str = "stderr") -> int:
    """The server prints these lines; `crash`: nobody had caught it. Returns the index of the last."""
    lines = text.strip("\n").split("\n")
    index = -1
    for line in lines:
        index = story.note("out", stream=stream, line=line)
    if crash:
        index = story.note("crash", text="\n".join(lines))
    return index
