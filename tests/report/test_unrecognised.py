"""A report shows what was received and not recognised, each kind once, with the template that comes nearest."""

from __future__ import annotations

import json
from dataclasses import replace

import literal

from chatsim.history import Header, History
from chatsim.report import json as as_json
from chatsim.report.report import Report
from chatsim.report.text import Style, render
from chatsim.report.unrecognised import unrecognised

SOURCE = {
    "profile": "p",
    "hears": "{nick}: {text}",
    "notices": {"left": "{nick} left the chat"},
    "leave": ["/quit", {"await": "Goodbye! See you soon!"}],
}


def got(*texts: str) -> History:
    history = History(Header(scenario="x", file="x.yaml", profile="p", profile_source=SOURCE))
    for session, bot in enumerate(("ann", "bob", "cat")):
        history.note(0.0, "connect", session, bot=bot, nick=bot, number=1)
    for number, text in enumerate(texts):
        history.note(0.1, "unrecognised", number % 3, text=text)
    return history


def told(*texts: str, verbosity: int = 0) -> str:
    run = replace(literal.passed(1), history=got(*texts))
    return render(Report((run,)), Style(width=200, verbosity=verbosity))


def test_the_nearest_template_is_shown_with_where_it_differs() -> None:
    assert (
        '    ann got "Goodbye! See you soon! " – nearest: `leave` awaits "Goodbye! See you soon!", which has no blank at '
        "its end\n" in told("Goodbye! See you soon! ")
    )


def test_texts_that_differ_in_a_name_only_are_one_kind() -> None:
    odd = unrecognised(got("* bob left the chat", "* cat left the chat", "MOTD"))

    assert [(each.text, each.times) for each in odd] == [("* bob left the chat", 2), ("MOTD", 1)]
    assert '"* bob left the chat" (2 times)' in told("* bob left the chat", "* cat left the chat")


def test_what_is_like_nothing_may_mean_nothing() -> None:
    assert "What means nothing belongs under `ignore` in the profile." in told("=== 12345 ===")
    assert "`ignore`" not in told("bob left the chat!")


def test_a_flood_is_told_by_the_first_of_it() -> None:
    text = told(*(f"line {'abcdefghijklmnopqrstuvwxyz'[n % 26] * (n // 26 + 3)}" for n in range(300)))

    assert text.count(" got ") == 5
    assert "    … and 45 more" in text


def test_a_report_without_any_says_nothing_of_it() -> None:
    assert "not recognised" not in told()
    assert "not recognised" not in told("\r\n \0")
    assert "not recognised" not in told("MOTD", verbosity=-1)


def test_programs_get_it_in_parts() -> None:
    run = replace(literal.passed(1), history=got("bob left the chat!"))

    (shown,) = json.loads(as_json.render(Report((run,))))["runs"][0]["unrecognised"]

    assert shown == {
        "text": "bob left the chat!",
        "who": "ann",
        "times": 1,
        "nearest": {
            "where": "`notices: {left}` reads",
            "template": "{nick} left the chat",
            "difference": 'and that is only a part of it: "!" stands behind it',
        },
    }
