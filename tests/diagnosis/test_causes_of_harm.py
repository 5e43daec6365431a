"""Texts that arrive glued, in pieces, cut or in other letters."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.checks.story import Story
from tests.diagnosis.judged import explained

LONG = "the quick brown fox jumps over the lazy dog, and " * 60
RUSSIAN = "Привет, Боб! Как у тебя дела?"


def of_ann_and_bob() -> Story:
    story = Story()
    story.join("ann", "bob")
    story.settled()
    return story


def said(text: str, came_as: str, how: str, step: str = "- chat: {ann: …}") -> Story:
    """ann says it, and this is what bob gets of it."""
    story = of_ann_and_bob()
    story.step("chat", text=step)
    story.say("ann", text)
    story.damaged("bob", text, how, came_as)
    story.settled()
    return story


# --- glued -----------------------------------------------------------------------------------------------------------


def glued(first: str, second: str, *, shared: bool) -> Story:
    story = of_ann_and_bob()
    story.say(first, "one", shared=shared)
    story.say(second, "two", shared=shared)
    story.hear("bob" if first != "bob" else "ann", "one")
    story.damaged("bob", "one", "glued", with_=("two",))
    story.hear("bob", "two")
    story.damaged("bob", "two", "glued", with_=("one",))
    story.settled()
    return story


def test_two_messages_of_one_write_that_came_out_as_one_were_one_read() -> None:
    verdict = explained(glued("ann", "ann", shared=True))["framing"]

    assert verdict.hint.startswith("Surely: one `recv` is taken for one message")
    assert "buffer" in verdict.hint


def test_two_writes_of_one_client_that_came_out_as_one_are_less_sure() -> None:
    assert explained(glued("ann", "ann", shared=False))["framing"].hint_sure == "probably"


def test_messages_of_two_clients_cannot_have_come_in_one_read() -> None:
    story = of_ann_and_bob()
    story.join("cat")
    story.say("ann", "one")
    story.say("cat", "two")
    story.all_hear("one", "bob")
    story.all_hear("two", "bob")
    story.damaged("bob", "two", "glued", with_=("one",))
    story.settled()

    verdict = explained(story)["framing"]
    assert verdict.hint.startswith("Probably: the server writes a message without what ends it")


def test_what_was_sent_in_pieces_and_came_in_pieces_is_told_so() -> None:
    story = said("hello everybody", "hello", "truncated", "- send: {ann: {in-pieces: …}}")

    verdict = explained(story)["intact"]
    assert verdict.hint.startswith(
        "Probably: one `recv` is taken for one message, but one `recv` may bring only a part"
    )


# --- cut -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut", "number", "sure"),
    [(1024, "`recv(1024)`", "probably"), (1015, "`recv(1024)`", "probably"), (32, "`recv(32)`", "probably")],
)
def test_a_cut_at_a_size_that_people_read_by_tells_the_number(cut: int, number: str, sure: str) -> None:
    verdict = explained(said(LONG, LONG[:cut], "truncated"))["intact"]

    assert number in verdict.hint
    assert f"the first {cut} came in one piece" in verdict.hint
    assert verdict.hint_sure == sure


def test_a_cut_anywhere_else_is_told_without_a_guess_at_the_number() -> None:
    verdict = explained(said(LONG, LONG[:777], "truncated"))["intact"]

    assert verdict.hint.startswith("Perhaps: of a long message only the beginning is passed on")
    assert "the first 777 came" in verdict.hint


def test_a_copy_that_the_history_does_not_hold_whole_has_no_size() -> None:
    long = LONG * 3
    verdict = explained(said(long, long[:2000], "truncated"))["intact"]

    assert "2000" not in verdict.hint


def test_where_each_message_tells_its_length_one_recv_was_taken_to_bring_all() -> None:
    story = said(LONG, LONG[:1500], "truncated")
    story.history.header = replace(story.history.header, profile_source={"framing": {"digits": 64}})

    assert explained(story)["intact"].hint.startswith("Probably: `recv(n)` is taken to bring n bytes")


# --- lost, or ended --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first_came", [True, False])
def test_what_was_sent_with_others_is_lost_and_what_was_sent_alone_comes(first_came: bool) -> None:
    story = of_ann_and_bob()
    story.say("ann", "alone")
    story.hear("bob", "alone")
    story.say("ann", "one", shared=True)
    story.say("ann", "two", shared=True)
    if first_came:
        story.hear("bob", "one")
    story.waited(("heard", "bob", "two"), *([] if first_came else [("heard", "bob", "one")]))
    story.settled("patience")

    verdict = explained(story)["delivery"]
    assert verdict.hint.startswith("Probably: one `recv`")
    assert ("throws away the rest" in verdict.hint) is first_came


def test_where_a_message_sent_alone_is_lost_too_reading_is_not_said_to_be_the_cause() -> None:
    story = of_ann_and_bob()
    for text, shared in (("alone", False), ("one", True), ("two", True)):
        story.say("ann", text, shared=shared)
    story.waited(*(("heard", "bob", text) for text in ("alone", "one", "two")))
    story.settled("patience")

    assert explained(story)["delivery"].hint_sure == ""


@pytest.mark.parametrize(("text", "step"), [(RUSSIAN, "in-pieces"), ("hello", "in-pieces"), (RUSSIAN, "chat")])
def test_who_is_closed_in_the_middle_of_letters_said_half_a_character(text: str, step: str) -> None:
    story = of_ann_and_bob()
    story.step("send", text=f"- send: {{ann: {{{step}: …}}}}")
    story.say("ann", text)
    story.closed("ann")
    story.settled()

    verdict = explained(story)["keeps-clients"]
    assert ("Its first half cannot be decoded" in verdict.hint) is (text == RUSSIAN and step == "in-pieces")


def test_where_a_header_tells_the_length_it_is_the_reading_that_stopped_too_early() -> None:
    story = of_ann_and_bob()
    story.history.header = replace(story.history.header, profile_source={"framing": {"digits": 5}})
    story.step("send", text="- send: {ann: {in-pieces: …}}")
    story.say("ann", RUSSIAN)
    story.closed("ann")
    story.settled()

    assert explained(story)["keeps-clients"].hint.startswith("Probably: `recv(n)` is taken to bring n bytes")


def test_a_text_that_came_with_a_name_in_its_middle_was_cut_there() -> None:
    text = LONG[:77]
    verdict = explained(said(text, f"ann: {text[:32]}ann: {text[32:]}", "garbled"))["intact"]

    assert "`recv(32)`" in verdict.hint


def test_a_text_of_which_nothing_is_left_was_not_cut() -> None:
    assert explained(said(LONG, "??????????????????", "garbled"))["intact"].hint_sure == ""


# --- letters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came_as", "cause"),
    [
        (RUSSIAN.encode("ascii", "replace").decode(), 'becomes "?"'),
        (RUSSIAN.encode().decode("latin-1"), "reads them as latin-1"),
        (RUSSIAN.encode("ascii", "ignore").decode(), "are left out"),
    ],
)
def test_what_an_encoding_does_to_a_text_is_recognised(came_as: str, cause: str) -> None:
    verdict = explained(said(RUSSIAN, came_as, "garbled"))["intact"]

    assert cause in verdict.hint
    assert verdict.hint_sure == "surely"


def test_as_many_bytes_as_there_are_characters_means_counted_characters() -> None:
    verdict = explained(said(RUSSIAN, RUSSIAN[:17], "truncated"))["intact"]

    assert verdict.hint.startswith("Surely: where the length of a text is told")
    assert "29 characters, and 29 bytes" in verdict.hint


def test_a_count_of_characters_that_ends_within_a_letter_is_one_too() -> None:
    text = "Привет, это первое сообщение"
    verdict = explained(said(text, "Привет, это пер\ufffd", "garbled"))["intact"]

    assert verdict.hint.startswith("Surely: where the length of a text is told")
    assert "28 characters, and 27 bytes" in verdict.hint


def test_a_text_that_breaks_off_within_a_letter_was_not_read_in_halves() -> None:
    assert "two reads" not in explained(said(RUSSIAN, RUSSIAN[:4] + "\ufffd", "garbled"))["intact"].hint


def test_a_text_cut_somewhere_else_was_not_counted_in_characters() -> None:
    assert "characters are counted" not in explained(said(RUSSIAN, RUSSIAN[:6], "truncated"))["intact"].hint


@pytest.mark.parametrize(("step", "sure"), [("- send: {ann: {in-pieces: …}}", "surely"), ("- chat: …", "probably")])
def test_a_sign_for_a_broken_letter_stands_where_it_was_cut(step: str, sure: str) -> None:
    verdict = explained(said(RUSSIAN, RUSSIAN[:4] + "\ufffd\ufffd" + RUSSIAN[5:], "garbled", step))["intact"]

    assert "came in two reads" in verdict.hint
    assert verdict.hint_sure == sure


def test_a_text_full_of_broken_letters_was_not_cut_once() -> None:
    assert "two reads" not in explained(said(RUSSIAN, "\ufffd" * 20 + ", !", "garbled"))["intact"].hint


# --- only an end of it came ------------------------------------------------------------------------------------------


def of_an_end(*, whole: bool, instead: str = "Gr??e") -> Story:
    """Of a text in pieces only the end came; another text with such letters was said at once, and came or came not."""
    story = Story()
    story.join("ann", "bob")
    story.settled()
    story.step(text="- chat: {ann: …, in-pieces: 3}")
    story.say("ann", "naïve 漢字 in single bytes")
    story.damaged("bob", "naïve 漢字 in single bytes", "truncated", " in single bytes")
    story.step(text="- chat: …")
    story.say("ann", "Grüße")
    if whole:
        story.hear("bob", "Grüße")
    else:
        story.damaged("bob", "Grüße", "garbled", instead)
    story.settled("patience")
    return story


def test_letters_that_are_lost_in_pieces_alone_were_torn() -> None:
    hint = explained(of_an_end(whole=True))["intact"].hint

    assert hint.startswith("Probably: a character of several bytes came in two reads, and each half was decoded alone.")


def test_letters_that_are_lost_everywhere_are_told_by_the_text_that_shows_how() -> None:
    hint = explained(of_an_end(whole=False))["intact"].hint

    assert hint.startswith("Surely: the text is made ASCII on its way")


def test_where_others_came_damaged_in_no_known_way_no_letter_is_said_to_be_torn() -> None:
    assert "each half was decoded alone" not in explained(of_an_end(whole=False, instead="#####"))["intact"].hint
