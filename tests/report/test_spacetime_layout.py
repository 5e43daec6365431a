"""The space-time diagram as a value: what is in it, where it stands, and what is left out."""

from __future__ import annotations

from collections import Counter

import drawable
from hypothesis import given
from hypothesis import strategies as st

from chatsim.history import KINDS, OF_MESSAGES, WORLD, History
from chatsim.report.spacetime.diagram import Arrow, Diagram, Fate, Mark, RowKind, Sign
from chatsim.report.spacetime.layout import diagram
from tests.checks.story import Story


def marked(drawn: Diagram, sign: Sign) -> list[Mark]:
    return [mark for mark in drawn.marks if mark.sign is sign]


def into(drawn: Diagram, lane: str, fate: Fate = Fate.HEARD) -> list[Arrow]:
    names = [one.name for one in drawn.lanes]
    return sorted((a for a in drawn.arrows if a.end[1] == names.index(lane) and a.fate is fate), key=lambda a: a.end)


def test_each_bot_has_a_line_and_the_server_the_last_one() -> None:
    drawn = diagram(drawable.everything())

    assert [(lane.name, lane.kind) for lane in drawn.lanes] == [("ann", "bot"), ("bob", "bot"), ("server", "server")]


def test_a_broken_order_shows_as_arrows_that_cross() -> None:
    first, second = into(diagram(*drawable.overtaken()), "bob")

    assert (first.message, second.message) == (2, 1)
    assert first.start > second.start
    assert first.end < second.end


def test_a_message_that_came_twice_has_two_arrows_and_one_that_never_came_a_lost_one() -> None:
    drawn = diagram(*drawable.overtaken())

    assert [arrow.message for arrow in into(drawn, "cat")] == [1, 1]
    assert [arrow.message for arrow in into(drawn, "cat", Fate.LOST)] == [2]


def test_what_proves_a_failure_names_it_and_is_told_in_words() -> None:
    drawn = diagram(*drawable.overtaken())

    proving = {row.words: row.witness for row in drawn.rows if row.witness}
    assert proving == {
        'bob heard "two" from ann': ("fifo-order",),
        'bob heard "one" from ann': ("fifo-order",),
        'cat heard "one" from ann': ("no-duplication",),
        'cat did not hear "two" from ann': ("delivery",),
    }


def test_the_owns_of_chatsim_are_drawn_only_where_they_prove_something() -> None:
    story = Story()
    story.join("ann", "bob")
    heard = next(story.history.of("heard")).index

    assert diagram(story.history).arrows == ()
    assert diagram(story.history).own == 1
    proved = diagram(story.history, [drawable.failed("isolation", heard)])
    assert len(proved.arrows) == 2
    assert proved.own == 0


def test_what_became_of_the_owns_of_chatsim_is_not_told_either() -> None:
    story = Story()
    story.join("ann", "bob")
    story.named("bob", "knock 0", "cat")
    story.say("ann", "hello")
    story.named("bob", "hello", "cat")
    drawn = diagram(story.history)

    assert [mark.words for mark in marked(drawn, Sign.ODD)] == ['bob heard "hello" of ann under the name "cat"']


def test_what_several_hear_stands_side_by_side_but_after_every_act_before_it() -> None:
    story = Story()
    story.connect("ann", "bob", "cat")
    story.say("ann", "one")
    story.all_hear("one", "bob", "cat")
    story.drop("ann")
    story.hear("cat", "one")
    drawn = diagram(story.history)

    bob, (cat, late) = into(drawn, "bob")[0], into(drawn, "cat")
    (drop,) = marked(drawn, Sign.DROP)
    assert bob.end[0] == cat.end[0] < drop.row < late.end[0]


def test_a_line_lasts_from_connecting_to_the_end_and_a_new_connection_has_a_new_one() -> None:
    drawn = diagram(drawable.everything())

    bob = [life for life in drawn.lives if life.lane == 1]
    assert len(bob) == 2
    assert bob[0].last < bob[1].first
    (ann,) = [life for life in drawn.lives if life.lane == 0]
    assert len(ann.silent) == 1


def test_the_servers_line_breaks_where_it_is_down_and_falls_silent_where_it_is_frozen() -> None:
    story = Story()
    story.server("started", pid=1, command="x")
    story.server("exited", code=0, asked=True)
    story.connect("ann")
    story.server("started", pid=2, command="x")
    story.server("frozen")
    story.say("ann", "hello")
    story.server("thawed")
    story.drop("ann")
    drawn = diagram(story.history)

    lane = [one.kind for one in drawn.lanes].index("server")
    lives = [(life.first, life.last, life.silent) for life in drawn.lives if life.lane == lane]
    assert lives == [(0, 1, ()), (3, 7, ((4, 6),))]


def test_each_sign_is_used() -> None:
    signs = {mark.sign for mark in (*diagram(drawable.everything()).marks, *diagram(*drawable.overtaken()).marks)}

    assert signs == set(Sign) - {Sign.MET, Sign.OTHER}


def test_the_start_of_the_server_stands_above_the_first_step_though_it_is_entered_after_it() -> None:
    history = History()
    history.note(0.5, "step", WORLD, number=1, verb="join", place="a.yaml:2:3", text="- join: ann", phase="begin")
    history.note(0.5, "connect", 0, bot="ann", nick="ann", number=1)
    history.note(0.1, "server", what="started", pid=1, command="x")

    assert [row.words for row in diagram(history).rows] == [
        "server was started",
        "line 2: - join: ann",
        "ann began to connect",
    ]


def test_a_large_history_is_cut_to_its_proofs_and_what_happened_around_them() -> None:
    history, verdicts = drawable.crowd()
    drawn = diagram(history, verdicts, most=40, most_lanes=10)

    assert len(drawn.lanes) == 8
    assert 10 <= drawn.drawn <= 80
    (lost,) = [arrow for arrow in drawn.arrows if arrow.fate is Fate.LOST]
    assert drawn.lanes[lost.end[1]].name == "bot17"
    assert drawn.lanes[lost.start[1]].name == "bot20"
    assert any(row.kind is RowKind.GAP for row in drawn.rows)
    told = drawn.left_out()
    assert f"{drawn.drawn} of their {drawn.events:,} events are drawn: what proves a failure" in told
    assert "8 of 60 bots have a line." in told


def test_what_is_drawn_and_what_is_said_to_be_left_out_are_all() -> None:
    history, verdicts = drawable.crowd()
    drawn = diagram(history, verdicts, most=40, most_lanes=10)

    left_out = sum(int(row.words.split()[0].replace(",", "")) for row in drawn.rows if row.kind is RowKind.GAP)
    assert drawn.drawn + left_out == drawn.events


def test_a_large_history_without_a_failure_is_drawn_from_its_beginning() -> None:
    history, _ = drawable.crowd()
    drawn = diagram(history, most=80)

    assert drawn.drawn == 80
    assert "the first of them" in drawn.left_out()


def test_an_empty_history_is_an_empty_diagram() -> None:
    assert diagram(History()) == Diagram()


LINES = st.sampled_from(["connect", "drop", "left", "closed", "notice", "stall", "resume", "server", "crash", "wait"])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(-3, 4), st.integers(0, 5)),
        st.tuples(st.sampled_from(["heard", "ack", "handed"]), st.integers(-3, 4), st.integers(-1, 5)),
        st.tuples(LINES, st.integers(-3, 4), st.just(0)),
        st.tuples(st.just("step"), st.just(-1), st.just(0)),
    ),
    max_size=40,
)


def played(acts: list[tuple[str, int, int]]) -> History:
    """A history that may make no sense at all."""
    history = History()
    for number in range(6):
        history.new_message(number - 2, "fence" if number == 5 else "chat", "lobby", f"text {number}")
    for number, (kind, session, message) in enumerate(acts):
        t = number / 100
        if kind in ("send", "heard", "ack", "handed"):
            history.say(t, kind, session, message)
        elif kind == "wait":
            history.note(t, kind, missing=[["heard", session, 3], ["notice", 0, "left x"], "odd", ["a", "b", "c"]])
        elif kind == "step":
            history.note(t, kind, number=number, phase="begin", text=f"step {number}", place="a.yaml:1:1")
        else:
            history.note(t, kind, session, bot=f"bot{session % 3}", what="joined", nick="ann")
    return history


@given(ACTS, st.lists(st.integers(-2, 45), max_size=5), st.integers(1, 50), st.integers(1, 5))
def test_any_history_can_be_drawn_and_its_arrows_lead_downwards_between_its_lines(
    acts: list[tuple[str, int, int]], witness: list[int], most: int, lanes: int
) -> None:
    history = played(acts)
    drawn = diagram(history, [drawable.failed("delivery", *witness)], most=most, most_lanes=lanes)

    assert sum(lane.kind == "bot" for lane in drawn.lanes) <= lanes
    for mark in drawn.marks:
        assert 0 <= mark.row < len(drawn.rows)
        assert 0 <= mark.lane < len(drawn.lanes)
    for arrow in drawn.arrows:
        assert arrow.start[0] < arrow.end[0]
        assert 0 <= arrow.end[1] < len(drawn.lanes)
    taken = Counter((mark.row, mark.lane) for mark in drawn.marks)
    assert not taken or max(taken.values()) == 1
    assert all(life.first <= life.last < len(drawn.rows) for life in drawn.lives)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
KEYS = [
    "what",
    "bot",
    "message",
    "missing",
    "with",
    "how",
    "declared",
    "place",
    "text",
    "phase",
    "met",
    "room",
    "number",
]
WORDED = [kind for kind in KINDS if kind not in OF_MESSAGES]


@given(
    st.lists(
        st.tuples(st.sampled_from(WORDED), st.integers(-4, 3), st.dictionaries(st.sampled_from(KEYS), VALUES)),
        max_size=9,
    )
)
def test_entries_of_any_other_version_are_drawn_somehow(entries: list[tuple[str, int, dict[str, object]]]) -> None:
    history = History()
    history.new_message(0, "chat", "lobby", "hello")
    history.say(0.1, "send", 0, 0)
    for number, (kind, session, detail) in enumerate(entries):
        history.note(0.2 + number, kind, session, **detail)
    verdict = drawable.failed("delivery", *range(len(history)))

    assert len(diagram(history, [verdict]).rows) >= len(history)


@given(ACTS)
def test_every_delivery_of_a_message_whose_sending_is_known_has_its_arrow(acts: list[tuple[str, int, int]]) -> None:
    history = played(acts)
    sent: set[int] = set()
    owed = 0
    for entry in history:
        if entry.kind == "send" and entry.session != WORLD and entry.ref != 5:
            sent.add(entry.ref)
        elif entry.kind == "heard" and entry.ref in sent and entry.session != WORLD:
            owed += 1
    drawn = diagram(history, most=1000)

    assert sum(arrow.fate is not Fate.LOST for arrow in drawn.arrows) == owed


@given(ACTS)
def test_within_one_line_the_order_is_that_of_the_history(acts: list[tuple[str, int, int]]) -> None:
    drawn = diagram(played([("connect", 0, 0), *acts]), most=1000)

    for lane in range(len(drawn.lanes)):
        rows = [mark.index for mark in drawn.marks if mark.lane == lane]
        assert rows == sorted(rows)
