"""What the review of the rules of evidence found out about recognising: one literal stream for each finding."""

from __future__ import annotations

import pytest
from overheard import Operator, T, Talk, Voice, echo, json_lines, lines, prompted, relay, two_frames

from chatsim.profile.framing import Framing
from chatsim.profile.phrases import (
    Awaited,
    Damaged,
    Foreign,
    Glued,
    Named,
    NoticeHeard,
    Receipt,
    Unrecognised,
    Whole,
)

# --- 6, 23: what a chunk server merges ---------------------------------------------------------------------------------


def test_two_messages_under_one_name_are_glued_where_nothing_frames_them() -> None:
    """Finding 23: the second one comes without a rendering of its own."""
    talk = Talk(prompted())
    one, two = talk.said("so HEAD it is TAIL"), talk.said("HEAD")

    heard = talk.heard(f"bob: {talk.text(one)}{talk.text(two)}")

    assert heard == [Whole(one, "hears"), Whole(two, "hears"), Glued((one, two))]


def test_two_messages_in_one_line_are_glued() -> None:
    talk = Talk(lines())
    one, two = talk.said("so HEAD it is TAIL"), talk.said("and HEAD so on TAIL", "cat")

    heard = talk.heard(f"bob: {talk.text(one)}cat: {talk.text(two)}")

    assert heard == [Whole(one, "hears"), Whole(two, "hears"), Glued((one, two))]


@pytest.mark.parametrize("cut", ["", "|"], ids=["in one read", "in two reads"])
def test_two_messages_under_one_name_are_glued_though_their_own_line_ends_divide_them(cut: str) -> None:
    """A server that takes one read for one message writes the name once, before all the lines."""
    talk = Talk(lines())
    one, two, three = (talk.said(text, sender=1) for text in ("so HEAD it is TAIL", "and HEAD so on TAIL", "HEAD"))

    text = f"bob: {talk.text(one)}\n{cut}{talk.text(two)}\n{talk.text(three)}\n"
    heard = talk.heard(*(part.encode() for part in text.split("|")))

    assert heard == [
        Whole(one, "hears"),
        Whole(two, "hears"),
        Glued((one, two)),
        Whole(three, "hears"),
        Glued((two, three)),
    ]


def test_a_bare_text_of_somebody_else_is_glued_to_nothing() -> None:
    talk = Talk(lines())
    one, two = talk.said("so HEAD it is TAIL", sender=1), talk.said("and HEAD so on TAIL", "cat", sender=2)

    heard = talk.heard(f"bob: {talk.text(one)}\n{talk.text(two)}\n".encode())

    assert heard == [Whole(one, "hears"), Whole(two, "unknown")]


def test_renderings_side_by_side_in_a_stream_are_no_gluing() -> None:
    talk = Talk(prompted())
    one, two = talk.said("so HEAD it is TAIL"), talk.said("HEAD", "cat")

    heard = talk.heard(talk.rendered(one) + talk.rendered(two))

    assert heard == [Whole(one, "hears"), Whole(two, "hears")]


def test_a_relay_that_writes_no_name_glues_nothing() -> None:
    talk = Talk(relay(public=Voice(T("{text}"), (T("{text}"),))))
    one, two = talk.said("so HEAD it is TAIL"), talk.said("HEAD", "cat")

    heard = talk.heard(f"{talk.text(one)}{talk.text(two)}")

    assert heard == [Whole(one, "hears"), Whole(two, "hears")]


# --- 12, 60, 64: halves ------------------------------------------------------------------------------------------------


def test_half_a_message_is_truncated_when_no_more_comes() -> None:
    talk = Talk(lines())
    one = talk.said("HEAD all of this and more TAIL")
    half = talk.rendered(one)[:24]

    heard = talk.heard(half + b"\n")

    assert heard == [Damaged(one, "truncated", half[5:].decode())]


def test_half_a_message_waits_where_nothing_frames_it() -> None:
    """Finding 60: on a stream the half is a message, or the rest is yet to come; `rest` decides."""
    talk = Talk(prompted())
    one = talk.said("HEAD all of this and more TAIL")
    ear = talk.ear()

    assert ear.hear(talk.rendered(one)[:24]) == []

    assert ear.rest() == [Damaged(one, "truncated", talk.text(one)[:19])]


def test_the_notice_behind_half_a_message_is_heard() -> None:
    """Finding 60: bob is reset in the middle of a word, and the server says so at once."""
    talk = Talk(prompted())
    one = talk.said("HEAD all of this and more TAIL")
    ear = talk.ear()
    ear.hear(talk.rendered(one)[:24])

    assert ear.hear(b"bob left the chat!") == [NoticeHeard("left", "bob", None, "bob left the chat!")]

    assert ear.rest() == [Damaged(one, "truncated", talk.text(one)[:19])]


def test_the_front_part_of_a_message_is_no_notice_while_more_may_come() -> None:
    talk = Talk(prompted())
    one = talk.said("cat left the chat! HEAD")
    ear = talk.ear()

    assert ear.hear(b"bob: cat left the chat!") == []

    assert ear.hear(talk.rendered(one)[len("bob: cat left the chat!") :]) == [Whole(one, "hears")]


# --- 20: short and similar texts -----------------------------------------------------------------------------------------


def test_an_unmarked_text_is_heard_by_its_letters() -> None:
    talk = Talk(lines())
    one = talk.said("anyone there?")

    assert talk.heard("bob: anyone there?") == [Whole(one, "hears")]
    assert talk.heard("bob said <<anyone there?>>")[0] == Whole(one, "unknown")


# --- 21, 22: what servers do to texts -------------------------------------------------------------------------------------


def test_a_lower_cased_text_lost_its_case() -> None:
    talk = Talk(lines())
    one = talk.said("Hello HEAD You TAIL")

    assert talk.heard(talk.rendered(one).lower()) == [Damaged(one, "case", talk.text(one).lower())]


def test_a_lower_cased_text_is_whole_where_the_profile_says_so() -> None:
    talk = Talk(lines(text_lower=True))
    one, two = talk.said("Hello HEAD You TAIL"), talk.said("Anyone There?")

    assert talk.heard(talk.rendered(one).lower(), talk.rendered(two).lower()) == [
        Whole(one, "hears"),
        Whole(two, "hears"),
    ]


def test_outer_blanks_that_are_gone_are_stripped() -> None:
    talk = Talk(lines())
    one = talk.said("  hello HEAD ")
    stripped = talk.text(one).strip()

    assert talk.heard(f"bob: {stripped}") == [Damaged(one, "stripped", stripped)]


def test_outer_blanks_may_go_where_the_profile_says_so() -> None:
    talk = Talk(lines(text_strip=True))
    one = talk.said("  hello HEAD ")

    assert talk.heard(f"bob: {talk.text(one).strip()}") == [Whole(one, "hears")]


def test_an_escaped_text_is_garbled() -> None:
    talk = Talk(lines())
    one, two = talk.said("salt HEAD & pepper TAIL"), talk.said("this & that HEAD")

    heard = talk.heard(*(talk.rendered(number).replace(b"&", b"&amp;") for number in (one, two)))

    assert heard == [
        Damaged(one, "garbled", talk.text(one).replace("&", "&amp;")),
        Damaged(two, "garbled", talk.text(two).replace("&", "&amp;")),
    ]


def test_an_escaped_text_is_garbled_wherever_a_stream_is_cut() -> None:
    """The rest behind the change is no second piece: nothing that may stand between two pieces is there."""
    talk = Talk(prompted())
    one = talk.said("salt HEAD & pepper TAIL")
    data = talk.rendered(one).replace(b"&", b"&amp;")

    for cut in range(len(data)):
        assert talk.heard(data[:cut], data[cut:]) == [
            Damaged(one, "garbled", talk.text(one).replace("&", "&amp;")),
        ]


def test_a_text_in_two_frames_is_split_and_whole() -> None:
    talk = Talk(lines())
    one = talk.said("HEAD a long message that a server reads in two parts TAIL")
    text = talk.text(one)

    heard = talk.heard(f"bob: {text[:30]}", f"bob: {text[30:]}")

    assert heard == [Damaged(one, "split", f"{text[:30]} … {text[30:]}"), Whole(one, "hears")]


def test_a_text_in_three_pieces_with_the_name_before_each_is_split_and_whole() -> None:
    """Finding 21: the middle piece has no marker."""
    talk = Talk(prompted())
    one = talk.said("HEAD " + "a long message that a server reads in three parts " * 3 + "TAIL")
    text = talk.text(one)

    heard = talk.heard(f"bob: {text[:50]}", f"bob: {text[50:100]}", f"bob: {text[100:]}")

    assert [type(phrase) for phrase in heard if not isinstance(phrase, Unrecognised)] == [Damaged, Whole]
    assert heard[-1] == Whole(one, "hears")


def test_another_message_between_two_pieces_stays_whole() -> None:
    talk = Talk(lines())
    one, two = talk.said("HEAD first half and then second half TAIL"), talk.said("HEAD", "cat")
    text = talk.text(one)

    heard = talk.heard(f"bob: {text[:20]}", f"cat: {talk.text(two)}", f"bob: {text[20:]}")

    assert heard == [Whole(two, "hears"), Damaged(one, "split", f"{text[:20]} … {text[20:]}"), Whole(one, "hears")]


def test_what_the_same_bot_says_next_ends_the_wait_for_the_rest() -> None:
    talk = Talk(lines())
    one, two = talk.said("HEAD this one is cut off somewhere TAIL"), talk.said("HEAD")

    heard = talk.heard(f"bob: {talk.text(one)[:20]}", f"bob: {talk.text(two)}", rest=False)

    assert heard == [Damaged(one, "truncated", talk.text(one)[:20]), Whole(two, "hears")]


def test_a_message_without_its_markers_is_known_by_half_of_it() -> None:
    talk = Talk(lines())
    one = talk.said("HEAD the quick brown fox TAIL")

    assert talk.heard("bob: [..] the quick brown fox") == [Damaged(one, "garbled", "[..] the quick brown fox")]


def test_a_piece_of_what_was_heard_already_is_no_message_and_no_invention() -> None:
    talk = Talk(lines())
    one = talk.said("HEAD the quick brown fox TAIL")

    heard = talk.heard(talk.rendered(one), "bob: quick brown fox")

    assert heard == [Whole(one, "hears"), Unrecognised("bob: quick brown fox")]


def test_a_character_cut_in_two_by_a_read_is_whole() -> None:
    talk = Talk(prompted())
    one = talk.said("naïve HEAD 漢字 🙂 TAIL")
    data = talk.rendered(one)

    for cut in range(len(data)):
        assert talk.heard(data[:cut], data[cut:]) == [Whole(one, "hears")]


def test_a_character_torn_by_the_server_is_garbled() -> None:
    talk = Talk(lines())
    one = talk.said("HEAD 漢字 TAIL")
    data = talk.rendered(one).replace("字".encode(), "字".encode()[:2])

    assert [(phrase.message, phrase.how) for phrase in talk.heard(data) if isinstance(phrase, Damaged)] == [
        (one, "garbled")
    ]


# --- 24: the same text in another form ------------------------------------------------------------------------------------


def test_a_receipt_that_quotes_the_text_is_no_second_copy() -> None:
    talk = Talk(lines(public=Voice(T("{text}"), (T("{nick}: {text}"),), (), (T("You said: {text}"),))))
    one = talk.said("hello HEAD", "ann")

    assert talk.heard(f"You said: {talk.text(one)}") == [Receipt(one)]


def test_a_receipt_without_a_text_means_the_oldest() -> None:
    for shape in (lines, prompted):
        talk = Talk(shape(public=Voice(T("{text}"), (T("{nick}: {text}"),), (), (T("OK"),))))

        assert talk.heard("OK") == [Receipt(None)]


def test_a_copy_in_no_known_form_is_heard_in_an_unknown_one() -> None:
    talk = Talk(lines())
    one = talk.said("hello HEAD", "ann")
    line = f"[You] {talk.text(one)}"

    assert talk.heard(line) == [Whole(one, "unknown"), Unrecognised(line)]


def test_a_message_may_come_several_times() -> None:
    talk = Talk(lines())
    one = talk.said("hello HEAD")

    assert talk.heard(talk.rendered(one) * 3) == [Whole(one, "hears")] * 3


# --- 25: lines that look like messages --------------------------------------------------------------------------------------


def test_a_line_under_no_name_of_this_run_is_only_unrecognised() -> None:
    talk = Talk(lines())

    assert talk.heard("Users online: ann, bob", "Error: no") == [
        Unrecognised("Users online: ann, bob"),
        Unrecognised("Error: no"),
    ]


def test_a_line_under_a_name_of_this_run_that_nobody_said_is_foreign() -> None:
    talk = Talk(lines())

    assert talk.heard("bob: I never said this") == [Foreign("bob", "I never said this")]


def test_a_foreign_chunk_of_a_stream_is_foreign() -> None:
    talk = Talk(prompted())

    assert talk.heard("bob: I never said this") == [Foreign("bob", "I never said this")]


def test_a_message_under_another_name_is_named() -> None:
    talk = Talk(lines())
    one = talk.said("hello HEAD")

    assert talk.heard(f"cat: {talk.text(one)}") == [Whole(one, "hears"), Named(one, "cat")]
    assert talk.heard(f"bob_1: {talk.text(one)}") == [Whole(one, "hears"), Named(one, "bob_1")]


def test_decoration_before_a_name_is_no_other_name() -> None:
    talk = Talk(lines())
    one = talk.said("hello HEAD")
    line = f"[12:01] bob: {talk.text(one)}"

    assert talk.heard(line) == [Whole(one, "unknown"), Unrecognised(line)]
    assert Talk(lines(strip=(T("[{time}] "),))).profile.strip


def test_declared_decoration_is_taken_off() -> None:
    talk = Talk(lines(strip=(T("[{time}] "),), strip_ansi=True))
    one = talk.said("hello HEAD")

    assert talk.heard(f"\x1b[31m[12:01] bob\x1b[0m: {talk.text(one)}") == [Whole(one, "hears")]


def test_colours_cut_in_two_are_taken_off_a_stream() -> None:
    talk = Talk(prompted(strip_ansi=True))
    one = talk.said("hello HEAD")
    data = f"\x1b[1;31mbob\x1b[0m: {talk.text(one)}\x1b[0m".encode()

    for cut in range(len(data)):
        assert talk.heard(data[:cut], data[cut:]) == [Whole(one, "hears")]


# --- 26, 66: notices from the rest --------------------------------------------------------------------------------------------


def test_what_a_bot_says_is_no_notice() -> None:
    talk = Talk(lines())
    one = talk.said("* ann left HEAD")

    assert talk.heard(f"bob: {talk.text(one)}") == [Whole(one, "hears")]


def test_what_a_bot_says_is_not_what_a_dialogue_awaits() -> None:
    talk = Talk(prompted())
    one = talk.said("Connected to the server! HEAD")
    ear = talk.ear(joined=False)
    ear.await_([T("Connected to the server!")])
    data = talk.rendered(one)

    assert ear.hear(data[:20]) + ear.hear(data[20:]) == [Whole(one, "hears")]

    assert ear.hear(b"Connected to the server!") == [Awaited({}, "Connected to the server!")]


def test_an_ignore_that_means_a_beginning_holds_behind_a_message() -> None:
    """Finding 66: on a stream, `^` is the beginning of whatever is left."""
    talk = Talk(prompted(ignore=(T(r"re:^>+ "),)))
    one = talk.said("HEAD")

    assert talk.heard(talk.rendered(one) + b">>> ") == [Whole(one, "hears")]


# --- 27: names ------------------------------------------------------------------------------------------------------------


def test_a_name_behind_a_glued_welcome_is_found() -> None:
    talk = Talk(prompted(), ("bob", "joan", "zoe"))

    heard = talk.heard("Welcome bobzoe left the chat!joan joined the chat!")

    assert heard == [
        Unrecognised("Welcome bob"),
        NoticeHeard("left", "zoe", None, "zoe left the chat!"),
        NoticeHeard("joined", "joan", None, "joan joined the chat!"),
    ]


def test_numbered_names_are_told_apart() -> None:
    names = [f"reader{number:03}" for number in range(200)]
    talk = Talk(prompted(), names)

    heard = talk.heard("reader001 joined the chat!reader199 left the chat!reader777 left the chat!")

    assert heard == [
        NoticeHeard("joined", "reader001", None, "reader001 joined the chat!"),
        NoticeHeard("left", "reader199", None, "reader199 left the chat!"),
        Unrecognised("reader777 left the chat!"),
    ]


def test_addresses_are_names() -> None:
    talk = Talk(lines(nick="address"), ("127.0.0.1:50000", "127.0.0.1:5000"))
    one = talk.said("HEAD", "127.0.0.1:5000")

    assert talk.heard(talk.rendered(one), "* 127.0.0.1:50000 joined") == [
        Whole(one, "hears"),
        NoticeHeard("joined", "127.0.0.1:50000", None, "* 127.0.0.1:50000 joined"),
    ]


def test_the_rest_of_half_a_message_is_not_sought_within_another_message() -> None:
    """Two texts may share a word at just that place."""
    talk = Talk(prompted())
    half, whole = talk.said("autumn HEAD coffee island TAIL"), talk.said("later HEAD island TAIL", "ann")
    front = talk.text(half)[: talk.text(half).index(" island")]

    heard = talk.heard(f"bob: {front}", f"ann: {talk.text(whole)}", nick="cat")

    assert [phrase for phrase in heard if isinstance(phrase, Whole)] == [Whole(whole, "hears")]
    assert not [phrase for phrase in heard if isinstance(phrase, Unrecognised)]


def test_a_name_after_half_a_message_is_no_part_of_it_though_it_begins_like_its_rest() -> None:
    talk = Talk(prompted(), ("ann", "mover"))
    half = talk.said("HEAD twenty morning TAIL", "mover")
    front = talk.text(half)[: talk.text(half).index("morning")]

    heard = talk.heard(f"mover: {front}mover left the chat!")

    assert NoticeHeard("left", "mover", None, "mover left the chat!") in heard
    assert [phrase.message for phrase in heard if isinstance(phrase, Damaged)] == [half]


# --- other forms ----------------------------------------------------------------------------------------------------------


def test_every_way_of_speaking_has_its_form() -> None:
    talk = Talk(lines())
    public = talk.said("one HEAD")
    private = talk.said("two HEAD", kind="whisper", to="ann")
    inside = talk.said("three HEAD", kind="room", room="kitchen")
    talk.vocabulary.room("kitchen")

    heard = talk.heard(
        f"bob: {talk.text(public)}", f"(private) bob: {talk.text(private)}", f"[kitchen] bob: {talk.text(inside)}"
    )

    assert heard == [Whole(public, "hears"), Whole(private, "whisper"), Whole(inside, "room")]


def test_a_whisper_that_everybody_gets_is_heard_in_the_public_form() -> None:
    talk = Talk(lines())
    private = talk.said("psst HEAD", kind="whisper", to="cat")

    assert talk.heard(f"bob: {talk.text(private)}") == [Whole(private, "hears")]


def test_the_sender_hears_its_own_as_an_echo() -> None:
    same = Voice(T("{text}"), (T("{nick}: {text}"),), (T("{nick}: {text}"),))
    other = Voice(T("{text}"), (T("{nick}: {text}"),), (T("[You] {text}"),))
    for voice, line in ((same, "bob: "), (other, "[You] ")):
        talk = Talk(lines(public=voice))
        one = talk.said("hello HEAD")

        assert talk.heard(line + talk.text(one), nick="bob") == [Whole(one, "echo")]


def test_a_message_is_its_senders_own_by_session_where_two_bear_one_name() -> None:
    talk = Talk(lines(public=Voice(T("{text}"), (T("{nick}: {text}"),), (T("{nick}: {text}"),))))
    one = talk.said("hello HEAD", "bob", sender=7)
    twin = talk.ear("bob", 8)

    assert twin.hear(talk.rendered(one)) == [Whole(one, "hears")]
    assert talk.ear("bob", 7).hear(talk.rendered(one)) == [Whole(one, "echo")]


def test_an_echo_server_echoes() -> None:
    talk = Talk(echo())
    one = talk.said("hello HEAD", "ann")

    assert talk.heard(talk.text(one)) == [Whole(one, "echo")]


def test_an_operators_reply_is_a_reply() -> None:
    talk = Talk(echo(public=Voice(T("{text}")), operator=Operator((T("{text}"),))))
    one = talk.said("yes? HEAD", None, kind="reply")

    assert talk.heard(talk.text(one)) == [Whole(one, "reply")]


def test_a_room_has_its_own_notices() -> None:
    talk = Talk(lines())
    talk.vocabulary.room("kitchen")

    assert talk.heard("* bob entered kitchen", "* bob left kitchen", "* bob left") == [
        NoticeHeard("joined", "bob", "kitchen", "* bob entered kitchen"),
        NoticeHeard("left", "bob", "kitchen", "* bob left kitchen"),
        NoticeHeard("left", "bob", None, "* bob left"),
    ]


def test_a_notice_may_name_nobody() -> None:
    talk = Talk(prompted(joined=(T("Somebody joined."),)))

    assert talk.heard("Somebody joined.") == [NoticeHeard("joined", None, None, "Somebody joined.")]


def test_a_notice_cut_in_two_is_heard_once() -> None:
    for profile in (prompted(), lines()):
        talk = Talk(profile)
        text = profile.joined[0].render({"nick": "bob"})[0]
        data = talk.framed(text)

        for cut in range(len(data)):
            assert talk.heard(data[:cut], data[cut:]) == [NoticeHeard("joined", "bob", None, text)]


def test_a_name_and_a_text_in_two_frames_are_one_form() -> None:
    talk = Talk(two_frames())
    one = talk.said("hello HEAD")

    assert talk.heard(talk.rendered(one)) == [Whole(one, "hears")]
    assert talk.heard("cat", talk.text(one)) == [Whole(one, "hears"), Named(one, "cat")]
    assert talk.heard(talk.text(one)) == [Whole(one, "unknown")]
    assert talk.heard("bob", "not said") == [Foreign("bob", "not said")]


def test_json_is_compared_as_json() -> None:
    talk = Talk(json_lines())
    one = talk.said('"quoted" HEAD naïve \\ 漢字 TAIL')
    import json

    line = json.dumps({"id": 7, "text": talk.text(one), "from": "bob", "type": "message"})

    assert talk.heard(line) == [Whole(one, "hears")]
    assert talk.heard('{"type":"ok","text":' + json.dumps(talk.text(one)) + "}") == [Receipt(one)]


def test_json_without_frames_is_found_anywhere() -> None:
    talk = Talk(json_lines(received=Framing.none()))
    one = talk.said('"quoted" HEAD naïve \\ 漢字 TAIL')
    data = b'{"type":"joined","nick":"cat"}' + talk.rendered(one) + b'{"type":"left","nick":"cat"}'

    for cut in range(len(data)):
        assert [type(phrase) for phrase in talk.heard(data[:cut], data[cut:])] == [NoticeHeard, Whole, NoticeHeard]


def test_a_message_that_stands_between_two_pieces_of_another_is_whole() -> None:
    """A server that reads little at a time passes on a long text in pieces; others speak meanwhile."""
    talk = Talk(prompted())
    long = talk.said("HEAD " + "meadow garden river lantern " * 20 + "TAIL", "cat")
    short = talk.said("begin HEAD window TAIL", "bob")
    text = talk.text(long)

    heard = talk.heard(f"cat: {text[:300]}bob: {talk.text(short)}cat: {text[300:]}")

    assert Whole(short, "hears") in heard
    assert Whole(long, "hears") in heard
    assert not [phrase for phrase in heard if isinstance(phrase, (Foreign, Named))]


def test_what_is_torn_may_have_swallowed_the_name_of_the_next() -> None:
    talk = Talk(prompted())
    long = talk.said("HEAD " + "meadow garden river lantern " * 20 + "TAIL", "cat")
    short = talk.said("begin HEAD window TAIL", "bob")

    heard = talk.heard(f"cat: {talk.text(long)[:100]} ? {talk.text(long)[200:]}{talk.text(short)}")

    assert not [phrase for phrase in heard if isinstance(phrase, Named)]


def test_a_piece_of_a_long_text_is_nothing_that_nobody_said() -> None:
    talk = Talk(prompted())
    words = " ".join(f"word{number}" for number in range(900))
    long = talk.said(f"HEAD {words} TAIL", "bob")
    text = talk.text(long)

    for start in range(600, 5000, 400):
        heard = talk.heard(f"bob: {text[start : start + 600]}")

        assert not [phrase for phrase in heard if isinstance(phrase, Foreign)]


def test_the_short_end_of_a_message_that_was_cut_up_is_nothing_made_up() -> None:
    """A server that reads 4,096 bytes at a time says the rest, be it four letters, under the same name again."""
    talk = Talk(lines())
    one = talk.said("HEAD " + "all work and no play " * 300 + "TAIL")
    text = talk.text(one)

    heard = talk.heard(f"bob: {text[-4:]}", "bob: njsj")

    assert [type(each).__name__ for each in heard] == ["Unrecognised", "Foreign"]


def test_a_letter_or_two_under_a_name_may_be_a_piece_of_anything() -> None:
    talk = Talk(lines())
    talk.said("naïve HEAD in single bytes TAIL")

    heard = talk.heard("bob: n", "bob: \ufffd", "bob: nobody said this")

    assert [type(each).__name__ for each in heard] == ["Unrecognised", "Unrecognised", "Foreign"]
