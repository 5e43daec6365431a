"""What a person reads, word for word: the golden texts are in `golden/`.

UPDATE_GOLDEN=1 writes them anew; then read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import literal
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.report.confirm import unconfirmed, weighed
from chatsim.report.printable import columns
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render

GOLDEN = Path(__file__).parent / "golden"


def twenty(*, stopped: int | None = None) -> tuple[Run, ...]:
    """Twenty runs, of which the fourth and the sixth failed and the ninth is inconclusive."""
    runs = [literal.passed(seed) for seed in range(42, 62)]
    for number in (4, 6):
        seed = 41 + number
        runs[number - 1] = replace(literal.failed(), seed=seed, replay=literal.REPLAY.replace("42", str(seed)))
    runs[8] = literal.unclear(50)
    return tuple(runs[:stopped])


def _mixed() -> Run:
    """Two properties that nothing is known of, for one cause, stand before one that failed."""
    unclear = literal.unclear().verdicts[0]
    failed = literal.failed()
    return replace(failed, verdicts=(unclear, replace(unclear, property="fifo-order"), *failed.verdicts))


def _replayed(again: bool) -> Run:
    return weighed(literal.failed(), literal.failed() if again else _right_about_the_notice())


def _right_about_the_notice() -> Run:
    right = Verdict("drop-notice", Outcome.PASSED, exercised=2)
    return replace(literal.passed(), verdicts=(*literal.PASSED, right))


def _mostly_unclear() -> tuple[Run, ...]:
    return tuple(literal.unclear(seed) if seed % 3 == 0 else literal.passed(seed) for seed in range(42, 52))


OTHER = replace(literal.passed(), file="scenarios/storm.yaml", scenario="a storm: ten talk, five are reset")

TEXTS: dict[str, tuple[Report, Style]] = {
    "passed": (Report((literal.passed(),)), Style()),
    "passed-verbose": (Report((literal.passed(),)), Style(verbosity=1)),
    "passed-quiet": (Report((literal.passed(),)), Style(verbosity=-1)),
    "failed": (Report((literal.failed(),)), Style()),
    "failed-verbose": (Report((literal.failed(),)), Style(verbosity=1)),
    "failed-quiet": (Report((literal.failed(),)), Style(verbosity=-1)),
    "failed-narrow": (Report((literal.failed(),)), Style(width=50)),
    "failed-coloured": (Report((literal.failed(),)), Style(colour=True)),
    "failed-ascii": (Report((literal.failed(),)), Style(encoding="ascii")),
    "inconclusive": (Report((literal.unclear(),)), Style()),
    "failed-and-inconclusive": (Report((_mixed(),)), Style()),
    "asked-in-vain": (Report((literal.asked_in_vain(),)), Style()),
    "nothing-passed": (
        Report((replace(literal.passed(), outcome=Outcome.INCONCLUSIVE, verdicts=literal.IDLE),)),
        Style(),
    ),
    "not-started": (Report((literal.not_started(),)), Style()),
    "not-applicable": (Report((literal.not_applicable(),)), Style()),
    "hostile": (Report((literal.hostile(),)), Style()),
    "several": (Report((OTHER, literal.failed())), Style()),
    "interrupted": (Report((literal.passed(),), interrupted=True), Style()),
    "repeated": (Report(twenty(), repeat=20), Style()),
    "repeated-right": (Report((twenty()[0], *twenty()[8:]), repeat=13), Style()),
    "seen-again": (Report((_replayed(True),)), Style()),
    "not-seen-again": (Report((_replayed(False),)), Style()),
    "not-replayed": (Report((unconfirmed(literal.failed()),), interrupted=True), Style()),
    "repeated-unclear": (Report(_mostly_unclear(), repeat=10), Style(verbosity=-1)),
    "stopped-at-first-failure": (Report(twenty(stopped=4), repeat=20, stopped_early=True), Style()),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_report_reads_as_written_down(name: str) -> None:
    told = render(*TEXTS[name])

    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


def test_there_is_no_golden_text_that_nothing_is_compared_with() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(TEXTS)


def _long_lines(told: str, width: int) -> Sequence[str]:
    """But the command, which must stay in one piece to be copied."""
    return [line for line in told.split("\n") if columns(line) > width and "Reproduce with:" not in line]


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("name", [name for name in TEXTS if "narrow" not in name and "colour" not in name])
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    report, style = TEXTS[name]

    told = render(report, replace(style, width=width))

    assert _long_lines(told, width) == []


def test_nothing_that_a_server_sent_reaches_the_terminal_raw() -> None:
    told = render(Report((literal.hostile(),)), Style(verbosity=1))

    assert told.replace("\n", "").isprintable()
    assert "\\x1b]0;owned\\x07" in told
    assert "\\u202e" in told


@given(st.text(), st.text(), st.sampled_from(["utf-8", "ascii", "latin-1", "cp1252", "no-such-codec"]))
@example("\udc80", "\u2028\udfff\x0b", "utf-8")
def test_whatever_is_told_can_be_shown_in_any_encoding(claim: str, words: str, encoding: str) -> None:
    run = replace(literal.failed(), scenario=claim, server_words=(words,), bot_words={"alice": words})

    told = render(Report((run,)), Style(encoding=encoding))

    told.encode("ascii" if encoding == "no-such-codec" else encoding)
    assert told.replace("\n", "").isprintable()


def test_colours_add_nothing_but_colour() -> None:
    plain, coloured = (render(Report((literal.failed(),)), Style(colour=colour)) for colour in (False, True))

    assert "\x1b[" in coloured
    assert coloured.replace("\x1b[1;31m", "").replace("\x1b[0m", "") == plain
