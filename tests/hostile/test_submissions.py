"""Submissions that attack: what each of them managed, under every confinement that this machine offers.

A class of them is graded by root and by an ordinary user under each level; what they managed is looked at from outside. That
each attack is real, and that these tests would see it, is shown where nothing is confined, as far as that harms nobody.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attacks import ATTACKS, Attack, Harm
from classroom import INNOCENTS, Evidence, Peak, grade, selves
from judging import harm_to_the_class, managed

from chatsim.sandbox.landlock import version
from chatsim.server.own_network import refusal

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="servers are confined on Linux only"),
    pytest.mark.timeout(400),
]

CONFINED = [("root", "bubblewrap"), ("root", "user"), ("user", "bubblewrap"), ("user", "landlock")]

SIGNALLING = ("signals_the_grader", "stops_the_grader", "kills_its_keeper")


@pytest.mark.parametrize(("who", "level"), CONFINED)
def test_attackers_harm_nobody_and_gain_nothing(who: str, level: str) -> None:
    attacks = _tried_under(level)
    seen = _graded(who, level, attacks)

    assert seen.code in (0, 3), seen.said
    found = {attack.name: managed(seen, attack) for attack in attacks}
    not_prevented = _not_prevented(level)
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


def _unharmed() -> Evidence:
    """Of a class in which all is well: the innocents, and one attacker of the name x."""
    seen = Evidence("mark", "user", code=0, peaks={"x": Peak()})
    for name, points in {**INNOCENTS, "x": 4.0}.items():
        student = {"key": name.strip("- "), "name": name}
        seen.records[name] = {"student": student, "state": "played", "seconds": 1.0, "told": "", "confinement": "user"}
        seen.grades[name] = {"state": "played", "points": points, "low": points, "high": points}
    return seen


HARMS: dict[str, Callable[[Evidence], object]] = {
    "the grading failed": lambda seen: setattr(seen, "code", 5),
    "it was killed": lambda seen: setattr(seen, "code", -9),
    "the grader was traced": lambda seen: seen.harmed.append("traced"),
    "a word was stolen": lambda seen: seen.stolen.update(word=["the terminal"]),
    "a file was written": lambda seen: seen.owned.append("/tmp/owned"),
    "somebody called": lambda seen: seen.heard.append("somebody"),
    "a process is left": lambda seen: seen.left.append("1: python3"),
    "a folder remains": lambda seen: seen.remains.append("/tmp/room"),
    "somebody typed": lambda seen: setattr(seen, "terminal", "forged"),
    "the console was sent commands": lambda seen: setattr(seen, "said", "\x1b[2J"),
    "another level": lambda seen: seen.records["x"].update(confinement="none"),
    "a neighbour lost points": lambda seen: seen.grades["mia"].update(low=9.0),
    "a neighbour won points": lambda seen: seen.grades["nobody else"].update(high=10.0),
    "a neighbour is gone": lambda seen: seen.grades.pop("zoë"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_harm_to_a_class_is_seen(harm: str) -> None:
    seen = _unharmed()

    assert harm_to_the_class(seen) == []
    HARMS[harm](seen)
    assert len(harm_to_the_class(seen)) == 1


GAINS: dict[str, tuple[Harm, Callable[[Evidence], object]]] = {
    "more points": ("points", lambda seen: seen.grades["x"].update(high=5)),
    "nobody can say": ("points", lambda seen: seen.grades["x"].update(points=None)),
    "our trouble": ("points", lambda seen: seen.records["x"].update(state="infrastructure")),
    "not graded": ("points", lambda seen: seen.records.pop("x")),
    "for ever": ("time", lambda seen: seen.records["x"].update(seconds=100.0)),
    "a word on its page": ("stolen", lambda seen: seen.stolen.update(word=["pages/x.md"])),
    "a file": ("written", lambda seen: seen.owned.append("/tmp/owned-mark-x")),
    "a call": ("heard", lambda seen: seen.heard.append("x")),
    "processes": ("processes", lambda seen: setattr(seen.peaks["x"], "processes", 150)),
    "the disk": ("disk", lambda seen: setattr(seen.peaks["x"], "disk", 1 << 30)),
}


@pytest.mark.parametrize("gain", GAINS)
def test_what_an_attacker_gains_is_seen(gain: str) -> None:
    seen, attack = _unharmed(), Attack("x", worth=4)
    kind, happens = GAINS[gain]

    assert managed(seen, attack) == {}
    happens(seen)
    assert {*managed(seen, attack)} == {kind}


def _not_prevented(level: str) -> dict[str, set[Harm]]:
    """What a level can not prevent, and docs/sandbox.md says so. Where one day it can, the test fails, and this is mended."""
    if level == "bubblewrap":
        return {}
    # A socket in a folder is kept from a server by its permissions only, and this one is for all.
    left: dict[str, set[Harm]] = {"calls_by_unix_sockets": {"heard"}}
    if refusal():  # no network of its own
        left["calls_by_udp"] = {"heard"}
    return left


def _tried_under(level: str) -> list[Attack]:
    """What is handed in is unpacked by us, whatever the level: it is tried once, where nothing has to be installed."""
    attacks = [each for each in ATTACKS if not each.only_handed_in or level != "bubblewrap"]
    if level == "landlock" and version() < 6:  # then signals reach whoever is the same user
        attacks = [each for each in attacks if each.name not in SIGNALLING]
    return attacks


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


def _who_runs_this() -> str:
    return "root" if os.geteuid() == 0 else "user"
