"""The report for a person at a console. Pure: what is printed depends on the report and the style alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.report.last_words import heard_last, server_words
from chatsim.report.narrate import Narrator
from chatsim.report.printable import columns, encodable, fit, printable, shorten, wrap
from chatsim.report.rate import rarer_than, rates, valid
from chatsim.report.report import VALID_ENOUGH, Report, Run
from chatsim.report.sentences import sentence
from chatsim.report.timeline import step_lines
from chatsim.report.unrecognised import unrecognised

__all__ = ["Style", "asked_in_vain", "render", "scenario", "summary", "trouble", "verdict"]

QUIET, NORMAL, VERBOSE = -1, 0, 1
NARROWEST = 40  # below this, wrapping makes things worse
WITNESSES = 12  # lines of one witness; a proof needs four, the rest is for cycles
MOST_DRAWN, MOST_DRAWN_LANES = 24, 8  # events and bots in a diagram of a failure
ODD_ONES = 5  # kinds of texts that nobody recognised

BECAUSE = {
    Cause.MACHINE: "this machine was too busy for the wait to count; run it again when it is idle, or with --patience 4",
    Cause.TCP: "our own drop may have taken the bytes along, so the server can not be blamed",
    Cause.PROFILE: "something arrived that the profile does not explain; see what it was, and add it to the profile",
}
NOT_SEEN_AGAIN = (
    "This proves nothing: this machine may have been too busy, or it happens now and then. "
    "--repeat 50, with one job, shows how often."
)
NOT_REPLAYED = "This proves nothing yet: what is waited for in vain counts when a replay alone shows it, too."
REPLAYED = {True: "Seen again in a replay alone, with the same seed.", False: NOT_SEEN_AGAIN, None: NOT_REPLAYED}
SEEN_AT = {
    "once": "at once",
    "idle": "after a moment of rest",
    "after speech": "only after somebody had spoken",
}
SEEN = {
    Evidence.PROOF: "What was seen:",
    Evidence.ABSENCE: "What was waited for in vain:",
}


@dataclass(frozen=True, slots=True)
class Style:
    """How to tell: `verbosity` -1 quiet, 0, 1 verbose; `width` in columns; `encoding` of where it will be shown;
    `profile_is_given`: whoever reads it can not change the profile."""

    verbosity: int = NORMAL
    colour: bool = False
    width: int = 100
    encoding: str = "utf-8"
    profile_is_given: bool = False


def render(report: Report, style: Style = Style()) -> str:
    """The whole report: every scenario, then a line that sums up, if there were several."""
    return "\n".join(scenario(runs, report, style) for runs in report.scenarios()) + summary(report, style)


def scenario(runs: Sequence[Run], report: Report, style: Style = Style()) -> str:
    """What came of one scenario, played once or many times. Ends with a line end."""
    teller = _Teller(style)
    lines = teller.one(runs[0]) if len(runs) == 1 and report.repeat == 1 else teller.many(runs, report)
    return encodable("\n".join(lines) + "\n", style.encoding)


def summary(report: Report, style: Style = Style()) -> str:
    """One line about all scenarios; empty if there was one, and it was finished."""
    groups = report.scenarios()
    parts = []
    if len(groups) > 1:
        counts = Counter(_word(_gravest(runs)) for runs in groups)
        parts.append(
            f"{len(groups)} scenarios: " + " · ".join(f"{counts[word]} {word}" for word in WORDS if counts[word])
        )
    if report.interrupted or any(run.interrupted for run in report.runs):
        parts.append("Interrupted: what had been finished is told above." if groups else "Interrupted.")
    elif report.stopped_early:
        parts.append("Stopped at the first failure (-x).")
    if not parts:
        return ""
    gap = "\n" if groups else ""
    return encodable(gap + "\n".join(parts) + "\n", style.encoding)


def verdict(verdict: Verdict, run: Run, style: Style = Style()) -> str:
    """One property alone, told as within its run: what was seen, why it proves nothing, what to try."""
    lines = _Teller(style)._verdict(verdict, run, explained=True)
    return encodable("\n".join(lines) + "\n", style.encoding)


def trouble(run: Run, style: Style = Style()) -> str:
    """What is below the head of a run: why it was not played, what failed, what is not known."""
    return encodable("\n".join(_Teller(style)._body(run)) + "\n", style.encoding)


# The words of an outcome, gravest first.
WORDS = ("error", "failed", "inconclusive", "passed", "not applicable")

_COLOURS = {
    "error": "1;31",
    "failed": "1;31",
    "inconclusive": "1;33",
    "passed": "1;32",
    "not applicable": "2",
    "not exercised": "2",
}


def _word(run: Run) -> str:
    if run.error is not None:
        return "error"
    return run.outcome.value.replace("-", " ")


def _gravest(runs: Sequence[Run]) -> Run:
    return min(runs, key=lambda run: WORDS.index(_word(run)) if _word(run) in WORDS else 2)


class _Teller:
    def __init__(self, style: Style) -> None:
        self.style = style
        roomy = encodable("…", style.encoding) == "…"  # elsewhere it becomes three dots
        self.width = max(NARROWEST, style.width if roomy else style.width - 2)

    # --- one run ------------------------------------------------------------------------------------------------

    def one(self, run: Run) -> list[str]:
        quiet, verbose = self.style.verbosity < NORMAL, self.style.verbosity > NORMAL
        lines = list(self._head(_word(run), run.file, run.scenario))
        facts = [] if quiet else self._counts(run.verdicts)
        facts.append(f"seed {run.seed}")
        if not quiet:
            facts += [f"{run.duration_s:.2f} s"] if run.duration_s else []
            facts += [self._against(run)] if verbose or _word(run) != "passed" else []
        lines += self._joined(facts)
        return [*lines, *self._body(run)]

    def _head(self, word: str, file: str, claim: str) -> Iterator[str]:
        label = word.upper()
        rest = " · ".join(printable(part) for part in (file, claim) if part)
        first, *more = wrap(rest, self.width, indent=f"{label}  ", later=" " * 8)
        yield self._paint(word, label) + first[len(label) :]
        yield from more

    def _against(self, run: Run) -> str:
        return f"{printable(run.server)}, profile {printable(run.profile)}"

    def _counts(self, verdicts: Iterable[Verdict]) -> list[str]:
        counts = Counter(verdict.outcome for verdict in verdicts)
        order = (
            Outcome.FAILED,
            Outcome.INCONCLUSIVE,
            Outcome.PASSED,
            Outcome.NOT_EXERCISED,
            Outcome.NOT_APPLICABLE,
        )
        return [f"{outcome.value.replace('-', ' ')} {counts[outcome]}" for outcome in order if counts[outcome]]

    def _joined(self, parts: Sequence[str]) -> Iterator[str]:
        line = " " * 8
        for number, part in enumerate(parts):
            if number and columns(line) + 3 + columns(part) > self.width:
                yield line
                line = " " * 8 + part
            else:
                line += f" · {part}" if number else part
        yield line

    def _body(self, run: Run) -> Iterator[str]:
        """Everything below the head: why it was not played, what failed, what is not known, how to replay it."""
        if run.error is not None:
            yield from self._error(run)
        elif run.outcome is Outcome.NOT_APPLICABLE:
            yield from self._paragraph(f"Not played: {run.why}" if run.why else "Not played.", " " * 8)
        for note in run.notes:
            if self.style.verbosity >= NORMAL:
                yield from self._paragraph(f"Note: {note}", " " * 8)
        failed = [v for v in run.verdicts if v.outcome is Outcome.FAILED]
        unclear = [v for v in run.verdicts if v.outcome is Outcome.INCONCLUSIVE]
        grave = [*failed, *unclear]
        # Each cause is explained once; what was to be replayed has its own words.
        said = {verdict.cause: verdict for verdict in reversed(unclear) if verdict.property not in run.seen_again}
        named = asked_in_vain(run)
        for verdict in grave:
            yield ""
            yield from self._verdict(verdict, run, explained=said.get(verdict.cause) is verdict)
        if named:
            yield ""
            yield from self._not_exercised(named, run)
        elif run.outcome is Outcome.INCONCLUSIVE and not grave and run.error is None:
            yield ""
            yield "  Nothing in this run put any property to the test."
        if run.error is None and self.style.verbosity >= NORMAL:
            yield from self._unrecognised(run)
        if grave and self.style.verbosity >= NORMAL:
            yield from self._last_words(run, grave)
        if self.style.verbosity > NORMAL:
            yield from self._everything(run, told=[*grave, *named])
        if run.replay and (grave or run.error is not None or named):
            yield ""
            yield f"  Reproduce with: {printable(run.replay)}"

    def _error(self, run: Run) -> Iterator[str]:
        for line in _lines(str(run.error)):
            yield from self._paragraph(sentence(line), " " * 8)
        yield from self._printed(run)

    def _verdict(self, verdict: Verdict, run: Run, *, explained: bool) -> Iterator[str]:
        word = verdict.outcome.value
        where = _file_and_line(verdict.where)
        head = f"  {self._paint(word, word.upper())}  {verdict.property}"
        yield f"{head:<{27 + len(head) - self._plain(head)}}  {printable(where)}".rstrip() if where else head
        yield from self._paragraph(verdict.summary, " " * 4)
        if verdict.property in run.seen_again:
            yield from self._paragraph(REPLAYED[run.seen_again[verdict.property]], " " * 4)
        elif verdict.cause is not None and explained:
            yield from self._paragraph(f"This proves nothing: {BECAUSE[verdict.cause]}.", " " * 4)
        if self.style.verbosity < NORMAL:
            return
        yield from self._witness(verdict, run)
        for line in _lines(verdict.hint):
            yield from self._paragraph(line, " " * 4, later=" " * 6)

    def _witness(self, verdict: Verdict, run: Run) -> Iterator[str]:
        history = run.history
        if history is None or not verdict.witness:
            return
        known = [index for index in verdict.witness if 0 <= index < len(history)]
        yield f"    {SEEN.get(verdict.evidence or Evidence.PROOF)}"
        for line in Narrator(history).lines(known[:WITNESSES]):
            yield from wrap(line, self.width, indent=" " * 6, later=" " * 10)
        if len(known) > WITNESSES:
            yield f"      … and {len(known) - WITNESSES} more"

    def _not_exercised(self, verdicts: Sequence[Verdict], run: Run) -> Iterator[str]:
        for verdict in verdicts:
            where = _file_and_line(run.history.header.where.get(verdict.property, "")) if run.history else ""
            head = f"  {self._paint('not exercised', 'NOT EXERCISED')}  {verdict.property}"
            yield f"{head}  {printable(where)}".rstrip()
            reason = verdict.summary or "Nothing in this run could have violated it."
            yield from self._paragraph(reason, " " * 4)
            asked = "It is asked for by name"
            inconclusive = run.outcome is Outcome.INCONCLUSIVE
            yield from self._paragraph(
                f"{asked}, so this run is inconclusive." if inconclusive else f"{asked}.", " " * 4
            )

    def _unrecognised(self, run: Run) -> Iterator[str]:
        """For whoever wrote the profile: what it does not explain, and what it nearly does."""
        if run.history is None or not (odd := unrecognised(run.history)):
            return
        yield ""
        yield "  Received, and not recognised:"
        narrator = Narrator(run.history)
        most = len(odd) if self.style.verbosity > NORMAL else ODD_ONES
        for each in odd[:most]:
            often = f" ({each.times} times)" if each.times > 1 else ""
            near = f" – nearest: {each.near}" if each.near is not None else ""
            line = f'{narrator.name(each.who)} got "{shorten(each.text)}"{often}{near}'
            yield from wrap(printable(line), self.width, indent=" " * 4, later=" " * 8)
        if len(odd) > most:
            yield f"    … and {len(odd) - most} more"
        if any(each.near is None for each in odd) and not self.style.profile_is_given:
            yield from self._paragraph("What means nothing belongs under `ignore` in the profile.", " " * 4)

    def _last_words(self, run: Run, verdicts: Sequence[Verdict]) -> Iterator[str]:
        for bot, words in heard_last(run, verdicts).items():
            if not words:
                continue
            yield ""
            yield f"  The last that {printable(bot)} got:"
            for line in words:
                yield fit(f"    {line}", self.width)
        yield from self._printed(run)

    def _printed(self, run: Run) -> Iterator[str]:
        lines = list(run.server_words)[-10:] or (server_words(run.history) if run.history is not None else ())
        if lines:
            yield ""
            yield "  The last that the server printed:"
            for line in lines:
                yield fit(f"    {printable(line)}", self.width).rstrip()

    def _diagram(self, run: Run) -> Iterator[str]:
        """What failed, as a picture: the proofs, and a little of what happened around them."""
        failed = [v for v in run.verdicts if v.outcome is Outcome.FAILED and v.witness]
        if run.history is None or not failed:
            return
        from chatsim.report.spacetime.layout import diagram  # only here: most reports have no need of it
        from chatsim.report.spacetime.text import HOW, text_lines

        drawn = diagram(run.history, failed, most=MOST_DRAWN, most_lanes=MOST_DRAWN_LANES)
        yield ""
        yield "  How it went:"
        for line in text_lines(drawn, self.width - 2, self.style.encoding):
            yield f"  {line}".rstrip()
        yield from self._paragraph(f"{HOW} {drawn.left_out()}", " " * 4)

    def _everything(self, run: Run, told: Sequence[Verdict]) -> Iterator[str]:
        yield from self._diagram(run)
        if run.history is not None and (steps := step_lines(run.history)):
            yield ""
            yield "  What was done:"
            for line in steps:
                yield fit(f"    {line}", self.width)
        rest = [verdict for verdict in run.verdicts if verdict not in told]
        if rest:
            yield ""
        longest = max((len(verdict.property) for verdict in rest), default=0)
        for verdict in rest:
            word = verdict.outcome.value.replace("-", " ")
            often = f"{verdict.exercised}×" if verdict.exercised and verdict.outcome is Outcome.PASSED else ""
            label = self._paint(word, f"{word:<14}")
            row = f"  {label}  {verdict.property:<{longest}}  {often:>6}"
            summary = printable(verdict.summary)
            if verdict.at:
                summary = f"{summary} ({SEEN_AT.get(verdict.at, printable(verdict.at))})".lstrip()
            if self.width < self._plain(row) + 24:  # no room beside it
                yield row.rstrip()
                continue
            margin = self._plain(row) + 2
            first, *more = wrap(summary, self.width, indent=" " * margin)
            yield f"{row}  {first[margin:]}".rstrip()
            yield from more

    # --- many runs ----------------------------------------------------------------------------------------------

    def many(self, runs: Sequence[Run], report: Report) -> list[str]:
        if len(runs) == 1 and _word(runs[0]) in ("error", "not applicable"):
            return self.one(runs[0])
        counted = valid(runs)
        bad = [run for run in runs if _word(run) in ("failed", "error")]
        unclear = [run for run in runs if _word(run) == "inconclusive"]
        worst = _word(_gravest(runs))
        if worst == "inconclusive" and len(counted) >= VALID_ENOUGH * len(runs):
            worst = "passed"
        lines = list(self._head(worst, runs[0].file, runs[0].scenario))
        passed = sum(run.outcome is Outcome.PASSED and run.error is None for run in runs)
        facts = [f"passed in {passed} of {len(runs)} runs"] if len(runs) > 1 else ["1 run"]
        facts.append(_seeds(runs))
        facts += [f"{sum(run.duration_s for run in runs):.2f} s"]
        lines += self._joined(facts)
        if unclear:
            plural = "runs were" if len(unclear) > 1 else "run was"
            told = f"{len(unclear)} {plural} inconclusive, and left out of the rates."
            if worst == "inconclusive":
                told += f" With fewer than {_percent(VALID_ENOUGH)} left, the whole is inconclusive."
            lines += self._paragraph(told, " " * 8)
        if worst == "passed" and len(counted) > 1:
            lines += self._paragraph(
                f"With 95 % confidence, fewer than {_percent(rarer_than(len(counted)))} of such runs fail.", " " * 8
            )
        lines += self._rates(runs, report)
        shown = next((run for run in (*bad, *([] if worst == "passed" else unclear))), None)
        if shown is not None and self.style.verbosity >= NORMAL:
            number = runs.index(shown) + 1
            lines += ["", f"  Run {number} of {len(runs)}, seed {shown.seed}:", *self._body(shown)]
        elif shown is not None and shown.replay:
            lines += ["", f"  Reproduce with: {printable(shown.replay)}"]
        return lines

    def _rates(self, runs: Sequence[Run], report: Report) -> Iterator[str]:
        for rate in rates(runs, stopped=report.stopped_early):
            first = f"run {rate.first_run}, seed {rate.first_seed}"
            told = f"first failure in {first}"
            if rate.interval is not None:
                low, high = rate.interval
                told = (
                    f"failed in {rate.failed} of {rate.valid} runs ({_percent(rate.failed / rate.valid)}; with 95 % "
                    f"confidence {_percent(low)} to {_percent(high)}), first in {first}"
                )
            yield from wrap(told, self.width, indent=f"        {rate.property}: ", later=" " * 10)

    # --- the small things ---------------------------------------------------------------------------------------

    def _paragraph(self, text: str, indent: str, later: str | None = None) -> Iterator[str]:
        for line in _lines(text):
            own = indent + " " * (len(line) - len(line.lstrip(" ")))  # excerpts keep their columns
            yield from wrap(printable(line.strip(" ")), self.width, indent=own, later=later or own)

    def _paint(self, word: str, text: str) -> str:
        return f"\x1b[{_COLOURS[word]}m{text}\x1b[0m" if self.style.colour and word in _COLOURS else text

    def _plain(self, text: str) -> int:
        """How many columns the text takes, not counting our own colours."""
        for code in _COLOURS.values():
            text = text.replace(f"\x1b[{code}m", "")
        return columns(text.replace("\x1b[0m", ""))


def asked_in_vain(run: Run) -> list[Verdict]:
    """What the scenario asks for by name, and nothing put to the test: the run is inconclusive for it."""
    if run.history is None:
        return []
    names = run.history.header.check
    return [v for v in run.verdicts if v.outcome is Outcome.NOT_EXERCISED and v.property in names]


def _lines(text: str) -> list[str]:
    """Its lines. Not `splitlines`, which would also break at what a server smuggled in."""
    return text.strip("\n").split("\n") if text else []


def _file_and_line(place: str) -> str:
    """`file:14` of `file:14:5`: the column helps an editor, not a reader."""
    head, _, last = place.rpartition(":")
    return head if last.isdigit() and head.rpartition(":")[2].isdigit() else place


def _seeds(runs: Sequence[Run]) -> str:
    first, last = runs[0].seed, runs[-1].seed
    return f"seed {first}" if first == last else f"seeds {first} to {last}"


def _percent(rate: float) -> str:
    percent = 100 * rate
    digits = 0 if percent in (0.0, 100.0) or percent >= 10 else 1 if percent >= 1 else 2
    return f"{percent:.{digits}f} %"
