"""Profile → terms: what of a profile the checks judge by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatsim.profile.profile import Either, Profile, SendThis, Voice
from chatsim.profile.templates import Template
from chatsim.terms import Speech, Terms

__all__ = ["terms_of"]


def terms_of(profile: Profile, promises: Mapping[str, bool] | None = None) -> Terms:
    """The terms of a profile; `promises` is what a scenario demands, whatever the profile says."""
    rooms, operator, limits = profile.rooms, profile.operator, profile.limits
    notices = {"joined": profile.joined, "left": profile.left, "dropped": profile.dropped}
    room_notices = {"joined": rooms.joined, "left": rooms.left} if rooms else {}
    output = {"joined": profile.output_joined, "left": profile.output_left, "said": profile.output_said}
    return Terms(
        transport=profile.line.transport,
        framed_sent=profile.sent.promises if profile.python is None else profile.apart,
        framed_received=profile.received.promises and profile.apart,
        # Where a client says nothing in order to join, it has joined when it has connected.
        join_dialogue=any(isinstance(line, SendThis | Either) for line in profile.join),
        leave_dialogue=bool(profile.leave),
        nick=profile.nick,
        public=_speech(profile.public),
        whisper=_speech(profile.whisper),
        room=_speech(rooms.voice) if rooms else Speech(),
        rooms=rooms is not None,
        default_room=rooms.default if rooms else None,
        rooms_many=rooms.many if rooms else False,
        notices=_stated(notices),
        nameless_notices=frozenset(name for name, templates in notices.items() if _nameless(templates)),
        room_notices=_stated(room_notices),
        roster=profile.roster is not None,
        roster_asked=profile.roster is not None and profile.roster.ask is not None,
        operator=operator.to if operator else None,
        operator_ends=operator is not None and operator.ends is not None,
        output=_stated(output),
        console_receives=profile.public.says is not None and not profile.public.hears and bool(profile.output_said),
        replays=profile.replays,
        text_strip=profile.text_strip,
        text_lower=profile.text_lower,
        slow_readers=profile.slow_readers,
        half_close=profile.half_close,
        exits=profile.exits,
        knock=profile.knock,
        limit_nick=limits.nick,
        limit_text=limits.text,
        limit_rate=limits.rate,
        limit_clients=limits.clients,
        limit_silence=limits.silence,
        limit_pool=limits.pool,
        stop=profile.start.stop if profile.start else "SIGINT",
        promises={**profile.promises, **(promises or {})},
    )


def _speech(voice: Voice) -> Speech:
    return Speech(
        possible=voice.says is not None,
        heard=bool(voice.hears),
        echo=bool(voice.echo),
        ack=bool(voice.ack),
        composed=voice.says is not None and "nick" in voice.says.fields,
    )


def _stated(templates: Mapping[str, Sequence[Template]]) -> frozenset[str]:
    return frozenset(name for name, those in templates.items() if those)


def _nameless(templates: Sequence[Template]) -> bool:
    """Can such a notice come without a name? Then it is counted, not matched to a person."""
    return any("nick" not in template.fields for template in templates)
