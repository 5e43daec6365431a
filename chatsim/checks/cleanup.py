"""What remains of those who have gone: `closes-connection` and `no-ghosts`, judged at the cleanup looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chatsim.checks.exit import clean_exit
from chatsim.checks.faults import BUSY
from chatsim.checks.lives import NEVER, Life, Lives, lives_of
from chatsim.checks.rosters import Answer, answers
from chatsim.checks.verdict import Cause, Evidence, Outcome, Verdict
from chatsim.checks.wording import counted, named
from chatsim.history import Entry, History
from chatsim.wires import WIRES

__all__ = ["clean_exit", "closes_connection", "no_ghosts"]

AT = ("", "once", "idle", "after speech")  # by the number of the look at which it was found done


# --- closes-connection ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Closing:
    """What is known of the server's end of one departed client's connection."""

    life: Life
    look: int  # at which look it was found closed; 0: never
    seen: int  # the index that shows it


def closes_connection(history: History) -> Verdict:
    """The server closes its end after a client has left, by look 3.

    Seen as end-of-file by a client that left politely or half-closed, and as CLOSE_WAIT on the server's side for one
    that closed outright. After a reset there is nothing left to close, and nothing is learnt.
    """
    lives = lives_of(history)
    name = "closes-connection"
    wire = WIRES[lives.terms.transport]
    if not wire.connects:
        return Verdict(name, Outcome.NOT_APPLICABLE, f"Over {wire.called} there is no connection to close.")
    known, blind = [], 0
    for life in lives.sessions.values():
        if not _departed(lives, life):
            continue
        closing = _closing(lives, life)
        if closing is not None:
            known.append(closing)
        elif _close_wait_would_tell(life) and _facts_at_looks(lives, life.parted):
            blind += 1
    if not known:
        if blind:
            why = "The state of the server's sockets cannot be observed here."
            return Verdict(name, Outcome.NOT_APPLICABLE, why)
        why = "Nobody left in a way that leaves the server an end to close, and was looked at afterwards."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    open_ones = [closing for closing in known if not closing.look]
    if not open_ones:
        at = AT[max(closing.look for closing in known)]
        summary = f"It closed its end after {counted(len(known), 'departure')}."
        return Verdict(name, Outcome.PASSED, summary, exercised=len(known), at=at)
    first = open_ones[0]
    who = named([lives.who(closing.life.number) for closing in open_ones])
    if len(open_ones) == 1:
        summary = f"{who} {first.life.how_it_went} at {lives.when(first.life.parted)}."
        summary += " After others had spoken twice, the server still had not closed its side of that connection."
    else:
        summary = f"{who} had gone and others had spoken twice."
        summary += " The server still had not closed its side of their connections."
    witness, where = (first.life.parted, first.seen), lives.where(first.life.parted)
    waits = lives.waits_for(("look", "leave", "drop", "close", "settle"), first.life.number, first.life.parted)
    if waits and not any(waits):
        summary += BUSY
        return Verdict(
            name,
            Outcome.INCONCLUSIVE,
            summary,
            witness,
            cause=Cause.MACHINE,
            exercised=len(known),
            where=where,
        )
    hint = "When `recv` returns nothing the client has gone: leave the loop and close the socket (in `finally`)."
    if first.life.drop_how == "half-close":
        hint += " If the server answers clients that have shut down only their writing side, say `half-close: answers`."
    return Verdict(
        name, Outcome.FAILED, summary, witness, Evidence.ABSENCE, exercised=len(known), where=where, hint=hint
    )


def _departed(lives: Lives, life: Life) -> bool:
    """Did it go by our own act, from a server that we had not ourselves put down, and in a way that the server must
    notice? A bot that vanishes is silence to every server."""
    if life.parted == NEVER or life.connected == NEVER or life.drop_how == "vanish":
        return False
    if life.drop_how == "half-close" and lives.terms.half_close == "answers":
        return False
    return not lives.down_at(life.parted) and life.closed > life.parted


def _close_wait_would_tell(life: Life) -> bool:
    return life.port is not None and (life.drop_how == "close" or (life.left != NEVER and not life.left_clean))


def _closing(lives: Lives, life: Life) -> _Closing | None:
    third = lives.look_after(life.parted, 3)
    ended = lives.next_down(life.parted)
    if life.drop_how == "half-close" or life.left_clean or life.parted < life.closed < NEVER:
        seen = min(life.closed, life.left if life.left_clean else NEVER)
        if seen < ended and seen < max(third, _end_of_look(lives, third)):
            return _Closing(life, min(3, lives.looks_between(life.parted, seen) + 1), seen)
        return _Closing(life, 0, third) if third < ended else None
    if not _close_wait_would_tell(life):
        return None
    facts = [e for e in _facts_at_looks(lives, life.parted) if "close_wait" in e.detail and e.index < ended]
    for fact in facts:
        if life.port not in fact.detail["close_wait"]:
            return _Closing(life, int(fact.detail.get("look", 3)), fact.index)
    last = next((fact for fact in reversed(facts) if int(fact.detail.get("look", 0)) >= 3), None)
    return _Closing(life, 0, last.index) if last is not None else None


def _facts_at_looks(lives: Lives, since: int) -> list[Entry]:
    """The facts of the looks after `since`, up to those of the first third look."""
    until = _end_of_look(lives, lives.look_after(since, 3))
    return [e for e in lives.of("facts") if since < e.index < until and e.detail.get("look")]


def _end_of_look(lives: Lives, look: int) -> int:
    """A look lasts until the next step, or the first look after that: the third is taken again while patience lasts."""
    if look == NEVER:
        return NEVER
    step = lives.next_of("step", look)
    looks = [e.index for e in lives.of("look") if e.index > look and int(e.detail.get("number", 0)) < 3]
    return min([NEVER if step is None else step.index, *looks])


# --- no-ghosts -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Haunting:
    life: Life
    summary: str
    witness: tuple[int, ...]


def no_ghosts(history: History) -> Verdict:
    """After look 3 nobody who has gone is in the roster, and none is still written to.

    Still written to: a half-closed client, which goes on reading, hears two messages, one sent after the other was
    heard, both sent after the server had told of its departure and all had settled. One alone may have been on its way.
    """
    lives = lives_of(history)
    name = "no-ghosts"
    exercised = 0
    haunting: list[_Haunting] = []
    asked = answers(history)
    for life in lives.sessions.values():
        if not _departed_for_good(lives, life):
            continue
        chances, ghost = _in_a_roster(lives, life, asked)
        more, heard = _still_written_to(lives, history, life)
        exercised += bool(chances or more)
        if ghost or heard:
            haunting.append(ghost or heard)  # type: ignore[arg-type]
    if haunting:
        first = haunting[0]
        summary = first.summary
        if len(haunting) > 1:
            summary += f" The same of {named([lives.who(h.life.number) for h in haunting[1:]])}."
        return Verdict(
            name,
            Outcome.FAILED,
            summary,
            first.witness,
            Evidence.PROOF,
            exercised=exercised,
            where=lives.where(first.life.parted),
            hint="Take the client out of the list of clients on every way out of its loop, also after an error.",
        )
    if not exercised:
        why = "Nobody had gone when a roster was asked for or a half-closed client could have been written to."
        return Verdict(name, Outcome.NOT_EXERCISED, why)
    summary = f"No trace of {counted(exercised, 'departed client')} was found."
    return Verdict(name, Outcome.PASSED, summary, exercised=exercised)


def _departed_for_good(lives: Lives, life: Life) -> bool:
    if life.parted == NEVER or life.told == NEVER:
        return False
    if life.drop_how == "half-close" and lives.terms.half_close == "answers":
        return False
    return life.drop_how != "vanish" or lives.terms.limit_silence is not None


def _gone_by(lives: Lives, life: Life) -> float:
    """Seconds from which the server must know; a vanished one is known only by its silence."""
    silence = lives.terms.limit_silence if life.drop_how == "vanish" else None
    return lives.seconds(life.parted) + (silence or 0.0)


def _in_a_roster(lives: Lives, life: Life, asked: list[Answer]) -> tuple[int, _Haunting | None]:
    third = lives.noticed_by(life.parted)
    chances = 0
    for answer in asked:
        if answer.asked < life.parted or lives.seconds(answer.asked) < _gone_by(lives, life):
            continue
        if lives.renewed_between(life.parted, answer.asked):
            break  # started anew, it knows nobody
        times = answer.names.count(life.name_at(life.parted))
        listed = times > 0 and times > _namesakes(lives, life, answer, times)
        if listed and answer.asked < third:
            continue  # it may still be on its way out; not to be listed, though, is never too early
        chances += 1
        if listed:
            who, asker = lives.who(life.number), lives.who(answer.asker)
            summary = f"{who} {life.how_it_went} at {lives.when(life.parted)} and others spoke twice since."
            summary += f" {who} still stood in the list that {asker} got at {lives.when(answer.came)}."
            return chances, _Haunting(life, summary, (life.parted, third, answer.came))
    return chances, None


def _namesakes(lives: Lives, life: Life, answer: Answer, enough: int) -> int:
    """How many others of that name may be meant in this list: come, or not yet forgotten; no more than `enough` are
    counted. And if an entry is nobody's, it is rather of one who was let in under the name later."""
    name = life.name_at(life.parted)
    others = (
        other
        for other in reversed(lives.namesakes(name))  # who came last is the likeliest to be there
        if other.number != life.number
        and _may_be_called(other, name, answer)
        and other.connect < answer.came
        and (
            not lives.must_be_known_to_be_gone(other, answer.asked)
            or (other.told != NEVER and other.connect > life.parted)
        )
    )
    return sum(1 for _ in islice(others, enough))


def _may_be_called(life: Life, name: str, answer: Answer) -> bool:
    """By what it was told, or by a name that it had asked for since and was not refused."""
    return name == life.name_at(answer.asked) or any(
        each.name == name and each.begin < answer.came and answer.asked < each.refused for each in life.renames
    )


def _still_written_to(lives: Lives, history: History, life: Life) -> tuple[int, _Haunting | None]:
    """How many messages were sent that a ghost would have heard, and what it heard."""
    if life.drop_how != "half-close" or lives.terms.half_close == "answers":
        return 0, None
    since = _known_to_be_gone(lives, life)
    if since >= min(life.left, life.closed):
        return 0, None
    ended = min(lives.next_down(since), life.left)  # what a server that ends writes to all proves nothing
    sent = dict(_sent_after(history, since, ended, life.number))
    if len(sent) < 2:
        return 0, None
    heard = [
        (entry.index, sent[entry.ref])
        for entry in history.of("heard")
        if entry.session == life.number and entry.ref in sent and entry.index < ended
    ]
    for at, _ in heard:
        later = next((second for second, said in heard if said > at), None)
        if later is not None:
            who = lives.who(life.number)
            summary = f"{who} shut down its side at {lives.when(life.parted)}, and the server had settled that."
            summary += f" Yet {who} was still sent messages, at {lives.when(at)} and again at {lives.when(later)}."
            return len(sent), _Haunting(life, summary, (life.parted, at, later))
    return len(sent), None


def _known_to_be_gone(lives: Lives, life: Life) -> int:
    """The settle point after the notice of its departure; where nobody was told, the idle look.

    Without a notice, the first settle after a departure is no sign that the server has seen it: there was nothing to
    wait for.
    """
    told = (n for nick in life.names for n in lives.departures_told(nick, life.parted))
    notice = min((n for n in told if n.session != life.number), key=lambda n: n.index, default=None)
    if notice is not None:
        settled = lives.next_settled(notice.index)
        return settled.index if settled is not None else NEVER
    return lives.look_after(life.parted, 2)


def _sent_after(history: History, since: int, until: int, but: int) -> Iterator[tuple[int, int]]:
    """(message, index of its send): what others said to all."""
    for entry in history.of("send"):
        if since < entry.index < until and entry.session != but:
            message = history.messages[entry.ref]
            if message.kind in ("chat", "fence", "knock") and message.to is None:
                yield entry.ref, entry.index
