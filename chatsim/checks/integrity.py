"""What came is what was said, once and under the right name: `no-duplication`, `no-creation`, `intact`, `attribution`.

All of it is proof: bytes that were seen. Halves and pieces, and what lies beyond the profile's limits, fail nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from chatsim.checks import saying
from chatsim.checks.sessions import SessionView
from chatsim.checks.verdict import Cause, Verdict
from chatsim.checks.views import NEVER, NOT_JUDGED, Views, views_of
from chatsim.checks.wording import clip, counted
from chatsim.history import CONSOLE, FORMS, OPERATOR, Entry, History

__all__ = ["attribution", "intact", "no_creation", "no_duplication", "receivers"]

UNKNOWN = FORMS.index("unknown")
NAMED_FORMS = bytes(FORMS.index(form) for form in ("hears", "whisper", "room"))


def receivers(views: Views) -> Iterator[int]:
    """The sessions that are judged as receivers: the console only where nobody else hears."""
    return (r for r in views.hearings if r != CONSOLE or views.terms.console_receives)


# --- no-duplication -----------------------------------------------------------------------------------------------------


def no_duplication(history: History) -> Verdict:
    name = "no-duplication"
    views = views_of(history)
    verdict = saying.unpromised(views, name)
    if verdict is not None:
        return verdict
    exercised = sum(len(views.hearings[receiver]) for receiver in receivers(views))
    twice, unclear = _heard_again(views)
    if twice:
        receiver, message, indices = min(twice, key=lambda found: (views.is_ours(found[1]), found[2][0]))
        summary = f"{views.label(receiver)} got {views.quote(message)} from {views.label(views.sender(message))} twice."
        if len(indices) > 2:
            summary = summary[:-6] + f"{len(indices)} times."
        if len(twice) > 1:
            summary += f" The same happened {counted(len(twice) - 1, 'more time')}."
        hint = ""
        if receiver == views.sender(message) and not views.speech(message).ack:
            hint = "If one of the two is a receipt, write it as `ack` in the profile."
        return saying.failed(
            views, name, summary, (views.send[message], *indices[:2]), about=message, exercised=exercised, hint=hint
        )
    if unclear:
        receiver, message, indices = unclear[0]
        summary = (
            f"{views.label(receiver)} got {views.quote(message)} more than once, but in a form that the profile does not "
            "describe; it may be a receipt or a log line."
        )
        hint = "If the server does this on purpose, write the form under `ack`, `echo` or `ignore` in the profile."
        return saying.inconclusive(
            views, name, Cause.PROFILE, summary, (views.send[message], *indices[:2]), message, hint
        )
    return saying.passed(
        name,
        exercised,
        f"{counted(exercised, 'message')} heard, none twice in the same form.",
        "Nobody heard anything.",
    )


Again = list[tuple[int, int, list[int]]]  # receiver, message, indices in one form


def _heard_again(views: Views) -> tuple[Again, Again]:
    """Heard twice in one known form; and twice, with an unknown form among them."""
    twice: Again = []
    unclear: Again = []
    for receiver in receivers(views):
        hearing = views.hearings[receiver]
        copies: dict[int, list[int]] = defaultdict(list)
        for index in hearing.again:
            copies[views.message_at(index)].append(index)
        at = dict(hearing) if copies else {}
        for message, later in copies.items():
            first = at.get(message)
            if first is None or views.messages[message].kind in NOT_JUDGED:
                continue
            by_form: dict[int, list[int]] = defaultdict(list)
            for index in (first, *later):
                by_form[views.form_at(index)].append(index)
            same = [indices for form, indices in by_form.items() if form != UNKNOWN and len(indices) > 1]
            if same:
                twice.append((receiver, message, same[0]))
            elif UNKNOWN in by_form:
                unclear.append((receiver, message, [first, *later]))
    return twice, unclear


# --- no-creation --------------------------------------------------------------------------------------------------------


def no_creation(history: History) -> Verdict:
    name = "no-creation"
    views = views_of(history)
    verdict = saying.unpromised(views, name)
    if verdict is not None:
        return verdict
    said = sum(1 for handed in views.handed if handed != NEVER)
    heard = sum(len(views.hearings[receiver]) for receiver in receivers(views))
    made_up = [entry for entry in views.lives.of("foreign") if not _piece_of_a_piece(views, entry)]
    untrue = [entry for entry in views.lives.of("notice") if _untrue(views, entry)]
    floods = views.lives.of("flooded")
    exercised = max(said, heard) + len(made_up) + len(untrue) + len(floods)
    if not (made_up or untrue or floods):
        return saying.passed(
            name,
            exercised,
            f"Nothing came under a name of this run that nobody said ({counted(said, 'message')} sent).",
            "Nobody said anything.",
        )
    first = min([*made_up, *untrue, *floods], key=lambda entry: entry.index)
    receiver = views.label(first.session)
    if first.kind == "flooded":
        amount = int(first.detail.get("bytes") or 0)
        surplus = int(first.detail.get("surplus") or 0)
        much = f"{amount / 2**20:.0f} MiB" if amount >= 2**24 else f"{surplus:,} copies and notices"
        summary = f"{receiver} got {much} that no message explains; it stopped reading there."
        odd = [e for e in views.lives.of("unrecognised") if e.session == first.session and e.index < first.index]
        if odd:
            summary += f' Such as: "{clip(str(odd[-1].detail.get("text", "")), 60)}".'
        hint = ""
    elif first.kind == "foreign":
        text, nick = clip(str(first.detail.get("text", "")), 60), first.detail.get("nick")
        summary = f'{receiver} got "{text}" under the name of {nick}, who never said it.'
        hint = "If this is a line of the server's own, write it under `notices` or `ignore` in the profile."
        if _is_a_command(history, text):
            hint = "That is what a client says to the server. Look whether a line is a command before you broadcast it."
    else:
        nick, what = first.detail.get("nick"), first.detail.get("what")
        happened = {"joined": "come", "left": "gone"}.get(str(what), "dropped")
        summary = f"{receiver} was told that {nick} {what}, but {nick} had not {happened}."
        hint = ""
    others = len(made_up) + len(untrue) + len(floods) - 1
    if others:
        summary += f" There are {others} more such lines." if others > 1 else " There is one more such line."
    verdict = saying.failed(views, name, summary, (first.index,), about=None, exercised=exercised, hint=hint)
    return replace(verdict, where=views.lives.where(first.index))


def _is_a_command(history: History, text: str) -> bool:
    """Is it the goodbye of the profile, word for word?"""
    leave = history.header.profile_source.get("leave")
    steps = leave if isinstance(leave, list) else [leave]
    said = [step.get("send") if isinstance(step, dict) else step for step in steps]
    return bool(text) and text in said


def _piece_of_a_piece(views: Views, entry: Entry) -> bool:
    """Is it what a server made of half a message, of one in pieces, or of bad input? Then it was said, in a way."""
    text = str(entry.detail.get("text", "")).strip()
    if text and any(text in said.text for said in views.messages if said.kind in NOT_JUDGED):
        return True
    receiver = views.sessions.get(entry.session)
    cut = text and receiver is not None and receiver.gone < entry.index
    if cut and any(said.text.startswith(text) for said in views.messages):
        return True  # the server was ended, or the receiver went, in the middle of it
    named = views.sessions_named(str(entry.detail.get("nick") or ""))
    sessions = {view.number for view in named if not _has_long_gone(views, view, entry.index)}
    if any(view.life.acted < entry.index for view in named if view.number in sessions):
        return True
    return any(
        said.kind in NOT_JUDGED and said.sender in sessions and views.send[said.id] < entry.index
        for said in views.messages
    )


def _has_long_gone(views: Views, view: SessionView, index: int) -> bool:
    """Is whatever it wrote certain to have come, at that index?

    A server may keep half a message until it notices that the client has gone, at the latest when others have spoken
    twice. One who has come back under the name since, and has been heard there, speaks for itself.
    """
    if views.lives.noticed_by(view.life.ended) < index:
        return True
    return any(
        view.life.parted < other.born and other.owed_from != NEVER and views.settled_after(other.owed_from) < index
        for other in views.sessions_named(view.nick)
    )


def _untrue(views: Views, entry: Entry) -> bool:
    """A notice about somebody of this run that nothing which happened so far can explain.

    A close by the server counts whenever we saw it: the server may tell others before the one it closed has read it.
    """
    nick = entry.detail.get("nick")
    if not nick:
        return False
    index = entry.index
    named = views.sessions_named(str(nick))
    if not named:
        return False
    if entry.detail.get("what") == "joined":
        return not any(view.born < index for view in named)
    if entry.detail.get("room") is not None and any(views.had_crossed(view.number, index) for view in named):
        return False  # out of one room into none or another: that is no going away
    return not any(
        min(view.life.parted, view.life.acted, view.life.refused, view.gone) < index or view.life.closed != NEVER
        for view in named
    )


# --- intact -------------------------------------------------------------------------------------------------------------

HARM = {
    "truncated": "only the beginning of",
    "split": "only pieces of",
    "garbled": "a changed",
    "stripped": "a stripped",
    "case": "another case of",
}


def intact(history: History) -> Verdict:
    name = "intact"
    views = views_of(history)
    verdict = saying.unpromised(views, name)
    if verdict is not None:
        return verdict
    harmed = [entry for entry in views.lives.of("damaged") if _harmed(views, entry)]
    exercised = sum(len(views.hearings[receiver]) for receiver in receivers(views)) + len(harmed)
    if not harmed:
        return saying.passed(name, exercised, f"{counted(exercised, 'text')} came as sent.", "Nobody heard anything.")
    first = harmed[0]
    message, how = int(first.detail["message"]), str(first.detail.get("how"))
    sender = views.label(views.sender(message))
    text = clip(str(first.detail.get("text") or ""), 60)
    summary = f"{views.label(first.session)} got {HARM.get(how, 'a changed')} {views.quote(message)} from {sender}"
    summary += f': "{text}".' if text else "."
    if len(harmed) > 1:
        summary += f" {counted(len(harmed), 'text')} came changed in all."
    return saying.failed(
        views,
        name,
        summary,
        (views.send[message], first.index),
        about=message,
        exercised=exercised,
        hint=_intact_hint(views, message, how),
    )


def _harmed(views: Views, entry: Entry) -> bool:
    message, how = entry.detail.get("message"), entry.detail.get("how")
    if not isinstance(message, int) or how == "glued":
        return False
    if entry.session == CONSOLE and not views.terms.console_receives:
        return False
    said = views.messages[message]
    if said.kind in NOT_JUDGED or not views.within_limits(message) or views.handed[message] == NEVER:
        return False
    if (how == "stripped" and views.terms.text_strip) or (how == "case" and views.terms.text_lower):
        return False
    if how == "split" and _heard_whole(views, message, entry.session):
        return False  # all of it came: `framing`
    if views.is_replay(message, entry.session):
        return False
    receiver = views.sessions.get(entry.session)
    if receiver is not None and receiver.gone < entry.index:
        return False  # what we cut off ourselves
    sender = views.sessions.get(said.sender)
    torn = sender is not None and sender.unclean < views.settled(message)
    # A reset may swallow the end of what was handed over; but who has one whole copy has read it whole.
    return not torn or bool(views.heard_at_all[message])


def _heard_whole(views: Views, message: int, session: int) -> bool:
    hearing = views.hearings.get(session)
    return hearing is not None and hearing.index_of(message) is not None


def _intact_hint(views: Views, message: int, how: str) -> str:
    if how == "stripped":
        return "If the server strips texts on purpose, write `text: {strip: yes}` in the profile."
    if how == "case":
        return "If the server changes the case on purpose, write `text: {case: lower}` in the profile."
    text = views.messages[message].text
    if how == "garbled" and not text.isascii():
        return "Decode what comes and encode what goes as UTF-8."
    if how == "garbled":
        return "A message may be longer than one read: put the pieces together before you pass it on."
    if how in ("truncated", "split") and len(text) >= 500:
        return "If the server takes no longer messages by design, write `limits: {text: …}` in the profile."
    return ""


# --- attribution --------------------------------------------------------------------------------------------------------


def attribution(history: History) -> Verdict:
    name = "attribution"
    views = views_of(history)
    verdict = saying.unpromised(views, name)
    if verdict is not None:
        return verdict
    terms = views.terms
    if terms.nick == "none":
        return saying.not_applicable(name, "Nobody has a name on this server.")
    speeches = [s for s in (terms.public, terms.whisper, terms.room) if s.possible and (s.heard or s.echo)]
    if terms.console_receives:
        speeches.append(terms.public)
    if all(speech.composed for speech in speeches):
        return saying.not_applicable(name, "The clients write their names themselves; the server adds none.")
    exercised = _heard_under_names(views)
    wrong = [entry for entry in views.lives.of("named") if _misnamed(views, entry)]
    if wrong:
        first = min(wrong, key=lambda entry: (views.is_ours(entry.detail["message"]), entry.index))
        message = int(first.detail["message"])
        speaker = views.sender(message)
        summary = (
            f"{views.label(first.session)} got {views.quote(message)} under the name {first.detail.get('name')}, "
            f"but {views.label(speaker)}{_called(views, speaker, message)} said it."
        )
        if len(wrong) > 1:
            summary += f" {counted(len(wrong), 'message')} came under a wrong name in all."
        return saying.failed(
            views, name, summary, (views.send[message], first.index), about=message, exercised=exercised
        )
    odd = _in_no_known_form(views)
    if odd is not None:
        receiver, message, index = odd
        summary = (
            f"{views.label(receiver)} got {views.quote(message)} in a form that the profile does not describe, so nobody "
            "can say under which name it came."
        )
        return saying.inconclusive(
            views,
            name,
            Cause.PROFILE,
            summary,
            (views.send[message], index),
            message,
            "Write how a message reads to the others under `hears` in the profile.",
        )
    return saying.passed(
        name,
        exercised,
        f"{counted(exercised, 'message')} came, each under its sender's name.",
        "Nobody heard a message of another.",
    )


def _called(views: Views, speaker: int, message: int) -> str:
    """The name that it had taken by then, where it is no longer the one that it came under."""
    view = views.sessions.get(speaker)
    if view is None or not view.life.renames:
        return ""
    return f", called {view.life.name_at(views.send[message])} by then,"


def _heard_under_names(views: Views) -> int:
    return sum(views.count_forms().get(form, 0) for form in NAMED_FORMS)


def _misnamed(views: Views, entry: Entry) -> bool:
    message = entry.detail.get("message")
    if not isinstance(message, int) or views.messages[message].kind in NOT_JUDGED:
        return False
    if not views.within_limits(message):
        return False
    if entry.session == CONSOLE and not views.terms.console_receives:
        return False
    return not views.speech(message).composed and not views.is_replay(message, entry.session)


def _in_no_known_form(views: Views) -> tuple[int, int, int] | None:
    if not views.count_forms().get(UNKNOWN):
        return None
    for receiver, hearing in views.hearings.items():
        if receiver == CONSOLE:
            continue
        for message, index in hearing:
            if views.form_at(index) == UNKNOWN and views.sender(message) not in (receiver, OPERATOR):
                said = views.messages[message]
                if not views.speech(message).heard:
                    continue  # that it came at all is for `isolation` to judge
                if said.kind in NOT_JUDGED or not views.within_limits(message):
                    continue  # it may have come in pieces, by design
                if not views.speech(message).composed:
                    return receiver, message, index
    return None
