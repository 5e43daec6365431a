"""chatsim: scripted bots against any chat server, judged from what every bot heard.

    import chatsim

    report = chatsim.run("scenarios/lobby.yaml", server="python server.py {port}", profile="relay")
    assert report.ok, report

What stands in `__all__` is all that programs may rely on; docs/api.md tells it. Each name is imported when it is first
asked for, so that `import chatsim` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chatsim._version import __version__

if TYPE_CHECKING:
    from chatsim.api import run
    from chatsim.chat.bot import Bot
    from chatsim.chat.chat import Chat
    from chatsim.chat.failures import ChatFailedError, ChatInconclusiveError
    from chatsim.chat.server import ChatServer
    from chatsim.checks.verdict import Outcome, Verdict
    from chatsim.errors import (
        ChatsimError,
        HistoryError,
        NotApplicableError,
        Place,
        Problem,
        ProfileError,
        ScenarioError,
        ServerError,
        UsageError,
    )
    from chatsim.history import History
    from chatsim.report.report import Report, Run

__all__ = [
    "Bot",
    "Chat",
    "ChatFailedError",
    "ChatInconclusiveError",
    "ChatServer",
    "ChatsimError",
    "History",
    "HistoryError",
    "NotApplicableError",
    "Outcome",
    "Place",
    "Problem",
    "ProfileError",
    "Report",
    "Run",
    "ScenarioError",
    "ServerError",
    "UsageError",
    "Verdict",
    "__version__",
    "run",
]

_HOMES = {
    "run": "chatsim.api",
    "Bot": "chatsim.chat.bot",
    "Chat": "chatsim.chat.chat",
    "ChatServer": "chatsim.chat.server",
    **dict.fromkeys(("ChatFailedError", "ChatInconclusiveError"), "chatsim.chat.failures"),
    **dict.fromkeys(("Outcome", "Verdict"), "chatsim.checks.verdict"),
    **dict.fromkeys(("ChatsimError", "HistoryError", "Place", "Problem", "ProfileError"), "chatsim.errors"),
    **dict.fromkeys(("NotApplicableError", "ScenarioError", "ServerError", "UsageError"), "chatsim.errors"),
    "History": "chatsim.history",
    **dict.fromkeys(("Report", "Run"), "chatsim.report.report"),
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'chatsim' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
