"""The lists of who is there that sessions got, and how far each can be trusted to be of a certain moment."""

from __future__ import annotations

from dataclasses import dataclass

from chatsim.checks.lives import NEVER, lives_of
from chatsim.history import History

__all__ = ["Answer", "answers", "unanswered"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One list. It was made after the entry `asked` and before the entry `came`.

    `certain`: not so of a pushed list, which may have been under way for any time since its receiver connected; then
    `asked` is that connection.
    """

    asker: int
    asked: int
    came: int
    names: tuple[str, ...]
    certain: bool


def answers(history: History) -> list[Answer]:
    lives = lives_of(history)
    taken: dict[int, int] = {}
    found = []
    for entry in lives.of("roster"):
        life = lives.sessions.get(entry.session)
        if life is None:
            continue
        mark = entry.detail.get("asked")
        asked, certain = life.connect, False
        if mark is not None and mark is not False:
            # An index of the `ask`, or a plain yes: then the oldest that has no answer yet.
            pending = [ask for ask in life.asks if taken.get(entry.session, -1) < ask < entry.index]
            if mark is not True and int(mark) in life.asks:
                asked, certain = int(mark), True
            elif pending:
                asked, certain = pending[0], True
            taken[entry.session] = asked
        names = tuple(str(name) for name in entry.detail.get("names") or ())
        found.append(Answer(entry.session, asked, entry.index, names, certain))
    return found


def unanswered(history: History) -> list[tuple[int, int]]:
    """(session, index of its `ask`) of those asks that no list came for, though their asker stayed."""
    lives = lives_of(history)
    answered = {(answer.asker, answer.asked) for answer in answers(history) if answer.certain}
    return [
        (life.number, ask)
        for life in lives.sessions.values()
        for ask in life.asks
        if (life.number, ask) not in answered and life.parted == NEVER and not lives.down_between(ask, ask + 1)
    ]
