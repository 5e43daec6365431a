"""The report for programs. Its shape is published in `report.schema.json`, beside this file, and counted in `format`.

As JSON lines it is told in pieces: each line is the report of one scenario, of the same shape.
Pure ASCII, and always valid: halves of surrogate pairs, which many readers refuse, are spelled out (`\\udc80`), and
numbers that JSON does not know are given as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.history import OF_MESSAGES, History
from chatsim.report.comparison import Comparison
from chatsim.report.latency import latency
from chatsim.report.narrate import Narrator
from chatsim.report.rate import rates, valid
from chatsim.report.report import Report, Run
from chatsim.report.unrecognised import unrecognised

__all__ = ["FORMAT", "dumped", "line", "plain", "render", "sound"]

FORMAT = 1


def render(report: Report) -> str:
    """The whole report as one JSON object, in lines; without a line end."""
    return dumped(plain(report))


def line(report: Report) -> str:
    """The same object in one line."""
    return dumped(plain(report), indent=None)


def dumped(plain: Mapping[str, Any], indent: int | None = 1) -> str:
    """A report that is plain already, as text."""
    # A CI server that reads our standard output takes `##[` for a command of its own. In JSON it stands in strings alone.
    return json.dumps(plain, indent=indent, allow_nan=False).replace("##[", "##\\u005b")


def plain(report: Report) -> dict[str, Any]:
    """The report in maps, lists and texts that JSON can hold."""
    from chatsim._version import __version__

    told: dict[str, Any] = _sound(_told(report, __version__))
    return told


def sound(text: str) -> str:
    """The text as it stands in a stored report: halves of surrogate pairs are spelled out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _told(report: Report, version: str) -> dict[str, Any]:
    return {
        "chatsim": "report",
        "format": FORMAT,
        "version": version,
        "repeat": report.repeat,
        "stopped_early": report.stopped_early,
        "interrupted": report.interrupted or any(run.interrupted for run in report.runs),
        "baseline": _comparison(report.comparison) if report.comparison is not None else None,
        "rates": _rates(report),
        "runs": [_run(run) for run in report.runs],
    }


def _rates(report: Report) -> list[dict[str, Any]]:
    """For each scenario, how often each property failed that did. Where -x stopped the last scenario, it has no interval."""
    groups = report.scenarios()
    return [
        {
            "scenario": runs[0].scenario,
            "file": runs[0].file,
            "profile": runs[0].profile,
            "runs": len(runs),
            "valid": len(valid(runs)),
            "failed": [
                {
                    "property": rate.property,
                    "failed": rate.failed,
                    "valid": rate.valid,
                    "interval": list(rate.interval) if rate.interval is not None else None,
                    "first_run": rate.first_run,
                    "first_seed": rate.first_seed,
                }
                for rate in rates(runs, stopped=report.stopped_early and number == len(groups))
            ],
        }
        for number, runs in enumerate(groups, start=1)
    ]


def _comparison(comparison: Comparison) -> dict[str, Any]:
    changes = [{**asdict(change), "kind": change.kind.value} for change in comparison.changes]
    return {"name": comparison.name, "unplayed": comparison.unplayed, "changes": changes}


def _latency(run: Run) -> dict[str, Any] | None:
    if run.history is None or (times := latency(run.history)) is None:
        return None
    return {name: round(value, 6) for name, value in asdict(times).items()}


def _run(run: Run) -> dict[str, Any]:
    narrator = Narrator(run.history) if run.history is not None else None
    return {
        "scenario": run.scenario,
        "file": run.file,
        "seed": run.seed,
        "profile": run.profile,
        "server": run.server,
        "outcome": "error" if run.error is not None else run.outcome.value,
        "why": run.why,
        "duration_s": round(run.duration_s, 6),
        "latency": _latency(run),
        "interrupted": run.interrupted,
        "replay": run.replay,
        "notes": list(run.notes),
        "error": _error(run),
        "server_words": list(run.server_words),
        "unrecognised": _unrecognised(run, narrator),
        "verdicts": [_verdict(verdict, run, narrator) for verdict in run.verdicts],
    }


def _unrecognised(run: Run, narrator: Narrator | None) -> list[dict[str, Any]]:
    if run.history is None or narrator is None:
        return []
    return [
        {
            "text": odd.text,
            "who": narrator.name(odd.who),
            "times": odd.times,
            "nearest": None
            if odd.near is None
            else {
                "where": odd.near.named.where,
                "template": odd.near.named.source,
                "difference": odd.near.difference,
            },
        }
        for odd in unrecognised(run.history)
    ]


def _error(run: Run) -> dict[str, Any] | None:
    if run.error is None:
        return None
    problems = [
        {"what": problem.what, "where": str(problem.place) if problem.place else None, "hint": problem.hint}
        for problem in run.error.problems
    ]
    return {"exit_code": run.error.exit_code, "problems": problems}


def _verdict(verdict: Verdict, run: Run, narrator: Narrator | None) -> dict[str, Any]:
    history = run.history
    return {
        "property": verdict.property,
        "outcome": verdict.outcome.value,
        "summary": verdict.summary,
        "evidence": verdict.evidence.value if verdict.evidence else None,
        "cause": verdict.cause.value if verdict.cause and verdict.outcome is Outcome.INCONCLUSIVE else None,
        "seen_again": run.seen_again.get(verdict.property),
        "exercised": verdict.exercised,
        "where": verdict.where or None,
        "at": verdict.at or None,
        "hint": verdict.hint or None,
        "hint_sure": verdict.hint_sure or None,
        "hint_where": verdict.hint_where or None,
        "witness": [
            _entry(index, history, narrator)
            for index in verdict.witness
            if history is not None and narrator is not None and 0 <= index < len(history)
        ],
    }


def _entry(index: int, history: History, narrator: Narrator) -> dict[str, Any]:
    """A history entry: as it stands in the history's own file, with what a person needs beside it."""
    entry = history[index]
    plain: dict[str, Any] = {
        "index": index,
        "t": round(entry.t, 5),
        "kind": entry.kind,
        "session": entry.session,
        "who": narrator.name(entry.session),
        "words": narrator.words(index),
    }
    if entry.kind in OF_MESSAGES and entry.ref >= 0:
        message = history.messages[entry.ref]
        plain["message"] = {"id": message.id, "sender": narrator.name(message.sender), "text": message.text}
        plain["form"] = entry.form
    elif entry.detail:
        plain["detail"] = dict(entry.detail)
    return plain


def _sound(value: Any) -> Any:
    """The same, with nothing in it that could break a reader."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {_sound(str(key)): _sound(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_sound(inner) for inner in value]
    return _sound(str(value))
