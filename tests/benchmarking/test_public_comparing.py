"""What of two profiles is the same language, what nearly, and what another one."""

from __future__ import annotations

from textwrap import dedent

import pytest

from benchmarks.public_servers.comparing import likeness, of_one_mind
from chatsim.profile.profile import Profile
from chatsim.profile.reader import read_profile

KNOWN = """\
    profile: known
    join: [{await: "NAME?"}, {send: "{nick}"}, {await: "Hello {nick}"}]
    says: "{text}"
    hears: "<{nick}> {text}"
    notices: {joined: "{nick} is here at {time}", left: "{nick} has gone"}
    leave: "/quit"
"""
RELAY = """\
    profile: known
    says: "{nick}: {text}"
    echo: yes
"""


def profile(text: str) -> Profile:
    return read_profile(dedent(text), "one.yaml")


def compared(known: str, *changes: tuple[str, str]) -> tuple[str, tuple[str, ...]]:
    found = known
    for old, new in changes:
        assert old in found
        found = found.replace(old, new)
    like = likeness(profile(found), profile(known))
    return like.verdict, like.differences


def test_a_profile_is_its_own_likeness() -> None:
    assert compared(KNOWN) == ("right", ())


@pytest.mark.parametrize(
    "changes",
    [
        ("{time}", "{*}"),
        ("<{nick}> {text}", "<{nick}>  {text} "),
        ('"{nick} has gone"', '["bye {nick}", "{nick} has gone"]'),
        ('{await: "NAME?"}, ', ""),
        ('    leave: "/quit"', '    leave: [{send: "/quit"}, {await: "bye"}]'),
        ('"<{nick}> {text}"', "'re:<(?P<nick>\\S+)> (?P<text>.*)'"),
    ],
)
def test_what_means_the_same_is_right(changes: tuple[str, str]) -> None:
    assert compared(KNOWN, changes) == ("right", ())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ('    notices: {joined: "{nick} is here at {time}", left: "{nick} has gone"}\n', ""),
            ("no joined", "no left"),
        ),
        (("has gone", "went"), ("left '{nick} went' for '{nick} has gone'",)),
        (('    leave: "/quit"\n', ""), ("no leave",)),
        (('join: [{await: "NAME?"}', 'framing: newline\n    join: [{await: "NAME?"}'), ("sent newline for none",)),
    ],
)
def test_what_is_around_the_chat_is_nearly(change: tuple[str, str], told: tuple[str, ...]) -> None:
    verdict, differences = compared(KNOWN, change)

    assert verdict == "nearly"
    assert differences[: len(told)] == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('{send: "{nick}"}', '{send: "/nick {nick}"}'), "join sends '/nick {nick}' for '{nick}'"),
        (('{send: "{nick}"}', '{send: "1"}, {send: "{nick}"}'), "join sends '1 → {nick}' for '{nick}'"),
        (('says: "{text}"', 'says: "say {text}"'), "says 'say {text}' for '{text}'"),
        (("<{nick}> {text}", "{nick}: {text}"), "hears '{nick}: {text}' for '<{nick}> {text}'"),
        (('    leave: "/quit"', "    echo: yes"), "echo yes for no"),
        (('join: [{await: "NAME?"}', 'framing: nul\n    join: [{await: "NAME?"}'), "sent nul for none"),
        (
            ('join: [{await: "NAME?"}', 'transport: websocket\n    join: [{await: "NAME?"}'),
            "transport websocket for tcp",
        ),
    ],
)
def test_another_language_is_not(change: tuple[str, str], told: str) -> None:
    verdict, differences = compared(KNOWN, change)

    assert verdict == "not"
    assert told in differences


def test_headers_of_other_widths_are_other_languages() -> None:
    known = KNOWN.replace('says: "{text}"', 'framing: {digits: 10}\n    says: "{text}"')

    assert compared(known) == ("right", ())
    assert compared(known, ("digits: 10", "digits: 4"))[0] == "not"


@pytest.mark.parametrize("says", ["{text}", "<{nick}> {text}"])
def test_where_words_go_on_as_they_are_any_form_is_right(says: str) -> None:
    assert compared(RELAY, ("{nick}: {text}", says)) == ("right", ())


def test_a_relay_that_is_said_to_write_the_names_itself_is_another_language() -> None:
    verdict, _ = compared(RELAY, ('says: "{nick}: {text}"', 'says: "{text}"\n    hears: "{nick}: {text}"'))

    assert verdict == "not"


DESK = """\
    profile: known
    hears: no
    operator: {hears: "{text}", ends: null}
    output: {said: "{text}"}
"""


def test_a_desk_without_somebody_at_it_is_another_language() -> None:
    verdict, differences = compared(DESK, ('    operator: {hears: "{text}", ends: null}\n', ""))

    assert (verdict, differences) == ("not", ("no operator",))


def test_a_name_that_is_never_said_is_none() -> None:
    assert compared(DESK, ("    hears: no", "    hears: no\n    nick: none")) == ("right", ())


def test_who_hears_nobody_is_not_of_one_mind_with_who_does() -> None:
    known = profile(KNOWN)

    assert of_one_mind(known, known)
    assert not of_one_mind(profile(DESK), known)


def test_no_profile_is_not() -> None:
    assert likeness(None, profile(KNOWN)).verdict == "not"
