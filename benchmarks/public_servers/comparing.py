"""The profile that was found beside the one that is known: the same language, nearly, or another one?

Compared is what it means, not how it is written: a wildcard is as good as the placeholder that stands for the same, and
where what one says goes to the others as it is, any text is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from chatsim.profile.framing import Framing
from chatsim.profile.profile import Dialogue, Either, Profile, SendThis, Voice
from chatsim.profile.templates import Template

__all__ = ["Likeness", "likeness", "of_one_mind"]

Verdict = Literal["right", "nearly", "not"]

_LINES = ("newline", "crlf")
_LONGEST = 60  # characters of a template that is shown
# Whatever these stand for, a wildcard would do; a name, a text and an addressee must be where they are.
_LOOSE = re.compile(r"\{(?:\*|time|id|nicks|ip|client-port)\}(?:\s*\{(?:\*|time|id|nicks|ip|client-port)\})*")


@dataclass(frozen=True, slots=True)
class Likeness:
    verdict: Verdict
    differences: tuple[str, ...] = ()  # those that make it another language first


def of_one_mind(found: Profile, known: Profile) -> bool:
    """Do both say whether one hears the others? A chat in which nobody hears anybody works wherever somebody is let in."""
    return bool(_voice(found).hears) == bool(_voice(known).hears)


def likeness(found: Profile | None, known: Profile) -> Likeness:
    """`not`: who speaks as found is not understood, or does not understand. `nearly`: the chat is right, what is around
    it (notices, a quit word, the roster) is not, or is missing."""
    if found is None:
        return Likeness("not", ("no profile",))
    if known.python is not None:
        return Likeness("not", ("its language needs code",))
    deep = tuple(said for aspect in _DEEP for said in aspect(found, known))
    light = tuple(said for aspect in _LIGHT for said in aspect(found, known))
    return Likeness("not" if deep else "nearly" if light else "right", deep + light)


# --- aspects without which nobody is understood -------------------------------------------------------------------


def _wire(found: Profile, known: Profile) -> Iterable[str]:
    if found.line.transport != known.line.transport:
        yield f"transport {found.line.transport} for {known.line.transport}"


def _framing(found: Profile, known: Profile) -> Iterable[str]:
    for way, one, other in (("sent", found.sent, known.sent), ("received", found.received, known.received)):
        if not _alike_framed(one, other) and not _both_raw_or_lines(one, other):
            yield f"{way} {_called(one)} for {_called(other)}"


def _entering(found: Profile, known: Profile) -> Iterable[str]:
    if not _alike(_sends(found.join), _sends(known.join)):
        yield f"join sends {_shown(_sends(found.join))} for {_shown(_sends(known.join))}"


def _speaking(found: Profile, known: Profile) -> Iterable[str]:
    one, other = _voice(found), _voice(known)
    if _relays(one) and _relays(other):
        return
    if not _alike(_said(one), _said(other)):
        yield f"says {_shown(_said(one))} for {_shown(_said(other))}"
    if not _alike(one.hears, other.hears):
        yield f"hears {_shown(one.hears)} for {_shown(other.hears)}"


def _echo(found: Profile, known: Profile) -> Iterable[str]:
    one, other = _voice(found), _voice(known)
    kinds = {False: "no", True: "yes"}
    if bool(one.echo) != bool(other.echo):
        yield f"echo {kinds[bool(one.echo)]} for {kinds[bool(other.echo)]}"
    elif one.echo and not (_relays(one) and _relays(other)) and not _alike(one.echo, other.echo):
        yield f"echo {_shown(one.echo)} for {_shown(other.echo)}"


def _operating(found: Profile, known: Profile) -> Iterable[str]:
    if bool(found.operator) != bool(known.operator):
        yield "no operator" if known.operator else "an operator, and there is none"


# --- what is around it ---------------------------------------------------------------------------------------------


def _lines(found: Profile, known: Profile) -> Iterable[str]:
    for way, one, other in (("sent", found.sent, known.sent), ("received", found.received, known.received)):
        if not _alike_framed(one, other) and _both_raw_or_lines(one, other):
            yield f"{way} {_called(one)} for {_called(other)}"


def _naming(found: Profile, known: Profile) -> Iterable[str]:
    if _named(found) != _named(known) and not _relays(_voice(known)):
        yield f"nick {found.nick} for {known.nick}"


def _notices(found: Profile, known: Profile) -> Iterable[str]:
    rooms = [each.rooms for each in (found, known)]
    for key in ("joined", "left"):
        in_rooms = [getattr(room, key) if room is not None else () for room in rooms]
        one, other = (*getattr(found, key), *in_rooms[0]), (*getattr(known, key), *in_rooms[1])
        yield from _missing_or_other(key, one, other)


def _leaving(found: Profile, known: Profile) -> Iterable[str]:
    yield from _missing_or_other("leave", _sends(found.leave), _sends(known.leave))


def _listing(found: Profile, known: Profile) -> Iterable[str]:
    if known.roster is not None and found.roster is None:
        yield "no roster"


_DEEP: tuple[Callable[[Profile, Profile], Iterable[str]], ...] = (
    _wire,
    _framing,
    _entering,
    _speaking,
    _echo,
    _operating,
)
_LIGHT: tuple[Callable[[Profile, Profile], Iterable[str]], ...] = (_lines, _naming, _notices, _leaving, _listing)


# --- alike ---------------------------------------------------------------------------------------------------------


def _missing_or_other(key: str, one: tuple[Template, ...], other: tuple[Template, ...]) -> Iterable[str]:
    if _alike(one, other):
        return
    if not one:
        yield f"no {key}"
    elif not other:
        yield f"{key} {_shown(one)}, and there is none"
    else:
        yield f"{key} {_shown(one)} for {_shown(other)}"


def _alike(one: tuple[Template, ...], other: tuple[Template, ...]) -> bool:
    """Both empty, or some template of one is some template of the other."""
    if not one or not other:
        return not one and not other
    return any(_same(_plain(a), _plain(b)) for a in one for b in other)


def _same(one: str, other: str) -> bool:
    return _covers(one, other) or _covers(other, one)


def _covers(wide: str, narrow: str) -> bool:
    pattern = ".*?".join(map(re.escape, wide.split("{*}")))
    return re.fullmatch(pattern, narrow, re.DOTALL) is not None


def _plain(template: Template) -> str:
    source = template.source.removeprefix("re:")
    source = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda group: "{" + group[1].replace("_", "-") + "}", source)
    return re.sub(r"\s+", " ", _LOOSE.sub("{*}", source)).strip()


def _sends(dialogue: Dialogue) -> tuple[Template, ...]:
    """All that is sent, as one template: a dialogue is the same only if all of it is. Ways stand one after the other."""
    sent = tuple(_sent_in(dialogue))
    return (Template(" → ".join(sent)),) if sent else ()


def _sent_in(dialogue: Dialogue) -> Iterable[str]:
    for step in dialogue:
        if isinstance(step, SendThis):
            yield step.template.source.strip()
        elif isinstance(step, Either):
            for way in step.ways:
                yield from _sent_in(way.then)


def _voice(profile: Profile) -> Voice:
    """Public chat, or that of the room in which everybody is, or what one says to another."""
    if profile.public.says is not None:
        return profile.public
    if profile.rooms is not None and profile.rooms.default is not None:
        return profile.rooms.voice
    return profile.whisper if profile.whisper.says is not None else profile.public


def _named(profile: Profile) -> str:
    """Chosen is a name only if it is ever said."""
    if profile.nick != "chosen":
        return profile.nick
    said = (*_sends(profile.join), *_said(_voice(profile)), *_voice(profile).hears)
    return "chosen" if any("{nick}" in _plain(each) for each in said) else "none"


def _said(voice: Voice) -> tuple[Template, ...]:
    return (voice.says,) if voice.says is not None else ()


def _relays(voice: Voice) -> bool:
    """Does what one says go to the others as it is? Then it is the clients who choose its form."""
    return voice.says is not None and voice.hears == (voice.says,) and not voice.before


def _alike_framed(one: Framing, other: Framing) -> bool:
    return one == other or (one.kind in _LINES and other.kind in _LINES)


def _both_raw_or_lines(one: Framing, other: Framing) -> bool:
    """Raw chunks and lines are understood one for the other as long as nothing is glued or cut."""
    return all(each.kind in ("none", "message", *_LINES, "json-lines", "json") for each in (one, other))


def _called(framing: Framing) -> str:
    detail = {"digits": str(framing.digits), "struct": framing.format, "separator": repr(framing.separator)}
    return f"{framing.kind} {detail[framing.kind]}" if framing.kind in detail else framing.kind


def _shown(templates: tuple[Template, ...]) -> str:
    if not templates:
        return "nothing"
    source = templates[0].source
    return repr(source if len(source) <= _LONGEST else f"{source[: _LONGEST - 1]}…")
