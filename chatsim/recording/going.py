"""How does a connection end or stand still, and what is that called in a scenario? And how does the server end? Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from chatsim.recording.clients import Client
from chatsim.recording.coming import refused
from chatsim.recording.hearing import give_up
from chatsim.recording.saying import never_understood
from chatsim.recording.scene import Scene

__all__ = ["client_ended", "reads_again", "server_ended", "server_was", "still_reads", "stops_reading"]


def client_ended(scene: Scene, client: Client, how: Literal["close", "reset"]) -> None:
    """Its side did. Told once: what comes after that is not about it."""
    if client.gone:
        return
    never_understood(scene, client)
    unfinished = client.up.rest()
    client.gone = True
    if scene.server_is != "up":
        return  # it goes because there is nobody left to talk to
    session = client.life.session
    if client.leaving:
        scene.note("left", session, clean=client.closed)
    elif not client.life.refused and not client.closed:
        scene.release(client)
        if how == "close" and not scene.profile.leave and client.life.told:
            client.ending = scene.note("leave", session)
            scene.note("left", session, clean=True)
        else:
            kind = "mid-message" if unfinished and how == "reset" else how
            client.ending = scene.note("drop", session, how=kind)
        if client.life.told:
            scene.owe_notice(client, "left", bool(scene.profile.left or scene.profile.dropped))


def still_reads(scene: Scene, client: Client) -> None:
    """What was noted as its going was a half-close."""
    ending = client.ending
    if ending is None or client.closed:
        return
    if ending.kind == "leave":
        after = scene.notes.index(ending) + 1
        left = (each for each in scene.notes[after:] if each.kind == "left" and each.session == ending.session)
        if (wrong := next(left, None)) is not None:
            scene.notes.remove(wrong)
    ending.kind, ending.detail = "drop", {"how": "half-close"}


def stops_reading(scene: Scene, client: Client) -> None:
    """Noted of one who is in. What it misses is waited for when it reads again."""
    over = client.gone or client.closed or client.leaving
    if client.life.told and not client.stalled and not over:
        client.stalled = True
        scene.note("stall", client.life.session)


def reads_again(scene: Scene, client: Client) -> None:
    if client.stalled and not client.gone and not client.closed and not client.leaving:
        scene.note("resume", client.life.session)
        scene.restless = True
    client.stalled = False


def server_ended(scene: Scene, client: Client, how: Literal["eof", "reset"]) -> None:
    """The server's side of this connection did. One that was still to be let in is refused by that."""
    if client.closed:
        return
    never_understood(scene, client)
    give_up(scene, client)
    joining = client.script is not None and client.script.kind == "join"
    if joining and not client.gone and not client.life.refused and client.life.nick and scene.server_is == "up":
        refused(scene, client, "closed")
    client.closed = True
    scene.note("closed", client.life.session, how=how, declared=_why_closed(scene, client))
    scene.release(client)
    client.script = None


def _why_closed(scene: Scene, client: Client) -> str | None:
    if scene.server_is != "up":
        return "server"
    if client.leaving or client.gone or client.life.refused:
        return "we left"
    return "bad input" if client.badly else None


def server_was(scene: Scene, what: str, detail: Mapping[str, Any]) -> None:
    """What became of its process. While it is not up, nothing is to come from it."""
    more = dict(detail)
    if what == "stopping":
        scene.server_is = "stopping"
    elif what == "listening":
        scene.server_is = "up"
    elif what == "exited":
        more.setdefault("asked", scene.server_is != "up")
        scene.server_is = "down"
    if scene.server_is != "up":
        scene.due.clear()
    scene.note("server", what=what, **more)
