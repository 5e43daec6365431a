"""The pytest plugin: scenarios as test items, and fixtures that let a plain test lead a chat (docs/pytest.md).

pytest loads this module wherever chatsim is installed, whether anybody uses it or not. So it imports nothing but pytest,
which is there already; what it needs of chatsim is imported by the first test that needs it.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from chatsim.chat.chat import Chat
    from chatsim.chat.server import ChatServer

__all__ = [
    "chat",
    "chat_server",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_report_from_serializable",
    "pytest_report_to_serializable",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
]

CHAT = pytest.StashKey["Chat"]()  # of a test, as long as it lasts
CRASH = "chatsim_crash"  # in a report on its way from a worker
FIXTURES = frozenset(("chat", "chat_server"))
OURS = ".chatsim.yaml"
MARKER = (
    "chatsim(server=None, profile=None, connect=None, patience=None, holds=()): which chat server the fixtures chat and "
    "chat_server are about, and which properties are judged when the test itself has passed. Tests that use them, and "
    "scenarios, are marked so by themselves: -m chatsim."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chatsim", "chat servers (chatsim)")
    group.addoption(
        "--chatsim-server", metavar="CMD", help="The command that starts the server; {port} is a free port."
    )
    group.addoption("--chatsim-connect", metavar="HOST:PORT", help="A server that is running already.")
    group.addoption(
        "--chatsim-profile", metavar="P", help="How it is spoken to: a file, or the name of a built-in profile."
    )
    group.addoption("--chatsim-seed", metavar="N", type=int, help="Draw names, texts and times from N. Default: anew.")
    group.addoption("--chatsim-patience", metavar="X", type=float, help="Wait X times as long as usual.")
    parser.addini("chatsim_files", type="args", default=[], help=f"Globs of scenarios beside *{OURS}; * spans folders.")
    parser.addini("chatsim_server", default="", help="As --chatsim-server; it runs in the folder of this file.")
    parser.addini("chatsim_connect", default="", help="As --chatsim-connect.")
    parser.addini("chatsim_profile", default="", help="As --chatsim-profile; files are looked for beside this one.")
    parser.addini("chatsim_patience", default="", help="As --chatsim-patience.")
    parser.addini(
        "chatsim_inconclusive", default="fail", help="What a test is of which nothing is known: fail or skip."
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    known = config.getini("chatsim_inconclusive")
    if known not in ("fail", "skip"):
        raise pytest.UsageError(f"chatsim_inconclusive is {known!r}, and can be fail or skip")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not file_path.name.endswith(OURS) and not _is_named(file_path, parent.config):
        return None
    from chatsim.pytest_plugin.items import ScenarioFile

    found: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
    return found


def _is_named(path: Path, config: pytest.Config) -> bool:
    """Does `chatsim_files` name it? A profile that lies beside scenarios is none, nor is an assignment."""
    globs = config.getini("chatsim_files")
    if not globs or not path.is_relative_to(config.rootpath):
        return False
    from fnmatch import fnmatch

    here = path.relative_to(config.rootpath).as_posix()
    if not any(fnmatch(here, glob) for glob in globs):
        return False
    from chatsim.profile.recognising import is_assignment, is_profile

    return not is_profile(path) and not is_assignment(path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("chatsim")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Fixtures of the tests' own may lead a chat, too."""
    try:
        return (yield)
    except Exception as problem:
        if item.stash.get(CHAT, None) is None:
            raise
        from chatsim.pytest_plugin.fixtures import instead_of

        raise instead_of(item, problem) or problem from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    chat = item.stash.get(CHAT, None)
    if chat is None:  # none of ours, though a fixture of its own may be called so
        return (yield)
    from chatsim.pytest_plugin.fixtures import told

    with told(item, chat):
        return (yield)


# The short summary has a line a test. In a CI pytest does not shorten what it is given for it, so it is given a line.


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and type(call.excinfo.value).__module__ == "chatsim":
        from chatsim.pytest_plugin.telling import shorten_crash

        shorten_crash(report, call.excinfo.value)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable(
    report: pytest.CollectReport | pytest.TestReport,
) -> Generator[None, dict[str, Any] | None, dict[str, Any] | None]:
    """Workers of pytest-xdist send their reports; of what is no traceback it sends the text alone."""
    data = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if data is not None and crash is not None and isinstance(data.get("longrepr"), str):
        data[CRASH] = (crash.path, crash.lineno, crash.message)
    return data


@pytest.hookimpl(wrapper=True)
def pytest_report_from_serializable(
    data: dict[str, Any],
) -> Generator[None, pytest.TestReport | None, pytest.TestReport | None]:
    crash = data.pop(CRASH, None)
    report = yield
    if report is not None and crash is not None:
        from chatsim.pytest_plugin.telling import Retold

        retold: Any = Retold(str(report.longrepr), *crash)  # what pytest calls a TerminalRepr, a private name of its
        report.longrepr = retold
    return report


@pytest.fixture
def chat_server(request: pytest.FixtureRequest) -> Generator[ChatServer, None, None]:
    """A chat server that runs during this test: its `address`, `host`, `port`, `profile` and `output()`.

    The one that the marker, the command line or the ini file names (in this order), else the reference server. Each test
    has its own, so that none suffers from what another has done. Afterwards nothing of it is left.
    """
    from chatsim.pytest_plugin.fixtures import a_server

    with a_server(request.node) as server:
        yield server


@pytest.fixture
def chat(request: pytest.FixtureRequest, chat_server: ChatServer) -> Generator[Chat, None, None]:
    """A chat on `chat_server`, led by the test step by step: a `chatsim.Chat` (docs/api.md)."""
    from chatsim.pytest_plugin.fixtures import a_chat

    with a_chat(request.node, chat_server) as chat:
        request.node.stash[CHAT] = chat
        yield chat
