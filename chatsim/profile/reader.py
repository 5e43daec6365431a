"""Text → `Profile`. All mistakes of a file at once, each with its place; what comes out cannot be nonsense."""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from chatsim import document
from chatsim.document import Mapping, Node, Reading, Scalar
from chatsim.errors import ChatsimError, Place, Problem, ProfileError
from chatsim.profile import coherence, keys
from chatsim.profile.framing import Framing
from chatsim.profile.parts import Parts, is_word
from chatsim.profile.profile import Limits, Operator, Profile, Rooms, Roster, Voice, Whenever
from chatsim.profile.templates import Template
from chatsim.properties import PROMISES
from chatsim.wires import WIRES, Line, Tls

__all__ = ["builtin_names", "builtin_text", "dialect_names", "load_profile", "read_profile"]

_DIALECTS: Final = Path(__file__).parent / "builtin"  # each a dialect of the reference server
_FAMILIES: Final = _DIALECTS / "families"  # what other servers have in common; to be extended
_SUFFIXES: Final = (".yaml", ".yml")
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_COMMON_ENCODINGS: Final = (
    "utf-8",
    "latin-1",
    "ascii",
    "cp1251",
    "cp1252",
    "koi8-r",
    "utf-16",
    "utf-16-le",
    "shift_jis",
    "gbk",
)


def builtin_names() -> tuple[str, ...]:
    """The profiles that come with chatsim: the dialects of the reference server, `lines`, the default, first; then the
    families of other servers."""
    return (*dialect_names(), *sorted(path.stem for path in _FAMILIES.glob("*.yaml")))


def dialect_names() -> tuple[str, ...]:
    """The built-in profiles for which there is a server, too: the reference server in that dialect."""
    found = sorted(path.stem for path in _DIALECTS.glob("*.yaml"))
    return tuple(sorted(found, key=lambda name: name != "lines"))


def builtin_text(name: str) -> str:
    """A built-in profile as it is written."""
    return _builtin_file(name).read_text(encoding="utf-8")


def _builtin_file(name: str) -> Path:
    dialect = _DIALECTS / f"{name}.yaml"
    return dialect if dialect.is_file() else _FAMILIES / f"{name}.yaml"


def load_profile(name_or_path: str) -> Profile:
    """A built-in profile by its name, or one from a file. ProfileError says what is wrong, and where."""
    if name_or_path in builtin_names():
        return _profile_of(_builtin(name_or_path), "", (name_or_path,))
    path = Path(name_or_path)
    if path.suffix not in _SUFFIXES and len(path.parts) < 2 and not _is_file(path):
        if (installed := _of_a_package(name_or_path)) is not None:
            return _profile_of(installed, "", (name_or_path,))
        guess = document.nearest(name_or_path, builtin_names())
        meant = f'. Did you mean "{guess}"?' if guess else ""
        raise ProfileError(
            f'there is no profile "{name_or_path}"{meant}',
            hint=f"Built in: {', '.join(builtin_names())}. A file of yours: its path, such as ./my-server.yaml",
        )
    return _profile_of(document.load(path), str(path), (_identity(path),))


def _of_a_package(name: str) -> Reading | None:
    """A profile in Python that an installed package brings: as if somebody had written the two lines that name it."""
    from chatsim.profile.authored import entry_points

    reference = entry_points().get(name)
    if reference is None:
        return None
    return document.read(f'profile: {name}\npython: "{reference}"\n', f"{name} (of an installed package)")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that no file can have
        return False


def read_profile(text: str, file: str) -> Profile:
    """The profile that this text describes; `file` is where it stands, and where files beside it are looked for."""
    return _profile_of(document.read(text, file), file, (_identity(Path(file)),))


def _profile_of(reading: Reading, file: str, chain: tuple[str, ...]) -> Profile:
    root, reading = _extended(reading, file, chain)
    profile = None if root is None else _Reader(reading, root, file).profile()
    reading.refuse(ProfileError)
    if profile is None:  # a reading without a root has always a problem
        raise ProfileError(f"{file} could not be read")
    return profile


# --- extends ------------------------------------------------------------------------------------------------------


def _builtin(name: str) -> Reading:
    return document.read(_builtin_file(name).read_bytes(), f"{name} (built in)")


def _identity(path: Path) -> str:
    return str(path.absolute())


def _extended(reading: Reading, file: str, chain: tuple[str, ...]) -> tuple[Mapping | None, Reading]:
    """The root with what it extends merged in, and the reading that tells of problems in either."""
    root = reading.mapping(reading.root, what="a profile (a map of keys)")
    node = root.get("extends") if root is not None else None
    if root is None or node is None:
        return root, reading
    name = reading.scalar(node, what="the name of a profile")
    base = _base(reading, name, file, chain) if name is not None else None
    if name is None or base is None:
        return root, reading
    return _merged(base, root, top=True), _Inherited(reading, name)


def _base(reading: Reading, name: Scalar, file: str, chain: tuple[str, ...]) -> Mapping | None:
    """The root of the profile that is extended, itself extended and found to be right."""
    if name.text in builtin_names():
        identity, found, base_file = name.text, _builtin(name.text), ""
    else:
        path = _beside(name.text, file)
        if path is None:
            beside = f"a file beside {file or 'it'}"
            reading.unknown(f'there is no profile "{name.text}", built in or as {beside}', name, builtin_names())
            return None
        identity, found, base_file = _identity(path), document.load(path), str(path)
    if identity in chain:
        route = " → ".join(Path(step).name for step in (*chain[chain.index(identity) :], identity))
        reading.wrong(f"this profile extends itself: {route}", name)
        return None
    root, inherited = _extended(found, base_file, (*chain, identity))
    if root is not None:
        _Reader(inherited, root, base_file).profile()
    if inherited.problems:
        first = inherited.problems[0]
        where = f" ({first.place})" if first.place is not None else ""
        reading.wrong(f'"{name.text}" is wrong itself{where}: {first.what}', name)
        return None
    return root


def _beside(name: str, file: str) -> Path | None:
    if not name or "\0" in name or Path(name).name != name:
        return None  # another folder is not beside it
    folder = Path(file).parent
    try:
        return next((path for path in (folder / (name + end) for end in ("", *_SUFFIXES)) if path.is_file()), None)
    except OSError:  # a name that no file can have
        return None


def _merged(base: Mapping, own: Mapping, *, top: bool = False) -> Mapping:
    """Maps are merged key by key, anything else is replaced, null removes. A framing is one value, though written as a
    map: half of a struct and half of a separator are neither."""
    pairs = {key.text: (key, value) for key, value in base.pairs}
    for key, value in own.pairs:
        old = pairs[key.text][1] if key.text in pairs else None
        if document.is_null(value):
            pairs.pop(key.text, None)
        elif isinstance(value, Mapping) and not (top and key.text == "framing"):
            below = old if isinstance(old, Mapping) else Mapping((), value.place)
            pairs[key.text] = (key, _merged(below, value))
        else:
            pairs[key.text] = (key, value)
    if top:
        pairs.pop("extends", None)
        if own.get("profile") is None:  # its name is never inherited
            pairs.pop("profile", None)
    return Mapping(tuple(pairs.values()), own.place, own.width, own.flow)


class _Inherited(Reading):
    """Problems of a profile with those parts of another that it extends: told where its own author can mend them."""

    def __init__(self, original: Reading, extends: Scalar) -> None:
        super().__init__(original.file, original.text_read)
        self._original = original
        self._extends = extends
        self._told: set[str] = set()

    def wrong(self, what: str, at: Node | Place | None = None, *, hint: str = "", width: int | None = None) -> None:
        place = at if at is None or isinstance(at, Place) else at.place
        if place is not None and place.file != self.file:
            if what in self._told:  # ten templates of the other may all suffer from one key of this
                return
            self._told.add(what)
            at, what, width = self._extends, f"inherited from {place}: {what}", None
        self._original.wrong(what, at, hint=hint, width=width)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._original.problems

    def refuse(self, error: type[ChatsimError]) -> None:
        self._original.refuse(error)


# --- the whole ----------------------------------------------------------------------------------------------------


class _Reader:
    """One profile, key by key."""

    def __init__(self, reading: Reading, root: Mapping, file: str) -> None:
        self.reading = reading
        self.root = root
        self.file = file
        self.folder = str(Path(file).parent) if file else ""
        self.parts = Parts(reading, self.folder)
        self.fields = reading.fields(root, (*keys.names(keys.PROFILE),), required=("profile",), of="a profile")

    def profile(self) -> Profile:
        """A profile made of what could be read; worth something only if no problem has been noted."""
        reading, parts, fields = self.reading, self.parts, self.fields
        line = self._line()
        encoding = self._encoding(fields.get("encoding"))
        sent, received = self._framings(line, encoding)
        nick, nick_template = self._nick(fields.get("nick"))
        output = self._map("output", keys.OUTPUT)
        notices = self._map("notices", keys.NOTICES)
        left = parts.templates(notices.get("left"), "received", "notices.left")
        dropped = parts.templates_or_no(notices.get("dropped"), "received", "notices.dropped") or ()
        strip_ansi, strip = self._strip(fields.get("strip"))
        text_strip, text_lower = self._text(self._map("text", keys.TEXT))
        pace, pace_gap = self._pace(fields.get("pace"), framed=sent.promises and line.wire.waits)
        profile = Profile(
            name=self._name(fields.get("profile")),
            about=reading.text(fields["about"], "") if "about" in fields else "",
            start=parts.start(fields.get("start"), str(Path(self.file).parent) if self.file else ""),
            line=line,
            sent=sent,
            received=received,
            encoding=encoding,
            nick=nick,
            nick_template=nick_template,
            join=parts.dialogue(fields.get("join"), "join"),
            refuses=parts.templates(fields.get("refuses"), "received", "refuses"),
            leave=parts.dialogue(fields.get("leave"), "leave"),
            rename=parts.dialogue(fields.get("rename"), "rename"),
            public=self._public(),
            joined=parts.templates(notices.get("joined"), "received", "notices.joined"),
            left=left,
            dropped=dropped if "dropped" in notices else left,
            renamed=parts.templates(notices.get("renamed"), "received", "notices.renamed"),
            whisper=self._whisper(),
            rooms=self._rooms(),
            roster=self._roster(),
            operator=self._operator(),
            output_joined=parts.templates(output.get("joined"), "output", "output.joined"),
            output_left=parts.templates(output.get("left"), "output", "output.left"),
            output_said=parts.templates(output.get("said"), "output", "output.said"),
            whenever=self._whenever(fields.get("whenever")),
            strip_ansi=strip_ansi,
            strip=strip,
            ignore=parts.templates(fields.get("ignore"), "received", "ignore"),
            replays=self._replays(fields.get("replays")),
            text_strip=text_strip,
            text_lower=text_lower,
            slow_readers="kept" if self._word("slow-readers", ("may-close", "kept")) == "kept" else "may-close",
            half_close="answers" if self._word("half-close", ("leaves", "answers")) == "answers" else "leaves",
            exits="when-empty" if self._word("exits", ("never", "when-empty")) == "when-empty" else "never",
            pace=pace,
            pace_gap=pace_gap,
            knock=reading.yes_no(fields["knock"], True) if "knock" in fields else True,
            limits=self._limits(),
            promises=self._promises(fields.get("promises")),
            source=document.plain(self.root),
            file=self.file,
        )
        if "python" in fields:
            profile = self._in_python(profile, fields["python"])
        coherence.judge(reading, self.root, profile, parts.written)
        return profile

    def _in_python(self, profile: Profile, node: Node) -> Profile:
        """What the class says of its server stands for the keys that it replaces."""
        from chatsim.profile.authored import Authored, AuthoredError
        from chatsim.profile.translating import described

        for name in keys.IN_PYTHON:
            if name in self.fields:
                hint = "With `python`, what stands on the wire is the business of the class, and it says so itself."
                self.reading.wrong(
                    f"`{name}` and `python`: only one of them can be meant", self.root.key(name), hint=hint
                )
        reference = self.reading.text(node, "")
        try:
            profile = described(profile, Authored(reference, self.folder))
        except AuthoredError as error:
            self.parts.authors_problem(error.problems[0], node)
            return profile
        if "pace" not in self.fields:
            profile = replace(profile, pace="free" if profile.apart else "one-at-a-time")
        return profile

    def _line(self) -> Line:
        """On what it is spoken."""
        reading, fields = self.reading, self.fields
        transport = self._word("transport", tuple(WIRES)) or "tcp"
        if "path" in fields and transport != "websocket":
            reading.wrong("`path` is for `transport: websocket`", self.root.key("path"))
        if "tls" in fields and transport not in ("tls", "websocket"):
            reading.wrong("`tls` is for `transport: tls` and `transport: websocket`", self.root.key("tls"))
        secret = transport == "tls" or "tls" in fields
        return Line(transport, self._tls(self._map("tls", keys.TLS)) if secret else None, self._path())

    def _path(self) -> str:
        """Of a WebSocket: from the slash after its host, as it stands in its address."""
        path = self.reading.text(self.fields["path"], "/") if "path" in self.fields else "/"
        if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path or "#" in path:
            self.reading.wrong(
                "a path begins with / and is written as in an address: /chat?room=1", self.fields["path"]
            )
            return "/"
        return path

    def _framings(self, line: Line, encoding: str) -> tuple[Framing, Framing]:
        """Of what clients send, and of what they receive."""
        node = self.fields.get("framing")
        if not line.wire.messages:
            return self.parts.framings(node, encoding)
        if node is not None:
            hint = "Leave it out; where it is inherited, say framing: null."
            what = f"over {line.wire.called} each message is a frame by itself, and `framing` is not needed"
            self.reading.wrong(what, node, hint=hint)
        return Framing.messages(), Framing.messages()

    def _tls(self, fields: dict[str, Node]) -> Tls:
        reading = self.reading
        verify = reading.yes_no(fields["verify"], True) if "verify" in fields else True
        ca = reading.text(fields["ca"], "", what="a file of certificates") if "ca" in fields else ""
        if ca and not verify:
            reading.wrong("`verify: no` believes any certificate: `ca` would not be asked", fields["ca"])
        return Tls(
            verify,
            str(Path(self.file).parent / ca) if ca else "",
            reading.text(fields["name"], "") if "name" in fields else "",
        )

    # --- keys of one value -------------------------------------------------------------------------------------

    def _map(self, name: str, known: keys.Keys, required: tuple[str, ...] = ()) -> dict[str, Node]:
        if name not in self.fields:
            return {}
        return self.reading.fields(self.fields[name], keys.names(known), required=required, of=name)

    def _word(self, name: str, choices: tuple[str, ...]) -> str | None:
        return self.reading.word(self.fields[name], choices, None) if name in self.fields else None

    def _name(self, node: Node | None) -> str:
        scalar = self.reading.scalar(node, what="a name") if node is not None else None
        if scalar is not None and not _NAME.fullmatch(scalar.text):
            self.reading.wrong("a name is made of letters, digits and -", scalar)
        return scalar.text if scalar is not None else ""

    def _encoding(self, node: Node | None) -> str:
        scalar = self.reading.scalar(node, what="an encoding") if node is not None else None
        if scalar is None:
            return "utf-8"
        try:
            codecs.lookup(scalar.text)
            "a".encode(scalar.text)
        except (LookupError, ValueError, ImportError):  # UnicodeError is a ValueError: codec "undefined"
            guess = document.nearest(scalar.text, _COMMON_ENCODINGS)
            meant = f'. Did you mean "{guess}"?' if guess else ""
            self.reading.wrong(f'Python knows no encoding "{scalar.text}"{meant}', scalar)
            return "utf-8"
        return scalar.text

    def _nick(self, node: Node | None) -> tuple[Literal["chosen", "assigned", "none", "address"], Template | None]:
        if isinstance(node, Scalar) and "{" in node.text:
            template = self.parts.template(node, "address", "nick")
            if template is not None and not template.fields:
                self.reading.wrong("{ip} or {client-port} is missing in this name by address", node)
            return "address", template
        word = self.reading.word(node, ("chosen", "assigned", "none"), "chosen") if node is not None else "chosen"
        return ("assigned" if word == "assigned" else "none" if word == "none" else "chosen"), None

    def _strip(self, node: Node | None) -> tuple[bool, tuple[Template, ...]]:
        ansi, templates = False, []
        for item in self.reading.one_or_many(node, what="ansi, or a template"):
            if isinstance(item, Scalar) and item.text == "ansi":
                ansi = True
            elif (template := self.parts.template(item, "received", "strip")) is not None:
                templates.append(template)
        return ansi, tuple(templates)

    def _replays(self, node: Node | None) -> bool:
        if isinstance(node, Scalar) and node.text[:1].isdigit():
            return self.reading.number(node, 0, low=0, high=1_000_000_000) > 0
        return self.reading.yes_no(node, False) if node is not None else False

    def _pace(self, node: Node | None, *, framed: bool) -> tuple[Literal["free", "one-at-a-time"], float]:
        if node is None:
            return ("free" if framed else "one-at-a-time"), 0.0
        if isinstance(node, Scalar) and node.text[:1].isdigit():
            return "free", self.reading.time(node, 0.0)
        what = "free, one-at-a-time or a time"
        word = self.reading.word(node, ("free", "one-at-a-time"), "free", what=what)
        return ("one-at-a-time" if word == "one-at-a-time" else "free"), 0.0

    def _text(self, fields: dict[str, Node]) -> tuple[bool, bool]:
        strip = self.reading.yes_no(fields["strip"], False) if "strip" in fields else False
        case = self.reading.word(fields["case"], ("kept", "lower"), "kept") if "case" in fields else "kept"
        return strip, case == "lower"

    def _limits(self) -> Limits:
        reading, fields = self.reading, self._map("limits", keys.LIMITS)

        def number(name: str, default: int | None) -> int | None:
            return reading.number(fields[name], default, low=1, high=1_000_000) if name in fields else default

        exactly = number("exactly", None)
        if exactly is not None and "clients" in fields:
            reading.wrong("`exactly` says how many clients there are: `clients` has nothing to add", fields["clients"])
        return Limits(
            nick=number("nick", 12),
            text=reading.size(fields["text"], None, low=1) if "text" in fields else None,
            rate=reading.decimal(fields["rate"], None, low=0.01, high=1e9) if "rate" in fields else None,
            clients=number("clients", exactly),
            exactly=exactly,
            silence=reading.time(fields["silence"], None, low=0.001) if "silence" in fields else None,
            pool=number("pool", None),
        )

    def _promises(self, node: Node | None) -> dict[str, bool]:
        mapping = self.reading.mapping(node) if node is not None else None
        promises: dict[str, bool] = {}
        for key, value in mapping.pairs if mapping else ():
            if key.text in PROMISES:
                promises[key.text] = self.reading.yes_no(value, False)
            else:
                hint = "" if document.nearest(key.text, PROMISES) else f"A promise is one of: {', '.join(PROMISES)}"
                self.reading.unknown(f'there is no property "{key.text}"', key, PROMISES, hint=hint)
        return promises

    # --- keys that are maps ------------------------------------------------------------------------------------

    def _public(self) -> Voice:
        """Where every client is in a room from the start, what it says is said there, and nowhere else."""
        rooms = self.fields.get("rooms")
        in_a_room = isinstance(rooms, Mapping) and rooms.get("default") is not None
        if in_a_room and not {"says", "hears", "echo", "ack"} & self.fields.keys():
            return Voice()
        return self.parts.voice(self.fields, "")

    def _whisper(self) -> Voice:
        if "whisper" not in self.fields:
            return Voice()
        fields = self._map("whisper", keys.WHISPER, required=("says",))
        if is_word(fields.get("says"), ("no", "false")):
            self.reading.wrong("leave `whisper` out where there are none", fields["says"])
            return Voice()
        return self.parts.voice(fields, "whisper.", default_says="")

    def _rooms(self) -> Rooms | None:
        if "rooms" not in self.fields:
            return None
        reading, parts, fields = self.reading, self.parts, self._map("rooms", keys.ROOMS)
        return Rooms(
            voice=parts.voice(fields, "rooms."),
            enter=parts.dialogue(fields.get("enter"), "rooms.enter"),
            exit=parts.dialogue(fields.get("exit"), "rooms.exit"),
            joined=parts.templates(fields.get("joined"), "received", "rooms.joined"),
            left=parts.templates(fields.get("left"), "received", "rooms.left"),
            default=reading.text(fields["default"], None) if "default" in fields else None,
            names=reading.texts(fields.get("names"), what="a room"),
            many=reading.yes_no(fields["many"], False) if "many" in fields else False,
        )

    def _roster(self) -> Roster | None:
        if "roster" not in self.fields:
            return None
        parts, fields = self.parts, self._map("roster", keys.ROSTER, required=("answer",))
        return Roster(
            ask=parts.template(fields.get("ask"), "sent", "roster.ask"),
            answer=parts.templates(fields.get("answer"), "received", "roster.answer"),
            end=parts.templates(fields.get("end"), "received", "roster.end"),
        )

    def _operator(self) -> Operator | None:
        if "operator" not in self.fields:
            return None
        reading, fields = self.reading, self._map("operator", keys.OPERATOR)
        to = reading.word(fields["to"], ("waiting", "everyone"), "waiting") if "to" in fields else "waiting"
        hears = self.parts.templates(fields.get("hears"), "received", "operator.hears")
        return Operator(
            hears=hears or (Template("{text}"),),
            to="everyone" if to == "everyone" else "waiting",
            ends=reading.text(fields["ends"], None) if "ends" in fields else None,
        )

    def _whenever(self, node: Node | None) -> tuple[Whenever, ...]:
        known = keys.names(keys.WHENEVER)
        sequence = self.reading.sequence(node, what="a list of await and send") if node is not None else None
        rules = []
        for number, item in enumerate(sequence.items if sequence else ()):
            fields = self.reading.fields(item, known, required=known, of="whenever")
            part = f"whenever[{number}]"
            awaited = self.parts.templates(fields.get("await"), "received", part)
            send = self.parts.template(fields.get("send"), "answer", part)
            if awaited and send is not None:
                rules.append(Whenever(awaited, send))
        return tuple(rules)
