"""Words that mean something to the server: to leave with, to ask who is there with."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatsim.detect.entering import Client
from chatsim.detect.findings import Step
from chatsim.detect.inducing import escaped, induce, names_in, parsed_json, pushed_list
from chatsim.detect.scene import ANSWERED, QUIET_AFTER, Scene, quoted
from chatsim.detect.ways import TYPE_KEYS

__all__ = ["QUIT_WORDS", "ROSTER_WORDS", "quit_word", "roster"]

QUIT_WORDS: Final = (
    "/quit", "quit", "exit", "/exit", "QUIT", "bye", "!quit", "!DISCONNECT", "/leave", "/disconnect", "{quit}", "q", "/q",
    "logout", "/bye", "EXIT", ":q",
)  # fmt: skip
ROSTER_WORDS: Final = (
    "/list",
    "/users",
    "/who",
    "LIST",
    "/names",
    "/online",
    "!users",
    "/people",
    "WHO",
    "list",
    "users",
)


def quit_word(scene: Scene, known: Sequence[str]) -> None:
    """Try words to leave with, those that its source knows first."""
    found = scene.findings
    leaver = scene.newcomer()
    if leaver is None:
        found.open.append("a word to leave with: no further client was let in")
        return
    for word, formed in _words_to_leave(scene, known):
        came = _upon(scene, leaver, word, formed=formed)
        if scene.bench.died:
            return
        if leaver.bot.here and (came.passed_on or not came.parted or found.leave):
            continue
        if came.passed_on:
            found.note("leave", f"upon {quoted(word)} the server closes, but passes the word on: to leave is to close")
            return
        _note_word(scene, leaver, word, came, formed=formed)
        if not leaver.bot.here:
            return
        scene.bench.go(leaver.bot)  # perhaps it has only left a room: another word may end the session
        another = scene.newcomer()
        if another is None:
            return
        leaver = another
    scene.bench.go(leaver.bot)
    scene.bench.wait(first=max(QUIET_AFTER, scene.slow))
    scene.clear()
    if not found.leave:
        found.note("leave", "no word to leave with was found; to leave is to close")


def _upon(scene: Scene, leaver: Client, word: str, *, formed: bool) -> _Upon:
    """Say this word, and see what comes of it."""
    scene.clear()
    leaver.hear()
    if formed:
        leaver.say(scene.bench, scene.findings.says, word)
    else:
        scene.raw(leaver, word)
    scene.bench.wait(
        lambda: bool(leaver.bot.closed or scene.first.bot.chunks), first=max(ANSWERED, scene.slow), quiet=0.06
    )
    told = scene.plain_of(scene.first)
    return _Upon(
        said=[piece for piece in leaver.hear() if word not in piece],
        passed_on=any(word in piece if not scene.findings.left else scene.is_said(piece, word) for piece in told),
        parted=[piece for piece in told if word not in piece and _is_left(scene, leaver, piece)],
    )


def _note_word(scene: Scene, leaver: Client, word: str, came: _Upon, *, formed: bool) -> None:
    found = scene.findings
    found.leave = [Step("send", found.says.replace("{text}", escaped(word)) if formed else escaped(word))]
    goodbye = [template for piece in came.said if (template := induce(scene.plain(piece), scene.greeted(leaver)))]
    if goodbye and goodbye[-1] not in found.left and not goodbye[-1].startswith("{*}"):
        found.leave.append(Step("await", goodbye[-1]))
    what = "closed the connection" if not leaver.bot.here else "told the others that the client had left"
    found.note("leave", f"upon {quoted(word)} the server {what}")
    if not found.left:
        found.left = [t for piece in came.parted if "{nick}" in (t := scene.told_of(leaver, piece))][:1]
        if found.left:
            how = f"upon {quoted(word)}, and nothing when a client just closed"
            found.note("left", f"{scene.first.nick} got {quoted(came.parted[0])} {how}")


def _words_to_leave(scene: Scene, known: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """Each word, and whether it is said as a message is (known ones, where messages have a form). Where objects are
    spoken, objects: as its messages are, with another word where those have one."""
    all_words = dict.fromkeys((*known, *QUIT_WORDS))
    says = parsed_json(scene.findings.says)
    if says is None:
        formed = [(word, True) for word in known[:4]] if scene.findings.says != "{text}" else []
        return (*formed, *((word, False) for word in all_words))
    kind = next((key for key in TYPE_KEYS if key in says), "")
    words = [word for word in all_words if re.fullmatch(r"\w+", word)]
    return tuple((json.dumps({kind: word}), False) for word in (*words, "disconnect", "leave")) if kind else ()


def _is_left(scene: Scene, client: Client, piece: str) -> bool:
    template = scene.told_of(client, piece)
    return template in scene.findings.left or (not scene.findings.left and "{nick}" in template)


def roster(scene: Scene, known: Sequence[str]) -> None:
    """Ask who is there, with the words that its source knows first."""
    found = scene.findings
    if found.nick == "none" or parsed_json(found.says) is not None:
        return
    there = [scene.names.get(client.nick, client.nick) for client in (scene.first, scene.second)]
    for word in dict.fromkeys((*known, *ROSTER_WORDS)):
        scene.clear()
        scene.raw(scene.first, word)
        scene.bench.wait(first=max(ANSWERED, scene.slow))
        if not scene.first.bot.here:
            return
        answer = [scene.plain(piece) for piece in scene.first.hear()]
        passed_on = scene.second.hear()
        whole = "\n".join(answer)
        if passed_on or any(word in piece for piece in answer) or len(names_in(whole, there)) < 2:
            continue
        known = scene.present()  # some may still be in the list that have gone without a word
        lists = [made for piece in answer if (made := pushed_list(piece, known)) is not None]
        if lists:
            found.roster_ask, found.roster_answer = word, lists[0]
            found.note("roster", f"upon {quoted(word)} came {quoted(answer[0])}")
        else:
            found.open.append(f"the form of the list that comes upon {quoted(word)}: {quoted(whole)}")
        return


@dataclass(frozen=True, slots=True)
class _Upon:
    """What came of a word: what its speaker got, whether it went to the others as a message, what tells of a parting."""

    said: list[str]
    passed_on: bool
    parted: list[str]
