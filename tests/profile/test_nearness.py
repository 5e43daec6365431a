"""What was not recognised is told with the template that comes nearest, and where the two differ."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatsim.profile.nearness import Named, nearest, templates_in

KNOWN = {"nick": ["ann", "bob"], "text": ["hello there"], "room": ["den"]}


def told(text: str, *sources: str) -> str:
    return str(nearest(text, [Named("`x` reads", source) for source in sources], KNOWN))


@pytest.mark.parametrize(
    ("text", "source", "difference"),
    [
        ("Goodbye! See you soon! ", "Goodbye! See you soon!", "which has no blank at its end"),
        ("Goodbye!", "Goodbye! ", "which has a blank at its end"),
        ("  Welcome", "Welcome", "which has no blanks at its beginning"),
        ("welcome, ann", "Welcome, {nick}", "which has other capitals"),
        ("ann  has left", "{nick} has left", "which has other blanks between its words"),
        ("ann joined the chat", "{nick} entered the chat", 'which has "entered" where "joined" came'),
        ("ann: hello there!", "{nick}: {text}", 'and that is only a part of it: "!" stands behind it'),
        ("* ann left", "{nick} left", 'and that is only a part of it: "* " stands before it'),
        ("ann left", "* {nick} left the room", 'which has more: "* " stands before it and " the room" stands behind it'),
        ("ann has left the room", "{nick} has just left the room", 'which has "just" besides'),
        ("ann has just left the room", "{nick} has left the room", 'which has no "just"'),
        ('{"type": "msg", "t": "x"}', '{"type": "message", "t": "{text}"}', 'which has "message" as "type" where "msg" came'),
        ('{"nick": "ann", "t": "x"}', '{"nickname": "{nick}", "t": "{text}"}', 'which has the key "nickname", and "nick" came'),
    ],
)  # fmt: skip
def test_where_a_text_differs_from_the_nearest_template(text: str, source: str, difference: str) -> None:
    assert told(text, source, "something else entirely, 1234567890") == f'`x` reads "{source}", {difference}'


def test_how_long_a_name_or_a_message_is_does_not_count() -> None:
    near = nearest("<bob> hello there", [Named("a", "{nick} left"), Named("b", "<{nick}>: {text}")], KNOWN)

    assert near is not None
    assert near.named.where == "b"


def test_what_is_like_nothing_has_no_nearest() -> None:
    assert nearest("1234 5678", [Named("a", "{nick} left"), Named("b", "{text}"), Named("c", "re:.*")], KNOWN) is None


def test_the_templates_of_a_profile_are_named_as_its_author_wrote_them() -> None:
    source = {
        "profile": "p",
        "join": ["x", {"send": "{nick}"}, {"await": ["A", "{end}"]}],
        "leave": "/quit",
        "says": "{text}",
        "echo": "yes",
        "notices": {"joined": "J", "left": ["L1", "L2"]},
        "rooms": {"enter": [{"await": "E"}], "hears": "{nick}{next}{text}"},
    }

    assert [(named.where, named.source) for named in templates_in(source)] == [
        ("`join` awaits", "A"),
        ("`hears` reads", "{text}"),
        ("`notices: {joined}` reads", "J"),
        ("`notices: {left}` reads", "L1"),
        ("`notices: {left}` reads", "L2"),
        ("`rooms: {hears}` reads", "{nick}"),
        ("`rooms: {hears}` reads", "{text}"),
        ("`rooms: {enter}` awaits", "E"),
    ]


@given(text=st.text(), source=st.text(min_size=1))
def test_any_text_is_compared_with_any_template(text: str, source: str) -> None:
    near = nearest(text, [Named("`x` reads", source)], {"nick": ["ann"]})

    assert near is None or near.difference.startswith(("which ", "and that "))
