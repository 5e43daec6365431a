"""The pytest plugin, seen from pytest: each test here runs a pytest of its own over a folder of files."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
Inner = Callable[..., pytest.RunResult]

CUT_OFF = """\
scenario: "when a connection breaks, those who stay are told"
bots: [ann, bob, cat]
steps:
  - join: everyone
  - chat: {bob: "hello, is anybody here?"}
  - drop: bob
"""
WHISPERS = """\
scenario: "whispers stay between two"
bots: [ann, bob, cat]
steps:
  - join: everyone
  - whisper: {ann: {to: bob, text: "between us"}}
"""
ROOM = """\
def test_the_room_goes_on(chat):
    ann, bob, cat = chat.join("ann", "bob", "cat")
    bob.drop()
    ann.say("still here?")
    cat.hears("still here?", by=ann)
    chat.holds("drop-notice", "no-ghosts")
"""
FORGETFUL = "--chatsim-server=python server.py {port}", "--chatsim-profile=profile.yaml", "--chatsim-patience=0.5"


@pytest.fixture
def inner(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Inner:
    """Runs pytest in a process of its own, where the plugin is found as an installed one is."""
    installed = tmp_path / "installed"
    info = installed / "chatsim_under_test-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: chatsim-under-test\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[pytest11]\nchatsim = chatsim.pytest_plugin\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(installed), str(ROOT))))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("PYTEST_ADDOPTS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_XDIST_WORKER", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    for name in ("server.py", "profile.yaml"):
        (pytester.path / name).write_bytes((ROOT / "docs/example" / name).read_bytes())

    def run(*arguments: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", *arguments, timeout=60)

    return run


def write(pytester: pytest.Pytester, **files: str) -> None:
    """`room__chatsim__yaml` is room.chatsim.yaml: `__` is a full stop."""
    for name, text in files.items():
        (pytester.path / name.replace("__", ".")).write_text(text, encoding="utf-8")


def in_general(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"(  The last that \w+ got:\n)(?:(?:E     )? {4}.*\n)+", r"\1", text)
    text = re.sub(r"(E +The last that \w+ got:\n)(?:E {11}.*\n)+", r"\1", text)
    text = re.sub(r"\d+\.\d\d s\b", "#.## s", text)
    return re.sub(r" +#\.## s to", "  #.## s to", text)


def failures(result: pytest.RunResult) -> str:
    """What stands below FAILURES, up to the short summary."""
    lines = [line.rstrip() for line in result.outlines]
    begin = next(i for i, line in enumerate(lines) if re.fullmatch("=+ FAILURES =+", line))
    end = next(i for i, line in enumerate(lines) if re.fullmatch("=+ short test summary info =+", line))
    return in_general("\n".join(lines[begin + 1 : end]) + "\n")


def golden(name: str, told: str) -> str:
    file = Path(__file__).parent / f"golden/{name}.txt"
    if os.environ.get("CHATSIM_UPDATE_GOLDEN"):
        file.write_text(told, encoding="utf-8")
    return file.read_text(encoding="utf-8")


# --- scenarios -------------------------------------------------------------------------------------------------------


def test_a_scenario_is_a_test_under_its_claim(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)

    result = inner("-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["room.chatsim.yaml::when a connection breaks, those who stay are told PASSED*"])


def test_one_that_fails_is_told_as_on_the_console(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)

    result = inner(*FORGETFUL, "--chatsim-seed=7")

    result.assert_outcomes(failed=1)
    assert failures(result) == golden("scenario", failures(result))
    result.stdout.fnmatch_lines(["FAILED room.chatsim.yaml::when a connection * - *"])


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two workers"])
def test_in_a_ci_too_the_short_summary_has_one_line_each(
    pytester: pytest.Pytester, inner: Inner, monkeypatch: pytest.MonkeyPatch, workers: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")  # where pytest does not shorten what it is given
    write(pytester, room__chatsim__yaml=CUT_OFF)
    pytester.makepyfile(test_room=ROOM)

    result = inner(*FORGETFUL, *workers)

    result.assert_outcomes(failed=2)
    begin = next(i for i, line in enumerate(result.outlines) if "short test summary info" in line)
    assert sorted(re.sub(r"\d+\.\d\d s", "#.## s", line) for line in result.outlines[begin + 1 : -1]) == [
        "FAILED room.chatsim.yaml::when a connection breaks, those who stay are told - drop-notice: bob dropped "
        "(reset) at #.## s. ann and cat were connected the whole time and were never told that bob had left.",
        "FAILED test_room.py::test_the_room_goes_on - chatsim.ChatFailedError: drop-notice: bob dropped (reset) at "
        "#.## s. ann and cat were connected the whole time and were never told that bob had left.",
    ]


def test_the_call_that_it_ends_with_plays_it_again(pytester: pytest.Pytester, inner: Inner) -> None:
    import shlex

    write(pytester, room__chatsim__yaml=CUT_OFF, test_room=ROOM)
    (pytester.path / "test_room").rename(pytester.path / "test_room.py")
    result = inner(*FORGETFUL)
    calls = [line.split("Reproduce with: ")[1] for line in result.outlines if "Reproduce with: " in line]

    assert len(calls) == 2
    for call in calls:
        words = shlex.split(call)
        assert words[0] == "pytest"
        again = inner(*words[1:])
        again.assert_outcomes(failed=1)
        assert [line.split("Reproduce with: ")[1] for line in again.outlines if "Reproduce with: " in line] == [call]


def test_a_scenario_that_is_wrong_is_an_error_with_its_place(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF.replace("drop: bob", "dropp: bob"), good__chatsim__yaml=CUT_OFF)

    result = inner("--continue-on-collection-errors")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting room.chatsim.yaml*",
            "room.chatsim.yaml:6:5",
            '*there is no step "dropp". Did you mean "drop"?',
        ]
    )
    assert "Traceback" not in result.stdout.str() and "chatsim/" not in result.stdout.str()


def test_what_the_profile_has_no_words_for_is_skipped_with_its_reason(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, secret__chatsim__yaml=WHISPERS)

    result = inner("-rs", "--chatsim-profile=relay")

    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(
        ["SKIPPED * secret.chatsim.yaml:1: 'whisper' (secret.chatsim.yaml:5:5) needs direct messages*"]
    )


def test_a_server_that_does_not_start_fails_with_its_last_words(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)

    result = inner("--chatsim-server=python -c 'print(6 * 7)'", "--chatsim-profile=relay")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["ERROR  room.chatsim.yaml*", "*before it listened*", "*Its last words:", "*42"])
    assert "Traceback" not in result.stdout.str()


OWNER = """\
import socket, sys

EVIL = "::error::owned\\n  ::add-mask::owned\\n##[error]owned\\n"


print(EVIL, end="", flush=True)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        client, _ = listener.accept()
        client.sendall(b"Hello, ann!\\n" + EVIL.encode())
        raise RuntimeError(EVIL)
"""


def test_on_github_a_server_can_not_command_the_runner(
    pytester: pytest.Pytester, inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    write(pytester, owner__py=OWNER, room__chatsim__yaml=CUT_OFF, test_room__py=ROOM)
    write(
        pytester,
        test_start__py=f"""
import pytest

@pytest.mark.chatsim(server=["python", "-c", {OWNER.partition("with")[0]!r}])
def test_one_that_does_not_start(chat):
    pass
""",
    )

    result = inner("--chatsim-server=python owner.py {port}", *FORGETFUL[1:], "-rA")

    result.assert_outcomes(failed=2, errors=1)
    told = result.stdout.str()
    assert told.count("owned") > 5
    assert "##[" not in told
    assert [line for line in told.split("\n") if line.lstrip().startswith("::")] == []


def test_other_files_are_named_in_the_ini_file(pytester: pytest.Pytester, inner: Inner) -> None:
    (pytester.path / "chats/deep").mkdir(parents=True)
    for name in ("chats/room.yaml", "chats/deep/room.yaml", "chats/profile.yaml", "other.yaml"):
        (pytester.path / name).write_text(CUT_OFF)
    (pytester.path / "chats/profile.yaml").write_bytes((pytester.path / "profile.yaml").read_bytes())
    write(pytester, pytest__ini="[pytest]\nchatsim_files = chats/*.yaml\n")

    result = inner("--collect-only", "-q")

    found = sorted(line.split("::")[0] for line in result.outlines if "::" in line)
    assert found == ["chats/deep/room.yaml", "chats/room.yaml"]
    assert result.ret == pytest.ExitCode.OK  # the profile among them is none


def test_the_ini_file_names_the_server_as_seen_from_its_folder(pytester: pytest.Pytester, inner: Inner) -> None:
    ini = "[pytest]\nchatsim_server = python server.py {port}\nchatsim_profile = profile.yaml\nchatsim_patience = 0.5\n"
    (pytester.path / "below").mkdir()
    (pytester.path / "below/room.chatsim.yaml").write_text(CUT_OFF)
    write(pytester, pytest__ini=ini)
    os.chdir(pytester.path / "below")

    result = inner()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*python server.py {port}, profile my-server", "*FAILED  drop-notice*"])


def test_a_profile_without_words_for_the_server_is_told_of(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)

    result = inner("--chatsim-server=python server.py {port}")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["a server needs a profile, which says how it is spoken to", "*chatsim_profile in the ini*"]
    )
    assert "Traceback" not in result.stdout.str()


def test_a_scenario_has_its_own_seed_and_the_command_line_the_last_word(
    pytester: pytest.Pytester, inner: Inner
) -> None:
    write(pytester, room__chatsim__yaml=f"seed: 5\n{CUT_OFF}")

    own, given = inner(*FORGETFUL), inner(*FORGETFUL, "--chatsim-seed=6")

    assert "seed 5 " in own.stdout.str() and "seed 6 " in given.stdout.str()


# --- plain tests -----------------------------------------------------------------------------------------------------


def test_a_plain_test_leads_the_chat(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(test_room=ROOM)

    inner().assert_outcomes(passed=1)


def test_its_failure_reads_as_on_the_console(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(test_room=ROOM)

    result = inner(*FORGETFUL, "--chatsim-seed=7")

    result.assert_outcomes(failed=1)
    assert failures(result) == golden("plain", failures(result))
    result.stdout.fnmatch_lines(["FAILED test_room.py::test_the_room_goes_on - chatsim.ChatFailedError: drop-notice*"])


def test_the_marker_names_the_server_and_what_is_to_hold(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.chatsim(profile="profile.yaml", patience=0.5)

        @pytest.mark.chatsim(server="python server.py {port}", holds=["membership", "fifo-order"])
        def test_all_is_judged_when_it_has_passed(chat):
            ann, bob, cat = chat.join("ann", "bob", "cat")
            ann.say("one", "two")
            bob.drop()

        def test_a_profile_may_start_its_server_itself(chat, chat_server):
            assert chat_server.profile == "my-server"
            chat.join("ann")
        """
    )

    result = inner("--chatsim-profile=relay")

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*FAILED  drop-notice*"])
    assert "Traceback" not in result.stdout.str()
    assert "During handling" not in result.stdout.str()


def test_a_word_that_the_marker_does_not_know_is_told(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.chatsim(sever="python server.py {port}")
        def test_nothing(chat):
            pass
        """
    )

    result = inner()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the marker chatsim knows server, profile, connect, patience, holds*and not sever"])


def test_a_step_that_makes_no_sense_is_told_at_its_line_without_ours(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        def test_nonsense(chat):
            [ann] = chat.join("ann")
            ann.resume()

        def test_no_text(chat):
            [ann] = chat.join("ann")
            ann.say("")

        def test_no_property(chat):
            chat.join("ann")
            chat.holds("no-ghost")
        """
    )

    result = inner()

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [">       ann.resume()", "E       *ScenarioError: *.py:3:5", "*ann can't resume: ann was not stalled"]
    )
    assert "chatsim/" not in result.stdout.str()


def test_what_can_not_be_played_is_skipped(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_whispers(chat):
            ann, bob = chat.join("ann", "bob")
            ann.whisper(bob, "psst")

        @pytest.fixture
        def secret(chat):
            ann, bob = chat.join("ann", "bob")
            ann.whisper(bob, "psst")

        def test_of_a_fixture(secret):
            pass

        @pytest.fixture
        def broken(chat):
            raise RuntimeError("this is the fixture's own")

        def test_of_a_broken_one(broken):
            pass
        """
    )

    result = inner("-rs", "--chatsim-profile=relay")

    result.assert_outcomes(skipped=2, errors=1)
    result.stdout.fnmatch_lines(["E       RuntimeError: this is the fixture's own"])
    result.stdout.fnmatch_lines(["SKIPPED*this can not be played with the profile relay*direct messages*"])


@pytest.mark.parametrize(("wanted", "outcome"), [("fail", "failed"), ("skip", "skipped")])
def test_what_nobody_knows_fails_or_is_skipped_as_one_wishes(
    pytester: pytest.Pytester, inner: Inner, wanted: str, outcome: str
) -> None:
    write(
        pytester,
        pytest__ini=f"[pytest]\nchatsim_inconclusive = {wanted}\n",
        idle__chatsim__yaml=f"check: roster\n{CUT_OFF}",
    )
    pytester.makepyfile(
        """
        def test_idle(chat):
            chat.join("ann", "bob")
            chat.holds("drop-notice")
        """
    )

    result = inner("--chatsim-profile=prompted")

    result.assert_outcomes(**{outcome: 2})


def test_that_wish_is_one_of_two(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, pytest__ini="[pytest]\nchatsim_inconclusive = xfail\n")

    inner().stderr.fnmatch_lines(["*chatsim_inconclusive is 'xfail', and can be fail or skip"])


def test_a_server_alone_is_a_fixture_too(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import socket

        def test_by_hand(chat_server):
            with socket.create_connection(chat_server.address) as mine:
                mine.sendall(b"zoe\\n")
                assert mine.recv(100) == b"Hello, zoe!\\n"

        def test_beside_the_bots(chat_server, chat):
            [ann] = chat.join("ann")
            with socket.create_connection(chat_server.address) as mine:
                mine.sendall(b"zoe\\n")
                ann.gets("zoe is here")

        def test_that_does_not_start(chat_server):
            pass
        """
    )

    inner(*FORGETFUL, "-k", "not start").assert_outcomes(passed=2, deselected=1)
    result = inner("--chatsim-server=python -c 'print(6 * 7)'", "--chatsim-profile=relay", "-k", "start")

    result.assert_outcomes(errors=1, deselected=2)
    result.stdout.fnmatch_lines(["*ERROR at setup of test_that_does_not_start*", "*before it listened*", "*42"])
    assert "Traceback" not in result.stdout.str() and "chatsim/" not in result.stdout.str()


def test_a_server_that_runs_already_may_be_named(pytester: pytest.Pytester, inner: Inner) -> None:
    import chatsim

    write(pytester, room__chatsim__yaml=CUT_OFF)
    pytester.makepyfile(test_room=ROOM)

    with chatsim.ChatServer(profile="lines") as server:
        result = inner(f"--chatsim-connect=127.0.0.1:{server.port}", "--chatsim-profile=lines")

    result.assert_outcomes(passed=2)


# --- beside pytest's own ---------------------------------------------------------------------------------------------


def test_words_and_markers_select_them(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF, secret__chatsim__yaml=WHISPERS)
    pytester.makepyfile(test_room=ROOM, test_else="def test_else(): pass")

    inner("-k", "breaks and not whispers").assert_outcomes(passed=1, deselected=3)
    inner("-m", "chatsim").assert_outcomes(passed=3, deselected=1)
    inner("room.chatsim.yaml::when a connection breaks, those who stay are told").assert_outcomes(passed=1)


def test_they_stand_in_junits_file(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)
    pytester.makepyfile(test_room=ROOM)

    inner(*FORGETFUL, "--junitxml=found.xml")

    cases = {case.get("name"): case for case in ElementTree.parse(pytester.path / "found.xml").iter("testcase")}
    assert set(cases) == {"when a connection breaks, those who stay are told", "test_the_room_goes_on"}
    for case in cases.values():
        failure = case.find("failure")
        assert failure is not None and failure.text is not None
        assert "drop-notice: bob dropped (reset)" in (failure.get("message") or "")
        assert "ann and cat were connected the whole time" in " ".join(failure.text.replace("\nE  ", " ").split())


def test_workers_of_xdist_play_them_side_by_side(pytester: pytest.Pytester, inner: Inner) -> None:
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    write(pytester, room__chatsim__yaml=CUT_OFF, secret__chatsim__yaml=WHISPERS, bad__chatsim__yaml="scenario: x\n")
    pytester.makepyfile(test_room=ROOM)

    result = inner("-n", "2", *FORGETFUL)

    # The server of the documents fails both, has no whispers, and the last file is no scenario.
    result.assert_outcomes(failed=2, skipped=1, errors=1)
    told = result.stdout.str()
    assert told.count("FAILED  drop-notice") == 2
    assert told.count("Reproduce with: pytest ") == 2
    assert "bad.chatsim.yaml" in told
    assert "replay alone" not in told  # others were played beside it


def test_it_can_be_left_out(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)
    pytester.makepyfile(test_room=ROOM)

    result = inner("-p", "no:chatsim")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'chat' not found"])


def test_the_marker_is_known_and_told(pytester: pytest.Pytester, inner: Inner) -> None:
    inner("--markers").stdout.fnmatch_lines(["@pytest.mark.chatsim(server=None, *"])


def test_warnings_that_are_errors_are_none_of_ours(pytester: pytest.Pytester, inner: Inner) -> None:
    write(pytester, room__chatsim__yaml=CUT_OFF)
    pytester.makepyfile(test_room=ROOM)

    inner("-W", "error").assert_outcomes(passed=2)


def test_without_a_test_of_ours_nothing_of_chatsim_is_loaded(pytester: pytest.Pytester, inner: Inner) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_else():
            assert {name for name in sys.modules if name.startswith("chatsim")} == {
                "chatsim", "chatsim._version", "chatsim.pytest_plugin"
            }
        """
    )

    inner().assert_outcomes(passed=1)


def test_what_the_document_shows_works_as_it_says(pytester: pytest.Pytester, inner: Inner) -> None:
    text = (ROOT / "docs/pytest.md").read_text(encoding="utf-8")
    shown = re.findall(r"^<!-- shown: (\S+) -->\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(shown) == text.count("```") // 2
    for name, file in shown:
        (pytester.path / name).write_text(file, encoding="utf-8")
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios/named.yaml").write_text(WHISPERS, encoding="utf-8")

    result = inner("--strict-config")

    # Its server tells nobody when a connection breaks, and it has no whispers.
    result.assert_outcomes(passed=2, failed=2, skipped=1)
    assert result.stdout.str().count("FAILED  drop-notice") == 2


def test_the_options_of_the_document_are_those_that_there_are() -> None:
    text = (ROOT / "docs/pytest.md").read_text(encoding="utf-8")
    code = (ROOT / "chatsim/pytest_plugin/__init__.py").read_text(encoding="utf-8")

    assert set(re.findall(r"`(--chatsim-\w+)", text)) == set(re.findall(r'addoption\(\s*"(--chatsim-\w+)"', code))
    assert set(re.findall(r"`(chatsim_(?!inconclusive = )\w+)`", text)) == set(re.findall(r'addini\(\s*"(\w+)"', code))


def test_a_timeout_from_outside_ends_the_server_too(pytester: pytest.Pytester, inner: Inner) -> None:
    pytest.importorskip("pytest_timeout", reason="pytest-timeout is not installed")
    write(pytester, long__chatsim__yaml=CUT_OFF.replace("drop: bob", "pause: 60s"))
    pytester.makepyfile("def test_long(chat):\n    chat.join('ann')\n    chat.play('- pause: 60s')\n")

    result = inner("--timeout=1.5", "--timeout-method=signal")

    result.assert_outcomes(failed=2)
    assert "Timeout" in result.stdout.str()
    assert servers_below(pytester.path) == []


@pytest.mark.parametrize("kind", ["scenario", "plain"])
def test_ctrl_c_leaves_no_server_behind(pytester: pytest.Pytester, inner: Inner, kind: str) -> None:
    if kind == "scenario":
        write(pytester, long__chatsim__yaml=CUT_OFF.replace("drop: bob", "pause: 60s"))
    else:
        pytester.makepyfile("def test_long(chat):\n    chat.join('ann')\n    chat.play('- pause: 60s')\n")
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *FORGETFUL]
    running = subprocess.Popen(words, cwd=pytester.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        server = server_in_use(running)
        running.send_signal(signal.SIGINT)
        told, _ = running.communicate(timeout=30)
    finally:
        running.kill()
        running.communicate()

    assert "KeyboardInterrupt" in told
    assert running.returncode == pytest.ExitCode.INTERRUPTED
    assert not server.is_running()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_pytest_that_is_killed_leaves_no_server_behind(pytester: pytest.Pytester, inner: Inner, how: int) -> None:
    pytester.makepyfile("def test_long(chat):\n    chat.join('ann')\n    chat.play('- pause: 60s')\n")
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *FORGETFUL]
    running = subprocess.Popen(words, cwd=pytester.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = server_in_use(running)
        running.send_signal(how)
        running.wait(timeout=30)
    finally:
        running.kill()
        running.wait()

    _, alive = psutil.wait_procs([server], timeout=30)  # its guardian needs a moment
    assert alive == []


def servers_below(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if "server.py" in process.cmdline() and Path(process.cwd()) == folder.resolve():
                found.append(process)
        except psutil.Error:
            continue
    return found


def server_in_use(pytest_itself: subprocess.Popen[Any]) -> psutil.Process:
    """The server, when it talks to somebody: pytest is in the middle of a test."""
    deadline = time.monotonic() + 30
    while True:
        for child in psutil.Process(pytest_itself.pid).children(recursive=True):
            try:
                if "server.py" in child.cmdline() and len(child.net_connections()) > 1:
                    return child
            except (psutil.Error, OSError):  # one that was only on its way to becoming the server
                continue
        assert time.monotonic() < deadline, "no server was ever connected to"
