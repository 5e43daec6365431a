"""Tests in plain Python: what the fixtures give them, and what becomes of what they raise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chatsim.chat.chat import Chat
from chatsim.chat.failures import ChatFailedError, ChatInconclusiveError, fit_to_print
from chatsim.chat.server import ChatServer
from chatsim.errors import ChatsimError, NotApplicableError, UsageError
from chatsim.pytest_plugin.subjects import KEYS, replay_of, seed_of, server_of, shown
from chatsim.pytest_plugin.telling import steps_of

__all__ = ["a_chat", "a_server", "instead_of", "told"]


def marked(item: pytest.Item) -> dict[str, Any]:
    """What the markers around a test say, the closest first. A word that they do not know is an error of the test's."""
    said: dict[str, Any] = {}
    for mark in item.iter_markers("chatsim"):
        unknown = [key for key in mark.kwargs if key not in KEYS]
        if unknown or mark.args:
            word = unknown[0] if unknown else repr(mark.args[0])
            raise _failed(UsageError(f"the marker chatsim knows {', '.join(KEYS)} (by their names), and not {word}"))
        said = {**mark.kwargs, **said}
    return said


@contextmanager
def a_server(item: pytest.Item) -> Iterator[ChatServer]:
    """The server that this test is about, running. What can not be started is an error of the test, without our traceback."""
    try:
        server = server_of(item.config, marked(item), item.path.parent).start()
    except ChatsimError as problem:
        raise _failed(problem) from None
    with server:
        yield server


@contextmanager
def a_chat(item: pytest.Item, server: ChatServer) -> Iterator[Chat]:
    """A chat on it, begun."""
    seed = seed_of(item.config)
    chat = Chat(server, seed=seed, name=item.name, file=shown(item.path, item.config), replay=replay_of(item, seed))
    try:
        chat.start()
    except NotApplicableError as problem:
        raise pytest.skip.Exception(str(problem), _use_item_location=True) from None
    except ChatsimError as problem:
        raise _failed(problem) from None
    with _closing(chat):
        yield chat


@contextmanager
def _closing(chat: Chat) -> Iterator[None]:
    try:
        yield
    finally:
        chat.close()


@contextmanager
def told(item: pytest.Item, chat: Chat) -> Iterator[None]:
    """Around the test itself: what `holds` of the marker asks for is judged when it has passed; what can not be played
    is skipped; and a failure comes with the steps."""
    __tracebackhide__ = True
    try:
        yield
        _judge(item, chat)
    except (NotApplicableError, ChatInconclusiveError) as problem:
        raise instead_of(item, problem) or problem from None
    finally:
        if steps := steps_of(chat.history):
            item.add_report_section("call", "steps", steps)


def instead_of(item: pytest.Item, problem: Exception) -> BaseException | None:
    """What a test raises in place of this: nothing was played, or nothing is known, and neither is a failure of the test."""
    if isinstance(problem, NotApplicableError):
        return pytest.skip.Exception(str(problem), _use_item_location=True)
    if isinstance(problem, ChatInconclusiveError) and item.config.getini("chatsim_inconclusive") == "skip":
        head = str(problem).split("\n")[0]
        return pytest.skip.Exception(f"inconclusive: {head}", _use_item_location=True)
    return None


def _judge(item: pytest.Item, chat: Chat) -> None:
    """The marker's `holds`, by the whole run. It fails at no line of the test, so none is shown."""
    __tracebackhide__ = True
    asked = marked(item).get("holds", ())
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    if names:
        try:
            chat.end()
            chat.holds(*names)
        except ChatInconclusiveError:
            raise
        except (ChatFailedError, UsageError) as problem:
            raise _failed(problem) from None


def _failed(problem: Exception) -> BaseException:
    """What it says, without any traceback."""
    return pytest.fail.Exception(fit_to_print(str(problem)), pytrace=False)
