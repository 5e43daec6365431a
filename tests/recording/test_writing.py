"""Steps as YAML: whatever was said, it is read back as it was."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from chatsim.recording.casting import bot_name
from chatsim.recording.steps import Step
from chatsim.recording.writing import written
from chatsim.scenario.reader import read_scenario
from chatsim.scenario.steps import Act, Raw, Talk, Tell

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(TEXT, TEXT)
@example('"quoted" \\ {nick}', "# no comment: [a, b]")
@example("a\u2028b\x85c\x07", "\ufeff\U0010ffff")
def test_any_text_is_read_back_as_it_was_said(one: str, other: str) -> None:
    nick = other if other.strip() else "x"
    steps = [
        Step("join", {"ann": None, "bob": None}),
        Step("chat", {"ann": [one, other], "bob": one}),
        Step("chat", {"bob": {"text": other, "in": "den"}}),
        Step("whisper", {"ann": {"to": "bob", "text": one}}),
        Step("send", {"ann": {"raw": one}}, remark=other),
    ]
    scenario = read_scenario(written(steps, {"ann": nick, "bob": "bob"}, [one]), "back.yaml")
    details = [detail for step in scenario.steps if isinstance(step, Act) for _, detail in step.entries]

    assert [detail.texts for detail in details if isinstance(detail, Talk)] == [(one, other), (one,), (other,)]
    assert [detail.texts for detail in details if isinstance(detail, Tell)] == [(one,)]
    assert [detail.raw for detail in details if isinstance(detail, Raw)] == [one]
    assert [bot.nick for bot in scenario.bots] == [nick, None]


def test_a_file_as_a_person_reads_it() -> None:
    steps = [
        Step("join", {"ann": None}),
        Step("", remark="a line\nthat is no step"),
        Step("expect", {"ann": {"closed": True}}),
        Step("drop", {"ann": "close"}),
    ]

    assert written(steps, {"ann": ""}, ["about"]) == (
        "# about\n"
        'scenario: "a recorded session of ann goes as it went"\n'
        "bots: [ann]\n"
        "steps:\n"
        "  - join: ann\n"
        "  # a line\\x0athat is no step\n"
        "  - expect: {ann: {closed: yes}}\n"
        "  - drop: {ann: close}\n"
    )


def test_a_bot_is_called_after_its_nickname_as_far_as_it_may() -> None:
    assert bot_name("Ann") == "Ann"
    assert bot_name("~* 7th ann *~") == "th-ann"
    assert bot_name("漢字") == "漢字"
    assert bot_name("42") == ""
    assert bot_name("a" * 99) == "a" * 40
