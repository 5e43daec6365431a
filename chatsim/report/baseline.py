"""A report held against an earlier one: what got worse, what got better, and what was known to be wrong.

What the baseline has as wrong is forgiven; everything else counts as without one. Rates count as different only where
chance alone makes such a difference in less than one of a hundred comparisons (Fisher's exact test, one-sided), times only
beyond a band of noise: so many times as long, and so much longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import Any

from chatsim.errors import UsageError
from chatsim.report.comparison import DELIVERY_TIME, NOISE, PLAYED, Change, Comparison, Kind
from chatsim.report.json import FORMAT, sound
from chatsim.report.latency import latency
from chatsim.report.report import VALID_ENOUGH, Report, Run

__all__ = ["NOISE_S", "Baseline", "compare", "merged", "read_baseline"]

CHANCE = 100  # one of so many
NOISE_S = 0.020  # and so much longer, in seconds: a few slices of a scheduler
MEASURED = 20  # deliveries; a median of fewer says little

Key = tuple[str, str, str]  # file, scenario, profile


@dataclass(frozen=True, slots=True)
class Baseline:
    """A stored report: the runs of each scenario, as JSON has them."""

    name: str
    plain: Mapping[str, Any]
    scenarios: Mapping[Key, Sequence[Mapping[str, Any]]]


@dataclass(slots=True)
class _Tally:
    """What came of one property in the runs of one scenario."""

    passed: int = 0
    failed: int = 0
    unclear: int = 0

    @property
    def able(self) -> int:
        return self.passed + self.failed

    @property
    def state(self) -> str:
        if self.failed:
            return "failed"
        if self.unclear and self.passed < VALID_ENOUGH * (self.passed + self.unclear):
            return "inconclusive"
        return "passed" if self.passed else "untested"


@dataclass(slots=True)
class _Scenario:
    runs: int = 0
    passed: int = 0  # runs
    properties: dict[str, _Tally] = field(default_factory=dict)
    medians: list[float] = field(default_factory=list)
    deliveries: int = 0
    whole: str = "untested"  # error, failed, inconclusive, passed; untested: not applicable


def read_baseline(text: str, name: str) -> Baseline:
    """What `--json` wrote. Raises UsageError for everything else, with what it seems to be."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise _wrong(name, _not_json(text, problem)) from None
    if not isinstance(plain, dict) or "chatsim" not in plain:
        raise _wrong(name, "it is JSON, and was not written by chatsim")
    if plain["chatsim"] != "report":
        raise _wrong(name, f"it is no report of `chatsim run`, but: {str(plain['chatsim'])[:40]}")
    if plain.get("format") != FORMAT:
        by = str(plain.get("version", "another version"))[:20]
        raise _wrong(name, f"chatsim {by} wrote it in format {str(plain.get('format'))[:20]}; this one reads {FORMAT}")
    if (where := next(_damages(plain), None)) is not None:
        raise _wrong(name, f"it is damaged: {where}")
    scenarios: dict[Key, list[Mapping[str, Any]]] = {}
    for run in plain["runs"]:
        scenarios.setdefault((run["file"], run["scenario"], run["profile"]), []).append(run)
    return Baseline(name, plain, scenarios)


def _not_json(text: str, problem: Exception) -> str:
    if not text.strip():
        return "it is empty"
    lines = text.strip().split("\n")
    if len(lines) > 1 and '"chatsim"' in lines[0] and lines[0].startswith("{") and lines[0].endswith("}"):
        return "it has several lines of JSON, as --jsonl or --history write them"
    return f"it is no JSON ({problem})"


def _wrong(name: str, why: str) -> UsageError:
    return UsageError(
        f"{name} can not be compared with: {why}",
        hint="A baseline is a file that `chatsim run --json` or `--update-baseline` wrote.",
    )


def _damages(plain: Mapping[str, Any]) -> Iterator[str]:
    """The places that are not as the schema has them, of those that are looked at."""
    if not isinstance(plain.get("runs"), list):
        yield "`runs` is no list"
        return
    for number, run in enumerate(plain["runs"]):
        if not isinstance(run, dict):
            yield f"run {number + 1} is no object"
            continue
        texts = ("file", "scenario", "profile", "outcome")
        yield from (f"`{key}` of run {number + 1} is no text" for key in texts if not isinstance(run.get(key), str))
        verdicts = run.get("verdicts")
        good = isinstance(verdicts, list) and all(
            isinstance(each, dict) and isinstance(each.get("property"), str) and isinstance(each.get("outcome"), str)
            for each in verdicts
        )
        if not good:
            yield f"`verdicts` of run {number + 1} are not readable"
        if not _is_latency(run.get("latency")):
            yield f"`latency` of run {number + 1} is not readable"


def _is_latency(value: Any) -> bool:
    if value is None:
        return True
    numbers = [value.get("median_s"), value.get("deliveries")] if isinstance(value, dict) else [None]
    return all(isinstance(each, int | float) and not isinstance(each, bool) and each >= 0 for each in numbers)


# --- comparing -------------------------------------------------------------------------------------------------------


def compare(baseline: Baseline | None, report: Report, noise: float = NOISE, name: str = "") -> Comparison:
    """What is otherwise now. `noise`: how many times as long deliveries may take before that is worse; above 1.

    Without a baseline (the first is to be written) nothing is known, and whatever is wrong is new.
    """
    baseline = baseline or Baseline(name, {}, {})
    now: dict[Key, list[Mapping[str, Any]]] = {}
    for run in report.runs:
        now.setdefault((run.file, run.scenario, run.profile), []).append(_plain(run))
    then = {key: baseline.scenarios[old] for key in now if (old := _same(key, baseline)) is not None}
    changes = [
        Change(kind, *key, subject, words)
        for key, runs in now.items()
        for kind, subject, words in _changes(_tally(then.get(key, ())), _tally(runs), noise)
    ]
    return Comparison(baseline.name, tuple(changes), len(baseline.scenarios) - len(then))


def _plain(run: Run) -> dict[str, Any]:
    """As the JSON has it, no more than is looked at."""
    times = latency(run.history) if run.history is not None else None
    return {
        "outcome": "error" if run.error is not None else run.outcome.value,
        "verdicts": [{"property": verdict.property, "outcome": verdict.outcome.value} for verdict in run.verdicts],
        "latency": {"median_s": times.median_s, "deliveries": times.deliveries} if times is not None else None,
    }


def _same(key: Key, baseline: Baseline) -> Key | None:
    """The scenario of the baseline that this is: the same file; or, called from another folder, the same claim."""
    file, scenario, profile = map(sound, key)
    if (file, scenario, profile) in baseline.scenarios:
        return file, scenario, profile
    alike = [old for old in baseline.scenarios if old[1:] == (scenario, profile)]
    return alike[0] if len(alike) == 1 else None


def _tally(runs: Iterable[Mapping[str, Any]]) -> _Scenario:
    told = _Scenario()
    words = []
    for run in runs:
        told.runs += 1
        told.passed += run["outcome"] == "passed"
        words.append(run["outcome"])
        for verdict in run["verdicts"]:
            tally = told.properties.setdefault(verdict["property"], _Tally())
            tally.passed += verdict["outcome"] == "passed"
            tally.failed += verdict["outcome"] == "failed"
            tally.unclear += verdict["outcome"] == "inconclusive"
        if run.get("latency"):
            told.medians.append(run["latency"]["median_s"])
            told.deliveries += run["latency"]["deliveries"]
    played = [word for word in words if word != "not-applicable"]
    worst = next((word for word in ("error", "failed", "inconclusive") if word in played), "passed")
    enough = worst == "inconclusive" and told.passed >= VALID_ENOUGH * len(played)
    told.whole = "untested" if not played else "passed" if enough else worst
    return told


def _changes(then: _Scenario, now: _Scenario, noise: float) -> Iterator[tuple[Kind, str, str]]:
    if now.whole == "error":
        yield Kind.DOUBTFUL, PLAYED, "could not be played now"
    for name, tally in now.properties.items():
        before = then.properties.get(name, _Tally())
        if tally.state == "inconclusive" and now.whole == "passed":
            continue  # left out, as in the rates
        if (change := _changed(before, tally)) is not None:
            yield change[0], name, change[1]
    if now.whole == "inconclusive" and not any(tally.state == "inconclusive" for tally in now.properties.values()):
        if then.whole == "inconclusive":
            yield Kind.KNOWN, PLAYED, "proved nothing before, and proves nothing now"
        else:
            yield Kind.DOUBTFUL, PLAYED, "proves nothing now"
    yield from _times(then, now, noise)


def _changed(then: _Tally, now: _Tally) -> tuple[Kind, str] | None:
    match then.state, now.state:
        case "passed", "failed":
            return Kind.WORSE, f"{_told(then)} before, {_told(now)} now"
        case "failed", "failed" if _more_often(then, now):
            return Kind.WORSE, f"{_told(then)} before, {_told(now)} now: more often than by chance"
        case "failed", "failed" if _more_often(now, then):
            return Kind.BETTER, f"{_told(then)} before, {_told(now)} now: less often than by chance"
        case ("failed" | "inconclusive") as before, ("failed" | "inconclusive"):
            if before == "inconclusive" and now.state == "failed":
                return Kind.NEW, f"was inconclusive before, {_told(now)} now"
            return Kind.KNOWN, f"{_told(then)} before, {_told(now)} now"
        case "untested", "failed":
            return Kind.NEW, f"was not put to the test before, {_told(now)} now"
        case (("passed" | "untested"), "inconclusive"):
            return Kind.DOUBTFUL, f"{_told(then)} before, inconclusive now"
        case (("failed" | "inconclusive"), "passed"):
            return Kind.BETTER, f"{_told(then)} before, {_told(now)} now"
    return None


def _told(tally: _Tally) -> str:
    match tally.state:
        case "failed":
            return f"failed in {tally.failed} of {tally.able} runs" if tally.able > 1 else "failed"
        case "passed":
            return f"passed in all {tally.able} runs" if tally.able > 1 else "passed"
        case "inconclusive":
            return "was inconclusive"
    return "was not put to the test"


def _more_often(then: _Tally, now: _Tally) -> bool:
    """Would chance alone make as many failures now in less than one of a hundred comparisons?"""
    failed, able = then.failed + now.failed, then.able + now.able
    at_least = sum(
        comb(failed, k) * comb(able - failed, now.able - k) for k in range(now.failed, min(failed, now.able) + 1)
    )
    return at_least * CHANCE < comb(able, now.able)


def _times(then: _Scenario, now: _Scenario, noise: float) -> Iterator[tuple[Kind, str, str]]:
    """The quickest of the runs' medians: what disturbs a machine makes it slower, and nothing makes it quicker."""
    if not (then.medians and now.medians) or min(then.deliveries, now.deliveries) < MEASURED:
        return
    before, after = min(then.medians), min(now.medians)
    words = f"the median was {_seconds(before)} before, and is {_seconds(after)} now"
    if after > noise * before and after > before + NOISE_S:
        yield Kind.WORSE, DELIVERY_TIME, f"{words}: more than {noise:g} times as long"
    elif before > noise * after and before > after + NOISE_S:
        yield Kind.BETTER, DELIVERY_TIME, words


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.2f} s"


# --- keeping ---------------------------------------------------------------------------------------------------------


def merged(baseline: Baseline | None, plain: Mapping[str, Any]) -> dict[str, Any]:
    """A new baseline: what was played now in place of what it was, and all else as it stood."""
    if baseline is None:
        return dict(plain)
    played = {(run["file"], run["scenario"], run["profile"]) for run in plain["runs"]}
    # In a list, as nobody has looked at the rates: what stands there for a name may be anything that JSON has.
    replaced = [old for key in played if (old := _same(key, baseline)) is not None]

    def kept(name: str) -> list[Any]:
        old = baseline.plain.get(name)
        rows = [row for row in old if isinstance(row, dict)] if isinstance(old, list) else []
        return [row for row in rows if (row.get("file"), row.get("scenario"), row.get("profile")) not in replaced]

    return {**plain, "runs": [*kept("runs"), *plain["runs"]], "rates": [*kept("rates"), *plain["rates"]]}
