"""The report in the Common Test Report Format, a JSON for programs that read the results of any test tool.

Its statuses have no error: what is inconclusive, or known from a baseline, is `other`, and a server that did not start
has `failed`. `rawStatus` is chatsim's own word.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from chatsim.report.cases import Case, Status, Suite, suites
from chatsim.report.printable import printable
from chatsim.report.report import Report

__all__ = ["SPEC", "render"]

SPEC = "0.0.0"  # of the working draft that this keeps to

STATUSES = ("passed", "failed", "skipped", "pending", "other")


def render(report: Report) -> str:
    """The whole report as one JSON object, pure ASCII; without a line end."""
    from chatsim._version import __version__

    found = suites(report)
    tests = [_test(case, suite) for suite in found for case in suite.cases]
    whole: dict[str, Any] = {"reportFormat": "CTRF", "specVersion": SPEC, "generatedBy": f"chatsim {__version__}"}
    if report.ended:
        whole["timestamp"] = datetime.fromtimestamp(report.ended, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    counts = {status: sum(test["status"] == status for test in tests) for status in STATUSES}
    summary = {
        "tests": len(tests),
        **counts,
        "suites": len(found),
        "start": _ms(report.began),
        "stop": _ms(report.ended),
    }
    whole["results"] = {"tool": {"name": "chatsim", "version": __version__}, "summary": summary, "tests": tests}
    # A CI server that reads our standard output takes `##[` for a command of its own. Here it stands in strings alone.
    return json.dumps(whole, indent=1).replace("##[", "##\\u005b")


def _test(case: Case, suite: Suite) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": case.name,
        "status": _status(case),
        "duration": _ms(case.seconds),
        "suite": [suite.name or suite.file or "chatsim"],
        "rawStatus": case.outcome,
    }
    if case.message:
        told["message"] = case.message
    if case.details:
        told["trace"] = case.details
    if suite.file:
        told["filePath"] = suite.file
    if line := _line_of(case.where):
        told["line"] = line
    if suite.runs:
        told["extra"] = {
            "chatsim.profile": printable(suite.runs[0].profile),
            "chatsim.server": printable(suite.runs[0].server),
            "chatsim.seeds": [run.seed for run in suite.runs],
        }
    return told


def _status(case: Case) -> str:
    if case.status is Status.ERROR:
        return "failed" if case.outcome == "error" else "other"
    return "other" if case.status is Status.KNOWN else case.status.value


def _line_of(where: str) -> int:
    found = re.search(r":([0-9]{1,9})(?::[0-9]+)?$", where)
    return int(found[1]) if found else 0


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
