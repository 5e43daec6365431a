"""A list with no words around it looks like any words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from overheard import Roster, T, Talk, lines, prompted

from chatsim.profile.phrases import RosterHeard
from chatsim.profile.profile import Profile


@pytest.mark.parametrize("shape", [lines, prompted], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("words", ["Unknown Message.", "bob joined!", "ann"])
def test_a_list_of_bare_names_is_one_only_when_it_was_asked_for(shape: Callable[..., Profile], words: str) -> None:
    ear = Talk(shape(roster=Roster(T("/who"), (T("{nicks}"),)))).ear()

    assert not any(isinstance(each, RosterHeard) for each in [*ear.hear(words.encode() + b"\n"), *ear.rest()])


@pytest.mark.parametrize("shape", [lines, prompted], ids=lambda shape: shape.__name__)
@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("Unknown Message.", None),
        ("bob joined!", None),
        ("ann is here, so is bob", None),
        ("ann", ("ann",)),
        ("ann bob", ("ann", "bob")),
        ("ann, bob", ("ann", "bob")),
        ("ann, a stranger, bob", None),
        ("ann, stranger, bob", ("ann", "stranger", "bob")),
    ],
)
def test_a_list_of_bare_names_is_no_sentence(
    shape: Callable[..., Profile], words: str, names: tuple[str, ...] | None
) -> None:
    ear = Talk(shape(roster=Roster(T("/who"), (T("{nicks}"),)))).ear()
    ear.await_roster()

    heard = [*ear.hear(words.encode() + b"\n"), *ear.rest()]

    assert [each.names for each in heard if isinstance(each, RosterHeard)] == ([names] if names else [])


@pytest.mark.parametrize("ignored", ["Here{*}", "{*}\n", "{*}", "{*}:", "re:^Here.*"])
def test_what_may_be_ignored_is_looked_for_last_in_a_stream_too(ignored: str) -> None:
    ear = Talk(prompted(roster=Roster(T("/who"), (T("Here: {nicks}"),)), ignore=(T(ignored),))).ear()
    ear.await_roster()

    heard = [*ear.hear(b"Here: ann, bob\n"), *ear.rest()]

    assert [each.names for each in heard if isinstance(each, RosterHeard)] == [("ann", "bob")]


@pytest.mark.parametrize("shape", [lines, prompted], ids=lambda shape: shape.__name__)
def test_what_may_be_ignored_does_not_take_both_ends_of_a_list(shape: Callable[..., Profile]) -> None:
    ear = Talk(shape(roster=Roster(T("/who"), (T("--- {nicks} ---"),)), ignore=(T("---"),))).ear()
    ear.await_roster()

    heard = [*ear.hear(b"---\n--- ann, bob ---\n---\n"), *ear.rest()]

    assert heard == [RosterHeard(("ann", "bob"), complete=True)]
