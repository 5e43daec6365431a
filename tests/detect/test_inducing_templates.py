"""What was heard becomes templates that recognise it, and nothing else is made up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.detect.inducing import common, escaped, induce, once, pushed_list
from chatsim.profile.templates import Template

VALUES = {"nick": "zephine", "text": "heliotrope 417 sonata"}


@pytest.mark.parametrize(
    ("sample", "template"),
    [
        ("zephine: heliotrope 417 sonata\n", "{nick}: {text}"),
        ("<zephine> heliotrope 417 sonata", "<{nick}> {text}"),
        ("[12:30:05] zephine: heliotrope 417 sonata", "[{time}] {nick}: {text}"),
        ('{"from": "zephine", "text": "heliotrope 417 sonata"}', '{"from": "{nick}", "text": "{text}"}'),
        ('{"at": 1712345678.25, "text": "heliotrope 417 sonata"}', '{"at": "{*}", "text": "{text}"}'),
        ("f{nickname} said heliotrope 417 sonata", "f{{nickname}} said {text}"),
        ("{nick} said heliotrope 417 sonata", "{{nick}} said {text}"),
    ],
)
def test_what_is_known_becomes_a_placeholder_and_all_else_stays(sample: str, template: str) -> None:
    assert induce(sample, VALUES) == template


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_a_template_recognises_the_sample_that_it_was_made_of(before: str, between: str, after: str) -> None:
    sample = f"{before}zephine{between}heliotrope 417 sonata{after}".strip("\r\n")

    template = Template.parse(induce(sample, VALUES), use="received")

    slots = {"nick": "zephine", "text": "heliotrope 417 sonata"}
    assert template.matcher(slots).fullmatch(sample) is not None


@given(st.text(max_size=60))
def test_an_escaped_text_is_a_template_of_itself(text: str) -> None:
    if not text.startswith("re:") and not text.lstrip().startswith("{"):
        assert Template(escaped(text)).matcher().fullmatch(text) is not None


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), min_size=1, max_size=5))
def test_an_object_stays_one(tree: dict[str, str]) -> None:
    assert isinstance(json.loads(induce(json.dumps(tree), VALUES)), dict)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("Welcome, {nick}!", "Welcome, {nick}!", "Welcome, {nick}!"),
        ("{nick}: {text} (3 here)", "{nick}: {text} (4 here)", "{nick}: {text} ({*} here)"),
        ("There are 12 clients", "There are 9 clients", "There are {*} clients"),
        ("Welcome!", "{nick} joined the chat", None),
        ('{"n": 1, "text": "{text}"}', '{"n": 2, "text": "{text}"}', '{"text": "{text}"}'),
        ('{"text": "{text}"}', "{text}", None),
    ],
)
def test_what_two_samples_have_in_common_is_kept(one: str, other: str, both: str | None) -> None:
    assert common(one, other) == both


@pytest.mark.parametrize(
    ("sample", "template"),
    [
        ("Users: zephine, ottokar", "Users: {nicks}"),
        ("Online: ['zephine', 'ottokar']", "Online: [{nicks}]"),
        ('{"users": ["zephine", "ottokar"]}', '{"users": "{nicks}"}'),
        ("zephine says hello to ottokar", None),
        ("zephine: hello", None),
    ],
)
def test_a_list_of_names_is_told_from_a_sentence_with_names(sample: str, template: str | None) -> None:
    made = pushed_list(sample, ["zephine", "ottokar"])

    assert made == template or (template is not None and made is not None and "{nicks}" in made)
    assert (made is None) == (template is None)


@pytest.mark.parametrize(
    ("text", "left"),
    [("ann left!" * 40, "ann left!"), ("ann left!", "ann left!"), ("hahaha", "ha"), ("---", "---"), ("", "")],
)
def test_what_is_said_again_and_again_is_one_saying(text: str, left: str) -> None:
    assert once(text) == left
