"""However the bytes are cut, what was said is heard: each message once, whole, in order; and nothing ever raises."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from overheard import Talk, cut, echo, json_lines, lines, prompted, relay, two_frames

from chatsim.profile.phrases import Awaited, Phrase, Refusal, Whole

SHAPES = {
    "lines": lines,
    "relay": relay,
    "prompted": prompted,
    "two-frames": two_frames,
    "json-lines": json_lines,
    "echo": echo,
}
SPEAKERS = ("bob", "cat")

words = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"), max_size=12).map(
    str.strip
)
texts = st.one_of(
    st.builds("{} HEAD {} TAIL".format, words.filter(bool), words.filter(bool)),
    st.builds("{} HEAD".format, words.filter(bool)),
    st.just("HEAD"),
    st.sampled_from(["* ann left HEAD", "HEAD bob left the chat! TAIL", "Welcome, ann! HEAD", "cat: HEAD bob: TAIL"]),
)
events = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(SPEAKERS), texts),
    st.tuples(st.just("again"), st.integers(0, 5), st.just("")),
    st.tuples(st.sampled_from(["joined", "left"]), st.sampled_from(SPEAKERS), st.just("")),
)
cuts = st.lists(st.integers(0, 10_000), max_size=12)


def play(shape: str, plan: list[tuple[str, object, str]]) -> tuple[Talk, bytes, list[int]]:
    """The stream of a right server, and the messages in it in order."""
    talk = Talk(SHAPES[shape]())
    data, order = b"", []
    for what, who, text in plan:
        if what == "say":
            order.append(talk.said(text, "ann" if shape == "echo" else str(who)))
            data += talk.rendered(order[-1])
        elif what == "again" and order:
            order.append(order[int(str(who)) % len(order)])
            data += talk.rendered(order[-1])
        elif what in ("joined", "left"):
            for template in getattr(talk.profile, what):
                data += talk.framed(template.render({"nick": str(who)})[0])
    return talk, data, order


def wholes(phrases: list[Phrase]) -> list[tuple[int, str]]:
    return [(phrase.message, phrase.form) for phrase in phrases if isinstance(phrase, Whole)]


@pytest.mark.parametrize("shape", sorted(SHAPES))
@settings(max_examples=150, deadline=None)
@given(plan=st.lists(events, max_size=8), places=cuts)
def test_every_message_is_heard_once_in_order_and_under_its_form(
    shape: str, plan: list[tuple[str, object, str]], places: list[int]
) -> None:
    talk, data, order = play(shape, plan)

    phrases = talk.heard(*cut(data, places))

    form = "echo" if shape == "echo" else "hears"
    assert wholes(phrases) == [(message, form) for message in order]


@pytest.mark.parametrize("shape", ["lines", "two-frames", "json-lines"])
@settings(max_examples=100, deadline=None)
@given(plan=st.lists(events, max_size=8), garbage=st.lists(st.text(max_size=20), max_size=3), places=cuts)
def test_framed_phrases_are_the_same_whatever_the_cut(
    shape: str, plan: list[tuple[str, object, str]], garbage: list[str], places: list[int]
) -> None:
    talk, data, _ = play(shape, plan)
    for text in garbage:
        data += talk.framed(text.encode("utf-8", "replace").decode())

    assert talk.heard(*cut(data, places)) == talk.heard(data)


@pytest.mark.parametrize("shape", ["prompted", "relay"])
@settings(max_examples=100, deadline=None)
@given(plan=st.lists(events, max_size=8), places=cuts)
def test_a_stream_without_frames_gives_the_same_phrases_too_if_all_of_it_is_known(
    shape: str, plan: list[tuple[str, object, str]], places: list[int]
) -> None:
    talk, data, _ = play(shape, plan)

    assert talk.heard(*cut(data, places)) == talk.heard(data)


@pytest.mark.parametrize("shape", sorted(SHAPES))
@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(
                [b"\n", b"ann: ", b"bob: ", b"0000000003", b"3         ", b"{", b'"}', b"\xf0\x9f", b"NICK"]
            ),
            st.integers(0, 2),
        ),
        max_size=12,
    ),
    places=cuts,
    when=st.integers(0, 6),
)
def test_any_bytes_give_phrases_and_never_an_exception(
    shape: str, pieces: list[bytes | int], places: list[int], when: int
) -> None:
    talk = Talk(SHAPES[shape]())
    for text in ("oh HEAD my TAIL", "HEAD", "a perfectly plain text"):
        talk.said(text)
    data = b"".join(talk.rendered(piece) if isinstance(piece, int) else piece for piece in pieces)
    ear = talk.ear(joined=False)
    out: list[Phrase] = []
    for number, chunk in enumerate(cut(data, places)):
        if number == when:
            out += ear.await_([*talk.profile.joined, talk.profile.public.says], [])  # type: ignore[list-item]
        out += ear.hear(chunk) if ear.hear_quick(chunk) is None else []
        if number % 3 == 2:
            out += ear.rest()
    out += ear.rest()

    assert ear.rest() == [], "after rest, there is no more"
    assert sum(isinstance(phrase, Awaited | Refusal) for phrase in out) <= 1
    assert ear.unexplained >= 0
    assert data.endswith(ear.tail)


@settings(max_examples=100, deadline=None)
@given(plan=st.lists(events, max_size=8), places=cuts)
@example(plan=[("say", "bob", "HEAD"), ("say", "cat", "x HEAD")], places=[3])
def test_the_quick_way_says_what_the_slow_way_says(plan: list[tuple[str, object, str]], places: list[int]) -> None:
    talk, data, order = play("lines", plan)
    ear = talk.ear()
    heard: list[tuple[int, str]] = []
    for chunk in cut(data, places):
        quick = ear.hear_quick(chunk)
        if quick is not None:
            heard += [(message, {1: "hears", 2: "echo"}[form]) for message, form in zip(*quick, strict=True)]
        else:
            heard += wholes(ear.hear(chunk))

    assert heard == [(message, "hears") for message in order]
