"""Causes of what reaches the wrong ones: a word for one goes to all, or what was to come back does not."""

from __future__ import annotations

from chatsim.checks.verdict import Verdict
from chatsim.checks.wording import counted
from chatsim.diagnosis.evidence import Evidence
from chatsim.diagnosis.hint import Hint, Sure
from chatsim.history import CONSOLE, OPERATOR, Message

__all__ = [
    "answers_the_newest",
    "in_the_list_before_joining",
    "rooms_have_one_list",
    "said_to_all_instead_of_one",
    "sender_is_left_out",
    "sends_no_receipt",
    "whisper_goes_to_all",
]


def whisper_goes_to_all(evidence: Evidence) -> Hint | None:
    """Each private word was heard by everybody who had joined."""
    verdict, message = _leaked(evidence)
    if verdict is None or message is None or not message.channel.startswith("whisper:"):
        return None
    who = evidence.views.label(message.sender)
    return Hint(
        "a private message is sent to others than the one for whom it is.",
        "look up the one client that is named, and send to that one alone, not in the loop that sends to all.",
        Sure.SURELY,
        ("isolation",),
        seen=f"{who} wrote to {_name(evidence, message.to)}, and {_hearers(evidence, message)} heard it.",
        also=("expectations",),
    )


def rooms_have_one_list(evidence: Evidence) -> Hint | None:
    """What was said in a room came to those outside of it."""
    verdict, message = _leaked(evidence)
    if verdict is None or message is None or not message.channel.startswith("room:"):
        return None
    return Hint(
        "what is said in a room is sent to clients that are not in it.",
        "keep for each room who is in it (a dictionary from the room's name to its clients), and send to those alone; "
        "take a client out of it when it leaves the room.",
        Sure.SURELY,
        ("isolation",),
        seen=f'of what was said in "{message.channel[5:]}", {_hearers(evidence, message)} heard it.',
        also=("expectations",),
    )


def said_to_all_instead_of_one(evidence: Evidence) -> Hint | None:
    """A server that answers each client alone, by its profile, has sent the answer to others."""
    verdict, message = _leaked(evidence)
    if verdict is None or message is None or not _is_public(message) or evidence.views.speech(message.id).heard:
        return None
    return Hint(
        "what one client says is sent to other clients, too.",
        "send the answer to the socket from which the message came, and not to all in the list. If clients are to hear "
        "each other, write how under `hears` in the profile.",
        Sure.SURELY,
        ("isolation",),
        seen=f"{evidence.views.label(message.sender)} said it, and {_hearers(evidence, message)} heard it.",
    )


def in_the_list_before_joining(evidence: Evidence) -> Hint | None:
    """Somebody who had only connected heard what those in the room say."""
    verdict, message = _leaked(evidence)
    if verdict is None or message is None or not _is_public(message) or not evidence.views.speech(message.id).heard:
        return None
    heard = evidence.history[max(verdict.witness)]
    life = evidence.lives.sessions.get(heard.session)
    if life is None or life.told < heard.index or life.connect > heard.index:
        return None
    return Hint(
        "a client is put into the list of clients when it connects, before it has joined.",
        "put it into the list only after it has given its name and that has been accepted. If connecting is joining on "
        "this server, take the `join` dialogue out of the profile.",
        Sure.PROBABLY,
        ("isolation",),
        seen=f"{evidence.lives.who(life.number)} had only connected, and was sent what the others said.",
        since=life.connect,
    )


def answers_the_newest(evidence: Evidence) -> Hint | None:
    """What the operator typed for one went to another, each time to whoever had written last."""
    verdict, message = _leaked(evidence)
    if verdict is None or message is None or message.kind != "reply" or message.sender != OPERATOR:
        return None
    views = evidence.views
    sent = views.send[message.id]
    wrote = [m for m in views.sent if views.sender(m) >= 0 and views.send[m] < sent]
    got = evidence.history[max(verdict.witness)].session
    if not wrote or views.sender(wrote[-1]) != got:
        return None
    return Hint(
        "what is typed on the console goes to whoever wrote last, not to the one for whom it was typed.",
        "keep each client's socket under its name or number, and look up there the one that the operator names.",
        Sure.PROBABLY,
        ("isolation", "delivery"),
        seen=f"{views.label(got)} had written last, and got what was typed for {_name(evidence, message.to)}.",
        also=("expectations",),
    )


def sender_is_left_out(evidence: Evidence) -> Hint | None:
    """The profile promises that whoever speaks hears itself; nobody ever did, and the others heard it."""
    if evidence.failed("echo") is None or not evidence.views.terms.public.echo or evidence.views.terms.public.ack:
        return None
    spoke = _spoke(evidence)
    if not spoke or any(evidence.views.heard_own.values()) or not _others_heard(evidence, spoke):
        return None
    return Hint(
        "the profile says that a sender hears itself, and this server sends to all but the sender.",
        "if a sender is not to hear itself, write `echo: no` in the profile; if it is, send it to everybody, the sender "
        "included.",
        Sure.SURELY,
        ("echo",),
        seen=f"of {counted(len(spoke), 'message')} none came back to who had said it; the others heard them.",
    )


def sends_no_receipt(evidence: Evidence) -> Hint | None:
    """The profile promises a receipt; there never was one, and what was said arrived."""
    if evidence.failed("echo") is None or not evidence.views.terms.public.ack or evidence.views.acked:
        return None
    spoke = _spoke(evidence)
    if not spoke or not _others_heard(evidence, spoke):
        return None
    return Hint(
        "the profile says that a sender gets a receipt, and this server sends none in the form that stands there.",
        "if there are to be none, take `ack` out of the profile; if there are, send one to the sender once its message is "
        "passed on, in that form.",
        Sure.SURELY,
        ("echo",),
        seen=f"of {counted(len(spoke), 'message')} none was answered by a receipt; the others heard them.",
    )


# --- what they look at -----------------------------------------------------------------------------------------------


def _leaked(evidence: Evidence) -> tuple[Verdict | None, Message | None]:
    """The message that `isolation` tells of: its witness is that it was sent, and that it was heard."""
    verdict = evidence.failed("isolation")
    for index in verdict.witness if verdict is not None else ():
        entry = evidence.history[index]
        if entry.kind == "send":
            return verdict, evidence.history.messages[entry.ref]
    return None, None


def _is_public(message: Message) -> bool:
    return message.channel == "lobby" and message.kind != "reply"


def _name(evidence: Evidence, session: int | None) -> str:
    return "nobody" if session is None else evidence.views.label(session)


def _hearers(evidence: Evidence, message: Message) -> str:
    """Those who heard it and for whom it was not, by name; of many only how many."""
    views = evidence.views
    meant = views.owed(message.id) | {message.sender}
    found = [
        views.label(session)
        for session, hearing in views.hearings.items()
        if session not in meant and session not in (message.to, CONSOLE) and hearing.index_of(message.id) is not None
    ]
    if not found:
        return "another"
    return " and ".join(found) if len(found) < 3 else f"{found[0]} and {len(found) - 1} others"


def _spoke(evidence: Evidence) -> list[int]:
    views = evidence.views
    return [
        m
        for m in views.sent
        if views.sender(m) >= 0
        and views.judged(m)
        and views.messages[m].kind == "chat"
        and _is_public(views.messages[m])
    ]


def _others_heard(evidence: Evidence, spoke: list[int]) -> bool:
    views = evidence.views
    with_others = [m for m in spoke if views.owed(m)]
    return bool(with_others) and all(views.heard_at_all[m] for m in with_others)
