"""What was meant by the bytes of a session, both ways: a profile, read from both of its ends. Pure.

Clients are taken at their word: what one sends is what a bot would send, as long as the profile has a template for it.
What the server says is held against what was said before. What neither explains is kept as it is, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chatsim.history import Message
from chatsim.profile.forms import Forms
from chatsim.profile.profile import Await, Either, PauseFor, Profile, SendThis
from chatsim.profile.templates import Match, Template, split_names
from chatsim.profile.vocabulary import ANSI
from chatsim.recording.casting import cast
from chatsim.recording.clients import Client, Script
from chatsim.recording.eavesdropping import Eavesdropper
from chatsim.recording.notes import Life, Note, Understood
from chatsim.recording.observed import (
    Came,
    ClientEnded,
    ClientSaid,
    Observed,
    Printed,
    ServerEnded,
    ServerSaid,
    ServerWas,
    StillReads,
)
from chatsim.recording.wording import Rule, alternatives, fit, heard_rules, may_begin, said_rules

__all__ = ["understand"]

STUCK = 1.0  # seconds: who speaks so long after what the server was to say has not come, waits for it no more
ENTERED = 1.0  # seconds after which one who was told that it is in must be
STALE = 0.2  # seconds after which the rest of a read is no beginning of the next
KEPT = 200  # frames that a dialogue may still look at
LONGEST_REST = 64 * 1024  # characters, where nothing keeps messages apart
MOST_UNRECOGNISED = 1000  # of one client: more of it tells nothing more

OWN_FORM = {"hears": "echo", "room": "room-echo", "whisper": "whisper-echo"}
OTHERS_FORM = {form: kind for kind, form in OWN_FORM.items()}
CHANNEL_OF = {"hears": "lobby", "echo": "lobby", "room": "room", "room-echo": "room"}


def understand(profile: Profile, observed: Iterable[Observed]) -> Understood:
    """The whole session. What the profile takes for a message, but was answered to its sender alone and in words that
    the profile does not know, was a command that it does not know either: looked at again, it is kept as bytes."""
    events = tuple(observed)
    first = _Understanding(profile, frozenset())
    first.take_all(events)
    commands = first.commands()
    if not commands:
        return first.understood()
    again = _Understanding(profile, commands)
    again.take_all(events)
    return again.understood()


class _Understanding:
    def __init__(self, profile: Profile, commands: frozenset[tuple[int, int]]) -> None:
        self.profile = profile
        self._commands = commands
        self._heard_rules = heard_rules(profile)
        self._said_rules = said_rules(profile)
        self._widest_heard = max((len(rule.template.frames) for rule in self._heard_rules), default=1)
        self._forms = Forms(profile, set(), set())
        self._framed = profile.received.promises
        self._clients: dict[int, Client] = {}
        self._lives: list[Life] = []
        self._nicks: set[str] = set()  # grows only
        self._named, self._any_name = 0, alternatives(())
        self._notes: list[Note] = []
        self._messages: list[Message] = []
        self._raw: dict[int, bytes] = {}
        self._spoken_as: dict[int, str] = {}  # message → the name of its speaker then
        self._key: dict[int, tuple[int, int]] = {}  # message → client, number of its frame
        self._reached: set[int] = set()  # messages that somebody has heard
        self._answered: set[int] = set()  # ...after which its sender alone was told something unknown
        self._owed: set[int] = set()  # messages that somebody was to hear
        self._expected: set[tuple[object, ...]] = set()
        self._restless = False
        self._server_is = "up"
        self._unknown = 0
        self._now = 0.0

    def take_all(self, events: Iterable[Observed]) -> None:
        for event in events:
            self._now = event.at
            self._welcome()
            self._take(event)
            self._calm()
        for client in self._clients.values():
            self._never_understood(client)
            self._give_up(client)

    def commands(self) -> frozenset[tuple[int, int]]:
        return frozenset(self._key[message] for message in self._answered & self._owed - self._reached)

    def understood(self) -> Understood:
        cast(self._lives, self._notes)
        return Understood(tuple(self._notes), tuple(self._messages), tuple(self._lives), self._raw, self._unknown)

    def _take(self, event: Observed) -> None:
        match event:
            case Came():
                self._came(event)
            case ClientSaid(_, number, data):
                client = self._clients[number]
                pieces = [data] if client.ear is None else client.ear.client_said(data)
                self._client_said(client, pieces)
                if client.ear is not None and client.ear.goodbye == "client":
                    self._client_ended(client, "close")
            case ServerSaid(_, number, data):
                client = self._clients[number]
                pieces = [data] if client.ear is None else client.ear.server_said(data)
                early = [] if client.ear is None else client.ear.early()
                if client.ear is not None and client.ear.opened and not client.agreed:
                    client.agreed = True
                    self._advance(client)
                self._server_said(client, pieces)
                self._client_said(client, early)
                if client.ear is not None and client.ear.goodbye == "server":
                    self._server_ended(client, "eof")
            case ClientEnded(_, number, how):
                self._client_ended(self._clients[number], how)
            case StillReads(_, number):
                self._still_reads(self._clients[number])
            case ServerEnded(_, number, how):
                self._server_ended(self._clients[number], how)
            case Printed(_, stream, line):
                self._note("out", -1, stream=stream, line=line[:2000])
            case ServerWas(_, what, detail):
                self._server_was(what, detail)

    # --- coming ---------------------------------------------------------------------------------------------------

    def _came(self, event: Came) -> None:
        profile = self.profile
        ear = Eavesdropper() if profile.line.transport == "websocket" else None
        client = Client(
            event.client, Life(-1), profile.sent.decoder(), profile.received.decoder(), ear, event.ip, event.port
        )
        self._clients[event.client] = client
        self._begin_a_life(client)
        if ear is None:
            self._advance(client)

    def _begin_a_life(self, client: Client) -> None:
        """A name that was refused is one bot's; a second try on the same connection is another's."""
        profile = self.profile
        client.life = Life(len(self._lives))
        self._lives.append(client.life)
        client.nick = ""
        if profile.nick_template is not None:
            client.nick = profile.nick_template.render({"ip": client.ip, "client-port": str(client.port)})[0]
            self._nicks.add(client.nick)
        self._note("connect", client.life.session)
        self._note("connected", client.life.session, ip=client.ip, port=client.port)
        client.script = Script("join", profile.join, self._now)

    def _is_called(self, client: Client, nick: str) -> None:
        if not nick.strip() or client.nick:  # nobody is called so in a scenario
            return
        client.nick = nick
        self._nicks.add(nick)
        if self.profile.nick == "chosen":
            client.life.nick = nick

    def _joined(self, client: Client) -> None:
        client.life.told = True
        session = client.life.session
        self._note("told", session, nick=client.nick)
        self._restless = True
        client.told_at = self._now
        if not self._others_hear or not any(each.life.told for each in self._here() if each is not client):
            self._present(client, "told")
        rooms = self.profile.rooms
        if rooms is not None and rooms.default:
            client.rooms = [rooms.default]
        self._owe_notice(client, "joined", bool(self.profile.joined))

    @property
    def _others_hear(self) -> bool:
        profile = self.profile
        return bool((profile.public.says and profile.public.hears) or (profile.rooms and profile.rooms.voice.hears))

    def _present(self, client: Client, how: str) -> None:
        if client.life.told and not client.present:
            client.present = True
            self._note("present", client.life.session, how=how)

    def _welcome(self) -> None:
        """Who was told long ago that it is in, is in, whether anybody has spoken since or not."""
        for client in self._here():
            if self._now - client.told_at > ENTERED:
                self._present(client, "patience")

    def _refused(self, client: Client, by: str) -> None:
        client.life.refused = True
        self._note("refused", client.life.session, by=by, expected=True)
        client.script = None
        self._release(client)

    # --- what a client says ----------------------------------------------------------------------------------------

    def _client_said(self, client: Client, pieces: Iterable[bytes]) -> None:
        self._flush_stale(client)
        for piece in pieces:
            for frame in client.up.feed(piece):
                client.frames += 1
                client.said.append((frame, frame.decode(self.profile.encoding, "surrogateescape"), client.frames))
        self._understand_client(client)

    def _understand_client(self, client: Client) -> None:
        while client.said:
            if any("\udc80" <= sign <= "\udcff" for sign in client.said[0][1]):
                self._act(client)  # no text at all
            elif client.life.refused and not self._begins_anew(client):
                self._act(client)
            elif client.script is not None:
                if not self._goes_on(client):
                    return
            elif not self._means_something(client):
                return

    def _begins_anew(self, client: Client) -> bool:
        """One who was refused, and is still connected, tries again."""
        first = next((line for line in self.profile.join if isinstance(line, SendThis)), None)
        if first is None or fit(first.template, self._texts(client), {}) is None:
            return False
        self._begin_a_life(client)
        assert client.script is not None
        while not isinstance(client.script.line, SendThis):
            client.script.at += 1  # it was asked for its name before
        return True

    def _goes_on(self, client: Client) -> bool:
        """With what it says in the dialogue under way. False: something has to come first."""
        script = client.script
        assert script is not None
        line = script.line
        if isinstance(line, SendThis):
            found = fit(line.template, self._texts(client), self._own_slots(client))
            if found is not None:
                if script.kind == "join":
                    self._is_called(client, found.get("nick", ""))
                self._consume(client, len(line.template.frames))
                script.at += 1
                script.since = self._now
                self._advance(client)
                return True
            if may_begin([line.template], self._texts(client), lambda _: self._own_slots(client)):
                return False
            if script.kind == "join":
                self._act(client)
            else:
                client.script = None
            return True
        if self._now - script.since < STUCK:
            return False
        if script.kind != "join":
            client.script = None
            return True
        words = " ".join(client.deferred) or client.rest
        if client.life.nick and words.strip():
            client.deferred, client.rest = [], ""
            self._refused(client, words.strip())
        else:
            self._act(client)
        return True

    def _means_something(self, client: Client) -> bool:
        """False: more of it has to come."""
        texts, number = self._texts(client), client.said[0][2]
        if (client.number, number) in self._commands:
            self._act(client)
            return True
        slots = self._said_slots(client)
        for rule in self._said_rules:
            found = fit(rule.template, texts, slots)
            if found is not None and self._does(client, rule, found, number):
                self._consume(client, len(rule.template.frames))
                if client.script is not None:
                    self._advance(client)
                return True
        if may_begin([rule.template for rule in self._said_rules], texts, lambda _: slots):
            return False
        self._act(client)
        return True

    def _does(self, client: Client, rule: Rule, found: Mapping[str, str], number: int) -> bool:
        session, text, rooms = client.life.session, found.get("text", ""), self.profile.rooms
        room = found.get("room") or (client.rooms[-1] if client.rooms else "")
        match rule.kind:
            case "public" | "room":
                in_room = rule.kind == "room" or (
                    rooms is not None and rooms.voice.says == self.profile.public.says and bool(client.rooms)
                )
                if not text.strip() or (in_room and room not in client.rooms):
                    return False
                if not client.nick and not client.life.nick:
                    self._is_called(client, found.get("nick", ""))
                self._says(client, f"room:{room}" if in_room else "lobby", text, number)
            case "whisper":
                other = next((each for each in self._here() if each.nick == found.get("to")), None)
                if other is None or not text.strip():
                    return False
                pair = sorted((session, other.life.session))
                self._says(client, f"whisper:{pair[0]}:{pair[1]}", text, number, to=other)
            case "enter" | "exit" | "rename":
                words = {"new": found.get("new", "").strip()} if rule.kind == "rename" else {"room": room}
                if not all(word.strip() for word in words.values()) or (
                    rule.kind == "exit" and room not in client.rooms
                ):
                    return False
                named: dict[str, Any] = {"nick": words["new"]} if rule.kind == "rename" else words
                if rule.kind == "rename":
                    self._nicks.add(words["new"])
                self._note(rule.kind, session, **named)
                client.script = Script(rule.kind, rule.lines, self._now, words)
                self._restless = True
            case "leave":
                client.leaving = True
                self._release(client)
                self._note("leave", session)
                self._owe_notice(client, "left", bool(self.profile.left))
                client.script = Script("leave", rule.lines, self._now)
            case "ask":
                client.asking = True
                client.roster = []
                self._expected.add(("roster", session))
                self._note("ask", session)
                self._restless = True
            case _:
                pass  # the answer of a `whenever`: a bot gives it by itself
        return True

    def _says(self, client: Client, channel: str, text: str, number: int, to: Client | None = None) -> None:
        session = client.life.session
        kind = "whisper" if to is not None else "chat"
        message = Message(
            len(self._messages),
            session,
            kind,
            channel,
            text,
            None if to is None else to.life.session,
            words=text,
        )
        self._messages.append(message)
        self._spoken_as[message.id] = client.nick
        self._key[message.id] = client.number, number
        self._note("send", session, ref=message.id)
        self._note("handed", session, ref=message.id)
        client.last_said = message.id if to is None else None
        self._restless = True
        profile = self.profile
        voice = (
            profile.whisper
            if to is not None
            else profile.rooms.voice
            if _room_of(message) and profile.rooms
            else profile.public
        )
        for other in self._here():
            if other is client:
                owed, may = bool(voice.echo), bool(voice.echo or voice.ack)
            elif to is not None:
                owed = may = other is to and bool(voice.hears)
            else:
                may = bool(voice.hears)
                owed = may and other.life.told and (not _room_of(message) or _room_of(message) in other.rooms)
            if may:
                other.owed[message.id] = None
            if owed:
                self._owed.add(message.id)
                self._expected.add(("heard", other.life.session, message.id))
        if voice.ack:
            self._expected.add(("ack", session, message.id))

    def _act(self, client: Client) -> None:
        """Bytes that are no more than that."""
        frame, text, _ = client.said.pop(0)
        self._raw[len(self._notes)] = self.profile.sent.frame(frame)
        client.badly = True
        client.last_said = None
        self._unknown += 1
        self._note(
            "act", client.life.session, what="raw", text=text[:2000].encode("utf-8", "backslashreplace").decode()
        )
        self._restless = True

    def _never_understood(self, client: Client) -> None:
        """What it said while something else had still to come, which never came."""
        while client.said and not client.gone and not client.closed and not client.leaving:
            self._act(client)

    def _consume(self, client: Client, frames: int) -> None:
        del client.said[:frames]

    @staticmethod
    def _texts(client: Client) -> list[str]:
        return [text for _, text, _ in client.said]

    def _own_slots(self, client: Client) -> dict[str, str]:
        known = client.nick and self.profile.nick != "assigned"
        return {"nick": re.escape(client.nick)} if known else {}

    def _said_slots(self, client: Client) -> dict[str, str]:
        slots = {"to": self._names}
        return {**slots, "nick": re.escape(client.nick)} if client.nick else slots

    # --- dialogues -------------------------------------------------------------------------------------------------

    def _advance(self, client: Client) -> None:
        """As far as what has come from the server allows."""
        script = client.script
        while script is not None and client.script is script:
            line = script.line
            if line is None:
                client.script = None
                self._done(client, script)
                self._tell_deferred(client)
            elif isinstance(line, PauseFor):
                script.at += 1
            elif isinstance(line, SendThis) or line.closes or not self._claims(client, script, line):
                return

    def _claims(self, client: Client, script: Script, line: Await) -> bool:
        slots = self._own_slots(client)
        for template in line.templates:
            if not self._framed:
                found = template.matcher(slots).search(client.rest)
                if found is not None:
                    client.rest = client.rest[: found.start] + client.rest[found.end :]
                    self._has_come(client, script, line, template, found.bindings)
                    return True
                continue
            for start in range(len(client.deferred)):
                bindings = fit(template, client.deferred[start:], slots)
                if bindings is not None:
                    del client.deferred[start : start + len(template.frames)]
                    self._has_come(client, script, line, template, bindings)
                    return True
        return False

    def _has_come(
        self, client: Client, script: Script, line: Await, template: Template, bindings: Mapping[str, str]
    ) -> None:
        if self.profile.nick == "assigned" and script.kind == "join":
            self._is_called(client, bindings.get("nick", ""))
        if isinstance(line, Either):
            script.lines = (*script.lines[: script.at + 1], *line.after(template), *script.lines[script.at + 1 :])
        script.at += 1
        script.since = self._now

    def _done(self, client: Client, script: Script) -> None:
        session = client.life.session
        match script.kind:
            case "join":
                self._joined(client)
            case "enter":
                room = script.words["room"]
                rooms = self.profile.rooms
                if rooms is not None and not rooms.many:
                    client.rooms = []
                client.rooms = [each for each in client.rooms if each != room] + [room]
                self._note("entered", session, room=room)
            case "exit":
                room = script.words["room"]
                client.rooms = [each for each in client.rooms if each != room]
                self._note("exited", session, room=room)
            case "rename":
                client.nick = script.words["new"]
                self._note(
                    "renamed",
                    session,
                    nick=client.nick,
                    confirmed=any(isinstance(line, Await) for line in script.lines),
                )
            case _:
                pass

    # --- what the server says ------------------------------------------------------------------------------------------

    def _server_said(self, client: Client, pieces: Iterable[bytes]) -> None:
        self._flush_stale(client)
        for piece in pieces:
            for frame in client.down.feed(piece):
                text = frame.decode(self.profile.encoding, "backslashreplace")
                text = ANSI.sub("", text) if self.profile.strip_ansi else text
                if self._framed:
                    client.heard.append(self._forms.stripped(text))
                else:
                    client.rest += text
                    client.rest_at = self._now
        if self._framed:
            self._understand_frames(client)
        else:
            self._understand_stream(client)
        self._understand_client(client)

    def _understand_frames(self, client: Client, *, over: bool = False) -> None:
        while client.heard:
            if self._answers(client) or self._takes_form(client):
                continue
            templates = [rule.template for rule in self._heard_rules]
            if not over and may_begin(templates, client.heard, self._heard_slots):
                return
            frame = client.heard.pop(0)
            if client.script is not None:
                client.deferred.append(frame)
                del client.deferred[:-KEPT]
            else:
                self._unrecognised(client, frame)

    def _answers(self, client: Client) -> bool:
        """Is the front of what came what the dialogue waits for, or a refusal?"""
        script = client.script
        if script is None or not isinstance(script.line, Await) or script.line.closes:
            return False
        line = script.line
        for template in line.templates:
            bindings = fit(template, client.heard, self._own_slots(client))
            if bindings is not None:
                del client.heard[: len(template.frames)]
                self._has_come(client, script, line, template, bindings)
                self._advance(client)
                self._understand_client(client)
                return True
        for template in self.profile.refuses if script.refusable else ():
            if fit(template, client.heard, {}) is not None:
                words = "\n".join(client.heard[: len(template.frames)])
                del client.heard[: len(template.frames)]
                self._turned_down(client, script, words)
                return True
        return False

    def _turned_down(self, client: Client, script: Script, words: str) -> None:
        if script.kind == "join":
            self._refused(client, words)
        else:
            client.script = None
            if script.kind == "enter":
                self._note("refused", client.life.session, by=words, expected=True, room=script.words["room"])
        self._understand_client(client)

    def _takes_form(self, client: Client) -> bool:
        for width in range(min(self._widest_heard, len(client.heard)), 0, -1):
            for rule in self._heard_rules:
                if len(rule.template.frames) != width:
                    continue
                found = fit(rule.template, client.heard, self._heard_slots(rule.template))
                if found is not None and self._means(client, rule, found, "\n".join(client.heard[:width])):
                    del client.heard[:width]
                    return True
        return False

    def _heard_slots(self, template: Template) -> dict[str, str]:
        names = self._names
        return {"nick": names, "to": names, "new": names}

    @property
    def _names(self) -> str:
        """All that anybody was ever called. They are asked for at every frame, and seldom change."""
        if len(self._nicks) != self._named:
            self._named, self._any_name = len(self._nicks), alternatives(self._nicks)
        return self._any_name

    def _understand_stream(self, client: Client) -> None:
        """Where nothing keeps messages apart: whatever is known and stands first."""
        while client.rest:
            script = client.script
            best: tuple[int, int, object, Match] | None = None
            waits = script is not None and isinstance(script.line, Await)
            if waits:
                assert script is not None and isinstance(script.line, Await)
                for template in script.line.templates:
                    best = _sooner(best, template, template.matcher(self._own_slots(client)).search(client.rest))
                for template in self.profile.refuses if script.refusable else ():
                    best = _sooner(best, None, template.matcher().search(client.rest))
            for rule in self._heard_rules:
                slots = self._heard_slots(rule.template)
                if rule.of_message and not client.owed:
                    continue
                if rule.of_message:
                    slots["text"] = alternatives(self._messages[each].text.strip("\r\n") for each in client.owed)
                best = _sooner(best, rule, rule.template.matcher(slots).search(client.rest))
            if best is None:
                if len(client.rest) > LONGEST_REST:
                    over = len(client.rest) - LONGEST_REST
                    text, client.rest = client.rest[:over], client.rest[over:]
                    self._say_unrecognised(client, text)
                return
            start, end, what, match = best[0], -best[1], best[2], best[3]
            before, said, client.rest = client.rest[:start], client.rest[start:end], client.rest[end:]
            self._say_unrecognised(client, before)
            if isinstance(what, Rule):
                if not self._means(client, what, match.bindings, said):
                    self._say_unrecognised(client, said)
            elif script is not None and isinstance(what, Template) and isinstance(script.line, Await):
                self._has_come(client, script, script.line, what, match.bindings)
                self._advance(client)
                self._understand_client(client)
            elif script is not None:
                self._turned_down(client, script, said)

    def _say_unrecognised(self, client: Client, text: str) -> None:
        for line in text.splitlines():
            self._unrecognised(client, line)

    def _flush_stale(self, client: Client) -> None:
        if client.rest and client.script is None and self._now - client.rest_at > STALE:
            text, client.rest = client.rest, ""
            self._say_unrecognised(client, text)

    def _tell_deferred(self, client: Client) -> None:
        frames, client.deferred = client.deferred, []
        for frame in frames:
            self._unrecognised(client, frame)

    def _give_up(self, client: Client) -> None:
        """Nothing more comes from the server."""
        self._understand_frames(client, over=True)
        self._tell_deferred(client)
        text, client.rest = client.rest, ""
        self._say_unrecognised(client, text)

    def _unrecognised(self, client: Client, text: str) -> None:
        if not text.strip():
            return
        self._unknown += 1
        client.unrecognised += 1
        if client.unrecognised <= MOST_UNRECOGNISED:
            self._note("unrecognised", client.life.session, text=text[:2000])
        if client.last_said is not None:
            self._answered.add(client.last_said)

    def _means(self, client: Client, rule: Rule, found: Mapping[str, str], text: str) -> bool:
        session, nick = client.life.session, found.get("nick")
        match rule.kind:
            case "ack":
                return self._acknowledged(client, found)
            case "joined" | "left" | "room-joined" | "room-left":
                what = rule.kind.removeprefix("room-")
                room = found.get("room") or (client.rooms[-1] if rule.kind != what and client.rooms else None)
                self._note("notice", session, what=what, nick=nick, room=room, text=text[:300])
                if rule.kind == what:
                    self._noticed(client, what, nick)
            case "renamed":
                self._note("told-renamed", session, nick=nick, new=found.get("new"), text=text[:300])
            case "roster":
                if not client.asking and rule.own_words < 2:
                    return False
                self._listed(client, found)
            case "roster-end":
                if not client.asking:
                    return False
                self._list_ends(client)
            case "ignore":
                pass
            case _:
                return self._heard(client, rule.kind, found)
        return True

    def _heard(self, client: Client, kind: str, found: Mapping[str, str]) -> bool:
        message = self._which(client, client.owed, kind, found)
        again = message is None
        if message is None:
            message = self._which(client, client.had, kind, found)
        if message is None:
            return False
        own = message.sender == client.life.session
        form = OWN_FORM.get(kind, kind) if own else OTHERS_FORM.get(kind, kind)
        self._note("heard", client.life.session, ref=message.id, form=form)
        if again:
            return True
        del client.owed[message.id]
        client.had.append(message.id)
        self._expected.discard(("heard", client.life.session, message.id))
        self._reached.add(message.id)
        speaker = next((each for each in self._clients.values() if each.life.session == message.sender), None)
        if not own and _shared(message):
            self._present(client, "heard")
            if speaker is not None:
                self._present(speaker, "knock")
        return True

    def _which(self, client: Client, among: Iterable[int], kind: str, found: Mapping[str, str]) -> Message | None:
        for number in among:
            message = self._messages[number]
            if not _fits_kind(message, kind):
                continue
            if "nick" in found and found["nick"] != self._spoken_as[number]:
                continue
            if "room" in found and found["room"] != _room_of(message):
                continue
            if "text" not in found or self._plain(found["text"]) == self._plain(message.text):
                return message
        return None

    def _plain(self, text: str) -> str:
        text = text.strip() if self.profile.text_strip else text.strip("\r\n")
        return text.lower() if self.profile.text_lower else text

    def _acknowledged(self, client: Client, found: Mapping[str, str]) -> bool:
        session = client.life.session
        waiting = sorted(number for what, whose, number in self._acks() if whose == session)
        for number in waiting:
            if "text" not in found or self._plain(found["text"]) == self._plain(self._messages[number].text):
                self._expected.discard(("ack", session, number))
                self._reached.add(number)
                self._note("ack", session, ref=number)
                return True
        return False

    def _acks(self) -> list[tuple[str, int, int]]:
        return [each for each in self._expected if each[0] == "ack"]  # type: ignore[misc]

    def _listed(self, client: Client, found: Mapping[str, str]) -> None:
        roster = self.profile.roster
        if "nicks" in found:
            client.roster += split_names(found["nicks"], self._nicks)
        elif found.get("nick"):
            client.roster.append(found["nick"])
        if roster is None or not roster.end or not client.asking:
            self._list_ends(client)

    def _list_ends(self, client: Client) -> None:
        self._note("roster", client.life.session, names=list(client.roster), asked=client.asking)
        client.roster, client.asking = [], False
        self._expected.discard(("roster", client.life.session))

    # --- notices ----------------------------------------------------------------------------------------------------------

    def _owe_notice(self, about: Client, what: str, promised: bool) -> None:
        for other in self._here():
            if other is about or not promised or not other.life.told:
                continue
            if (what, about.nick) in other.early:
                other.early.discard((what, about.nick))
            else:
                self._expected.add(("notice", other.life.session, what, about.nick))
        self._restless = True

    def _noticed(self, client: Client, what: str, nick: str | None) -> None:
        session = client.life.session
        mine = [each for each in self._expected if each[:3] == ("notice", session, what)]
        wanted = next((each for each in mine if nick is None or each[3] == nick), None)
        if wanted is not None:
            self._expected.discard(wanted)
        elif nick is not None:
            client.early.add((what, nick))

    # --- going --------------------------------------------------------------------------------------------------------------

    def _client_ended(self, client: Client, how: str) -> None:
        if client.gone:
            return
        self._never_understood(client)
        session = client.life.session
        rest = client.up.rest()
        client.gone = True
        if self._server_is != "up":
            return  # it goes because there is nobody left to talk to
        if client.leaving:
            self._note("left", session, clean=client.closed)
        elif not client.life.refused and not client.closed:
            self._release(client)
            if rest and how == "reset":
                self._go(client, "drop", how="mid-message")
            elif how == "reset":
                self._go(client, "drop", how="reset")
            elif not self.profile.leave and client.life.told:
                self._go(client, "leave")
                self._note("left", session, clean=True)
            else:
                self._go(client, "drop", how="close")
            if client.life.told:
                self._owe_notice(client, "left", bool(self.profile.left or self.profile.dropped))

    def _go(self, client: Client, kind: str, **detail: Any) -> None:
        client.ending = self._note(kind, client.life.session, **detail)

    def _still_reads(self, client: Client) -> None:
        ending = client.ending
        if ending is None or client.closed:
            return
        at = self._notes.index(ending)
        if ending.kind == "leave":
            self._forget_next(at, "left", client.life.session)
        ending.kind, ending.detail = "drop", {"how": "half-close"}

    def _forget_next(self, at: int, kind: str, session: int) -> None:
        for place in range(at + 1, len(self._notes)):
            note = self._notes[place]
            if note.kind == kind and note.session == session:
                del self._notes[place]
                self._raw = {each - (each > place): data for each, data in self._raw.items()}
                return

    def _server_ended(self, client: Client, how: str) -> None:
        if client.closed:
            return
        self._never_understood(client)
        self._give_up(client)
        joining = client.script is not None and client.script.kind == "join"
        if joining and not client.gone and not client.life.refused and client.life.nick and self._server_is == "up":
            self._refused(client, "closed")
        client.closed = True
        declared = (
            "server"
            if self._server_is != "up"
            else "we left"
            if client.leaving or client.gone or client.life.refused
            else "bad input"
            if client.badly
            else None
        )
        self._note("closed", client.life.session, how=how, declared=declared)
        self._release(client)
        client.script = None

    def _release(self, client: Client) -> None:
        """Nothing is owed to it any more; and what is under way from one that went is not waited for."""
        session = client.life.session
        gone = {message.id for message in self._messages if message.sender == session}
        self._expected = {
            each for each in self._expected if each[1] != session and not (each[0] == "heard" and each[2] in gone)
        }

    def _server_was(self, what: str, detail: Mapping[str, object]) -> None:
        more: dict[str, Any] = dict(detail)
        if what == "stopping":
            self._server_is = "stopping"
        elif what == "listening":
            self._server_is = "up"
        elif what == "exited":
            more.setdefault("asked", self._server_is != "up")
            self._server_is = "down"
        if self._server_is != "up":
            self._expected.clear()
        self._note("server", -1, what=what, **more)

    # --- the notes ------------------------------------------------------------------------------------------------------------

    def _here(self) -> list[Client]:
        return [
            each
            for each in self._clients.values()
            if not each.gone and not each.closed and not each.leaving and not each.life.refused
        ]

    def _note(self, kind: str, session: int, *, ref: int = -1, form: str = "unknown", **detail: Any) -> Note:
        note = Note(self._now, kind, session, ref, form, detail)
        self._notes.append(note)
        return note

    def _calm(self) -> None:
        """All that was to come has come: whatever has not come by now, and was owed, is missing."""
        if self._restless and not self._expected:
            self._restless = False
            self._note("settled", -1, how="all-heard", channels=None, valid=True)


def _sooner(
    best: tuple[int, int, object, Match] | None, what: object, found: Match | None
) -> tuple[int, int, object, Match] | None:
    if found is None or found.end == found.start:
        return best
    this = (found.start, -found.end, what, found)
    return this if best is None or this[:2] < best[:2] else best


def _room_of(message: Message) -> str:
    return message.channel.removeprefix("room:") if message.channel.startswith("room:") else ""


def _shared(message: Message) -> bool:
    return not message.channel.startswith("whisper:")


def _fits_kind(message: Message, kind: str) -> bool:
    if kind.startswith("whisper"):
        return message.channel.startswith("whisper:")
    if kind.startswith("room"):
        return message.channel.startswith("room:")
    return message.channel == "lobby"
