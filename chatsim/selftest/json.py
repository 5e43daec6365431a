"""The table for programs. Its shape is published in `selftest.schema.json`, beside this file, and counted in `format`."""

from __future__ import annotations

import json
from typing import Any

from chatsim.properties import PROPERTIES
from chatsim.selftest.schedule import Seen
from chatsim.selftest.table import Row, Table

__all__ = ["FORMAT", "render"]

FORMAT = 1


def render(table: Table, *, seconds: float = 0.0, interrupted: bool = False, **asked: Any) -> str:
    """One JSON object, pure ASCII. `asked`: repeat, seed, first, patience and jobs, as they were asked for."""
    from chatsim._version import __version__

    plain = {
        "chatsim": "selftest",
        "format": FORMAT,
        "version": __version__,
        "asked": asked,
        "seconds": round(seconds, 3),
        "interrupted": interrupted,
        "proved": table.proved and not interrupted,
        "properties": [
            {
                "name": known.name,
                "group": known.group,
                "faults": [row.subject.name for row in table.breaking(known.name)],
            }
            for known in PROPERTIES
        ],
        "rows": [_row(row) for row in table.rows],
    }
    return json.dumps(plain, indent=1, allow_nan=False)


def _row(row: Row) -> dict[str, Any]:
    subject = row.subject
    return {
        "name": subject.name,
        "about": subject.about,
        "dialect": subject.dialect,
        "right": subject.is_right,
        "racy": subject.racy,
        "breaks": list(subject.breaks),
        "outcome": row.outcome.replace(" ", "-"),
        "rounds": len(row.rounds),
        "caught": len(row.caught_in) if subject.breaks else 0,
        "first_caught": row.caught_in[0] if subject.breaks and row.caught_in else None,
        "interval": list(row.interval) if row.interval is not None else None,
        "failed": dict(row.by),
        "runs": [_run(one, row) for one in row.seen],
    }


def _run(one: Seen, row: Row) -> dict[str, Any]:
    return {
        "scenario": one.trial.scenario,
        "round": one.trial.round,
        "seed": one.trial.seed,
        "outcome": one.outcome,
        "failed": dict(one.failed),
        "inconclusive": dict(one.unclear),
        "passed": list(one.passed),
        "said": one.said.encode("utf-8", "backslashreplace").decode("utf-8"),
        "seconds": round(one.seconds, 3),
        "alone": one.alone,
        "replay": row.subject.replay(f"scenarios/{one.trial.scenario}.yaml", one.trial.seed),
    }
