"""chatsim plays against IRC servers that others have written. docs/irc.md tells the verdicts, and why each failure is one.

They are played where they are installed: `apt-get install ngircd inspircd` on Debian. A small server of ours is always
there, so that the profile is never without one.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from chatsim.checks.verdict import Outcome
from chatsim.engine.plan import why_not
from chatsim.profile.reader import load_profile
from chatsim.report.report import Run
from chatsim.runs import Target, run
from chatsim.scenario.reader import load_scenario

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "scenarios"
SMALL = HERE.parent / "servers" / "speaks_irc.py"
SERVERS = ("ngircd", "inspircd")
# Those that take seconds are played by hand, as docs/irc.md says.
QUICK = (
    "cuts", "drops", "half", "lobby", "order", "rejoin", "rename",
    "rooms", "roster", "silent", "storm", "twins", "whispers",
)  # fmt: skip


def played(server: str, scenario: Path) -> Run:
    """...by a server; "small" is ours."""
    if server == "small":
        target = Target(f"{sys.executable} {SMALL} {{port}}")
        return run(load_scenario(str(scenario)), load_profile("irc"), target, seed=7)
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))  # where Debian puts them, and few people look
    if shutil.which(server, path=path) is None:
        pytest.skip(f"{server} is not installed (Debian: apt-get install {server})")
    result = run(load_scenario(str(scenario)), load_profile(str(HERE / f"{server}.yaml")), Target(), seed=7)
    assert result.error is None
    return result


def failures(result: Run) -> set[str]:
    return {verdict.property for verdict in result.verdicts if verdict.outcome is Outcome.FAILED}


@pytest.mark.parametrize("server", ["small", *SERVERS])
@pytest.mark.parametrize("name", QUICK)
def test_a_right_server_keeps_what_irc_promises(server: str, name: str) -> None:
    result = played(server, SHIPPED / f"{name}.yaml")

    assert failures(result) == set()
    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize("server", ["small", *SERVERS])
def test_lines_as_long_as_irc_allows_arrive_whole(server: str) -> None:
    result = played(server, HERE / "scenarios" / "long.yaml")

    assert result.outcome is Outcome.PASSED


@pytest.mark.parametrize("server", ["small", "inspircd"])
def test_bad_input_of_one_client_hurts_no_other(server: str) -> None:
    assert played(server, SHIPPED / "malformed.yaml").outcome is Outcome.PASSED


def test_ngircd_goes_on_listing_a_client_that_sent_a_line_without_an_end_and_broke_off() -> None:
    """It stops reading a client whose line fills its buffer, is told by the system at once that there is more to read,
    and so goes round without rest, and never sees the end of the connection."""
    failed = failures(played("ngircd", SHIPPED / "malformed.yaml"))

    assert {"no-ghosts", "roster"} <= failed <= {"no-ghosts", "roster", "no-spin"}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", ["long", "slow"])
def test_texts_that_are_longer_than_a_line_of_irc_are_not_asked_of_it(server: str, name: str) -> None:
    reason = why_not(load_scenario(str(SHIPPED / f"{name}.yaml")), load_profile(str(HERE / f"{server}.yaml")))

    assert reason is not None
    assert "limits: text" in reason
