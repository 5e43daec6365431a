"""Every profile keeps to the contract, in YAML or in Python; those in Python are the ones that the documents show."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsim.profile.profile import Profile, SendThis
from chatsim.profile.reader import load_profile
from tests.contracts.profile import CONTRACT, Cuts, Dialect, Words

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "example" / "python"
SERVERS = ROOT / "tests" / "servers"


def server(name: str) -> ModuleType:
    """A server of the tests as a module; those beside it are found."""
    sys.path.insert(0, str(SERVERS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SERVERS))


class Written:
    """The twin of a profile in YAML: it reads and writes the profile's own templates."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.decoder = profile.sent.decoder()
        self.joins = [step.template for step in profile.join if isinstance(step, SendThis)]

    def begin(self) -> bytes:
        return b""

    def read(self, data: bytes) -> list[Words]:
        return [self.words(frame.decode()) for frame in self.decoder.feed(data)]

    def words(self, text: str) -> Words:
        if self.joins and (found := self.joins.pop(0).matcher().fullmatch(text)) is not None:
            return ("join", found.bindings["nick"])
        assert self.profile.public.says is not None
        found = self.profile.public.says.matcher().fullmatch(text)
        return ("say", found.bindings["text"]) if found is not None else ("?", text)

    def tell(self, *words: str) -> bytes:
        profile = self.profile
        match words:
            case ("welcome",):
                template, values = profile.join[-1].templates[0], {"nick": "ann"}  # type: ignore[union-attr]
            case ("said", nick, text):
                template, values = profile.public.hears[0], {"nick": nick, "text": text}
            case (what, nick):
                template, values = getattr(profile, what)[0], {"nick": nick}
        return b"".join(profile.received.frame(text.encode()) for text in template.render(values))


class Wire:
    """What stands for the socket of a server of the tests: it keeps what is written."""

    def __init__(self) -> None:
        self.written = b""

    def sendall(self, data: bytes) -> None:
        self.written += data

    def taken(self) -> bytes:
        taken, self.written = self.written, b""
        return taken


class Pickled:
    """A client of the server that speaks pickles, as it stands in `tests/servers`."""

    def __init__(self) -> None:
        self.module = server("speaks_pickles")
        self.client = self.module.Client(Wire())
        self.unfinished = b""

    def begin(self) -> bytes:
        return b""

    def read(self, data: bytes) -> list[Words]:
        self.unfinished += data
        found = []
        while self.unfinished:
            stream = io.BytesIO(self.unfinished)
            try:
                found.append(self.module.Plain(stream).load())
            except (EOFError, pickle.UnpicklingError):
                break
            self.unfinished = self.unfinished[stream.tell() :]
        return found

    def tell(self, *words: str) -> bytes:
        data: bytes = self.client.wire(words)
        return data


class Encrypted:
    """A client of the server that speaks in cipher."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.client = server("speaks_in_cipher").SecretClient(self.wire)
        self.unfinished = b""

    def begin(self) -> bytes:
        self.client.begin()
        return self.wire.taken()

    def read(self, data: bytes) -> list[Words]:
        *lines, self.unfinished = (self.unfinished + data).split(b"\n")
        found = [self.client.understood(line) for line in lines]
        return [words for words in found if words is not None]

    def tell(self, *words: str) -> bytes:
        data: bytes = self.client.wire(words)
        return data


DIALECTS: dict[str, Callable[[], Dialect]] = {
    **{name: lambda name=name: written(load_profile(name)) for name in ("lines", "json-lines")},  # type: ignore[misc]
    "base64": lambda: written(load_profile(str(EXAMPLES / "base64.yaml"))),
    "pickles": lambda: Dialect(load_profile(str(EXAMPLES / "pickles.yaml")), Pickled),
    "cipher": lambda: Dialect(load_profile(str(EXAMPLES / "cipher.yaml")), Encrypted),
}


def written(profile: Profile) -> Dialect:
    return Dialect(profile, lambda: Written(profile))


letters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\x85")
texts = st.lists(st.text(letters, min_size=1, max_size=12).map(str.strip).filter(bool).map("a {}".format), max_size=4)


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
@pytest.mark.parametrize("name", sorted(DIALECTS))
@settings(max_examples=25, deadline=None)
@given(texts=texts, cuts=st.lists(st.integers(0, 1000), max_size=8))
def test_the_profile_keeps_to_the_contract(
    name: str, clause: Callable[[Dialect, list[str], Cuts], None], texts: list[str], cuts: list[int]
) -> None:
    clause(DIALECTS[name](), texts, cuts)
