"""What is known of a session so far, and the small acts of which the reading of it is made. Pure.

The other files of this room ask one question each and act on the scene; it judges nothing by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from chatsim.history import WORLD, Message
from chatsim.profile.forms import Forms
from chatsim.profile.profile import Profile
from chatsim.recording.clients import Client
from chatsim.recording.notes import Life, Note
from chatsim.recording.wording import alternatives, heard_rules, said_rules

__all__ = ["Due", "Said", "Scene"]

STALE = 0.2  # seconds after which the rest of a read is no beginning of the next
MOST_UNRECOGNISED = 1000  # of one client: more of it tells nothing more


class Due(NamedTuple):
    """Something that is still to come to a session; while there is any, nothing has settled."""

    kind: Literal["heard", "ack", "roster", "notice"]
    session: int
    message: int = -1
    what: str = ""  # of a notice: joined | left
    nick: str = ""


@dataclass(slots=True)
class Said:
    """A message, and what came of it."""

    message: Message
    by: Client
    frame: int  # number of its speaker's frame
    name: str  # its speaker's, then
    owed: bool = False  # somebody is to hear it
    reached: bool = False  # somebody has
    answered: bool = False  # after it, its sender alone was told something unknown


class Scene:
    """One session, up to `now`. `commands`: frames (client, number) that are known to be no messages."""

    def __init__(self, profile: Profile, commands: frozenset[tuple[int, int]]) -> None:
        self.profile = profile
        self.commands = commands
        self.heard_rules = heard_rules(profile)
        self.widest_first = sorted(self.heard_rules, key=lambda rule: -len(rule.template.frames))
        self.said_rules = said_rules(profile)
        self.forms = Forms(profile, set(), set())
        self.framed = profile.received.promises
        self.clients: dict[int, Client] = {}
        self.lives: list[Life] = []
        self.nicks: set[str] = set()  # all that anybody was ever called: grows only
        self.notes: list[Note] = []
        self.said: list[Said] = []  # by the numbers of the messages
        self.due: set[Due] = set()
        self.restless = False  # something has happened since all was settled
        self.server_is: Literal["up", "stopping", "down"] = "up"
        self.unknown = 0
        self.now = 0.0
        self._named, self._any_name = 0, alternatives(())

    # --- who is who

    def here(self) -> list[Client]:
        return [
            each
            for each in self.clients.values()
            if not each.gone and not each.closed and not each.leaving and not each.life.refused
        ]

    def is_called(self, client: Client, nick: str) -> None:
        """Its first name, once. Nobody is called by blanks in a scenario."""
        if not nick.strip() or client.nick:
            return
        client.nick = nick
        self.nicks.add(nick)
        if self.profile.nick == "chosen":
            client.life.nick = nick

    @property
    def names(self) -> str:
        """Any name of anybody, as a regular expression. It is asked for at every frame, and seldom changes."""
        if len(self.nicks) != self._named:
            self._named, self._any_name = len(self.nicks), alternatives(self.nicks)
        return self._any_name

    def own_slots(self, client: Client) -> dict[str, str]:
        """What may stand for `{nick}` in its dialogues; nothing is known of a name that the server gives."""
        known = client.nick and self.profile.nick != "assigned"
        return {"nick": re.escape(client.nick)} if known else {}

    # --- what is to come

    def owe_notice(self, about: Client, what: Literal["joined", "left"], promised: bool) -> None:
        """To everybody else who is in, if the profile promises it, and unless it has come already."""
        for other in self.here():
            if other is about or not promised or not other.life.told:
                continue
            if (what, about.nick) in other.early:
                other.early.discard((what, about.nick))
            else:
                self.due.add(Due("notice", other.life.session, what=what, nick=about.nick))
        self.restless = True

    def release(self, client: Client) -> None:
        """Nothing is owed to it any more; and what is under way from one that went is not waited for."""
        session = client.life.session
        gone = {said.message.id for said in self.said if said.message.sender == session}
        self.due = {
            due for due in self.due if due.session != session and not (due.kind == "heard" and due.message in gone)
        }

    def calm(self) -> None:
        """All that was to come has come: whatever has not come by now, and was owed, is missing.

        Who does not read is not waited for.
        """
        if not self.restless:
            return
        stalled = {each.life.session for each in self.clients.values() if each.stalled}
        if all(due.session in stalled for due in self.due):
            self.restless = False
            self.note("settled", how="all-heard", channels=None, valid=True)

    # --- what is noted

    def note(self, kind: str, session: int = WORLD, *, ref: int = -1, form: str = "unknown", **detail: Any) -> Note:
        note = Note(self.now, kind, session, ref, form, detail)
        self.notes.append(note)
        return note

    def unrecognised(self, client: Client, text: str) -> None:
        """Line by line; blank ones say nothing."""
        for line in text.splitlines():
            self.unrecognised_frame(client, line)

    def tell_stale(self, client: Client) -> None:
        """What came long ago, explains nothing, and is no beginning of what comes now."""
        if client.rest and client.script is None and self.now - client.rest_at > STALE:
            text, client.rest = client.rest, ""
            self.unrecognised(client, text)

    def tell_deferred(self, client: Client) -> None:
        frames, client.deferred = client.deferred, []
        for frame in frames:
            self.unrecognised_frame(client, frame)

    def unrecognised_frame(self, client: Client, text: str) -> None:
        if not text.strip():
            return
        self.unknown += 1
        client.unrecognised += 1
        if client.unrecognised <= MOST_UNRECOGNISED:
            self.note("unrecognised", client.life.session, text=text[:2000])
        if client.last_said is not None:
            self.said[client.last_said].answered = True
