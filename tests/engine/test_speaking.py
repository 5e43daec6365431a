"""Saying: chat, converse, whisper, ask and send, and at what pace."""

from __future__ import annotations

import itertools

import pytest
from playing import play, profile_of, scenario_of

from reference_server.dialects.dialect import Dialect, Effects
from reference_server.dialects.lines import Lines, to_one
from reference_server.room import Guest

FIXED = {"latency": (0.001, 0.001), "cuts": False}


def test_the_words_of_the_author_are_said_as_they_are_and_everybody_else_hears_them() -> None:
    played = play('- join: everyone\n- chat: {ann: "good morning, everybody"}')

    assert [m.text for m in played.said("chat")] == ["good morning, everybody"]
    assert played.heard("bob") == played.heard("cat") == ["good morning, everybody"]
    assert played.heard("ann") == []


def test_a_list_of_texts_is_said_one_after_another() -> None:
    played = play('- join: everyone\n- chat: {ann: ["first of all words", "second of all words"]}')

    assert played.heard("bob") == ["first of all words", "second of all words"]


def test_texts_are_repeated_in_turn_up_to_the_count() -> None:
    played = play('- join: everyone\n- chat: {ann: {text: ["the odd ones", "the even ones"], count: 5}}')

    assert played.heard("bob") == ["the odd ones", "the even ones", "the odd ones", "the even ones", "the odd ones"]
    assert len({m.text for m in played.said("chat")}) == 5


@pytest.mark.parametrize("size", [1, 7, 8, 15, 16, 20, 64, 100, 999, 5_000, 100_000])
def test_a_size_is_that_of_the_encoded_text(size: int) -> None:
    played = play(f"- join: everyone\n- chat: {{ann: {{size: {size}B, count: 2}}}}")

    sizes = [len(m.text.encode()) for m in played.said("chat")]
    assert sizes == [max(size, 7)] * 2  # nothing shorter than a marker can be recognised
    assert not played.bad()


def test_a_locale_gives_words_of_that_language_and_they_arrive() -> None:
    played = play("- join: everyone\n- chat: {ann: {locale: ja, count: 12}, bob: {locale: mixed, count: 12}}")

    assert any(not m.words.isascii() for m in played.said("chat"))
    assert len(played.heard("cat")) == 24
    assert not played.bad()


def test_every_is_the_time_between_two_messages_and_costs_nothing_behind_the_last() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 4, every: 5s}}", **FIXED)

    times = [e.t for e in played.of("send") if played.history.messages[e.ref].kind == "chat"]
    begun, ended = played.steps()[1]
    assert [round(b - a, 3) for a, b in itertools.pairwise(times)] == [5.0, 5.0, 5.0]
    assert ended - begun == pytest.approx(15.0, abs=0.01)
    assert not played.details("wait")


def test_slow_speech_in_a_together_is_waited_for_too() -> None:
    played = play("- join: everyone\n- together:\n    - chat: {ann: {count: 12, every: 3s}}\n    - pause: 1s", **FIXED)

    assert len(played.heard("bob")) == 12
    assert not played.details("wait")


def test_with_wait_no_the_step_ends_as_soon_as_all_is_written() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 3, wait: no}}\n- settle:", **FIXED)

    begun, ended = played.steps()[1]
    assert ended - begun < 0.0005
    assert len(played.heard("bob")) == 3


def test_without_it_the_step_ends_when_all_have_heard() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 3}}", **FIXED)

    begun, ended = played.steps()[1]
    assert ended - begun == pytest.approx(0.002, abs=0.0005)


def test_those_of_one_step_speak_at_once() -> None:
    played = play("- join: everyone\n- chat: {everyone: {count: 3}}", **FIXED)

    assert [m.sender for m in played.said("chat")] == [0, 1, 2] * 3


def test_the_sender_waits_for_its_echo_and_its_receipt() -> None:
    echoed = play("- join: everyone\n- chat: {ann: {count: 2}}", profile="binary-length")
    receipted = play("- join: everyone\n- chat: {ann: {count: 2}}", profile="json-lines")

    assert [e.form for e in echoed.of("heard") if echoed.history.messages[e.ref].kind == "chat"].count("echo") == 2
    acknowledged = [e.ref for e in receipted.of("ack")]
    assert [m.id for m in receipted.said("chat")] == [n for n in acknowledged if n in {m.id for m in receipted.said()}]


def test_in_a_conversation_each_speaks_once_it_has_heard_the_one_before() -> None:
    played = play("- join: everyone\n- converse: {ann and bob: 7}")

    said = played.said("chat")
    assert [m.sender for m in said] == [0, 1, 0, 1, 0, 1, 0]
    for before, after in itertools.pairwise(said):
        sent = next(e.index for e in played.of("send") if e.ref == after.id)
        heard = next(e.index for e in played.of("heard") if (e.ref, e.session) == (before.id, after.sender))
        assert heard < sent
    assert not played.bad()


def test_a_whisper_reaches_the_addressee_alone() -> None:
    played = play('- join: everyone\n- whisper: {ann: {to: bob, text: "between you and me", count: 2}}')

    assert played.heard("bob") == ["between you and me"] * 2
    assert played.heard("cat") == []
    assert {(m.kind, m.channel, m.to) for m in played.said("whisper")} == {("whisper", "whisper:0:1", 1)}
    assert played.outcome("isolation") == "passed"


def test_nobody_can_whisper_to_one_who_is_not_here() -> None:
    played = play("- join: ann and bob\n- disconnect: bob\n- whisper: {ann: {to: bob, text: 'are you there?'}}")

    assert "bob is not here" in played.details("skipped")[0]["why"]


def test_ask_waits_for_the_answer_and_the_answer_stands_in_the_history() -> None:
    played = play("- join: everyone\n- ask: {ann and bob: roster}")

    assert [(sorted(d["names"]), d["asked"]) for d in played.details("roster")] == [(["ann", "bob", "cat"], True)] * 2
    assert len(played.of("ask")) == 2


# --- bytes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pieces", "writes"), [("3", 3), ("bytes", 40)])
def test_a_message_in_pieces_goes_in_so_many_writes(pieces: str, writes: int) -> None:
    played = play(f"- join: everyone\n- send: {{ann: {{size: 39B, in-pieces: {pieces}, every: 2ms}}}}", **FIXED)

    sent = [(t, data) for t, data in played.sent_by(0) if t > played.steps()[1][0] - 1e-9 and t <= played.steps()[1][1]]
    assert len(sent) == writes
    assert [round(b[0] - a[0], 4) for a, b in itertools.pairwise(sent)] == [0.002] * (writes - 1)
    assert played.heard("bob") == [played.said("chat")[0].words]
    assert not played.bad()


def test_glued_messages_go_in_one_write_and_are_shared() -> None:
    played = play("- join: everyone\n- send: {ann: {size: 30B, glued: 3}}")

    said = played.said("chat")
    together = [data for _, data in played.sent_by(0) if said[0].text.encode() in data]
    assert len(said) == 3
    assert all(m.shared for m in said)
    assert together == [b"".join(m.text.encode() + b"\n" for m in said)]
    assert [e.ref for e in played.of("handed")][-3:] == [m.id for m in said]
    assert len(played.heard("bob")) == 3


def test_where_nothing_promises_boundaries_nobody_fails_for_pieces() -> None:
    played = play(
        "- join: everyone\n- send: {ann: {size: 30B, in-pieces: 3}, bob: {size: 30B, glued: 2}}", profile="prompted"
    )

    assert {m.kind for m in played.said("piece")} == {"piece"}
    assert not played.bad()


def test_after_pieces_on_a_raw_stream_the_next_message_keeps_its_distance() -> None:
    for seed in range(10):
        played = play(
            "- join: everyone\n- send: {ann: {size: 40B, in-pieces: bytes}}\n- chat: {everyone: {count: 2}}",
            profile="prompted",
            seed=seed,
            think=0.003,
            latency=(0.0005, 0.02),
        )

        assert not played.bad()


@pytest.mark.parametrize("kind", ["utf-8", "nul", "endless", "half", "empty"])
def test_garbage_is_written_and_nobody_else_suffers(kind: str) -> None:
    played = play(f"- join: everyone\n- send: {{cat: {{garbage: {kind}}}}}\n- chat: {{ann and bob: {{count: 2}}}}")

    assert [(e.session, e.detail["what"]) for e in played.of("act")] == [(2, kind)]
    assert len(played.of("fault")) == 1
    assert not played.bad()


def test_a_wrong_length_needs_a_header_that_has_one() -> None:
    played = play("- join: everyone\n- send: {cat: {garbage: length}}\n- chat: {ann: {count: 1}}", profile="header-10")

    assert not played.bad()


def test_raw_and_hex_bytes_go_out_as_they_are() -> None:
    played = play('- join: everyone\n- send: {ann: {raw: "just so"}}\n- send: {bob: {hex: "00ff10"}}')

    assert played.sent_by(0)[-1][1] == b"just so"
    assert b"\x00\xff\x10" in [data for _, data in played.sent_by(1)]
    assert [d["what"] for d in played.details("act")] == ["raw", "hex"]


def test_a_stalled_bot_can_speak_and_hears_itself_once_it_reads_again() -> None:
    played = play("- join: everyone\n- stall: ann\n- chat: {ann: {count: 2}}\n- resume: ann", profile="binary-length")

    assert len(played.heard("bob")) == 2
    assert not played.details("skipped", "wait")
    assert not played.bad()


# --- pace -----------------------------------------------------------------------------------------------------------


def test_one_at_a_time_means_that_the_next_goes_out_once_the_last_was_heard() -> None:
    played = play("- join: everyone\n- chat: {ann: {count: 5}}", profile="prompted", **FIXED)

    said = [m.id for m in played.said("chat")]
    for before, after in itertools.pairwise(said):
        sent = next(e for e in played.of("send") if e.ref == after)
        heard = next(e for e in played.of("heard") if e.ref == before and e.session != -2)
        assert heard.index < sent.index
    assert not played.bad()


def test_or_after_a_tenth_of_a_second_where_nothing_proves_it_read() -> None:
    profile = "profile: deaf\nhears: no\necho: no\noutput: {said: 'never printed {text}'}\nstart: {command: x}\n"
    played = play("- join: ann\n- chat: {ann: {count: 3}}", profile=profile, dialect=Dialect, **FIXED)

    times = [t for t, _ in played.sent_by(0)]
    assert [round(b - a, 3) for a, b in itertools.pairwise(times)] == [0.1, 0.1]


def test_a_time_as_pace_is_the_least_between_two() -> None:
    played = play(
        "- join: everyone\n- chat: {ann: {count: 4}}", profile="profile: slow\nextends: lines\npace: 30ms\n", **FIXED
    )

    chat = {m.id for m in played.said("chat")}
    times = [e.t for e in played.of("send") if e.ref in chat]
    assert all(b - a >= 0.03 - 1e-5 for a, b in itertools.pairwise(times))


def test_a_rate_limit_is_kept_and_costs_nothing_behind_the_last() -> None:
    profile = "profile: limited\nextends: lines\nlimits: {rate: 2}\n"
    played = play("- join: everyone\n- chat: {ann: {count: 4}, bob: {count: 1}}", profile=profile, **FIXED)

    own = {m.id for m in played.said("chat") if m.sender == 0}
    times = [e.t for e in played.of("send") if e.ref in own]
    assert all(b - a >= 0.5 for a, b in itertools.pairwise(times))
    begun, ended = played.steps()[1]
    assert ended - begun < 3 * 0.6 + 0.6
    assert not played.details("wait")


def test_bytes_that_go_out_are_those_of_the_profile() -> None:
    played = play('- join: ann\n- chat: {ann: "padded to ten columns"}', bots="[ann]", profile="header-10")

    assert [data for _, data in played.sent_by(0)] == [b"3         ann", b"21        padded to ten columns"]


def test_what_one_branch_says_bears_the_number_of_its_own_step() -> None:
    played = play(
        "- join: everyone\n- together:\n    - chat: {ann: {count: 5, every: 2ms}}\n    - do: [{pause: 3ms}, {drop: cat}]"
    )

    assert {m.step for m in played.said("chat")} == {3}


def test_the_same_seed_gives_the_same_history() -> None:
    steps = "- join: everyone\n- chat: {everyone: {count: 5, locale: mixed, every: 1ms..9ms}}\n- drop: bob"
    first, second, other = (list(play(steps, seed=seed).history.lines()) for seed in (5, 5, 6))

    assert first == second
    assert first != other


def test_scenarios_and_profiles_of_these_tests_are_read_by_the_real_readers() -> None:
    assert scenario_of("- join: ann").bots[0].name == "ann"
    assert profile_of("lines").name == "lines"


def test_a_send_of_one_who_has_only_connected_is_nobodys_message() -> None:
    played = play(
        "- join: ann and bob\n- connect: cat\n- send: {cat: 'is this a name or a text?'}\n- chat: {ann: {count: 1}}"
    )

    assert not played.bad()
    assert not played.details("wait")


def test_a_list_in_parts_is_whole_at_its_end_and_parts_that_nobody_asked_for_are_no_list() -> None:
    class InParts(Lines):
        def _who(self, guest: Guest, nick: str, rest: str) -> Effects:
            for each in self.room.nicks():
                yield to_one(guest, f"Here: {each}")
            yield to_one(guest, "That is all.")

        def _introduce(self, guest: Guest, nick: str) -> Effects:
            yield from super()._introduce(guest, nick)
            yield from self._who(guest, nick, "")

    profile = (
        'profile: in-parts\nextends: lines\nroster: {ask: "/who", answer: "Here: {nicks}", end: "That is all."}\n'
        'ignore: "That is all."\n'
    )
    played = play("- join: everyone\n- ask: {ann: roster}", profile=profile, dialect=InParts, **FIXED)

    assert [(sorted(d["names"]), d["asked"]) for d in played.details("roster")] == [(["ann", "bob", "cat"], True)]
    assert played.outcome("roster") == "passed"


def test_a_list_without_an_end_ends_with_a_quiet_moment() -> None:
    class Slowly(Lines):
        def _who(self, guest: Guest, nick: str, rest: str) -> Effects:
            for each in self.room.nicks():
                yield to_one(guest, f"one is {each}")

    profile = 'profile: one-by-one\nextends: lines\nroster: {ask: "/who", answer: "one is {nick}"}\n'
    played = play(
        "- join: everyone\n- ask: {bot01: roster}", profile=profile, dialect=Slowly, bots="{bot: 12}", **FIXED
    )

    assert next(len(d["names"]) for d in played.details("roster")) == 12
    assert played.outcome("roster") == "passed"
