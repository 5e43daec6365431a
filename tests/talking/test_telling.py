"""What came is told in one clear form for each kind of thing, whatever the profile."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from chatsim.profile.profile import Profile
from chatsim.profile.reader import builtin_names, load_profile, read_profile
from chatsim.profile.templates import Template
from chatsim.talking.telling import Teller

VALUES = {
    "nick": "bob", "new": "zoe", "text": "hi there", "to": "ann", "room": "den", "nicks": "ann, bob",
    "*": "", "time": "12:30", "id": "7",
    "ip": "1.2.3.4", "client-port": "5",
}  # fmt: skip


def told(profile: Profile, templates: Iterable[Template], *, asked: bool = False) -> set[str]:
    """All that a person reads where these came."""
    shown: set[str] = set()
    for template in templates:
        teller = Teller(profile)
        teller.asked = asked
        shown.update(["\n".join(teller.told(template.render(VALUES), "ann"))])
        assert teller.quiet() == []
    return shown


def named(templates: Iterable[Template], form: str, nameless: str) -> set[str]:
    return {form if "nick" in template.fields else nameless for template in templates}


@pytest.mark.parametrize("name", builtin_names())
def test_every_profile_is_told_in_the_same_words(name: str) -> None:
    profile = load_profile(name)
    public, whisper, rooms, roster = profile.public, profile.whisper, profile.rooms, profile.roster

    assert told(profile, profile.joined) == named(profile.joined, "* bob joined", "* somebody joined")
    assert told(profile, profile.left) == named(profile.left, "* bob left", "* somebody left")
    assert told(profile, profile.renamed) <= {"* bob is called zoe now"}
    assert told(profile, public.hears) == named(public.hears, "bob: hi there", "hi there")
    assert told(profile, public.ack) <= {"* received", "* received: hi there"}
    assert told(profile, whisper.hears) <= {"bob, to you alone: hi there", "somebody, to you alone: hi there"}
    if rooms is not None:
        assert told(profile, rooms.joined) == named(rooms.joined, "[den] * bob joined", "[den] * somebody joined")
        assert told(profile, rooms.left) == named(rooms.left, "[den] * bob left", "[den] * somebody left")
        assert told(profile, rooms.voice.hears) == named(rooms.voice.hears, "[den] bob: hi there", "[den] hi there")
    if roster is not None:
        assert told(profile, roster.answer, asked=True) <= {"* here: ann, bob", "* here: bob"}


def teller(text: str) -> Teller:
    return Teller(read_profile(f"profile: mine\nframing: newline\n{text}", "mine.yaml"))


TALK = 'says: "{text}"\nhears: "{nick}: {text}"\necho: yes\nnotices: {joined: "{nick} joined", left: "{nick} left"}\n'


def test_who_only_speaks_of_joining_has_not_joined() -> None:
    assert teller(TALK).told(["bob: she joined", "she joined"], "ann") == ["bob: she joined", "* she joined"]


def test_one_self_is_you() -> None:
    assert teller(TALK).told(["ann: hello"], "ann") == ["you: hello"]


def test_a_name_with_a_blank_is_a_name() -> None:
    assert teller(TALK).told(["bob the great left", "bob the great: hi"], "ann") == [
        "* bob the great left",
        "bob the great: hi",
    ]


def test_a_list_of_names_that_looks_like_a_message_is_a_list() -> None:
    assert teller(TALK + 'roster: {ask: "/who", answer: "Here: {nicks}"}\n').told(["Here: ann, bob"], "ann") == [
        "* here: ann, bob"
    ]


def test_names_that_come_one_by_one_are_a_list_only_when_asked_for() -> None:
    one = teller(TALK + 'roster: {ask: "/who", answer: " {nick}", end: "--"}\n')

    before = one.told([" bob"], "ann")
    one.asked = True

    assert (before, one.told([" bob", "--", " bob"], "ann")) == ([" bob"], ["* here: bob", " bob"])


def test_what_came_in_two_frames_is_told_as_one_and_alone_after_a_moment() -> None:
    two = teller('says: "{text}"\nhears: "{nick}{next}{text}"\n')

    assert two.told(["bob"], "ann") == []
    assert two.told(["hello"], "ann") == ["bob: hello"]
    assert two.told(["bob"], "ann") == []
    assert two.quiet() == ["bob"]


def test_several_lines_of_one_read_are_told_apart_where_nothing_else_keeps_them_so() -> None:
    loose = Teller(
        read_profile('profile: mine\nhears: "{nick}: {text}"\nnotices: {joined: "{nick} joined"}\n', "m.yaml")
    )

    assert loose.told(["bob joined\nbob: hi\nand more\n"], "ann") == ["* bob joined\nbob: hi\nand more"]


def test_decoration_is_taken_off() -> None:
    plain = teller(TALK + 'strip: [ansi, "[{time}] "]\n')

    assert plain.told(["\x1b[31m[12:30] bob\x1b[0m: hi"], "ann") == ["bob: hi"]
