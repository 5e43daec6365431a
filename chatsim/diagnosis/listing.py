"""Causes of wrong lists of who is there, and of comings and goings that nobody is told of."""

from __future__ import annotations

from chatsim.checks.rosters import Answer, answers
from chatsim.diagnosis.evidence import NEVER, Evidence
from chatsim.diagnosis.hint import Hint, Sure

__all__ = [
    "nobody_is_told_of_departures",
    "nobody_is_told_of_joins",
    "roster_is_a_list_of_its_own",
    "roster_stops_short",
]


def roster_is_a_list_of_its_own(evidence: Evidence) -> Hint | None:
    """The others were told that somebody went, and the list of who is there still has that name."""
    verdict = evidence.failed("no-ghosts", "roster")
    gone = evidence.about(verdict)
    if verdict is None or gone is None or not evidence.told_of(gone):
        return None
    if not any(evidence.history[index].kind == "roster" for index in verdict.witness):
        return None
    return Hint(
        "the list of who is there is kept apart from the list of clients, and who goes is not taken out of it.",
        "make the list of names from the clients when somebody asks; or take the name out where the others are told.",
        Sure.PROBABLY,
        ("roster", "no-ghosts"),
        seen=f"the others were told that {gone.name or gone.nick} had gone; the list still has that name.",
        also=("expectations",),
        since=gone.parted,
    )


def roster_stops_short(evidence: Evidence) -> Hint | None:
    """In each list that lacks somebody, it is who joined last."""
    if evidence.failed("roster") is None:
        return None
    lacking = [(answer, missing) for answer in answers(evidence.history) if (missing := _missing(evidence, answer))]
    if len(lacking) < 2 or any(
        len(missing) != 1 or missing[0] != _newest(evidence, answer) for answer, missing in lacking
    ):
        return None
    if len({missing[0] for _, missing in lacking}) < 2:
        return None  # one alone may be missing for a reason of its own
    return Hint(
        "the loop that makes the list of who is there ends one too early, and leaves out the last one.",
        "go over the clients themselves (`for client in clients:`), not over `range(len(clients) - 1)`.",
        Sure.PROBABLY,
        ("roster",),
        seen=f"{len(lacking)} lists lacked one name, and each time that of who had joined last.",
        also=("expectations",),
    )


def _there(evidence: Evidence, answer: Answer) -> list[int]:
    views = evidence.views
    return [n for n in views.sessions if n >= 0 and views.there(n, answer.asked, answer.came)]


def _missing(evidence: Evidence, answer: Answer) -> list[int]:
    lives = evidence.lives.sessions
    return [n for n in _there(evidence, answer) if not {lives[n].name, lives[n].nick} & set(answer.names)]


def _newest(evidence: Evidence, answer: Answer) -> int:
    return max(_there(evidence, answer), key=lambda n: evidence.lives.sessions[n].told)


def nobody_is_told_of_joins(evidence: Evidence) -> Hint | None:
    """Not one notice of a join came to anybody, and all else goes on."""
    if evidence.failed("join-notice") is None or _noticed(evidence, "joined") or evidence.failed("delivery"):
        return None
    return Hint(
        "the server tells nobody when somebody joins.",
        "send a line about it to all others once a newcomer has joined, in the form of `notices: {joined: …}` in the "
        "profile. If nobody is to be told, write `notices: {joined: no}` there.",
        Sure.PROBABLY,
        ("join-notice",),
        seen="what was said was heard, and in all this time nobody was told of any join.",
    )


def nobody_is_told_of_departures(evidence: Evidence) -> Hint | None:
    """Not one notice of a departure came, whichever way people went, and nothing else is left undone."""
    if evidence.failed("leave-notice") is None or evidence.failed(
        "delivery", "no-ghosts", "nickname-released", "roster"
    ):
        return None
    if _noticed(evidence, "left", "dropped") or evidence.failed("no-spin", "closes-connection", "no-thread-leak"):
        return None
    went = [life for life in evidence.lives.sessions.values() if life.told < life.parted < NEVER]
    if len({life.drop == NEVER for life in went}) < 2 and len(went) < 2:
        return None
    return Hint(
        "the server tells nobody when somebody goes.",
        "send a line about it to all who are left, in the form of `notices: {left: …}` in the profile, on every way out of "
        "a client's loop (`finally`). If nobody is to be told, write `notices: {left: no}` there.",
        Sure.PROBABLY,
        ("leave-notice", "drop-notice"),
        seen=f"{len(went)} had gone, and nobody was told of any of them.",
    )


def _noticed(evidence: Evidence, *whats: str) -> bool:
    return any(entry.detail.get("what") in whats for entry in evidence.of("notice"))
