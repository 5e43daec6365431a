"""A call of an author's code that never returns is ended, and told with its method and line."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent

import pytest

from chatsim.errors import ProfileError
from chatsim.profile.authored import AuthoredError
from chatsim.profile.profile import Profile
from chatsim.profile.python import Client
from chatsim.profile.reader import load_profile
from chatsim.profile.translating import Translator
from chatsim.runs import Target, run
from chatsim.scenario.reader import load_scenario
from chatsim.watchdog import bounded_calls

SOON = 0.2  # seconds
Writer = Callable[[str], Profile]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """A profile whose class has this for its `received`."""

    def written(body: str) -> Profile:
        head = "import time\nfrom chatsim.profile.python import *\n\nclass Mine(Connection):\n"
        code = f"{head}    def received(self, data):\n{indent(dedent(body), ' ' * 8)}\n"
        (tmp_path / "mine.py").write_text(code, encoding="utf-8")
        (tmp_path / "mine.yaml").write_text('profile: mine\npython: "mine:Mine"\n', encoding="utf-8")
        return load_profile(str(tmp_path / "mine.yaml"))

    return written


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def translator(profile: Profile) -> Translator:
    assert profile.python is not None
    return Translator(profile.python, lambda: Client("ann", 1, "pw-ann"))


def told(profile: Profile) -> str:
    own = translator(profile)
    with pytest.raises(AuthoredError) as caught, bounded_calls(SOON):
        own.heard(b"x")
    return str(caught.value)


def test_a_loop_without_end_is_told_with_its_method_and_line(write: Writer, tmp_path: Path) -> None:
    assert told(write("while True: pass")).replace(str(tmp_path), "") == (
        "/mine.py:6:9\n"
        "          while True: pass\n"
        "          ^^^^^^^^^^^^^^^^ Mine.received has not returned for 0.2 s, and was given up\n"
        "It was here then. A method has to return at once; what is unfinished is kept for the next call."
    )


@pytest.mark.parametrize(
    "body",
    [
        "while True:\n    yield Receipt()",
        "while True:\n    try:\n        int('x')\n    except Exception:\n        pass",
        "while True:\n    try:\n        int('x')\n    except:\n        pass",
        "time.sleep(60)",
        "import threading\nthreading.Lock().acquire()\nthreading.Condition(threading.Lock()).acquire()\n"
        "lock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    ],
    ids=["events for ever", "catches exceptions", "catches everything", "sleeps", "waits for a lock"],
)
def test_so_is_what_never_returns_in_another_way(write: Writer, body: str) -> None:
    assert "Mine.received has not returned for 0.2 s" in told(write(body))


def test_a_loop_in_another_thread_than_the_main_one_is_ended(write: Writer) -> None:
    profile = write("while True: pass")
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(told(profile)))

    thread.start()
    thread.join(20)

    assert "Mine.received has not returned" in said[0]


def test_a_module_that_never_ends_is_told_as_the_module(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = 1\nwhile True:\n    x += 1\n", encoding="utf-8")
    (tmp_path / "mine.yaml").write_text('profile: mine\npython: "mine:Mine"\n', encoding="utf-8")

    with pytest.raises(ProfileError, match=r"the module mine has not returned"), bounded_calls(SOON):
        load_profile(str(tmp_path / "mine.yaml"))


def test_many_short_calls_are_no_long_one_even_of_one_generator_that_goes_on(write: Writer) -> None:
    own = translator(write("self.parser = getattr(self, 'parser', None) or self.parse()\nreturn next(self.parser)"))
    own._object().parse = lambda: (() for _ in itertools.count())  # type: ignore[attr-defined]
    calls, end = 0, time.monotonic() + 3 * SOON
    with bounded_calls(SOON):
        while time.monotonic() < end:
            own.heard(b"x")
            calls += 1

    assert calls > 1


def test_what_is_raised_by_others_passes_as_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), bounded_calls(SOON):
        raise KeyboardInterrupt


def test_a_run_ends_with_the_fault_of_the_profile(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatsim.watchdog.LONGEST_CALL", SOON)
    (tmp_path / "one.yaml").write_text("scenario: one\nbots: [ann]\nsteps: [join: ann]\n", encoding="utf-8")
    profile = write("while True: pass")
    server = (
        "python -c \"import socket; s = socket.create_server(('127.0.0.1', {port})); "
        "c = s.accept()[0]; c.sendall(b'hi'); c.recv(1)\""
    )

    played = run(load_scenario(str(tmp_path / "one.yaml")), profile, Target(command=server))

    assert isinstance(played.error, AuthoredError)
    assert played.error.exit_code == 2
    assert "Mine.received has not returned for 0.2 s" in str(played.error)
