"""Whoever takes another name is called so from then on, everywhere; servers that forget a place are told which."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome, Verdict
from chatsim.errors import ProfileError
from chatsim.profile.profile import Profile
from chatsim.profile.reader import load_profile, read_profile
from chatsim.report.report import Report, Run
from chatsim.report.text import Style, render
from chatsim.runs import Target, run, why_not
from chatsim.scenario.reader import load_scenario, read_scenario
from tests.servers.starting import command_of

SHIPPED = Path(__file__).parent.parent / "scenarios" / "rename.yaml"
LATER = """\
profile: later
framing: newline
join: [{await: "<< see /help for assistance"}, {send: "/nick {nick}"}, {await: "<< {*} is now known as {nick}"}]
rename: [{send: "/nick {new}"}, {await: "<< {nick} is now known as {new}"}]
hears: "[{nick}] {text}"
notices: {left: "<< {nick} has left", renamed: "<< {nick} is now known as {new}"}
ignore: ["<< {id} has joined", "<< {id} has left", "<< {id} is now known as {nick}"]
refuses: "<< {*} is taken"
leave: "/quit"
"""


def reference(fault: str = "none") -> str:
    words = [sys.executable, "-m", "reference_server", "--dialect", "lines", "--port", "{port}", "--fault", fault]
    return shlex.join(words)


def played(steps: str, server: str, profile: Profile | None = None) -> Run:
    scenario = read_scenario(f'scenario: "x"\nbots: [ann, bob, cat]\nsteps:\n{steps}', "x.yaml")
    return run(scenario, profile or load_profile("lines"), Target(server), seed=1)


def right(run: Run) -> None:
    assert (run.outcome, run.error) == (Outcome.PASSED, None), render(Report((run,)), Style())


def failed(run: Run) -> dict[str, Verdict]:
    return {verdict.property: verdict for verdict in run.verdicts if verdict.outcome is Outcome.FAILED}


def test_a_right_server_passes_and_everybody_is_told() -> None:
    done = run(load_scenario(SHIPPED), load_profile("lines"), Target(reference()), seed=1)

    right(done)
    assert done.history is not None
    assert sorted(entry.detail["nick"] for entry in done.history.of("renamed")) == ["bob", "eve", "zoe", "zoe"]
    assert len(list(done.history.of("told-renamed"))) == 4
    assert not list(done.history.of("unrecognised"))


def test_so_does_one_that_gives_numbers_first(tmp_path: Path) -> None:
    profile = read_profile(LATER, "later.yaml")

    right(run(load_scenario(SHIPPED), profile, Target(command_of("renames.py", tmp_path)), seed=1))


def test_who_speaks_under_the_old_name_is_told() -> None:
    done = played(
        "  - join: ann and bob\n  - rename: {bob: zoe}\n  - chat: {bob: 'one two three four five'}\n",
        reference("speaks-under-the-old-name"),
    )

    assert failed(done).keys() == {"attribution"}
    assert failed(done)["attribution"].summary.startswith(
        'ann got "one two three four five" under the name bob, but bob, called zoe by then, said it.'
    )


def test_a_list_with_the_old_name_is_told() -> None:
    done = played(
        "  - join: ann and bob\n  - rename: {bob: zoe}\n  - ask: ann\n", reference("the-roster-keeps-the-old-name")
    )

    assert failed(done).keys() == {"roster"}
    assert "bob was there from" in failed(done)["roster"].summary


def test_a_notice_under_the_old_name_is_none(tmp_path: Path) -> None:
    done = played(
        "  - join: everyone\n  - rename: {bob: zoe}\n  - chat: {bob: {count: 1}}\n  - disconnect: bob\n"
        "  - chat: {ann: {count: 2}}\n",
        command_of("goes_under_the_old_name.py", tmp_path),
        read_profile("profile: p\nextends: lines\nroster: null\nwhisper: null\nrooms: null\n", "p.yaml"),
    )

    assert "leave-notice" in failed(done)


def test_a_name_that_is_taken_is_refused_and_the_old_one_stays() -> None:
    done = played(
        "  - join: everyone\n  - rename: {bob: ann}\n  - chat: {bob: {count: 1}}\n  - ask: cat\n", reference()
    )

    assert failed(done) == {}
    assert done.history is not None
    assert [entry.detail["by"] for entry in done.history.of("not-renamed")] == ["Sorry, the name ann is taken."]
    assert {v.property: v.exercised for v in done.verdicts}["unique-nicknames"] == 1
    assert [entry.detail["why"] for entry in done.history.of("skipped")] == ["the server did not let bob be called ann"]


def test_who_takes_a_name_in_use_and_is_let_is_told() -> None:
    done = run(load_scenario(SHIPPED), load_profile("lines"), Target(reference("renames-to-any-name")), seed=1)

    assert failed(done).keys() == {"unique-nicknames"}
    assert failed(done)["unique-nicknames"].summary.startswith("cat was let take another name at ")
    assert failed(done)["unique-nicknames"].where.startswith(f"{SHIPPED}:17:")


def test_an_old_name_that_stays_taken_is_told() -> None:
    done = run(load_scenario(SHIPPED), load_profile("lines"), Target(reference("the-old-name-stays-taken")), seed=1)

    assert failed(done).keys() == {"nickname-released"}
    assert failed(done)["nickname-released"].summary.startswith('ann was called "eve" from ')


def test_the_new_name_is_free_when_its_holder_has_gone() -> None:
    done = run(
        read_scenario(
            'scenario: "x"\nbots: {ann: {}, bob: {}, cat: {nick: zoe}}\nsteps:\n'
            "  - join: ann and bob\n  - rename: {bob: zoe}\n  - drop: bob\n  - join: cat\n",
            "x.yaml",
        ),
        load_profile("lines"),
        Target(reference()),
        seed=1,
    )

    right(done)
    assert {v.property: v.exercised for v in done.verdicts}["nickname-released"] == 1


def test_who_comes_again_comes_under_its_own_name() -> None:
    done = played(
        "  - join: everyone\n  - rename: {bob: zoe}\n  - drop: bob\n  - rejoin: bob\n  - ask: ann\n"
        "  - expect: {ann: {roster: [ann, bob, cat]}}\n",
        reference(),
    )

    right(done)
    assert done.history is not None
    assert [entry.detail["nick"] for entry in done.history.of("told")][-1] == "bob"


def test_a_new_name_that_could_be_mistaken_gets_letters_and_the_report_says_so() -> None:
    done = played("  - join: ann and bob\n  - rename: {ann: anna}\n  - chat: {everyone: {count: 1}}\n", reference())

    right(done)
    assert any("is part of another name" in note for note in done.notes)


def test_where_names_can_not_be_changed_it_is_not_applicable() -> None:
    assert why_not(load_scenario(SHIPPED), load_profile("relay")) == (
        f"'rename' ({SHIPPED}:8:5) needs names that can be changed (`rename`)"
    )


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('rename: "/nick {nick}"', "{new} is missing in `rename`"),
        ('says: "{new}: {text}"', "{new} has no meaning in `says`"),
        ('notices: {renamed: "{nick} changed"}', "{new} is missing in `notices.renamed`"),
    ],
)
def test_a_profile_that_contradicts_itself_is_told_so(keys: str, told: str) -> None:
    with pytest.raises(ProfileError) as caught:
        read_profile(f"profile: p\nframing: newline\njoin: '{{nick}}'\nhears: '{{nick}}: {{text}}'\n{keys}\n", "p.yaml")

    assert told in str(caught.value)
