"""The server as an actor, the operator at its console, and what it prints."""

from __future__ import annotations

from playing import play
from simulated import Faults

from chatsim.network.network import ServerCommand


def commands(played) -> list[str]:  # type: ignore[no-untyped-def]
    return [c.what for _, c in played.room.commands if isinstance(c, ServerCommand)]


def whats(played) -> list[str]:  # type: ignore[no-untyped-def]
    return [d["what"] for d in played.details("server")]


def test_after_a_restart_everybody_is_gone_and_can_join_again() -> None:
    played = play("- join: everyone\n- server: restart\n- join: everyone\n- chat: {ann: {count: 1}}")

    assert commands(played) == ["stop", "start", "stop"]
    assert len(played.of("connect")) == 6
    assert not played.bad()


def test_what_stands_between_stop_and_restart() -> None:
    played = play("- join: everyone\n- server: stop\n- server: restart\n- join: ann and bob\n- chat: {ann: {count: 1}}")

    assert whats(played)[2:8] == ["stopping", "exited", "ended", "restart", "started", "listening"]
    assert [d["asked"] for d in played.details("server") if d["what"] == "exited"] == [True, True]
    assert not played.bad()


def test_a_kill_is_no_crash() -> None:
    played = play("- join: everyone\n- server: kill\n- server: restart\n- join: ann and bob\n- chat: {ann: {count: 1}}")

    assert commands(played)[0] == "kill"
    assert played.outcome("stays-up") == "passed"
    assert not played.bad()


def test_a_server_that_does_not_end_is_killed_and_fails() -> None:
    played = play("- join: ann and bob\n- chat: {ann: {count: 1}}", faults=Faults(stubborn=True))

    assert commands(played) == ["stop", "abort"]
    assert [w["for"] for w in played.details("wait")] == ["stop"]
    assert played.outcome("clean-exit") == "failed"


def test_a_frozen_server_owes_nothing_until_it_is_thawed() -> None:
    played = play("- join: everyone\n- server: freeze\n- chat: {ann: {count: 3}}\n- pause: 1s\n- server: thaw")

    assert len(played.heard("bob")) == 3
    assert not played.details("wait", "skipped")
    assert not played.bad()


def test_whoever_was_stalled_stays_so_through_a_thaw() -> None:
    played = play(
        "- join: everyone\n- stall: bob\n- server: freeze\n- server: thaw\n- chat: {ann: {count: 2}}\n- resume: bob"
    )

    assert not played.details("wait")
    assert len(played.heard("bob")) == 2
    assert not played.bad()


def test_whoever_resumes_while_the_server_is_frozen_goes_on_with_it() -> None:
    played = play(
        "- join: everyone\n- stall: bob\n- chat: {ann: {count: 2}}\n- server: freeze\n- resume: bob\n- server: thaw"
    )

    assert not played.details("wait")
    assert len(played.heard("bob")) == 2


def test_a_run_that_ends_frozen_is_thawed_before_it_is_judged() -> None:
    played = play("- join: everyone\n- server: freeze\n- chat: {ann: {count: 1}}")

    assert commands(played) == ["freeze", "thaw", "stop"]
    assert not played.details("wait")
    assert not played.bad()


def test_a_trace_before_an_unasked_end_is_a_crash() -> None:
    played = play("- join: ann and bob\n- pause: 100ms\n- chat: {ann: {count: 1}}", faults=Faults(crash_at=0.05))

    assert "KeyError: 7" in played.details("crash")[0]["text"]
    assert played.outcome("no-crash-output") == "failed"
    assert played.outcome("stays-up") == "failed"


# --- operator -------------------------------------------------------------------------------------------------------


def test_the_operator_answers_whom_it_is_meant_for_older_questions_first() -> None:
    played = play(
        """
        - join: ann and bob
        - chat: {ann: "a question of ann's"}
        - chat: {bob: "a question of bob's"}
        - operator: {bob: "an answer for bob"}
        - chat: {ann: "another one of ann's"}
        - operator: {ann: "an answer for ann"}
        - expect: {ann: "an answer for ann", bob: "an answer for bob"}
        """,
        profile="operator-desk",
    )

    replies = played.said("reply")
    assert [m.to for m in replies] == [0, 1, 0]
    assert {m.channel for m in replies} == {"desk:0", "desk:1"}
    assert all(e.session == -3 for e in played.of("send", "handed") if played.history.messages[e.ref].kind == "reply")
    assert [d["met"] for d in played.details("expected")] == [True, True]
    assert not played.bad()


def test_before_a_client_speaks_again_what_it_asked_is_answered() -> None:
    played = play("- join: ann\n- chat: {ann: {count: 3}}\n- disconnect: ann", bots="[ann]", profile="operator-desk")

    assert len(played.said("reply")) == 3
    assert not played.bad()


def test_the_reply_that_ends_closes_the_client() -> None:
    played = play(
        '- join: ann and bob\n- chat: {ann: "one question"}\n- operator: {ann: "."}\n- expect: {ann: {closed: yes}}',
        profile="operator-desk",
    )

    assert [(e.session, e.detail["declared"]) for e in played.of("closed")][:1] == [(0, "operator")]
    assert not played.bad()


def test_a_line_for_nobody_is_typed_as_it_is() -> None:
    played = play('- join: ann\n- operator: "/stop"', bots="[ann]")

    assert played.room.typed == ["/stop"]


def test_where_the_operator_speaks_to_everyone_a_line_is_typed_once_and_heard_by_all() -> None:
    profile = "profile: loud\nextends: relay\noperator: {hears: 'server: {text}', to: everyone}\n"

    from reference_server.dialects.dialect import Effects, Tell
    from reference_server.dialects.relay import Relay

    class Loud(Relay):
        def typed(self, line: bytes) -> Effects:
            yield Tell(tuple(self._guests), b"server: " + line)

    played = play('- join: everyone\n- operator: "supper is ready now"', profile=profile, dialect=Loud)

    assert played.room.typed == ["supper is ready now"]
    assert {e.session for e in played.of("heard") if e.form == "reply"} == {0, 1, 2}
    assert not played.details("wait")


# --- output ---------------------------------------------------------------------------------------------------------


def test_what_the_server_prints_is_recognised() -> None:
    played = play(
        "- join: ann\n- chat: {ann: 'printed and relayed to nobody'}", bots="[ann]", profile="nickname-console"
    )

    said = [d for d in played.details("out") if d.get("what") == "said"]
    assert [(d["nick"], d["message"]) for d in said] == [("ann", 0)]
    assert [(e.session, e.form) for e in played.of("heard")] == [(-2, "output")]
    assert not played.bad()


def test_output_is_expected_by_template_or_by_what_it_says_each_line_once() -> None:
    played = play(
        """
        - join: everyone
        - chat: {ann: "printed for all to see", bob: "printed for all as well"}
        - expect-output: {said: "printed for all to see", by: ann}
        - expect-output: "Message from client: {*}{nick}: printed for all as well"
        - expect-output: {said: "printed for all to see", within: 50ms}
        """,
        profile="nickname-console",
    )

    assert [d["met"] for d in played.details("expected")] == [True, True, False]
    assert played.outcome("expectations") == "failed"
