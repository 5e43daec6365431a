"""What GitHub shows by itself: annotations beside the code, and the summary of a step."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import literal
import pytest
from golden_text import golden
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from several_runs import HOSTILE, any_reports, everything, shown_as

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.cli.exit_codes import exit_code
from chatsim.report import github, step_summary
from chatsim.report.cases import Case, Status, Suite
from chatsim.report.github import harmless
from chatsim.report.report import Report

# --- annotations -----------------------------------------------------------------------------------------------------


@dataclass
class Command:
    level: str
    properties: dict[str, str]
    message: str


def read(text: str) -> list[Command]:
    """As the runner takes them from a step's output, a line at a time; the order of its replacements is its own."""
    found = []
    for line in text.splitlines():
        match = re.match(r"\s*::([a-z-]+)(?: (.*?))?::(.*)", line)
        if match is not None:
            pairs = [pair.split("=", 1) for pair in (match[2] or "").split(",") if pair]
            properties = {name: unescaped(value, ("%3A", ":"), ("%2C", ",")) for name, value in pairs}
            found.append(Command(match[1], properties, unescaped(match[3])))
    return found


def unescaped(text: str, *more: tuple[str, str]) -> str:
    for coded, plain in (("%0D", "\r"), ("%0A", "\n"), *more, ("%25", "%")):
        text = text.replace(coded, plain)
    return text


def test_a_failure_is_shown_at_its_step_with_its_hint() -> None:
    (told,) = read(github.commands(Report((literal.failed(),)), "course/week 3"))

    assert told.level == "error"
    assert told.properties == {
        "file": f"course/week 3/{literal.FILE}",
        "line": "14",
        "col": "5",
        "title": f"drop-notice: failed · {literal.CLAIM}",
    }
    assert told.message.split("\n") == [
        "bob dropped at 0.61 s. alice was still connected and was never told.",
        'Likely: the handler leaves its loop on an exception, and the "left" broadcast sits after the loop.',
        "Try: move the cleanup into `finally`.",
        f"Reproduce with: {literal.REPLAY}",
    ]


def test_a_file_above_the_folder_is_named_as_the_repository_names_it() -> None:
    run = replace(literal.not_started(), file="../scenarios/a.yaml")

    (told,) = read(github.commands(Report((run,)), "course/week 3"))

    assert told.properties["file"] == "course/scenarios/a.yaml"


def test_what_is_inconclusive_is_a_warning_and_comes_last() -> None:
    told = read(github.commands(everything()))

    assert [(each.level, each.properties["title"].split(" ·")[0]) for each in told] == [
        ("error", "drop-notice: failed"),
        ("error", "played: error"),
        ("warning", "delivery: inconclusive"),
        ("warning", "played: inconclusive"),
    ]


def test_ten_are_shown_each_property_before_any_twice_and_the_rest_is_a_number() -> None:
    names = [f"property-{number}" for number in range(6)]
    verdicts = tuple(Verdict(name, Outcome.FAILED, f"{name} failed.") for name in names)
    runs = [replace(literal.failed(), file=f"{number}.yaml", verdicts=verdicts[:4]) for number in range(4)]
    runs.append(replace(literal.failed(), file="last.yaml", verdicts=verdicts[4:]))

    told = read(github.commands(Report(tuple(runs))))

    assert [each.properties.get("file") for each in told[:10]] == [
        *(["0.yaml"] * 4),
        *(["last.yaml"] * 2),
        *(["1.yaml"] * 4),
    ]
    assert (told[10].level, told[10].message) == ("notice", "8 more: the summary of this step tells them all.")
    assert len(told) == 11


def test_where_all_is_well_nothing_is_said() -> None:
    assert github.commands(Report((literal.passed(), literal.not_applicable()))) == ""


@given(any_reports())
def test_there_is_an_annotation_if_and_only_if_something_is_wrong(report: Report) -> None:
    played = any(run.outcome.value != "not-applicable" for run in report.runs) or report.interrupted

    assert bool(github.commands(report)) == (exit_code(report) != 0 and played)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_server_can_not_write_an_annotation_of_its_own(text: str) -> None:
    written = github.commands(Report((shown_as(text),)))

    told = read(written)
    assert len(told) == len(written.split("\n")) == 2
    assert [each.level for each in told] == ["error", "warning"]
    assert all(set(each.properties) <= {"file", "line", "col", "title"} for each in told)
    assert all(line.isprintable() for each in told for line in each.message.split("\n"))


@given(st.lists(st.sampled_from([":", "::", " ", "\t", "\n", "#", "##", "[", "error", "]", "x"])).map("".join))
def test_text_for_people_holds_no_command(text: str) -> None:
    shown = harmless(text)

    assert not re.search(r"^\s*::", shown, re.MULTILINE)
    assert "##[" not in shown
    assert harmless(shown) == shown


def test_text_without_commands_is_shown_as_it_is() -> None:
    text = "ann said: hello :: [x] ## head\n  a::b\n"

    assert harmless(text) == text


# --- the summary of a step -------------------------------------------------------------------------------------------

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False})


def test_a_summary_reads_as_this() -> None:
    text = step_summary.render(everything())

    assert text == golden("everything.summary.md", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_server_sends_is_no_markup(text: str) -> None:
    summary = step_summary.render(Report((shown_as(text),)))

    tokens = MARKDOWN.parse(summary)
    inline = [child for token in tokens for child in token.children or ()]
    assert {token.type.removesuffix("_open").removesuffix("_close") for token in tokens} == {
        *("heading", "inline", "table", "thead", "tbody", "tr", "th", "td", "html_block", "fence")
    }
    assert {child.type for child in inline} <= {"text", "html_inline", "text_special"}
    assert {child.content for child in inline if child.type == "html_inline"} == {"<br>", "<code>", "</code>"}
    blocks = [token.content for token in tokens if token.type == "html_block"]
    assert [block.split(">")[0] for block in blocks] == ["<details", "</details"]
    assert blocks[0].count("<") == 3
    assert all(character.isprintable() or character == "\n" for character in summary)


def twenty_long() -> Report:
    said = "漢字 " * 400
    verdicts = (Verdict("delivery", Outcome.FAILED, said),)
    return Report(tuple(replace(literal.failed(), file=f"{n}.yaml", verdicts=verdicts) for n in range(20)))


@pytest.mark.parametrize("room", [-5, 0, 100, 600, 3_000, 5_000, 20_000, 50_000, 200_000])
def test_it_is_never_longer_than_there_is_room_and_says_what_is_left_out(room: int) -> None:
    summary = step_summary.render(twenty_long(), room)

    assert len(summary.encode("utf-8")) <= max(0, room)
    whole = summary.count("<details>") == 20 and "cut here" not in summary
    assert whole == (room == 200_000)
    assert whole or not summary or "left out here: GitHub shows 1 MiB" in summary
    assert summary.count("```") % 2 == 0


def test_of_a_single_long_text_the_beginning_is_shown() -> None:
    lines = "\n".join(f"line {number}" for number in range(100_000))
    error = replace(literal.not_started(), notes=(lines,))

    summary = step_summary.render(Report((error,)), 10_000)

    assert 2_000 < len(summary) <= 10_000
    assert "… cut here\n```\n\n</details>\n" in summary


def test_no_line_can_end_the_block_that_it_stands_in() -> None:
    evil = "```\n````\n</details>\n<img src=x>"
    case = Case("played", Status.ERROR, "error", evil)

    (block,) = [
        token for token in MARKDOWN.parse(step_summary.details(Suite("x", "", (), (case,)))) if token.type == "fence"
    ]

    assert block.content == evil + "\n"
