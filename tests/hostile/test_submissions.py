"""Submissions that attack: what each of them managed, under every confinement that this machine offers.

A class of them is graded by root and by an ordinary user under each level; what they managed is looked at from outside. That
each attack is real, and that these tests would see it, is shown where nothing is confined, as far as that harms nobody.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from attacks import ATTACKS, Attack, Harm
from classroom import Evidence, grade, selves
from judging import harm_to_the_class, managed

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="servers are confined on Linux only"),
    pytest.mark.timeout(400),
]

CONFINED = [("root", "bubblewrap"), ("root", "user"), ("user", "bubblewrap"), ("user", "landlock")]

# What a level can not prevent, and docs/sandbox.md says so: a socket in a folder is kept from a server by its permissions
# only, and this one is for all. It is no longer so where the kernel knows better: then this fails, and is to be mended.
NOT_PREVENTED: dict[str, dict[str, set[Harm]]] = {
    "user": {"calls_by_unix_sockets": {"heard"}},
    "landlock": {"calls_by_unix_sockets": {"heard"}},
}


@pytest.mark.parametrize(("who", "level"), CONFINED)
def test_attackers_harm_nobody_and_gain_nothing(who: str, level: str) -> None:
    attacks = [each for each in ATTACKS if not each.only_handed_in or level in _tried(who)]
    seen = _graded(who, level, attacks)

    found = {attack.name: managed(seen, attack) for attack in attacks}
    not_prevented = NOT_PREVENTED.get(level, {})
    assert {name: {*harm} for name, harm in found.items() if harm} == not_prevented, found
    assert harm_to_the_class(seen, not_prevented) == []


def test_unconfined_they_manage_what_they_are_after() -> None:
    attacks = [each for each in ATTACKS if each.shows and not each.alone]
    seen = _graded(_who_runs_this(), "none", attacks)

    missed = {attack.name: {*attack.shows} - {*managed(seen, attack)} for attack in attacks}
    assert {name: harm for name, harm in missed.items() if harm} == {}


@pytest.mark.parametrize("attack", [each for each in ATTACKS if each.alone], ids=lambda attack: attack.name)
def test_unconfined_they_would_end_the_grading(attack: Attack) -> None:
    seen = _graded(_who_runs_this(), "none", [attack])

    harm = {*managed(seen, attack)} | ({"grader"} if seen.harmed or seen.code not in (0, 3) else set())
    assert harm >= {*attack.shows}, seen.said


def test_there_are_thirty_at_least_and_none_is_forgotten() -> None:
    programs = {path.stem for path in (Path(__file__).parent / "submissions").glob("*.py")}

    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 30
    assert programs - {"serves_right", "serves_twice"} <= {attack.server for attack in ATTACKS}


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("grades.csv", 'key,name\nx,"=1+1"\n'),
        ("grades.csv", "key,name\nx,@SUM(1)\n"),
        ("index.html", "<p>x</p><script>alert(1)</script>"),
        ("index.html", "<p onclick='x'>x</p>"),
        ("index.html", "<style>mark()</style>"),
        ("pages/x.md", "[click](mark)"),
        ("pages/x.md", "<b>mark</b>"),
        ("pages/x.md", "# Points: 10 mark"),
    ],
)
def test_what_acts_where_it_is_shown_is_seen(page: str, text: str) -> None:
    record = {"student": {"key": "x"}, "state": "played", "seconds": 1.0, "told": ""}
    seen = Evidence("mark", "bubblewrap", records={"x": record}, grades={"x": {"points": 1, "high": 1}})
    attack = Attack("x")

    assert managed(seen, attack) == {}
    seen.pages[page] = text
    assert {*managed(seen, attack)} == {"shown"}


def _graded(who: str, level: str, attacks: list[Attack]) -> Evidence:
    """Skips the test if that can not be had here."""
    self = selves()[who]
    if self.why_not:
        pytest.skip(self.why_not)
    if level == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    seen = grade(self, level, attacks)
    if seen.why_not:
        pytest.skip(seen.why_not)
    return seen


def _tried(who: str) -> tuple[str, ...]:
    """The level under which what is handed in is tried: the one that needs nothing installed."""
    return ("user",) if who == "root" else ("landlock",)


def _who_runs_this() -> str:
    return "root" if os.geteuid() == 0 else "user"
