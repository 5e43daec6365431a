"""Coming: connect, join and rejoin; refusals; names that are free again; rooms; and the knock that proves presence."""

from __future__ import annotations

from playing import play
from simulated import Faults


def test_a_bot_that_connects_says_nothing() -> None:
    played = play("- connect: ann")

    assert [e.kind for e in played.history if e.session == 0] == ["connect", "connected"]
    assert not played.sent_by(0)


def test_a_connected_bot_joins_over_the_connection_that_stands() -> None:
    played = play("- connect: ann\n- join: everyone")

    assert len(played.of("connect")) == 3
    assert {d["nick"] for d in played.details("told")} == {"ann", "bob", "cat"}


def test_who_joins_is_told_and_then_present_by_a_knock() -> None:
    played = play("- join: everyone")

    assert [d["how"] for d in played.details("present")] == ["knock"] * 3
    assert not played.said("chat")


def test_the_first_joiner_is_knocked_by_the_second_and_a_group_needs_two_knocks_only() -> None:
    played = play("- join: everyone", bots="{many: 20}", latency=(0.001, 0.001), cuts=False)

    knocks = played.said("knock")
    assert len(played.of("present")) == 20
    assert len({knock.sender for knock in knocks}) == 2
    assert len(knocks) == 2
    begun, ended = played.steps()[0]
    assert ended - begun < 4.5 * 0.002  # connect, dialogue and two knocks, one right behind the other


def test_one_who_joins_alone_is_there_when_told() -> None:
    played = play("- join: ann")

    assert [d["how"] for d in played.details("present")] == ["told"]
    assert not played.said("knock")


def test_one_who_joined_alone_is_knocked_as_soon_as_somebody_else_is_there() -> None:
    played = play("- join: ann\n- join: bob\n- chat: {bob: {count: 3}}", faults=Faults(lists_late=0.2), seed=4)

    assert [d["how"] for d in played.details("present")] == ["told", "knock", "knock"]
    assert not played.bad()
    assert not played.details("wait")


def test_alone_it_knocks_for_itself_where_it_hears_itself() -> None:
    played = play("- join: ann", profile="binary-length")

    assert [d["how"] for d in played.details("present")] == ["knock"]
    assert [(m.sender, m.kind) for m in played.said("knock")] == [(0, "knock")]


def test_where_nobody_hears_another_there_is_no_knock() -> None:
    played = play("- join: everyone", profile="echo")

    assert [d["how"] for d in played.details("present")] == ["told"] * 3
    assert not played.history.messages


def test_a_knock_is_said_again_until_all_have_heard_it() -> None:
    played = play("- join: ann\n- join: bob", faults=Faults(lists_late=0.3), seed=4)

    assert len(played.said("knock")) > 3
    assert not played.bad()
    assert not played.details("wait")


def test_a_knock_that_is_never_heard_ends_with_the_patience_of_joins_and_the_joiner_counts_as_there() -> None:
    played = play("- join: ann and bob", faults=Faults(lists_late=1e6))

    waits = [wait for wait in played.details("wait") if wait["for"] == "knock"]
    assert waits[0]["patience"] == 4.0
    assert waits[0]["valid"]
    assert {wait["for"] for wait in played.details("wait")} == {"knock"}
    assert [d["how"] for d in played.details("present")] == ["patience", "patience"]
    assert played.outcome("lets-in") == "failed"


def test_a_knocker_that_goes_is_followed_by_another() -> None:
    steps = """
        - join: ann and bob
        - together:
            - join: cat
            - do: [{pause: 5ms}, {drop: ann}]
    """
    for seed in range(20):
        played = play(steps, seed=seed, latency=(0.001, 0.004), faults=Faults(lists_late=0.02))

        assert not played.bad()
        assert not played.details("wait")


def test_with_knock_no_chatsim_says_nothing_of_its_own() -> None:
    profile = "profile: silent\nextends: lines\nknock: no\n"
    played = play(
        "- join: everyone\n- chat: {ann: 'the one and only words'}\n- drop: bob\n- expect-nothing: {cat: 'other'}\n- settle:",
        profile=profile,
    )

    assert [m.kind for m in played.history.messages] == ["chat"]
    assert "quiet" in {d["how"] for d in played.details("settled")}
    assert not played.bad()


def test_a_refused_join_that_is_expected_is_no_failure_and_closes() -> None:
    played = play("- join: ann\n- join: {twin: refused}", bots='{ann: {}, twin: {nick: "ann"}}')

    refused = played.details("refused")
    assert [(r["by"], r["expected"]) for r in refused] == [("Sorry, the name ann is taken.", True)]
    assert [d["met"] for d in played.details("expected")] == [True]
    assert not played.bad()


def test_a_join_that_should_have_been_refused_is_an_unmet_expectation() -> None:
    played = play("- join: ann\n- join: {twin: refused}", bots="{ann: {}, twin: {}}")

    assert [d["met"] for d in played.details("expected")] == [False]
    assert played.outcome("expectations") == "failed"


def test_either_is_content_with_both() -> None:
    for nick in ("ann", "other"):
        played = play("- join: ann\n- join: {twin: either}", bots=f'{{ann: {{}}, twin: {{nick: "{nick}"}}}}')

        assert not played.bad()
        assert not played.details("expected")


def test_an_unexpected_refusal_is_recorded_and_later_steps_of_that_bot_are_skipped() -> None:
    played = play(
        "- join: ann\n- join: twin\n- chat: {twin: {count: 1}, ann: {count: 1}}\n- disconnect: twin",
        bots='{ann: {}, twin: {nick: "ann"}}',
    )

    assert [r["expected"] for r in played.details("refused")] == [False]
    assert [(s["bot"], s["step"]) for s in played.details("skipped")] == [("twin", 3), ("twin", 4)]
    assert [m.sender for m in played.said("chat")] == [0]


def test_a_close_by_the_server_during_the_join_is_a_refusal() -> None:
    closing = (
        'profile: closing\nextends: lines\njoin: [{send: "/quit"}, {await: "never comes"}]\nrefuses: "never either"\n'
    )
    played = play("- join: ann\n- join: bob", profile=closing)

    assert played.details("refused") or played.details("wait")


def test_a_name_whose_holder_went_is_asked_for_again_until_it_is_free() -> None:
    played = play(
        "- join: ann and bob\n- drop: ann\n- join: ann\n- chat: {ann: {count: 1}}", faults=Faults(releases_late=0.7)
    )

    assert len(played.details("refused")) >= 2
    assert played.heard("bob") == [played.said("chat")[0].words]
    assert played.outcome("nickname-released") == "passed"
    assert not played.bad()


def test_a_name_that_is_never_free_again_fails_after_patience_and_after_somebody_has_spoken_twice() -> None:
    played = play("- join: ann and bob\n- drop: ann\n- join: ann", faults=Faults(releases_late=1e6))

    waits = [wait for wait in played.details("wait") if wait["for"] == "nickname"]
    assert [w["missing"][0][0] for w in waits] == ["nickname"]
    assert waits[0]["valid"]
    assert len(played.said("fence")) >= 2
    assert played.outcome("nickname-released") == "failed"


def test_a_server_that_says_nothing_is_waited_for_once_for_each_join() -> None:
    played = play("- join: ann and bob", faults=Faults(mute=True))

    assert [(w["for"], w["valid"], len(w["missing"])) for w in played.details("wait")] == [("join", True, 2)]
    assert played.seconds < 6.0
    assert "awaited  'Welcome, {nick}!'" in played.director.where_it_stopped()


def test_a_server_that_ended_meanwhile_is_not_only_a_profile_that_does_not_fit() -> None:
    alive = play("- join: ann", faults=Faults(mute=True)).director.where_it_stopped()
    dead = play("- join: ann", faults=Faults(mute=True, crash_at=0.01)).director.where_it_stopped()

    assert "  and the server itself had ended, with exit code 1: see what it printed last.\n" in dead
    assert "had ended" not in alive


def test_where_a_dialogue_stopped_is_told_with_what_came_nearest() -> None:
    profile = """
        profile: nearly
        extends: lines
        join: [{send: "{nick}"}, {await: "Welcome, {nick}"}]
    """
    stopped = play("- join: ann and bob", profile=profile).director.where_it_stopped()

    assert "  sent     'ann'\n  awaited  'Welcome, {nick}'\n  received 'Welcome, ann!" in stopped
    assert (
        'Nearest to what was awaited is "Welcome, ann!": the profile has "Welcome, {nick}", and that is only a part of it: '
        '"!" stands behind it.' in stopped
    )


def test_a_name_freed_by_a_silent_server_is_not_asked_for_for_ever() -> None:
    played = play(
        "- join: ann and bob\n- drop: ann\n- join: ann", faults=Faults(freeze_at=0.05), latency=(0.004, 0.004)
    )

    assert played.seconds < 40.0
    assert len([d for d in played.details("connect") if d["bot"] == "ann"]) <= 3


def test_a_bot_that_rejoins_has_a_new_session() -> None:
    played = play("- join: ann and bob\n- disconnect: ann\n- rejoin: ann\n- chat: {bob: {count: 1}}")

    assert [(d["bot"], d["number"]) for d in played.details("connect")] == [("ann", 1), ("bob", 1), ("ann", 2)]
    assert not played.bad()


def test_everyone_joins_who_is_not_there_and_everyone_speaks_who_is() -> None:
    played = play("- join: ann\n- join: everyone but cat\n- chat: {everyone: {count: 1}}")

    assert len(played.of("connect")) == 2
    assert {m.sender for m in played.said("chat")} == {0, 1}


def test_a_server_that_is_not_there_is_unreachable() -> None:
    played = play("- join: ann and bob\n- pause: 1s\n- join: cat", faults=Faults(crash_at=0.5))

    assert [d["why"] for d in played.details("unreachable")] == ["refused"]
    assert [d["asked"] for d in played.details("server") if d["what"] == "exited"] == [False]
    assert played.outcome("stays-up") == "failed"


# --- names ----------------------------------------------------------------------------------------------------------


def test_an_assigned_name_is_bound_by_the_first_that_is_awaited_one_join_at_a_time() -> None:
    profile = """
        profile: numbered
        framing: newline
        nick: assigned
        join: [{send: "hello-{id}"}, {await: "Welcome, {nick}!"}]
        says: "{text}"
        hears: "{nick}: {text}"
        notices: {joined: "* {nick} joined", left: "* {nick} left"}
    """
    played = play("- join: everyone\n- chat: {everyone: {count: 2}}", profile=profile)

    assert [d["nick"] for d in played.details("told")] == ["hello-1", "hello-2", "hello-3"]
    order = [e.kind for e in played.of("connect", "told")]
    assert order == ["connect", "told"] * 3
    assert not played.bad()


def test_a_name_by_address_is_the_address_that_the_server_sees() -> None:
    profile = """
        profile: addressed
        framing: newline
        nick: "{ip}:{client-port}"
        join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]
        says: "{text}"
        hears: "{nick}: {text}"
        notices: {joined: "* {nick} joined", left: "* {nick} left"}
    """
    played = play("- join: everyone\n- chat: {everyone: {count: 2}}\n- drop: bob", profile=profile)

    assert next(d["nick"] for d in played.details("told")).startswith("127.0.0.1:4000")
    assert not played.bad()
    assert played.outcome("attribution") == "passed"


# --- rooms ----------------------------------------------------------------------------------------------------------


def test_entering_ends_with_a_knock_in_that_room_and_what_is_said_there_stays_there() -> None:
    played = play(
        """
        - join: everyone
        - enter: {ann and bob: "kitchen"}
        - chat: {ann: {text: "only for the kitchen", in: "kitchen"}}
        - exit: {bob: "kitchen"}
        - chat: {ann: {text: "nobody hears me now", in: "kitchen"}}
        """
    )

    assert {m.channel for m in played.said("knock")} == {"lobby", "room:kitchen"}
    assert played.heard("bob") == ["only for the kitchen"]
    assert played.heard("cat") == []
    assert [e.kind for e in played.of("enter", "entered", "exit", "exited")].count("entered") == 2
    assert not played.bad()


def test_to_speak_in_a_room_one_must_be_in_it() -> None:
    played = play('- join: everyone\n- enter: {bob: "kitchen"}\n- chat: {ann: {in: "kitchen"}}')

    assert "it is not in there" in played.details("skipped")[0]["why"]


def test_a_default_room_is_entered_as_the_end_of_the_join() -> None:
    profile = """
        profile: with-a-lounge
        framing: newline
        join: [{send: "{nick}"}, {await: "Welcome, {nick}!"}]
        says: no
        rooms:
          default: "lounge"
          enter: [{send: "/enter {room}"}, {await: "You are in {room}."}]
          says: "/in {room} {text}"
          hears: "[{room}] {nick}: {text}"
          joined: "* {nick} entered {room}"
          left: "* {nick} left {room}"
        notices: {joined: "* {nick} joined", left: "* {nick} left"}
        leave: [{send: "/quit"}, {await: "Goodbye, {nick}."}]
    """
    played = play(
        "- join: ann\n- join: bob and cat\n- chat: {everyone: {count: 2}}\n- disconnect: bob", profile=profile
    )

    assert [d["room"] for d in played.details("entered")] == ["lounge"] * 3
    assert {m.channel for m in played.history.messages} == {"room:lounge"}
    assert len(played.heard("cat")) == 4
    assert not played.bad()
