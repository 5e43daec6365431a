"""Classes that the author of a profile wrote in Python: found by name, and called so that their errors are theirs.

Nobody who reads an error of such a class wants to see our frames: it is told as a wrong profile, with the line of the
author's own file in which it happened.
"""

from __future__ import annotations

import importlib
import importlib.util
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from chatsim.errors import Place, Problem, ProfileError
from chatsim.profile.python import Connection

__all__ = [
    "Authored",
    "AuthoredError",
    "NeverReturned",
    "checked_bytes",
    "connection_class",
    "entry_points",
    "framer_class",
    "shown",
    "told_as_authors",
]

REFERENCE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
GROUP: Final = "chatsim.profiles"  # entry points of installed packages
SHOWN: Final = 60  # characters of a value in an error


class AuthoredError(ProfileError):
    """A class of the profile's author is not there, is no such class, or has raised an exception."""


class NeverReturned(BaseException):
    """Raised in a call of an author's code that does not come to an end. No `except Exception` of theirs is meant."""


class Authored:
    """`module:Class`. A module is looked for beside the profile's file first, then among those that are installed."""

    __slots__ = ("folder", "reference")

    def __init__(self, reference: str, folder: str) -> None:
        self.reference = reference
        self.folder = folder

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Authored) and (other.reference, other.folder) == (self.reference, self.folder)

    def __hash__(self) -> int:
        return hash((self.reference, self.folder))

    def __repr__(self) -> str:
        return f"Authored({self.reference!r})"

    @property
    def name(self) -> str:
        return self.reference.partition(":")[2]

    def load(self) -> type:
        """The class; AuthoredError says why there is none."""
        return _load(self.reference, self.folder)


@lru_cache(maxsize=64)
def _load(reference: str, folder: str) -> type:
    if not REFERENCE.fullmatch(reference):
        raise AuthoredError(f'"module:Class" is expected here, such as "my_server:MyConnection", not "{reference}"')
    module_name, _, class_name = reference.partition(":")
    module = _module(module_name, folder)
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        classes = [
            name
            for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        ]
        there = f"Its classes: {', '.join(classes)}." if classes else "It has none of its own."
        raise AuthoredError(f"there is no class {class_name} in the module {module_name}", hint=there)
    return found


def _module(name: str, folder: str) -> Any:
    path = Path(folder or ".") / Path(*name.split(".")).with_suffix(".py")
    if not path.is_file():
        return _installed(name, str(path))
    # Under a name of its own: one called `json.py` must not hide anybody else's.
    own_name = f"chatsim_profile_{abs(hash(str(path.absolute()))):x}_{path.stem}"
    spec = importlib.util.spec_from_file_location(own_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[own_name] = module  # dataclasses and pickle look for it there
    try:
        with told_as_authors(f"the module {name}", str(path)):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[own_name]
        raise
    return module


def _installed(name: str, looked_for: str) -> Any:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        found = None
    if found is None:
        hint = f"Looked for: {looked_for}, and an installed module of that name."
        raise AuthoredError(f"there is no module {name}", hint=hint)
    with told_as_authors(f"the module {name}", found.origin or ""):
        return importlib.import_module(name)


def connection_class(authored: Authored) -> type[Connection]:
    """The class of a profile in Python; AuthoredError if it is none."""
    found = authored.load()
    if not issubclass(found, Connection):
        hint = f"from chatsim.profile.python import Connection … class {found.__name__}(Connection):"
        raise AuthoredError(f"{found.__name__} is no profile: a subclass of Connection is expected", hint=hint)
    return found


def framer_class(authored: Authored) -> Callable[[], Any]:
    """The class of a framing in Python; AuthoredError if it is none."""
    found = authored.load()
    for name in ("frame", "feed"):
        if not callable(getattr(found, name, None)):
            hint = "A framing has frame(payload) → bytes and feed(data) → the messages that are complete now."
            raise AuthoredError(f"{found.__name__} is no framing: it has no method {name}", hint=hint)
    return found


def entry_points() -> dict[str, str]:
    """The profiles in Python that installed packages bring: name → module:Class."""
    from importlib.metadata import entry_points as installed

    return {point.name: point.value for point in installed(group=GROUP)}


# --- errors of the author -----------------------------------------------------------------------------------------


@contextmanager
def told_as_authors(what: str, file: str, given: object = None) -> Iterator[None]:
    """An exception in here is the author's: AuthoredError, with the line in `file` that it came from.

    What a person does (Ctrl-C) is nobody's error and goes through; so does an AuthoredError, and what ends a call that
    does not return.
    """
    try:
        yield
    except (AuthoredError, NeverReturned, KeyboardInterrupt, GeneratorExit):
        raise
    except SyntaxError as error:
        place, excerpt = None, ""
        if error.filename and error.lineno:
            place = Place(error.filename, error.lineno, max(1, error.offset or 1))
            excerpt = linecache.getline(error.filename, error.lineno).rstrip("\n")
        raise AuthoredError(Problem(f"{what}: {error.msg}", place, excerpt)) from None
    except BaseException as error:  # sys.exit, too: a module that ends the program ends no run of ours
        hint = f"It was given {shown(given)}." if given is not None else ""
        place, excerpt, width = _place(error.__traceback__, file)
        kind = type(error).__name__
        said = f"{kind}: {error}" if str(error) else kind
        raise AuthoredError(Problem(f"{what} raised {said}", place, excerpt, width, hint=hint)) from None


def _place(trace: TracebackType | None, file: str) -> tuple[Place | None, str, int]:
    """The innermost line of the author's own file on the way to the exception."""
    found: tuple[str, int] | None = None
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if file and name == file:
            found = name, trace.tb_lineno
        trace = trace.tb_next
    if found is None:
        return None, "", 1
    line = linecache.getline(*found).rstrip("\n")
    indent = len(line) - len(line.lstrip())
    return Place(*found, indent + 1), line, max(1, len(line.strip()))


def shown(value: object) -> str:
    """A value in an error, short."""
    try:
        text = repr(value)
    except Exception:  # the author's own __repr__
        text = f"a {type(value).__name__}"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 2]} …"


def checked_bytes(data: object) -> bytes:
    """What an author gave where bytes belong; TypeError, with what it was, if it is something else."""
    if not isinstance(data, bytes | bytearray):
        raise TypeError(f"it gave {shown(data)}, and bytes are expected")
    return bytes(data)
