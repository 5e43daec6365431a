"""Whatever a server pours out: the memory is bounded, the time linear, and the bytes that explain nothing counted."""

from __future__ import annotations

import tracemalloc

import pytest
from overheard import T, Talk, json_lines, lines, prompted, relay, two_frames

from chatsim.profile.profile import Voice

CHUNK = 64 * 1024


@pytest.mark.parametrize("shape", [lines, prompted, two_frames, json_lines], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize(
    "garbage", [b"x", b'{"a": ', b"\xff\x00", b"bob: ", b"one longer line of noise and\n"], ids=repr
)
def test_garbage_without_end_is_bounded_and_counted(shape: object, garbage: bytes) -> None:
    talk = Talk(shape())  # type: ignore[operator]
    talk.said("hello HEAD there TAIL")
    talk.said("some plain words")
    ear = talk.ear()
    chunk = (garbage * (CHUNK // len(garbage) + 1))[:CHUNK]
    chunks = 40
    phrases = 0
    for _ in range(chunks):
        if ear.hear_quick(chunk) is None:
            phrases += len(ear.hear(chunk))

    assert phrases < 20_000
    assert ear.unexplained > 0.7 * chunks * CHUNK
    assert len(ear.unclaimed) <= 65_536
    assert len(ear.tail) == 2048


@pytest.mark.parametrize("shape", [lines, prompted, two_frames, json_lines], ids=lambda shape: shape.__name__)
def test_no_more_than_one_unfinished_frame_is_kept(shape: object) -> None:
    """Forty mebibytes without an end: an engine that did not stop at sixteen would not run out of memory."""
    ear = Talk(shape()).ear()  # type: ignore[operator]
    chunk = b"x" * 1024 * 1024
    tracemalloc.start()
    for _ in range(40):
        if ear.hear_quick(chunk) is None:
            ear.hear(chunk)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 24 * 1024 * 1024
    assert ear.unexplained > 39 * 1024 * 1024


@pytest.mark.parametrize("shape", [lines, prompted, relay], ids=lambda shape: shape.__name__)
def test_copies_without_end_explain_nothing_any_more(shape: object) -> None:
    talk = Talk(shape())  # type: ignore[operator]
    one = talk.said("hello HEAD there TAIL")
    ear = talk.ear()
    chunk = talk.rendered(one) * 100
    for _ in range(100):
        if ear.hear_quick(chunk) is None:
            ear.hear(chunk)

    assert ear.unexplained > 0.5 * 100 * len(chunk)


def test_what_was_said_is_explained() -> None:
    for shape in (lines, prompted, two_frames, json_lines):
        talk = Talk(shape())
        ear = talk.ear()
        for _ in range(50):
            ear.hear(talk.rendered(talk.said("hello HEAD there TAIL")))

        assert ear.unexplained == 0


def test_a_ghost_that_leaves_for_ever_is_a_flood() -> None:
    """Finding 45: notices are explained, a mebibyte of them; not more."""
    talk = Talk(lines())
    ear = talk.ear()
    for _ in range(60):
        ear.hear(b"* bob left\n" * 5000)

    assert ear.unexplained > 1024 * 1024


def test_a_long_message_in_many_reads_is_read_once() -> None:
    for shape in (lines, prompted, two_frames, json_lines):
        talk = Talk(shape())
        one = talk.said("HEAD " + "all work and no play " * 100_000 + "TAIL")
        data = talk.rendered(one)
        ear = talk.ear()
        heard = []
        for start in range(0, len(data), 4096):
            heard += ear.hear(data[start : start + 4096])

        assert [phrase.form for phrase in heard] == ["hears"]  # type: ignore[union-attr]
        assert ear.unexplained == 0


def test_small_reads_of_garbage_cost_little_each() -> None:
    """Only so much is looked at again: were it all, this would not end within the time that a test has."""
    talk = Talk(prompted())
    talk.said("hello HEAD there TAIL")
    ear = talk.ear()
    for _ in range(20_000):
        ear.hear(b"noise ")

    assert ear.unexplained == 120_000


def test_a_receipt_that_repeats_a_long_message_is_no_flood_and_its_copies_are() -> None:
    talk = Talk(lines(public=Voice(T("{text}"), (T("{nick}: {text}"),), ack=(T("ok {text}"),))))
    said = [talk.said("HEAD " + "all work and no play " * 50_000 + "TAIL", "ann", sender=0) for _ in range(4)]
    ear = talk.ear("ann")
    for message in said:
        ear.hear(talk.framed("ok " + talk.text(message)))

    assert ear.unexplained == 0

    for _ in range(4):
        ear.hear(talk.framed("ok " + talk.text(said[0])))

    assert ear.unexplained > 1024 * 1024
