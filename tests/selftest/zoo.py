"""Small catalogues of servers, and what was seen of them: a selftest without playing anything."""

from __future__ import annotations

from collections.abc import Mapping

from chatsim.selftest.schedule import Seen, Trial
from chatsim.selftest.subjects import Subject


def fault(
    name: str = "forgets",
    breaks: tuple[str, ...] = ("delivery",),
    *,
    racy: bool = False,
    shown_by: tuple[str, ...] = (),
) -> Subject:
    return Subject(name, "Forgets somebody.", "lines", ("--fault", name), breaks, racy, shown_by)


def right(name: str = "right-lines", dialect: str = "lines") -> Subject:
    return Subject(name, "the reference server", dialect)


def saw(trial: Trial, failed: Mapping[str, str] | None = None, outcome: str = "", said: str = "") -> Seen:
    failed = failed or {}
    return Seen(trial, outcome or ("failed" if failed else "passed"), failed, {}, ("echo",), said, 0.5)


def tried(subject: Subject, scenario: str, *failed: str, number: int = 1, outcome: str = "", said: str = "") -> Seen:
    trial = Trial(subject, scenario, number, 6 + number)
    return saw(trial, dict.fromkeys(failed, "proof"), outcome, said)
