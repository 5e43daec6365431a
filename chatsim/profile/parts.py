"""The parts of a profile, from nodes to values: templates, dialogues, framings, voices, the start.

Each function takes a node (None where the key is missing) and notes what is wrong with it; what fits together across
keys is judged later (coherence.py). For that, every template read is kept with its place in `Parts.written`.
"""

from __future__ import annotations

import shlex
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final, Literal, TypeVar

from chatsim.document import Mapping, Node, Reading, Scalar, Sequence
from chatsim.errors import Problem
from chatsim.profile import keys
from chatsim.profile.framing import Framing, record_fields
from chatsim.profile.profile import Await, Dialogue, Either, PauseFor, SendThis, Start, Voice, Way
from chatsim.profile.templates import Template, TemplateError, Use

__all__ = ["LATER", "Parts", "Written"]

LATER: Final = "comes in a later version of chatsim"

_MAX_DIGITS: Final = 100
_MAX_RECORD: Final = 1 << 20  # bytes
_NO: Final = ("no", "false")
_YES: Final = ("yes", "true")
_STEP_HINT: Final = 'A dialogue is a list of "send: …", "await: …" and "pause: …", or one template, which is sent.'

Stop = Literal["SIGINT", "SIGTERM", "stdin"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written:
    """A template where its author wrote it. `part`: of what, such as `join`, `rooms.enter`, `says`."""

    template: Template
    node: Scalar
    use: Use
    part: str


class Parts:
    def __init__(self, reading: Reading, folder: str = "") -> None:
        self.reading = reading
        self.folder = folder  # of the profile's file, where its Python may stand
        self.written: list[Written] = []

    # --- templates ---------------------------------------------------------------------------------------------

    def template(self, node: Node | None, use: Use, part: str) -> Template | None:
        scalar = self.reading.scalar(node, what="a text") if node is not None else None
        if scalar is None:
            return None
        if not scalar.text:
            self.reading.wrong("an empty template means nothing", scalar)
            return None
        try:
            template = Template.parse(scalar.text, use=use)
        except TemplateError as error:
            self._wrong_template(scalar, error)
            return None
        self.written.append(Written(template, scalar, use, part))
        return template

    def templates(self, node: Node | None, use: Use, part: str) -> tuple[Template, ...]:
        found = (self.template(item, use, part) for item in self.reading.one_or_many(node, what="a template"))
        return tuple(template for template in found if template is not None)

    def templates_or_no(self, node: Node | None, use: Use, part: str) -> tuple[Template, ...] | None:
        """None for `no`."""
        if is_word(node, _NO):
            return None
        if is_word(node, _YES):
            self.reading.wrong(f"a template, or no, is expected here, not {_text(node)}", node)
            return ()
        return self.templates(node, use, part)

    def _wrong_template(self, scalar: Scalar, error: TemplateError) -> None:
        """Point at the very characters, where the text stands in the file as it is."""
        place, width = scalar.place, scalar.width
        if scalar.width == len(scalar.text) + 2 * scalar.quoted:
            place = type(place)(place.file, place.line, place.column + scalar.quoted + error.offset)
            width = error.width
        self.reading.wrong(error.what, place, hint=error.hint, width=width)

    # --- dialogues ---------------------------------------------------------------------------------------------

    def dialogue(self, node: Node | None, part: str) -> Dialogue:
        if isinstance(node, Mapping):
            self.reading.wrong("a list is expected here, and this is a map", node, hint=_STEP_HINT)
            return ()
        if isinstance(node, Sequence):
            steps = (self._step(item, part) for item in node.items)
            return tuple(step for step in steps if step is not None)
        template = self.template(node, "sent", part)
        return () if template is None else (SendThis(template),)

    def _step(self, node: Node, part: str) -> SendThis | Await | PauseFor | None:
        if isinstance(node, Scalar):
            self.reading.wrong("send, await or pause is missing before this text", node, hint=_STEP_HINT)
            return None
        fields = self.reading.fields(node, keys.names(keys.DIALOGUE_STEP), of="a dialogue")
        if len(fields) > 1:
            self.reading.wrong("one step, one key: each of these needs a list entry of its own", node, hint=_STEP_HINT)
        for name, value in fields.items():
            if name == "send":
                template = self.template(value, "sent", part)
                return None if template is None else SendThis(template)
            if name == "pause":
                span = self.reading.span(value, None)
                return None if span is None else PauseFor(*span)
            if name == "either":
                return self._either(value, part)
            awaited = self.templates(value, "awaited", part)
            return Await(tuple(t for t in awaited if not t.closes), any(t.closes for t in awaited))
        if isinstance(node, Mapping) and not node.pairs:
            self.reading.wrong("this step is empty", node, hint=_STEP_HINT)
        return None

    def _either(self, node: Node, part: str) -> Either | None:
        sequence = self.reading.sequence(node, what="a list of dialogues")
        ways: list[Way] = []
        for item in sequence.items if sequence is not None else ():
            dialogue = self.dialogue(item, part)
            first = dialogue[0] if dialogue else None
            if not isinstance(first, Await) or isinstance(first, Either) or first.closes:
                hint = 'What comes decides which way it goes: - - await: "…"'
                self.reading.wrong("each way of `either` begins with `await`, and with a text", item, hint=hint)
                continue
            if any(set(first.templates) & set(way.templates) for way in ways):
                self.reading.wrong("two ways of this `either` begin alike, and the second would never be taken", item)
            ways.append(Way(first.templates, dialogue[1:]))
        if sequence is not None and len(sequence.items) < 2:
            self.reading.wrong("one way alone is no choice: `await` is enough", node)
        templates = tuple(template for way in ways for template in way.templates)
        return Either(templates, ways=tuple(ways)) if ways else None

    # --- ways of speaking --------------------------------------------------------------------------------------

    def voice(self, fields: dict[str, Node], part: str, default_says: str = "{text}") -> Voice:
        """`hears` is as `says` unless stated; `echo: yes` is written out."""
        says = Template(default_says) if default_says and "says" not in fields else None
        before: Dialogue = ()
        if is_word(fields.get("says"), _YES):
            self.reading.wrong(f"a template, or no, is expected here, not {_text(fields['says'])}", fields["says"])
        elif isinstance(dialogue := fields.get("says"), Sequence):
            before, says = self._saying(dialogue, part)
        elif not is_word(fields.get("says"), _NO):
            says = self.template(fields.get("says"), "sent", f"{part}says") or says
        stated = self.templates_or_no(fields.get("hears"), "received", f"{part}hears") if "hears" in fields else ()
        hears = stated or () if "hears" in fields else (says,) if says is not None else ()
        own = hears or ((says,) if says is not None else ())
        echo = self._echo(fields.get("echo"), own, f"{part}echo")
        return Voice(says, hears, echo, self.templates(fields.get("ack"), "received", f"{part}ack"), before)

    def _saying(self, node: Sequence, part: str) -> tuple[Dialogue, Template | None]:
        """A message that takes a dialogue: all before its last step, which sends the text."""
        *first, last = node.items or (None,)
        steps = (self._step(item, f"{part}says.before") for item in first if item is not None)
        end = self._step(last, f"{part}says") if last is not None else None
        if not isinstance(end, SendThis):
            self.reading.wrong("the last step of `says` sends the text", last or node, hint='Such as: send: "{text}"')
            return (), None
        return tuple(step for step in steps if step is not None), end.template

    def _echo(self, node: Node | None, own: tuple[Template, ...], part: str) -> tuple[Template, ...]:
        if node is None or is_word(node, _NO):
            return ()
        if is_word(node, _YES):
            return own
        return self.templates(node, "received", part)

    # --- framing -----------------------------------------------------------------------------------------------

    def framings(self, node: Node | None, encoding: str) -> tuple[Framing, Framing]:
        """Of what clients send, and of what they receive."""
        if isinstance(node, Mapping) and (node.get("sent") is not None or node.get("received") is not None):
            known = keys.names(keys.FRAMING_BY_DIRECTION)
            fields = self.reading.fields(node, known, required=known, of="framing")
            return self.framing(fields.get("sent"), encoding), self.framing(fields.get("received"), encoding)
        framing = self.framing(node, encoding)
        return framing, framing

    def framing(self, node: Node | None, encoding: str) -> Framing:
        if node is None:
            return Framing.none()
        if isinstance(node, Mapping):
            return self._framing_map(node, encoding)
        word = self.reading.word(node, keys.FRAMING_WORDS, "none", what="a framing")
        for kind in ("none", "newline", "crlf", "nul", "json", "json-lines"):
            if word == kind:
                if kind != "none" and not _like_ascii(encoding):
                    self.reading.wrong(f"{kind} cannot be told apart in {encoding}", node, hint="Use a separator.")
                return Framing(kind)
        return Framing.none()

    def _framing_map(self, node: Mapping, encoding: str) -> Framing:
        by_kind: dict[str, tuple[keys.Keys, Callable[[dict[str, Node], str], Framing | None]]] = {
            "separator": (keys.FRAMING_SEPARATOR, self._separator),
            "digits": (keys.FRAMING_DIGITS, self._digits),
            "length": (keys.FRAMING_LENGTH, self._length),
            "struct": (keys.FRAMING_STRUCT, self._struct),
            "record": (keys.FRAMING_RECORD, self._record),
            "python": (keys.FRAMING_PYTHON, self._python),
        }
        for kind, (known, read) in by_kind.items():
            if node.get(kind) is not None:
                fields = self.reading.fields(node, keys.names(known), of=f"a framing by {kind}")
                return read(fields, encoding) or Framing.none()
        choices = ("separator", "digits", "length", "struct", "record", "python")
        for key, _ in node.pairs:
            self.reading.unknown(f'"{key.text}" is no framing', key, choices)
        if not node.pairs:
            self.reading.wrong("a framing is missing here", node)
        return Framing.none()

    def _separator(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        node = fields["separator"]
        text = self.reading.text(node, "")
        try:
            separator = text.encode(encoding)
        except UnicodeError:
            self.reading.wrong(f"{encoding} cannot carry this separator", node)
            return None
        if not separator:
            self.reading.wrong("an empty separator keeps nothing apart", node)
            return None
        return Framing("separator", separator=separator)

    def _digits(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        digits = self.reading.number(fields["digits"], 1, low=1, high=_MAX_DIGITS)
        align = self.reading.word(fields.get("align"), ("left", "right", "zeros"), "left") if "align" in fields else ""
        return Framing(
            "digits", digits=digits, align="right" if align == "right" else "zeros" if align == "zeros" else "left"
        )

    def _length(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        node = fields["length"]
        text = self.reading.text(node, "")
        end = self.reading.text(fields["end"], "") if "end" in fields else ""
        if not text or text[0].isdecimal():
            self.reading.wrong("a length ends where something comes that is no digit", node, hint="Such as | or :")
            return None
        if not _like_ascii(encoding):
            self.reading.wrong(f"a length in digits cannot be told apart in {encoding}", node)
            return None
        try:
            return Framing("length", separator=text.encode(encoding), end=end.encode(encoding))
        except UnicodeError:
            self.reading.wrong(f"{encoding} cannot carry this", node)
            return None

    def _struct(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        node = fields["struct"]
        form = self.reading.text(node, "")
        plus = self.reading.number(fields["plus"], 0, low=-1024, high=1024) if "plus" in fields else 0
        try:
            size = struct.calcsize(form)
            numbers = struct.unpack(form, bytes(size)) if size <= 64 else ()
        except (struct.error, UnicodeError, OverflowError):
            numbers = ()
        if len(numbers) != 1 or type(numbers[0]) is not int:
            hint = (
                "One integer as Python's module struct packs it: !I is four bytes, big-endian, <H two, little-endian."
            )
            self.reading.wrong("this struct format is not one integer", node, hint=hint)
            return None
        return Framing("struct", format=form, plus=plus)

    def _record(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        node = fields["record"]
        form = self.reading.text(node, "")
        between = (self.reading.text(fields["between"], "") if "between" in fields else "") or "|"
        try:
            if struct.calcsize(form) > _MAX_RECORD or not record_fields(form):
                raise struct.error
            return Framing("record", format=form, separator=between.encode(encoding))
        except (struct.error, UnicodeError, OverflowError, MemoryError):
            hint = "Texts and whole numbers as Python's module struct packs them: <I32s256s is a number and two texts."
            self.reading.wrong("this struct format is no record", node, hint=hint)
            return None

    def _python(self, fields: dict[str, Node], encoding: str) -> Framing | None:
        from chatsim.profile.authored import Authored, AuthoredError, framer_class

        node = fields["python"]
        authored = Authored(self.reading.text(node, ""), self.folder)
        try:
            framer_class(authored)
        except AuthoredError as error:
            self.authors_problem(error.problems[0], node)
            return None
        return Framing("python", authored=authored)

    def authors_problem(self, problem: Problem, node: Node) -> None:
        """What is wrong with a class that this node names: told at the node, with the line of the class's own file."""
        where = f" ({problem.place})" if problem.place is not None else ""
        self.reading.wrong(f"{problem.what}{where}", node, hint=problem.hint)

    # --- the start ---------------------------------------------------------------------------------------------

    def start(self, node: Node | None, folder: str) -> Start | None:
        reading = self.reading
        if node is None:
            return None
        fields = reading.fields(node, keys.names(keys.START), of="start")
        stop, stop_line = self._stop(fields.get("stop"))
        start = Start(
            command=self._command(fields.get("command")),
            build=self._start_text(fields.get("build")),
            cwd=self._below(fields.get("cwd")),
            env=self._texts_by_name(fields.get("env"), "a name of a variable"),
            files=self._files(fields.get("files")),
            stdin=self._start_text(fields.get("stdin")),
            host=reading.text(fields["host"], None) if "host" in fields else None,
            port=reading.number(fields["port"], None, low=1, high=65535, what="a port") if "port" in fields else None,
            socket=reading.text(fields["socket"], "", what="a path") or None if "socket" in fields else None,
            ready=self.template(fields.get("ready"), "ready", "start.ready"),
            stop=stop,
            stop_line=stop_line,
            terminal=reading.yes_no(fields["terminal"], False) if "terminal" in fields else False,
            folder=folder,
        )
        if start.port is not None and start.chooses_port:
            reading.wrong(
                "a fixed port, and {port}: only one of them can be meant",
                fields["port"],
                hint="{port} makes the port ours to choose: leave the number out.",
            )
        if start.socket is not None and start.chooses_socket:
            reading.wrong(
                "a fixed socket, and {socket}: only one of them can be meant",
                fields["socket"],
                hint="{socket} makes the path ours to choose: leave `socket` out.",
            )
        return start

    def _command(self, node: Node | None) -> tuple[str, ...] | None:
        reading = self.reading
        if node is None:
            return None
        if isinstance(node, Sequence):
            words = tuple(reading.text(item, "") for item in node.items)
            if not words or not words[0]:
                reading.wrong("a command is missing here", node)
            for item in node.items:
                self._check_start_text(item)
            return words
        text = self._start_text(node)
        try:
            words = tuple(shlex.split(text or ""))
        except ValueError as problem:
            reading.wrong(f"this command cannot be split as by a shell: {str(problem).lower()}", node)
            return None
        if text is not None and not words:
            reading.wrong("a command is missing here", node)
        return words or None

    def _start_text(self, node: Node | None) -> str | None:
        if node is None:
            return None
        self._check_start_text(node)
        return self.reading.text(node, None)

    def _check_start_text(self, node: Node) -> None:
        if isinstance(node, Scalar):
            try:
                Template.parse(node.text.removeprefix("re:"), use="start")
            except TemplateError as error:
                self._wrong_template(node, error)
            if "\0" in node.text:
                self.reading.wrong("a NUL character has no place in a command", node)

    def _stop(self, node: Node | None) -> tuple[Stop, str | None]:
        if isinstance(node, Mapping):
            fields = self.reading.fields(node, ("stdin",), required=("stdin",), of="stop")
            return "stdin", self.reading.text(fields["stdin"], "") if "stdin" in fields else ""
        word = self.reading.word(node, ("SIGINT", "SIGTERM"), "SIGINT") if node is not None else "SIGINT"
        return ("SIGTERM" if word == "SIGTERM" else "SIGINT"), None

    def _below(self, node: Node | None) -> str | None:
        if node is None:
            return None
        text = self.reading.text(node, "", what="a folder")
        if text and not _is_below(text):
            self.reading.wrong("a folder below the server's is expected here", node)
        return text or None

    def _texts_by_name(self, node: Node | None, what: str) -> dict[str, str]:
        mapping = self.reading.mapping(node) if node is not None else None
        texts: dict[str, str] = {}
        for key, value in mapping.pairs if mapping else ():
            if not key.text or "=" in key.text or "\0" in key.text:
                self.reading.wrong(f"{what} is expected here", key)
            texts[key.text] = self.reading.text(value, "")
        return texts

    def _files(self, node: Node | None) -> dict[str, str]:
        files = self._texts_by_name(node, "a name of a file")
        if isinstance(node, Mapping):
            for key, _ in node.pairs:
                if not _is_below(key.text):
                    self.reading.wrong("a file below the server's folder is expected here", key)
        return files


def is_word(node: Node | None, words: tuple[str, ...]) -> bool:
    """Is it one of these words, without quotes? In quotes it would be a text."""
    return isinstance(node, Scalar) and not node.quoted and node.text in words


def _text(node: Node | None) -> str:
    return f'"{node.text}"' if isinstance(node, Scalar) else "this"


def _like_ascii(encoding: str) -> bool:
    """Do line ends, NULs, braces and quotes look as in ASCII, and like nothing else?"""
    try:
        return all(sign.encode(encoding) == sign.encode() for sign in '\n\r\0{}"\\')
    except (UnicodeError, LookupError):
        return False


def _is_below(path: str) -> bool:
    posix, windows = PurePosixPath(path), PureWindowsPath(path)
    return not (posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts) and "\0" not in path
