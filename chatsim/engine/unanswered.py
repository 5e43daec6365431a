"""What a dialogue waited for and never got: a word about it, and about what came instead."""

from __future__ import annotations

from collections.abc import Callable

from chatsim.engine.session import Session
from chatsim.profile.nearness import Named, Near, nearest
from chatsim.profile.profile import Await, Profile
from chatsim.profile.vocabulary import Vocabulary

__all__ = ["nearest_line", "quoted", "unanswered_goodbye", "unasked_text", "wanted"]


def unanswered_goodbye(profile: Profile, vocabulary: Vocabulary, session: Session, line: Await) -> str:
    """What `leave` awaits never came: what did?"""
    words = wanted(line, quoted)
    text = f"{session.bot} said goodbye and never got the answer that `leave` in the profile awaits: {words}."
    return _with_what_came(profile, vocabulary, session, line, text)


def unasked_text(profile: Profile, vocabulary: Vocabulary, session: Session, line: Await) -> str:
    """What `says` awaits before a text never came, so that the text never went out."""
    words = wanted(line, quoted)
    text = f"{session.bot} had a text to send and never got what `says` in the profile awaits before it: {words}."
    return _with_what_came(profile, vocabulary, session, line, text)


def _with_what_came(profile: Profile, vocabulary: Vocabulary, session: Session, line: Await, text: str) -> str:
    unclaimed = [piece for piece in session.ear.unclaimed.split("\n") if piece.strip("\r\0 ")]
    if not unclaimed:
        return f"{text} Nothing came instead."
    near = nearest_line(profile, vocabulary, line, "\n".join(unclaimed))
    if near is None:
        return f"{text} What came instead: {quoted(unclaimed[-1])}."
    came, difference = near
    return f"{text} What came instead is {quoted(came)}: the profile has {difference}."


def nearest_line(profile: Profile, vocabulary: Vocabulary, line: Await, text: str) -> tuple[str, str] | None:
    """The line of this text that comes nearest to what was awaited, and the template with where it differs."""
    values = {"nick": vocabulary.nicks, "room": vocabulary.rooms}
    named = [Named("", frame.source) for template in line.templates for frame in template.frames]
    if profile.python is not None:
        return None  # its lines are between us and the class
    found: tuple[str, Near] | None = None
    for piece in text.split("\n")[-20:]:
        near = nearest(piece.strip("\r\0"), named, values)
        if near is not None and (found is None or len(near.difference) < len(found[1].difference)):
            found = piece.strip("\r\0"), near
    return None if found is None else (found[0], str(found[1]).strip())


def wanted(line: Await, written: Callable[[str], str]) -> str:
    """What it waits for, in words; `written` says how a text stands among them."""
    from chatsim.profile.translating import in_words

    if not line.templates:
        return "the end of the connection"
    return " or ".join(in_words(template, written) for template in line.templates)


def quoted(text: str) -> str:
    """Its first 200 characters, in quotation marks."""
    shown = text if len(text) <= 200 else f"{text[:199]}…"
    return f'"{shown}"'
