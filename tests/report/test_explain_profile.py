"""A profile is told in words: how a client comes, speaks, hears and goes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from chatsim.profile.reader import builtin_names, load_profile, read_profile
from chatsim.report.explain_profile import explain_profile

EXAMPLES = Path(__file__).parent.parent.parent / "docs" / "example" / "python"


def told(text: str) -> list[str]:
    return explain_profile(read_profile("profile: p\n" + dedent(text), "p.yaml"))


def test_a_profile_is_told_whole() -> None:
    lines = told(
        """\
        about: "One line a message."
        start: {command: "python server.py {port}"}
        framing: newline
        join: [{await: "NICK"}, {send: "{nick}"}, {pause: 10ms..20ms}, {await: ["Hello, {nick}!", "Hi"]}]
        refuses: "Taken"
        says: "{text}"
        hears: "<{nick}> {text}"
        ack: "OK"
        notices: {left: "{nick} has gone", dropped: no}
        roster: {ask: "/who", answer: "Here: {nicks}"}
        leave: [{send: "/quit"}, {await: "{end}"}]
        whenever: [{await: "PING {*}", send: "PONG {*}"}]
        ignore: "motd"
        promises: {total-order: yes, framing: no}
        """
    )

    assert lines == [
        "Profile p (p.yaml). One line a message.",
        "The server is started with python server.py {port}, at a free port for {port}, and told to end with SIGINT.",
        "On the wire: a message is a line; utf-8.",
        "",
        "To join, a client connects, and",
        '    1. waits for "NICK"',
        '    2. sends "{nick}"',
        "    3. waits 0.01 to 0.02 s",
        '    4. waits for "Hello, {nick}!" or "Hi"',
        '    If "Taken" comes meanwhile, or the server closes, it is refused.',
        "Its nickname is its own choice.",
        "Then somebody who is there speaks until it is heard by the newcomer: only then is it there.",
        "",
        'To speak in public, it sends "{text}"; the others get "<{nick}> {text}"; the sender gets nothing, and "OK" as a '
        "receipt.",
        'To ask who is there, it sends "/who" and gets "Here: {nicks}".',
        "",
        'The others are told who leaves: "{nick} has gone".',
        'Whenever "PING {*}" comes, "PONG {*}" is answered.',
        'Without meaning: "motd".',
        "",
        "To leave politely, it",
        '    1. sends "/quit"',
        "    2. waits for the server's close",
        "    and closes the connection, if the server has not.",
        "",
        "At most: nicknames of 12 characters.",
        "Promised beyond the usual: total-order.",
        "Not promised, and not held against it: framing.",
    ]


def test_what_code_says_is_told_by_the_names_of_its_methods_and_events() -> None:
    lines = explain_profile(load_profile(str(EXAMPLES / "cipher.yaml")))

    assert "On the wire: what cipher:Cipher says." in lines
    assert "    1. sends opened()" in lines
    assert "    2. waits for Welcome() or Welcome(nick)" in lines
    assert not any('"~"' in line or '"!"' in line for line in lines)


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_profile_can_be_told(name: str) -> None:
    lines = explain_profile(load_profile(name))

    assert lines[0].startswith(f"Profile {name} (built in).")
    assert any(line.startswith("To join, a client connects") for line in lines)
    assert all(line.rstrip() == line for line in lines)


@pytest.mark.parametrize(
    ("framing", "said"),
    [
        ('{length: "|"}', "before each message stands its length, and b'|'; utf-8"),
        ('{length: ":", end: ","}', "before each message stands its length, and b':', and b',' after it; utf-8"),
    ],
)
def test_a_length_of_any_width_is_told_with_what_stands_around(framing: str, said: str) -> None:
    assert any(said in line for line in told(f"framing: {framing}\n"))


def test_how_another_name_is_taken_is_told() -> None:
    lines = "\n".join(explain_profile(load_profile("lines")))

    assert 'To take the name {new}, it\n    1. sends "/nick {new}"\n    2. waits for "You are {new} now."' in lines
