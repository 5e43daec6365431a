"""`chatsim doctor`: what is told of a machine, as a function of what was found there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from chatsim.cli.surveyed import as_json, as_text
from chatsim.sandbox.survey import Offer, Survey

GOLDEN = Path(__file__).parent / "golden"
GIB = 1024**3
GOOD = Survey(
    python="3.12.1",
    system="Linux 6.8.0, x86_64",
    cores=8,
    root=True,
    offers=(Offer("bubblewrap"),),
    bubblewrap="0.9.0",
    landlock=5,
    own_network="",
    py_spy="",
    ipv6=True,
    folder="/tmp",
    room=40 * GIB,
    memory=16 * GIB,
    clock=4e-8,
)
MACHINES = {
    "good": GOOD,
    "ordinary-user": replace(GOOD, root=False),
    "container": replace(
        GOOD,
        offers=(
            Offer("bubblewrap", "bubblewrap is not installed", "Install it: apt install bubblewrap."),
            Offer("user"),
        ),
        bubblewrap="",
        own_network="making a namespace: operation not permitted",
        py_spy="py-spy is not installed",
        ipv6=False,
        room=GIB,
    ),
    "landlock-only": replace(
        GOOD,
        root=False,
        offers=(Offer("bubblewrap", "no namespaces", "See sysctl user.max_user_namespaces."), Offer("landlock")),
        own_network="the system's limit is reached, or it allows none",
    ),
    "nothing": replace(
        GOOD,
        root=False,
        system="Darwin 23.1.0, arm64",
        offers=(
            Offer("bubblewrap", "only on Linux can a server be confined", "Grade on Linux: a virtual machine will do."),
            Offer("landlock", "only on Linux can a server be confined", "Grade on Linux: a virtual machine will do."),
        ),
        bubblewrap="",
        landlock=0,
        own_network="only linux has them",
        memory=None,
        clock=0.0156,
    ),
}


@pytest.mark.parametrize("name", MACHINES)
def test_what_is_told_of_a_machine(name: str) -> None:
    told = as_text(MACHINES[name], 96) + "\n"

    golden = GOLDEN / f"doctor-{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MACHINES)
def test_programs_read_the_same(name: str) -> None:
    machine = MACHINES[name]
    told = json.loads(as_json(machine))

    assert told["confinement"] == machine.best
    assert [level["offered"] for level in told["levels"]] == [offer.offered for offer in machine.offers]
    assert (told["own_network"], told["py_spy"]) == (not machine.own_network, not machine.py_spy)


def test_it_tells_of_this_machine_and_its_exit_code_whether_servers_can_be_confined() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatsim", "doctor", "--json"], capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout)

    assert done.returncode == (3 if told["confinement"] == "none" else 0), done.stderr
    assert told["cores"] >= 1
    assert told["levels"][0]["level"] == "bubblewrap"
