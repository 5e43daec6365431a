"""Reports for the formats that programs read: one of each kind, and what a hostile server might have put into them."""

from __future__ import annotations

from dataclasses import replace

import literal
from hypothesis import strategies as st

from chatsim.checks.verdict import Evidence, Outcome, Verdict
from chatsim.report.report import Report, Run

HOSTILE = (
    "<script>alert(1)</script> ]]> <!-- --> <?x?> &lt; &#0; '\"`|\\ %0A::error::x",
    "\x00\x01\x08\x0b\x1b[31mred\x1b]0;title\x07\x9b2J\x7f",
    "\u202etxt.exe\u2066\u2028\u2029\u200f\ufeff\ufffe\uffff\udc80\ud800",
    "::error file=a,line=1::owned",
    "##[error]owned ##[add-mask]o",
    "not ok 1 - lie\nok 2 # SKIP\nBail out! of here\n  ---\n  ...\n1..0",
    "```\n# head\n</details><img src=x onerror=alert(1)> [a](javascript:b) @everyone #1 www.example.org\n~~~",
)


def shown_as(text: str) -> Run:
    """A run in which everything that anybody else had a say in is this text."""
    run = literal.failed()
    assert run.history is not None
    history = literal.drop_without_notice()
    index = history.note(2.7, "unrecognised", 0, text=text)
    verdicts = (
        Verdict("intact", Outcome.FAILED, text, (index,), Evidence.PROOF, where=f"{text}:1:1", hint=text),
        Verdict("delivery", Outcome.INCONCLUSIVE, text, hint=text),
        Verdict("roster", Outcome.NOT_APPLICABLE, text),
        Verdict("total-order", Outcome.NOT_EXERCISED, text),
    )
    return replace(
        run,
        scenario=text,
        file=text,
        profile=text,
        server=text,
        replay=text,
        verdicts=verdicts,
        history=history,
        server_words=(text,),
        notes=(text,),
        bot_words={"alice": text},
    )


def everything() -> Report:
    """Each outcome once, each in a scenario of its own."""
    runs = {
        "passed": literal.passed(),
        "failed": literal.failed(),
        "unclear": literal.unclear(),
        "asked": literal.asked_in_vain(),
        "not-started": literal.not_started(),
        "not-applicable": literal.not_applicable(),
    }
    return Report(
        tuple(replace(run, file=f"scenarios/{name}.yaml") for name, run in runs.items()),
        began=1_700_000_000.25,
        ended=1_700_000_012.5,
    )


def twenty_runs() -> Report:
    """Of twenty runs the fourth and the sixth failed, and the ninth is inconclusive."""
    runs = [literal.passed(seed) for seed in range(42, 62)]
    for number in (4, 6):
        runs[number - 1] = replace(literal.failed(), seed=41 + number)
    runs[8] = literal.unclear(50)
    return Report(tuple(runs), repeat=20)


_runs = st.sampled_from(
    [
        literal.passed(),
        literal.failed(),
        literal.unclear(),
        literal.asked_in_vain(),
        literal.not_started(),
        literal.not_applicable(),
        replace(literal.passed(), interrupted=True, outcome=Outcome.INCONCLUSIVE),
        replace(literal.passed(), verdicts=literal.IDLE, outcome=Outcome.INCONCLUSIVE),
    ]
)


@st.composite
def any_reports(draw: st.DrawFn) -> Report:
    """Scenarios played once or more often, whatever came of them."""
    scenarios = draw(st.lists(st.lists(_runs, min_size=1, max_size=6), max_size=4))
    runs = [replace(run, file=f"{number}.yaml") for number, runs in enumerate(scenarios) for run in runs]
    return Report(tuple(runs), repeat=max(map(len, scenarios), default=1), interrupted=draw(st.booleans()))
