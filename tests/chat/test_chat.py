"""A chat that a program leads: bots as objects, steps as methods, and failures that read as on the console."""

from __future__ import annotations

import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import chatsim
from chatsim.checks.judge import judge
from chatsim.checks.verdict import Outcome
from chatsim.history import History
from chatsim.scenario.verbs import OF_BOTS

ROOT = Path(__file__).parents[2]
FORGETFUL = [sys.executable, str(ROOT / "docs/example/server.py"), "{port}"]
EXAMPLE = ROOT / "docs/example/profile.yaml"
THROWS_OUT = """
import socket, threading
def serve(s):
    f = s.makefile("rwb", 0)
    f.readline()
    f.write(b"welcome\\n")
    f.readline()
    s.close()
    f.close()
l = socket.create_server(("127.0.0.1", int(__import__("sys").argv[1])))
while True:
    threading.Thread(target=serve, args=(l.accept()[0],), daemon=True).start()
"""
WELCOMES = {
    "profile": "welcomes",
    "framing": "newline",
    "join": [{"send": "{nick}"}, {"await": "welcome"}],
    "says": "{text}",
    "hears": "{text}",
    "knock": "no",
}


@pytest.fixture
def chat() -> Iterator[chatsim.Chat]:
    with chatsim.Chat(seed=7) as chat:
        yield chat


@pytest.fixture
def forgetful() -> Iterator[chatsim.Chat]:
    """The server of the documents, which tells nobody when a connection breaks."""
    with chatsim.Chat(FORGETFUL, profile=EXAMPLE, seed=7, patience=0.5, name="the room goes on") as chat:
        yield chat


# --- steps -----------------------------------------------------------------------------------------------------------


def test_the_room_goes_on(chat: chatsim.Chat) -> None:
    ann, bob, cat = chat.join("ann", "bob", "cat")
    bob.drop()
    ann.say("still here?")

    cat.hears("still here?", by=ann)

    verdicts = chat.holds("drop-notice", "no-ghosts")
    assert [verdict.outcome for verdict in verdicts] == [Outcome.PASSED, Outcome.PASSED]


def test_all_verbs_of_the_language_are_there(chat: chatsim.Chat) -> None:
    ann, bob, cat = chat.join("ann", "bob", "cat")
    bob.is_told(joined=cat)
    ann.say("one", "two", count=4)
    cat.hears("one", "two", "one", "two", by=ann, in_order=True)
    bob.whisper(cat, "between us")
    cat.hears("between us", private=True)
    ann.hears_nothing("between us")
    ann.enter("kitchen")
    bob.enter("kitchen")
    ann.say("in here", room="kitchen")
    bob.hears("in here", room="kitchen")
    cat.hears_nothing(by=ann)
    ann.exit("kitchen")
    bob.exit("kitchen")
    assert set(ann.ask()) >= {"bob", "cat"}
    ann.sees(bob, cat)
    cat.stall()
    bob.say(size=300, every=0.001, count=2)
    cat.resume()
    bob.send("cut to pieces", pieces=3)
    ann.hears("cut to pieces")
    bob.send(garbage="utf-8")
    dan = chat.bot("dan").connect()
    dan.join()
    dan.disconnect()
    ann.is_told(left=dan)
    ann.is_told_nothing(joined=dan)
    dan.rejoin()
    eve = chat.bot("eve", nick="dan").join(wanted="refused")
    assert eve.heard == []
    ann.gets("* dan joined")

    assert {v.property for v in chat.holds() if v.outcome is Outcome.FAILED} == set()


def test_no_verb_of_bots_is_forgotten() -> None:
    elsewhere = {
        "chat": "say",
        "expect": "hears",
        "expect-nothing": "hears_nothing",
    }

    for verb in OF_BOTS:
        home = chatsim.Chat if verb == "converse" else chatsim.Bot
        assert hasattr(home, elsewhere.get(verb, verb)), verb


def test_they_speak_in_turn_and_under_new_names(chat: chatsim.Chat) -> None:
    ann, bob, _ = chat.join("ann", "bob", "cat")

    chat.converse(ann, bob, count=4)
    bob.rename("robert")
    bob.say("it is me")

    assert len(ann.heard) == 3
    assert bob.nick == "robert"
    chat.holds("causal-order", "attribution")


def test_without_words_they_are_drawn_from_the_seed() -> None:
    heard = []
    for _ in range(2):
        with chatsim.Chat(seed=11) as chat:
            ann, bob = chat.join("ann", "bob")
            ann.say(count=3)
            heard.append(bob.heard)

    assert len(heard[0]) == 3
    assert heard[0] == heard[1]


def test_what_is_gathered_goes_side_by_side(chat: chatsim.Chat) -> None:
    ann, bob, _ = chat.join("ann", "bob", "cat")

    with chat.together():
        ann.say(count=20)
        bob.say(count=20)
        assert not bob.heard

    (step,) = [e for e in chat.history.of("step") if e.detail.get("verb") == "together"]
    assert "with chat.together():" in step.detail["text"]
    assert len(bob.heard) == 20
    chat.holds("order")


def test_steps_may_be_written_as_in_a_scenario(chat: chatsim.Chat) -> None:
    chat.join("ann", "bob")

    chat.play(
        "- chat: {ann: {count: 3}}\n- server: restart\n- rejoin: bob\n- rejoin: ann\n- expect: {bob: {joined: ann}}\n"
    )

    chat.holds("delivery")


def test_the_bots_are_told_apart_from_their_nicknames(chat: chatsim.Chat) -> None:
    [ann] = chat.join("ann")
    bob = chat.bot("bob", nick="Robert")

    assert (ann.name, ann.nick, bob.name, bob.nick) == ("ann", "ann", "bob", "Robert")
    bob.join()
    ann.is_told(joined=bob)


def test_what_comes_between_two_steps_is_heard_with_the_next(chat: chatsim.Chat) -> None:
    ann, bob = chat.join("ann", "bob")
    ann.say("not waited for", wait=False)

    bob.hears("not waited for")


# --- failures --------------------------------------------------------------------------------------------------------


def in_general(text: str) -> str:
    """Without what differs from run to run, and from machine to machine; what came last does where all come at once."""
    text = re.sub(r"(  The last that \w+ got:\n)(?: {4}.*(?:\n|$))+", r"\1", text)
    text = text.replace(sys.executable, "python").replace(f"{ROOT}/", "")
    text = re.sub(r"\S*test_chat\.py:\d+", "test_chat.py:#", text)
    return re.sub(r"\d+\.\d\d s", "#.## s", text)


def golden(name: str) -> str:
    return (Path(__file__).parent / f"golden/{name}.txt").read_text(encoding="utf-8")


def test_a_property_that_fails_is_told_as_on_the_console(
    forgetful: chatsim.Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    ann, bob, cat = forgetful.join("ann", "bob", "cat")
    bob.drop()
    ann.say("still here?")
    cat.hears("still here?", by=ann)

    with pytest.raises(chatsim.ChatFailedError) as failed:
        forgetful.holds("drop-notice", "fifo-order")

    assert in_general(str(failed.value)) == golden("drop-notice")
    assert [v.property for v in failed.value.report.failures] == ["drop-notice"]


def test_what_was_to_be_heard_and_was_not_fails_at_once(
    forgetful: chatsim.Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    ann, bob = forgetful.join("ann", "bob")
    ann.say("still here?")

    with pytest.raises(chatsim.ChatFailedError) as failed:
        bob.hears("something else", by=ann)

    assert in_general(str(failed.value)) == golden("hears")
    assert "    <ann> still here?" in str(failed.value).split("  The last that bob got:\n")[1]


def test_what_was_not_to_be_heard_and_was_fails_too(chat: chatsim.Chat) -> None:
    ann, bob = chat.join("ann", "bob")
    ann.say("a secret", wait=False)

    with pytest.raises(chatsim.ChatFailedError, match='bob was not to hear "a secret", but that happened'):
        bob.hears_nothing("a secret")


def test_who_was_thrown_out_can_not_speak_and_it_is_said_why() -> None:
    with chatsim.Chat([sys.executable, "-c", THROWS_OUT, "{port}"], profile=WELCOMES, patience=0.3) as chat:
        ann, _ = chat.join("ann", "bob")
        ann.say("hello there")

        with pytest.raises(chatsim.ChatFailedError, match=r"keeps-clients[^§]*The server closed ann's connection"):
            ann.say("hello again")


def test_who_is_not_let_in_fails_the_test(chat: chatsim.Chat) -> None:
    chat.join("ann")
    twin = chat.bot("twin", nick="ann")

    with pytest.raises(chatsim.ChatFailedError, match="twin was to be let in, but that did not happen"):
        twin.join()


def test_a_refusal_that_does_not_come_fails_the_test(chat: chatsim.Chat) -> None:
    chat.join("ann")

    with pytest.raises(chatsim.ChatFailedError, match="bob was to be refused, but was let in"):
        chat.join("bob", wanted="refused")


def test_what_nothing_put_to_the_test_does_not_hold(chat: chatsim.Chat) -> None:
    chat.join("ann", "bob")

    with pytest.raises(chatsim.ChatInconclusiveError, match="NOT EXERCISED  drop-notice"):
        chat.holds("drop-notice")
    chat.holds("membership")


def test_what_the_server_does_not_promise_is_not_applicable() -> None:
    with chatsim.Chat(profile="relay") as chat:
        ann, bob = chat.join("ann", "bob")
        bob.drop()

        with pytest.raises(chatsim.NotApplicableError, match="promises none of drop-notice"):
            chat.holds("drop-notice")
        with pytest.raises(chatsim.NotApplicableError, match="direct messages"):
            ann.whisper("bob", "psst")
        assert chat.holds("drop-notice", "no-crash-output")[1].outcome is Outcome.PASSED


def test_a_server_that_serves_nobody_says_how_far_it_came() -> None:
    deaf = 'import socket, sys; l = socket.create_server(("127.0.0.1", int(sys.argv[1]))); input(); l.close()'
    with chatsim.Chat([sys.executable, "-c", deaf, "{port}"], profile=EXAMPLE, patience=0.2) as chat:
        with pytest.raises(chatsim.ServerError, match="Hello, "):
            chat.join("ann")

        with pytest.raises(chatsim.UsageError, match="this chat is over: nobody got in"):
            chat.join("bob")


# --- nonsense --------------------------------------------------------------------------------------------------------


def test_a_step_that_makes_no_sense_is_refused_with_its_line(chat: chatsim.Chat) -> None:
    _, bob = chat.join("ann", "bob")
    bob.drop()

    with pytest.raises(chatsim.ScenarioError) as refused:
        bob.say("me too!")

    (problem,) = refused.value.problems
    assert problem.what == "bob can't chat: bob has gone"
    assert problem.excerpt.strip() == 'bob.say("me too!")'
    assert problem.place is not None and problem.place.file.endswith("test_chat.py")


@pytest.mark.parametrize(
    ("nonsense", "says"),
    [
        (lambda chat, ann: ann.join(), "ann can't join: ann is already there"),
        (lambda chat, ann: ann.rejoin(), "ann can't rejoin: ann is already there"),
        (lambda chat, ann: ann.resume(), "ann can't resume: ann was not stalled"),
        (lambda chat, ann: chat.bot("dan").say("x"), "dan can't chat: dan never joined"),
        (lambda chat, ann: ann.say(""), "an empty text"),
        (lambda chat, ann: ann.say("x", size=100), '"size" can\'t stand beside "text"'),
        (lambda chat, ann: ann.say(count=0), "from 1 to"),
        (lambda chat, ann: ann.send(), "send needs"),
        (lambda chat, ann: ann.drop("gently"), "reset"),
        (lambda chat, ann: ann.whisper("nobody", "x"), '"nobody"'),
        (lambda chat, ann: ann.whisper(ann, "x"), "can't whisper to itself"),
        (lambda chat, ann: ann.hears("x", within=-1), "within"),
        (lambda chat, ann: ann.is_told(), "expect needs"),
        (lambda chat, ann: chat.bot("everyone"), "is a word of the language"),
        (lambda chat, ann: chat.bot("a b"), "is no name"),
        (lambda chat, ann: chat.bot("dan", nick=" "), "at least one character"),
        (lambda chat, ann: chat.bot("ann", nick="Ann"), "has a nickname already"),
        (lambda chat, ann: chat.join(), "nobody is to join"),
        (lambda chat, ann: chat.holds("drop-notic"), 'Did you mean "drop-notice"?'),
        (lambda chat, ann: chat.holds("clean-exit"), "seen only when the server ends"),
        (lambda chat, ann: chat.play("- jion: ann"), 'Did you mean "join"?'),
        (lambda chat, ann: chat.play("- chat: {bob: hi}"), '"bob"'),
    ],
)
def test_nonsense_is_refused_before_anything_is_sent(chat: chatsim.Chat, nonsense: object, says: str) -> None:
    [ann] = chat.join("ann")
    sent = sum(1 for _ in chat.history.of("send"))

    with pytest.raises(chatsim.UsageError) as refused:
        nonsense(chat, ann)  # type: ignore[operator]

    assert says in str(refused.value)
    assert sum(1 for _ in chat.history.of("send")) == sent
    ann.say("and it goes on")


def test_one_together_does_not_stand_in_another(chat: chatsim.Chat) -> None:
    with pytest.raises(chatsim.UsageError, match="can not stand in another"), chat.together(), chat.together():
        pass


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"server": "x"}, "needs a profile"),
        ({"server": "x", "connect": "h:1", "profile": "relay"}, "exclude each other"),
        ({"profile": "irc"}, "which server is meant"),
        ({"patience": 0}, "makes no sense"),
    ],
)
def test_what_makes_no_sense_together_is_refused(arguments: dict[str, object], says: str) -> None:
    with pytest.raises(chatsim.UsageError, match=says):
        chatsim.Chat(**arguments)  # type: ignore[arg-type]


# --- its life --------------------------------------------------------------------------------------------------------


def test_before_it_has_begun_and_after_it_has_ended_there_is_no_step() -> None:
    chat = chatsim.Chat()
    with pytest.raises(chatsim.UsageError, match="has not begun"):
        chat.join("ann")
    with chat:
        chat.join("ann")
        with pytest.raises(chatsim.UsageError, match="has begun already"):
            chat.start()
    with pytest.raises(chatsim.UsageError, match="this chat is over: it was closed"):
        chat.join("bob")
    chat.close()


def test_the_whole_run_is_judged_when_it_has_ended(chat: chatsim.Chat) -> None:
    ann, bob = chat.join("ann", "bob")
    ann.say("good night")
    bob.drop()

    chat.end()

    assert {v.property for v in chat.holds("clean-exit", "still-serves", "everything")} >= {"clean-exit", "delivery"}
    assert chat.report.ok, chat.report
    with pytest.raises(chatsim.UsageError, match="this chat is over: it has ended"):
        ann.say("one more")


def test_a_file_of_it_is_judged_the_same(chat: chatsim.Chat, tmp_path: Path) -> None:
    _, bob = chat.join("ann", "bob")
    bob.drop()
    said = chat.holds("drop-notice", "no-ghosts")
    with (tmp_path / "chat.jsonl").open("w", encoding="utf-8") as file:
        chat.history.write(file)

    with (tmp_path / "chat.jsonl").open(encoding="utf-8") as lines:
        again = judge(History.read(lines))

    assert [(v.property, v.outcome) for v in again] == [(v.property, v.outcome) for v in said]


def test_nobody_is_left_behind_whatever_happens() -> None:
    before = {child.pid for child in psutil.Process().children()}  # a library of another test may keep a helper here
    with pytest.raises(RuntimeError), chatsim.Chat() as chat:
        chat.join("ann")
        raise RuntimeError
    with (
        pytest.raises(chatsim.ServerError, match="no!"),
        chatsim.Chat([sys.executable, "-c", "print('no!')"], profile="relay"),
    ):
        pass

    left = [child for child in psutil.Process().children() if child.pid not in before]
    assert not [child for child in left if child.status() != psutil.STATUS_ZOMBIE]


def test_it_may_be_led_in_any_thread() -> None:
    held: list[int] = []

    def lead() -> None:
        with chatsim.Chat() as chat:
            ann, _ = chat.join("ann", "bob")
            ann.say("from another thread")
            held.append(len(chat.holds("delivery")))

    thread = threading.Thread(target=lead)
    thread.start()
    thread.join()

    assert held == [1]


# --- a server by itself ----------------------------------------------------------------------------------------------


def test_a_server_may_be_talked_to_by_others() -> None:
    with chatsim.ChatServer(FORGETFUL, profile=EXAMPLE) as server:
        with socket.create_connection(server.address) as mine:
            mine.sendall(b"zoe\n")
            assert mine.recv(100) == b"Hello, zoe!\n"
        assert server.profile == "my-server"
        address = server.address
        assert (server.host, server.port) == address

    with pytest.raises(chatsim.UsageError, match="has not been started, or has ended"):
        server.address  # noqa: B018
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_a_chat_on_it_sees_what_was_printed_before() -> None:
    with chatsim.ChatServer(FORGETFUL, profile=EXAMPLE) as server, chatsim.Chat(server) as chat:
        chat.join("ann")
        assert chat.history.header.server == str(server)
        with pytest.raises(chatsim.UsageError, match="has had a chat already"):
            chatsim.Chat(server)
        with pytest.raises(chatsim.UsageError, match="neither stands beside it"):
            chatsim.Chat(server, profile="relay")


def test_a_server_that_runs_already_takes_one_chat_after_the_other() -> None:
    with chatsim.ChatServer() as server:
        for _ in range(2):
            with chatsim.Chat(connect=server.address, profile="lines") as chat:
                ann, _ = chat.join("ann", "bob")
                ann.say("hello")
                chat.holds("delivery")
                chat.end()
                assert chat.report.ok
