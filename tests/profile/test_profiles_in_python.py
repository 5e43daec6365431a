"""A profile in Python is read as its class says; what its author got wrong is told as the author's, with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from chatsim.errors import ProfileError
from chatsim.profile.authored import AuthoredError
from chatsim.profile.framing import Framing
from chatsim.profile.profile import Profile
from chatsim.profile.python import Client
from chatsim.profile.reader import load_profile
from chatsim.profile.terms_of import terms_of
from chatsim.profile.translating import Translator, shown_event

HEAD = "from chatsim.profile.python import *\n"
ABLE = "    def received(self, data):\n        return []\n"

Writer = Callable[..., Profile]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """A profile of these keys whose module `mine` holds this code."""

    def written(code: str, keys: str = 'python: "mine:Mine"') -> Profile:
        (tmp_path / "mine.py").write_text(HEAD + dedent(code), encoding="utf-8")
        (tmp_path / "mine.yaml").write_text(f"profile: mine\n{keys}\n", encoding="utf-8")
        return load_profile(str(tmp_path / "mine.yaml"))

    return written


def complaint(write: Writer, code: str, keys: str = 'python: "mine:Mine"') -> str:
    with pytest.raises(ProfileError) as caught:
        write(code, keys)
    return str(caught.value)


def translator(profile: Profile) -> Translator:
    assert profile.python is not None
    return Translator(profile.python, lambda: Client("ann", 1, "pw-ann"))


def authors_error(write: Writer, code: str, data: bytes = b"hello") -> str:
    """What is told when these bytes come."""
    own = translator(write(code))
    with pytest.raises(AuthoredError) as caught:
        own.heard(data)
    return str(caught.value)


# --- what the class says of its server ----------------------------------------------------------------------------


def test_what_is_overridden_the_server_can_do(write: Writer) -> None:
    profile = write("class Mine(Connection):\n" + ABLE + "    def say(self, text): return b''\n")
    terms = terms_of(profile)

    assert (terms.public.possible, terms.public.heard, terms.public.echo) == (True, True, False)
    assert (terms.whisper.possible, terms.rooms, terms.roster, terms.leave_dialogue) == (False, False, False, False)


def test_what_its_attributes_say_is_owed(write: Writer) -> None:
    profile = write(
        "class Mine(Connection):\n    echo = ack = True\n    notices = ('left',)\n    apart = False\n"
        + ABLE
        + "    def say(self, text): return b''\n    def who(self): return b''\n    def leave(self): return b''\n"
    )
    terms = terms_of(profile)

    assert (terms.public.echo, terms.public.ack, terms.notices) == (True, True, {"left", "dropped"})
    assert (terms.roster_asked, terms.leave_dialogue) == (True, True)
    assert (terms.framed_sent, terms.framed_received, profile.pace) == (False, False, "one-at-a-time")


def test_a_module_beside_the_profile_hides_nothing_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(HEAD + "class Mine(Connection):\n" + ABLE, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text('profile: mine\npython: "json:Mine"\n', encoding="utf-8")

    profile = load_profile(str(tmp_path / "mine.yaml"))

    import json

    assert profile.python is not None
    assert profile.python.load().__name__ == "Mine"
    assert json.loads("1") == 1


def test_the_authors_object_knows_whose_connection_it_is(write: Writer) -> None:
    own = translator(write("class Mine(Connection):\n" + ABLE + "    def opened(self): return f'{self.me}'.encode()\n"))

    assert own.said('{"!": "^"}') == b"Client(nick='ann', number=1, password='pw-ann', ip='', port=0)"


def test_what_is_to_be_answered_is_no_event_for_the_ear(write: Writer) -> None:
    own = translator(
        write(
            "class Mine(Connection):\n    def received(self, data):\n        yield Reply(b'pong')\n        yield Welcome()\n"
        )
    )

    assert own.heard(b"ping") == (b'{"~": "^"}\n', b"pong")


def test_events_are_shown_in_words() -> None:
    said = '{"~": "=", "@": "ann", "=": "hi"}'
    shown = [shown_event(line) for line in (said, '{"~": "#+", "#": "den", "@": "bob"}', '{"~": "^"}', "odd")]

    assert shown == ["ann: hi", "[den] bob joined", "welcome", "odd"]


def test_a_package_can_bring_a_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "brought_by_a_package.py").write_text(HEAD + "class Mine(Connection):\n" + ABLE, encoding="utf-8")
    info = tmp_path / "brought-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: brought\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[chatsim.profiles]\nodd = brought_by_a_package:Mine\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    profile = load_profile("odd")

    assert (profile.name, profile.file) == ("odd", "")
    assert profile.python is not None
    assert profile.python.load().__module__ == "brought_by_a_package"


# --- what the author got wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("class Other(Connection): pass\n", "there is no class Mine in the module mine"),
        ("class Mine: pass\n", "Mine is no profile: a subclass of Connection is expected"),
        ("class Mine(Connection): pass\n", "Mine: there is no `received`"),
        ("class Mine(Connection):\n    nick = 'given'\n" + ABLE, "`nick` is chosen, assigned or none, not 'given'"),
        (
            "class Mine(Connection):\n    notices = 'joined'\n" + ABLE,
            "`notices` is a tuple of joined and left, not 'joined'",
        ),
        ("class Mine(Connection):\n" + ABLE + "    def enter(self, room): ...\n", "there is no exit, say_in"),
        ("1 / 0\n", "the module mine raised ZeroDivisionError: division by zero"),
        ("import nowhere_to_be_found\n", "No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(3)\n", "the module mine raised SystemExit: 3"),
        ("class Mine(Connection\n", "'(' was never closed"),
    ],
)
def test_a_class_that_is_wrong_is_told_at_its_key(write: Writer, code: str, told: str) -> None:
    letter = complaint(write, code)

    assert told in letter
    assert "mine.yaml:2:9" in letter
    assert "Traceback" not in letter


def test_an_exception_in_the_module_is_told_with_its_line(write: Writer) -> None:
    assert "mine.py:3:1" in complaint(write, "\n1 / 0\n")


def test_a_module_that_is_nowhere_is_told_where_it_was_looked_for(write: Writer) -> None:
    letter = complaint(write, "", 'python: "yours:Mine"')

    assert "there is no module yours" in letter
    assert "yours.py" in letter


def test_a_reference_has_a_module_and_a_class(write: Writer) -> None:
    assert '"module:Class" is expected here' in complaint(write, "", 'python: "mine.py"')


def test_what_the_class_says_itself_cannot_be_said_in_yaml_too(write: Writer) -> None:
    letter = complaint(
        write, "class Mine(Connection):\n" + ABLE, 'python: "mine:Mine"\nhears: "{text}"\nframing: newline'
    )

    assert "`hears` and `python`: only one of them can be meant" in letter
    assert "`framing` and `python`" in letter


def test_an_exception_is_told_with_the_authors_line_and_what_was_given(write: Writer) -> None:
    letter = authors_error(
        write,
        """
        class Mine(Connection):
            def received(self, data):
                return [self.meaning(data)]

            def meaning(self, data):
                return Said(data.decode(), {}["nick"])
        """,
    )

    assert "mine.py:8:9" in letter
    assert 'return Said(data.decode(), {}["nick"])' in letter
    assert "Mine.received raised KeyError: 'nick'" in letter
    assert "It was given b'hello'." in letter
    assert "translating" not in letter


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return 3", "it returned 3, and events are expected"),
        ("return None", "it returned None, and events are expected"),
        ("return b'x'", "it returned b'x', and events are expected"),
        ("yield 'hello'", "it gave 'hello', which is no event"),
        ("yield Said(b'x')", "it gave an event with b'x', where a text is expected"),
        ("yield Reply('x')", "it gave 'x', and bytes are expected"),
        ("raise SystemExit", "Mine.received raised SystemExit"),
        ("return self.received(data)", "Mine.received raised RecursionError"),
    ],
)
def test_what_is_no_event_is_told_as_such(write: Writer, body: str, told: str) -> None:
    letter = authors_error(write, f"class Mine(Connection):\n    def received(self, data):\n        {body}\n")

    assert told in letter


def test_an_action_gives_bytes(write: Writer) -> None:
    own = translator(write("class Mine(Connection):\n" + ABLE + "    def say(self, text): return text\n"))

    with pytest.raises(AuthoredError, match=r"Mine.say raised TypeError: it gave 'hi', and bytes are expected"):
        own.said('{"!": "=", "=": "hi"}')


def test_ctrl_c_is_nobodys_error(write: Writer) -> None:
    own = translator(write("class Mine(Connection):\n    def received(self, data):\n        raise KeyboardInterrupt\n"))

    with pytest.raises(KeyboardInterrupt):
        own.heard(b"x")


# --- framings -----------------------------------------------------------------------------------------------------

FRAMED = 'framing: {python: "mine:Mine"}'


def framing(write: Writer, code: str) -> Framing:
    return write("class Mine:\n" + code, FRAMED).received


def test_a_framing_in_python_promises_that_messages_stay_apart(write: Writer) -> None:
    made = framing(
        write,
        "    def frame(self, payload): return payload + b'!'\n    def feed(self, data): return data.split(b'!')[:-1]\n",
    )

    assert made.promises
    assert made.frame(b"hi") == b"hi!"
    assert made.decoder().feed(b"a!b!") == [b"a", b"b"]


def test_a_framing_needs_its_two_methods(write: Writer) -> None:
    letter = complaint(write, "class Mine:\n    def frame(self, payload): ...\n", FRAMED)

    assert "Mine is no framing: it has no method feed" in letter


def test_a_value_error_breaks_the_stream_and_is_the_servers(write: Writer) -> None:
    decoder = framing(
        write, "    def frame(self, p): ...\n    def feed(self, data): raise ValueError('odd length')\n"
    ).decoder()

    assert decoder.feed(b"x") == []
    assert decoder.broken == "odd length"


def test_any_other_exception_of_a_framing_is_its_authors(write: Writer) -> None:
    decoder = framing(write, "    def frame(self, p): ...\n    def feed(self, data): return data.nothing\n").decoder()

    with pytest.raises(AuthoredError, match=r"Mine.feed raised AttributeError"):
        decoder.feed(b"x")
