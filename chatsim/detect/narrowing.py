"""An object with every key that is usual gets somebody in; which of its keys were needed?

Each is left out in turn, with bots that are there already. What cannot be told is left in: the profile works either way.
"""

from __future__ import annotations

import json
from dataclasses import replace

from chatsim.detect.bench import Bench
from chatsim.detect.entering import Client, enter
from chatsim.detect.inducing import parsed_json
from chatsim.detect.trying import NICKS, SPOKEN, TEXTS, Trial
from chatsim.detect.ways import NAME_KEYS, TEXT_KEYS, TYPE_KEYS

__all__ = ["narrowed"]

MANY_KEYS = 8  # an object with fewer was not made to have them all
TEXT = TEXTS[-1]


def narrowed(bench: Bench, trial: Trial) -> Trial:
    """The same trial, with no more keys than it seems to take. The bots that are in stay in."""
    says = parsed_json(trial.says)
    if says is None or len(says) < MANY_KEYS:
        return trial
    speaker, listener = trial.clients[:2]
    shorter = _shorter_speech(bench, speaker, listener, says, named=any(speaker.nick in piece for piece in trial.heard))
    join = tuple(_shorter_join(bench, trial, template, shorter) for template in trial.way.join)
    way = replace(trial.way, join=join, says=(shorter,))
    for client in trial.clients:
        client.way = way
    heard, own = _exchange(bench, speaker, listener, shorter)
    if not heard:
        return trial
    return replace(trial, way=way, says=shorter, text=TEXTS[0], heard=heard, own=own, arrival=())


def _exchange(bench: Bench, speaker: Client, listener: Client, says: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The first text again, in its final form: what the listener and the speaker hear of it."""
    listener.hear()
    speaker.hear()
    seen = len(listener.bot.everything)
    speaker.say(bench, says, TEXTS[0])
    bench.wait(lambda: TEXTS[0].encode() in listener.bot.everything[seen:], first=SPOKEN)
    heard = tuple(listener.hear())
    return (heard if any(TEXTS[0] in piece for piece in heard) else ()), tuple(speaker.hear())


def _shorter_speech(bench: Bench, speaker: Client, listener: Client, says: dict[str, str], *, named: bool) -> str:
    for keys in (TEXT_KEYS, TYPE_KEYS, NAME_KEYS):
        for key in reversed(keys):
            less = {name: value for name, value in says.items() if name != key}
            if key not in says or (not set(less) & set(keys) & set(TEXT_KEYS) and keys is TEXT_KEYS):
                continue
            if not speaker.bot.here or not listener.bot.here:
                return _text(says)
            if _is_heard(bench, speaker, listener, _text(less), named=named):
                says = less
    return _text(says)


def _is_heard(bench: Bench, speaker: Client, listener: Client, says: str, *, named: bool) -> bool:
    listener.hear()
    seen = len(listener.bot.everything)
    speaker.say(bench, says, TEXT)
    heard = bench.wait(lambda: TEXT.encode() in listener.bot.everything[seen:], first=SPOKEN, quiet=0.03)
    pieces = listener.hear()
    return heard and (not named or any(speaker.nick in piece for piece in pieces if TEXT in piece))


def _shorter_join(bench: Bench, trial: Trial, template: str, says: str) -> str:
    join = parsed_json(template)
    if join is None or len(join) < MANY_KEYS:
        return template
    used = 2
    for keys in (TYPE_KEYS, NAME_KEYS):
        for key in keys:
            less = {name: value for name, value in join.items() if name == key or name not in keys}
            if key not in join or used >= len(NICKS):
                continue
            if _gets_in(bench, trial, NICKS[used], _text(less), says):
                join = less
                break
            used += 1
    return _text(join)


def _gets_in(bench: Bench, trial: Trial, nick: str, join: str, says: str) -> bool:
    listener = trial.clients[0]
    client = enter(bench, replace(trial.way, join=(join,)), nick)
    if client.refused:
        return False
    named = any(trial.clients[0].nick in piece for piece in trial.heard)
    came_in = _is_heard(bench, client, listener, says, named=named)
    bench.go(client.bot)
    bench.wait(first=SPOKEN / 2)
    return came_in


def _text(tree: dict[str, str]) -> str:
    return json.dumps(tree, ensure_ascii=False)
