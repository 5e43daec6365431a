"""The report as one HTML page that needs nothing else: no file beside it, no network, and no trust in what a server sent.

Three things keep what a server sent from becoming markup, each of which would do: every value is made printable before it
is written (so there is no control character and nothing that reorders text); the template escapes all values; and the
page forbids itself, by its Content-Security-Policy, every script and style but its own, and every request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.properties import PROPERTIES
from chatsim.report.last_words import heard_last, server_words
from chatsim.report.narrate import Narrator
from chatsim.report.own_page import asset, policy, template
from chatsim.report.printable import shorten
from chatsim.report.rate import Rate, rates, standing, valid
from chatsim.report.report import Report, Run
from chatsim.report.spacetime.diagram import Diagram, Fate, Lane, Mark, Said, Sign
from chatsim.report.spacetime.layout import MOST_EVENTS, diagram
from chatsim.report.spacetime.svg import head_svg, key_svg, svg
from chatsim.report.text import BECAUSE, REPLAYED, SEEN, SEEN_AT, asked_in_vain
from chatsim.report.timeline import step_lines
from chatsim.report.unrecognised import unrecognised

__all__ = ["render"]

FEWER = 120  # events in the diagram of a run in which nothing failed
MOST_PICTURES = 30  # diagrams of such runs: each makes the page a little slower, and what is looked for is elsewhere
MOST_RUNS = 200  # rows in a table of repeats
ODD_ONES = 12
WITNESSES = 40

LEGEND = {
    Sign.SEND: "says",
    Sign.HEARD: "hears",
    Sign.RECEIPT: "gets the receipt",
    Sign.DAMAGED: "gets it damaged",
    Sign.NOTICE: "is told who is there",
    Sign.ODD: "gets what nobody said, or nobody can explain",
    Sign.MISSING: "waited for in vain",
    Sign.UNMET: "expected in vain",
    Sign.CONNECT: "connects",
    Sign.JOINED: "has joined",
    Sign.REFUSED: "is refused",
    Sign.LEAVE: "leaves",
    Sign.DROP: "drops",
    Sign.CLOSED: "is closed by the server",
    Sign.STALL: "stops reading",
    Sign.RESUME: "reads on",
    Sign.BAD: "sends bad input",
    Sign.SERVER: "what the server did",
    Sign.CRASH: "crashed, or ended unasked",
}

VIOLATED = {known.name: known.violated_when for known in PROPERTIES}


def render(report: Report) -> str:
    """The whole report as an HTML page, without a line end. Large histories are cut in their diagrams, which is said."""
    from chatsim._version import __version__

    css, js = asset("chatsim.report", "page.css"), asset("chatsim.report", "page.js")
    sections = list(_sections(report))
    page = (
        template("chatsim.report", "page.html")
        .render(
            title=_title(report),
            version=__version__,
            written=datetime.fromtimestamp(report.ended, UTC).strftime("%Y-%m-%d %H:%M UTC") if report.ended else "",
            interrupted=report.interrupted or any(run.interrupted for run in report.runs),
            stopped_early=report.stopped_early,
            sections=sections,
            tally=Counter(section.word for section in sections),
            css=Markup(css),
            js=Markup(js),
            policy=policy(css, js),
        )
        .rstrip("\n")
    )
    # A CI server that reads our standard output takes `##[` for a command of its own. It stands in words of others alone.
    return page.replace("##[", "##&#91;")


def _title(report: Report) -> str:
    groups = report.scenarios()
    return groups[0][0].scenario or groups[0][0].file if len(groups) == 1 else f"{len(groups)} scenarios"


# --- what the page is made of -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the table that says what the diagram shows. `row` in the diagram, as the script filters by it."""

    index: int
    time: str
    words: str
    lanes: str
    message: int
    witness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    index: int
    time: str
    who: str
    words: str
    drawn: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """One property of a run."""

    verdict: Verdict
    word: str
    violated: str
    because: str
    seen: str
    proofs: tuple[Proof, ...]
    more_proofs: int
    hint: tuple[tuple[tuple[bool, str], ...], ...]  # lines of (is it code?, words)
    at: str


@dataclass(frozen=True, slots=True)
class Picture:
    svg: Markup
    heads: Markup
    left_out: str
    lanes: Sequence[Lane]
    messages: Sequence[Said]
    events: Sequence[Event]
    legend: Sequence[tuple[Markup, str]]
    lost: bool
    proved: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One run, told in full."""

    run: Run
    prefix: str
    number: int
    error: Sequence[str]
    grave: Sequence[Judged]
    asked: Sequence[Judged]
    rest: Sequence[Judged]
    picture: Picture | None
    steps: Sequence[str]
    odd: Sequence[str]
    last: dict[str, list[str]]
    printed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """One scenario, played once or many times."""

    id: str
    word: str
    runs: Sequence[Run]
    shown: Sequence[Run]
    counts: str
    seconds: float
    rates: Sequence[Rate]
    valid: int
    told: Told


def _sections(report: Report) -> Iterator[Section]:
    pictures = MOST_PICTURES
    groups = report.scenarios()
    for number, runs in enumerate(groups, start=1):
        run = next((run for run in runs if _is_bad(run)), None) or next(
            (run for run in runs if run.outcome is Outcome.INCONCLUSIVE), runs[0]
        )
        quiet = not any(verdict.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE) for verdict in run.verdicts)
        pictures -= quiet
        last = number == len(groups)
        yield Section(
            f"s{number}",
            standing(runs).replace("-", " "),
            runs,
            runs[:MOST_RUNS],
            _counts(run),
            sum(one.duration_s for one in runs),
            rates(runs, stopped=report.stopped_early and last) if len(runs) > 1 else (),
            len(valid(runs)),
            _told(run, f"s{number}-", runs.index(run) + 1, drawn=not quiet or pictures >= 0),
        )


def _is_bad(run: Run) -> bool:
    return run.error is not None or run.outcome is Outcome.FAILED


def _counts(run: Run) -> str:
    counts = Counter(verdict.outcome for verdict in run.verdicts)
    order = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.PASSED, Outcome.NOT_EXERCISED, Outcome.NOT_APPLICABLE)
    return " · ".join(f"{outcome.value.replace('-', ' ')} {counts[outcome]}" for outcome in order if counts[outcome])


def _told(run: Run, prefix: str, number: int, *, drawn: bool) -> Told:
    failed = [verdict for verdict in run.verdicts if verdict.outcome is Outcome.FAILED]
    unclear = [verdict for verdict in run.verdicts if verdict.outcome is Outcome.INCONCLUSIVE]
    grave, asked = [*failed, *unclear], asked_in_vain(run)
    rest = [verdict for verdict in run.verdicts if verdict not in grave and verdict not in asked]
    history = run.history
    narrator = Narrator(history) if history is not None else None
    picture, indexes = None, frozenset[int]()
    if history is not None and drawn:
        layout = diagram(history, run.verdicts, most=MOST_EVENTS if grave else FEWER)
        indexes = frozenset(mark.index for mark in layout.marks)
        picture = _picture(layout, prefix) if layout.rows else None
    printed = list(run.server_words)[-10:] or (server_words(history) if history is not None else ())
    return Told(
        run,
        prefix,
        number,
        str(run.error).split("\n") if run.error is not None else (),
        [_judged(verdict, run, narrator, indexes) for verdict in grave],
        [_judged(verdict, run, narrator, indexes) for verdict in asked],
        [_judged(verdict, run, narrator, indexes) for verdict in rest],
        picture,
        step_lines(history) if history is not None else (),
        list(_odd(run)),
        heard_last(run, grave) if grave else {},
        printed if grave or run.error is not None else (),
    )


def _judged(verdict: Verdict, run: Run, narrator: Narrator | None, drawn: frozenset[int]) -> Judged:
    known = [index for index in verdict.witness if narrator is not None and 0 <= index < len(narrator.history)]
    because = ""
    if verdict.property in run.seen_again:
        because = REPLAYED[run.seen_again[verdict.property]]
    elif verdict.outcome is Outcome.INCONCLUSIVE and verdict.cause is not None:
        because = f"This proves nothing: {BECAUSE[verdict.cause]}."
    return Judged(
        verdict,
        verdict.outcome.value.replace("-", " "),
        VIOLATED.get(verdict.property, ""),
        because,
        SEEN[verdict.evidence] if verdict.evidence is not None else "What was seen:",
        tuple(_proof(index, narrator, drawn) for index in known[:WITNESSES]) if narrator is not None else (),
        max(0, len(known) - WITNESSES),
        tuple(_with_code(line) for line in verdict.hint.split("\n") if line.strip()),
        SEEN_AT.get(verdict.at, verdict.at),
    )


def _with_code(line: str) -> tuple[tuple[bool, str], ...]:
    """What stands between backticks is code, if each has its partner."""
    parts = line.split("`")
    if len(parts) % 2 == 0:
        return ((False, line),)
    return tuple((number % 2 == 1, part) for number, part in enumerate(parts) if part)


def _proof(index: int, narrator: Narrator, drawn: frozenset[int]) -> Proof:
    return Proof(
        index, f"{narrator.history[index].t:.3f} s", narrator.who(index), narrator.words(index), index in drawn
    )


def _odd(run: Run) -> Iterator[str]:
    if run.history is None or run.error is not None:
        return
    narrator, found = Narrator(run.history), unrecognised(run.history)
    for each in found[:ODD_ONES]:
        often = f" ({each.times} times)" if each.times > 1 else ""
        near = f" – nearest: {each.near}" if each.near is not None else ""
        yield f'{narrator.name(each.who)} got "{shorten(each.text)}"{often}{near}'
    if len(found) > ODD_ONES:
        yield f"… and {len(found) - ODD_ONES} more"


def _picture(layout: Diagram, prefix: str) -> Picture:
    lanes: dict[int, list[int]] = {}
    for mark in layout.marks:
        lanes.setdefault(mark.index, []).append(mark.lane)
    first: dict[int, Mark] = {}
    for mark in layout.marks:
        first.setdefault(mark.index, mark)
    events = [
        Event(
            index,
            f"{mark.t:.5f}",
            mark.words,
            " ".join(map(str, lanes[index])),
            mark.message,
            mark.witness,
        )
        for index, mark in first.items()
    ]
    return Picture(
        Markup(svg(layout, prefix)),
        Markup(head_svg(layout)),
        layout.left_out(),
        layout.lanes,
        layout.messages,
        events,
        [
            (Markup(key_svg(sign)), words)
            for sign, words in LEGEND.items()
            if sign in {mark.sign for mark in layout.marks}
        ],
        any(arrow.fate is Fate.LOST for arrow in layout.arrows),
        any(row.witness for row in layout.rows),
    )
