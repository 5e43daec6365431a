"""Taking another name in the middle of a run: the dialogue, and from when on the bot is called so."""

from __future__ import annotations

from functools import partial

from chatsim.engine.dialogue import begin
from chatsim.engine.session import Session
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.profile.profile import Await
from chatsim.scenario.steps import Act, Naming

__all__ = ["rename"]


def rename(stage: Stage, act: Act) -> Steps:
    """rename: the dialogue is done. What the bot says from then on it says under its new name.

    One that is refused, or never told, keeps its old name; the history says so.
    """
    renaming: list[tuple[Session, str]] = []
    for who, detail in act.entries:
        assert isinstance(detail, Naming)
        new = stage.plan.new_names.get(detail.nick, detail.nick)
        for bot in stage.bots(who, "rename"):
            session = stage.able(bot, "rename")
            if session is not None:
                renaming.append((session, new))
    for session, new in renaming:
        stage.vocabulary.meet(new)  # the others may be told before we are
        stage.note("rename", session.id, nick=new)
        begin(stage, session, stage.profile.rename, partial(_renamed, stage, session, new), new=new, refusals=True)
    wait = Until(lambda: all(session.conversation is None for session, _ in renaming))
    if not (yield wait):
        under_way = [(session, new) for session, new in renaming if session.conversation is not None]
        stage.unmet("rename", wait, [["rename", session.id, new] for session, new in under_way])
        for session, new in under_way:
            session.conversation = None
            session.ear.await_none()
            stage.skip(session.bot, f"{session.bot} was never told that it is called {new}")
    yield from stage.settle("rename")
    return True


def _renamed(stage: Stage, session: Session, new: str) -> None:
    confirmed = any(isinstance(line, Await) for line in stage.profile.rename)
    if confirmed:
        session.former.add(session.nick)
    session.nick = session.ear.nick = new
    stage.note("renamed", session.id, nick=new, confirmed=confirmed)
    stage.progress()
