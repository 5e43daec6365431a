"""Right servers whose dialogues are more than one line after the other, played with a profile in YAML."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.profile.profile import Profile
from chatsim.profile.reader import read_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario, read_scenario
from tests.servers.starting import command_of

ROOT = Path(__file__).parent.parent


def spoken(text: str) -> Profile:
    return read_profile(dedent(text), "odd.yaml")


def shipped(name: str, profile: Profile, server: str, folder: Path) -> Run:
    return run(load_scenario(ROOT / "scenarios" / f"{name}.yaml"), profile, Target(command_of(server, folder)), seed=1)


def played(steps: str, profile: Profile, server: str, folder: Path) -> Run:
    scenario = read_scenario('scenario: "x"\nbots: [ann, bob]\nsteps:\n' + dedent(steps), "x.yaml")
    return run(scenario, profile, Target(command_of(server, folder)), seed=1)


def right(run: Run) -> None:
    assert (run.outcome, run.error) == (Outcome.PASSED, None), render(Report((run,)), Style())


ACCOUNTS = """\
    profile: accounts
    extends: lines
    join:
      - send: "login {nick} {password}"
      - either:
          - - await: "[Login:{nick}] Welcome back"
          - - await: "[Error] no such account"
            - send: "register {nick} {password}"
            - await: "[Ok] {nick} is registered"
      - await: "Welcome, {nick}!"
"""


@pytest.mark.parametrize("name", ["lobby", "drops", "rejoin"])
def test_who_has_no_account_registers_and_who_has_one_logs_in(name: str, tmp_path: Path) -> None:
    right(shipped(name, spoken(ACCOUNTS), "speaks_of_accounts.py", tmp_path))


def test_where_one_of_several_ways_stops_is_told_with_the_way_it_went(tmp_path: Path) -> None:
    profile = spoken(ACCOUNTS.replace("[Ok] {nick} is registered", "[Ok] registered"))

    stopped = played("  - join: everyone\n", profile, "speaks_of_accounts.py", tmp_path)

    assert stopped.error is not None
    assert stopped.error.exit_code == 4
    assert (
        "  sent     'login ann pw-ann'\n"
        "  heard    '[Error] no such account'\n"
        "  sent     'register ann pw-ann'\n"
        "  awaited  '[Ok] registered'\n" in str(stopped.error)
    )


PAIR = """\
    profile: pair
    framing: newline
    join: [{send: "{nick}"}, {await: "You talk to {*}"}]
    hears: "{nick}: {text}"
    notices: {left: "{nick} has gone"}
    limits: {exactly: 2}
"""


@pytest.mark.parametrize(
    "going", ["disconnect: ann", "drop: ann", "drop: {bob: half-close}", "drop: {ann: mid-message}"]
)
def test_a_server_for_exactly_two_is_joined_by_two_at_once(going: str, tmp_path: Path) -> None:
    steps = f"  - join: everyone\n  - converse: {{everyone: 6}}\n  - {going}\n"

    right(played(steps, spoken(PAIR), "serves_two.py", tmp_path))


@pytest.mark.parametrize(
    ("bots", "step", "told"),
    [
        (3, "join: everyone", "it has 3 bots, and the server serves exactly 2 clients together"),
        (2, "join: bot1", "'join' (x.yaml:3:10) does not bring all at once"),
        (2, "connect: everyone", "'connect' (x.yaml:3:10) does not bring all at once"),
        (2, "join: everyone but bot2", "does not bring all at once"),
    ],
)
def test_where_not_all_come_at_once_such_a_server_can_not_be_played(bots: int, step: str, told: str) -> None:
    scenario = read_scenario(f'scenario: "x"\nbots: {bots}\nsteps: [{{{step}}}]\n', "x.yaml")

    assert told in str(why_not(scenario, spoken(PAIR)))


# --- names that change, and messages for one ---------------------------------------------------------------------------

RENAMED = """\
    profile: renamed
    framing: newline
    join: [{await: "<< see /help for assistance"}, {send: "/nick {nick}"}, {await: "<< {*} is now known as {nick}"}]
    hears: "[{nick}] {text}"
    notices: {joined: "<< {*} is now known as {nick}", left: "<< {nick} has left"}
    ignore: ["<< {id} has joined", "<< {id} has left"]
    leave: "/quit"
"""


@pytest.mark.parametrize("name", ["lobby", "drops"])
def test_who_is_renamed_while_joining_is_known_by_the_new_name(name: str, tmp_path: Path) -> None:
    right(shipped(name, spoken(RENAMED), "renames.py", tmp_path))


ONE_RECIPIENT = """\
    profile: one-recipient
    framing: newline
    join: [{send: "{nick}"}, {await: "welcome {nick}"}]
    says: no
    whisper: {says: "{to}: {text}", hears: "{*} / {nick}: {text}"}
"""


def test_where_each_message_has_one_recipient_whispers_are_all_there_is(tmp_path: Path) -> None:
    steps = "  - join: everyone\n  - whisper: {ann: {to: bob, count: 5}}\n  - whisper: {bob: {to: ann, text: psst}}\n"

    right(played(steps + "  - drop: bob\n", spoken(ONE_RECIPIENT), "tells_one.py", tmp_path))


# --- records -----------------------------------------------------------------------------------------------------------

RECORDS = """\
    profile: records
    framing: {record: "<I16s512s"}
    join: [{send: "1|{nick}|"}, {await: "5|{nick}|"}]
    refuses: "6|{*}|"
    says: "2|{nick}|{text}"
    notices: {joined: "3|{nick}|", left: "4|{nick}|"}
    limits: {nick: 15, text: 500B}
"""


@pytest.mark.parametrize("name", ["lobby", "drops", "storm", "twins", "malformed"])
def test_a_server_that_speaks_in_records_of_one_size(name: str, tmp_path: Path) -> None:
    right(shipped(name, spoken(RECORDS), "speaks_in_records.py", tmp_path))


# --- messages that take a dialogue -------------------------------------------------------------------------------------

ASKED = """\
    profile: asked
    extends: lines
    says: [{send: "SAY"}, {await: "TEXT?"}, {send: "{text}"}]
    hears: "{nick}: {text}"
    whisper: {says: [{send: "TELL {to}"}, {await: "TEXT FOR {to}?"}, {send: "{text}"}]}
    rooms: null
"""


@pytest.mark.parametrize("name", ["lobby", "storm", "whispers", "roster", "rejoin"])
def test_a_server_that_asks_for_each_text(name: str, tmp_path: Path) -> None:
    right(shipped(name, spoken(ASKED), "asks_for_the_text.py", tmp_path))


def test_where_it_is_never_asked_for_the_text_never_goes_out(tmp_path: Path) -> None:
    profile = spoken(ASKED.replace('"TEXT?"', '"WHAT?"') + "    knock: no\n")
    steps = "  - join: everyone\n  - chat: {ann: hello there}\n  - disconnect: bob\n"

    run = played(steps, profile, "asks_for_the_text.py", tmp_path)

    failed = [verdict for verdict in run.verdicts if verdict.outcome is Outcome.FAILED]
    assert [(verdict.property, verdict.summary) for verdict in failed] == [
        ("expectations", 'ann was to be asked for its text with "WHAT?", but that did not happen.')
    ]
    assert failed[0].where == "x.yaml:5:3"
    assert run.notes == (
        'ann had a text to send and never got what `says` in the profile awaits before it: "WHAT?". What came instead: '
        '"TEXT?".',
    )


@pytest.mark.parametrize("step", ["drop: {ann: mid-message}", "send: {ann: {size: 60B, in-pieces: 3}}"])
def test_half_a_message_means_nothing_where_each_is_asked_for(step: str) -> None:
    scenario = read_scenario(f'scenario: "x"\nbots: [ann, bob]\nsteps: [{{join: everyone}}, {{{step}}}]\n', "x.yaml")

    assert "messages that go out by themselves" in str(why_not(scenario, spoken(ASKED)))
