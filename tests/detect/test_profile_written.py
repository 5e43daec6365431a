"""Whatever findings hold, what is written of them is a profile that can be read, and nothing in it plays tricks."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.detect.findings import Findings, Step
from chatsim.detect.inducing import induce
from chatsim.detect.playing import ABOUT_THE_PROFILE, DISTURBED
from chatsim.detect.ways import FRAMINGS, Way
from chatsim.detect.writing import Begun, one_line, profile_name, written
from chatsim.profile.profile import Profile
from chatsim.profile.reader import read_profile
from chatsim.profile.templates import Template
from chatsim.properties import PROPERTIES

# What servers send, and what would end a comment, a line, or a text of YAML.
NASTY = ["\0", "\x1b[31m", "\u202e", "\n", "\r\n", "\u2028", "\x85", "\ufeff", "#", " # ", ": ", "'", '"', "\\", "{", "}",
         "[", "]", "{nick}", "{{nick}}", "{text}", "{*}", "re:", "- ", "---", "%", "&a", "*a", "!!str", "\t", "~", "\ud800",
         "x" * 3000, "\U000e0001", "no", "=", "<<"]  # fmt: skip
SAMPLES = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=6).map("".join)
# A template is always made of a sample: that is where foreign text gets in.
TEMPLATES = SAMPLES.map(lambda sample: induce(sample, {"nick": "zephine", "text": "heliotrope"}))
MESSAGES = SAMPLES.map(lambda sample: induce(f"zephine{sample}heliotrope", {"nick": "zephine", "text": "heliotrope"}))
SEEN = st.dictionaries(
    st.sampled_from(
        ["framing", "nick", "join", "refuses", "says", "hears", "echo", "joined", "left", "leave", "limits"]
    ),
    SAMPLES,
)
WAYS = st.sampled_from(sorted(FRAMINGS)).map(lambda framing: Way("a way", framing))
OBJECT = '{"name": "{nick}", "text": "{text}"}'


ENDS = {"nul": "\0", "newline": "\r\n", "crlf": "\r\n", "json-lines": "\r\n"}  # no frame holds what ends it


@st.composite
def findings(draw: st.DrawFn) -> Findings:
    way = draw(WAYS)
    ends = str.maketrans("", "", ENDS.get(way.framing, ""))

    def some(templates: st.SearchStrategy[str], most: int) -> list[str]:
        drawn = [text.translate(ends) for text in draw(st.lists(templates, max_size=most))]
        return [text for text in drawn if text.strip()]

    objects = way.framing.startswith("json")
    found = Findings(way, seen=draw(SEEN), says=OBJECT if objects else "{text}")
    entry = Step("send", OBJECT.replace("{text}", "") if objects else "{nick}")
    found.join = [entry, *(Step("await", text) for text in some(TEMPLATES, 2))]
    found.hears = some(MESSAGES, 2)
    found.joined = [f"{{nick}} {text}" for text in some(TEMPLATES, 1)]
    found.left = [f"{text} {{nick}}" for text in some(TEMPLATES, 1)]
    found.refuses = some(TEMPLATES, 2)
    found.ignore = some(TEMPLATES, 2)
    for remarks in (found.open, found.guesses, found.killed):
        remarks += draw(st.lists(SAMPLES, max_size=2))
    return found


def plays_no_tricks(text: str) -> bool:
    return all(sign == "\n" or unicodedata.category(sign)[0] not in "CZ" or sign == " " for sign in text)


@settings(max_examples=200)
@given(findings(), SAMPLES)
def test_whatever_was_found_is_written_as_a_profile_that_can_be_read(found: Findings, tried: str) -> None:
    text = written(found, "server", Begun("python server.py {port}"), [tried])

    assert plays_no_tricks(text)
    assert isinstance(read_profile(text, "found.yaml"), Profile)


@given(SAMPLES)
def test_a_comment_is_one_line(sample: str) -> None:
    assert len(one_line(sample).splitlines()) <= 1


@given(SAMPLES)
def test_what_was_heard_is_recognised_by_what_is_read_back(sample: str) -> None:
    """Through YAML and back: the template is still that of the sample."""
    message = f"zephine: {sample} heliotrope"
    found = Findings(Way("a way", "none"), hears=[induce(message, {"nick": "zephine", "text": "heliotrope"})])
    found.join = [Step("send", "{nick}")]

    profile = read_profile(written(found, "server", Begun()), "found.yaml")

    assert profile.public.hears == (Template(found.hears[0]),)
    assert profile.public.hears[0].matcher().fullmatch(message.strip("\r\n")) is not None


@settings(max_examples=50)
@given(SAMPLES)
def test_any_command_has_a_profile_with_a_name(command: str) -> None:
    found = Findings(Way("a way", "newline"), hears=["{nick}: {text}"], join=[Step("send", "{nick}")])

    text = written(found, profile_name(command), Begun())

    assert read_profile(text, "found.yaml").name == profile_name(command)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python my_server.py {port}", "my-server"),
        ("java -jar build/Chat.jar", "chat"),
        ("./a.out 5000", "a"),
        ("python 5.py", "5"),
        ("python yes.py", "yes"),
        ("python 1e3.py", "1e3"),
        ("", "server"),
    ],
)
def test_a_profile_is_called_like_its_program(command: str, name: str) -> None:
    found = Findings(Way("a way", "newline"), hears=["{nick}: {text}"], join=[Step("send", "{nick}")])

    assert profile_name(command) == name
    assert read_profile(written(found, name, Begun()), "found.yaml").name == name


def test_a_text_that_begins_like_a_regular_expression_is_none() -> None:
    sample = "re: heliotrope [1"

    template = Template(induce(sample, {"text": "heliotrope"}))

    assert template.matcher().fullmatch(sample) is not None


def test_what_says_that_a_profile_was_read_rightly_are_properties() -> None:
    assert set(ABOUT_THE_PROFILE) | set(DISTURBED) <= {known.name for known in PROPERTIES}
