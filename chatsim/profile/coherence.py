"""What must fit together in a profile, across its keys. Each rule is noted where its author wrote the cause."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from chatsim.document import Mapping, Node, Reading, Scalar
from chatsim.profile.framing import Framing, record_fields
from chatsim.profile.parts import Written
from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, Profile, SendThis
from chatsim.profile.templates import Template

__all__ = ["judge"]

# What a template in this place must hold: all of these names, or (for a roster) one of them.
_MUST_HOLD: dict[str, tuple[str, ...]] = {
    "says": ("text",),
    "hears": ("text",),
    "echo": ("text",),
    "whisper.says": ("to", "text"),
    "whisper.hears": ("text",),
    "whisper.echo": ("text",),
    "rooms.says": ("text",),
    "rooms.hears": ("text",),
    "rooms.echo": ("text",),
    "operator.hears": ("text",),
    "output.said": ("text",),
    "notices.renamed": ("nick", "new"),
}
_WHY: dict[str, str] = {
    "text": "without it no message can be told from another",
    "to": "without it the server cannot know whom it is for",
    "nick": "without it nobody can tell who it was",
    "new": "without it nobody can tell who it is now",
}
# Where these names mean something in what is sent.
_SENT_ONLY_IN: dict[str, tuple[str, ...]] = {
    "text": ("says", "whisper.says", "rooms.says"),
    "to": ("whisper.says", "whisper.says.before"),
    "room": ("says", "rooms.says", "rooms.says.before", "rooms.enter", "rooms.exit"),
    "new": ("rename",),
}


def judge(reading: Reading, root: Mapping, profile: Profile, written: list[Written]) -> None:
    """Note every contradiction. `profile` may be made of defaults where something is wrong already."""
    _fits_its_wire(reading, root, profile, written)
    _listens_on_its_wire(reading, root, profile)
    for one in written:
        _holds_what_it_must(reading, one, profile)
        _sends_what_it_can(reading, one, profile)
        _fits_its_frames(reading, one, profile)
        _fits_its_encoding(reading, one, profile.encoding)
        _needs_a_nick(reading, one, profile)
    _says_json(reading, root, profile)
    _says_records(reading, root, profile)
    _assigned_nick_is_awaited(reading, root, profile)
    _roster_has_names(reading, written)
    _whenever_can_answer(reading, written)
    _rooms_can_be_reached(reading, root, profile)
    _rename_tells_the_name(reading, root, profile)
    _promises_are_described(reading, root, profile)


def _listens_on_its_wire(reading: Reading, root: Mapping, profile: Profile) -> None:
    start = profile.start
    if start is None:
        return
    unix = profile.line.wire.sockets == "unix"
    if not unix and (start.socket is not None or start.chooses_socket):
        what = "`socket` and {socket} are" if start.socket is not None else "{socket} is"
        reading.wrong(f"{what} for `transport: unix`", _at(root, "start"))
    if unix and start.port is not None:
        reading.wrong("a Unix socket has a path and no port", _at(root, "start"), hint="start: {socket: PATH}")


def _fits_its_wire(reading: Reading, root: Mapping, profile: Profile, written: list[Written]) -> None:
    wire = profile.line.wire
    if not wire.addresses:
        addresses = [one for one in written if {"ip", "client-port"} & set(one.template.fields)]
        for one in addresses:
            reading.wrong(f"{{ip}} and {{client-port}}: over {wire.called} a client has no address", one.node)
    if not wire.messages:
        return
    for one in written:
        if one.use in ("sent", "answer") and "next" in one.template.fields:
            hint = "In a dialogue, `send` twice."
            reading.wrong(
                f"{{next}} is of no use here: over {wire.called} one text is one message", one.node, hint=hint
            )
    if not wire.connects and profile.public.hears and not any(isinstance(step, SendThis) for step in profile.join):
        hint = 'For example: join: "{nick}"'
        what = f"`join` sends nothing: over {wire.called} a server knows nobody who has said nothing"
        reading.wrong(what, _at(root, "join") if root.get("join") is not None else _at(root, "transport"), hint=hint)
    if profile.line.transport == "websocket" and codecs.lookup(profile.encoding).name != "utf-8":
        reading.wrong("the texts of a WebSocket are UTF-8", _at(root, "encoding"))


def _holds_what_it_must(reading: Reading, one: Written, profile: Profile) -> None:
    said_before = profile.whisper.before if one.part == "whisper.says" else ()
    before = set(_sent_in(said_before))
    for name in _MUST_HOLD.get(one.part, ()):
        if name in before:
            continue
        if name not in one.template.fields:
            reading.wrong(f"{{{name}}} is missing in `{one.part}`: {_WHY[name]}", one.node)


def _sent_in(dialogue: Dialogue) -> Iterator[str]:
    """The placeholders that are sent, whichever way the dialogue goes: a way that sends nothing of it (somebody is spoken
    to already) is its author's."""
    for step in dialogue:
        if isinstance(step, SendThis):
            yield from step.template.fields
        elif isinstance(step, Either):
            for way in step.ways:
                yield from _sent_in(way.then)


def _sends_what_it_can(reading: Reading, one: Written, profile: Profile) -> None:
    if one.use not in ("sent", "answer"):
        return
    for name, parts in _SENT_ONLY_IN.items():
        if name in one.template.fields and one.part not in parts:
            reading.wrong(f"{{{name}}} has no meaning in `{one.part}`", one.node)
    if one.part == "says" and "room" in one.template.fields:
        reading.wrong("{room} has no meaning in `says`: what is said in a room is `rooms: {says}`", one.node)


def _fits_its_frames(reading: Reading, one: Written, profile: Profile) -> None:
    """Whether it can be carried at all by the framing of its direction."""
    if one.use not in ("sent", "answer", "received", "awaited") or one.part.startswith("output"):
        return
    sent = one.use in ("sent", "answer")
    framing = profile.sent if sent else profile.received
    if "next" in one.template.fields and not framing.promises:
        reading.wrong("{next} ends a frame, and without `framing` there are none", one.node)
        return
    if one.template.shape == "regex":
        return
    if sent and framing.kind in ("json", "json-lines"):
        if any(frame.shape != "json" for frame in one.template.frames):
            reading.wrong(f"with `framing: {framing.kind}` only a JSON object can be sent, and this is none", one.node)
        return
    if framing.kind == "record":
        _fits_its_record(reading, one, framing, profile.encoding)
        return
    if one.template.shape == "text" and _holds_delimiter(one.template, framing, profile.encoding, sent=sent):
        hint = "The framing adds it." if sent else "{next} stands for the end of a frame."
        reading.wrong("this holds what ends a frame, so it is never inside one", one.node, hint=hint)


def _fits_its_record(reading: Reading, one: Written, framing: Framing, encoding: str) -> None:
    """A value for each field, and a number where a number is packed."""
    fields, between = record_fields(framing.format), framing.separator.decode(encoding, "replace")
    values = one.template.source.split(between)
    if len(values) != len(fields) and one.template.source != "{*}":
        what = f"a record has {len(fields)} fields, and this has {len(values)}"
        reading.wrong(what, one.node, hint=f'Between two fields stands "{between}".')
        return
    for value, number in zip(values, fields, strict=False):
        if number and one.use in ("sent", "answer") and not (value.strip().lstrip("-").isdecimal() or value == "{id}"):
            reading.wrong(f'"{value}" stands where the record has a number', one.node)


def _holds_delimiter(template: Template, framing: Framing, encoding: str, *, sent: bool) -> bool:
    if framing.kind in ("newline", "crlf", "json-lines"):
        delimiter = "\n"
    elif framing.kind == "nul":
        delimiter = "\0"
    elif framing.kind == "separator":
        delimiter = framing.separator.decode(encoding, "replace")
    else:
        return False
    for frame in template.frames:
        # Line ends around what is received do not count; what is sent goes out as it is written.
        source = frame.source if sent else frame.source.strip("\r\n")
        if any(delimiter in literal for literal in Template(source).literals):
            return True
    return False


def _fits_its_encoding(reading: Reading, one: Written, encoding: str) -> None:
    if one.use in ("ready", "address", "start", "output") or one.template.shape == "regex":
        return
    for literal in one.template.literals:
        try:
            literal.encode(encoding)
        except UnicodeError:
            reading.wrong(f"{encoding} cannot carry this text", one.node)
            return


def _needs_a_nick(reading: Reading, one: Written, profile: Profile) -> None:
    if profile.nick == "none" and "nick" in one.template.fields:
        reading.wrong("{nick} stands here, and `nick: none` says that there are no names", one.node)


def _says_json(reading: Reading, root: Mapping, profile: Profile) -> None:
    """The default of `says` is a bare text."""
    says, kind = profile.public.says, profile.sent.kind
    if kind in ("json", "json-lines") and root.get("says") is None and says is not None:
        hint = 'For example: says: \'{"type": "message", "text": "{text}"}\''
        reading.wrong(f"with `framing: {kind}` the JSON object that a client sends is needed: `says`", root, hint=hint)


def _says_records(reading: Reading, root: Mapping, profile: Profile) -> None:
    """... and no bare text fills a record."""
    if profile.sent.kind == "record" and root.get("says") is None and profile.public.says is not None:
        between = profile.sent.separator.decode(profile.encoding, "replace")
        shown = between.join("0" if number else "{text}" for number in record_fields(profile.sent.format))
        hint = f'For example: says: "{shown}"; or: says: no'
        reading.wrong("with `framing: {record}` the record that a client sends is needed: `says`", root, hint=hint)


def _assigned_nick_is_awaited(reading: Reading, root: Mapping, profile: Profile) -> None:
    if profile.nick != "assigned":
        return
    for step in _first_way(profile.join):
        if isinstance(step, Await) and any("nick" in template.fields for template in step.templates):
            return
        if isinstance(step, SendThis) and "nick" in step.template.fields:
            reading.wrong("this sends {nick} before the server has assigned one", _at(root, "join"))
            return
    reading.wrong(
        "`nick: assigned`, and no `await` in `join` holds {nick}: nothing would tell the name", _at(root, "nick")
    )


def _first_way(dialogue: Dialogue) -> Iterator[SendThis | Await | PauseFor]:
    """The steps with all ways of an `either` one after the other."""
    for step in dialogue:
        yield step
        if isinstance(step, Either):
            for way in step.ways:
                yield from _first_way(way.then)


def _roster_has_names(reading: Reading, written: list[Written]) -> None:
    for one in written:
        if one.part == "roster.answer" and not one.template.fields & {"nick", "nicks"}:
            reading.wrong("{nicks} is missing in `roster.answer`, or {nick} for one a line", one.node)


def _whenever_can_answer(reading: Reading, written: list[Written]) -> None:
    rules: dict[str, set[str]] = {}
    for one in written:
        if one.part.startswith("whenever") and one.use == "received":
            rules.setdefault(one.part, set(one.template.fields)).intersection_update(one.template.fields)
    for one in written:
        if one.use == "answer" and "*" in one.template.fields and "*" not in rules.get(one.part, {"*"}):
            reading.wrong("{*} is what {*} matched, and there is none in this `await`", one.node)


def _rooms_can_be_reached(reading: Reading, root: Mapping, profile: Profile) -> None:
    rooms = profile.rooms
    if rooms is None:
        return
    says = rooms.voice.says
    if not rooms.enter and rooms.default is None and (says is None or "room" not in says.fields):
        hint = "Say how with `enter`, or put {room} into `says` of the rooms."
        reading.wrong("nothing tells the server which room is meant", _at(root, "rooms"), hint=hint)
    if rooms.default is not None and rooms.names and rooms.default not in rooms.names:
        reading.wrong(f'the room "{rooms.default}" is none of `names`', _at(root, "rooms", "default"))


def _rename_tells_the_name(reading: Reading, root: Mapping, profile: Profile) -> None:
    if profile.rename and "new" not in set(_sent_in(profile.rename)):
        hint = 'For example: rename: [{send: "/nick {new}"}, {await: "You are {new} now."}]'
        reading.wrong(
            "{new} is missing in `rename`: without it the server cannot know the new name",
            _at(root, "rename"),
            hint=hint,
        )


def _promises_are_described(reading: Reading, root: Mapping, profile: Profile) -> None:
    rooms = profile.rooms
    described = {
        "join-notice": (bool(profile.joined or (rooms and rooms.joined)), "notices: {joined}"),
        "leave-notice": (bool(profile.left or (rooms and rooms.left)), "notices: {left}"),
        "drop-notice": (bool(profile.dropped or (rooms and rooms.left)), "notices: {left}"),
        "roster": (profile.roster is not None, "roster"),
    }
    for name, (is_described, key) in described.items():
        if profile.promises.get(name) and not is_described:
            at = _at(root, "promises", name)
            reading.wrong(f"`{name}` is promised, and no `{key}` says how it reads", at)


def _at(root: Mapping, *path: str) -> Node:
    """The key that the path names, as far as it goes."""
    return list(_keys_along(root, path))[-1]


def _keys_along(root: Mapping, path: tuple[str, ...]) -> Iterator[Node]:
    node: Node | None = root
    yield root
    for name in path:
        if not isinstance(node, Mapping):
            return
        key: Scalar | None = node.key(name)
        if key is None:
            return
        yield key
        node = node.get(name)
