"""Expecting: expect, expect-nothing, expect-output. Each event meets one expectation at the most."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from chatsim.engine.fencing import fence
from chatsim.engine.stage import Stage
from chatsim.engine.tasks import Steps, Until
from chatsim.history import KINDS, Entry
from chatsim.profile.templates import Template
from chatsim.scenario.steps import Act, Expectation, ExpectOutput

__all__ = ["Taken", "expect", "expect_output"]


class Taken:
    """Which history entries earlier expectations have taken, and where each step began."""

    def __init__(self) -> None:
        self.indexes: set[int] = set()
        self.last_in_order: dict[int, int] = {}  # session -> index after which an in-order text must come


def expect(stage: Stage, act: Act, taken: Taken, since: int) -> Steps:
    """expect: it has come, ever, and no earlier `expect` took it. expect-nothing: it does not come within its time,
    counted from the step before (`since`: the history's length when that began)."""
    negative = act.verb == "expect-nothing"
    for who, detail in act.entries:
        assert isinstance(detail, Expectation)
        for bot in stage.bots(who, act.verb):
            if stage.current.get(bot) is None:
                stage.skip(bot, f"{bot} can't be expected to hear: it was never here")
                continue
            for single in _singly(detail):
                if negative:
                    yield from _expect_nothing(stage, bot, single, act, since)
                else:
                    yield from _expect_one(stage, bot, single, act, taken)
    return True


def _singly(detail: Expectation) -> Iterator[Expectation]:
    """A list of texts is one expectation each."""
    from dataclasses import replace

    if detail.texts:
        for text in detail.texts:
            yield replace(detail, hears=text, texts=())
    else:
        yield detail


def _expect_one(stage: Stage, bot: str, detail: Expectation, act: Act, taken: Taken) -> Steps:
    found: list[int] = []
    seen = 0  # what was looked at once need not be looked at again: histories only grow

    def has_come() -> bool:
        nonlocal seen
        index = _find(stage, bot, detail, taken, seen)
        if index is not None:
            found.append(index)
        elif detail.line is None:
            seen = len(stage.history)
        return index is not None

    wait = Until(has_come, detail.within, steady=detail.within is not None)
    met = yield wait
    by = found[-1] if found else None
    if by is not None and detail.line is None:
        taken.indexes.add(by)
        if detail.in_order:
            taken.last_in_order[stage.current[bot].id] = by
    elif not met:
        stage.unmet("expect", wait, [["expect", stage.current[bot].id, describe(detail)]])
    _tell(stage, act, bot, describe(detail), by is not None, negative=False, by=by)
    return True


def _expect_nothing(stage: Stage, bot: str, detail: Expectation, act: Act, since: int) -> Steps:
    nothing = Taken()
    found: list[int] = []

    def has_come() -> bool:
        index = _find(stage, bot, detail, nothing, since, take=False)
        if index is not None:
            found.append(index)
        return index is not None

    if detail.within is not None:
        yield Until(has_come, detail.within, steady=True)
    elif not has_come():
        yield from stage.settle("expect-nothing")
        yield from fence(stage)
    came = has_come()
    _tell(stage, act, bot, describe(detail), not came, negative=True, by=found[0] if found else None)
    return True


def _tell(
    stage: Stage, act: Act | ExpectOutput, bot: str, what: str, met: bool, *, negative: bool, by: int | None
) -> None:
    stage.note("expected", step=stage.step, bot=bot, what=what, met=met, negative=negative, by=by, where=str(act.place))


def describe(detail: Expectation) -> str:
    """What is expected, in words."""
    parts: list[str] = []
    if detail.hears is not None:
        parts.append(f'to hear "{detail.hears}"')
    if detail.sender:
        parts.append(f"from {detail.sender}")
    if detail.room:
        parts.append(f"in {detail.room}")
    if detail.private:
        parts.append("in private")
    if detail.joined:
        parts.append(f"to be told that {detail.joined} joined")
    if detail.left:
        parts.append(f"to be told that {detail.left} left")
    if detail.line is not None:
        parts.append(f'a line like "{detail.line}"')
    if detail.closed:
        parts.append("to be closed by the server")
    if detail.refused:
        parts.append("to be refused")
    if detail.roster is not None:
        parts.append(f"a roster of {', '.join(detail.roster) or 'nobody'}")
    if not parts or parts[0].startswith(("from ", "in ")):
        parts.insert(0, "to hear anything")
    return " ".join(parts)


# --- finding -------------------------------------------------------------------------------------------------------


def _find(stage: Stage, bot: str, detail: Expectation, taken: Taken, since: int, *, take: bool = True) -> int | None:
    """The first entry at or after `since` that meets it, or None. `take`: a line that is found is not found again."""
    mine = {each.id for each in stage.sessions if each.bot == bot}
    if detail.line is not None:
        return _find_line(stage, mine, detail.line, since, take=take)
    kinds, fits = _what(stage, detail)
    after = taken.last_in_order.get(stage.current[bot].id, -1) if detail.in_order else -1
    if detail.roster is not None:
        answers = [entry for entry in stage.history.of("roster") if entry.session in mine and entry.index >= since]
        return answers[-1].index if answers and fits(answers[-1]) else None
    numbers = frozenset(map(KINDS.index, kinds))
    for index in range(max(since, after + 1), len(stage.history)):
        if stage.history.kinds[index] not in numbers or stage.history.sessions[index] not in mine:
            continue
        if index not in taken.indexes and fits(stage.history[index]):
            return index
    return None


def _what(stage: Stage, detail: Expectation) -> tuple[tuple[str, ...], Callable[[Entry], bool]]:
    if detail.closed:
        return ("closed",), lambda entry: True
    if detail.refused:
        return ("refused",), lambda entry: True
    if detail.joined is not None:
        return ("notice",), lambda entry: entry.detail["what"] == "joined" and _is(stage, entry, detail.joined)
    if detail.left is not None:
        return ("notice",), lambda entry: entry.detail["what"] != "joined" and _is(stage, entry, detail.left)
    if detail.roster is not None:
        wanted = {_shown(stage, bot) for bot in detail.roster}
        return ("roster",), lambda entry: _names(entry) | {_own(stage, entry)} == wanted | {_own(stage, entry)}
    return ("heard",), lambda entry: _is_said(stage, entry, detail)


def _shown(stage: Stage, bot: str) -> str:
    """The name under which the others know a bot."""
    session = stage.current.get(bot)
    return (session.nick if session is not None and session.nick else stage.plan.nicks.get(bot, bot)).casefold()


def _own(stage: Stage, entry: Entry) -> str:
    return stage.sessions[entry.session].nick.casefold()  # the asker may be missing from its own roster


def _names(entry: Entry) -> set[str]:
    return {str(name).casefold() for name in entry.detail["names"]}


def _is(stage: Stage, entry: Entry, bot: str | None) -> bool:
    nick = entry.detail.get("nick")
    return nick is None or bot is None or str(nick).casefold() == _shown(stage, bot)


def _is_said(stage: Stage, entry: Entry, detail: Expectation) -> bool:
    message = stage.history.messages[entry.ref]
    if message.kind in ("knock", "fence"):
        return False
    if detail.hears is not None and detail.hears not in (message.words, message.text):
        return False
    if detail.sender is not None and (message.sender < 0 or stage.sessions[message.sender].bot != detail.sender):
        return False
    if detail.room is not None and message.channel != f"room:{detail.room}":
        return False
    return not detail.private or message.channel.startswith("whisper:")


def _slots(stage: Stage) -> dict[str, str]:
    """What may stand for the placeholders of an author's template: the names and rooms of this run, longest first."""
    names = "|".join(map(re.escape, sorted(stage.vocabulary.nicks, key=len, reverse=True)))
    rooms = "|".join(map(re.escape, sorted(stage.vocabulary.rooms, key=len, reverse=True)))
    slots = {"nick": f"(?:{names})", "to": f"(?:{names})"} if names else {}
    return {**slots, "room": f"(?:{rooms})"} if rooms else slots


def _find_line(stage: Stage, mine: set[int], line: str, since: int, *, take: bool) -> int | None:
    matcher = Template(line).matcher(_slots(stage))
    for session in sorted(mine & stage.kept.keys()):
        found = stage.kept[session].find(matcher, since)
        if found is not None:
            place, index = found
            if take:
                stage.kept[session].take(place)
            return min(index, len(stage.history) - 1)
    return None


def expect_output(stage: Stage, step: ExpectOutput, taken: Taken) -> Steps:
    """expect-output: the line has been printed, ever, and no earlier `expect-output` took it."""
    if step.template is not None:
        matcher = Template(step.template).matcher(_slots(stage))
        what = f'the server to print "{step.template}"'
    else:
        key, value = next(
            (key, getattr(step, key)) for key in ("said", "joined", "left") if getattr(step, key) is not None
        )
        what = f"the server to print that {value} {key}" if key != "said" else f'the server to print "{value}"'
        matcher = None
    found: list[int] = []

    def printed() -> bool:
        for index, line in stage.output_lines:
            if index in taken.indexes:
                continue
            if matcher is not None:
                if matcher.search(line) is None:
                    continue
            elif not _output_fits(stage, step, stage.history[index]):
                continue
            found.append(index)
            return True
        return False

    wait = Until(printed, step.within, steady=step.within is not None)
    met = yield wait
    if found:
        taken.indexes.add(found[-1])
    elif not met:
        stage.unmet("expect-output", wait, [["output", -1, what]])
    _tell(stage, step, "the server", what, bool(found), negative=False, by=found[-1] if found else None)
    return True


def _output_fits(stage: Stage, step: ExpectOutput, entry: Entry) -> bool:
    detail = entry.detail
    if step.said is not None:
        if "message" not in detail:
            return False
        message = stage.history.messages[detail["message"]]
        if step.said not in (message.words, message.text):
            return False
        return step.sender is None or stage.sessions[message.sender].bot == step.sender
    key = "joined" if step.joined is not None else "left"
    bot = step.joined if step.joined is not None else step.left
    if detail.get("what") != key:
        return False
    return detail.get("nick") is None or bot is None or str(detail["nick"]).casefold() == _shown(stage, bot)
