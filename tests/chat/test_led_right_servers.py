"""Right servers, in several languages and manners, led step by step and judged on the way: nothing may be said against them."""

from __future__ import annotations

from pathlib import Path

import pytest

import chatsim
from chatsim.checks.verdict import Outcome
from tests.servers.catalogue import RIGHT, Right
from tests.servers.starting import command_of, missing_for


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.mark.parametrize("right", RIGHT, ids=lambda right: right.name)
def test_a_right_server_fails_nothing_when_it_is_judged_in_the_middle(right: Right, compiled: Path) -> None:
    lacking = missing_for(right.file)
    if lacking is not None:
        pytest.skip(f"{right.file} needs {lacking}, which is not installed here")

    with chatsim.Chat(command_of(right.file, compiled), profile=right.profile, seed=1) as chat:
        ann, bob, _ = chat.join("ann", "bob", "cat")
        ann.say("is it raining where you are?", "it is here")
        chat.holds()
        bob.drop()
        nothing_against(chat)
        bob.rejoin()
        with chat.together():
            ann.say(count=5)
            bob.say(count=5)
        ann.disconnect()
        nothing_against(chat)
        chat.join("dan")
        bob.drop("half-close")
        chat.end()
        nothing_against(chat)


def nothing_against(chat: chatsim.Chat) -> None:
    bad = {v.property: v.summary for v in chat.holds() if v.outcome in (Outcome.FAILED, Outcome.INCONCLUSIVE)}
    assert bad == {}
